"""Host half of a serial keypad that sends one byte a key, pure: bytes to keys, commands to bytes.

Sources and assumptions are in PROTOCOL.md beside this file.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from drivers.base import Key
from drivers.errors import CallerMistake

STX = 0x02
ETX = 0x03
ESC = 0x1B
PRESENCE = 0x89
PRESENT = b"OK\r"
COMMAND_LETTERS = "EFGIM"
ENABLE = 0x8A
DISABLE = 0x8B
LONGEST_COLLECTION = 0x30

DIGITS = (Key.D0, Key.D1, Key.D2, Key.D3, Key.D4, Key.D5, Key.D6, Key.D7, Key.D8, Key.D9)
DEFAULT_KEYS: Mapping[int, Key] = MappingProxyType(
    {
        **{ord("0") + number: key for number, key in enumerate(DIGITS)},
        0x0D: Key.OK,
        ord("#"): Key.OK,
        0x08: Key.CLEAR,
        ord("C"): Key.CLEAR,
        ord("*"): Key.CLEAR,
    }
)
NAMES: Mapping[str, Key] = MappingProxyType({key.value: key for key in Key})
IGNORED = "none"
_HEXADECIMAL = "0123456789abcdefABCDEF"


def keys_of(changes: Mapping[str, str]) -> Mapping[int, Key]:
    """Change the usual map: a byte in hexadecimal to a key's name or to "none".

    CallerMistake says what is wrong; every key must have a byte in the end.
    """
    keys = dict(DEFAULT_KEYS)
    changed: set[int] = set()
    for written, name in changes.items():
        if len(written) != 2 or any(digit not in _HEXADECIMAL for digit in written):
            raise CallerMistake(f'keys: "{written}" is no byte; write two hexadecimal digits, as "0D"')
        byte = int(written, 16)
        if byte in changed:
            raise CallerMistake(f'keys: byte "{written.upper()}" is there twice; remove one of them')
        if name != IGNORED and name not in NAMES:
            raise CallerMistake(f'keys: "{name}" is no key; use one of {", ".join((*NAMES, IGNORED))}')
        changed.add(byte)
        keys.pop(byte, None)
        if name != IGNORED:
            keys[byte] = NAMES[name]
    missing = [name for name, key in NAMES.items() if key not in keys.values()]
    if missing:
        raise CallerMistake(f"keys: no byte is left for {', '.join(missing)}; map one to each")
    return MappingProxyType(keys)


def encode_command(letter: str) -> bytes:
    """ESC and one of E, F, G, I, M: how a PIN pad collects (E, I, F), hands over (G), sends keys (M)."""
    if len(letter) != 1 or letter not in COMMAND_LETTERS:
        raise CallerMistake(f"keypad command must be one letter of {COMMAND_LETTERS}")
    return bytes((ESC, ord(letter)))


def encode_collect_limit(digits: int) -> bytes:
    """ESC N: hand over by itself after so many digits, 0 for only at OK."""
    if not 0 <= digits <= LONGEST_COLLECTION or digits == ESC:
        raise CallerMistake(f"a keypad cannot collect {digits} digits")
    return bytes((ESC, ord("N"), digits))


def encode_presence() -> bytes:
    """Ask whether a PIN pad of the second type is there."""
    return bytes((PRESENCE,))


def encode_enable(*, on: bool) -> bytes:
    """Let a PIN pad of the second type take keys or not."""
    return bytes((ENABLE if on else DISABLE,))


def is_presence_reply(data: bytes) -> bool:
    """True for exactly `OK` and a carriage return."""
    return data == PRESENT


class KeyDecoder:
    """Bytes in, keys out. Everything that is no key is ignored.

    With `buffered` the pad collects digits by itself and sends them between STX and ETX when OK is
    pressed; its C key clears inside the pad. So a whole entry is delivered at ETX as CLEAR, the digits,
    OK; with `checksum` at the LRC behind it, and only if that is right. More than `longest_entry` digits
    without ETX are forgotten.
    """

    def __init__(
        self,
        keys: Mapping[int, Key] = DEFAULT_KEYS,
        *,
        buffered: bool = False,
        checksum: bool = False,
        longest_entry: int = 32,
    ) -> None:
        self._keys = keys
        self._buffered = buffered
        self._checksum = checksum
        self._longest_entry = longest_entry
        self._entry: list[Key] | None = None
        self._complete: list[Key] | None = None  # an entry that waits for its checksum only
        self._lrc = 0  # over every byte since STX, ETX too

    def feed(self, data: bytes) -> list[Key]:
        """Take received bytes, give every key completed by them."""
        if not self._buffered:
            return [self._keys[byte] for byte in data if byte in self._keys]
        keys: list[Key] = []
        for byte in data:
            keys += self._buffer(byte)
        return keys

    def _buffer(self, byte: int) -> list[Key]:
        if self._complete is not None:
            # What comes here is the checksum, also where it looks like another sign.
            digits, self._complete = self._complete, None
            if byte == self._lrc:
                return [Key.CLEAR, *digits, Key.OK]
        if byte == STX:
            self._entry, self._lrc = [], 0
            return []
        if self._entry is None:
            return []
        self._lrc ^= byte
        if byte == ETX:
            digits, self._entry = self._entry, None
            if not self._checksum:
                return [Key.CLEAR, *digits, Key.OK]
            self._complete = digits
            return []
        key = self._keys.get(byte)
        if key is Key.CLEAR:
            self._entry.clear()
        elif key is not None and key is not Key.OK:
            self._entry.append(key)
            if len(self._entry) > self._longest_entry:
                self._entry = None
        return []


@dataclass(frozen=True, slots=True)
class StuckKeySettings:
    """When a key bounces, when it is stuck, and when it is well again."""

    bounce_s: float = 0.03
    stuck_count: int = 20
    stuck_within_s: float = 2.0
    cleared_after_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key to act on."""

    key: Key


