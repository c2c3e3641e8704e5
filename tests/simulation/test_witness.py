"""The witness of a week: each broken promise is seen, and what is as it should be is not blamed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from immutables import Map

from locker.domain.automat import Automat, Decision
from locker.domain.journal import Entry, EntryKind, SealedEntry
from locker.domain.openings import Opening, Purpose, Stage
from simulator.events import CoilPulsed, DoorMoved
from simulator.week.witness import Witness

BEGAN_AT = datetime(2026, 3, 20, 12, tzinfo=UTC)


class Seen:
    """A witness with a clock in hand, told by hand what happens."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.alarms = 0
        self.witness = Witness(
            ["1", "2"],
            now_s=lambda: self.now_s,
            true_at=lambda: BEGAN_AT + timedelta(seconds=self.now_s),
            on_break=self._alarm,
        )
        self._sequence = 0
        self.witness.power_on()

    def entry(self, kind: EntryKind, subject: str | None = None, **data: Any) -> None:
        self._sequence += 1
        self.commit(Entry(kind, subject, data), self._sequence)

    def commit(self, entry: Entry, sequence: int, **openings: Opening) -> None:
        sealed = SealedEntry(1, sequence, entry.kind, entry.subject, BEGAN_AT, "hash", b"{}")
        automat = SimpleNamespace(openings=Map(openings), parcels=Map())
        decision = cast("Decision", SimpleNamespace(entries=(entry,), automat=automat))
        self.witness.decided(decision, [sealed])

    def opens(self, label: str) -> None:
        self.entry(EntryKind.PULSE_INTENDED, compartment=label, number=1)
        self.witness.saw(CoilPulsed(label, 0.3))
        self.witness.saw(DoorMoved(label, "ajar"))
        self.entry(EntryKind.DOOR_OPENED, compartment=label)
        self.witness.saw(DoorMoved(label, "shut"))
        self.entry(EntryKind.DOOR_CLOSED, compartment=label)

    def hands_over(self, subject: str, label: str, grade: str = "A") -> None:
        self.entry(EntryKind.PARCEL_HANDED_OVER, subject, compartment=label, grade=grade)

    def stores(self, subject: str, label: str, **data: Any) -> None:
        self.opens(label)
        self.entry(EntryKind.PARCEL_STORED, subject, compartment=label, **data)

    @property
    def blamed(self) -> str:
        return str(self.witness.problem or "")

    def _alarm(self) -> None:
        self.alarms += 1


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_a_parcel_that_comes_and_goes_is_blamed_on_nobody(seen: Seen) -> None:
    seen.stores("A", "1")
    seen.now_s = 60.0
    seen.opens("1")
    seen.hands_over("A", "1")
    seen.stores("B", "1")
    assert seen.blamed == ""
    assert seen.witness.where == {"A": None, "B": "1"}


def test_a_pulse_without_an_intent_is_seen(seen: Seen) -> None:
    seen.witness.saw(CoilPulsed("1", 0.3))
    assert "pulsed 1 times, intended 0" in seen.blamed
    assert seen.alarms == 1


def test_one_intent_is_for_one_pulse(seen: Seen) -> None:
    seen.opens("1")
    assert seen.blamed == ""
    seen.witness.saw(CoilPulsed("1", 0.3))
    assert "pulsed 2 times, intended 1" in seen.blamed


def test_an_intent_that_was_lost_lets_no_later_pulse_pass(seen: Seen) -> None:
    seen.entry(EntryKind.PULSE_INTENDED, compartment="1", number=1)
    seen.entry(EntryKind.PULSE_INTENDED, compartment="1", number=2)
    seen.witness.saw(CoilPulsed("1", 0.3))
    assert seen.blamed == ""
    seen.entry(EntryKind.PULSE_INTENDED, compartment="1", number=1)
    seen.witness.saw(CoilPulsed("1", 0.3))
    seen.witness.saw(CoilPulsed("1", 0.3))
    assert "intended" in seen.blamed


