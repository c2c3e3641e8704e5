"""Draining a journal to a real broker, beside bare aiomqtt with the same window and the same payloads.

Real: link, outbox, engine, and a database of sealed entries that the writer's thread reads. Connecting is
in the time of both sides; each ends when a counter in its own process has the last entry. The counter
acknowledges every 200 entries, or the automat's window of 2,000 would never move; the bare side does not
listen to that.
"""

import asyncio
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from statistics import median
from typing import TypeVar

import aiomqtt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import automats, counter
from bench.figures import Figure, Goal, NotMeasured, Pairs
from locker.clock import SystemClock
from locker.db.session import Database
from locker.domain.events import Event, Started
from locker.domain.intents import Tone
from locker.domain.messages import Message
from locker.engine import Engine
from locker.sync.connection import NO_DELAY
from locker.sync.link import Link
from locker.sync.outbox import JournalPosition
from locker.sync.report import state_of
from locker.sync.settings import LinkSettings
from simulator.broker import Broker

WINDOW = 20
LIMIT_S = 120.0
GOAL = Goal("ratio", ">=", 0.8)

Result = TypeVar("Result")


class NoHardware:
    """An automat without doors and keypads."""

    def unlock(self, compartment: str, number: int) -> None:
        """Do nothing."""

    def try_lock(self, compartment: str, number: int) -> None:
        """Do nothing."""

    def stop_trying(self) -> None:
        """Do nothing."""

    def show(self, keypad: str, message: Message) -> None:
        """Do nothing."""

    def sound(self, keypad: str, tone: Tone) -> None:
        """Do nothing."""

    def tick(self, keypad: str, *, on: bool) -> None:
        """Do nothing."""

    def lamp_test(self, keypad: str, *, display: bool, sounder: bool) -> None:
        """Do nothing."""


