"""Brings a database file to this version's schema: complete or not at all.

At the current revision nothing but the standard library is used: the migration library costs 90 ms
and 11 MiB at every start, and is needed once a release.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Literal

from locker.db.errors import (
    DamagedDatabase,
    DatabaseError,
    DatabaseFailed,
    DatabaseMissing,
    MigrationFailed,
    NewerDatabase,
    OutdatedDatabase,
)
from locker.db.files import Claim, copy_database, failure, peek, sync_directory, sync_file
from locker.db.ladder import LADDER, Ladder

Outcome = Literal["current", "created", "migrated"]


HEAD = LADDER.head


def ensure_current(path: Path, ladder: Ladder = LADDER) -> Outcome:
    """Make or migrate the database file at a path; a current one is not changed.

    Raises NewerDatabase, DamagedDatabase or DatabaseInUse and leaves the file as it was; MigrationFailed
    or DiskFull leave it at the last revision that was completed, with a backup beside it.
    """
    with Claim(path):
        if not path.exists():
            _create(path, ladder)
            return "created"
        revision = peek(path).revision
        if revision == ladder.head:
            return "current"
        if revision not in ladder.revisions:
            raise newer(path, revision, ladder)
        peek(path, whole=True)
        backup = path.with_name(f"{path.name}.backup-{revision}")
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as source:
                copy_database(source, backup)
        except (sqlite3.Error, OSError) as error:
            raise failure(path, error, doing=f"copying it to {backup} before migrating") from error
        _climb(path, ladder)
        return "migrated"


def check_current(path: Path, ladder: Ladder = LADDER, *, whole: bool = True) -> None:
    """Refuse a file that is missing, damaged, newer or not yet migrated; changes nothing."""
    if not path.exists():
        raise DatabaseMissing(path, "there is no such file; `lockerd migrate` makes a new database")
    revision = peek(path, whole=whole).revision
    if revision == ladder.head:
        return
    if revision in ladder.revisions:
        raise OutdatedDatabase(
            path, f"it has revision {revision}, this version wants {ladder.head}; run `lockerd migrate`"
        )
    raise newer(path, revision, ladder)


def newer(path: Path, revision: str, ladder: Ladder) -> NewerDatabase:
    """Say that a revision is not known here."""
    return NewerDatabase(
        path,
        f"its revision {revision!r} is not known to this version (which knows up to {ladder.head}); "
        "it was not changed. Install the version that wrote it, or restore a backup",
    )


def _create(path: Path, ladder: Ladder) -> None:
    """Build a new file under another name and rename it when it is whole."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    for leftover in (unfinished, unfinished.with_name(f"{unfinished.name}-journal")):
        leftover.unlink(missing_ok=True)
    try:
        _climb(unfinished, ladder)
        sync_file(unfinished)
        unfinished.rename(path)
        sync_directory(path.parent)
    except OSError as error:
        raise failure(path, error, doing="creating it") from error


def _climb(path: Path, ladder: Ladder) -> None:
    """Run every missing migration, each in its own transaction."""
    upgrade = _upgrader()
    try:
        upgrade(path, ladder)
    except DatabaseError:
        raise
    except Exception as error:
        reason = failure(path, error, doing="migrating it")
        if type(reason) is DatabaseFailed:
            reason = MigrationFailed(
                path,
                f"migrating it to revision {ladder.head} failed ({type(error).__name__}: {error}); "
                "the step that failed left nothing behind",
            )
        raise reason from error
    reached = peek(path).revision
    if reached != ladder.head:
        raise DamagedDatabase(path, f"the migrations ended at revision {reached}, not {ladder.head}")


def _upgrader() -> Callable[[Path, Ladder], None]:
    from locker.db.upgrade import upgrade  # costs 90 ms and 11 MiB: only when there is something to do

    return upgrade
