"""Lines of lock boards: a full scan, an unlock in the midst of it, both beside the wire; a line at rest.

The boards are simulated in a process of their own, behind a pty, at the speed of their wire.
"""

import asyncio
import os
import random
import select
import sys
import time
import tty
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path
from statistics import median

from bench.figures import Figure, Goal, NotMeasured, Pairs
from drivers.bus import BusSettings
from drivers.wirelog import Direction, WireRecord
from locker.domain.events import DoorSeen, Event
from locker.hardware.lines import LockLine
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec

LIMIT_S = 60.0
UNLOCK_HEAD = 0x8A
CHANNELS = 24
GAP_S = BusSettings().gap_s

Exchange = tuple[bytes, int]
"""A request, and how many bytes answered it."""


class Bench:
    """One line of so many boards, driven by the product or by bare hands."""

    def __init__(self, path: str, baud: int, boards: int, channels: int) -> None:
        """Nothing is opened yet."""
        self.path = path
        self.events: list[Event] = []
        names = [f"A{number}" for number in range(1, boards + 1)]
        self._specs = [
            BoardSpec(name, "locks", "xor-bcc", {"address": number, "channels": channels})
            for number, name in enumerate(names, 1)
        ]
        self._doors = [
            DoorSpec(f"{name}-{channel}", name, channel)
            for name in names
            for channel in range(1, channels + 1)
        ]
        self._port = PortSpec(path, baud)

    @property
    def doors(self) -> Sequence[str]:
        """The compartments."""
        return [door.compartment for door in self._doors]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[LockLine]:
        """Open the line and read every door, twice, as the daemon does; then go on reading."""
        line = LockLine("locks", self._port, self._specs, self._doors, self.events.append)
        line.start()
        reading = asyncio.create_task(line.run(), name="reading")
        try:
            async with asyncio.timeout(LIMIT_S):
                await line.read_once()
            if set(line.believed().values()) != {line.believed()[self.doors[0]]}:
                raise NotMeasured("the simulated doors are not all alike")
            yield line
        finally:
            reading.cancel()
            await asyncio.wait({reading})
            await line.stop()

    async def scan(self) -> tuple[float, list[Exchange]]:
        """Read every door until it is known; return the seconds on the wire, and what passed."""
        async with self.running() as line:
            records = [each for each in line.wire_log.records() if each.direction is not Direction.NOTED]
        exchanges = _exchanges(records)
        heard = [each.at_s for each in records if each.direction is Direction.RECEIVED]
        if len(exchanges) < 2 * len(self._specs) or not heard:
            raise NotMeasured(f"{len(exchanges)} exchanges are no scan of {len(self._specs)} boards")
        return heard[-1] - records[0].at_s, exchanges

    def barely(self, exchanges: Sequence[Exchange], pause_s: float = GAP_S) -> float:
        """Write the same requests and wait for as many bytes, with the same gap; return the seconds."""
        port = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            tty.setraw(port)
            ended_s = began_s = time.monotonic()
            for request, size in exchanges:
                os.write(port, request)
                got = 0
                while got < size:
                    if not select.select([port], [], [], LIMIT_S)[0]:
                        raise NotMeasured("the boards did not answer the bare loop")
                    got += len(os.read(port, 4096))
                ended_s = time.monotonic()
                time.sleep(pause_s)
            return ended_s - began_s
        finally:
            os.close(port)


async def scan(directory: Path, *, baud: int, boards: int, rounds: int) -> Figure:
    """Scan a line so many times, by the product and barely in turn."""
    pairs = Pairs.none()
    count = 0
    async with _played(directory, baud, boards, CHANNELS) as path:
        bench = Bench(path, baud, boards, CHANNELS)
        for _ in range(rounds):
            took_s, exchanges = await bench.scan()
            count = len(exchanges)
            pairs.values.append(count / took_s)
            pairs.floors.append(count / bench.barely(exchanges))
    note = f"{count} exchanges until all {boards * CHANNELS} doors are known: each is read twice"
    return pairs.figure(f"scan-{boards}-boards-{baud}-reads-per-s", Goal("ratio", ">=", 0.9), note)


