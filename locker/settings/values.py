"""Checks of single values whose answer is a sentence."""

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DISPLAY_CODE_PAGE = "cp850"


def writable_on_displays(text: str) -> str:
    """Return a text that two-line displays can show; ValueError names the letter that they cannot."""
    for letter in text:
        try:
            letter.encode(DISPLAY_CODE_PAGE)
        except UnicodeEncodeError:
            raise ValueError(f"the displays have no {letter!r}") from None
        if not letter.isprintable():
            raise ValueError(f"{letter!r} cannot be printed")
    if text.strip() != text:
        raise ValueError("it begins or ends with a space")
    return text


def time_zone_exists(name: str) -> str:
    """Return the name of a time zone that is known here; ValueError otherwise."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone is called {name!r}; one looks like 'Europe/Helsinki'") from None
    return name


def usable_path(path: Path) -> Path:
    """Return a path that can name a file; ValueError otherwise."""
    if path == Path() or "\0" in str(path):
        raise ValueError("it names no file")
    return path
