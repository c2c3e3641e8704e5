"""Database files on the disk: claiming one, looking into it without a trace, copying it, naming failures."""

import fcntl
import os
import re
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from locker.db.errors import (
    DamagedDatabase,
    DatabaseError,
    DatabaseFailed,
    DatabaseInUse,
    DatabaseMissing,
    DatabaseRefused,
    DiskFull,
)
from locker.disk import NO_ROOM
from locker.domain.times import NEVER_BEFORE

LOG_HEADER_BYTES = 32
LOG_MAGIC = 0x377F0682  # and the next one up, where the checksums are of big-endian words

BUSY_TIMEOUT_S = 0.2
"""How long to wait for a foreign lock before saying that the file is in use."""

UNREAD = re.compile(r"unable to get the page\. error code=(\d+)")
"""What the check says of a page that the device did not give: that is no damage."""
IO_ERROR = sqlite3.SQLITE_IOERR


class Claim:
    """The right to have a database file open, held by one owner in one process at a time.

    It rests on a lock file beside the database, which stays. The database itself must not be used for
    this: closing any descriptor of it would drop the locks that SQLite holds in the same process.
    """

    def __init__(self, path: Path) -> None:
        """Take the claim; DatabaseInUse if somebody has it."""
        lock_path = path.with_name(f"{path.name}-lock")
        try:
            self._descriptor: int | None = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except FileNotFoundError as error:
            raise DatabaseMissing(
                path, f"the directory {path.parent} does not exist; make it first"
            ) from error
        except OSError as error:
            raise failure(path, error, doing=f"opening its lock file {lock_path}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.release()
            raise in_use(path) from error

    def release(self) -> None:
        """Give the claim back; once is enough."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        """Hold the claim for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the claim back."""
        self.release()


@dataclass(frozen=True, slots=True)
class Peek:
    """What a database file says of itself."""

    revision: str


def peek(path: Path, *, whole: bool = False) -> Peek:
    """Read a file's revision, and its soundness if `whole`, without changing it; the claim is held.

    DamagedDatabase for what is no sound database, DatabaseInUse if a foreign tool has it locked.
    """
    try:
        return _peek(path, whole=whole)
    except (sqlite3.Error, OSError, UnicodeError) as error:
        raise failure(path, error, doing="reading it") from error


def address_of(path: Path) -> str:
    """Return the URI by which a file is opened to be written to.

    A power cut may harm all of a sector that is being written, also what lies in it already: SQLite is told
    not to rely on the contrary (https://www.sqlite.org/psow.html) and ends each commit with a sector.
    """
    return f"{path.absolute().as_uri()}?psow=0"


@contextmanager
def looking_into(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file for reading only, leaving no trace; errors are those of SQLite and of the system."""
    address, tidy = _way_in(path)
    try:
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)) as db:
            yield db
    finally:
        tidy()


def copy_database(source: sqlite3.Connection, target: Path) -> None:
    """Copy a whole database to a file that is there complete or not at all; replaces an older copy."""
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
        sync_file(partial)
        partial.rename(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)


def forget_backups(path: Path, before_at: datetime) -> list[Path]:
    """Delete the backups of a database that were made before an instant, and return them; never raises.

    They hold what the database itself has forgotten since. One from a time that cannot be right counts from
    now on: made under a wrong clock, it may be young.
    """
    gone = []
    for backup in sorted(path.parent.glob(f"{path.name}.backup-*")):
        with suppress(OSError):  # tried again the next time
            made_s = backup.stat().st_mtime
            if made_s < NEVER_BEFORE.timestamp():
                os.utime(backup)
            elif made_s < before_at.timestamp():
                backup.unlink()
                gone.append(backup)
    return gone


def sync_file(path: Path) -> None:
    """Make a file's content durable."""
    _sync(path, os.O_RDONLY)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def in_use(path: Path) -> DatabaseInUse:
    """Say that somebody has the file open."""
    return DatabaseInUse(
        path,
        "the database is in use by another process; stop that one first (a second lockerd, a sqlite3 shell?)",
    )


