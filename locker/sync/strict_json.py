"""JSON read with suspicion: one object, no duplicate keys, no fractions, no NaN, capped in size and depth."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

DEPTH_MOST = 8


class Unfit(StrEnum):
    """Why bytes are not the JSON object that was asked for."""

    TOO_LARGE = "too-large"
    BAD_ENCODING = "bad-encoding"
    TOO_DEEP = "too-deep"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class NotJson:
    """A refusal to read; `detail` is for a person and repeats nothing of the input."""

    reason: Unfit
    detail: str


def read_object(raw: bytes, *, bytes_most: int) -> dict[str, Any] | NotJson:
    """Read one JSON object, or tell why it is none."""
    if len(raw) > bytes_most:
        return NotJson(Unfit.TOO_LARGE, f"{len(raw)} bytes; at most {bytes_most} are read")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return NotJson(Unfit.BAD_ENCODING, f"no UTF-8 at byte {error.start}")
    if nesting(text) > DEPTH_MOST:
        return NotJson(Unfit.TOO_DEEP, f"nested deeper than {DEPTH_MOST} levels")
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_float=_no_fraction, parse_constant=_no_constant
        )
    except json.JSONDecodeError as error:
        return NotJson(Unfit.MALFORMED, f"no JSON at character {error.pos}: {error.msg}")
    except _UnfitJsonError as error:
        return NotJson(Unfit.MALFORMED, str(error))
    except ValueError:
        return NotJson(Unfit.MALFORMED, "a number has too many digits")
    if not isinstance(value, dict):
        return NotJson(Unfit.MALFORMED, "a JSON object was expected")
    return value


def nesting(text: str) -> int:
    """Return how deep brackets nest outside strings; needs no valid JSON."""
    depth = deepest = 0
    in_string = escaped = False
    for letter in text:
        if in_string:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                in_string = False
        elif letter == '"':
            in_string = True
        elif letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


class _UnfitJsonError(ValueError):
    """Raised by the hooks below; says what is wrong without repeating the input."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _UnfitJsonError("a key occurs twice in one object")
    return found


def _no_fraction(_text: str) -> NoReturn:
    raise _UnfitJsonError("a number with a fraction or an exponent; this contract has none")


def _no_constant(_text: str) -> NoReturn:
    raise _UnfitJsonError("NaN and infinities are not JSON")
