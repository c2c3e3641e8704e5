"""Doors at a technician's word: who may open which, what the journal tells, what a lock's test says."""

from collections.abc import Callable

import pytest

from locker.api.maintenance import REFUSALS
from locker.domain.commands import Mode, OpenCompartment, SetMode
from locker.domain.compartments import Condition
from locker.domain.events import CommissionBegun, Door, LockTimed, PulseNotSent, PulseRefused, StorageChanged
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.maintenance import BlockDoor, CycleLock, OpenDoor, UnblockDoor
from locker.domain.openings import Purpose, Stage
from locker.domain.parcels import ParcelState
from tests.unit.domain.rounds import technician_opens
from tests.unit.domain.stand import Stand
from tests.unit.domain.technician import MAIJA, OLLI, REASON, WHO, ask, looked, opened, say, seen
from tests.unit.domain.test_wrong_door import opened_wrongly

OPEN = OpenDoor("2", REASON)


# -- the good way


def test_the_intent_is_written_before_the_pulse_with_who_and_why() -> None:
    stand = Stand()
    assert ask(stand, OPEN) is None
    entry = stand.last(EntryKind.PULSE_INTENDED)
    assert entry.data["purpose"] == "service"
    assert {**entry.data, **WHO, "reason": REASON} == entry.data
    stand.power_cut(started=False)
    opening = stand.automat.openings["2"]
    assert (opening.purpose, opening.user, opening.person) == (Purpose.SERVICE, MAIJA.user, MAIJA.technician)


def test_an_open_door_is_recorded_with_who_and_why_and_once() -> None:
    stand = Stand()
    looked(stand)
    entry = stand.last(EntryKind.OPENED_BY_PERSON)
    assert entry.data == {"compartment": "2", "purpose": "service", "reason": REASON, **WHO}
    assert stand.count(EntryKind.OPENED_BY_PERSON) == 1


def test_a_box_is_suspect_and_awaits_the_word_once_its_door_is_shut() -> None:
    stand = Stand()
    opened(stand)
    assert not stand.automat.looks
    stand.door("2", Door.SHUT)
    assert stand.box("2").condition is Condition.SUSPECT
    look = stand.automat.looks["2"]
    assert look.by == MAIJA
    assert (look.evidence.grade, look.evidence.pulses_sent) == ("A", 1)


def test_a_door_opens_in_every_mode_with_a_full_disk_and_when_blocked() -> None:
    stand = Stand()
    stand.command(SetMode(Mode.FROZEN, "desk 4", "a flood"))
    stand.do(StorageChanged(low=True))
    assert ask(stand, BlockDoor("2", "wet paint")) is None
    looked(stand)


def test_a_frozen_automat_pulses_a_technicians_door_again() -> None:
    stand = Stand()
    stand.command(SetMode(Mode.FROZEN, "desk 4", "a flood"))
    ask(stand, OPEN)
    stand.pulse_sent()
    stand.wait(5.1)
    assert len(stand.unlocks) == 2


# -- what is refused


def under_way(stand: Stand) -> None:
    ask(stand, OPEN)


def at_keypad(stand: Stand) -> None:
    technician_opens(stand, "2", "side")
    stand.opens_and_shuts()
    assert "2" not in stand.automat.openings, "its door is shut, and the person has yet to say"


def other_door_waits(stand: Stand) -> None:
    ask(stand, OpenDoor("3", REASON))


def other_door_is_open(stand: Stand) -> None:
    opened(stand, "3")


def other_test(stand: Stand) -> None:
    ask(stand, CycleLock("3"))


def commission(stand: Stand) -> None:
    assert stand.do(CommissionBegun("root (0)")).refused is None


def left_open(stand: Stand) -> None:
    opened(stand)
    stand.wait(61)


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (under_way, "opening-under-way"),
        (at_keypad, "opening-under-way"),
        (left_open, "opening-under-way"),
        (other_door_waits, "another-under-way"),
        (other_door_is_open, "another-under-way"),
        (other_test, "another-under-way"),
        (commission, "being-serviced"),
    ],
)
def test_a_door_stays_shut_where_it_would_be_in_somebodys_way(
    before: Callable[[Stand], None], reason: str
) -> None:
    stand = Stand()
    before(stand)
    assert ask(stand, OPEN, OLLI) == reason
    assert ask(stand, CycleLock("2"), OLLI) == reason


def test_a_door_left_open_does_not_keep_the_others_shut() -> None:
    stand = Stand()
    left_open(stand)
    looked(stand, "3")


