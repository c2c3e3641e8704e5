"""domain.md section 5: collecting with doors that fail, with others at the automat, without power."""

from datetime import timedelta

import pytest

from locker.domain.commands import LengthenDeadline, Mode, OpenCompartment, RevokePerson
from locker.domain.compartments import Condition
from locker.domain.events import Door
from locker.domain.flows.collect import UNCONFIRMED
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Collecting, ConfirmingRemoval
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState, Role
from locker.domain.rules import Rules
from tests.unit.domain.cuts import cut_after_each_event
from tests.unit.domain.rounds import (
    OTHER,
    PARCEL,
    assert_nothing_assumed,
    flow,
    set_mode,
    sign_in,
    stand_in_collection,
    stand_with_withdrawn,
)
from tests.unit.domain.stand import Stand

# -- doors


def test_a_door_that_does_not_open_is_reported_and_the_next_one_opens() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    stand.pulse_sent()
    stand.wait(5.1)
    assert stand.says(Text.PRESS_DOOR)
    stand.wait(10)
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "1") is not None
    assert stand.box("1").condition is Condition.FAULTY
    assert stand.parcel().state is ParcelState.WITHDRAWN
    assert stand.unlocks[-1].compartment == "2"
    assert stand.count(EntryKind.PARCEL_ATTEMPTED) == 0  # no recipient was turned away
    stand.opens_and_shuts()
    stand.press("OK")
    assert dict(stand.shown[-1].values) == {"taken": "1", "left": "1"}


def test_a_line_that_is_down_is_not_the_fault_of_the_lock() -> None:
    stand = stand_in_collection()
    stand.wait(15.1)
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "1") is not None
    assert stand.box("1").condition is Condition.SOUND
    assert stand.says(Text.COLLECT_DONE)


def test_a_faulty_lock_that_opens_after_all_works_again() -> None:
    stand = stand_in_collection()
    stand.pulse_sent()
    stand.wait(15.1)
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.box("1").free
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "1") is None


def test_a_door_that_opens_late_belongs_to_nobody_and_assumes_nothing() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    stand.pulse_sent()
    stand.wait(15.1)
    stand.door("1", Door.OPEN)
    round_ = flow(stand)
    assert isinstance(round_, Collecting)
    assert round_.compartment == "2"
    stand.door("1", Door.SHUT)
    assert_nothing_assumed(stand)
    assert stand.opens_and_shuts() == "2"
    stand.press("OK")
    assert stand.parcel(OTHER).state is ParcelState.CLOSED
    assert stand.parcel().state is ParcelState.WITHDRAWN


def test_a_passer_by_cannot_confirm_a_door_that_opened_late() -> None:
    stand = stand_in_collection()
    stand.pulse_sent()
    stand.wait(15.1)
    stand.press("C")
    stand.wait(31)
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    stand.press("OK")
    assert stand.says(Text.PRESS_C_FIRST)
    assert_nothing_assumed(stand)


def test_without_a_contact_the_removal_has_grade_b_and_needs_a_pulse_that_was_sent() -> None:
    stand = stand_in_collection(blind=("1",))
    assert stand.says(Text.COLLECT_TAKE_NO_CONTACT)
    stand.press("OK")
    assert isinstance(flow(stand), Collecting)
    stand.pulse_sent()
    stand.press("OK")
    assert isinstance(flow(stand), ConfirmingRemoval)
    stand.press("OK")
    entry = stand.last(EntryKind.PARCEL_REMOVED)
    assert entry.data["grade"] == "B"
    assert "dooropened" not in entry.data
    assert stand.box("1").free


def test_a_contact_that_always_says_open_does_not_keep_the_parcel_for_ever() -> None:
    stand = stand_with_withdrawn()
    stand.door("1", Door.OPEN)
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.pulse_sent()
    stand.press("OK OK")
    assert stand.last(EntryKind.PARCEL_REMOVED).data["grade"] == "B"
    assert not stand.box("1").free


