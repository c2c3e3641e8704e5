"""Host half of a USB numeric pad as Linux tells its keys, pure: input events to keys.

Sources and assumptions are in PROTOCOL.md beside this file.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from drivers.base import Key
from drivers.errors import CallerMistake
from drivers.keypad_serial.codec import IGNORED, NAMES, Cleared, KeyEvent, Pressed, Stuck

EV_SYN, EV_KEY = 0x00, 0x01
SYN_REPORT, SYN_DROPPED = 0, 3
UP, DOWN, REPEAT = 0, 1, 2

RawEvent = tuple[int, int, int]
"""Type, code and value of one `struct input_event`."""

CODES: Mapping[str, int] = MappingProxyType(
    {
        "KEY_ESC": 1, "KEY_1": 2, "KEY_2": 3, "KEY_3": 4, "KEY_4": 5, "KEY_5": 6, "KEY_6": 7, "KEY_7": 8,
        "KEY_8": 9, "KEY_9": 10, "KEY_0": 11, "KEY_MINUS": 12, "KEY_EQUAL": 13, "KEY_BACKSPACE": 14,
        "KEY_TAB": 15, "KEY_ENTER": 28, "KEY_C": 46, "KEY_KPASTERISK": 55, "KEY_SPACE": 57,
        "KEY_NUMLOCK": 69, "KEY_KP7": 71, "KEY_KP8": 72, "KEY_KP9": 73, "KEY_KPMINUS": 74, "KEY_KP4": 75,
        "KEY_KP5": 76, "KEY_KP6": 77, "KEY_KPPLUS": 78, "KEY_KP1": 79, "KEY_KP2": 80, "KEY_KP3": 81,
        "KEY_KP0": 82, "KEY_KPDOT": 83, "KEY_KPENTER": 96, "KEY_KPSLASH": 98, "KEY_DELETE": 111,
        "KEY_KPEQUAL": 117, "KEY_KPCOMMA": 121,
    }
)  # fmt: skip
"""The keys that a numeric pad may have, numbered as in linux/input-event-codes.h."""

DEFAULT_KEYS: Mapping[int, Key] = MappingProxyType(
    {
        **{CODES[f"KEY_{digit}"]: NAMES[str(digit)] for digit in range(10)},
        **{CODES[f"KEY_KP{digit}"]: NAMES[str(digit)] for digit in range(10)},
        **dict.fromkeys((CODES["KEY_ENTER"], CODES["KEY_KPENTER"]), Key.OK),
        **{
            CODES[name]: Key.CLEAR
            for name in ("KEY_BACKSPACE", "KEY_DELETE", "KEY_ESC", "KEY_C", "KEY_KPDOT", "KEY_KPASTERISK")
        },
    }
)


def keys_of(changes: Mapping[str, str]) -> Mapping[int, Key]:
    """Change the usual map: a key of Linux to ours, or to "none"; CallerMistake says what is wrong."""
    keys = dict(DEFAULT_KEYS)
    for name, ours in changes.items():
        if name not in CODES:
            raise CallerMistake(f'keys: "{name}" is no key of a pad; use one of {", ".join(CODES)}')
        if ours != IGNORED and ours not in NAMES:
            raise CallerMistake(f'keys: "{ours}" is no key; use one of {", ".join((*NAMES, IGNORED))}')
        keys.pop(CODES[name], None)
        if ours != IGNORED:
            keys[CODES[name]] = NAMES[ours]
    missing = [name for name, key in NAMES.items() if key not in keys.values()]
    if missing:
        raise CallerMistake(f"keys: nothing is left for {', '.join(missing)}; map a key to each")
    return MappingProxyType(keys)


class EventDecoder:
    """Events in, presses and held keys out. A press counts when the key goes down; repeats are none.

    A key that stays down for more than `held_s` is stuck until it goes up. When the kernel says that events
    were lost, everything until its next report is void. Times are monotonic seconds.
    """

    def __init__(self, keys: Mapping[int, Key] = DEFAULT_KEYS, *, held_s: float = 10.0) -> None:
        self._keys = keys
        self._held_s = held_s
        self._down_at_s: dict[int, float] = {}
        self._stuck: set[int] = set()
        self._lost = False

    def feed(self, events: Iterable[RawEvent], now_s: float) -> list[KeyEvent]:
        """Take events of the device, give what is to be told, in order."""
        told: list[KeyEvent] = []
        for kind, code, value in events:
            if kind == EV_SYN:
                told += self._sync(code)
            elif kind == EV_KEY and code in self._keys and not self._lost:
                told += self._key(code, value, now_s)
        return told

    def unplugged(self) -> list[KeyEvent]:
        """Every key is up: the device is gone."""
        told: list[KeyEvent] = [Cleared(self._keys[code]) for code in sorted(self._stuck)]
        self._down_at_s.clear()
        self._stuck.clear()
        self._lost = False
        return told

    def _sync(self, code: int) -> list[KeyEvent]:
        if code == SYN_DROPPED:
            told = self.unplugged()  # nobody knows what is down now
            self._lost = True
            return told
        if code == SYN_REPORT:
            self._lost = False
        return []

    def _key(self, code: int, value: int, now_s: float) -> list[KeyEvent]:
        key = self._keys[code]
        if value == DOWN:
            self._down_at_s[code] = now_s
            return [Pressed(key)]
        if value == UP:
            self._down_at_s.pop(code, None)
            if code in self._stuck:
                self._stuck.discard(code)
                return [Cleared(key)]
        elif value == REPEAT:
            # A repeat without its beginning was held before we listened.
            held_s = now_s - self._down_at_s.setdefault(code, now_s)
            if held_s > self._held_s and code not in self._stuck:
                self._stuck.add(code)
                return [Stuck(key)]
        return []
