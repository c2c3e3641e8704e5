"""What all keypads have in common: bounces dropped, stuck keys masked, and the callbacks that tell."""

import asyncio
from collections.abc import Callable, Iterable

from drivers.base import Key, ignore
from drivers.keypad_serial.codec import Cleared, KeyEvent, Pressed, Stuck, StuckKeyFilter, StuckKeySettings

BEAT_S = 0.01
BEATS_FOR_S = 1.0
AFTERMATH_S = 0.1
"""What waited while everything stood still may come so long behind the beat that was late."""


class Heartbeat:
    """Beats for a while after each key, to tell whether the event loop stood still meanwhile.

    Two presses that waited in a stalled process arrive in one read, as a bounce does; dropping one
    would turn a right code into a wrong one. Where only the kernel is late with them, as on a machine with
    far more work than cores, nothing tells it from a bounce.
    """

    def __init__(self, late_after_s: float) -> None:
        self._late_after_s = late_after_s
        self._beat: asyncio.TimerHandle | None = None
        self._last_s = 0.0
        self._late_s = float("-inf")
        self._until_s = 0.0

    def stalled(self) -> bool:
        """Tell whether a beat is missing by now, or was and came a moment ago: before what waited with it."""
        if self._beat is None:
            return False
        now_s = _now_s()
        return now_s - self._last_s > self._late_after_s or now_s - self._late_s <= AFTERMATH_S

    def go_on(self) -> None:
        """Beat on from now for a while."""
        now_s = _now_s()
        self._until_s = now_s + BEATS_FOR_S
        if self._beat is None:
            self._last_s = now_s
            self._note_beat()

    def stop(self) -> None:
        """Beat no more."""
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _note_beat(self) -> None:
        before_s, self._last_s = self._last_s, _now_s()
        late = self._last_s - before_s > self._late_after_s
        if late:
            self._late_s = self._last_s
        # A beat that was late is not among the last: what waited with it comes behind it, or a stall later.
        going = self._last_s < self._until_s or self._last_s - self._late_s <= AFTERMATH_S
        self._beat = asyncio.get_running_loop().call_later(BEAT_S, self._note_beat) if going else None


class FilteredKeypad:
    """The half of a `Keypad` that is the same for all: a family hands over what it decoded."""

    def __init__(self, settings: StuckKeySettings) -> None:
        self.on_key: Callable[[Key], None] = ignore
        self.on_fault: Callable[[Key], None] = ignore
        self.on_fault_cleared: Callable[[Key], None] = ignore
        self.stopped = False
        self._filter = StuckKeyFilter(settings)
        self._alarm: asyncio.TimerHandle | None = None
        self._heartbeat = Heartbeat(settings.bounce_s / 2)
        self._heard_late = False

    def stop(self) -> None:
        """Take no more keys."""
        self.stopped = True
        self._cancel_alarm()
        self._heartbeat.stop()

    def take(self, keys: Iterable[Key]) -> None:
        """Take keys that were pressed just now."""
        now_s, keys = _now_s(), tuple(keys)
        # After a rest nothing beats; but fingers that pressed several keys did not do so at once.
        late, was_late = self._heartbeat.stalled() or len(set(keys)) > 1, self._heard_late
        self._heard_late = late
        # Nor is the key after one that was heard late: the time between the two is not what it seems.
        may_bounce = not late and not was_late
        for key in keys:
            self.tell(self._filter.press(key, now_s, may_bounce=may_bounce))
        self._heartbeat.go_on()
        self._set_alarm()

    def tell(self, events: Iterable[KeyEvent]) -> None:
        """Tell whoever listens."""
        for event in events:
            match event:
                case Pressed(key):
                    self.on_key(key)
                case Stuck(key):
                    self.on_fault(key)
                case Cleared(key):
                    self.on_fault_cleared(key)

    def _set_alarm(self) -> None:
        self._cancel_alarm()
        at_s = self._filter.next_tick_s()
        if at_s is not None:
            self._alarm = asyncio.get_running_loop().call_at(at_s, self._tick)

    def _tick(self) -> None:
        self.tell(self._filter.tick(_now_s()))
        self._set_alarm()

    def _cancel_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


def _now_s() -> float:
    return asyncio.get_running_loop().time()
