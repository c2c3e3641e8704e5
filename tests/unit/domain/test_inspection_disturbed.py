"""Looking into compartments: faulty doors, others at the automat, people who leave, power cuts."""

import pytest

from locker.domain.commands import Mode, RevokePerson
from locker.domain.compartments import Condition
from locker.domain.events import Door, LabelScanned
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Inspecting, Serving
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState, Role
from tests.unit.domain.cuts import cut_after_each_event
from tests.unit.domain.rounds import (
    OTHER,
    SENT,
    flow,
    make_faulty,
    set_mode,
    sign_in_technician,
    stand_in_inspection,
    stand_naming,
    technician_opens,
    verdict,
)
from tests.unit.domain.stand import Stand

# -- technicians and faulty boxes


def test_a_technician_who_saw_a_faulty_door_open_and_shut_makes_it_sound() -> None:
    stand = Stand()
    make_faulty(stand)
    technician_opens(stand, "1")
    stand.opens_and_shuts()
    assert stand.box("1").condition is Condition.SUSPECT  # the lock works, what lies inside is to be said
    stand.press("1")
    assert stand.box("1").free
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "1") is None


def test_a_faulty_door_that_still_does_not_open_stays_faulty() -> None:
    stand = Stand()
    make_faulty(stand)
    technician_opens(stand, "1")
    stand.pulse_sent()
    stand.wait(15.1)
    assert stand.box("1").condition is Condition.FAULTY
    assert isinstance(flow(stand), Serving)


def test_a_courier_is_not_sent_to_faulty_boxes() -> None:
    stand = Stand()
    make_faulty(stand)
    stand.sign_in_courier()
    before = len(stand.unlocks)
    stand.press("2 OK")
    assert len(stand.unlocks) == before


def test_who_opened_a_door_is_in_the_journal_once_it_was_seen_open() -> None:
    stand = Stand()
    technician_opens(stand, "2")
    stand.pulse_sent()
    assert stand.count(EntryKind.OPENED_BY_PERSON) == 0
    stand.door("2", Door.OPEN)
    entry = stand.last(EntryKind.OPENED_BY_PERSON)
    assert entry.data["technician"] == "t-1"
    assert entry.data["compartment"] == "2"


def test_a_technician_opens_in_frozen_mode_and_a_courier_does_not() -> None:
    stand = stand_in_inspection("1", "2")
    stand.opens_and_shuts()
    set_mode(stand, Mode.FROZEN)
    pulses = len(stand.unlocks)
    stand.press("1")
    assert stand.box("1").free
    assert stand.says(Text.FROZEN)
    assert len(stand.unlocks) == pulses
    sign_in_technician(stand, "side")
    stand.press("5", "side")
    assert stand.opens_and_shuts() == "2"
    stand.press("1", "side")
    assert stand.box("2").free


def test_a_door_in_use_by_somebody_else_is_not_opened() -> None:
    stand = Stand()
    stand.deliver()
    stand.press("C 024204 OK", "side")
    stand.opens()
    before = len(stand.unlocks)
    technician_opens(stand, "1")
    assert stand.says(Text.DOOR_IN_USE)
    assert len(stand.unlocks) == before


def test_a_door_that_somebody_left_open_is_not_opened_but_to_be_shut() -> None:
    stand = Stand()
    stand.deliver()
    stand.press("C 024204 OK", "side")
    stand.opens()
    stand.wait(100)
    before = len(stand.unlocks)
    technician_opens(stand, "1")
    assert stand.says(Text.DOOR_IN_USE)
    assert len(stand.unlocks) == before


def test_a_courier_who_saw_a_faulty_door_open_late_does_not_mend_it() -> None:
    stand = stand_in_inspection()
    stand.pulse_sent()
    stand.wait(15.1)
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    assert stand.box("1").condition is Condition.FAULTY


def test_a_box_that_somebody_else_settled_meanwhile_is_not_opened_again() -> None:
    stand = stand_in_inspection("1", "2")
    stand.opens()
    technician_opens(stand, "2", "side")
    stand.opens_and_shuts()
    stand.press("1", "side")
    stand.door("1", Door.SHUT)
    pulses = len(stand.unlocks)
    stand.press("1")
    assert len(stand.unlocks) == pulses
    assert stand.says(Text.INSPECT_DONE)