@dataclass(frozen=True, slots=True)
class Stuck:
    """This key is masked from now on."""

    key: Key


@dataclass(frozen=True, slots=True)
class Cleared:
    """This key counts again."""

    key: Key


KeyEvent = Pressed | Stuck | Cleared


@dataclass(slots=True)
class _Finger:
    arrivals: "deque[float]" = field(default_factory=deque)
    last_s: float | None = None
    is_stuck: bool = False


class StuckKeyFilter:
    """Drops bounces, masks stuck keys. Times are monotonic seconds, given by the caller."""

    def __init__(self, settings: StuckKeySettings | None = None) -> None:
        self._settings = settings or StuckKeySettings()
        self._fingers = {key: _Finger() for key in Key}

    def press(self, key: Key, now_s: float, *, may_bounce: bool = True) -> list[KeyEvent]:
        """A key arrived; `may_bounce` is False when nobody knows how long ago it was pressed."""
        settings = self._settings
        events = self.tick(now_s)
        finger = self._fingers[key]
        soon = finger.last_s is not None and now_s - finger.last_s < settings.bounce_s
        finger.last_s = now_s
        # Bounces count too: a key that repeats very fast is as stuck as one that repeats slowly.
        finger.arrivals.append(now_s)
        while now_s - finger.arrivals[0] > settings.stuck_within_s:
            finger.arrivals.popleft()
        if finger.is_stuck:
            finger.arrivals.clear()
        elif len(finger.arrivals) > settings.stuck_count:
            finger.is_stuck = True
            finger.arrivals.clear()
            events.append(Stuck(key))
        elif not (soon and may_bounce):
            events.append(Pressed(key))
        return events

    def tick(self, now_s: float) -> list[KeyEvent]:
        """Time passed: tell the keys that are well again."""
        events: list[KeyEvent] = []
        for key, finger in self._fingers.items():
            if finger.is_stuck and now_s >= self._well_at(finger):
                finger.is_stuck = False
                events.append(Cleared(key))
        return events

    def next_tick_s(self) -> float | None:
        """When `tick` has something to tell, if no key arrives before."""
        return min(
            (self._well_at(finger) for finger in self._fingers.values() if finger.is_stuck),
            default=None,
        )

    def _well_at(self, finger: _Finger) -> float:
        return (finger.last_s or 0.0) + self._settings.cleared_after_s
