"""A full disk: refused whole, the session lives on, the reserve carries the last pick-ups."""

import itertools
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from locker.db.errors import DatabaseFailed, DiskFull
from locker.db.session import Database
from locker.disk import Ballast, free_bytes
from locker.domain.journal import SealedEntry
from tests.unit.db.examples import COURIER, FACTS, FIXTURES, SEEN, blank_automat, entry

DISK_BYTES = 4 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 4 MiB."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED on a real small file system: mounting one needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"NOT TESTED on a real small file system: {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        # Lazily: a test that fails may still have a file open there.
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def large_entry(sequence: int) -> SealedEntry:
    """Make an entry that fills a page."""
    small = entry(sequence)
    return SealedEntry(1, sequence, small.kind, None, small.at, small.hash, b"x" * 4000)


def commit_until_full(database: Database) -> int:
    """Commit entries until there is no room; return how many there are."""
    while True:
        sequence = database.head().sequence
        try:
            database.commit([COURIER], [large_entry(sequence + 1), large_entry(sequence + 2)], SEEN)
        except DiskFull:
            assert database.head().sequence == sequence
            return sequence


def limit_pages(database: Database, more: int) -> None:
    """Let the database grow by so many pages and no further."""
    (pages,) = database._driver.execute("PRAGMA page_count").fetchone()
    database._driver.execute(f"PRAGMA max_page_count = {pages + more}").fetchone()


def test_a_full_database_refuses_whole_decisions_and_goes_on_when_there_is_room(database: Database) -> None:
    limit_pages(database, 20)
    written = commit_until_full(database)
    assert written > 0
    assert len(database.latest(999)) == written
    limit_pages(database, 20)
    database.commit([], [large_entry(written + 1)], SEEN)
    assert database.head().sequence == written + 1


def test_a_full_disk_refuses_whole_decisions_and_goes_on_when_there_is_room(
    small_disk: Path, template: Path
) -> None:
    path = small_disk / "locker.db"
    path.write_bytes(template.read_bytes())
    database = Database.open(path)
    database.begin_epoch(1)
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (DISK_BYTES // 2))
    written = commit_until_full(database)
    assert written > 0
    assert [sealed.sequence for sealed in database.latest(9999)] == list(range(1, written + 1))
    filler.unlink()
    database.commit([], [large_entry(written + 1)], SEEN)
    database.close()

    reopened = Database.open(path)
    assert reopened.head().sequence == written + 1
    assert set(reopened.load(blank_automat(), FIXTURES).automat.credentials) == {"c7"}
    reopened.close()


def test_the_reserve_is_given_up_for_the_decision_that_found_the_disk_full(
    small_disk: Path, template: Path
) -> None:
    path = small_disk / "locker.db"
    path.write_bytes(template.read_bytes())
    ballast = Ballast(small_disk / "ballast", size_bytes=1024 * 1024)
    assert ballast.make()
    database = Database.open(path, reserve=ballast)
    database.begin_epoch(1)
    sequences = itertools.count(1)
    while ballast.held():
        database.commit([], [large_entry(next(sequences))], SEEN)
    assert database.latest(1)[0].sequence == database.head().sequence  # the very one that found it full
    for sequence in itertools.islice(sequences, 50):
        database.commit([], [large_entry(sequence)], SEEN)
    assert len(database.latest(9999)) == database.head().sequence
    assert not ballast.make()  # not while it would take the last room
    assert not ballast.path.exists()
    database.close()


def test_on_a_full_disk_the_logs_own_room_is_used_again_and_again(small_disk: Path, template: Path) -> None:
    path = small_disk / "locker.db"
    path.write_bytes(template.read_bytes())
    database = Database.open(path)
    database.begin_epoch(1)
    database.commit([FACTS], [], SEEN)
    (small_disk / "filler").write_bytes(b"x" * (free_bytes(small_disk) - 200_000))
    for second in range(200):
        database.commit([replace(FACTS, outage_owed_s=second)], [], SEEN)
    assert free_bytes(small_disk) < 50_000
    database.close()


def test_without_a_reserve_left_the_full_disk_is_said(database: Database, tmp_path: Path) -> None:
    database._reserve = Ballast(tmp_path / "never-made")
    limit_pages(database, 4)
    commit_until_full(database)


def test_a_full_disk_still_closes_and_opens(small_disk: Path, template: Path) -> None:
    path = small_disk / "locker.db"
    path.write_bytes(template.read_bytes())
    database = Database.open(path)
    database.begin_epoch(1)
    written = commit_until_full(database)
    (small_disk / "filler").write_bytes(b"x" * max(0, free_bytes(small_disk)))
    database.close()
    reopened = Database.open(path)
    assert reopened.head().sequence == written
    reopened.close()


def test_a_device_that_refuses_to_write_is_no_full_disk(database: Database) -> None:
    database._driver.execute("PRAGMA query_only = ON")
    with pytest.raises(DatabaseFailed, match="readonly"):
        database.commit([COURIER], [entry(1)], SEEN)
    database._driver.execute("PRAGMA query_only = OFF")
    assert database.head().sequence == 0
    database.commit([COURIER], [entry(1)], SEEN)
