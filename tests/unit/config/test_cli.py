"""The commands of `lockerd`: what they print where, and what they exit with."""

import io
import logging
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from locker import logs
from locker.cli import main
from locker.errors import EXIT_MEANING, ExitCode
from tests.unit.config.sample import SAMPLE, write


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[None]:
    """The sample's serial ports."""
    opened: list[int] = []
    for name in ("locks", "keypad-front", "display-front"):
        opened.extend(pty.openpty())
        (tmp_path / f"{name}.tty").symlink_to(os.ttyname(opened[-1]))
    yield
    for descriptor in opened:
        os.close(descriptor)


@pytest.mark.usefixtures("ports")
def test_check_tells_what_is_configured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path)
    assert main(["init", "--config", str(file)]) == ExitCode.OK
    assert main(["check", "--config", str(file)]) == ExitCode.OK
    told = capsys.readouterr()
    assert "2: 1 S, 1 M" in told.out
    assert "127.0.0.1:1883, MQTT 5, plain, commands unsigned" in told.out
    assert "commands need no signature" in told.err


@pytest.mark.usefixtures("ports")
def test_check_reminds_of_missing_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(write(tmp_path))]) == ExitCode.OK
    assert "lockerd init" in capsys.readouterr().err


@pytest.mark.usefixtures("ports")
def test_check_refuses_keys_open_to_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write(tmp_path))
    main(["init", "--config", file])
    (tmp_path / "keys" / "code.key").chmod(0o644)
    assert main(["check", "--config", file]) == ExitCode.KEYS
    assert "chmod 600" in capsys.readouterr().err


def test_check_names_missing_ports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path)
    assert main(["check", "--config", str(file)]) == ExitCode.CONFIGURATION
    told = capsys.readouterr()
    assert told.out == ""
    assert f'{file}: [[lines]] "locks" port: {tmp_path}/locks.tty is not there' in told.err
    assert "plug the adapter in" in told.err


@pytest.mark.parametrize("command", ["run", "check", "init", "migrate"])
def test_wrong_configuration_ends_every_command_before_anything_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    file = write(tmp_path, SAMPLE.replace('port = "locks.tty"\n', ""))
    assert main([command, "--config", str(file)]) == ExitCode.CONFIGURATION
    assert '[[lines]] "locks" port: `port` is missing' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [file]


def test_init_prints_the_enrolment_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["init", "--config", str(write(tmp_path)), "--enrolment", str(tmp_path / "out.json")]
    assert main(arguments) == ExitCode.OK
    assert capsys.readouterr().out == f"{tmp_path / 'out.json'}\n"
    assert main(arguments) == ExitCode.KEYS
    assert "already" in capsys.readouterr().err


def test_migrate_makes_the_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write(tmp_path))
    assert main(["migrate", "--config", file]) == ExitCode.OK
    assert (tmp_path / "automat.db").exists()
    assert main(["migrate", "--config", file]) == ExitCode.OK
    assert capsys.readouterr().out.count("automat.db") == 2


def test_migrate_refuses_what_is_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "automat.db").write_bytes(b"no database" * 500)
    assert main(["migrate", "--config", str(write(tmp_path))]) == ExitCode.DATABASE
    assert "automat.db" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["run"], ["fly"], ["check", "--confg", "x"]])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == ExitCode.CONFIGURATION
    assert "usage: lockerd" in capsys.readouterr().err


def test_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == ExitCode.OK
    assert capsys.readouterr().out.startswith("lockerd 0.")


def test_every_exit_code_has_a_meaning() -> None:
    assert set(EXIT_MEANING) == set(ExitCode)


def test_check_imports_no_framework(tmp_path: Path) -> None:
    program = (
        "import sys; from locker.cli import main; main(sys.argv[1:]);"
        "print(sorted({'sqlmodel', 'alembic', 'aiomqtt', 'aiohttp', 'serial', 'textual'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "check", "--config", str(write(tmp_path))],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_a_log_record_is_one_line() -> None:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.set_up("info", stream)
        logging.getLogger("locker.test").info("two\nlines", extra={"part": "line locks", "count": 3})
        logging.getLogger("locker.test").debug("too fine")
        try:
            raise ValueError("broken")
        except ValueError:
            logging.getLogger("locker.test").exception("failed")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    first, second = stream.getvalue().splitlines()
    assert 'level=info from=locker.test says="two\\nlines" part="line locks" count=3' in first
    assert "ValueError: broken" in second
