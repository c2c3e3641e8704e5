"""One serial keypad on its own line."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drivers.base import Key, Line, ignore
from drivers.errors import CallerMistake
from drivers.keypad_serial.codec import (
    DEFAULT_KEYS,
    Cleared,
    KeyDecoder,
    KeyEvent,
    Pressed,
    Stuck,
    StuckKeyFilter,
    StuckKeySettings,
)


@dataclass(frozen=True, slots=True)
class SerialKeypadSettings:
    """Which byte is which key, whether entries come whole (STX..ETX), what counts as stuck."""

    keys: Mapping[int, Key] = field(default_factory=lambda: DEFAULT_KEYS)
    buffered: bool = False
    longest_entry: int = 32
    stuck: StuckKeySettings = field(default_factory=StuckKeySettings)

    def __post_init__(self) -> None:
        if any(not 0 <= byte <= 0xFF for byte in self.keys):
            raise CallerMistake("a key's byte must be 0..255")
        missing = sorted(key.name for key in set(Key) - set(self.keys.values()))
        if missing:
            raise CallerMistake(f"no byte is mapped to {', '.join(missing)}")


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
        self._stopped = False
        line.on_bytes = self._heard
        line.on_down = self._line_went_down

    def stop(self) -> None:
        """Take no more keys."""
        self._stopped = True
        self._cancel_alarm()

    def _heard(self, data: bytes) -> None:
        if self._stopped:
            return
        now_s = asyncio.get_running_loop().time()
        for key in self._decoder.feed(data):
            # A buffered entry was typed long ago and arrives at once: nothing in it bounces.
            self._tell([Pressed(key)] if self._settings.buffered else self._filter.press(key, now_s))
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
        self._tell(self._filter.tick(asyncio.get_running_loop().time()))
        self._set_alarm()

    def _cancel_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _line_went_down(self, _reason: str) -> None:
        self._decoder = self._new_decoder()

    def _new_decoder(self) -> KeyDecoder:
        return KeyDecoder(
            self._settings.keys,
            buffered=self._settings.buffered,
            longest_entry=self._settings.longest_entry,
        )
