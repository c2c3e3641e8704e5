"""The pytest plugin as another suite meets it: there when it is asked for, and otherwise not in the way."""

import subprocess
import sys
from pathlib import Path

import pytest

NO_BROKER = """
import simulator.broker

simulator.broker.find = lambda kind: None
"""
LAZY = """
import sys

def test_nothing_of_the_simulator_is_loaded():
    loaded = {name for name in sys.modules if name.split(".")[0] in ("simulator", "locker", "drivers")}
    assert loaded <= {"simulator", "simulator.pytest_plugin"}
    assert "aiomqtt" not in sys.modules and "serial" not in sys.modules
"""
USES_IT = "def test_needs_an_automat(locker_sim):\n    assert False\n"


def run(directory: Path, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "--strict-markers", *options, "."],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_suite_that_does_not_use_it_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_lazy.py").write_text(LAZY, encoding="utf-8")
    assert "1 passed" in run(tmp_path)


def test_without_a_broker_a_test_is_skipped_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(NO_BROKER, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(USES_IT, encoding="utf-8")
    said = run(tmp_path)
    assert "1 skipped" in said
    assert "NOT RUN: locker_sim finds no MQTT broker; install mosquitto" in said


@pytest.mark.parametrize(
    ("mark", "options", "why"),
    [
        (
            '@pytest.mark.locker_sim(display="braille")',
            (),
            "display front is of family braille; there are cd5220",
        ),
        ("@pytest.mark.locker_sim(compartments=0)", (), "an automat has at least one compartment"),
        ("@pytest.mark.locker_sim(doors=4)", (), "unexpected keyword argument 'doors'"),
        ("@pytest.mark.locker_sim(4)", (), "takes options by name only"),
        ("", ("-o", "locker_sim_compartments=many"), "locker_sim_compartments is a whole number, not 'many'"),
    ],
)
def test_an_automat_that_cannot_be_built_is_an_error_that_says_why(
    tmp_path: Path, mark: str, options: tuple[str, ...], why: str
) -> None:
    (tmp_path / "test_it.py").write_text(f"import pytest\n\n{mark}\n{USES_IT}", encoding="utf-8")
    said = run(tmp_path, *options)
    assert "1 error" in said
    assert why in said
