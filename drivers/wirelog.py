"""A bounded record of what went over one port; nobody above the port knows of it."""

import enum
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

CAPACITY = 512
SAME_FRAME_S = 0.05
"""Bytes that a host received within this time may be one frame: USB adapters deliver in steps of 16 ms."""


class Direction(enum.Enum):
    """Seen from the host; NOTED is no byte but a remark of whoever reads the bytes."""

    SENT = ">"
    RECEIVED = "<"
    NOTED = "#"


@dataclass(frozen=True, slots=True)
class WireRecord:
    """Bytes that passed together, or a remark; `at_s` is monotonic time of the event loop.

    `number` counts from 1 on each port. `data` is None where bytes are never kept; `size` is told always.
    """

    number: int
    at_s: float
    direction: Direction
    data: bytes | None = b""
    size: int = 0
    remark: str = ""

    @property
    def text(self) -> str:
        """The bytes in hexadecimal, `**` for each that was not kept; the remark as it is."""
        if self.direction is Direction.NOTED:
            return self.remark
        return " ".join(["**"] * self.size) if self.data is None else self.data.hex(" ").upper()


@dataclass(frozen=True, slots=True)
class Passage:
    """What passed as a whole: one record, or several that were received one right after the other."""

    first: int
    last: int
    at_s: float
    ended_at_s: float
    direction: Direction
    data: bytes | None
    size: int
    remark: str


class WireLog:
    """Ring of the last records. With `redact` the bytes are never kept, only how many they were."""

    def __init__(self, *, capacity: int = CAPACITY, redact: bool = False) -> None:
        self.redact = redact
        # Plain tuples, made into records when somebody asks: every byte of every port passes here.
        self._ring: deque[tuple[int, float, Direction, bytes | int | str]] = deque(maxlen=capacity)
        self._number = 0
        self._watchers: list[Callable[[], None]] = []

    @property
    def newest(self) -> int:
        """The number of the last record, 0 if there was none."""
        return self._number

    def record(self, direction: Direction, data: bytes, at_s: float) -> None:
        """Note bytes that passed at `at_s`; they must not change afterwards."""
        self._number = number = self._number + 1
        self._ring.append((number, at_s, direction, len(data) if self.redact else data))
        for watcher in self._watchers:
            watcher()

    def note(self, remark: str, at_s: float) -> None:
        """Add a remark between the bytes; it is kept as it is, also with `redact`."""
        self._number = number = self._number + 1
        self._ring.append((number, at_s, Direction.NOTED, remark))
        for watcher in self._watchers:
            watcher()

    def records(self, after: int = 0) -> tuple[WireRecord, ...]:
        """Those with a higher number than `after`, the oldest first."""
        count = min(len(self._ring), max(0, self._number - after))
        return tuple(_record(*kept) for kept in islice(self._ring, len(self._ring) - count, None))

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after each record; it must not wait."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Call it no more."""
        self._watchers.remove(watcher)


def passages(records: Iterable[WireRecord], *, apart_s: float = SAME_FRAME_S) -> list[Passage]:
    """Join what was received in portions less than `apart_s` apart, with nothing sent or noted between."""
    joined: list[Passage] = []
    for record in records:
        before = joined[-1] if joined else None
        if (
            before is not None
            and before.direction is record.direction is Direction.RECEIVED
            and record.at_s - before.ended_at_s < apart_s
        ):
            data = None if before.data is None or record.data is None else before.data + record.data
            joined[-1] = Passage(
                before.first,
                record.number,
                before.at_s,
                record.at_s,
                record.direction,
                data,
                before.size + record.size,
                "",
            )
        else:
            joined.append(
                Passage(
                    record.number,
                    record.number,
                    record.at_s,
                    record.at_s,
                    record.direction,
                    record.data,
                    record.size,
                    record.remark,
                )
            )
    return joined


def _record(number: int, at_s: float, direction: Direction, kept: bytes | int | str) -> WireRecord:
    match kept:
        case bytes():
            return WireRecord(number, at_s, direction, kept, len(kept))
        case int():
            return WireRecord(number, at_s, direction, None, kept)
        case str():
            return WireRecord(number, at_s, direction, remark=kept)