def test_no_name_counts_while_the_door_is_open_again() -> None:
    stand = stand_in_inspection()
    stand.opens_and_shuts()
    stand.press("2")
    stand.door("1", Door.OPEN)
    stand.do(LabelScanned("front", OTHER))
    assert stand.says(Text.CLOSE_DOOR)
    assert OTHER not in stand.automat.parcels
    stand.door("1", Door.SHUT)
    stand.do(LabelScanned("front", OTHER))
    assert stand.parcel(OTHER).state is ParcelState.STORED


def test_no_verdict_counts_while_the_door_is_open_again() -> None:
    stand = stand_in_inspection()
    stand.opens_and_shuts()
    stand.door("1", Door.OPEN)
    stand.press("1 2 3")
    assert stand.says(Text.CLOSE_DOOR)
    assert stand.count(EntryKind.COMPARTMENT_INSPECTED) == 0
    stand.door("1", Door.SHUT)
    stand.press("1")
    assert stand.box("1").free


def test_no_verdict_counts_without_a_door_seen_open() -> None:
    stand = stand_in_inspection()
    stand.pulse_sent()
    stand.press("1 2 3 OK")
    stand.wait(15.1)
    stand.press("1 2 3")
    assert stand.count(EntryKind.COMPARTMENT_INSPECTED) == 0
    assert stand.box("1").condition is Condition.FAULTY


@pytest.mark.parametrize("word", ["1", "2", "3"])
def test_no_verdict_counts_on_a_box_that_was_opened_for_somebody_else_since(word: str) -> None:
    stand = Stand()
    stand.expect_drop_off(SENT)
    stand.press("C 515151 OK")
    stand.opens_and_shuts()
    stand.wait(91)
    technician_opens(stand, "1", "side")
    stand.opens_and_shuts()
    stand.press("C 515151 OK")  # the sender comes back to the same box
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel(SENT).state is ParcelState.DROPPED_OFF
    stand.press(word, "side")
    assert stand.parcel(SENT).state is ParcelState.DROPPED_OFF
    assert stand.box("1").tracking_id == SENT
    assert stand.box("1").condition is Condition.SOUND  # the sender's word came later
    assert verdict(stand).data["verdict"] == "opened for somebody else meanwhile"
    assert not stand.automat.open_matters


def test_no_name_counts_on_a_box_that_was_opened_for_somebody_else_since() -> None:
    stand = Stand()
    stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    technician_opens(stand, "1", "side")
    stand.opens_and_shuts()
    stand.press("2", "side")
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.do(LabelScanned("side", OTHER))
    assert OTHER not in stand.automat.parcels
    assert stand.box("1").condition is Condition.SUSPECT
    assert isinstance(flow(stand, "side"), Serving)


def test_two_people_never_judge_the_same_box() -> None:
    stand = stand_in_inspection("1", "2")
    stand.opens_and_shuts()
    sign_in_technician(stand, "side")
    stand.press("5", "side")
    assert stand.opens_and_shuts() == "2"
    stand.press("1", "side")
    assert stand.says(Text.INSPECT_DONE, "side")
    stand.press("1")
    assert not stand.automat.suspects


# -- leaving


@pytest.mark.parametrize("naming", [False, True])
def test_who_leaves_without_a_word_leaves_the_box_suspect(*, naming: bool) -> None:
    stand = stand_naming() if naming else stand_in_inspection()
    if not naming:
        stand.opens_and_shuts()
    stand.wait(60.1)
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.last(EntryKind.COMPARTMENT_TO_INSPECT).data["courier"] == "c-1"
    assert stand.says(Text.SIGNED_OUT)
    occupied = stand.automat.open_incident(IncidentKind.COMPARTMENT_OCCUPIED, "1")
    assert (occupied is not None) == naming


def test_a_sound_box_that_a_technician_opened_without_a_word_becomes_suspect() -> None:
    stand = Stand()
    technician_opens(stand, "2")
    stand.opens_and_shuts()
    stand.wait(200)
    assert stand.box("2").condition is Condition.SUSPECT


def test_a_door_left_open_ends_the_session() -> None:
    stand = Stand()
    technician_opens(stand, "2")
    stand.opens()
    stand.wait(61)
    assert stand.says(Text.LEFT_OPEN)
    assert stand.box("2").condition is Condition.SUSPECT
    assert stand.count(EntryKind.TECHNICIAN_SIGNED_OUT) == 1
    stand.door("2", Door.SHUT)
    assert stand.box("2").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, "2") is None
    assert stand.count(EntryKind.COMPARTMENT_TO_INSPECT) == 1


