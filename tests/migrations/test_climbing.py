"""Making and migrating database files: complete or not at all, with a backup beside them."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from locker.db.errors import DamagedDatabase, DatabaseInUse, MigrationFailed, NewerDatabase
from locker.db.migrate import HEAD, check_current, ensure_current
from locker.db.session import Database
from locker.db.tables import Base
from locker.domain.automat import Facts
from locker.domain.parcels import Parcel, Role
from tests.migrations.conftest import OLD, MakeLadder
from tests.unit.db.examples import (
    BLOCKED,
    CLEARED,
    COLLECTED,
    COURIER,
    FACTS,
    FIXTURES,
    INCIDENT,
    OPENING,
    REFUSED,
    REMOTE,
    RETURNED,
    SEEN,
    SENT,
    STORED,
    TECHNICIAN,
    blank_automat,
    files_beside,
)

UNACKNOWLEDGED = replace(INCIDENT, acknowledged_at=None, acknowledged_by=None)
KNOWN_FACTS = replace(FACTS, audits_numbered=0, forks_settled_through=0)


def test_a_new_database_is_complete_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "locker.db"
    assert ensure_current(path) == "created"
    assert sorted(files_beside(path)) == ["locker.db"]
    assert ensure_current(path) == "current"
    check_current(path)


def test_what_a_killed_start_left_behind_does_not_disturb_the_next(tmp_path: Path) -> None:
    path = tmp_path / "locker.db"
    path.with_name("locker.db.unfinished").write_bytes(b"half of something")
    path.with_name("locker.db.unfinished-journal").write_bytes(b"half of something")
    assert ensure_current(path) == "created"
    assert sorted(files_beside(path)) == ["locker.db"]


@pytest.mark.parametrize("name", OLD)
def test_old_databases_open_twice(old: Callable[[str], Path], name: str) -> None:
    path = old(name)
    for _ in range(2):
        ensure_current(path)
        assert _revision(path) == HEAD
        database = Database.open(path)
        database.load(blank_automat(), FIXTURES)
        database.close()


def test_the_first_schemas_rows_mean_what_they_meant(old: Callable[[str], Path]) -> None:
    path = old("busy-0001")
    ensure_current(path)
    database = Database.open(path)
    automat = database.load(blank_automat(), FIXTURES).automat
    stored, announced, collected = (automat.parcels[f"JJFI0000000000000000{number}"] for number in (1, 2, 3))
    assert stored == replace(STORED, dimensions_mm=None, accessible=False)
    assert announced == Parcel("JJFI00000000000000002", "M")
    assert (collected.state, collected.compartment, collected.reopen_until_s) == ("collected", "1", 99.5)
    assert (automat.compartments["1"].tracking_id, automat.compartments["2"].blocked) == (
        STORED.tracking_id,
        None,
    )
    assert {label: opening.person for label, opening in automat.openings.items()} == {"1": None, "2": "c7"}
    assert automat.openings["1"] == OPENING
    assert automat.credentials["c7"] == COURIER
    assert {holder: person.role for holder, person in automat.credentials.items()} == {
        "c7": Role.COURIER,
        "c8": Role.COURIER,
    }
    assert (set(automat.attempts), set(automat.commands), set(automat.seen)) == ({"front"}, {"cmd-1"}, set())
    assert automat.facts == Facts(incidents_numbered=3, storage_low=True)
    assert database.head().sequence == 2
    database.close()


def test_the_second_schemas_rows_are_all_there(old: Callable[[str], Path]) -> None:
    path = old("busy-0002")
    ensure_current(path)
    database = Database.open(path)
    automat = database.load(blank_automat(), FIXTURES).automat
    assert set(automat.parcels.values()) == {STORED, SENT, REFUSED, COLLECTED}
    assert automat.compartments["4"] == replace(BLOCKED, opening_ongoing=True)
    assert set(automat.openings.values()) == {OPENING, replace(REMOTE, stray=None, user=None)}
    assert set(automat.credentials.values()) == {COURIER, TECHNICIAN}
    assert set(automat.incidents.values()) == {UNACKNOWLEDGED, CLEARED}
    assert set(automat.seen.values()) == {RETURNED}
    assert (automat.facts, automat.last_seen) == (replace(KNOWN_FACTS, commission=()), SEEN)
    database.close()


def test_the_third_schemas_rows_are_all_there(old: Callable[[str], Path]) -> None:
    path = old("busy-0003")
    ensure_current(path)
    database = Database.open(path)
    automat = database.load(blank_automat(), FIXTURES).automat
    assert set(automat.openings.values()) == {OPENING, replace(REMOTE, user=None)}
    assert set(automat.incidents.values()) == {UNACKNOWLEDGED, CLEARED}
    assert (automat.audit, dict(automat.findings)) == (None, {})
    assert automat.facts == KNOWN_FACTS
    database.close()


def test_the_newest_of_the_old_databases_has_a_row_in_every_table_and_a_value_in_every_column(
    old: Callable[[str], Path],
) -> None:
    with closing(sqlite3.connect(old(f"busy-{HEAD}"))) as database:
        for table in Base.metadata.sorted_tables:
            for column in table.c:
                query = f"SELECT {column.name} FROM {table.name}"  # noqa: S608 - names of ours
                values = {value for (value,) in database.execute(query)}
                assert values - {None, 0, "", "[]"}, f"nothing in {column}"


@pytest.mark.parametrize("name", OLD)
def test_an_older_database_climbs_with_a_backup_beside_it(
    old: Callable[[str], Path], ladder_of: MakeLadder, name: str
) -> None:
    path = old(name)
    before, backup = _dump(path), f"locker.db.backup-{name.rpartition('-')[2]}"
    ladder = ladder_of("revision_9001", "revision_9002")
    assert ensure_current(path, ladder) == "migrated"
    assert _revision(path) == "9002"
    assert sorted(files_beside(path)) == ["locker.db", backup]
    assert _dump(path.with_name(backup)) == before
    assert ensure_current(path, ladder) == "current"
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM parcel WHERE weight_g = 0").fetchone() == (
            len([line for line in before if line.startswith('INSERT INTO "parcel"')]),
        )
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_what_stands_only_in_the_log_is_in_the_backup_and_migrated(
    old: Callable[[str], Path], ladder_of: MakeLadder, tmp_path: Path
) -> None:
    path = old("busy-0001")
    cut = tmp_path / "cut" / "locker.db"
    cut.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("UPDATE parcel SET size = 'XL'")
        for suffix in ("", "-wal"):
            cut.with_name(f"locker.db{suffix}").write_bytes(path.with_name(f"locker.db{suffix}").read_bytes())
    ensure_current(cut, ladder_of("revision_9001"))
    for file in (cut, cut.with_name("locker.db.backup-0001")):
        with closing(sqlite3.connect(file)) as database:
            assert database.execute("SELECT DISTINCT size FROM parcel").fetchall() == [("XL",)]


@pytest.mark.parametrize(
    ("last", "reason"),
    [("failing_9002", "no such table: nowhere"), ("dangling_9002", "points at a missing row of parcel")],
)
def test_a_step_that_fails_leaves_the_one_before_it_whole(
    old: Callable[[str], Path], ladder_of: MakeLadder, last: str, reason: str, tmp_path: Path
) -> None:
    path = old("busy-0001")
    ladder = ladder_of("revision_9001", last)
    with pytest.raises(MigrationFailed, match=reason):
        ensure_current(path, ladder)
    assert _revision(path) == "9001"
    with closing(sqlite3.connect(path)) as database:
        assert [row[1] for row in database.execute("PRAGMA table_info(shelf)")] == ["name"]
        assert database.execute("SELECT count(*) FROM parcel").fetchone() == (3,)
    assert path.with_name("locker.db.backup-0001").exists()


def test_a_new_file_whose_making_fails_is_not_there(tmp_path: Path, ladder_of: MakeLadder) -> None:
    path = tmp_path / "place" / "locker.db"
    path.parent.mkdir()
    with pytest.raises(MigrationFailed):
        ensure_current(path, ladder_of("revision_9001", "failing_9002"))
    assert not path.exists()


def test_a_newer_database_is_not_migrated(tmp_path: Path, ladder_of: MakeLadder) -> None:
    path = tmp_path / "place" / "locker.db"
    path.parent.mkdir()
    ensure_current(path, ladder_of("revision_9001"))
    before = files_beside(path)
    with pytest.raises(NewerDatabase, match="'9001'"):
        ensure_current(path)
    assert files_beside(path) == before


def test_a_database_in_use_is_not_migrated(old: Callable[[str], Path], ladder_of: MakeLadder) -> None:
    path = old(f"empty-{HEAD}")
    ladder = ladder_of("revision_9001")
    database = Database.open(path)
    with pytest.raises(DatabaseInUse):
        ensure_current(path, ladder)
    database.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseInUse):
            ensure_current(path, ladder)
    assert _revision(path) == HEAD


def test_a_damaged_older_database_is_left_alone(old: Callable[[str], Path], ladder_of: MakeLadder) -> None:
    path = old("busy-0001")
    data = bytearray(path.read_bytes())
    data[4 * 4096 : 5 * 4096] = os.urandom(4096)
    path.write_bytes(data)
    before = files_beside(path)
    with pytest.raises(DamagedDatabase):
        ensure_current(path, ladder_of("revision_9001"))
    assert files_beside(path) == before


def _revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        return str(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def _dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return list(database.iterdump())
