"""What the kill loop's judges find: pruned entries and codes that do not open."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from simulator.backoffice.entries import Entry
from tests.crash.book import Book, Doors
from tests.crash.codes import Circumstances
from tests.crash.pruning import Arrived, Pruning

FINE = Circumstances(
    mode="normal",
    guarded=False,
    tokens=10.0,
    under_way=False,
    shut=True,
    commission=False,
    faulty=False,
    overdue=False,
)


def entry(sequence: int, time: str, kind: str = "door.closed", **data: object) -> Entry:
    return Entry("demo-1", 1, sequence, "", "", f"automat.{kind}", time, None, dict(data), b"")


OLD, LATER = "2026-01-01T10:00:00.000Z", "2026-04-01T10:00:01.000Z"
PRUNED = entry(4, LATER, "journal.pruned", through=2)
ARRIVED = {number: Arrived(entry(number, OLD), 0.0) for number in (1, 2, 3)}


def test_what_is_old_and_with_the_back_office_may_be_pruned() -> None:
    found: list[str] = []
    pruning = Pruning(found.append)
    pruning.note(PRUNED, ARRIVED, ())
    pruning.compare(3)
    assert found == []


def test_an_entry_that_is_pruned_before_the_back_office_has_it_is_found() -> None:
    found: list[str] = []
    late = {**ARRIVED, 2: replace(ARRIVED[2], at_s=4e9)}
    Pruning(found.append).note(PRUNED, late, ())
    Pruning(found.append).note(PRUNED, {1: ARRIVED[1]}, ())
    assert found == ["entry 2 was pruned before the back office had it"] * 2


def test_an_entry_that_is_pruned_within_its_time_is_found() -> None:
    found: list[str] = []
    fresh = {**ARRIVED, 2: Arrived(entry(2, "2026-01-01T10:00:02.000Z"), 0.0)}
    Pruning(found.append).note(PRUNED, fresh, ())
    assert found == ["entry 2 was pruned within 90 days"]


def test_a_refused_entry_that_is_pruned_is_found() -> None:
    found: list[str] = []
    Pruning(found.append).note(PRUNED, ARRIVED, {1})
    assert found == ["entry 1 was pruned, and nobody has settled that it is refused"]


def test_a_journal_that_begins_where_nothing_was_pruned_is_found() -> None:
    found: list[str] = []
    pruning = Pruning(found.append)
    pruning.note(PRUNED, ARRIVED, ())
    pruning.compare(4)
    assert found == ["the journal begins at entry 4, and says that it was pruned to 2"]


@pytest.mark.parametrize(
    ("text", "excuse"),
    [
        ("This automat is out of service.", replace(FINE, mode="frozen")),
        ("The keypad is locked.", replace(FINE, guarded=True)),
        ("Too many attempts. Wait 5 min.", replace(FINE, tokens=0.5)),
        ("Please shut door 7.", replace(FINE, under_way=True)),
        ("Door 7 did not open.", replace(FINE, faulty=True)),
        ("The storage time has ended.", replace(FINE, overdue=True)),
        ("This automat is being serviced.", replace(FINE, commission=True)),
    ],
)
def test_a_right_code_is_refused_only_for_a_reason_that_holds(text: str, excuse: Circumstances) -> None:
    assert excuse.excuse(text)
    assert not FINE.excuse(text)


def test_nothing_excuses_that_a_right_code_is_not_known() -> None:
    assert not replace(FINE, guarded=True, tokens=0.0, faulty=True).excuse("Code not recognised.")


def test_the_bucket_is_counted_from_the_journal_alone() -> None:
    book = Book(list[str]().append)
    for number in range(1, 11):
        missed = entry(number, OLD, "code.missed", keypad="front")
        book.note(missed, {"poweredtime": 700.0}, Doors())
    at_s = 1767261600.0  # the instant OLD
    assert book.tokens("front", at_s) == 0.0
    assert book.tokens("front", at_s + 660.0) == pytest.approx(1.1)
    assert book.tokens("side", at_s) == 10


@pytest.mark.parametrize(
    ("told", "found"),
    [(False, []), (True, ["the journal says that parcel P lies in 3, and it does not"])],
)
def test_what_is_taken_from_behind_a_door_that_nobody_saw_open_is_missed_by_nobody(
    *, told: bool, found: list[str]
) -> None:
    said, doors = list[str](), Doors()
    book = Book(said.append)
    doors.note("3", 5.0, "open")
    doors.note("3", 6.0, "shut")
    _tell(book, 1, 4.0, "lock.pulse-intended", doors, compartment="3", number=1, purpose="deposit")
    _tell(book, 2, 7.0, "parcel.stored", doors, compartment="3")
    doors.note("3", 20.0, "open")
    doors.note("3", 21.0, "shut")
    book.note_unwatched("3", doors)
    if told:
        _tell(book, 3, 20.4, "incident.raised", doors, about="3")
    book.under_way.clear()
    book.compare({}, [{"label": "3", "condition": "sound", "free": False, "opening": None}], set())
    assert said == found


def _tell(book: Book, sequence: int, at_s: float, kind: str, doors: Doors, **data: object) -> None:
    time = datetime.fromtimestamp(at_s, UTC).isoformat()
    subject = "P" if kind.startswith("parcel") else None
    told = replace(entry(sequence, time, kind, **data), subject=subject)
    book.note(told, {"poweredtime": at_s}, doors)
