"""F5: damage that SQLite's own check does not see is found when the automat is built, and called damage."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from locker.db.errors import DamagedDatabase, DatabaseError
from locker.db.inspection import Inspection
from locker.db.session import Database
from tests.unit.db.examples import FIXTURES, blank_automat

UNREADABLE = {
    "a text that is no UTF-8": "UPDATE facts SET mode = CAST(x'ff80' AS TEXT)",
    "a word that means nothing": "UPDATE facts SET mode = 'sideways'",
    "a list that is none": "UPDATE facts SET word_awaited = '['",
}
RENAMED = "ALTER TABLE finding RENAME COLUMN said_by TO said_b9"


def change(path: Path, statement: str) -> bytes:
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "INSERT OR IGNORE INTO facts SELECT 1, 0, 0, 0, 0, 'normal', NULL, '[]', 0, 0, '[]', '', 0, 0"
        )
        db.execute(statement)
        db.commit()
    return path.read_bytes()


def load(path: Path) -> None:
    with closing(Database.open(path)) as database:
        database.begin_epoch(1)
        database.load(blank_automat(), FIXTURES)


@pytest.mark.parametrize(
    "statement", [*UNREADABLE.values(), RENAMED], ids=[*UNREADABLE, "a schema that is none"]
)
def test_damage_in_rows_is_called_damage(path: Path, statement: str) -> None:
    change(path, statement)
    with pytest.raises(DamagedDatabase):
        load(path)


def test_a_journal_that_is_gone_is_damage_and_the_file_is_let_go(path: Path) -> None:
    change(path, "DROP TABLE journal")
    for _again in range(2):
        with pytest.raises(DamagedDatabase, match="no such table"):
            Database.open(path)


@pytest.mark.parametrize("statement", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_only_looked_into_says_so_too_and_is_not_changed(path: Path, statement: str) -> None:
    content = change(path, statement)
    with pytest.raises(DamagedDatabase):
        Inspection(path).load(blank_automat(), FIXTURES)
    assert path.read_bytes() == content
    assert Inspection(path).head() is None


def test_looking_into_a_file_that_is_gone_makes_none(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"gone\.db"):
        Inspection(tmp_path / "gone.db").head()
    assert not list(tmp_path.iterdir())
