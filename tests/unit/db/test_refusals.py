"""Files that are not opened: each with its reason, each left byte for byte as it was."""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from locker.db.errors import (
    DamagedDatabase,
    DatabaseError,
    DatabaseInUse,
    DatabaseMissing,
    NewerDatabase,
    OutdatedDatabase,
)
from locker.db.ladder import Ladder
from locker.db.migrate import HEAD, check_current, ensure_current
from locker.db.session import Database
from tests.unit.db.examples import FIXTURES, SEEN, blank_automat, entry, files_beside

HOLDER = """
import sys
from pathlib import Path
from locker.db.session import Database
database = Database.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_refused_at_the_open(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        for attempt in (Database.open, ensure_current):
            with pytest.raises(DatabaseInUse, match="in use by another process") as refusal:
                attempt(path)
            assert str(path) in str(refusal.value)
        with closing(sqlite3.connect(path, timeout=0)) as shell, pytest.raises(sqlite3.OperationalError):
            shell.execute("SELECT * FROM journal")
        assert holder.stdin is not None
        holder.stdin.close()
    Database.open(path).close()


def test_a_second_open_in_the_same_process_is_refused_and_harms_nothing(path: Path) -> None:
    first = Database.open(path)
    first.begin_epoch(1)
    with pytest.raises(DatabaseInUse):
        Database.open(path)
    first.commit([], [entry(1)], SEEN)
    with closing(sqlite3.connect(path, timeout=0)) as shell, pytest.raises(sqlite3.OperationalError):
        shell.execute("SELECT * FROM journal")  # the refused attempt has not dropped the first one's locks
    first.close()


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "BEGIN; SELECT count(*) FROM journal"])
def test_a_shell_in_a_transaction_keeps_the_daemon_out(path: Path, statement: str) -> None:
    Database.open(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        for part in statement.split(";"):
            shell.execute(part)
        with pytest.raises(DatabaseInUse):
            Database.open(path)
    Database.open(path).close()


def test_a_missing_file_is_not_made_by_opening(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing, match="lockerd migrate"):
        Database.open(tmp_path / "none.db")
    assert files_beside(tmp_path / "none.db") == {}


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing, match=r"directory .*nowhere does not exist"):
        ensure_current(tmp_path / "nowhere" / "locker.db")


@pytest.mark.parametrize("attempt", [Database.open, ensure_current, check_current])
def test_a_newer_revision_is_refused_and_left_untouched(
    path: Path, attempt: Callable[[Path], object]
) -> None:
    _set_revision(path, "9999")
    before = files_beside(path)
    with pytest.raises(NewerDatabase, match=rf"'9999' is not known .* \(which knows up to {HEAD}\)"):
        attempt(path)
    assert files_beside(path) == before


def test_a_newer_revision_is_refused_even_when_the_power_failed_on_it(path: Path, tmp_path: Path) -> None:
    database = Database.open(path)
    database._driver.execute("UPDATE alembic_version SET version_num = '9999'")
    cut = tmp_path / "cut" / "locker.db"
    _power_cut(path, cut)
    before = files_beside(cut)
    assert before["locker.db-wal"]
    for attempt in (Database.open, ensure_current):
        with pytest.raises(NewerDatabase):
            attempt(cut)
        assert files_beside(cut) == before
    database.close()


def test_an_older_revision_is_not_opened_before_it_is_migrated(path: Path) -> None:
    later = Ladder("somewhere", (HEAD, "9001"))
    with pytest.raises(OutdatedDatabase, match="run `lockerd migrate`"):
        check_current(path, later)


def _flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    for place in range(offset, offset + 16):
        data[place] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: _flip(path, 0), id="header"),
        pytest.param(lambda path: _flip(path, 100), id="schema page"),
        pytest.param(lambda path: _flip(path, 5 * 4096), id="a table's page"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[: 6 * 4096]), id="cut short"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(b"no database\n" * 999), id="text"),
    ],
)
def test_a_damaged_file_is_refused_and_left_untouched(path: Path, damage: Callable[[Path], None]) -> None:
    database = Database.open(path)
    database.begin_epoch(1)
    for sequence in range(1, 60):
        database.commit([], [entry(sequence)], SEEN)
    database.close()
    damage(path)
    before = files_beside(path)
    with pytest.raises(DamagedDatabase, match="Keep the file"):
        Database.open(path)
    assert files_beside(path) == before


def test_a_row_that_its_index_tells_otherwise_is_refused(path: Path) -> None:
    with closing(Database.open(path)) as database:
        database.begin_epoch(1)
        database.commit([], [replace(entry(1), subject="JJFI-of-row-and-index")], SEEN)
    whole = path.read_bytes()
    places = [found.start() for found in re.finditer(b"JJFI-of-row-and-index", whole)]
    assert len(places) == 2
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        with pytest.raises(DamagedDatabase, match="index"):
            Database.open(path)


def test_damage_is_found_under_what_a_power_cut_left(path: Path, tmp_path: Path) -> None:
    database = Database.open(path)
    database.begin_epoch(1)
    database.commit([], [entry(1)], SEEN)
    cut = tmp_path / "cut" / "locker.db"
    _power_cut(path, cut)
    database.close()
    _flip(cut, 7 * 4096)
    before = files_beside(cut)
    assert before["locker.db-wal"]
    with pytest.raises(DamagedDatabase):
        Database.open(cut)
    assert files_beside(cut) == before


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "locker.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE music (title TEXT)")
    before = files_beside(path)
    for attempt in (Database.open, ensure_current):
        with pytest.raises(DamagedDatabase, match="not one of ours"):
            attempt(path)
    assert files_beside(path) == before


def test_a_directory_in_the_files_place_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "locker.db"
    path.mkdir()
    with pytest.raises(DatabaseError, match=r"locker\.db"):
        ensure_current(path)


def test_a_row_that_cannot_be_a_value_is_named_at_the_load(database: Database) -> None:
    database._driver.execute(
        "INSERT INTO compartment (label, condition, door) VALUES ('1', 'splendid', 'shut')"
    )
    with pytest.raises(DamagedDatabase, match="'splendid'"):
        database.load(blank_automat(), FIXTURES)


def _set_revision(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def _power_cut(path: Path, to: Path) -> None:
    """Copy the files of an open database, as a disk would hold them if the power failed now."""
    to.parent.mkdir()
    for suffix in ("", "-wal"):
        shutil.copyfile(path.with_name(path.name + suffix), to.with_name(to.name + suffix))
