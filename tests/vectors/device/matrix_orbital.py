"""Matrix Orbital displays as the golden frames see their device half."""

from itertools import groupby
from typing import Any

from simulator.displays.matrix_orbital import MatrixParser, glyph

Description = tuple[Any, ...]


def understood(data: bytes) -> Description | None:
    """Describe commands and texts, one by itself or several as a tuple; None: they are none."""
    parser = MatrixParser()
    found = parser.feed(data)
    if parser.incomplete or parser.unknown or not found:
        return None
    described: list[Description] = []
    for is_text, commands in groupby(found, lambda command: command.what == "text"):
        if is_text:
            described.append(("text", "".join(glyph(command.cell) for command in commands)))
        else:
            described += [(command.what, *command.parameters) for command in commands]
    return described[0] if len(described) == 1 else tuple(described)
