"""Device half of a serial ASCII keypad (HCC960 and look-alikes): a byte a key, or collected digits.

Commands, after the HCC960 list: ESC I / ESC E collect digits (STX digits ETX on OK), ESC F before them keeps
the digits until ESC G reads them, ESC M key by key, ESC N n sends by itself after n digits (0: not). 89 asks
whether the keypad is there, 8A and 8B enable and disable it.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from simulator.faults import FaultSet

DEFAULT_KEYS: Mapping[str, int] = {**{digit: ord(digit) for digit in "0123456789"}, "OK": 0x0D, "C": 0x08}
PRESENT = b"OK\r"
_ESC, _STX, _ETX, _PRESENCE = 0x1B, 0x02, 0x03, 0x89
_ENABLE, _DISABLE = 0x8A, 0x8B
_LETTERS = frozenset(b"IFGEMN")
_MOST_DIGITS = 48  # ESC N takes up to 0x30
_STUCK_EVERY_S = 0.1


class UnknownKeyError(ValueError):
    """The keypad has no such key."""


@dataclass(frozen=True)
class KeypadCommand:
    """A host command: the letter after ESC, `presence`, `enable` or `disable`; `digits` belongs to ESC N."""

    what: str
    digits: int | None = None


class CommandParser:
    """Finds host commands in a byte stream, in any chunking; what is no command is dropped."""

    def __init__(self) -> None:
        self._escaped: Literal["no", "letter", "digits"] = "no"

    @property
    def incomplete(self) -> bool:
        """True inside a command."""
        return self._escaped != "no"

    @property
    def awaits_digits(self) -> bool:
        """True between ESC N and its number."""
        return self._escaped == "digits"

    def feed(self, data: bytes) -> list[KeypadCommand]:
        """The commands completed by these bytes."""
        found: list[KeypadCommand] = []
        for byte in data:
            state, self._escaped = self._escaped, "no"
            if state == "digits" and byte <= _MOST_DIGITS and byte != _ESC:
                found.append(KeypadCommand("N", byte))
            elif byte == _ESC:
                self._escaped = "letter"
            elif state == "letter" and byte == ord("N"):
                self._escaped = "digits"
            elif state == "letter" and byte in _LETTERS:
                found.append(KeypadCommand(chr(byte)))
            elif state == "no" and byte in (_PRESENCE, _ENABLE, _DISABLE):
                found.append(KeypadCommand({_PRESENCE: "presence", _ENABLE: "enable"}.get(byte, "disable")))
        return found


def collected(digits: bytes, *, checksum: bool = False) -> bytes:
    """How a keypad that collects by itself hands an entry over: STX, digits, ETX, and an LRC behind it."""
    said = bytes((_STX, *digits, _ETX))
    if not checksum:
        return said
    lrc = _ETX
    for digit in digits:
        lrc ^= digit
    return said + bytes((lrc,))


class SerialAsciiKeypad:
    """Starts enabled, key by key or `buffered`; fingers come in by `press`, bytes go out of `advance`."""

    def __init__(
        self,
        dice: random.Random,
        *,
        keys: Mapping[str, int] = DEFAULT_KEYS,
        buffered: bool = False,
        checksum: bool = False,
    ) -> None:
        self.faults = FaultSet("keypad")
        self._dice = dice
        self._keys = dict(keys)
        self._parser = CommandParser()
        self._enabled = True
        self._mode: Literal["keys", "send", "keep"] = "send" if buffered else "keys"
        self._checksum = checksum
        self._keep_next = False
        self._collected = bytearray()
        self._complete = False
        self._auto_digits = 0
        self._out = bytearray()
        self._stuck_in_s = 0.0
        self._ghost_in_s = 0.0

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the keys."""
        return tuple(self._keys)

    def press(self, key: str) -> None:
        """A finger presses one key; UnknownKeyError if there is none such."""
        if key not in self._keys:
            raise UnknownKeyError(f"no key {key!r}; the keypad has {' '.join(self._keys)}")
        if self.faults.has("dead-keypad") or not self._enabled:
            return
        for _ in range(max(1, int(self.faults.number("bouncing-key")))):
            self._typed(key)

    def feed(self, data: bytes) -> None:
        """Take bytes from the host."""
        if self.faults.has("dead-keypad"):
            return
        for command in self._parser.feed(data):
            self._obey(command)

    def advance(self, dt_s: float) -> list[bytes]:
        """Let time pass; the bytes that the keypad sends meanwhile."""
        stuck = self.faults.text("stuck-key")
        if stuck in self._keys and self._enabled:
            self._stuck_in_s -= dt_s
            while self._stuck_in_s <= 1e-9:
                self._stuck_in_s += _STUCK_EVERY_S
                self._typed(stuck)
        rate = self.faults.number("ghost-bytes")
        if rate:
            self._ghost_in_s -= dt_s
            while self._ghost_in_s <= 1e-9:
                self._ghost_in_s += 1 / rate
                self._out.append(self._dice.randrange(256))
        sent, self._out = bytes(self._out), bytearray()
        return [sent] if sent and not self.faults.has("dead-keypad") else []

    def due_in_s(self) -> float | None:
        """When `advance` next has something to do, None if nothing is pending."""
        if self._out:
            return 0.0
        if not self.faults:
            return None
        due: list[float] = []
        if self.faults.text("stuck-key") in self._keys and self._enabled:
            due.append(self._stuck_in_s)
        if self.faults.number("ghost-bytes"):
            due.append(self._ghost_in_s)
        return max(0.0, min(due)) if due else None

    def _obey(self, command: KeypadCommand) -> None:
        keep, self._keep_next = self._keep_next, False
        match command.what:
            case "I" | "E":
                self._mode = "keep" if keep else "send"
                self._collected.clear()
                self._complete = False
            case "F":
                self._keep_next = True
            case "G" if self._mode == "keep" and not self._complete:
                self._mode = "send"
            case "G":
                self._send_collected()
            case "M":
                self._mode = "keys"
            case "N":
                self._auto_digits = command.digits or 0
            case "enable" | "disable":
                self._enabled = command.what == "enable"
            case _:
                self._out += PRESENT

    def _typed(self, key: str) -> None:
        if self._mode == "keys":
            self._out.append(self._keys[key])
        elif key == "C":
            self._collected.clear()
        elif key == "OK":
            self._finish()
        elif not self._complete and len(self._collected) < _MOST_DIGITS:
            self._collected.append(self._keys[key])
            if self._auto_digits and len(self._collected) >= self._auto_digits:
                self._finish()

    def _finish(self) -> None:
        self._complete = True
        if self._mode == "send":
            self._send_collected()

    def _send_collected(self) -> None:
        self._out += collected(bytes(self._collected), checksum=self._checksum)
        self._collected.clear()
        self._complete = False
