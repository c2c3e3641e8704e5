"""Device half of the CD5220 2x20 customer display: shows what it is sent and never answers.

Commands after the public CD5220 command list; it also says that once ESC Q A/B wrote a line ("string mode")
only those, CLR, CAN and a reset are obeyed. BEL sounds the buzzer. Characters are code page 858.
"""

from dataclasses import dataclass
from typing import Literal

from simulator.faults import FaultSet

ESC, US = 0x1B, 0x1F
_CONTROL = {
    0x07: "bell", 0x08: "backspace", 0x09: "tab", 0x0A: "line-feed", 0x0B: "home", 0x0C: "clear",
    0x0D: "carriage-return", 0x18: "clear-line",
}  # fmt: skip
_ESCAPED = {0x11: "overwrite", 0x12: "vertical-scroll", 0x13: "horizontal-scroll", 0x40: "initialise"}
_ARROWS = {
    0x41: "up", 0x42: "down", 0x43: "right", 0x44: "left", 0x48: "top-left", 0x4B: "bottom",
    0x4C: "line-start", 0x52: "line-end",
}  # fmt: skip
_AFTER_US = {
    0x01: "us-overwrite",
    0x02: "us-vertical-scroll",
    0x03: "us-horizontal-scroll",
    0x0A: "us-up",
    0x0D: "us-line-end",
}
# Other bytes for what a command of the first kind does as well.
_SAME_AS = {
    "backspace": "left", "tab": "right", "line-feed": "down", "carriage-return": "line-start",
    "top-left": "home", "us-overwrite": "overwrite", "us-vertical-scroll": "vertical-scroll",
    "us-horizontal-scroll": "horizontal-scroll", "us-up": "up", "us-line-end": "line-end",
}  # fmt: skip
# Settings of one byte that change nothing a reader of the text would see.
_SETTINGS = {0x2A: "brightness", 0x5F: "cursor", 0x66: "font", 0x63: "code-page"}
_UNSEEN = frozenset(_SETTINGS.values())
_STRINGS = {0x41: "upper", 0x42: "lower", 0x44: "marquee"}
# Escape codes that take that many parameter bytes and change nothing a reader of the text would see.
_PARAMETERS = {0x3D: 1, 0x25: 1, 0x3F: 1, 0x57: 4}
_LONGEST_STRING = 40
_MARQUEE_STEP_S = 0.4

Mode = Literal["overwrite", "vertical-scroll", "horizontal-scroll"]


@dataclass(frozen=True)
class DisplayCommand:
    """One command; `text` belongs to text, upper, lower and marquee, column and row (from 1) to `place`.

    `number` is the value of a setting: brightness, cursor, font, code-page.
    """

    what: str
    text: str = ""
    column: int = 0
    row: int = 0
    number: int = 0


