"""The two clocks of an automat: wall time, which may lie, and powered time, which only ever grows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Trust(StrEnum):
    """How far the wall clock may be believed."""

    UNTRUSTED = "untrusted"  # never set since power came, or set by nobody we know
    TRUSTED = "trusted"  # synchronised now
    HOLDOVER = "holdover"  # was synchronised, runs on alone within its drift limit


@dataclass(frozen=True, slots=True)
class Now:
    """One instant on both clocks.

    `wall_at` is aware UTC; `powered_s` counts the seconds this automat has had power over its whole
    life, through restarts and power cuts.
    """

    wall_at: datetime
    trust: Trust
    powered_s: float

    @property
    def trusted(self) -> bool:
        """Whether deadlines may be judged by this wall clock."""
        return self.trust is not Trust.UNTRUSTED


@dataclass(frozen=True, slots=True)
class LastSeen:
    """A wall time that real time has surely reached, and the powered time of that moment; durable.

    `trusted` is False until the wall clock has been believed once.
    """

    wall_at: datetime
    trusted: bool
    powered_s: float

    def earliest_possible(self, now: Now) -> datetime:
        """Return a wall time that real time has surely reached now, however wrong the clock is."""
        if not self.trusted:
            return NEVER_BEFORE
        return self.wall_at + timedelta(seconds=max(0.0, now.powered_s - self.powered_s))

    def advanced(self, now: Now, *, believed: bool) -> "LastSeen":
        """Return what is known for sure now: the clock where it is believed, else only that time passed."""
        if believed:
            return LastSeen(now.wall_at, trusted=True, powered_s=now.powered_s)
        return LastSeen(self.earliest_possible(now), self.trusted, now.powered_s)


NEVER_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)


def rfc3339(at: datetime) -> str:
    """Write an aware instant as RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
