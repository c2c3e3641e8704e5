"""What passed on the wires, as a person is shown it; `locker.hardware.wire` knows where it comes from."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Way = Literal["sent", "received", "noted"]
"""Seen from this computer; noted is a remark, no bytes."""

KEPT = 512
"""Records kept of each line; what several portions of one answer were counts as several."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What passed as a whole, or a remark. `number` is that of its last record, `first` of its first.

    `hex` is None where bytes are not kept: keypads and scanners. `at` is aware UTC.
    """

    first: int
    number: int
    at: datetime
    way: Way
    size_bytes: int
    hex: str | None
    meaning: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineOfWires:
    """A line that has a record; `parts` are the names under which it and its boards are told lost."""

    name: str
    parts: tuple[str, ...]
    families: tuple[str, ...]
    keeps_bytes: bool
    newest: int


@dataclass(frozen=True, slots=True)
class FrameReading:
    """Bytes of one way, as one family of boards reads them; `corrected` is hex: with its end put right."""

    family: str
    way: Way
    is_frame: bool
    meaning: tuple[str, ...]
    corrected: str | None


class Missed(Exception):  # noqa: N818 - the name says what is the case
    """Whoever followed a line was too slow: so many records are gone that nobody has shown."""

    def __init__(self, count: int) -> None:
        """Say how many."""
        super().__init__(f"too slow: {count} records passed unread; connect again and read faster")


class Excerpt(Protocol):
    """The last records of a line at one moment, and those that follow until `close`."""

    def close(self) -> None:
        """Take what has followed."""

    def seen(self) -> Sequence[Seen]:
        """Put it into words; may run in a thread, after `close`."""


class Wires(Protocol):
    """The records of every line; a name is one of `lines`, else KeyError."""

    def lines(self) -> Mapping[str, LineOfWires]:
        """Every line by name."""

    def seen(self, line: str, *, after: int | None, limit: int) -> Sequence[Seen]:
        """What came after a record, the oldest first; without it the newest."""

    def follow(self, line: str, after: int) -> AsyncGenerator[Seen, None]:
        """What is kept from after a record, then what comes, for ever; Missed if too much came meanwhile."""

    def excerpt(self, line: str) -> Excerpt:
        """Begin an excerpt now."""

    def concerned(self, about: str) -> Sequence[str]:
        """Name the lines that an incident about a compartment, part or keypad concerns; all if none does."""

    def families(self) -> Sequence[str]:
        """Every family of lock boards that frames can be explained for."""

    def decode(self, typed: str, family: str | None, ways: Sequence[Way]) -> Sequence[FrameReading]:
        """Explain bytes that a person typed in hex; ValueError says what is wrong with them."""
