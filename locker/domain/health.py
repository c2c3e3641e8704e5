"""Health of locks: how long each takes to open, how often it needs another pulse, when to look at it.

A lock is held against itself: what is usual is learnt from its first openings, so that slow motor locks and
quick solenoids are judged alike. The numbers are our own; makers publish none.
"""

from dataclasses import dataclass, replace
from statistics import median

WINDOW = 10
"""So many of the last openings are remembered; the first so many say what is usual."""
JUDGED = 5
"""So many of the last openings must be slow together: one cold morning or one heavy parcel is nothing."""
SLOW_FACTOR = 2.0
SLOW_MARGIN_MS = 200
"""Slow is both: so many times the usual, and so much more; below it lies the noise of reading doors."""
WELL_FACTOR = 1.5
RETRIES_TO_REPORT = 3
"""So many of the remembered openings needed more than one pulse."""


@dataclass(frozen=True, slots=True)
class LockHealth:
    """How the lock of one compartment has behaved; durable.

    `openings` counts those that were timed; `retries` pulses after the first, `failures` openings given up,
    `refusals` those of its board. `recent_ms` are times from pulse to open door, the last one last;
    `recent_pulses` how many pulses each of these took.
    """

    compartment: str
    openings: int = 0
    retries: int = 0
    failures: int = 0
    refusals: int = 0
    usual_ms: int | None = None
    recent_ms: tuple[int, ...] = ()
    recent_pulses: tuple[int, ...] = ()

    def timed(self, took_ms: int, pulses: int) -> "LockHealth":
        """Return the health after one more opening."""
        recent_ms = (*self.recent_ms, took_ms)[-WINDOW:]
        learning = self.openings < WINDOW
        return replace(
            self,
            openings=self.openings + 1,
            usual_ms=round(median(recent_ms)) if learning else self.usual_ms,
            recent_ms=recent_ms,
            recent_pulses=(*self.recent_pulses, pulses)[-WINDOW:],
        )

    def learnt_anew(self) -> "LockHealth":
        """Return the health of a lock that was mended: what it took before says nothing any more."""
        return replace(self, openings=0, usual_ms=None, recent_ms=(), recent_pulses=())

    @property
    def present_ms(self) -> int | None:
        """What it takes at present: the middle of the last few; None before there are enough."""
        last = self.recent_ms[-JUDGED:]
        return round(median(last)) if len(last) == JUDGED else None

    @property
    def complaint(self) -> str | None:
        """What is wrong with a lock that still opens, in words; None while nothing is."""
        if self._is_slow(SLOW_FACTOR):
            return f"it takes {self.present_ms} ms to open, {self.usual_ms} ms were usual"
        retried = sum(pulses > 1 for pulses in self.recent_pulses)
        if retried >= RETRIES_TO_REPORT:
            return f"{retried} of its last {len(self.recent_pulses)} openings took more than one pulse"
        return None

    @property
    def is_well(self) -> bool:
        """Whether an earlier complaint is over: clearly better than what raises one."""
        retried = sum(pulses > 1 for pulses in self.recent_pulses[-JUDGED:])
        return not self._is_slow(WELL_FACTOR) and retried == 0

    def _is_slow(self, factor: float) -> bool:
        if self.present_ms is None or self.usual_ms is None:
            return False
        return self.present_ms > max(self.usual_ms * factor, self.usual_ms + SLOW_MARGIN_MS * (factor - 1))