def _handed_over(seen: Seen) -> None:
    seen.stores("A", "1")
    seen.entry(EntryKind.PULSE_INTENDED, compartment="1", number=1)
    seen.witness.saw(CoilPulsed("1", 0.3))
    seen.hands_over("A", "1", "B")


def _handed_over_unseen(seen: Seen) -> None:
    seen.stores("A", "1")
    seen.entry(EntryKind.PULSE_INTENDED, compartment="1", number=1)
    seen.witness.saw(DoorMoved("1", "open"))
    seen.hands_over("A", "1")


def _left_open_told_as_shut(seen: Seen) -> None:
    seen.stores("A", "1")
    seen.entry(EntryKind.PULSE_INTENDED, compartment="1", number=1)
    seen.witness.saw(DoorMoved("1", "open"))
    seen.entry(EntryKind.DOOR_OPENED, compartment="1")
    seen.hands_over("A", "1")


def _lower_grade_than_seen(seen: Seen) -> None:
    seen.stores("A", "1")
    seen.opens("1")
    seen.hands_over("A", "1", "B")


def _twice(seen: Seen) -> None:
    seen.stores("A", "1")
    for _ in range(2):
        seen.opens("1")
        seen.hands_over("A", "1")


def _never_there(seen: Seen) -> None:
    seen.opens("1")
    seen.hands_over("A", "1")


def _stored_twice(seen: Seen) -> None:
    seen.stores("A", "1")
    seen.stores("A", "2")


def _four_pulses(seen: Seen) -> None:
    for number in range(1, 5):
        seen.entry(EntryKind.PULSE_INTENDED, compartment="1", number=number)


def _same_box(seen: Seen) -> None:
    seen.stores("A", "1")
    seen.stores("B", "1")


def _early(seen: Seen) -> None:
    seen.stores("A", "1")
    seen.now_s = 7 * 86_400.0
    seen.entry(EntryKind.PARCEL_OVERDUE, "A", compartment="1")


def _guessed(seen: Seen) -> None:
    for _ in range(11):
        seen.entry(EntryKind.CODE_MISSED, keypad="front")


def _two_doors(seen: Seen) -> None:
    openings = {
        label: Opening(label, Purpose.PICKUP, "front", None, BEGAN_AT, Stage.WAITING) for label in "12"
    }
    seen.commit(Entry(EntryKind.CODE_ACCEPTED, None, {}), 1, **openings)


def _number_twice(seen: Seen) -> None:
    for _ in range(2):
        seen.commit(Entry(EntryKind.STARTED, None, {}), 1)


@pytest.mark.parametrize(
    ("break_it", "blame"),
    [
        (_handed_over, "door 1 was not open since its pulse was intended"),
        (_handed_over_unseen, "grade A for A, and of door 1 the journal says []"),
        (_left_open_told_as_shut, "the journal says ['door.opened']"),
        (_lower_grade_than_seen, "grade B for A"),
        (_twice, "was handed over twice"),
        (_never_there, "leaves (parcel.handed-over) and was not there"),
        (_stored_twice, "parcel A comes (parcel.stored) and is in 1 already"),
        (_four_pulses, "pulse 4 of 1 was intended"),
        (_same_box, "parcel B is stored in 1, where A is"),
        (_early, "expired at"),
        (_guessed, "whose bucket was empty"),
        (_two_doors, "two doors are opening at one keypad"),
        (_number_twice, "entry 1-1 was written twice"),
    ],
)
def test_a_broken_promise_is_seen(seen: Seen, break_it: Callable[[Seen], None], blame: str) -> None:
    break_it(seen)
    assert blame in seen.blamed


