"""The daemon's processes of one kill loop: forked from a nursery, or started plainly as on a real automat."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulator.daemon import DaemonError, Process, spawn_lockerd
from simulator.tied import tied_to_us
from tests.crash.steps import Doom

ROOT = Path(__file__).parents[2]
POWER_CUTS = {"LOCKER__SAFE_MODE__STARTS": "0"}
"""Each kill stands for a power cut, after which a real automat boots anew and counts no crash."""
READY_LIMIT_S = 180.0


class Forked:
    """A daemon that the nursery has forked, and reaps."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.Event()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._send(signal.SIGTERM)

    async def wait(self) -> int:
        """Wait for its end; its exit code."""
        await self._ended.wait()
        return self.returncode or 0

    def note_end(self, code: int) -> None:
        """It is gone."""
        self.returncode = code
        self._ended.set()

    def _send(self, number: signal.Signals) -> None:
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)


@dataclass
class Nursery:
    """Use it as an asynchronous context. What is set here holds for daemons that are started from then on.

    `doom`: where each of them dies, from when the file `armed` exists; `passed`: the file that takes the
    steps they pass; `sabotage`: the safeguards they lack; `stillborn`: what to do with a daemon that is
    started before the next one that is asked for, until it is gone. `plain`: start the command itself, which
    knows nothing of these. `mother`: whose fork it is (mother.py); with none it loads everything itself.
    """

    mother: Path | None = None
    doom: Doom | None = None
    passed: Path | None = None
    sabotage: tuple[str, ...] = ()
    plain: bool = False
    armed: Path = Path("/")
    stillborn: Callable[[Process], Awaitable[None]] | None = None
    lives: int = 0
    _process: asyncio.subprocess.Process | None = None
    _asking: asyncio.StreamWriter | None = None
    _reader: asyncio.Task[None] | None = None
    _asked: dict[int, asyncio.Future[Forked]] = field(default_factory=dict)
    _living: dict[int, Forked] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        """Have everything that a daemon is made of, once."""
        if self.mother is not None:
            told, self._asking = await asyncio.open_unix_connection(self.mother)
        else:
            self._process = process = await asyncio.create_subprocess_exec(
                *tied_to_us(sys.executable, "-m", "tests.crash.doomed"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=ROOT,
            )
            if process.stdin is None or process.stdout is None:
                raise DaemonError("the nursery of the daemons cannot be spoken with")
            told, self._asking = process.stdout, process.stdin
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(told, ready), name="nursery")
        async with asyncio.timeout(READY_LIMIT_S):
            await ready
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """End it, and every daemon that still lives."""
        for living in list(self._living.values()):
            living.kill()
        if self._asking is not None:
            self._asking.write_eof()
        if self._process is not None:
            await self._process.wait()
        if self._reader is not None:
            await self._reader
        if self._asking is not None:
            self._asking.close()

    async def spawn(self, configuration: Path, log: Path, environment: Mapping[str, str]) -> Process:
        """Start one daemon; a `Spawn` of the simulator."""
        stillborn, self.stillborn = self.stillborn, None
        if stillborn is not None:
            # What it tells of itself is not to be taken for a word of the next one.
            silent = {name: value for name, value in environment.items() if name != "NOTIFY_SOCKET"}
            first = await self._spawn(configuration, log, silent)
            await stillborn(first)
            if first.returncode is None:
                first.kill()
            await first.wait()
        return await self._spawn(configuration, log, environment)

    async def _spawn(self, configuration: Path, log: Path, environment: Mapping[str, str]) -> Process:
        self.lives += 1
        environment = {**environment, **POWER_CUTS}
        if self.plain:
            return await spawn_lockerd(configuration, log, environment)
        number = self.lives
        asked = {
            "number": number,
            "configuration": str(configuration),
            "log": str(log),
            "environment": environment,
            "doom": None if self.doom is None else self.doom.to_json(),
            "passed": None if self.passed is None else str(self.passed),
            "armed": str(self.armed),
            "sabotage": list(self.sabotage),
        }
        if self._asking is None or self._reader is None or self._reader.done():
            raise DaemonError("the nursery of the daemons is gone")
        started: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        self._asked[number] = started
        self._asking.write(json.dumps(asked).encode() + b"\n")
        try:
            return await asyncio.shield(started)
        except asyncio.CancelledError:
            # Nobody would ever know of it, and it has what the next one needs.
            orphan = await started
            with contextlib.suppress(ProcessLookupError):
                orphan.kill()
            await orphan.wait()
            raise

    async def _read(self, told_by_it: asyncio.StreamReader, ready: asyncio.Future[None]) -> None:
        async for line in told_by_it:
            told: dict[str, Any] = json.loads(line)
            if "ready" in told:
                ready.set_result(None)
            elif "started" in told:
                forked = self._living[told["started"]] = Forked(told["started"])
                self._asked.pop(told["number"]).set_result(forked)
            else:
                self._living.pop(told["ended"]).note_end(told["code"])
        problem = DaemonError("the nursery of the daemons ended")
        if not ready.done():
            ready.set_exception(problem)
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(problem)
        for living in self._living.values():
            living.note_end(-signal.SIGKILL)
