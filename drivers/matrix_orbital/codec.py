"""Host half of Matrix Orbital displays and clones, 2 lines of 20 cells, pure: texts and commands to bytes.

Sources and assumptions are in PROTOCOL.md beside this file.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from drivers.errors import CallerMistake

COLUMNS = 20
ROWS = 2

PREFIX = 0xFE
CLEAR = b"\xfeX"
HOME = b"\xfeH"
BACKLIGHT_OFF = b"\xfeF"
KEYS_SENT = b"\xfeA"
KEYS_KEPT = b"\xfeO"
POLL_KEYS = b"\xfe&"
CLEAR_KEYS = b"\xfeE"
AUTO_SCROLL = b"\xfeQ"
NO_AUTO_SCROLL = b"\xfeR"
READ_VERSION = b"\xfe6"
_PLACE = b"\xfeG"
_BACKLIGHT = b"\xfeB"
_DEBOUNCE = b"\xfeU"
_COLOUR = b"\xfe\xd0"
_SIZE = b"\xfe\xd1"

CharacterSet = Literal["a00", "a02", "ascii"]
"""The character ROM of the display's HD44780: Japanese, European, or one of which only ASCII is trusted."""

RESET = (NO_AUTO_SCROLL, NO_AUTO_SCROLL, KEYS_KEPT, _BACKLIGHT + b"\x00", CLEAR)
"""To a known state, whatever it was: what a cut left half sent swallows the first command, not the second."""

# The cells of ROM A00 that differ from ASCII and are of use here; 5C is a yen sign there, 7E an arrow.
_A00: Mapping[str, int] = MappingProxyType(
    {"ä": 0xE1, "ö": 0xEF, "ü": 0xF5, "ñ": 0xEE, "ß": 0xE2, "µ": 0xE4, "°": 0xDF, "·": 0xA5, "█": 0xFF}
)
_NOT_ASCII_IN_A00 = frozenset("\\~")
# From C0 on ROM A02 is Latin-1, but FE, the sign of commands, is never sent as text.
_A02 = range(0xC0, 0xFE)
_STAND_INS = MappingProxyType(
    {
        "\\": "/", "~": "-", "\u2013": "-", "\u2014": "-", "\u2018": "'", "\u2019": "'", "\u201c": '"',
        "\u201d": '"', "\u2026": "...", "€": "EUR", "█": "#", "ø": "o", "Ø": "O",
        "æ": "ae", "Æ": "AE", "ß": "ss", "\u00a0": " ",
    }
)  # fmt: skip


def encode_text(text: str, character_set: CharacterSet = "a00") -> bytes:
    """Cells of that character set; a letter it lacks becomes a likeness or `?`."""
    if character_set not in get_args(CharacterSet):
        raise CallerMistake(f"a display has one of {', '.join(get_args(CharacterSet))}, not {character_set}")
    composed = unicodedata.normalize("NFC", text)
    return b"".join(_cells(character, character_set) for character in composed)


def fit(text: str, character_set: CharacterSet = "a00") -> bytes:
    """Exactly one line: cut or filled with blanks to 20 cells."""
    return encode_text(text, character_set)[:COLUMNS].ljust(COLUMNS, b" ")


def encode_place(column: int, row: int) -> bytes:
    """Put the cursor on a cell, both counted from 1."""
    if not (1 <= column <= COLUMNS and 1 <= row <= ROWS):
        raise CallerMistake(f"no cell at column {column}, row {row}")
    return _PLACE + bytes((column, row))


def encode_backlight(minutes: int) -> bytes:
    """Light it for so many minutes, 0 for ever."""
    return _BACKLIGHT + _bytes(minutes)


def encode_debounce(steps: int) -> bytes:
    """How long a key of its own keypad must rest, in steps of 8.192 ms."""
    return _DEBOUNCE + _bytes(steps)


def encode_colour(red: int, green: int, blue: int) -> bytes:
    """Colour of the backlight, Adafruit's extension."""
    return _COLOUR + _bytes(red, green, blue)


def encode_size(columns: int, rows: int) -> bytes:
    """Tell a backpack how large its display is, Adafruit's extension."""
    return _SIZE + _bytes(columns, rows)


def _bytes(*values: int) -> bytes:
    if any(not 0 <= value <= 0xFF for value in values):
        raise CallerMistake(f"a parameter has one byte, {max(values)} or {min(values)} does not fit")
    return bytes(values)


def _cells(character: str, character_set: CharacterSet) -> bytes:
    cell = _cell(character, character_set)
    if cell is not None:
        return bytes((cell,))
    if character.isspace():
        return b" "
    likeness = _STAND_INS.get(character) or _base(character)
    found = [_cell(one, character_set) for one in likeness]
    return bytes(one if one is not None else ord("?") for one in found) or b"?"


def _cell(character: str, character_set: CharacterSet) -> int | None:
    if "\x20" <= character <= "\x7e":
        return None if character_set == "a00" and character in _NOT_ASCII_IN_A00 else ord(character)
    if character_set == "a00":
        return _A00.get(character)
    if character_set == "a02" and ord(character) in _A02:
        return ord(character)
    return None


def _base(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in decomposed if not unicodedata.combining(part))
    return plain if plain != character else ""
