"""The session: what a commit writes comes back, and what it refuses leaves nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from locker.db.errors import DatabaseFailed, JournalOutOfStep
from locker.db.session import Database
from locker.domain.automat import Forgotten, Pruned
from locker.domain.compartments import Compartment
from locker.domain.journal import NO_HASH, ChainHead, EntryKind
from locker.domain.openings import Opening
from locker.domain.parcels import INSIDE, Credential, Parcel, ParcelState, Seen
from tests.unit.db.examples import (
    AT,
    BLOCKED,
    BUCKET,
    CLEARED,
    COLLECTED,
    COMMAND,
    COURIER,
    EVERYTHING,
    FACTS,
    FIXTURES,
    FULL,
    INCIDENT,
    OPENING,
    REFUSED,
    REMOTE,
    RETURNED,
    SEEN,
    SENT,
    STORED,
    SUSPECT,
    TECHNICIAN,
    blank_automat,
    entry,
    parked,
)


def test_an_empty_database_gives_the_configured_automat(database: Database) -> None:
    loaded = database.load(blank_automat(), FIXTURES)
    assert set(loaded.automat.compartments) == set(FIXTURES)
    assert all(box == Compartment(box.fixture) for box in loaded.automat.compartments.values())
    assert loaded.automat.last_seen == blank_automat().last_seen
    assert loaded.automat.epoch == 1
    assert loaded.unknown_compartments == ()


def test_everything_committed_is_loaded_by_the_next_session(path: Path) -> None:
    database = Database.open(path)
    database.begin_epoch(4)
    database.commit(EVERYTHING, [entry(1, epoch=4)], SEEN)
    database.close()

    reopened = Database.open(path)
    automat = reopened.load(blank_automat(), FIXTURES).automat
    parcels = (STORED, SENT, REFUSED, COLLECTED)
    assert dict(automat.parcels) == {parcel.tracking_id: parcel for parcel in parcels}
    assert automat.compartments["1"] == replace(FULL, opening_ongoing=True)
    assert automat.compartments["3R1"] == SUSPECT
    assert automat.compartments["4"] == replace(BLOCKED, opening_ongoing=True)
    assert automat.compartments["2"] == Compartment(FIXTURES["2"])
    assert dict(automat.credentials) == {"c7": COURIER, "t1": TECHNICIAN}
    assert dict(automat.attempts) == {"front": BUCKET}
    assert dict(automat.openings) == {"1": OPENING, "4": REMOTE}
    assert dict(automat.incidents) == {2: CLEARED, 3: INCIDENT}
    assert dict(automat.commands) == {"cmd-1": COMMAND}
    assert dict(automat.seen) == {RETURNED.tag: RETURNED}
    assert (automat.facts, automat.last_seen, automat.epoch) == (FACTS, SEEN, 4)
    assert reopened.head() == entry(1, epoch=4).head
    reopened.close()


def test_a_changed_value_replaces_the_old_one_and_a_forgotten_one_is_gone(database: Database) -> None:
    database.commit(EVERYTHING, [], SEEN)
    gone = [Forgotten(Opening, "1"), Forgotten(Credential, "t1"), Forgotten(Seen, RETURNED.tag)]
    database.commit([*gone, replace(COURIER, valid_until=AT)], [], SEEN)
    automat = database.load(blank_automat(), FIXTURES).automat
    assert (set(automat.openings), set(automat.credentials), set(automat.seen)) == ({"4"}, {"c7"}, set())
    assert automat.credentials["c7"].valid_until == AT


def test_the_given_clocks_stand_for_those_among_the_changes(database: Database) -> None:
    later = replace(SEEN, powered_s=2000.0)
    database.commit([SEEN], [], later)
    assert database.load(blank_automat(), {}).automat.last_seen == later
    database.commit([SEEN], [])
    assert database.load(blank_automat(), {}).automat.last_seen == SEEN


def test_a_row_without_a_configured_box_is_reported_with_its_opening(database: Database) -> None:
    database.commit(EVERYTHING, [], SEEN)
    loaded = database.load(blank_automat(), {"2": FIXTURES["2"]})
    assert set(loaded.automat.compartments) == {"2"}
    assert not loaded.automat.openings
    reported = {box.label: (box.tracking_id, box.opening) for box in loaded.unknown_compartments}
    assert reported == {"1": (STORED.tracking_id, True), "3R1": (None, False), "4": (SENT.tracking_id, True)}


@pytest.mark.parametrize("state", sorted(INSIDE))
def test_two_parcels_cannot_lie_in_one_compartment(database: Database, state: ParcelState) -> None:
    database.commit([replace(STORED, state=state), FULL], [], SEEN)
    with pytest.raises(DatabaseFailed, match="UNIQUE"):
        database.commit([COURIER, replace(STORED, tracking_id="other")], [entry(1)], SEEN)
    automat = database.load(blank_automat(), FIXTURES).automat
    assert list(automat.parcels) == [STORED.tracking_id]
    assert not automat.credentials
    assert database.head().sequence == 0


def test_a_compartment_changes_hands_within_one_decision(database: Database) -> None:
    database.commit([STORED, FULL], [], SEEN)
    newcomer = Parcel("other", "S", ParcelState.STORED, compartment="1")
    gone = replace(STORED, state=ParcelState.COLLECTED)
    database.commit([newcomer, replace(FULL, tracking_id="other"), gone], [], SEEN)
    assert database.load(blank_automat(), FIXTURES).automat.compartments["1"].tracking_id == "other"


@pytest.mark.parametrize("state", sorted(INSIDE))
def test_a_parcel_inside_needs_a_compartment(database: Database, state: ParcelState) -> None:
    with pytest.raises(DatabaseFailed, match="ck_parcel_inside"):
        database.commit([replace(STORED, state=state, compartment=None)], [], SEEN)


def test_a_compartment_cannot_hold_a_parcel_that_nobody_knows(database: Database) -> None:
    with pytest.raises(DatabaseFailed, match="FOREIGN KEY"):
        database.commit([FULL], [entry(1)], SEEN)
    assert database.latest(10) == []
    database.commit([STORED, FULL], [entry(1)], SEEN)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
def test_a_text_that_no_file_can_hold_is_refused_whole(database: Database, text: str) -> None:
    with pytest.raises(DatabaseFailed):
        database.commit([COURIER, replace(INCIDENT, detail=text)], [entry(1)], SEEN)
    assert not database.load(blank_automat(), {}).automat.credentials
    assert database.head().sequence == 0


def test_a_number_that_no_column_can_hold_is_refused_whole(database: Database) -> None:
    with pytest.raises(DatabaseFailed):
        database.commit([COURIER, replace(FACTS, acknowledged_through=2**70)], [], SEEN)
    assert not database.load(blank_automat(), {}).automat.credentials


@pytest.mark.parametrize(
    "numbers", [[(1, 2)], [(1, 1), (1, 3)], [(1, 1), (1, 1)], [(2, 1)], [(0, 1)], [(1, 1), (2, 2)]]
)
def test_entries_that_do_not_continue_the_journal_are_refused_whole(
    database: Database, numbers: list[tuple[int, int]]
) -> None:
    with pytest.raises(JournalOutOfStep, match="does not follow"):
        database.commit([COURIER], [entry(sequence, epoch=epoch) for epoch, sequence in numbers], SEEN)
    assert database.latest(10) == []
    assert database.head() == ChainHead(1, 0, NO_HASH)
    assert not database.load(blank_automat(), {}).automat.credentials


def test_an_epoch_that_is_under_way_is_not_begun_again(database: Database) -> None:
    database.commit([], [entry(1)], SEEN)
    with pytest.raises(JournalOutOfStep, match="does not follow"):
        database.commit([], [replace(entry(1), kind=EntryKind.EPOCH_STARTED)], SEEN)


def test_a_later_epoch_begins_in_a_decision_with_its_first_entry_and_no_other(database: Database) -> None:
    database.commit([], [entry(1)], SEEN)
    with pytest.raises(JournalOutOfStep, match="does not follow"):
        database.commit([], [replace(entry(2, epoch=2), kind=EntryKind.EPOCH_STARTED)], SEEN)
    first = replace(entry(1, epoch=2), kind=EntryKind.EPOCH_STARTED)
    database.commit([], [first], SEEN)
    assert database.head() == first.head


def test_an_empty_journal_has_no_head_until_an_epoch_begins(path: Path) -> None:
    database = Database.open(path)
    assert database.journal_is_empty()
    with pytest.raises(JournalOutOfStep, match="begin an epoch"):
        database.head()
    with pytest.raises(JournalOutOfStep, match="no epoch"):
        database.commit([], [entry(1)], SEEN)
    assert database.begin_epoch(7) == database.head() == ChainHead(7, 0, NO_HASH)
    assert not database.journal_is_empty()
    database.close()


def test_an_epoch_continues_or_gives_way_to_a_later_one(database: Database) -> None:
    database.commit([], [entry(1), entry(2)], SEEN)
    assert database.begin_epoch(1) == entry(2).head
    with pytest.raises(JournalOutOfStep, match="epoch 0 cannot begin"):
        database.begin_epoch(0)
    assert database.begin_epoch(3) == ChainHead(3, 0, NO_HASH)
    database.commit([], [entry(1, epoch=3)], SEEN)
    assert [sealed.epoch for sealed in database.latest(9)] == [1, 1, 3]


def test_the_journal_is_read_in_order_from_any_number(database: Database) -> None:
    database.commit([], [entry(n, subject="A" if n % 2 else "B") for n in range(1, 8)], SEEN)
    assert database.entries(1, 3, 2) == [entry(3, subject="A"), entry(4, subject="B")]
    assert database.entries(1, 8, 5) == []
    assert database.entries(2, 1, 5) == []
    assert database.payloads(1, 3, 2) == [entry(3).payload, entry(4).payload]
    assert database.payloads(2, 1, 5) == []
    assert [sealed.sequence for sealed in database.entries_about("A", 3)] == [3, 5, 7]
    assert [sealed.sequence for sealed in database.entries_about("B", 9)] == [2, 4, 6]
    assert [sealed.sequence for sealed in database.latest(2)] == [6, 7]


def test_a_refused_entry_is_parked_once_and_kept(database: Database) -> None:
    database.commit([], [entry(1), entry(2)], SEEN)
    database.park(1, 2, "schema")
    database.park(1, 2, "schema")
    assert database.parked() == [parked(2)]
    assert [sealed.sequence for sealed in database.latest(9)] == [1, 2]
    with pytest.raises(JournalOutOfStep, match="there is none"):
        database.park(1, 3, "schema")


def test_only_the_present_epochs_parked_entries_are_loaded(database: Database) -> None:
    database.commit([parked(1)], [entry(1)], SEEN)
    database.begin_epoch(2)
    database.commit([parked(1, epoch=2)], [entry(1, epoch=2)], SEEN)
    assert dict(database.load(blank_automat(), {}).automat.parked) == {1: parked(1, epoch=2)}
    assert database.parked() == [parked(1), parked(1, epoch=2)]


def test_a_backup_opens_like_the_original_and_replaces_nothing(database: Database, tmp_path: Path) -> None:
    database.commit(EVERYTHING, [entry(1)], SEEN)
    target = tmp_path / "copies" / "monday.db"
    target.parent.mkdir()
    database.backup(target)
    assert [file.name for file in target.parent.iterdir()] == ["monday.db"]
    with pytest.raises(DatabaseFailed, match="exists already"):
        database.backup(target)
    copy = Database.open(target)
    assert copy.head() == database.head()
    assert copy.load(blank_automat(), FIXTURES) == database.load(blank_automat(), FIXTURES)
    copy.close()


def test_a_closed_session_leaves_one_file_and_can_be_closed_again(path: Path) -> None:
    database = Database.open(path)
    database.begin_epoch(1)
    database.commit([], [entry(1)], SEEN)
    database.close()
    database.close()
    assert sorted(file.name for file in path.parent.iterdir()) == ["locker.db", "locker.db-lock"]


def test_the_session_can_be_handed_to_another_thread(database: Database) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(database.commit, [COURIER], [entry(1)], SEEN).result()
    assert database.latest(1) == [entry(1)]


def test_a_closed_session_says_so_in_its_own_words(path: Path) -> None:
    database = Database.open(path)
    database.close()
    asked: list[Callable[[], object]] = [
        lambda: database.commit([COURIER], []),
        lambda: database.latest(1),
        lambda: database.load(blank_automat(), FIXTURES),
        lambda: database.backup(path.with_name("copy.db")),
    ]
    for ask in asked:
        with pytest.raises(DatabaseFailed, match="closed"):
            ask()


def test_the_promised_pragmas_hold(database: Database) -> None:
    values = {
        name: database._driver.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "locking_mode", "foreign_keys")
    }
    assert values == {"journal_mode": "wal", "synchronous": 2, "locking_mode": "exclusive", "foreign_keys": 1}


def test_the_journals_beginning_is_pruned_in_the_transaction_that_says_so(path: Path) -> None:
    database = Database.open(path)
    database.begin_epoch(1)
    database.commit([], [entry(number) for number in range(1, 6)])
    database.commit([Pruned(1, 3), replace(FACTS, pruned_through=3)], [entry(6)])
    assert [each.sequence for each in database.entries(1, 1, 10)] == [4, 5, 6]
    database.close()
    reopened = Database.open(path)
    assert not reopened.journal_is_empty()
    assert reopened.head().sequence == 6
    assert reopened.load(blank_automat(), {}).automat.facts.pruned_through == 3
    reopened.close()


def test_the_newest_entry_is_never_pruned(database: Database) -> None:
    database.commit([], [entry(1), entry(2)])
    with pytest.raises(JournalOutOfStep, match="1-2 is the newest"):
        database.commit([Pruned(1, 2)], [])
    assert [each.sequence for each in database.entries(1, 1, 10)] == [1, 2]


def test_the_log_holds_nothing_of_a_person_who_was_forgotten(database: Database, path: Path) -> None:
    database.commit([COURIER], [])
    database.commit([Forgotten(Credential, COURIER.holder)], [])
    for file in path.parent.iterdir():
        assert COURIER.code_tag.encode() not in file.read_bytes()
