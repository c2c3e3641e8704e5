"""Room on the disk: how much is left, when that is too little, and a reserve for the last pick-ups."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

BALLAST_BYTES = 8 * 1024 * 1024

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def free_bytes(path: Path) -> int:
    """Return how many bytes an unprivileged process may still write where `path` lies."""
    figures = os.statvfs(path)
    return figures.f_bavail * figures.f_frsize


class Ballast:
    """A file of real bytes beside the database, given up when the disk is full and made anew later."""

    def __init__(
        self,
        path: Path,
        size_bytes: int = BALLAST_BYTES,
        free_bytes: Callable[[Path], int] = free_bytes,
    ) -> None:
        """Describe the file; nothing is made yet. `free_bytes` measures the room on the disk."""
        self.path = path
        self.size_bytes = size_bytes
        self._free_bytes = free_bytes

    def held(self) -> bool:
        """Whether the whole reserve stands."""
        try:
            return self.path.stat().st_size >= self.size_bytes
        except FileNotFoundError:
            return False

    def make(self) -> bool:
        """Make the reserve if as much again stays free beside it; tell whether it stands now."""
        if self.held():
            return True
        self.path.unlink(missing_ok=True)  # a part left by a power cut
        if self._free_bytes(self.path.parent) < 2 * self.size_bytes:
            return False
        try:
            self._fill()
        except OSError as error:
            self.path.unlink(missing_ok=True)
            if error.errno in NO_ROOM:
                return False
            raise
        return True

    def give_up(self) -> bool:
        """Free the reserve; tell whether there was one."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        return True

    def _fill(self) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        try:
            # Reserves blocks, unlike truncating to the size, which would promise what is not there.
            os.posix_fallocate(descriptor, 0, self.size_bytes)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class StorageWatch:
    """Tells when the disk becomes nearly full and when it has room again; between the two nothing changes."""

    def __init__(self, path: Path, low_below_bytes: int, ok_above_bytes: int, *, low: bool = False) -> None:
        """Watch where `path` lies; `low` is what was last known."""
        if not 0 < low_below_bytes < ok_above_bytes:
            raise ValueError(
                f"ok_above_bytes ({ok_above_bytes}) must be above low_below_bytes ({low_below_bytes}), "
                "and that above 0"
            )
        self.path = path
        self.low_below_bytes = low_below_bytes
        self.ok_above_bytes = ok_above_bytes
        self.low = low

    def look(self, free_bytes: int) -> bool | None:
        """Take a measurement; return the new `low` if it changed, else None."""
        low = free_bytes < (self.ok_above_bytes if self.low else self.low_below_bytes)
        if low == self.low:
            return None
        self.low = low
        return low
