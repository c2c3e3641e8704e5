"""Runs the migrations with Alembic; imported only when there is something to migrate."""

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from locker.db.files import BUSY_TIMEOUT_S, address_of
from locker.db.ladder import Ladder


def upgrade(path: Path, ladder: Ladder) -> None:
    """Run every missing migration, each in its own transaction, on a file that nobody else has open."""
    engine = _engine(path)
    try:
        with engine.connect() as connection:
            command.upgrade(config(ladder.scripts, connection), ladder.head)
    finally:
        engine.dispose()


def config(scripts: str, connection: Connection | None = None) -> Config:
    """Describe where the migrations lie, and the connection to run them on."""
    described = Config()
    described.set_main_option("script_location", scripts.replace("%", "%%"))
    described.set_main_option("path_separator", "os")
    described.attributes["connection"] = connection
    return described


def _engine(path: Path) -> Engine:
    def connect() -> sqlite3.Connection:
        driver = sqlite3.connect(address_of(path), uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)
        # A rollback journal, not WAL: then the revision in the file itself is always the true one, and
        # a version that does not know it can refuse without touching anything.
        driver.execute("PRAGMA journal_mode = DELETE").fetchone()
        driver.execute("PRAGMA synchronous = EXTRA")
        # Rebuilding a table drops it; the references are checked at the end of every step instead.
        driver.execute("PRAGMA foreign_keys = OFF")
        return driver

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine
