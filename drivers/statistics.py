"""What a bus counts of its exchanges: a few integers and the last round trips; bounded, whatever passes."""

from collections import deque

RATE_OVER_S = 10
ROUND_TRIPS = 60


class Rate:
    """How often something happened in the last 10 whole seconds; times are those of one monotonic clock."""

    def __init__(self) -> None:
        self._counts = [0] * (RATE_OVER_S + 1)
        self._second: int | None = None
        self._first = 0

    def note(self, now_s: float, count: int = 1) -> None:
        """It happened now, so many times."""
        second = int(now_s)
        if second != self._second:
            self._turn(second)
        self._counts[second % len(self._counts)] += count

    def per_s(self, now_s: float) -> float:
        """Give the mean over the last 10 whole seconds, fewer if it was first noted later."""
        second = int(now_s)
        if second != self._second:
            self._turn(second)
        whole = sum(self._counts) - self._counts[second % len(self._counts)]
        return whole / min(RATE_OVER_S, max(1, second - self._first))

    def _turn(self, second: int) -> None:
        """Forget what is too old; the second that begins counts from 0."""
        if self._second is None:
            self._first = second
        else:
            for passed in range(max(self._second + 1, second - RATE_OVER_S), second + 1):
                self._counts[passed % len(self._counts)] = 0
        self._second = second


class BusStatistics:
    """Counts since the start. `errors` by `kind` of `drivers.errors`; `round_trips_s` holds the last 60.

    A round trip lasts from the moment a request was written until its whole answer was understood.
    """

    def __init__(self) -> None:
        self.sent = 0
        self.answered = 0
        self.errors: dict[str, int] = {}
        self.round_trips_s: deque[float] = deque(maxlen=ROUND_TRIPS)
        self.exchanges = Rate()
        self.frames = Rate()

    def note_sent(self, now_s: float) -> None:
        """A request was written."""
        self.sent += 1
        self.exchanges.note(now_s)
        self.frames.note(now_s)

    def note_answered(self, took_s: float) -> None:
        """Its answer was understood."""
        self.answered += 1
        self.round_trips_s.append(took_s)

    def note_error(self, kind: str) -> None:
        """An exchange failed, or could not begin."""
        count_one(self.errors, kind)


def count_one(counts: dict[str, int], kind: str) -> None:
    """Count one more of a kind; kinds are few, so it stays small."""
    counts[kind] = counts.get(kind, 0) + 1
