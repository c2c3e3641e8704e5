"""How `lockerctl` speaks: data on stdout, in lines of at most 80 cells or as JSON; speech on stderr."""

import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

WIDTH = 80


def print_lines(lines: Iterable[str]) -> None:
    """Write lines of data to stdout."""
    for line in lines:
        print(harmless(line))  # noqa: T201 - stdout is our output
    sys.stdout.flush()


def print_json(model: BaseModel) -> None:
    """Write one JSON document, on one line."""
    print_lines([json.dumps(model.model_dump(mode="json"))])


def print_json_list(name: str, models: Iterable[BaseModel]) -> None:
    """Write one JSON document: a list under a name."""
    print_lines([json.dumps({name: [model.model_dump(mode="json") for model in models]})])


def speak(text: str) -> None:
    """Say something to the person, on stderr; on a terminal in lines that break between words."""
    said = f"lockerctl: {harmless(text)}"
    lines = textwrap.wrap(said, WIDTH, subsequent_indent="    ", break_on_hyphens=False)
    print("\n".join(lines) if sys.stderr.isatty() else said, file=sys.stderr)  # noqa: T201 - speech goes to stderr


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, flexible: int, width: int = WIDTH
) -> list[str]:
    """Align columns by two spaces; shorten the flexible one in its middle where a line would be too long."""
    lines = [tuple(heads), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    surplus = sum(widths) + 2 * (len(widths) - 1) - width
    widths[flexible] = max(len(heads[flexible]), 8, widths[flexible] - max(0, surplus))
    return [
        "  ".join(
            shortened(cell, cells).ljust(cells) for cell, cells in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def indented(text: str, by: int) -> list[str]:
    """Wrap a text into lines that begin with so many blanks."""
    return textwrap.wrap(text, WIDTH, initial_indent=" " * by, subsequent_indent=" " * by)


def shortened(text: str, width: int) -> str:
    """Take cells out of the middle of a text that is longer than `width`."""
    if len(text) <= width:
        return text
    end = (width - 3) // 2
    return f"{text[: width - 3 - end]}...{text[len(text) - end :]}"


def counts(of: dict[Any, int]) -> str:
    """Write how many there are of each."""
    return ", ".join(f"{count} {name}" for name, count in of.items()) or "none"


def minute(at: datetime | None) -> str:
    """Write an instant to the minute, in UTC."""
    return "-" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%MZ}"


def span(seconds: float) -> str:
    """Write a duration."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{hour:02d}:{minute:02d}:{second:02d}"


def as_text(value: object) -> str:
    """Write a value of a journal entry: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def harmless(text: str) -> str:
    """Take out what could steer a terminal: labels and details come from elsewhere."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
