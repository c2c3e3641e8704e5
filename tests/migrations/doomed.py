"""A program that migrates, and shows what a SIGKILL at any moment of it would leave; its tests start it.

Arguments: file, scripts, revisions with commas between, `whole` or `sabotaged`, directory of pictures,
moments with commas between. A moment is just before a statement of any connection, or before a file is
opened, renamed or removed. Written bytes outlive their process, so a copy made at a moment is what a kill at
that moment leaves: `<pictures>/<n>` holds it, unless a moment before left the same; the last is the end. At
the moments that are named, a process of its own is really killed as well: `<pictures>/killed-<n>`. Prints how
many moments there were.
"""

import hashlib
import os
import shutil
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from locker.db import upgrade
from locker.db.ladder import Ladder
from locker.db.migrate import ensure_current

MOMENTS_AT_MOST = 2000
CONNECT = sqlite3.connect
FILE_EVENTS = ("open", "os.rename", "os.remove")


class Moments:
    """Tells of every moment that concerns a directory; an audit hook stays for the process's whole life."""

    def __init__(self, place: Path, tell: Callable[[int], None]) -> None:
        self.count = 0
        self._place, self._tell, self._busy = str(place), tell, False
        sys.addaudithook(self._hear)
        sqlite3.connect = self._connect  # type: ignore[assignment]  # the same with a listener

    def pass_by(self, _statement: str = "") -> None:
        """One moment more."""
        if self._busy:
            return
        if self.count >= MOMENTS_AT_MOST:
            raise RuntimeError("more moments than foreseen")
        self._busy = True
        try:
            self._tell(self.count)
        finally:
            self._busy = False
        self.count += 1

    def _connect(self, *arguments: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = CONNECT(*arguments, **named)
        connection.set_trace_callback(self.pass_by)
        return connection

    def _hear(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name in FILE_EVENTS and str(arguments[0]).startswith(self._place):
            self.pass_by()


class Camera:
    """Copies a directory whenever it is as it never was."""

    def __init__(self, place: Path, pictures: Path) -> None:
        self._place, self._pictures = place, pictures
        # closing a database file would drop the locks that SQLite holds in the same process: none is closed
        self._descriptors: dict[int, int] = {}
        self._seen: set[bytes] = set()

    def take(self, number: int) -> None:
        """Keep what is there now under a number, if it is new."""
        files = {file.name: self._content(file) for file in sorted(self._place.iterdir())}
        fingerprint = hashlib.sha256(repr(files).encode()).digest()
        if fingerprint in self._seen:
            return
        self._seen.add(fingerprint)
        to = self._pictures / str(number)
        to.mkdir()
        for name, content in files.items():
            (to / name).write_bytes(content)

    def _content(self, file: Path) -> bytes:
        inode = file.stat().st_ino
        if inode not in self._descriptors:
            self._descriptors[inode] = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        descriptor = self._descriptors[inode]
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def sabotage() -> None:
    """Take the transactions away: every statement is durable at once."""

    def rewrite(_c: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> Any:  # noqa: FBT001 - the library's own signature
        return ("SELECT 1" if text.startswith("BEGIN") else text), parameters

    event.listen(Engine, "before_cursor_execute", rewrite, retval=True)


def main() -> None:
    """Climb once and take a picture at every moment; climb again for each real kill."""
    path, scripts, revisions, kind, pictures = Path(sys.argv[1]), *sys.argv[2:5], Path(sys.argv[5])
    killed = [int(number) for number in sys.argv[6].split(",") if number]
    if not upgrade.__name__:
        raise ImportError("the migration library is imported once, before the forks")
    ladder = Ladder(scripts, tuple(revisions.split(",")))
    if kind == "sabotaged":
        sabotage()
    for number in killed:
        _in_a_child(partial(_be_killed, path, ladder, pictures / f"killed-{number}", number))
    work = _copied(path, pictures.with_name("climbing"))
    camera = Camera(work.parent, pictures)
    moments = Moments(work.parent, camera.take)
    ensure_current(work, ladder)
    moments.pass_by()
    sys.stdout.write(f"{moments.count}\n")


def _be_killed(path: Path, ladder: Ladder, place: Path, at: int) -> None:
    work = _copied(path, place)

    def tell(number: int) -> None:
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    Moments(work.parent, tell)
    ensure_current(work, ladder)


def _copied(path: Path, place: Path) -> Path:
    place.mkdir(parents=True)
    copy = place / path.name
    if path.exists():
        shutil.copyfile(path, copy)
    return copy


def _in_a_child(work: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - nothing of a child may go on as its parent
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended not in (0, -signal.SIGKILL):
        raise RuntimeError(f"a child ended with {ended}")


if __name__ == "__main__":
    main()
