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
    """Both clocks as they stood when the journal last grew or the heartbeat last beat; durable."""

    wall_at: datetime
    trusted: bool
    powered_s: float

    def earliest_possible(self, now: Now) -> datetime:
        """A wall time that real time has surely reached, however wrong the clock is now."""
        if now.trusted:
            return now.wall_at
        if not self.trusted:
            return NEVER_BEFORE
        return self.wall_at + timedelta(seconds=max(0.0, now.powered_s - self.powered_s))


NEVER_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)


def rfc3339(at: datetime) -> str:
    """Write an aware instant as RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
