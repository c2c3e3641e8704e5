"""The automat's clocks in virtual time: they jump, lose their trust and stop without power, by a plan."""

import asyncio
import bisect
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from locker.domain.times import Now, Trust

RECHECK_MOST_S = 600.0
EARLIEST_AT, LATEST_AT = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(order=True, frozen=True)
class Change:
    """From a loop time on the wall clock is wrong by so many seconds, and trusted so far."""

    at_s: float
    wrong_by_s: float
    trust: Trust = field(compare=False)


class WeekClock:
    """`locker.clock.AnchoredClock` of an automat that had power for `powered_s` when this boot began."""

    def __init__(self, truth: "TrueTime", powered_s: float) -> None:
        self._truth = truth
        self._powered_s = powered_s
        self._booted_s = truth.now_s()

    @property
    def recheck_s(self) -> float:
        """How long until a clock jumps: nobody has to look before."""
        return min(RECHECK_MOST_S, max(0.05, self._truth.next_change_s() - self._truth.now_s()))

    def now(self) -> Now:
        """Read both clocks."""
        now_s = self._truth.now_s()
        change = self._truth.in_force()
        wall_at = min(max(self._truth.at() + timedelta(seconds=change.wrong_by_s), EARLIEST_AT), LATEST_AT)
        return Now(wall_at, change.trust, self._powered_s + now_s - self._booted_s)

    def anchor(self) -> None:
        """Do nothing: each boot begins with what the database last saw."""


class TrueTime:
    """What time it truly is, and what the automat's wall clock makes of it."""

    def __init__(self, begins_at: datetime) -> None:
        self._begins_at = begins_at
        self._changes = [Change(float("-inf"), 0.0, Trust.TRUSTED)]

    def now_s(self) -> float:
        """Return the loop's time."""
        return asyncio.get_running_loop().time()

    def at(self) -> datetime:
        """Return the true instant."""
        return self._begins_at + timedelta(seconds=self.now_s())

    def change(self, wrong_by_s: float, trust: Trust, *, at_s: float | None = None) -> None:
        """Let the wall clock be wrong, from now or from a loop time on."""
        bisect.insort(self._changes, Change(self.now_s() if at_s is None else at_s, wrong_by_s, trust))

    def in_force(self) -> Change:
        """Return what holds now."""
        now_s = self.now_s()
        return next(change for change in reversed(self._changes) if change.at_s <= now_s)

    def next_change_s(self) -> float:
        """Return the loop time of the next change."""
        now_s = self.now_s()
        return next((change.at_s for change in self._changes if change.at_s > now_s), float("inf"))

    @property
    def is_right(self) -> bool:
        """Whether the automat's wall clock shows the true time, and may be believed."""
        change = self.in_force()
        return change.wrong_by_s == 0.0 and change.trust is Trust.TRUSTED
