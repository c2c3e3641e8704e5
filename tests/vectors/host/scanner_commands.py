"""Host commands of text scanners as the golden frames see their host half."""

from typing import Any

from drivers.scanner_serial import commands

Description = tuple[Any, ...]


def asked(description: Description) -> bytes | None:
    """Encode what is described; None: no scanner knows such a command."""
    match description:
        case ("trigger", bool(on)):
            return commands.TRIGGER_ON if on else commands.TRIGGER_OFF
        case ("enable", bool(on)):
            return commands.ENABLE if on else commands.DISABLE
        case ("setting", str(text)) if commands.is_setting(text):
            return commands.encode_setting(text)
    return None