def test_a_compartment_that_is_not_configured_is_never_pulsed() -> None:
    stand = stand_with_withdrawn(PARCEL, OTHER)
    stand.reconfigured(without_box="1")
    stand.sign_in_courier()
    before = len(stand.unlocks)
    stand.press("1 OK")
    assert [pulse.compartment for pulse in stand.unlocks[before:]] == ["2"]
    stand.opens_and_shuts()
    stand.press("OK")
    assert dict(stand.shown[-1].values) == {"taken": "1", "left": "1"}
    stand.press("1 OK")
    assert dict(stand.shown[-1].values) == {"taken": "0", "left": "1"}
    assert stand.automat.open_incident(IncidentKind.CONFIGURATION_MISMATCH, "1") is not None


# -- what happens meanwhile


def test_a_parcel_whose_time_was_lengthened_meanwhile_is_skipped() -> None:
    stand = Stand(Rules(back_office_may_lengthen=True))
    stand.deliver()
    stand.deliver(OTHER, code="5555")
    stand.wait(8 * 86_400)
    stand.sign_in_courier()
    stand.press("1 OK")
    later_at = stand.now.wall_at + timedelta(days=3)
    assert stand.command(LengthenDeadline(OTHER, later_at)) is None
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.unlocks[-1].compartment == "1"
    assert stand.parcel(OTHER).state is ParcelState.STORED
    assert dict(stand.shown[-1].values) == {"taken": "1", "left": "0"}


def test_a_parcel_that_its_recipient_took_meanwhile_is_skipped() -> None:
    stand = Stand()
    stand.deliver()
    stand.deliver(OTHER, code="5555")
    set_mode(stand, Mode.EVACUATE)
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens()
    stand.press("C 5555 OK", "side")
    second = stand.pulse_sent()
    stand.door(second, Door.OPEN)
    stand.door(second, Door.SHUT)
    stand.door("1", Door.SHUT)
    stand.press("OK")
    assert stand.parcel(OTHER).state is ParcelState.COLLECTED
    assert stand.count(EntryKind.PARCEL_REMOVED) == 1
    assert dict(stand.shown[-1].values) == {"taken": "1", "left": "0"}


def test_no_word_counts_on_a_parcel_whose_door_was_opened_from_afar_since() -> None:
    stand = Stand()
    stand.deliver()
    set_mode(stand, Mode.EVACUATE)
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    assert stand.command(OpenCompartment("1", "op-1", "a test")) is None
    stand.press("OK")
    assert stand.says(Text.CLOSE_DOOR)  # the door is under way
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel().state is ParcelState.STORED
    assert stand.count(EntryKind.PARCEL_REMOVED) == 0
    assert stand.box("1").condition is Condition.SUSPECT


def test_a_door_under_way_at_another_keypad_is_offered_last() -> None:
    stand = Stand()
    stand.deliver()
    stand.deliver(OTHER, code="5555")
    set_mode(stand, Mode.EVACUATE)
    stand.sign_in_courier()
    stand.press("C 024204 OK", "side")
    assert stand.opens() == "1"
    stand.press("1 OK")
    assert stand.opens_and_shuts() == "2"
    stand.press("OK")
    assert dict(stand.shown[-1].values) == {"taken": "1", "left": "1"}
    assert stand.count(EntryKind.PARCEL_REMOVED) == 1


def test_two_couriers_at_two_keypads_never_stand_in_front_of_the_same_door() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    sign_in(stand, "c-2", Role.COURIER, "8888", "side")
    stand.opens_and_shuts()  # the first one still has to say what became of it
    stand.press("1 OK", "side")
    assert stand.opens_and_shuts() == "2"
    stand.press("OK", "side")
    stand.press("OK")
    assert [entry.data["courier"] for entry in stand.entries if entry.kind is EntryKind.PARCEL_REMOVED] == [
        "c-2",
        "c-1",
    ]


