"""What to send next, so that every entry is finally acknowledged whatever the network loses.

Only the back office's own acknowledgement counts. Three rules, each enough for one kind of loss:

| what happened                   | what is sent again                                                   |
|---------------------------------|----------------------------------------------------------------------|
| a new connection                | all after the acknowledgement: the broker may have forgotten it      |
| a missing range was reported    | that range, first; a number not twice within `missing_again_s`       |
| no progress for `resend_after_s`| the first `probe` entries after the acknowledgement; then with twice |
|                                 | the patience, up to `resend_most_s`; all again as soon as it moves   |
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush


@dataclass(frozen=True, slots=True)
class JournalPosition:
    """How far the current epoch's journal reaches, and how far the back office has committed it.

    Up to `pruned_through` it is no longer here: what the back office loses of that, nobody can send again.
    """

    epoch: int
    last_sequence: int
    acknowledged_through: int
    pruned_through: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring sequence numbers, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class OutboxRules:
    """Numbers of entries, and seconds."""

    window: int = 2000  # entries on their way, not acknowledged
    probe: int = 20  # the same, while nobody answers
    resend_after_s: float = 10.0
    resend_most_s: float = 60.0
    missing_again_s: float = 1.0


class Outbox:
    """Decides; sends nothing and reads no clock. `now_s` only ever grows; `dice` gives 0.0 to 1.0."""

    def __init__(
        self, position: JournalPosition, dice: Callable[[], float], rules: OutboxRules = OutboxRules()
    ) -> None:
        """Begin with nothing sent."""
        self._dice = dice
        self._rules = rules
        self._position = position
        self._acknowledged = position.acknowledged_through
        self._next = self._acknowledged + 1
        self._sent_at: dict[int, float] = {}
        self._missing: list[int] = []  # a heap of numbers
        self._moved_s = 0.0  # when the acknowledgement last moved, or could first have
        self._patience_s = 0.0
        self._answered = True
        self._be_patient()

    @property
    def epoch(self) -> int:
        """The epoch that is being sent."""
        return self._position.epoch

    @property
    def acknowledged_through(self) -> int:
        """The last number that the back office is known to hold with all before it."""
        return self._acknowledged

    @property
    def sent_through(self) -> int:
        """The last number that was given to send on this connection, or was acknowledged before."""
        return self._next - 1

    def restart(self, position: JournalPosition, now_s: float) -> None:
        """Begin anew on a new connection: nothing that was sent before counts."""
        self._position = position
        self._acknowledged = position.acknowledged_through
        self._missing.clear()
        self._answered = True
        self._be_patient()
        self._go_back(now_s)

    def see(self, position: JournalPosition, now_s: float) -> None:
        """Learn how far the journal reaches and what is durably acknowledged."""
        if position.epoch != self._position.epoch:
            self.restart(position, now_s)
            return
        self._position = position
        self._advance(position.acknowledged_through, now_s)

    def acknowledge(self, through: int, missing: Iterable[Span], now_s: float) -> None:
        """Learn what the back office of this epoch says; what it cannot know of is ignored."""
        first, last = self._position.pruned_through + 1, self._position.last_sequence
        self._advance(min(through, last), now_s)
        wanted: list[int] = []
        for span in missing:
            room = self._rules.window - len(wanted)
            # what the cursor has yet to pass is sent in its turn
            wanted.extend(range(max(first, span.first), min(span.last, last, self._next - 1) + 1)[:room])
        self._missing = sorted(wanted)
        if len(self._sent_at) > 2 * self._rules.window:
            # a back office restored from a backup asks for what it had acknowledged: forget what it got since
            keep = set(wanted)
            self._sent_at = {
                n: at_s for n, at_s in self._sent_at.items() if n > self._acknowledged or n in keep
            }

    def take(self, most: int, now_s: float) -> Span | None:
        """Say what to send now, at most so many entries, and count them as sent."""
        again = self._take_missing(most, now_s)
        if again is not None:
            return again
        if self._stalled(now_s):
            self._answered = False
            self._patience_s = min(self._patience_s * 2, self._rules.resend_most_s)
            self._go_back(now_s)
        window = self._rules.window
        allowed = window if self._answered else min(window, self._rules.probe)
        last = min(self._position.last_sequence, self._acknowledged + allowed, self._next + most - 1)
        if last < self._next:
            return None
        if self._idle:
            self._moved_s = now_s
        span = Span(self._next, last)
        self._next = last + 1
        self._mark(span, now_s)
        return span

    def wait_s(self, now_s: float) -> float | None:
        """Return after how long to `take` again if nothing else happens; None: never."""
        waits = []
        if not self._idle:
            waits.append(self._moved_s + self._patience_s - now_s)
        if self._missing:
            waits.append(
                min(self._sent_at.get(number, -self._rules.missing_again_s) for number in self._missing)
                + self._rules.missing_again_s
                - now_s
            )
        return max(0.0, min(waits)) if waits else None

    @property
    def _idle(self) -> bool:
        """Whether nothing that was sent waits for its acknowledgement."""
        return self._next == self._acknowledged + 1

    def _advance(self, through: int, now_s: float) -> None:
        if through <= self._acknowledged:
            return
        self._sent_at = {number: at_s for number, at_s in self._sent_at.items() if number > through}
        self._acknowledged = through
        self._next = max(self._next, through + 1)
        self._moved_s = now_s
        self._answered = True
        self._be_patient()

    def _take_missing(self, most: int, now_s: float) -> Span | None:
        waiting: list[int] = []
        first = last = 0
        while self._missing:
            number = heappop(self._missing)
            if self._sent_lately(number, now_s):
                waiting.append(number)
            elif first == 0:
                first = last = number
            elif number == last + 1 and number - first < most:
                last = number
            else:
                heappush(self._missing, number)
                break
        for number in waiting:
            heappush(self._missing, number)
        if first == 0:
            return None
        span = Span(first, last)
        self._mark(span, now_s)
        return span

    def _sent_lately(self, number: int, now_s: float) -> bool:
        sent_s = self._sent_at.get(number)
        # By the same sum as in `wait_s`: rounded otherwise, nothing would be due after waiting for it.
        return sent_s is not None and now_s < sent_s + self._rules.missing_again_s

    def _mark(self, span: Span, now_s: float) -> None:
        for number in range(span.first, span.last + 1):
            self._sent_at[number] = now_s

    def _stalled(self, now_s: float) -> bool:
        return not self._idle and now_s >= self._moved_s + self._patience_s  # as `wait_s` says

    def _go_back(self, now_s: float) -> None:
        self._next = self._acknowledged + 1
        self._sent_at.clear()
        self._missing = sorted(number for number in self._missing if number < self._next)
        self._moved_s = now_s

    def _be_patient(self) -> None:
        # up to a quarter longer, so that a fleet that lost its back office does not knock in step
        self._patience_s = self._rules.resend_after_s * (1.0 + self._dice() / 4)
