"""Device half of a Matrix Orbital display or clone: shows what it is sent and never answers, has no buzzer.

Commands begin with FE; after the makers' public lists. Its cells are those of an HD44780 with ROM A00 or A02.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from simulator.faults import FaultSet

Rom = Literal["a00", "a02"]

_SIGN = 0xFE
_BARE = {
    0x58: "clear", 0x48: "home", 0x46: "backlight-off", 0x41: "keys-sent", 0x4F: "keys-kept",
    0x26: "poll-keys", 0x45: "clear-keys", 0x51: "auto-scroll", 0x52: "no-auto-scroll", 0x36: "read-version",
}  # fmt: skip
_WITH_PARAMETERS = {
    0x47: ("place", 2),
    0x42: ("backlight", 1),
    0x55: ("debounce", 1),
    0xD0: ("colour", 3),
    0xD1: ("size", 2),
}
# Where the glyphs of the Japanese ROM are not what ASCII says, as far as they have a letter.
_ROM_A00: Mapping[int, str] = {
    0x5C: "¥", 0x7E: "→", 0x7F: "←", 0xA5: "·", 0xDF: "°", 0xE1: "ä", 0xE2: "ß", 0xE4: "µ", 0xEE: "ñ",
    0xEF: "ö", 0xF5: "ü", 0xFF: "█",
}  # fmt: skip
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class MatrixCommand:
    """One command with its parameters, or one cell of text as the byte it came as."""

    what: str
    parameters: tuple[int, ...] = ()
    cell: int = 0


class MatrixParser:
    """Cuts a byte stream into commands, in any chunking; unknown ones are dropped and counted."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self.unknown = 0

    @property
    def incomplete(self) -> bool:
        """True inside a command."""
        return bool(self._pending)

    def feed(self, data: bytes) -> list[MatrixCommand]:
        """The commands completed by these bytes, one a cell for text."""
        found: list[MatrixCommand] = []
        for byte in data:
            if not self._pending and byte != _SIGN:
                if byte >= 0x20:
                    found.append(MatrixCommand("text", cell=byte))
                else:
                    self.unknown += 1
                continue
            self._pending.append(byte)
            command = self._complete()
            if command is not None:
                self._pending.clear()
                found.append(command)
        return found

    def _complete(self) -> MatrixCommand | None:
        if len(self._pending) < 2:
            return None
        code, parameters = self._pending[1], tuple(self._pending[2:])
        if code in _BARE:
            return MatrixCommand(_BARE[code])
        if code in _WITH_PARAMETERS:
            what, wanted = _WITH_PARAMETERS[code]
            return MatrixCommand(what, parameters) if len(parameters) == wanted else None
        self._pending.clear()
        self.unknown += 1
        return None


class MatrixOrbitalDisplay:
    """Rows of cells and a cursor. At power-on its light is out and auto-scroll is on."""

    beeps = 0

    def __init__(self, columns: int = 20, rows: int = 2, *, rom: Rom = "a00") -> None:
        self.faults = FaultSet("display")
        self.lit = False
        self._parser = MatrixParser()
        self._columns, self._rows, self._rom = columns, rows, rom
        self._auto_scroll = True
        self._cells = [[" "] * columns for _ in range(rows)]
        self._column = self._row = 0

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
            self._obey(command)

    def advance(self, dt_s: float) -> list[bytes]:  # noqa: ARG002 - every part takes the time that passed
        """Let time pass; nothing moves by itself."""
        return []

    def due_in_s(self) -> float | None:
        """Never: nothing happens by itself."""
        return None

    def _obey(self, command: MatrixCommand) -> None:
        match command.what:
            case "text":
                self._write(glyph(command.cell, self._rom))
            case "clear":
                self._cells = [[" "] * self._columns for _ in range(self._rows)]
                self._column = self._row = 0
            case "home":
                self._column = self._row = 0
            case "place":
                column, row = command.parameters
                if 1 <= column <= self._columns and 1 <= row <= self._rows:
                    self._column, self._row = column - 1, row - 1
            case "auto-scroll" | "no-auto-scroll":
                self._auto_scroll = command.what == "auto-scroll"
            case "backlight" | "backlight-off":
                self.lit = command.what == "backlight"

    def _write(self, character: str) -> None:
        # The cursor waits behind the last cell; the next character decides where it goes on.
        if self._column >= self._columns:
            self._column = 0
            self._row += 1
            if self._row >= self._rows:
                self._row = self._rows - 1 if self._auto_scroll else 0
                if self._auto_scroll:
                    self._cells = [*self._cells[1:], [" "] * self._columns]
        self._cells[self._row][self._column] = character
        self._column += 1


def glyph(cell: int, rom: Rom = "a00") -> str:
    """What a reader sees in a cell."""
    if rom == "a00" and cell in _ROM_A00:
        return _ROM_A00[cell]
    if 0x20 <= cell <= 0x7E:
        return chr(cell)
    return bytes((cell,)).decode("latin-1") if rom == "a02" and cell >= 0xC0 else _UNREADABLE
