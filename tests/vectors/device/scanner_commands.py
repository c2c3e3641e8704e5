"""Host commands of text scanners as the golden frames see their device half."""

from typing import Any

from simulator.scanners.host_commands import TextCommandParser

Description = tuple[Any, ...]


def understood(data: bytes) -> Description | None:
    """Describe exactly one command; None: it is none, or more than one."""
    parser = TextCommandParser()
    found = parser.feed(data)
    if len(found) != 1 or parser.incomplete or parser.skipped:
        return None
    command = found[0]
    return ("setting", command.text) if command.what == "setting" else (command.what, command.on)