def test_an_unknown_compartment_is_refused_by_every_action() -> None:
    stand = Stand()
    for action in (OpenDoor("99", REASON), CycleLock("99"), BlockDoor("99", REASON), UnblockDoor("99")):
        assert ask(stand, action) == "unknown-compartment"
    assert say(stand, "99", "empty") == "unknown-compartment"


def test_a_door_whose_wiring_is_in_doubt_neither_opens_nor_is_unblocked() -> None:
    stand = opened_wrongly()
    stand.wait(30)
    stand.door("4", Door.SHUT)
    for label in ("1", "4"):
        assert ask(stand, OpenDoor(label, REASON)) == "wiring-in-doubt"
        assert ask(stand, UnblockDoor(label)) == "wiring-in-doubt"


def test_a_late_door_can_be_asked_for_again() -> None:
    stand = Stand()
    ask(stand, OPEN)
    stand.pulse_sent()
    stand.wait(16)
    assert stand.automat.openings["2"].stage is Stage.LATE
    looked(stand)


# -- what else may become of the door


def test_a_door_that_does_not_open_is_reported_with_whose_wish_it_was() -> None:
    stand = Stand()
    ask(stand, OPEN)
    for _ in range(3):
        stand.pulse_sent()
        stand.wait(5.1)
    assert stand.box("2").condition is Condition.FAULTY
    incident = stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "2")
    assert incident is not None
    assert incident.detail == "3 pulses intended, 3 sent, for technician t-7"
    assert say(stand, "2", "empty") == "not-looked"


def test_a_line_that_is_down_is_not_the_locks_fault() -> None:
    stand = Stand()
    ask(stand, OPEN)
    for number in (1, 2, 3):
        stand.do(PulseNotSent("2", number, "the line is down"))
        stand.wait(5.1)
    assert stand.box("2").condition is Condition.SOUND


def test_a_faulty_box_whose_lock_works_again_is_suspect_until_it_was_looked_into() -> None:
    stand = Stand()
    ask(stand, OPEN)
    for _ in range(3):
        stand.pulse_sent()
        stand.wait(5.1)
    ask(stand, CycleLock("2"))
    stand.opens_and_shuts()
    assert stand.box("2").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "2") is None
    assert say(stand, "2", "empty") is None
    assert stand.box("2").free


def test_a_door_that_frees_itself_late_still_awaits_the_word() -> None:
    stand = Stand()
    ask(stand, OPEN)
    stand.pulse_sent()
    stand.wait(20)
    stand.door("2", Door.OPEN)
    assert stand.last(EntryKind.OPENED_BY_PERSON).data["compartment"] == "2"
    stand.door("2", Door.SHUT)
    assert say(stand, "2", "empty") is None


def test_a_door_left_open_takes_no_word_when_it_is_shut_at_last() -> None:
    stand = Stand()
    left_open(stand)
    assert stand.last(EntryKind.COMPARTMENT_TO_INSPECT).data == {
        "compartment": "2",
        "reason": "door left open",
        **WHO,
    }
    assert say(stand, "2", "empty") == "door-open"
    stand.door("2", Door.SHUT)
    assert stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, "2") is None
    assert stand.box("2").condition is Condition.SUSPECT
    assert say(stand, "2", "empty") == "not-looked"


@pytest.mark.parametrize("while_open", [True, False])
def test_a_restart_in_the_middle_leaves_the_box_suspect_and_nobody_a_word(*, while_open: bool) -> None:
    stand = Stand()
    ask(stand, OPEN)
    stand.pulse_sent()
    if while_open:
        stand.door("2", Door.OPEN)
        stand.doors["2"] = Door.SHUT
    stand.power_cut(off_s=3)
    assert stand.box("2").condition is Condition.SUSPECT
    assert stand.last(EntryKind.COMPARTMENT_TO_INSPECT).data["technician"] == "t-7"
    assert say(stand, "2", "empty") == "not-looked"


def test_a_door_that_stands_open_through_a_restart_takes_the_word_once_it_is_shut() -> None:
    stand = Stand()
    opened(stand)
    stand.power_cut(off_s=3)
    assert stand.count(EntryKind.OPENED_BY_PERSON) == 1
    stand.door("2", Door.SHUT)
    assert say(stand, "2", "empty") is None


def test_a_look_is_over_after_a_restart() -> None:
    stand = Stand()
    looked(stand)
    stand.power_cut()
    assert stand.box("2").condition is Condition.SUSPECT
    assert say(stand, "2", "empty") == "not-looked"


