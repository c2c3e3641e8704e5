"""What is shared between starts changes nothing of them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from locker.db.migrate import ensure_current
from tests.crash import vfs
from tests.crash.compiled import Climbed, compiled_once
from tests.crash.days import DATABASE, OLD_DATABASE, busy_day, opened, rows
from tests.crash.recording import Written


def old_database(root: Path, *, tokens: int) -> Path:
    """Make a database of the first version that differs in one value."""
    root.mkdir()
    with closing(sqlite3.connect(root / DATABASE)) as connection:
        connection.executescript(OLD_DATABASE.read_text(encoding="utf-8"))
        connection.execute("UPDATE attempts SET tokens = ?", (tokens,))
        connection.commit()
    return root / DATABASE


def reached(path: Path) -> str:
    """Migrate a file; return the rows."""
    ensure_current(path)
    with closing(sqlite3.connect(path)) as connection:
        return rows(connection)


def test_a_file_is_migrated_to_what_the_daemon_makes_of_it_and_another_file_to_another(
    tmp_path: Path,
) -> None:
    one, other = (reached(old_database(tmp_path / f"plain-{tokens}", tokens=tokens)) for tokens in (1, 2))
    assert one != other
    with compiled_once(), Climbed().known():
        for time in range(2):
            assert reached(old_database(tmp_path / f"{time}-1", tokens=1)) == one
            assert reached(old_database(tmp_path / f"{time}-2", tokens=2)) == other


def test_a_database_that_is_made_again_can_be_worked_with(tmp_path: Path) -> None:
    with compiled_once(), Climbed().known():
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            ensure_current(tmp_path / name / DATABASE)
            with opened(tmp_path / name / DATABASE) as database:
                assert database.begin_epoch(1).sequence == 0


@pytest.mark.skipif(vfs.why_not() is not None, reason=str(vfs.why_not()))
def test_the_log_of_a_busy_day_is_begun_three_times(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    recording = busy_day(tmp_path / "root", Random(1))
    headers = [
        each for each in recording.trace if isinstance(each, Written) and each.data[:3] == b"7\x7f\x06"
    ]
    assert len(headers) == 3
