"""`locker-sim` as people use it: mistakes, signals, the bare hardware."""

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from simulator.cli import INTERRUPTED, MISUSED, OK, main
from simulator.stories.catalogue import STORIES

LIMIT_S = 60.0


@pytest.fixture
def directory() -> Iterator[Path]:
    # Sockets have short names; pytest's own directories are too deep for them.
    with tempfile.TemporaryDirectory(prefix="sim-") as made:
        yield Path(made)


def test_list_names_every_story_on_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--list"]) == OK
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(STORIES)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--story", "pick-up"], "did you mean pickup"),
        (["--story", "zzz"], "there are pickup, "),
        (["--json"], "add --story NAME"),
        (["--story", "pickup", "--runs", "0"], "--runs takes a number from 1"),
    ],
)
def test_a_mistake_is_answered_before_anything_starts(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", *arguments]) == MISUSED
    assert said in capsys.readouterr().err


def test_a_directory_with_something_in_it_is_left_alone(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / "mine").write_text("precious")
    assert main(["demo", "--story", "pickup", "--directory", str(directory)]) == MISUSED
    assert "is not empty" in capsys.readouterr().err
    assert [file.name for file in directory.iterdir()] == ["mine"]


@pytest.mark.broker
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_a_story_and_every_process(number: signal.Signals, directory: Path) -> None:
    async with _command(
        "demo", "--story", "pickup", "--json", "--directory", str(directory / "d")
    ) as command:
        daemon_pid = 0
        async for line in _lines(command):
            daemon_pid = line.get("pid", daemon_pid)
            if line["kind"] == "key":
                break
        command.send_signal(number)
        assert command.stdout is not None
        await command.stdout.read()
        assert await command.wait() == INTERRUPTED
    assert daemon_pid, "the daemon had begun to run"
    assert not _processes_about(directory)


async def test_bare_hardware_can_be_driven_from_another_program(directory: Path) -> None:
    async with _command("run", "--directory", str(directory), "--compartments", "3") as command:
        assert command.stdout is not None
        ports: dict[str, str] = {}
        while "control" not in ports:
            name, path = (await command.stdout.readline()).decode().split()
            ports[name] = path
        assert set(ports) == {"locks", "keypad-front", "display-front", "control"}
        assert _is_port(ports["locks"])
        assert await _poke(ports["control"], '{"do": "doors"}') == (OK, ["1", "2", "3"])
        assert await _poke(ports["control"], '{"do": "fly"}') == (1, [])
        assert await _poke(ports["control"], "fly") == (MISUSED, [])
        command.send_signal(signal.SIGTERM)
        assert await command.wait() == INTERRUPTED
    assert not list((directory / "ports").iterdir())
    assert not (directory / "control.sock").exists()


def _processes_about(directory: Path) -> list[int]:
    """Processes that name the directory among their arguments."""
    found: list[int] = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        # A process may end while one looks.
        with contextlib.suppress(OSError):
            if bytes(directory) in file.read_bytes():
                found.append(int(file.parent.name))
    return found


def _is_port(path: str) -> bool:
    return Path(path).is_char_device()


async def _poke(socket: str, request: str) -> tuple[int, list[str]]:
    async with _command("poke", socket, request) as command:
        out, _ = await command.communicate()
        code = await command.wait()
    return code, list(json.loads(out)) if out else []


@asynccontextmanager
async def _command(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator.cli", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=1 << 20,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LIMIT_S):
            yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _lines(process: asyncio.subprocess.Process) -> AsyncIterator[dict[str, Any]]:
    assert process.stdout is not None
    async for line in process.stdout:
        yield json.loads(line)
