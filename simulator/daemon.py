"""The daemon as its own process: started, asked to end or killed, and always reaped."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from simulator.tied import tied_to_us

READY_LIMIT_S = 60.0
STOP_LIMIT_S = 60.0
_TAIL_LINES = 6
_SOCKET_PATH_MOST = 100
_NOT_FOR_IT = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "CREDENTIALS_DIRECTORY")


class DaemonError(RuntimeError):
    """A process of the daemon did not do what it should; says which and what its log tells."""


async def run_command(
    module: str, arguments: Sequence[str], *, limit_s: float = 30.0
) -> tuple[int, str, str]:
    """Run one of the product's commands to its end: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(),
    )
    try:
        async with asyncio.timeout(limit_s):
            out, err = await process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return process.returncode or 0, out.decode(), err.decode()


class Process(Protocol):
    """A process that runs, or that has ended with `returncode`; negative for a signal."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    @property
    def returncode(self) -> int | None:
        """How it ended, None while it runs."""
        ...

    def kill(self) -> None:
        """Send SIGKILL; ProcessLookupError if it has ended."""
        ...

    def terminate(self) -> None:
        """Send SIGTERM; ProcessLookupError if it has ended."""
        ...

    async def wait(self) -> int:
        """Wait for its end; its exit code."""
        ...


Spawn = Callable[[Path, Path, Mapping[str, str]], Awaitable[Process]]
"""Takes the configuration, the log and the whole environment; starts `lockerd run` as a process."""


async def spawn_lockerd(configuration: Path, log: Path, environment: Mapping[str, str]) -> Process:
    """Start `lockerd run` as systemd would; what it says goes to the end of the log."""
    with log.open("ab") as opened:
        return await asyncio.create_subprocess_exec(
            *tied_to_us(sys.executable, "-m", "locker.cli", "run", "--config", str(configuration)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=opened,
            stderr=opened,
            env=environment,
            # A Ctrl-C at the terminal is for the simulator, which then ends the daemon itself.
            process_group=0,
        )


class Daemon:
    """`lockerd run` with one configuration, any number of times in a row; `ended` is told each end.

    It is told the process id, the exit code, and whether we had asked for the end.
    """

    def __init__(
        self,
        configuration: Path,
        log: Path,
        ended: Callable[[int, int, bool], None],
        spawn: Spawn = spawn_lockerd,
    ) -> None:
        self._configuration = configuration
        self._log = log
        self._ended = ended
        self._start_process = spawn
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._asked = False

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The number of its process, None while there is none."""
        return self._process.pid if self._process is not None and self.running else None

    async def start(self) -> int:
        """Start it and wait until it says that it is ready; its process id. DaemonError if it never does."""
        if self.running:
            raise DaemonError("the daemon runs already")
        notify = self._configuration.with_name("ready.sock")
        if len(str(notify)) > _SOCKET_PATH_MOST:
            raise DaemonError(f"{notify}: too long for a socket; use a directory with a shorter path")
        notify.unlink(missing_ok=True)
        ready = asyncio.Event()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.setblocking(False)
            listener.bind(str(notify))
            loop = asyncio.get_running_loop()
            loop.add_reader(listener, _hear, listener, ready)
            try:
                await self._spawn({"NOTIFY_SOCKET": str(notify)})
                await self._until_ready(ready)
            finally:
                loop.remove_reader(listener)
                notify.unlink(missing_ok=True)
        if self._process is None:
            raise DaemonError("the daemon was ended while it started")
        return self._process.pid

    def cut(self) -> None:
        """SIGKILL at this very moment, without waiting; `kill` then reaps."""
        if self._process is not None and self.running:
            self._asked = True
            self._process.kill()

    async def kill(self) -> None:
        """SIGKILL, as if the power went; returns when the process is reaped."""
        await self._end(lambda process: process.kill())

    async def stop(self) -> None:
        """SIGTERM; SIGKILL and DaemonError if it does not end in time."""
        await self._end(lambda process: process.terminate())

    async def gone(self) -> None:
        """Wait for the end of its process."""
        if self._watch is not None:
            await asyncio.shield(self._watch)

    def tail(self) -> str:
        """The end of its log, for an error message."""
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return f"it wrote no log ({self._log})"
        return "\n".join([f"the end of {self._log}:", *lines[-_TAIL_LINES:]])

    async def _spawn(self, more: Mapping[str, str]) -> None:
        process = await self._start_process(self._configuration, self._log, {**_environment(), **more})
        self._process, self._asked = process, False
        self._watch = asyncio.create_task(self._await_end(process), name="daemon: end")

    async def _until_ready(self, ready: asyncio.Event) -> None:
        watch = self._watch
        if watch is None:
            return
        waiting = asyncio.create_task(ready.wait())
        try:
            done, _ = await asyncio.wait(
                {waiting, watch}, timeout=READY_LIMIT_S, return_when=asyncio.FIRST_COMPLETED
            )
        except asyncio.CancelledError:
            await self.kill()
            raise
        finally:
            waiting.cancel()
        if waiting in done:
            return
        problem = "ended" if watch in done else f"was not ready within {READY_LIMIT_S:g} s"
        await self.kill()
        raise DaemonError(f"lockerd {problem}; {self.tail()}")

    async def _await_end(self, process: Process) -> None:
        code = await process.wait()
        self._ended(process.pid, code, self._asked)

    async def _end(self, send: Callable[[Process], None]) -> None:
        process, watch = self._process, self._watch
        if process is None or watch is None:
            return
        self._asked = self._asked or self.running
        with contextlib.suppress(ProcessLookupError):
            send(process)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await asyncio.shield(watch)
        except TimeoutError:
            process.kill()
            await watch
            raise DaemonError(f"lockerd did not end within {STOP_LIMIT_S:g} s; {self.tail()}") from None
        finally:
            if watch.done():
                self._process = self._watch = None


def _hear(listener: socket.socket, ready: asyncio.Event) -> None:
    with contextlib.suppress(BlockingIOError):
        if b"READY=1" in listener.recv(4096).splitlines():
            ready.set()


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_FOR_IT and not name.startswith("LOCKER__")
    }