def test_a_receipt_claims_what_was_seen_and_no_more(seen: Seen) -> None:
    seen.stores("A", "1")
    seen.witness.saw(DoorMoved("1", "open"))  # by itself, before anything was intended
    seen.entry(EntryKind.PULSE_INTENDED, compartment="1", number=1)
    seen.hands_over("A", "1", "B")
    seen.stores("B", "2")
    seen.entry(EntryKind.PULSE_INTENDED, compartment="2", number=1)
    seen.witness.saw(DoorMoved("2", "open"))
    seen.entry(EntryKind.DOOR_OPENED, compartment="2")
    seen.hands_over("B", "2", "C")
    assert seen.blamed == ""


def test_what_expires_at_the_end_of_its_last_day_is_in_time(seen: Seen) -> None:
    seen.stores("A", "1")
    last_day_ends_at = datetime(2026, 3, 27, 22, tzinfo=UTC)  # midnight in Helsinki, in winter time
    seen.now_s = (last_day_ends_at - BEGAN_AT).total_seconds()
    seen.entry(EntryKind.PARCEL_OVERDUE, "A", compartment="1")
    assert seen.blamed == ""


def test_what_lies_there_after_its_last_day_is_late_until_it_is_ended(seen: Seen) -> None:
    seen.stores("A", "1")
    last_day_ends_at = datetime(2026, 3, 27, 22, tzinfo=UTC)
    seen.now_s = (last_day_ends_at + timedelta(minutes=59) - BEGAN_AT).total_seconds()
    assert seen.witness.late() == []
    seen.now_s += 120.0
    assert seen.witness.late() == ["A"]
    seen.entry(EntryKind.PARCEL_OVERDUE, "A", compartment="1")
    assert seen.witness.late() == []


def test_what_was_withdrawn_waits_for_the_courier_and_does_not_expire(seen: Seen) -> None:
    seen.stores("A", "1")
    seen.stores("B", "2")
    seen.entry(EntryKind.COMMAND_APPLIED, "A", id="c-1", command="parcel.withdraw")
    seen.entry(EntryKind.COMMAND_APPLIED, "B", id="c-2", command="parcel.release")
    seen.now_s = 60 * 24 * 3600.0
    assert seen.witness.late() == ["B"]


def test_a_parcel_that_is_stored_unannounced_waits_for_a_code_that_is_told_then(seen: Seen) -> None:
    seen.entry(EntryKind.COMMAND_APPLIED, "A", id="first")
    seen.stores("A", "1", unannounced=True)
    seen.stores("B", "2")
    assert seen.witness.applied_for("A") == []
    seen.entry(EntryKind.COMMAND_APPLIED, "A", id="second")
    assert seen.witness.applied_for("A") == ["second"]
    assert seen.witness.applied_for("B") == ["first", "second"]


def test_entries_and_parcels_that_are_gone_after_a_restart_are_seen(seen: Seen) -> None:
    seen.stores("A", "1")
    after = SimpleNamespace(epoch=1, journal_end=1, parcels=Map())
    seen.witness.started_again(cast("Automat", after))
    assert "is gone after a restart" in seen.blamed
    other = Seen()
    other.stores("A", "1")
    after = SimpleNamespace(epoch=1, journal_end=4, parcels=Map())
    other.witness.started_again(cast("Automat", after))
    assert "after a restart parcels are in {}" in other.blamed


def test_tokens_come_back_with_powered_time_only(seen: Seen) -> None:
    seen.now_s = 10 * 86_400.0  # a full bucket gets no fuller
    for _ in range(10):
        seen.entry(EntryKind.CODE_MISSED, keypad="front")
    seen.witness.power_off()
    seen.now_s += 86_400.0
    seen.witness.power_on()
    seen.now_s += 600.0
    seen.entry(EntryKind.CODE_MISSED, keypad="front")
    seen.entry(EntryKind.CODE_MISSED, keypad="back")
    assert seen.blamed == ""
    seen.entry(EntryKind.CODE_MISSED, keypad="front")
    assert "a wrong code was evaluated at keypad front" in seen.blamed