# -- testing a lock


def test_a_lock_under_test_tells_its_result_its_pulses_and_its_time() -> None:
    stand = Stand()
    ask(stand, CycleLock("2"))
    stand.opens()
    stand.do(LockTimed("2", 0.1234))
    assert stand.count(EntryKind.HARDWARE_TESTED) == 0
    stand.door("2", Door.SHUT)
    entry = stand.last(EntryKind.HARDWARE_TESTED)
    assert entry.data == {
        "compartment": "2",
        "result": "opened",
        "pulsesintended": 1,
        "pulsessent": 1,
        "milliseconds": 123,
        **WHO,
    }
    assert say(stand, "2", "empty") is None


def test_a_time_of_an_earlier_test_is_not_told_again() -> None:
    stand = Stand()
    ask(stand, CycleLock("2"))
    stand.opens()
    stand.do(LockTimed("2", 0.1234))
    stand.door("2", Door.SHUT)
    ask(stand, CycleLock("2"))
    stand.opens_and_shuts()
    assert "milliseconds" not in stand.last(EntryKind.HARDWARE_TESTED).data


def jammed(stand: Stand) -> None:
    for number in (1, 2, 3):
        stand.pulse_sent()
        stand.do(PulseRefused("2", number, "busy"))
        stand.wait(5.1)


def stays_open(stand: Stand) -> None:
    stand.opens()
    stand.wait(61)


def power_fails(stand: Stand) -> None:
    stand.pulse_sent()
    stand.power_cut(off_s=3)


@pytest.mark.parametrize(
    ("becomes", "result"), [(jammed, "did not open"), (stays_open, "left open"), (power_fails, "interrupted")]
)
def test_a_test_that_did_not_go_well_says_so_once(becomes: Callable[[Stand], None], result: str) -> None:
    stand = Stand()
    ask(stand, CycleLock("2"))
    becomes(stand)
    stand.wait(300)
    assert stand.last(EntryKind.HARDWARE_TESTED).data["result"] == result
    assert stand.count(EntryKind.HARDWARE_TESTED) == 1


def test_a_lock_without_a_contact_proves_nothing_in_a_test() -> None:
    stand = Stand(blind=["2"])
    ask(stand, CycleLock("2"))
    stand.pulse_sent()
    assert say(stand, "2", "empty") is None
    assert stand.last(EntryKind.HARDWARE_TESTED).data["result"] == "unproven"


def test_an_opening_that_is_no_test_records_none() -> None:
    stand = Stand()
    looked(stand)
    assert stand.count(EntryKind.HARDWARE_TESTED) == 0


# -- blocking


def test_blocking_takes_a_box_out_of_use_until_it_is_unblocked() -> None:
    stand = Stand()
    assert ask(stand, BlockDoor("2", "wet paint")) is None
    assert stand.last(EntryKind.COMPARTMENT_BLOCKED).data == {
        "compartment": "2",
        "reason": "wet paint",
        **WHO,
    }
    assert not stand.box("2").free
    assert ask(stand, BlockDoor("2", "again")) == "already-blocked"
    assert ask(stand, UnblockDoor("2")) is None
    assert stand.last(EntryKind.COMPARTMENT_UNBLOCKED).data == {
        "compartment": "2",
        "condition": "sound",
        **WHO,
    }
    assert stand.box("2").free
    assert ask(stand, UnblockDoor("2")) == "not-blocked"


# -- in between others


def test_a_recipients_code_stays_good_behind_a_technicians_opening() -> None:
    stand = Stand()
    label = stand.deliver()
    seen(stand, label, "parcel")
    stand.press("C 024204 OK")
    assert stand.opens_and_shuts() == label
    assert stand.parcel().state is ParcelState.COLLECTED


def test_a_remote_opening_waits_for_a_technicians_door() -> None:
    stand = Stand()
    opened(stand)
    assert stand.command(OpenCompartment("2", "desk 4", "a toy")) == "opening-under-way"


def test_every_refusal_has_its_two_sentences() -> None:
    reasons = {
        "unknown-compartment",
        "being-serviced",
        "wiring-in-doubt",
        "opening-under-way",
        "another-under-way",
        "not-looked",
        "door-open",
        "something-inside",
        "parcel-named-in-vain",
        "unknown-tracking-id",
        "parcel-not-awaited",
        "already-blocked",
        "not-blocked",
    }
    assert reasons <= REFUSALS.keys()