def test_who_is_revoked_meanwhile_finishes_this_box_and_gets_no_other() -> None:
    stand = stand_in_inspection("1", "2")
    stand.opens_and_shuts()
    assert stand.command(RevokePerson("c-1", Role.COURIER)) is None
    pulses = len(stand.unlocks)
    stand.press("1")
    assert stand.box("1").free
    assert len(stand.unlocks) == pulses
    assert stand.last(EntryKind.COURIER_SIGNED_OUT).data["why"] == "no longer authorised"


def test_a_passer_by_cannot_judge_a_box_that_opened_late() -> None:
    stand = stand_in_inspection()
    stand.pulse_sent()
    stand.wait(15.1)
    stand.press("C")
    stand.wait(31)
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    stand.press("1")
    assert stand.says(Text.PRESS_C_FIRST)
    assert not stand.box("1").free


def test_a_door_that_opens_late_is_judged_by_nobody() -> None:
    stand = stand_in_inspection("1", "2")
    stand.pulse_sent()
    stand.wait(15.1)
    assert stand.unlocks[-1].compartment == "2"
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    assert stand.last(EntryKind.COMPARTMENT_TO_INSPECT).data["compartment"] == "1"
    assert not stand.box("1").free


# -- power cuts


def look_into_one(stand: Stand) -> None:
    technician_opens(stand, "2")
    stand.opens_and_shuts()
    stand.press("1")


def test_whatever_a_power_cut_leaves_half_done_nobody_is_offered_a_box_that_nobody_judged() -> None:
    for step, stand in cut_after_each_event(Stand, look_into_one):
        pulsed = any(entry.data.get("purpose") == "inspect" for entry in stand.entries)
        judged = stand.count(EntryKind.COMPARTMENT_INSPECTED) == 1
        pulses = len(stand.unlocks)
        if stand.doors["2"] is Door.OPEN:
            stand.door("2", Door.SHUT)
            stand.wait(61)
        assert len(stand.unlocks) == pulses, step
        assert stand.box("2").free == (judged or not pulsed), step
        stand.wait(200)
        look_into_one(stand)
        assert stand.box("2").free, step
        assert not stand.automat.open_matters, step


def test_a_person_can_judge_after_a_restart_while_the_door_stood_open() -> None:
    stand = stand_in_inspection()
    stand.opens()
    stand.power_cut(off_s=2)
    assert isinstance(flow(stand), Inspecting)
    assert stand.count(EntryKind.OPENED_BY_PERSON) == 1
    stand.door("1", Door.SHUT)
    stand.press("1")
    assert stand.box("1").free


def test_a_look_that_a_power_cut_took_before_the_door_moved_is_told_of_and_settles_nothing() -> None:
    stand = Stand()
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    technician_opens(stand, "1")
    assert stand.pulse_sent() == "1"
    stand.power_cut(off_s=2)
    told = stand.last(EntryKind.COMPARTMENT_TO_INSPECT)
    assert (told.data["compartment"], told.data["reason"]) == ("1", "interrupted")
    assert stand.box("1").condition is Condition.SUSPECT
    assert not stand.box("1").free


def test_who_is_revoked_during_a_power_cut_judges_nothing() -> None:
    stand = stand_in_inspection()
    stand.opens()
    assert stand.command(RevokePerson("c-1", Role.COURIER)) is None
    stand.power_cut(off_s=2)
    stand.door("1", Door.SHUT)
    stand.press("1")
    assert stand.box("1").condition is Condition.SUSPECT


def test_a_keypad_that_is_gone_after_a_restart_harms_nothing() -> None:
    stand = stand_in_inspection()
    stand.opens()
    stand.reconfigured(without_keypad="front")
    stand.door("1", Door.SHUT)
    assert stand.box("1").condition is Condition.SUSPECT


def test_no_word_counts_behind_a_door_that_stood_open_was_shut_and_sprang_open_again() -> None:
    stand = Stand()
    stand.announce(OTHER)
    stand.door("3", Door.OPEN)
    stand.sign_in_courier()
    stand.press("2 OK")
    stand.pulse_sent()
    stand.door("3", Door.SHUT)
    stand.press("2")
    stand.door("3", Door.OPEN)
    stand.do(LabelScanned("front", OTHER))
    assert stand.count(EntryKind.PARCEL_STORED) == 0
    stand.door("3", Door.SHUT)
    stand.do(LabelScanned("front", OTHER))
    assert stand.last(EntryKind.PARCEL_STORED).data["grade"] == "B"