def failure(path: Path, error: BaseException, *, doing: str, running: bool = False) -> DatabaseError:
    """Name what an error of SQLite or of the operating system means; `running`: after a sound start."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (isinstance(cause, OSError) and cause.errno in NO_ROOM):
        return DiskFull(path, f"no room on the disk for {doing}; nothing of it was written. Make room")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return in_use(path)
    if not running and (code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or _undecodable(cause)):
        return damaged(path, str(cause))
    return DatabaseFailed(
        path, f"{doing} failed ({type(cause).__name__}: {cause}); nothing of it was written"
    )


def _undecodable(cause: BaseException) -> bool:
    # The standard library raises the second one, without a code, for a text that is no UTF-8.
    return isinstance(cause, UnicodeError) or str(cause).startswith("Could not decode to UTF-8")


def damaged(path: Path, what: str) -> DamagedDatabase:
    """Say that a file cannot be trusted, and what to do with it."""
    return DamagedDatabase(
        path,
        f"the database is damaged ({what}); it was not changed. Keep the file for the investigation, "
        "then restore a backup or move it away and start a new epoch",
    )


def lost(path: Path, epoch: int) -> DatabaseRefused:
    """Say that a file is gone which was there, and what to do; an empty one would deny every parcel."""
    return DatabaseRefused(
        path,
        f"the database is gone, and this automat had one (epoch {epoch}). Put it back, or a backup of it; "
        "only if nothing is left of it, stop the daemon, make a new one with `lockerd migrate`, and look "
        "into every compartment",
    )


def _peek(path: Path, *, whole: bool) -> Peek:
    with looking_into(path) as db:
        if whole:
            faults = [line for (line,) in db.execute("PRAGMA integrity_check(1)")]
            if faults != ["ok"]:
                if faults and (unread := UNREAD.search(faults[0])) and int(unread[1]) & 0xFF == IO_ERROR:
                    raise DatabaseFailed(path, f"reading it failed ({faults[0]}); it was not changed")
                raise damaged(path, faults[0] if faults else "the check said nothing")
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchone():
            raise damaged(path, "it has no schema revision, so it is not one of ours")
        revisions = [revision for (revision,) in db.execute("SELECT version_num FROM alembic_version")]
    if len(revisions) != 1:
        raise damaged(path, f"it has {len(revisions)} schema revisions instead of one")
    return Peek(str(revisions[0]))


def _way_in(path: Path) -> tuple[str, Callable[[], None]]:
    """Choose how to open a file for reading without leaving a trace, and how to tidy up afterwards."""
    address = path.absolute().as_uri()
    if _has_content(path, "-journal"):
        # The power failed during a migration: only SQLite itself can take the half-done step back.
        return f"{address}?mode=rw", _nothing
    if not _log_begun(path.with_name(f"{path.name}-wal")):
        # Read-only: a file that has just gone must not be made anew, and empty.
        return f"{address}?mode=ro&immutable=1", _nothing
    # What was committed last stands only in the -wal. A reader that may not write neither copies it over
    # nor removes it. It wants an index file beside it, but keeps the index in memory if that file is empty
    # and not to be written: this also works when the disk is full.
    index = path.with_name(f"{path.name}-shm")
    was_there = index.exists()
    index.touch()

    def tidy() -> None:
        if not was_there:
            index.unlink()

    return f"{address}?mode=ro&readonly_shm=1", tidy


def _has_content(path: Path, suffix: str) -> bool:
    try:
        return path.with_name(f"{path.name}{suffix}").stat().st_size > 0
    except FileNotFoundError:
        return False


def _log_begun(log: Path) -> bool:
    """Whether a -wal file may hold what the database does not (https://www.sqlite.org/fileformat2.html).

    After a power cut its header may stand alone, or be torn: SQLite's writer passes over such a log, and its
    reader asks for ten seconds and then gives up.
    """
    try:
        with log.open("rb") as opened:
            header = opened.read(LOG_HEADER_BYTES)
            more = opened.read(1)
    except FileNotFoundError:
        return False
    if not more or int.from_bytes(header[:4]) & ~1 != LOG_MAGIC:
        return False
    words = struct.unpack(f"{'>' if header[3] & 1 else '<'}6I", header[:24])
    one = two = 0
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return struct.pack(">2I", one, two) == header[24:]


def _nothing() -> None:
    """Leave no trace: there is none."""


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