async def unlock_during_scan(directory: Path, *, rounds: int) -> Figure:
    """Unlock so often while a line is scanned without a pause; the longest wait for the wire counts."""
    baud, boards = 9600, 10
    dice = random.Random(5)
    waits_s: list[float] = []
    gaps_s: list[float] = []
    overtaken = 0
    async with _played(directory, baud, boards, CHANNELS) as path:
        bench = Bench(path, baud, boards, CHANNELS)
        async with bench.running() as line:
            await line.unlock(bench.doors[-1], 0)  # from now on the line never pauses
            for number, door in enumerate(dice.sample(bench.doors[:-1], rounds), 1):
                await asyncio.sleep(dice.uniform(0.05, 0.15))
                asked_s = asyncio.get_running_loop().time()
                await line.unlock(door, number)
                sent = [each for each in line.wire_log.records() if each.direction is Direction.SENT]
                at = max(index for index, each in enumerate(sent) if _is_unlock(each))
                waits_s.append(sent[at].at_s - asked_s)
                overtaken += sum(asked_s < each.at_s for each in sent[:at])
                # An unlock's own exchange lasts as long as its pulse: it is no measure of a scan's.
                gaps_s += [
                    later.at_s - earlier.at_s
                    for earlier, later in pairwise(sent[at - 3 : at + 1])
                    if not _is_unlock(earlier)
                ]
    notes = (
        f"{rounds} unlocks; medians: wait {1000 * median(waits_s):.1f}, exchange {1000 * median(gaps_s):.1f}",
        f"requests that went before an unlock though they were asked for later: {overtaken}",
    )
    goal = Goal("ratio", "<=", 1.0)
    return Figure("unlock-during-scan-ms", 1000 * max(waits_s), 1000 * max(gaps_s), goal, notes)


async def at_rest(directory: Path, *, rounds: int, seconds: float) -> Figure:
    """Measure the processor time of reading 100 doors on five boards at rest, in per cent of a core."""
    boards, channels = 5, 20
    pairs = Pairs.none()
    async with _played(directory, 9600, boards, channels) as path:
        bench = Bench(path, 9600, boards, channels)
        for _ in range(rounds):
            async with bench.running() as line:
                before = len(bench.events)
                number = line.wire_log.records()[-1].number
                used_s, began_s = time.process_time(), time.monotonic()
                await asyncio.sleep(seconds)
                used_s, took_s = time.process_time() - used_s, time.monotonic() - began_s
                records = [each for each in line.wire_log.records() if each.number > number]
                if any(isinstance(event, DoorSeen) for event in bench.events[before:]):
                    raise NotMeasured("a door moved")
            exchanges = [each for each in _exchanges(records) if each[1]]
            pause_s = seconds / len(exchanges)
            pairs.values.append(100 * used_s / took_s)
            used_s, began_s = time.process_time(), time.monotonic()
            bench.barely(exchanges, pause_s)
            pairs.floors.append(100 * (time.process_time() - used_s) / (time.monotonic() - began_s))
    note = f"{boards * channels} doors on {boards} boards; the floor only writes and reads the same bytes"
    return pairs.figure("idle-cpu-percent", Goal("value", "<", 2.0), note)


def _exchanges(records: Sequence[WireRecord]) -> list[Exchange]:
    found: list[Exchange] = []
    for record in records:
        if record.direction is Direction.SENT and record.data is not None:
            found.append((record.data, 0))
        elif record.direction is Direction.RECEIVED and found:
            found[-1] = (found[-1][0], found[-1][1] + record.size)
    return found


def _is_unlock(record: WireRecord) -> bool:
    return record.data is not None and record.data[0] == UNLOCK_HEAD


@asynccontextmanager
async def _played(directory: Path, baud: int, boards: int, channels: int) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.boards",
        *map(str, (directory, baud, boards, channels)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None:
            raise NotMeasured("the boards have no pipe")
        async with asyncio.timeout(LIMIT_S):
            path = (await process.stdout.readline()).decode().strip()
        if not path:
            raise NotMeasured("the boards did not start")
        yield path
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
