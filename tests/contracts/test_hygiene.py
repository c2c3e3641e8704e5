"""The hygiene of the suite itself: every kind of leftover fails its test, tidy tests pass."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

UNTIDY = """
import asyncio, os, pty, subprocess, threading
import pytest

KEPT = []

async def test_task():
    KEPT.append(asyncio.create_task(asyncio.Event().wait()))

@pytest.fixture
async def careless():
    KEPT.append(asyncio.create_task(asyncio.Event().wait()))

async def test_task_of_fixture(careless):
    pass

def test_descriptor():
    KEPT.append(os.open("/dev/null", os.O_RDONLY))

def test_pty():
    KEPT.extend(pty.openpty())

def test_child():
    KEPT.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE))

def test_thread():
    KEPT.append(threading.Event())
    threading.Thread(target=KEPT[-1].wait, daemon=True).start()
"""

TIDY = """
import asyncio
import pytest
from hypothesis import given, strategies

@pytest.fixture(scope="module")
def shared():
    with open("/dev/null") as opened:
        yield opened

@pytest.fixture
async def careful():
    task = asyncio.create_task(asyncio.Event().wait())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

async def test_task(careful):
    await asyncio.to_thread(len, "")

async def test_child():
    child = await asyncio.create_subprocess_exec("true")
    await child.wait()

def test_shared(shared):
    pass

def test_shared_again(shared):
    pass

@given(strategies.integers())
async def test_examples(number):
    await asyncio.sleep(0)
"""


def run_suite(file: Path, text: str) -> str:
    """Run a file under the suite's own fixtures and return what pytest says."""
    file.write_text(text, encoding="utf-8")
    options = ["-c", "pyproject.toml", "-p", "tests.conftest", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


def test_every_leftover_is_an_error(tmp_path: Path) -> None:
    said = run_suite(tmp_path / "test_untidy.py", UNTIDY)
    assert "6 passed, 6 errors" in said
    for leftover in ("<Task pending", "descriptor", "pty", "child process", "thread"):
        assert any(leftover in line for line in said.splitlines() if line.startswith("left behind: "))


def test_tidy_tests_are_left_alone(tmp_path: Path) -> None:
    assert "5 passed" in run_suite(tmp_path / "test_tidy.py", TIDY)
