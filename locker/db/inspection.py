"""A database that is only looked into: opened anew for each question, and left without a trace.

For safe mode: it answers as far as the file can be read, and the file may be exchanged at any moment.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Select, create_engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from locker.db.errors import DatabaseError
from locker.db.files import damaged, failure, looking_into
from locker.db.loading import Loaded, load_automat, stored_head
from locker.db.records import record_of
from locker.domain.automat import Automat
from locker.domain.compartments import Fixture
from locker.domain.journal import ChainHead, SealedEntry

_JOURNAL = record_of(SealedEntry)


class Inspection:
    """Reads what `locker.db.session.Database` reads, and writes nothing; every method may block.

    Raises a DatabaseError that names the file and what is wrong with it.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened yet."""
        self._path = path

    def head(self) -> ChainHead | None:
        """Return where the journal ends; None if it is empty."""
        with self._reading() as connection:
            return stored_head(connection)

    def load(self, blank: Automat, fixtures: Mapping[str, Fixture]) -> Loaded:
        """Build the automat as the database knows it."""
        with self._reading() as connection:
            return load_automat(connection, blank, fixtures, stored_head(connection))

    def entries(self, epoch: int, first: int, limit: int) -> list[SealedEntry]:
        """Return at most `limit` entries of an epoch from number `first` on, in order."""
        journal = _JOURNAL.table
        query = select(journal).where(journal.c.epoch == epoch, journal.c.sequence >= first)
        return self._entries(query.order_by(journal.c.sequence).limit(limit))

    def entries_about(self, subject: str, limit: int) -> list[SealedEntry]:
        """Return the newest `limit` entries about one subject, oldest first."""
        journal = _JOURNAL.table
        query = select(journal).where(journal.c.subject == subject)
        newest_first = query.order_by(journal.c.epoch.desc(), journal.c.sequence.desc()).limit(limit)
        return self._entries(newest_first)[::-1]

    def _entries(self, query: Select[tuple[object, ...]]) -> list[SealedEntry]:
        with self._reading() as connection:
            return [_JOURNAL.from_row(row) for row in connection.execute(query).mappings()]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with looking_into(self._path) as driver:
                engine = create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool)
                try:
                    with engine.connect() as connection:
                        yield connection
                finally:
                    engine.dispose()
        except DatabaseError:
            raise
        except (DBAPIError, sqlite3.Error, OSError, UnicodeError, OverflowError) as error:
            raise failure(self._path, error, doing="reading it") from error
        except (ValueError, TypeError, KeyError) as error:
            raise damaged(self._path, f"a row is not what it should be: {error}") from error
