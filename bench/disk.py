"""A disk with a slow fsync, as far as that can be had without one."""

import sqlite3
import time
from types import TracebackType
from typing import Self

from sqlalchemy import event
from sqlalchemy.pool import Pool


class Disk:
    """Counts every COMMIT that SQLite runs; lets each take `fsync_s` longer in the thread that commits.

    SQLite's own trace is its ear, so no COMMIT can pass unheard, whoever sends it. A commit of a WAL database
    with synchronous=FULL waits for one fsync.
    """

    def __init__(self, fsync_s: float) -> None:
        """Begin to count."""
        self.fsync_s = fsync_s
        self.commits = 0

    def __enter__(self) -> Self:
        """Hear every connection that is made from now on through SQLAlchemy."""
        event.listen(Pool, "connect", self._connected)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hear no more of them."""
        event.remove(Pool, "connect", self._connected)

    def attach(self, connection: sqlite3.Connection) -> None:
        """Hear one connection."""
        connection.set_trace_callback(self._heard)

    def _connected(self, connection: sqlite3.Connection, _record: object) -> None:
        self.attach(connection)

    def _heard(self, statement: str) -> None:
        if statement.startswith("COMMIT"):
            self.commits += 1
            time.sleep(self.fsync_s)
