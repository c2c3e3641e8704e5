"""A bounded record of what went over one port; nobody above the port knows of it."""

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

CAPACITY = 512


class Direction(enum.Enum):
    """Seen from the host."""

    SENT = ">"
    RECEIVED = "<"


@dataclass(frozen=True, slots=True)
class WireRecord:
    """Bytes that passed together, as text; `at_s` is monotonic time of the event loop."""

    at_s: float
    direction: Direction
    text: str


class WireLog:
    """Ring of the last records. With `redact` the bytes are never kept: each reads `**`."""

    def __init__(
        self,
        *,
        capacity: int = CAPACITY,
        redact: bool = False,
        sink: Callable[[WireRecord], None] | None = None,
    ) -> None:
        self._ring: deque[WireRecord] = deque(maxlen=capacity)
        self._redact = redact
        self._sink = sink

    def record(self, direction: Direction, data: bytes, at_s: float) -> None:
        """Note bytes that passed at `at_s`."""
        text = " ".join(["**"] * len(data)) if self._redact else data.hex(" ").upper()
        entry = WireRecord(at_s, direction, text)
        self._ring.append(entry)
        if self._sink is not None:
            self._sink(entry)

    def records(self) -> tuple[WireRecord, ...]:
        """The oldest first."""
        return tuple(self._ring)
