"""A database's files as something left them: taken, put elsewhere; logs that are long, or cut short."""

from contextlib import closing
from pathlib import Path

from locker.db import session
from locker.db.session import Database
from tests.crash.days import DATABASE

FRAME_BYTES = 24 + 4096
"""A page in the log."""


def plant(root: Path, files: dict[str, bytes]) -> None:
    """Put files into an empty directory."""
    for name, content in files.items():
        (root / name).write_bytes(content)


def harvest(root: Path) -> dict[str, bytes]:
    """Take the database's files as they are."""
    return {
        file.name: file.read_bytes() for file in root.glob(f"{DATABASE}*") if not file.name.endswith("-lock")
    }


def lengthen_log(database: Database) -> None:
    """Make a log that is copied over after the next commit, and by SQLite as well, if it did that."""
    database.commit([], [])  # from here on the log is this session's own
    while not database._log.exists() or database._log.stat().st_size < session.LOG_BYTES - 3 * FRAME_BYTES:
        _change_nothing(database, of_the_journal=False)


def left_log(root: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """Leave a log of a session that did not come to its end; its rows are those that were there."""
    root.mkdir()
    plant(root, files)
    with closing(Database.open(root / DATABASE)) as database:
        _change_nothing(database, of_the_journal=True)
        return harvest(root)


def _change_nothing(database: Database, *, of_the_journal: bool) -> None:
    """Write pages that say what they said before: one, or all of the journal, too."""
    driver = database._driver
    driver.execute("BEGIN IMMEDIATE")
    driver.execute("UPDATE facts SET clock_doubted = NOT clock_doubted")
    driver.execute("UPDATE facts SET clock_doubted = NOT clock_doubted")
    if of_the_journal:
        driver.execute("UPDATE journal SET subject = subject")
    driver.execute("COMMIT")
