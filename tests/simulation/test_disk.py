"""The disk of a week: full inside SQLite, failing when something is to last; what the daemon makes of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from simulator.virtual_loop import run
from simulator.week.disk import Disk, Failure
from simulator.week.troubles import Trouble
from simulator.week.week import Settings, Week

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / "reserve").write_bytes(b"x")
    return Disk(tmp_path / "reserve")


@pytest.fixture
def file(disk: Disk, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(disk.open_file(tmp_path / "a.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE kept (what BLOB)")
        yield connection


def _write(file: sqlite3.Connection, size: int = 20_000) -> None:
    file.execute("BEGIN IMMEDIATE")
    file.execute("INSERT INTO kept VALUES (?)", (bytes(size),))
    file.commit()


def _rows(file: sqlite3.Connection) -> int:
    return int(file.execute("SELECT count(*) FROM kept").fetchone()[0])


def test_sqlite_itself_finds_a_full_disk_full_until_the_reserve_is_given_up(
    disk: Disk, file: sqlite3.Connection, tmp_path: Path
) -> None:
    disk.fill(with_reserve=True)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        _write(file)
    (tmp_path / "reserve").unlink()
    file.rollback()
    _write(file)
    assert (_rows(file), disk.strikes) == (1, 1)


def test_without_a_reserve_there_is_room_only_when_the_disk_is_emptied(
    disk: Disk, file: sqlite3.Connection, tmp_path: Path
) -> None:
    disk.fill(with_reserve=False)
    (tmp_path / "reserve").unlink()
    for _ in range(2):
        with pytest.raises(sqlite3.OperationalError, match="full"):
            _write(file)
        file.rollback()
    disk.empty()
    _write(file)
    assert _rows(file) == 1


@pytest.mark.parametrize(("failure", "rows"), [("before", 0), ("after", 1)])
def test_a_disk_fails_before_or_after_a_transaction_lasts(
    disk: Disk, file: sqlite3.Connection, failure: Failure, rows: int
) -> None:
    disk.fail(lambda: failure)
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        _write(file)
    file.rollback()
    disk.heal()
    assert _rows(file) == rows


async def _troubled(directory: Path, kind: str, for_s: float, then_s: float) -> tuple[Week, list[str]]:
    week = Week(Settings(3, kept=(), compartments=0), directory)
    async with week.begun():
        people = week.people
        people.behave()
        await people.announce("S")
        await week.pause(10.0)
        trouble = Trouble(0.0, kind, for_s, 1)  # type: ignore[arg-type]  # a kind of trouble, by its name
        task = week.spawn(week.troublemaker.cause(trouble))
        await week.pause(5.0)
        for who, what in (("the courier", people.bring), ("a recipient", people.collect_some)):
            await week.do(people.visit(who, what))
            await week.pause(60.0)
        await week.pause(then_s)
        assert task.done()
        assert week.stand.is_served
        await week.do(people.visit("the courier", people.bring))
        await week.pause(60.0)
        await week.do(people.visit("a recipient", people.collect_some))
        await week.pause(60.0)
        week.check()
    return week, [entry.kind for entry in week.witness.entries.values()]


def test_a_disk_that_fails_on_leads_to_safe_mode_and_out_of_it(tmp_path: Path) -> None:
    week, kinds = run(_troubled(tmp_path, "disk-fails", 900.0, 3600.0))
    assert week.stand.ended_on_purpose >= 5
    assert week.stand.stays_in_safe_mode == 1
    assert kinds.count("parcel.handed-over") == 1
    started = [entry for entry in week.witness.entries.values() if entry.kind == "started"]
    assert b"crash-loop" in started[-1].payload


@pytest.mark.parametrize("kind", ["disk-full", "disk-fails-once"])
def test_one_parcel_is_stored_and_handed_over_once_whatever_the_disk_does(kind: str, tmp_path: Path) -> None:
    _, kinds = run(_troubled(tmp_path, kind, 600.0, 3600.0))
    assert kinds.count("parcel.stored") == 1
    assert kinds.count("parcel.handed-over") == 1
