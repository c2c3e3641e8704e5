"""Putting an automat into service: what the rules allow meanwhile, what is recorded, what ends it."""

import pytest

from locker.domain.commands import OpenCompartment
from locker.domain.compartments import Condition, ContactKind
from locker.domain.events import (
    CommissionBegun,
    CommissionContinued,
    CommissionEnded,
    CommissionWritten,
    Door,
    DoorProved,
    Event,
    LockTrialAsked,
    LockTried,
    Started,
    WiringMatched,
    WiringMismatched,
)
from locker.domain.incidents import IncidentKind
from locker.domain.intents import TryLock
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from tests.unit.domain.stand import Stand

USER = "maija (1000)"
BEGUN = CommissionBegun(USER, "t-7")


@pytest.fixture
def stand() -> Stand:
    """Return an automat with a parcel in box 1, given to a technician."""
    stand = Stand()
    assert stand.deliver() == "1"
    stand.do(BEGUN)
    return stand


def tried(stand: Stand, label: str, *moved: str) -> int:
    decision = stand.do(LockTrialAsked(USER, label))
    assert decision.refused is None
    (intent,) = (each for each in decision.intents if isinstance(each, TryLock))
    stand.do(LockTried(label, intent.number, moved))
    return intent.number


def written(**contacts: bool) -> CommissionWritten:
    return CommissionWritten(USER, "ab" * 32, {"A": "cd" * 32}, contacts, tuple(contacts))


def test_keypads_say_so_and_evaluate_no_code_but_a_technicians(stand: Stand) -> None:
    assert stand.says(Text.BEING_SERVICED)
    stand.press("C 024204 OK")
    assert stand.says(Text.BEING_SERVICED)
    assert stand.count(EntryKind.CODE_REFUSED) == 1
    stand.sign_in_technician()
    assert stand.says(Text.SERVICE_MENU)
    stand.press("1 3 OK")
    assert stand.says(Text.BEING_SERVICED)
    assert not [unlock for unlock in stand.unlocks if unlock.compartment == "3"]


def test_every_pulse_is_recorded_with_who_before_it_is_intended(stand: Stand) -> None:
    decision = stand.do(LockTrialAsked(USER, "3"))
    assert decision.durable
    entry = stand.last(EntryKind.PULSE_INTENDED)
    assert entry.data == {
        "compartment": "3",
        "number": 1,
        "purpose": "commission",
        "user": USER,
        "technician": "t-7",
    }
    assert decision.intents == (TryLock("3", 1),)


def test_one_lock_at_a_time(stand: Stand) -> None:
    stand.do(LockTrialAsked(USER, "3"))
    assert stand.do(LockTrialAsked(USER, "4")).refused == "another-under-way"
    stand.do(LockTried("3", 1, ("A/3",)))
    assert stand.do(LockTrialAsked(USER, "4")).refused is None


@pytest.mark.parametrize("event", [LockTrialAsked(USER, "3"), CommissionContinued(), CommissionEnded(USER)])
def test_nothing_is_done_while_nobody_has_begun(event: Event) -> None:
    stand = Stand()
    decision = stand.do(event)
    assert (decision.refused, decision.entries, decision.intents) == ("no-commission", (), ())


def test_a_compartment_that_there_is_not_is_refused(stand: Stand) -> None:
    assert stand.do(LockTrialAsked(USER, "99")).refused == "unknown-compartment"
    assert stand.do(DoorProved(USER, "99", "3", "A/3", None)).refused == "unknown-compartment"


def test_an_opening_under_way_comes_first() -> None:
    stand = Stand()
    stand.deliver()
    stand.press("C 024204 OK")
    assert stand.do(BEGUN).refused == "opening-under-way"
    assert not stand.automat.facts.commission


def test_a_person_at_a_keypad_comes_first() -> None:
    stand = Stand()
    stand.sign_in_courier()
    assert stand.do(BEGUN).refused == "keypad-busy"


def test_doors_that_move_raise_no_alarm_but_put_a_parcel_in_doubt(stand: Stand) -> None:
    tried(stand, "3", "A/1")
    for label in ("1", "3"):
        stand.door(label, Door.OPEN)
        stand.door(label, Door.SHUT)
    assert not stand.automat.open_matters
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.box("3").condition is Condition.SOUND
    stand.do(CommissionEnded(USER))
    stand.door("3", Door.OPEN)
    assert stand.automat.open_incident(IncidentKind.DOOR_OPENED_UNASKED, "3")


def test_the_back_office_opens_nothing_meanwhile(stand: Stand) -> None:
    assert stand.command(OpenCompartment("3", "o-1", "asked")) == "being-serviced"


def test_deadlines_wait_for_the_end(stand: Stand) -> None:
    deadline_at = stand.parcel().deadline_at
    for _ in range(5):
        stand.wait(100)
        stand.do(CommissionContinued())
    stand.do(CommissionEnded(USER))
    later_at = stand.parcel().deadline_at
    assert deadline_at is not None
    assert later_at is not None
    assert (later_at - deadline_at).total_seconds() == pytest.approx(500)


def test_it_ends_by_itself_where_nothing_is_done(stand: Stand) -> None:
    stand.wait(stand.automat.rules.service_idle_s - 1)
    assert stand.automat.facts.commission
    stand.wait(2)
    assert stand.last(EntryKind.COMMISSION_ENDED).data["why"] == "nothing done"
    assert stand.says(Text.IDLE)


def test_a_power_cut_ends_it_and_what_held_a_parcel_stays_in_doubt(stand: Stand) -> None:
    stand.do(LockTrialAsked(USER, "1"))
    stand.power_cut()
    assert stand.last(EntryKind.COMMISSION_ENDED).data["why"] == "the automat stopped"
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.says(Text.IDLE)


def test_what_was_written_is_recorded_with_its_hash_and_takes_effect(stand: Stand) -> None:
    tried(stand, "3", "A/3")
    stand.do(DoorProved(USER, "3", "3", "A/3", "A/3", closed_means_shut=False))
    assert stand.last(EntryKind.COMMISSION_PROVED).data["closedmeansshut"] is False
    stand.do(written(**{"3": True, "4": False}))
    ended = stand.last(EntryKind.COMMISSION_ENDED).data
    assert (ended["map"], ended["boards"], ended["proved"]) == ("ab" * 32, {"A": "cd" * 32}, ["3", "4"])
    assert stand.box("4").fixture.contact is ContactKind.MISSING
    assert stand.says(Text.IDLE)


def test_wiring_that_differs_is_an_outage_until_it_is_what_was_proved() -> None:
    stand = Stand()
    stand.do(WiringMismatched("board A", "another serial number"))
    assert stand.automat.open_incident(IncidentKind.BOARD_MISMATCH, "board A")
    assert stand.automat.facts.outage_since_s is not None
    stand.do(WiringMatched("board A"))
    assert stand.automat.facts.outage_since_s is None


def test_a_start_takes_in_what_the_configuration_says_against_the_proof() -> None:
    stand = Stand()
    stand.do(WiringMismatched("compartment 3", "channel 4 instead of 3"))
    stand.do(WiringMismatched("board A", "another serial number"))
    doors = dict(stand.doors)
    parts = frozenset({"board A"})
    stand.do(
        Started(doors, parts=parts, wiring_map="ab", mismatched={"compartment 4": "channel 3 instead of 4"})
    )
    open_now = {about for kind, about in stand.automat.open_matters if kind is IncidentKind.BOARD_MISMATCH}
    assert open_now == {"compartment 4", "board A"}
