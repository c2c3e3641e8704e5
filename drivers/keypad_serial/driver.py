"""One serial keypad on its own line."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Interval
from typing_extensions import Doc

from drivers.base import NOT_CONFIGURED, Key, Line, ignore
from drivers.errors import CallerMistake
from drivers.keypad_serial.codec import (
    Cleared,
    KeyDecoder,
    KeyEvent,
    Pressed,
    Stuck,
    StuckKeyFilter,
    StuckKeySettings,
    keys_of,
)

BEAT_S = 0.01
BEATS_FOR_S = 0.5


class Heartbeat:
    """Beats for a while after each key, to tell whether the event loop stood still meanwhile.

    Two presses that waited in a stalled process arrive in one read, as a bounce does; dropping one
    would turn a right code into a wrong one.
    """

    def __init__(self) -> None:
        self._beat: asyncio.TimerHandle | None = None
        self._last_s = 0.0
        self._until_s = 0.0

    def stalled(self, longer_than_s: float) -> bool:
        """Tell whether a beat that should have come is missing by now."""
        return self._beat is not None and _now_s() - self._last_s > longer_than_s

    def go_on(self) -> None:
        """Beat on from now for a while."""
        self._until_s = _now_s() + BEATS_FOR_S
        if self._beat is None:
            self._note_beat()

    def stop(self) -> None:
        """Beat no more."""
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _note_beat(self) -> None:
        self._last_s = _now_s()
        going = self._last_s < self._until_s
        self._beat = asyncio.get_running_loop().call_later(BEAT_S, self._note_beat) if going else None


@dataclass(frozen=True, slots=True)
class SerialKeypadSettings:
    """Which byte is which key, whether entries come whole, what counts as stuck. Keys of [[keypads]]."""

    keys: Annotated[
        Mapping[str, str],
        Doc(
            'bytes that differ: `{ "2A" = "ok" }`, a byte in hexadecimal to `0`..`9`, `clear`, `ok` or `none`'
        ),
    ] = field(default_factory=dict)
    buffered: Annotated[bool, Doc("whether the pad sends whole entries, STX digits ETX, instead of keys")] = (
        False
    )
    longest_entry: Annotated[int, Interval(ge=1, le=64), Doc("digits of a whole entry at most")] = 32
    checksum: Annotated[bool, Doc("with `buffered`: whether an LRC follows ETX; a wrong one is no entry")] = (
        False
    )
    stuck: StuckKeySettings = field(default_factory=StuckKeySettings, metadata=NOT_CONFIGURED)

    def __post_init__(self) -> None:
        keys_of(self.keys)
        if self.checksum and not self.buffered:
            raise CallerMistake("checksum: only whole entries have one; set `buffered = true` or remove it")


class SerialKeypad:
    """A `Keypad`. Its line must not be logged in clear."""

    def __init__(self, line: Line, settings: SerialKeypadSettings) -> None:
        self.on_key: Callable[[Key], None] = ignore
        self.on_fault: Callable[[Key], None] = ignore
        self.on_fault_cleared: Callable[[Key], None] = ignore
        self._settings = settings
        self._decoder = self._new_decoder()
        self._filter = StuckKeyFilter(settings.stuck)
        self._alarm: asyncio.TimerHandle | None = None
        self._heartbeat = Heartbeat()
        self._heard_late = False
        self._stopped = False
        line.on_bytes = self._heard
        line.on_down = self._line_went_down

    def stop(self) -> None:
        """Take no more keys."""
        self._stopped = True
        self._cancel_alarm()
        self._heartbeat.stop()

    def _heard(self, data: bytes) -> None:
        if self._stopped:
            return
        now_s = _now_s()
        late, was_late = self._heartbeat.stalled(self._settings.stuck.bounce_s / 2), self._heard_late
        self._heard_late = late
        # Nor is the key after one that was heard late: the time between the two is not what it seems.
        may_bounce = not late and not was_late
        for key in self._decoder.feed(data):
            if self._settings.buffered:
                # A buffered entry was typed long ago and arrives at once: nothing in it bounces.
                self._tell([Pressed(key)])
            else:
                self._tell(self._filter.press(key, now_s, may_bounce=may_bounce))
        self._heartbeat.go_on()
        self._set_alarm()

    def _tell(self, events: list[KeyEvent]) -> None:
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
        self._tell(self._filter.tick(_now_s()))
        self._set_alarm()

    def _cancel_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _line_went_down(self, _reason: str) -> None:
        self._decoder = self._new_decoder()

    def _new_decoder(self) -> KeyDecoder:
        return KeyDecoder(
            keys_of(self._settings.keys),
            buffered=self._settings.buffered,
            checksum=self._settings.checksum,
            longest_entry=self._settings.longest_entry,
        )


def _now_s() -> float:
    return asyncio.get_running_loop().time()