def test_no_other_door_opens_once_the_automat_is_frozen() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    stand.opens_and_shuts()
    set_mode(stand, Mode.FROZEN)
    pulses = len(stand.unlocks)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.CLOSED  # what was begun is finished
    assert len(stand.unlocks) == pulses
    assert stand.says(Text.FROZEN)
    stand.press("1 OK")
    assert len(stand.unlocks) == pulses


def test_a_courier_whose_right_ended_meanwhile_finishes_this_door_and_gets_no_other() -> None:
    stand = stand_in_collection(PARCEL, OTHER)
    stand.opens_and_shuts()
    assert stand.command(RevokePerson("c-1", Role.COURIER)) is None
    pulses = len(stand.unlocks)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.CLOSED
    assert len(stand.unlocks) == pulses
    assert stand.last(EntryKind.COURIER_SIGNED_OUT).data["why"] == "no longer authorised"


# -- power cuts


def collect_one(stand: Stand) -> None:
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("OK")


def collect_one_blind(stand: Stand) -> None:
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.pulse_sent()
    stand.press("OK OK")


@pytest.mark.parametrize("blind", [(), ("1",)])
def test_whatever_a_power_cut_leaves_half_done_is_in_the_record_and_the_next_round_ends_it(
    blind: tuple[str, ...],
) -> None:
    script = collect_one_blind if blind else collect_one
    for step, stand in cut_after_each_event(lambda: stand_with_withdrawn(blind=blind), script):
        pulses = len(stand.unlocks)
        pulsed = any(entry.data.get("purpose") == "collect" for entry in stand.entries)
        removed = stand.parcel().state is ParcelState.CLOSED
        assert removed == (stand.count(EntryKind.PARCEL_REMOVED) == 1), step
        assert removed == (stand.box("1").tracking_id is None), step
        if stand.doors.get("1") is Door.OPEN:
            stand.door("1", Door.SHUT)
            stand.wait(61)
        assert len(stand.unlocks) == pulses, step
        if pulsed and not removed:
            assert_nothing_assumed(stand)
            assert stand.count(EntryKind.REMOVAL_ABANDONED) == 1, step
        stand.wait(200)
        if not removed:
            script(stand)
        assert stand.parcel().state is ParcelState.CLOSED, step
        assert stand.count(EntryKind.PARCEL_REMOVED) == 1, step
        assert stand.box("1").free, step
        assert not stand.automat.open_matters, step


def test_a_courier_can_confirm_after_a_restart_while_the_door_stood_open() -> None:
    stand = stand_in_collection()
    stand.opens()
    stand.power_cut(off_s=2)
    stand.door("1", Door.SHUT)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.CLOSED
    assert stand.last(EntryKind.PARCEL_REMOVED).data["why"] == "withdrawn"


def test_a_cut_before_the_word_is_said_is_noted_once_however_often_the_power_fails() -> None:
    stand = stand_in_collection()
    stand.opens_and_shuts()
    assert stand.box("1").reason == UNCONFIRMED
    for _ in range(3):
        stand.power_cut(off_s=2)
    assert_nothing_assumed(stand)
    assert stand.count(EntryKind.REMOVAL_ABANDONED) == 1
    assert stand.last(EntryKind.REMOVAL_ABANDONED).data["reason"] == "interrupted"


def test_a_keypad_that_is_gone_after_a_restart_harms_nothing() -> None:
    stand = stand_in_collection()
    stand.opens()
    stand.reconfigured(without_keypad="front")
    stand.door("1", Door.SHUT)
    assert_nothing_assumed(stand)


def test_a_box_that_leaves_the_configuration_with_its_door_open_is_judged_when_it_is_back() -> None:
    stand = stand_in_collection()
    stand.opens()
    stand.reconfigured(without_box="1")
    assert stand.parcel().state is ParcelState.WITHDRAWN
    stand.doors["1"] = Door.SHUT
    stand.reconfigured()
    assert_nothing_assumed(stand)
