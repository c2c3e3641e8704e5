"""Matrix Orbital displays as the golden frames see their host half."""

from collections.abc import Mapping
from typing import Any

from drivers.errors import CallerMistake
from drivers.matrix_orbital import codec

Description = tuple[Any, ...]

_BARE: Mapping[Description, bytes] = {
    ("clear",): codec.CLEAR,
    ("home",): codec.HOME,
    ("backlight-off",): codec.BACKLIGHT_OFF,
    ("keys-sent",): codec.KEYS_SENT,
    ("keys-kept",): codec.KEYS_KEPT,
    ("poll-keys",): codec.POLL_KEYS,
    ("clear-keys",): codec.CLEAR_KEYS,
    ("auto-scroll",): codec.AUTO_SCROLL,
    ("no-auto-scroll",): codec.NO_AUTO_SCROLL,
    ("read-version",): codec.READ_VERSION,
}


def asked(description: Description) -> bytes | None:
    """Encode what is described; None: this half never asks for it."""
    try:
        return _asked(description)
    except CallerMistake:
        return None


def _asked(description: Description) -> bytes | None:
    match description:
        case ("text", str(text)):
            return codec.encode_text(text)
        case ("place", int(column), int(row)):
            return codec.encode_place(column, row)
        case ("backlight", int(minutes)):
            return codec.encode_backlight(minutes)
        case ("debounce", int(steps)):
            return codec.encode_debounce(steps)
        case ("colour", int(red), int(green), int(blue)):
            return codec.encode_colour(red, green, blue)
        case ("size", int(columns), int(rows)):
            return codec.encode_size(columns, rows)
    if description and all(isinstance(one, tuple) for one in description):
        pieces = [_asked(one) for one in description]
        return None if None in pieces else b"".join(piece for piece in pieces if piece)
    return _BARE.get(description)