class Counter:
    """The counter's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Use `start` instead."""
        self._process = process
        self.busy: list[float] = []

    @classmethod
    async def start(cls, broker: Broker, count: int, stack: AsyncExitStack) -> "Counter":
        """Start it and wait until it is subscribed; the stack ends it."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            counter.__file__,
            str(broker.port),
            broker.protocol,
            str(count),
            stdout=asyncio.subprocess.PIPE,
        )
        started = cls(process)
        stack.push_async_callback(started._end)
        if await started._line() != ["ready"]:
            raise NotMeasured("the counter could not subscribe")
        return started

    async def finished_ns(self, automat_id: str) -> int:
        """Wait for the last entry of a journal; return when it arrived."""
        topic, at_ns, busy = await self._line()
        self.busy.append(float(busy))
        if topic != f"automats/{automat_id}/journal":
            raise NotMeasured(f"the counter speaks of {topic}, not of {automat_id}")
        return int(at_ns)

    async def _line(self) -> list[str]:
        if self._process.stdout is None:
            raise NotMeasured("the counter has no pipe")
        async with asyncio.timeout(LIMIT_S):
            words = (await self._process.stdout.readline()).decode("ascii").split()
        if not words:
            raise NotMeasured("the counter ended")
        return words

    async def _end(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.communicate()


async def measure(directory: Path, *, name: str, count: int, rounds: int) -> Figure:
    """Drain so many entries so many times, by the link and barely in turn."""
    template = directory / "template.db"
    sign = Ed25519PrivateKey.generate().sign
    automats.write_journal(template, automat_id="bench", sign=sign, count=count)
    payloads = _payloads(template, count)
    pairs, work = Pairs.none(), Pairs.none()
    async with AsyncExitStack() as stack:
        broker = await Broker.start(directory)
        stack.push_async_callback(broker.stop)
        counting = await Counter.start(broker, count, stack)
        for number in range(1, rounds + 1):
            # a journal of its own each time: nothing that a broker keeps of the last one counts for this one
            path = directory / f"journal-{number}.db"
            shutil.copy(template, path)
            spent_s = time.process_time()
            linked_s = await _by_link(path, broker, counting, f"linked-{number}", sign)
            work.values.append(1e6 * (time.process_time() - spent_s) / count)
            path.unlink()
            spent_s = time.process_time()
            bare_s = await _barely(payloads, broker, counting, f"bare-{number}")
            work.floors.append(1e6 * (time.process_time() - spent_s) / count)
            pairs.values.append(count / linked_s)
            pairs.floors.append(count / bare_s)
    size = sum(map(len, payloads)) // count
    return pairs.figure(
        name,
        GOAL,
        f"{count} entries of {size} bytes to {broker.kind}, QoS 1, {WINDOW} in flight",
        f"processor time an entry: {median(work.values):.0f} us, barely {median(work.floors):.0f} us",
        "acknowledged every 200 entries by the process that counts; it commits nothing"
        f" (busy {max(counting.busy):.0%} of the time at most; near 100% it would be what is measured)",
    )


async def _by_link(
    path: Path, broker: Broker, counting: Counter, automat_id: str, sign: Callable[[bytes], bytes]
) -> float:
    """Drain a database with the real link; return the seconds."""
    writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
    database = Database.open(path)
    try:
        return await _Drain(database, writer, broker, automat_id, sign).run(counting)
    finally:
        writer.shutdown()
        database.close()


class _Drain:
    """Link, engine and database, put together as the daemon does."""

    def __init__(
        self,
        database: Database,
        writer: ThreadPoolExecutor,
        broker: Broker,
        automat_id: str,
        sign: Callable[[bytes], bytes],
    ) -> None:
        self._database = database
        self._writer = writer
        self._automat_id = automat_id
        self._clock = SystemClock(database.path.with_name(f"powered-{automat_id}"), 0.0)
        self._engine = Engine(
            database.load(automats.blank(automat_id), {}).automat,
            database.head(),
            clock=self._clock,
            hardware=NoHardware(),
            ledger=database,
            sign=sign,
            run_blocking=self._in_writer,
        )
        self._link = Link(
            LinkSettings(
                automat_id, broker.host, broker.port, protocol=broker.protocol, first_connect_within_s=0.0
            ),
            post=self._post,
            payloads=self._read,
            position=self._position,
            state=self._state,
        )
        self._engine.watch(lambda _decision, _entries: self._link.wake())

    async def run(self, counting: Counter) -> float:
        await self._engine.take(Started())
        engine = asyncio.create_task(self._engine.run(), name="engine")
        began_ns = time.monotonic_ns()
        link = asyncio.create_task(self._link.run(), name="link")
        finished = asyncio.create_task(counting.finished_ns(self._automat_id), name="counter")
        try:
            await asyncio.wait({engine, link, finished}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (engine, link, finished):
                task.cancel()
            outcomes = await asyncio.gather(engine, link, finished, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return (finished.result() - began_ns) / 1e9

    async def _post(self, event: Event) -> None:
        await self._engine.post(event)

    async def _in_writer(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def _read(self, epoch: int, first: int, limit: int) -> list[bytes]:
        return await self._in_writer(lambda: self._database.payloads(epoch, first, limit))

    def _position(self) -> JournalPosition:
        head = self._engine.head
        return JournalPosition(head.epoch, head.sequence, self._engine.automat.facts.acknowledged_through)

    def _state(self) -> bytes:
        return state_of(
            self._engine.automat, self._engine.head, self._clock.now(), connected=self._link.connected
        )


async def _barely(payloads: list[bytes], broker: Broker, counting: Counter, automat_id: str) -> float:
    """Publish payloads from memory with aiomqtt and nothing else; return the seconds."""
    topic = f"automats/{automat_id}/journal"
    left = iter(payloads)
    version = aiomqtt.ProtocolVersion.V5 if broker.protocol == "5" else aiomqtt.ProtocolVersion.V311
    began_ns = time.monotonic_ns()
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        identifier=automat_id,
        protocol=version,
        max_inflight_messages=WINDOW,
        socket_options=NO_DELAY,
    )
    client.pending_calls_threshold = 2 * WINDOW
    async with client, asyncio.TaskGroup() as group:
        for _ in range(WINDOW):
            group.create_task(_publish(client, topic, left))
    return (await counting.finished_ns(automat_id) - began_ns) / 1e9


async def _publish(client: aiomqtt.Client, topic: str, payloads: Iterator[bytes]) -> None:
    for payload in payloads:
        await client.publish(topic, payload, qos=1, timeout=LIMIT_S)


def _payloads(path: Path, count: int) -> list[bytes]:
    database = Database.open(path)
    try:
        return [entry.payload for entry in database.entries(automats.EPOCH, 1, count)]
    finally:
        database.close()
