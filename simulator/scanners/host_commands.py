"""Device half of the host commands of text scanners, after their makers' manuals.

Honeywell: SYN T CR triggers, SYN U CR ends it. CipherLab: D disables, E enables, `#@` text CR is a setting.
"""

import re
from dataclasses import dataclass

_ONE = re.compile(rb"\x16([TU])\r|([DE])|#@([ -~]{1,32})\r")
_LONGEST = 2 + 32 + 1
_BEGINNING = re.compile(rb"\x16[TU]?|#(@[ -~]{0,32})?")


@dataclass(frozen=True)
class TextCommand:
    """`trigger` or `enable`, on or off; `setting` with its text."""

    what: str
    on: bool = True
    text: str = ""


class TextCommandParser:
    """Finds host commands in a byte stream, in any chunking; what is none is dropped and counted."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self.skipped = 0

    @property
    def incomplete(self) -> bool:
        """True inside what may become a command."""
        return bool(self._pending)

    def feed(self, data: bytes) -> list[TextCommand]:
        """The commands completed by these bytes."""
        self._pending += data
        found: list[TextCommand] = []
        while self._pending:
            whole = _ONE.match(self._pending)
            if whole is not None:
                found.append(_command(whole))
                del self._pending[: whole.end()]
            elif _BEGINNING.fullmatch(self._pending) and len(self._pending) < _LONGEST:
                break
            else:
                del self._pending[0]
                self.skipped += 1
        return found


def _command(whole: "re.Match[bytes]") -> TextCommand:
    trigger, power, setting = whole.groups()
    if trigger is not None:
        return TextCommand("trigger", on=trigger == b"T")
    if power is not None:
        return TextCommand("enable", on=power == b"E")
    return TextCommand("setting", text=setting.decode("ascii"))
