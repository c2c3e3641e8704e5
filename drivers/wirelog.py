"""A bounded record of what went over one port; nobody above the port knows of it."""

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

CAPACITY = 512


class Direction(enum.Enum):
    """Seen from the host; NOTED is no byte but a remark of whoever reads the bytes."""

    SENT = ">"
    RECEIVED = "<"
    NOTED = "#"


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
        self._keep(WireRecord(at_s, direction, text))

    def note(self, remark: str, at_s: float) -> None:
        """Add a remark between the bytes; it is kept as it is, also with `redact`."""
        self._keep(WireRecord(at_s, Direction.NOTED, remark))

    def records(self) -> tuple[WireRecord, ...]:
        """The oldest first."""
        return tuple(self._ring)

    def _keep(self, entry: WireRecord) -> None:
        self._ring.append(entry)
        if self._sink is not None:
            self._sink(entry)
