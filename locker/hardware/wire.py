"""The wires of an automat as a person is shown them: names, wall clock, and meaning when somebody asks."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from drivers.decoding import Reading, examine, meaning, parse_hex, read
from drivers.registry import LOCK_BOARDS
from drivers.wirelog import SAME_FRAME_S, Direction, Passage, WireLog, WireRecord, passages
from locker.domain.times import Now
from locker.hardware.wiring import Wiring
from locker.wire import FrameReading, LineOfWires, Missed, Seen, Way

EXCERPT_RECORDS = 64
"""Kept of the time before an incident, and at most as many of the time after it."""

CORRECTED_BYTES_MOST = 64
"""Longer input is more than one frame; no end of it is tried."""

WAYS: Mapping[Direction, Way] = {
    Direction.SENT: "sent",
    Direction.RECEIVED: "received",
    Direction.NOTED: "noted",
}


class WireExcerpt:
    """What passed around one moment (`locker.wire.Excerpt`)."""

    def __init__(self, log: WireLog, families: Sequence[str], wall: Callable[[], "Wall"]) -> None:
        """Take the records before this moment."""
        self._log = log
        self._families = families
        self._wall_now = wall
        self._wall = wall()
        self._newest = log.newest
        self._records: tuple[WireRecord, ...] = log.records(after=log.newest - EXCERPT_RECORDS)

    def close(self) -> None:
        """Take the records since then; none from behind a gap, if more came than the ring holds."""
        last = self._newest + EXCERPT_RECORDS
        self._records += tuple(each for each in self._log.records(after=self._newest) if each.number <= last)
        self._wall = self._wall_now()

    def seen(self) -> Sequence[Seen]:
        """Put all of them into words."""
        return [_seen(passage, self._families, self._wall) for passage in passages(self._records)]


class Wall:
    """One reading of the wall clock and of the loop's clock, to turn one into the other."""

    def __init__(self, wall_at: datetime, loop_s: float) -> None:
        """Both were read together."""
        self._wall_at = wall_at
        self._loop_s = loop_s

    def at(self, loop_s: float) -> datetime:
        """The instant that a time of the loop was."""
        return self._wall_at - timedelta(seconds=self._loop_s - loop_s)


class HardwareWires:
    """Every record of an automat (`locker.wire.Wires`)."""

    def __init__(self, wiring: Wiring, logs: Mapping[str, WireLog], *, now: Callable[[], Now]) -> None:
        """`logs` are those of `LockerHardware.wire_logs`, whose names tell what they belong to."""
        self._logs = logs
        self._now = now
        self._families = {
            name: tuple(dict.fromkeys(board.family for board in wiring.boards if board.line == name))
            for name in logs
        }
        line_of_board = {board.name: board.line for board in wiring.boards}
        self._parts = {
            name: (
                name if name not in wiring.lines else f"line {name}",
                *(f"board {board}" for board, line in line_of_board.items() if line == name),
            )
            for name in logs
        }
        self._concerned: dict[str, list[str]] = {}
        for about, line in (
            *((part, name) for name, parts in self._parts.items() for part in parts),
            *((door.compartment, line_of_board[door.board]) for door in wiring.doors),
            *((pad.name, f"keypad {pad.name}") for pad in wiring.keypads),
        ):
            self._concerned.setdefault(about, []).append(line)

    def lines(self) -> Mapping[str, LineOfWires]:
        """Every line by name."""
        return {
            name: LineOfWires(name, self._parts[name], self._families[name], not log.redact, log.newest)
            for name, log in self._logs.items()
        }

    def seen(self, line: str, *, after: int | None, limit: int) -> Sequence[Seen]:
        """What came after a record, the oldest first; without it the newest."""
        joined = passages(self._logs[line].records(after or 0))
        chosen = joined[-limit:] if after is None else joined[:limit]
        wall = self._wall()
        return [_seen(passage, self._families[line], wall) for passage in chosen]

    async def follow(self, line: str, after: int) -> AsyncGenerator[Seen, None]:
        """What comes after a record, as it comes; an answer is held back until it is quiet behind it.

        What is gone by the beginning is left out; what goes later, because nobody took it, is Missed.
        """
        log, loop = self._logs[line], asyncio.get_running_loop()
        oldest = next((record.number for record in log.records(after)), after + 1)
        after = max(after, oldest - 1)
        news = asyncio.Event()
        log.watch(news.set)
        try:
            while True:
                news.clear()
                records = log.records(after)
                if records and records[0].number > after + 1:
                    raise Missed(records[0].number - after - 1)
                joined, quiet_in_s = passages(records), 0.0
                if joined and joined[-1].direction is Direction.RECEIVED:
                    quiet_in_s = joined[-1].ended_at_s + SAME_FRAME_S - loop.time()
                for passage in joined[:-1] if quiet_in_s > 0 else joined:
                    yield _seen(passage, self._families[line], self._wall())
                    after = passage.last
                if quiet_in_s > 0:
                    await asyncio.sleep(quiet_in_s)
                else:
                    await news.wait()
        finally:
            log.unwatch(news.set)

    def excerpt(self, line: str) -> WireExcerpt:
        """Begin an excerpt now."""
        return WireExcerpt(self._logs[line], self._families[line], self._wall)

    def concerned(self, about: str) -> Sequence[str]:
        """Name the lines that an incident about a compartment, part or keypad concerns; all if none does."""
        return self._concerned.get(about) or tuple(self._logs)

    def families(self) -> Sequence[str]:
        """Every family of lock boards."""
        return tuple(LOCK_BOARDS)

    def decode(self, typed: str, family: str | None, ways: Sequence[Way]) -> Sequence[FrameReading]:
        """Explain what a person typed in: frames if there are any, else what would have been one."""
        data = parse_hex(typed)
        families = tuple(LOCK_BOARDS) if family is None else (family,)
        asked = [(name, way == "sent") for name in families for way in ways]
        readings = [read(data, name, sent=sent) for name, sent in asked]
        if not any(reading.is_frame for reading in readings) and len(data) <= CORRECTED_BYTES_MOST:
            readings = [examine(data, name, sent=sent) for name, sent in asked]
        return [_frame_reading(reading) for reading in _telling(readings)]

    def _wall(self) -> Wall:
        return Wall(self._now().wall_at, asyncio.get_running_loop().time())


def _telling(readings: Iterable[Reading]) -> Sequence[Reading]:
    """Choose the frames; if there are none, what would have been one; if nothing would, all of them."""
    everything = list(readings)
    frames = [reading for reading in everything if reading.is_frame]
    return frames or [reading for reading in everything if reading.corrected is not None] or everything


def _frame_reading(reading: Reading) -> FrameReading:
    corrected = None if reading.corrected is None else reading.corrected.hex(" ").upper()
    way: Way = "sent" if reading.sent else "received"
    return FrameReading(reading.family, way, reading.is_frame, reading.texts, corrected)


def _seen(passage: Passage, families: Sequence[str], wall: Wall) -> Seen:
    if passage.direction is Direction.NOTED:
        words: tuple[str, ...] = (passage.remark,)
    elif passage.data is None:
        words = ("not kept",)
    else:
        words = meaning(passage.data, families, sent=passage.direction is Direction.SENT)
    return Seen(
        passage.first,
        passage.last,
        wall.at(passage.at_s),
        WAYS[passage.direction],
        passage.size,
        None if passage.data is None else passage.data.hex(" ").upper(),
        words,
    )
