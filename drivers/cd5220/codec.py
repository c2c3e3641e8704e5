"""Host half of CD5220 customer displays, 2 lines of 20 cells, pure: texts and commands to bytes.

Sources and assumptions are in PROTOCOL.md beside this file.
"""

import unicodedata
from functools import lru_cache

from drivers.errors import CallerMistake

COLUMNS = 20
ROWS = 2
ENCODING = "cp850"

ESC = b"\x1b"
INITIALISE = ESC + b"@"
CLEAR = b"\x0c"
HOME = b"\x0b"
BELL = b"\x07"
OVERWRITE = ESC + b"\x11"
VERTICAL_SCROLL = ESC + b"\x12"
HORIZONTAL_SCROLL = ESC + b"\x13"
CURSOR_UP = ESC + b"[A"
CURSOR_DOWN = ESC + b"[B"
CURSOR_RIGHT = ESC + b"[C"
CURSOR_LEFT = ESC + b"[D"
CURSOR_TOP_LEFT = ESC + b"[H"
CURSOR_BOTTOM = ESC + b"[K"
CURSOR_LINE_START = ESC + b"[L"
CURSOR_LINE_END = ESC + b"[R"
CLEAR_LINE = b"\x18"
BACKSPACE = b"\x08"
TAB = b"\x09"
LINE_FEED = b"\x0a"
CARRIAGE_RETURN = b"\x0d"
US = b"\x1f"
US_OVERWRITE = US + b"\x01"
US_VERTICAL_SCROLL = US + b"\x02"
US_HORIZONTAL_SCROLL = US + b"\x03"
US_CURSOR_UP = US + b"\x0a"
US_CURSOR_LINE_END = US + b"\x0d"
BRIGHTNESS = ESC + b"*"
CURSOR_SHOWN = ESC + b"_"
FONT = ESC + b"f"
CODE_PAGE = ESC + b"c"
UPPER_LINE = ESC + b"QA"
LOWER_LINE = ESC + b"QB"
RUNNING_LINE = ESC + b"QD"
STRING_END = b"\r"

# What the code page lacks and a plain decomposition does not give.
_STAND_INS = {
    "\u2013": "-",
    "\u2014": "-",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2026": "...",
    "\u20ac": "EUR",
    "\u0160": "S",
    "\u0161": "s",
    "\u017d": "Z",
    "\u017e": "z",
    "\u00a0": " ",
    "\u0131": "i",  # its place holds the euro sign in the page 858 of newer displays
}


def encode_text(text: str) -> bytes:
    """Printable bytes of the code page; a character it lacks becomes a likeness or `?`."""
    return b"".join(_cell(character) for character in unicodedata.normalize("NFC", text))


def fit(text: str) -> bytes:
    """Exactly one line: cut or filled with blanks to 20 cells."""
    return encode_text(text)[:COLUMNS].ljust(COLUMNS, b" ")


def encode_string(line: bytes, cells: bytes) -> bytes:
    """Fill UPPER_LINE, LOWER_LINE or RUNNING_LINE with encoded text."""
    return line + cells + STRING_END


def encode_setting(setting: bytes, value: int) -> bytes:
    """BRIGHTNESS, CURSOR_SHOWN, FONT or CODE_PAGE with its value, one byte."""
    if not 0 <= value <= 0xFF:
        raise CallerMistake(f"a setting has one byte, {value} does not fit")
    return setting + bytes((value,))


def encode_place(column: int, row: int) -> bytes:
    """Put the cursor on a cell, both counted from 1."""
    if not (1 <= column <= COLUMNS and 1 <= row <= ROWS):
        raise CallerMistake(f"no cell at column {column}, row {row}")
    return ESC + b"l" + bytes((column, row))


def encode_reset() -> bytes:
    """Bring the display to a known state, whatever it was: initialise, overwrite mode, clear."""
    return INITIALISE + OVERWRITE + CLEAR


@lru_cache(1024)
def _cell(character: str) -> bytes:
    stand_in = _STAND_INS.get(character)
    for candidate in (stand_in,) if stand_in else (character, _base(character)):
        if candidate is not None:
            encoded = candidate.encode(ENCODING, errors="ignore")
            # Bytes below a blank are commands, and 7F shows differently on every display.
            if encoded and all(byte >= 0x20 and byte != 0x7F for byte in encoded):
                return encoded
    return b" " if character.isspace() else b"?"


def _base(character: str) -> str | None:
    decomposed = unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in decomposed if not unicodedata.combining(part))
    return plain if plain != character else None
