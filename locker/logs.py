"""Logs: one line a record on stderr, `key=value` pairs that people and machines can read.

Nothing logs keys or codes: the domain's types hide their digits, and keypad lines are recorded redacted.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

LEVELS = ("debug", "info", "warning", "error")
PLAIN = re.compile(r"[^\s\"'=\\\x00-\x1f\x7f-\x9f]+")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class OneLine(logging.Formatter):
    """Writes a record, its `extra` values and its traceback on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its end."""
        pairs: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "says": record.getMessage(),
        }
        pairs.update((name, value) for name, value in vars(record).items() if name not in STANDARD)
        if record.exc_info:
            pairs["error"] = self.formatException(record.exc_info)
        return " ".join(f"{name}={_written(value)}" for name, value in pairs.items())


def set_up(level: str, stream: TextIO | None = None) -> None:
    """Send every record of this level and above to a stream, stderr by default; once, by a command."""
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(OneLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def _written(value: object) -> str:
    text = str(value)
    return text if PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
