"""Writes what somebody takes along."""

import os
from pathlib import Path

MODE = 0o600
"""It tells of parcels and people: only this user may read it."""


def write_new(file: Path, content: bytes) -> None:
    """Write a new file, durably and as a whole; FileExistsError if there is one, OSError if it cannot be."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    try:
        with open(descriptor, "wb") as opened:  # noqa: PTH123 - a descriptor, not a path: mode and O_EXCL count
            opened.write(content)
            opened.flush()
            os.fsync(descriptor)
    except OSError:
        file.unlink(missing_ok=True)
        raise
