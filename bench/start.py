"""Start to "ready" of the real daemon, and what it then holds in memory, beside the bare imports.

The daemon is `python -m locker.cli run` with a database whose journal is long, its hardware simulated behind
ptys at their real speed. "Ready" is READY=1 on its notify socket: the database is checked and loaded, every
door read, the local socket open. Memory is read when it is online and has sent the first window of its
journal; nobody acknowledges, so it stays there.
"""

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiomqtt

from bench import automats
from bench.figures import Figure, Goal, NotMeasured, Pairs
from bench.imports import bare_imports
from locker.keys import Keys, initialise, next_epoch
from locker.sync.outbox import OutboxRules
from simulator.automat import SimulatedAutomat
from simulator.backoffice.keys import SigningKey
from simulator.broker import Broker
from simulator.configuration import Place, write_configuration
from simulator.plan import demo_plan
from simulator.steering import Steering

READY_LIMIT_S = 60.0
SENT_LIMIT_S = 30.0
STOP_LIMIT_S = 20.0
START_GOAL = Goal("ratio", "<=", 2.0)
MEMORY_GOAL = Goal("value", "<", 100.0)


@dataclass(frozen=True, slots=True)
class Ready:
    """A process that has said READY=1."""

    pid: int
    took_ms: float

    def resident_mb(self) -> float:
        """Return its VmRSS in megabytes (1,000,000 bytes)."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            name, _, rest = line.partition(":")
            if name == "VmRSS":
                return int(rest.split()[0]) * 1024 / 1e6
        raise NotMeasured(f"process {self.pid} has no resident memory")


@asynccontextmanager
async def running(arguments: Sequence[str], directory: Path) -> AsyncIterator[Ready]:
    """Run a Python program until it is ready; end it by the end of its stdin, and by SIGTERM."""
    log = directory / "process.log"
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[int] = loop.create_future()

    def hear() -> None:
        if b"READY=1" in listener.recv(4096).splitlines() and not ready.done():
            ready.set_result(time.monotonic_ns())

    with (
        # the path of a socket must be short, that of a working directory may be long
        tempfile.TemporaryDirectory(prefix="bench-") as sockets,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener,
        log.open("wb") as written,
    ):
        notify = Path(sockets) / "notify.sock"
        listener.setblocking(False)
        listener.bind(str(notify))
        loop.add_reader(listener, hear)
        began_ns = time.monotonic_ns()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=written,
            stderr=written,
            env={
                **os.environ,
                "NOTIFY_SOCKET": str(notify),
                "LOCKER__PATHS__SOCKET": str(Path(sockets) / "lockerd.sock"),
            },
        )
        ended = asyncio.create_task(process.wait())
        try:
            await asyncio.wait({ready, ended}, timeout=READY_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise NotMeasured(f"a process did not become ready; {_tail(log)}")
            try:
                yield Ready(process.pid, (ready.result() - began_ns) / 1e6)
            except NotMeasured as problem:
                raise NotMeasured(f"{problem}; {_tail(log)}") from problem
        finally:
            loop.remove_reader(listener)
            ready.cancel()
            await _end(process, ended)


async def measure(directory: Path, *, entries: int, rounds: int, warm: bool) -> tuple[Figure, Figure]:
    """Start the daemon and the bare imports in turn; to `warm` up each is started once before."""
    times, memory = Pairs.none(), Pairs.none()
    async with AsyncExitStack() as stack:
        broker = await Broker.start(directory)
        stack.push_async_callback(broker.stop)
        automat = SimulatedAutomat(demo_plan(), directory=directory / "ports")
        await automat.start()
        stack.push_async_callback(automat.stop)
        place = _set_up(directory, automat, broker, entries)
        watcher = await stack.enter_async_context(_watching(broker, automat.plan.automat_id))
        daemon = ("-m", "locker.cli", "run", "--config", str(place.configuration))
        bare = ("-c", await bare_imports())
        for number in range(-1 if warm else 0, rounds):
            watcher.forget()
            async with running(daemon, place.directory) as ready:
                await watcher.until_sent(min(entries, OutboxRules().window))
                value = ready.took_ms, ready.resident_mb()
            async with running(bare, place.directory) as ready:
                floor = ready.took_ms, ready.resident_mb()
            if number >= 0:
                for pairs, a_value, a_floor in zip((times, memory), value, floor, strict=True):
                    pairs.values.append(a_value)
                    pairs.floors.append(a_floor)
        size_mb = place.database.stat().st_size / 1e6
    return (
        times.figure(
            "start-to-ready-ms",
            START_GOAL,
            f"{entries} entries in the journal, a database of {size_mb:.0f} MB; files in the page cache",
        ),
        memory.figure(
            "resident-memory-mb",
            MEMORY_GOAL,
            "VmRSS in 1,000,000 bytes, online, the first window of the journal sent and not acknowledged",
        ),
    )


def _set_up(directory: Path, automat: SimulatedAutomat, broker: Broker, entries: int) -> Place:
    """Make an automat's directory: configuration, keys, and a database with so many entries."""
    place = Place(directory / "automat")
    place.directory.mkdir()
    plan = automat.plan
    Steering(place.steering)
    SigningKey.generate().write_public(place.command_key)
    write_configuration(
        plan,
        place,
        port_of={name: automat.port(name) for name in plan.ports()},
        broker=(broker.host, broker.port, broker.protocol),
    )
    initialise(place.keys, plan.automat_id)
    if next_epoch(place.keys) != automats.EPOCH:
        raise NotMeasured("new keys do not begin with the first epoch")
    sign = Keys.load(place.keys, environ={}).sign
    automats.write_journal(place.database, automat_id=plan.automat_id, sign=sign, count=entries)
    return place


class _Watcher:
    """Hears at the broker how much of the journal was sent."""

    def __init__(self) -> None:
        self._sent: set[bytes] = set()
        self._news = asyncio.Event()

    def forget(self) -> None:
        self._sent.clear()

    def hear(self, payload: bytes) -> None:
        self._sent.add(payload)
        self._news.set()

    async def until_sent(self, count: int) -> None:
        try:
            async with asyncio.timeout(SENT_LIMIT_S):
                while len(self._sent) < count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise NotMeasured(f"the daemon sent {len(self._sent)} of {count} entries") from None


@asynccontextmanager
async def _watching(broker: Broker, automat_id: str) -> AsyncIterator[_Watcher]:
    watcher = _Watcher()
    version = aiomqtt.ProtocolVersion.V5 if broker.protocol == "5" else aiomqtt.ProtocolVersion.V311
    async with aiomqtt.Client(broker.host, broker.port, identifier="watcher", protocol=version) as client:
        await client.subscribe(f"automats/{automat_id}/journal", qos=1)

        async def hear() -> None:
            async for message in client.messages:
                watcher.hear(bytes(message.payload))

        hearing = asyncio.create_task(hear(), name="watcher")
        try:
            yield watcher
        finally:
            hearing.cancel()
            await asyncio.wait({hearing})


async def _end(process: asyncio.subprocess.Process, ended: "asyncio.Task[int]") -> None:
    if process.stdin is not None:
        process.stdin.close()
    if not ended.done():
        process.terminate()
    try:
        async with asyncio.timeout(STOP_LIMIT_S):
            await asyncio.shield(ended)
    except TimeoutError:
        process.kill()
        await ended


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "it said: " + " / ".join(lines[-5:]) if lines else "it said nothing"
