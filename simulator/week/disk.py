"""The disk of a week: it fills up until SQLite itself finds no room, and it fails when something is to last.

A full one is SQLite's own doing: it may use no more pages. A failing one says so when a transaction is to
be made durable, before it is or after, for nobody can know which.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

PLENTY_BYTES = 1 << 40
HARDLY_ANY_BYTES = 1024
PLENTY_PAGES = 4_294_967_294
RESERVE_PAGES = 8 * 1024 * 1024 // 4096

Failure = Literal["before", "after"]
"""When a transaction fails: with nothing of it written, or with all of it, and nobody was told."""


class Disk:
    """What the daemon's database lies on; `reserve` is the file that is given up when there is no room."""

    def __init__(self, reserve: Path) -> None:
        self.free_bytes = PLENTY_BYTES
        self.strikes = 0
        """How often it refused something so far."""
        self._reserve = reserve
        self._had_reserve = False
        self._full = False
        self._failure: Callable[[], Failure | None] = _never
        self._open: list[Connection] = []

    def fill(self, *, with_reserve: bool) -> None:
        """Let there be no page more, but those of the reserve as soon as it is given up."""
        self._full = True
        self.free_bytes = HARDLY_ANY_BYTES
        self._had_reserve = with_reserve and self._reserve.exists()
        for connection in self._open:
            self._limit(connection)

    def empty(self) -> None:
        """Let there be room again."""
        self._full = False
        self.free_bytes = PLENTY_BYTES
        for connection in self._open:
            connection.limit(PLENTY_PAGES)

    def fail(self, failure: Callable[[], Failure | None]) -> None:
        """Let transactions fail from now on, whenever this says so."""
        self._failure = failure

    def heal(self) -> None:
        """Fail no more."""
        self._failure = _never

    def open_file(self, *name: Any, **settings: Any) -> sqlite3.Connection:
        """Open a file on it."""
        connection = sqlite3.connect(*name, factory=Connection, **settings)
        connection.disk = self
        self._open.append(connection)
        if self._full:
            self._limit(connection)
        return connection

    def closed(self, connection: "Connection") -> None:
        """Take note that a file is open no more."""
        if connection in self._open:
            self._open.remove(connection)

    def look_again(self, connection: "Connection") -> None:
        """What was refused before may have room now: the reserve was given up."""
        self.strikes += self._full
        if self._full and self._had_reserve and not self._reserve.exists():
            self._had_reserve = False
            connection.limit(connection.pages + RESERVE_PAGES)

    def due(self) -> Failure | None:
        """Tell whether the transaction that ends now fails, and how."""
        return self._failure()

    def _limit(self, connection: "Connection") -> None:
        connection.limit(connection.pages)


class Connection(sqlite3.Connection):
    """One session with a database file on such a disk."""

    disk: Disk

    @property
    def pages(self) -> int:
        """How many pages the file has."""
        return int(self.execute("PRAGMA page_count").fetchone()[0])

    def limit(self, pages: int) -> None:
        """Let the file have no more pages."""
        self.execute(f"PRAGMA max_page_count = {pages}").fetchall()

    def commit(self) -> None:
        """Make it last, or fail."""
        failure = self.disk.due() if self.in_transaction else None
        if failure == "before":
            raise self._failed()
        super().commit()
        if failure == "after":
            raise self._failed()

    def rollback(self) -> None:
        """Take back what was not committed."""
        super().rollback()
        self.disk.look_again(self)

    def close(self) -> None:
        """Close the file."""
        self.disk.closed(self)
        super().close()

    def _failed(self) -> sqlite3.OperationalError:
        self.disk.strikes += 1
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        return error


def _never() -> Failure | None:
    return None
