"""Matrix Orbital displays as the golden frames see their device half."""

from typing import Any

from simulator.displays.matrix_orbital import MatrixParser, glyph

Description = tuple[Any, ...]


def understood(data: bytes) -> Description | None:
    """Describe one command or one text; None: it is neither."""
    parser = MatrixParser()
    found = parser.feed(data)
    if parser.incomplete or parser.unknown or not found:
        return None
    if all(command.what == "text" for command in found):
        return ("text", "".join(glyph(command.cell) for command in found))
    return (found[0].what, *found[0].parameters) if len(found) == 1 else None