class DisplayParser:
    """Cuts a byte stream into commands, in any chunking; unknown escapes are dropped and counted."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self.unknown = 0

    @property
    def incomplete(self) -> bool:
        """True inside a command."""
        return bool(self._pending)

    def feed(self, data: bytes) -> list[DisplayCommand]:
        """The commands completed by these bytes, one a character for text."""
        found: list[DisplayCommand] = []
        for byte in data:
            if byte == ESC and self._interrupted():
                self._pending.clear()
                self.unknown += 1
            self._pending.append(byte)
            if (command := self._complete()) is None:
                continue
            self._pending.clear()
            if command.what == "unknown":
                self.unknown += 1
            elif command.what != "nothing":
                found.append(command)
        return found

    def _interrupted(self) -> bool:
        """An ESC inside a string or right after an ESC: the host was cut off and begins again."""
        return self._pending == b"\x1b" or (len(self._pending) > 2 and self._pending[:2] == b"\x1bQ")

    def _complete(self) -> DisplayCommand | None:
        first = self._pending[0]
        if first == ESC:
            return self._escape()
        if first == US:
            return None if len(self._pending) < 2 else _named(_AFTER_US.get(self._pending[1]))
        if first >= 0x20 and first != 0x7F:
            return DisplayCommand("text", _decoded(self._pending))
        return _named(_CONTROL.get(first))

    def _escape(self) -> DisplayCommand | None:
        if len(self._pending) < 2:
            return None
        code = self._pending[1]
        if code == 0x51:
            return self._string()
        if code in _ESCAPED:
            return DisplayCommand(_ESCAPED[code])
        rest = self._pending[2:]
        if code == 0x5B:
            return _named(_ARROWS.get(rest[0])) if rest else None
        if code == 0x6C:
            return DisplayCommand("place", column=rest[0], row=rest[1]) if len(rest) == 2 else None
        if code in _SETTINGS:
            return DisplayCommand(_SETTINGS[code], number=rest[0]) if rest else None
        if code in _PARAMETERS:
            # Only the long form of ESC W (window on) has its three bounds.
            wanted = 1 if code == 0x57 and rest and rest[0] in (0x00, 0x30) else _PARAMETERS[code]
            return DisplayCommand("nothing") if len(rest) >= wanted else None
        return DisplayCommand("unknown")

    def _string(self) -> DisplayCommand | None:
        if len(self._pending) < 3:
            return None
        line = self._pending[2]
        if line not in _STRINGS:
            return DisplayCommand("unknown")
        # Behind the letter of the line come so many characters and CR; what is longer ends without it.
        if self._pending[-1] != 0x0D and len(self._pending) <= 3 + _LONGEST_STRING:
            return None
        text = bytes(byte for byte in self._pending[3:] if byte >= 0x20)[:_LONGEST_STRING]
        return DisplayCommand(_STRINGS[line], _decoded(text))


class Cd5220Display:
    """Two lines of twenty cells, a cursor, a buzzer."""

    def __init__(self, columns: int = 20, rows: int = 2) -> None:
        self.faults = FaultSet("display")
        self.beeps = 0
        self._parser = DisplayParser()
        self._columns, self._rows = columns, rows
        self._mode: Mode = "overwrite"
        self._string_mode = False
        self._cells: list[list[str]] = []
        self._column = self._row = 0
        self._marquee = ""
        self._step_in_s = 0.0
        self._clear()

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row, from 1."""
        return self._column + 1, self._row + 1

    @property
    def mode(self) -> Mode:
        """What happens at the end of a line."""
        return self._mode

    @property
    def unknown(self) -> int:
        """Commands that this display does not know, counted."""
        return self._parser.unknown

    def lines(self) -> tuple[str, ...]:
        """What stands on the display now, every cell."""
        return tuple("".join(row) for row in self._cells)

    def feed(self, data: bytes) -> None:
        """Take bytes from the host."""
        if self.faults.has("dead-display"):
            return
        for command in self._parser.feed(data):
            if command.what not in _UNSEEN:
                self._obey(command)

    def advance(self, dt_s: float) -> list[bytes]:
        """Let time pass: only a running message moves; the display never sends."""
        if self._marquee:
            self._step_in_s -= dt_s
            while self._step_in_s <= 1e-9:
                self._step_in_s += _MARQUEE_STEP_S
                self._marquee = self._marquee[1:] + self._marquee[:1]
                self._cells[0] = list(self._marquee[: self._columns])
        return []

    def due_in_s(self) -> float | None:
        """When the running message next moves, None without one."""
        return max(0.0, self._step_in_s) if self._marquee else None

    def _initialise(self) -> None:
        self._mode = "overwrite"
        self._clear()

    def _clear(self) -> None:
        self._cells = [[" "] * self._columns for _ in range(self._rows)]
        self._column = self._row = 0
        self._marquee = ""
        self._step_in_s = 0.0
        self._string_mode = False

    def _obey(self, command: DisplayCommand) -> None:
        what = _SAME_AS.get(command.what, command.what)
        if what == "bell":
            self.beeps += 1
            return
        if self._string_mode and what not in ("upper", "lower", "clear", "clear-line", "initialise"):
            return
        if self._marquee and what not in ("lower", "clear", "initialise"):
            # A new command ends the running message and clears its line.
            self._marquee = ""
            self._cells[0] = [" "] * self._columns
            self._column = self._row = 0
        match what:
            case "text":
                self._write(command.text)
            case "upper" | "lower":
                self._fill(0 if what == "upper" else self._rows - 1, command.text)
                self._string_mode = True
            case "marquee":
                self._start_marquee(command.text)
            case "overwrite" | "vertical-scroll" | "horizontal-scroll":
                self._mode = what
            case "initialise":
                self._initialise()
            case "clear":
                self._clear()
            case "clear-line":
                self._fill(self._row, "")
                self._column = 0
                self._string_mode = False
            case "place" if 1 <= command.column <= self._columns and 1 <= command.row <= self._rows:
                self._column, self._row = command.column - 1, command.row - 1
            case _:
                self._move(what)

    def _move(self, what: str) -> None:
        match what:
            case "home":
                self._column = self._row = 0
            case "bottom":
                self._column, self._row = self._columns - 1, self._rows - 1
            case "line-start":
                self._column = 0
            case "line-end":
                self._column = self._columns - 1
            case "left":
                self._column = max(0, min(self._column, self._columns) - 1)
            case "right":
                self._column = min(self._column + 1, self._columns - 1)
            case "up":
                self._row = max(0, self._row - 1)
            case "down" if self._row == self._rows - 1:
                if self._mode == "vertical-scroll":
                    self._scroll_up()
            case "down":
                self._row += 1

    def _write(self, character: str) -> None:
        # The cursor waits behind the last cell; the next character decides where it goes on.
        if self._column >= self._columns:
            self._wrap()
        self._cells[self._row][self._column] = character
        self._column += 1

    def _wrap(self) -> None:
        if self._mode == "horizontal-scroll":
            self._cells[self._row] = [*self._cells[self._row][1:], " "]
            self._column = self._columns - 1
            return
        self._column = 0
        if self._row < self._rows - 1:
            self._row += 1
        elif self._mode == "vertical-scroll":
            self._scroll_up()
        else:
            self._row = 0

    def _scroll_up(self) -> None:
        self._cells = [*self._cells[1:], [" "] * self._columns]

    def _fill(self, row: int, text: str) -> None:
        self._cells[row] = list(text[: self._columns].ljust(self._columns))

    def _start_marquee(self, text: str) -> None:
        self._fill(0, text)
        self._marquee = text.ljust(self._columns) + " " if text else ""
        self._step_in_s = _MARQUEE_STEP_S


def _named(what: str | None) -> DisplayCommand:
    return DisplayCommand(what) if what else DisplayCommand("unknown")


def _decoded(data: bytes | bytearray) -> str:
    return bytes(data).decode("cp858")
