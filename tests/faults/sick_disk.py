"""`lockerd run` on a disk that is as well as a file says: `... sick_disk FILE DIRECTORY run ...`.

"silent": no sync of a database comes back. "failing": every write and sync gives EIO, of the database and of
what lies beside it in the directory. Anything else, or no file: the disk is well.
"""

import errno
import io
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from locker.cli import main
from tests.crash import vfs

CHANGING = (vfs.Kind.WRITE, vfs.Kind.TRUNCATE, vfs.Kind.SYNC, vfs.Kind.SYNC_DIRECTORY)


class SickDisk:
    """One directory tree, and what becomes of writes to it."""

    def __init__(self, says: Path, root: Path) -> None:
        """Ask the file from now on."""
        self._says = says
        self._root = root

    def state(self) -> str:
        """Return how the disk is."""
        with suppress(OSError):
            return self._says.read_text().strip()
        return "well"

    def ask(self, call: vfs.Call) -> vfs.Refusal | None:
        """Answer SQLite."""
        if call.kind not in CHANGING:
            return None
        state = self.state()
        if state == "silent" and call.kind is vfs.Kind.SYNC:
            threading.Event().wait()
        return vfs.Refusal(vfs.REFUSED_AS[call.kind]) if state == "failing" else None

    def stand_before_files(self) -> None:
        """Answer everybody else: this process is there to have a sick disk."""
        for name in ("fsync", "replace", "rename", "mkdir"):
            setattr(os, name, self._refusing(getattr(os, name)))
        # pathlib and `open` go through one function, and the layer above it writes past it.
        real_open = io.open

        def opened(file: Any, mode: str = "r", *arguments: Any, **more: Any) -> Any:
            if set(mode) & set("wa+x"):
                self._refuse(file)
            return real_open(file, mode, *arguments, **more)

        io.open = opened

    def _refusing(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(what: Any, *arguments: Any, **more: Any) -> Any:
            self._refuse(Path(f"/proc/self/fd/{what}").readlink() if isinstance(what, int) else what)
            return real(what, *arguments, **more)

        return call

    def _refuse(self, path: Any) -> None:
        if isinstance(path, int) or not Path(path).absolute().is_relative_to(self._root):
            return
        if self.state() == "failing":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))


if __name__ == "__main__":
    says, directory, *arguments = sys.argv[1:]
    disk = SickDisk(Path(says), Path(directory))
    disk.stand_before_files()
    with vfs.installed(disk.ask):
        sys.exit(main(arguments))
