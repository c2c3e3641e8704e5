"""What a review of everybody with a parcel in hand found: recipients, couriers, senders."""

from dataclasses import replace

import pytest

from locker.domain.commands import Cause, Mode, OpenCompartment, SetMode, WithdrawParcel
from locker.domain.compartments import Condition
from locker.domain.events import Door, GoodsSeen, LabelScanned
from locker.domain.incidents import IncidentKind
from locker.domain.intents import Show, Sound, Tone
from locker.domain.journal import EntryKind
from locker.domain.keypad import ChoosingSize, Depositing
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState
from tests.unit.domain.rounds import OTHER, PARCEL, SENT, technician_opens, withdraw
from tests.unit.domain.stand import Stand, fixtures

# -- recipients (domain.md 3)


def opened_and_left(stand: Stand, *, goods: bool) -> str:
    """A recipient opens the door and leaves it open; the sensor says whether the parcel is there."""
    label = stand.deliver()
    stand.press("C 024204 OK")
    stand.opens()
    stand.do(GoodsSeen(label, present=goods))
    stand.wait(61)
    assert stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, label) is not None
    return label


def test_a_parcel_still_seen_behind_a_door_left_open_is_not_handed_over_and_its_code_lives() -> None:
    stand = Stand()
    label = opened_and_left(stand, goods=True)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    assert stand.last(EntryKind.PARCEL_ATTEMPTED).data["reason"] == "goods-still-inside"
    stand.door(label, Door.SHUT)
    stand.wait(300)
    assert stand.parcel().state is ParcelState.STORED
    stand.press("C 024204 OK")
    assert stand.opens() == label
    stand.do(GoodsSeen(label, present=False))
    stand.door(label, Door.SHUT)
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"


def test_what_a_sensor_saw_before_a_restart_hands_nothing_over() -> None:
    stand = Stand()
    label = opened_and_left(stand, goods=True)
    stand.doors[label] = Door.SHUT
    stand.power_cut()
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    stand.press("C 024204 OK")
    assert stand.opens_and_shuts() == label
    assert stand.parcel().state is ParcelState.COLLECTED


def test_a_parcel_taken_from_a_door_left_open_is_handed_over_once_it_is_shut() -> None:
    stand = Stand()
    label = opened_and_left(stand, goods=True)
    stand.do(GoodsSeen(label, present=False))
    stand.door(label, Door.SHUT)
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"
    stand.wait(181)
    assert stand.parcel().state is ParcelState.CLOSED


def test_a_withdrawn_parcel_still_seen_behind_a_door_left_open_waits_for_its_courier() -> None:
    stand = Stand()
    label = opened_and_left(stand, goods=True)
    withdraw(stand)
    stand.door(label, Door.SHUT)
    assert stand.parcel().state is ParcelState.WITHDRAWN
    stand.sign_in_courier()
    stand.press("1 OK")
    assert stand.pulse_sent() == label


def test_without_a_contact_a_parcel_that_the_sensor_still_sees_is_not_handed_over() -> None:
    stand = Stand(blind=["1"])
    label = stand.deliver()
    assert label == "1"
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.do(GoodsSeen(label, present=True))
    stand.press("OK")
    assert stand.says(Text.STILL_INSIDE)
    assert stand.last(EntryKind.PARCEL_ATTEMPTED).data["reason"] == "goods-still-inside"
    assert stand.parcel().state is ParcelState.STORED


def test_a_lock_that_jams_and_then_works_does_not_make_a_dirty_box_clean() -> None:
    stand = Stand()
    label = stand.deliver()
    technician_opens(stand, label)
    stand.opens_and_shuts()
    stand.press("3 C")
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_DIRTY, label) is not None
    stand.wait(31)
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.wait(15)
    stand.wait(60)
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(300)
    assert stand.parcel().state is ParcelState.CLOSED
    assert stand.box(label).condition is Condition.SUSPECT


def test_a_lock_that_jams_and_then_works_does_not_make_up_for_an_opening_from_afar() -> None:
    stand = Stand()
    label = stand.deliver()
    assert stand.command(OpenCompartment(label, "op-1", "a test")) is None
    stand.opens_and_shuts()
    stand.wait(31)
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.wait(75)
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.parcel().state is ParcelState.COLLECTED
    assert stand.box(label).condition is Condition.SUSPECT


def test_a_lock_that_fails_a_courier_and_then_works_settles_no_doubt_of_what_lies_inside() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.command(SetMode(Mode.EVACUATE, "op-1", "a test"))
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("C 1 OK")  # left without a word, and again
    stand.pulse_sent()
    stand.wait(15)
    assert stand.box(label).condition is Condition.FAULTY
    stand.press("C C")
    stand.wait(31)
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.parcel().state is ParcelState.COLLECTED
    assert stand.box(label).condition is Condition.SUSPECT


def test_a_code_opens_no_box_whose_parcel_a_courier_may_have_in_hand() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.command(SetMode(Mode.EVACUATE, "op-1", "a test"))
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    pulses = len(stand.unlocks)
    stand.press("C 024204 OK", "side")
    assert len(stand.unlocks) == pulses
    assert stand.says(Text.DOOR_IN_USE, "side")
    stand.press("OK")  # it was in the courier's hand
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    assert stand.last(EntryKind.PARCEL_REMOVED).data["compartment"] == label


@pytest.mark.parametrize("word", ["2", "C"])
def test_a_code_opens_again_once_the_courier_has_left_the_parcel(word: str) -> None:
    stand = Stand()
    stand.deliver()
    stand.command(SetMode(Mode.EVACUATE, "op-1", "a test"))
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("C 024204 OK", "side")
    stand.press(word)
    stand.press("C 024204 OK", "side")
    stand.opens_and_shuts()
    assert stand.parcel().state is ParcelState.COLLECTED


# -- what must come out again (domain.md 4 and 6): a door that was shut says nothing of what lies behind it


def test_a_box_that_a_courier_said_is_full_is_not_free_by_shutting_it_again() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    label = stand.opens_and_shuts()
    withdraw(stand)
    stand.press("OK")
    assert stand.opens_and_shuts() == label
    assert stand.box(label).condition is Condition.SUSPECT
    stand.press("2 OK")  # the courier can say so at once
    assert stand.opens_and_shuts() == label
    stand.press("1")
    assert stand.box(label).free


def test_a_box_that_a_sender_said_is_full_is_not_free_by_shutting_it_again() -> None:
    stand = Stand()
    stand.expect_drop_off()
    stand.press("C 515151 OK")
    label = stand.opens_and_shuts()
    stand.command(WithdrawParcel(SENT, Cause.CANCEL, "the sender cancelled online"))
    stand.press("OK")
    assert stand.opens_and_shuts() == label
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.says(Text.SENDING_WITHDRAWN)


@pytest.mark.parametrize("who", ["courier", "sender"])
def test_a_sensor_that_sees_nothing_frees_the_box_that_was_emptied_again(who: str) -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.expect_drop_off()
    if who == "courier":
        stand.sign_in_courier()
        stand.press("00070773 OK")
    else:
        stand.press("C 515151 OK")
    label = stand.opens_and_shuts()
    stand.command(WithdrawParcel(PARCEL if who == "courier" else SENT, Cause.CANCEL, "cancelled"))
    stand.press("OK")
    stand.opens()
    stand.do(GoodsSeen(label, present=False))
    stand.door(label, Door.SHUT)
    assert stand.box(label).free


# -- looking into a box (domain.md 4)


def test_a_parcel_found_behind_a_faulty_lock_does_not_mend_it() -> None:
    stand = Stand()
    stand.announce(OTHER, "5555")
    stand.sign_in_courier()
    stand.press(f"{OTHER[-8:]} OK")
    stand.pulse_sent()
    stand.wait(15)  # its lock does not open
    assert stand.box("1").condition is Condition.FAULTY
    stand.press("C C C")
    stand.wait(300)
    stand.door("1", Door.OPEN)  # its contact is stuck: no opening of it proves anything
    technician_opens(stand, "1", "side")
    stand.pulse_sent()
    stand.press("OK 2", "side")
    assert stand.says(Text.NAME_PARCEL, "side")
    stand.press(f"{PARCEL[4:]} OK", "side")
    assert stand.parcel(PARCEL).state is ParcelState.STORED
    assert stand.box("1").condition is Condition.FAULTY
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "1") is not None


# -- senders (domain.md 6)


def test_a_sender_whose_box_was_found_empty_gets_another_when_that_box_is_gone() -> None:
    stand = Stand()
    stand.expect_drop_off()
    stand.press("C 515151 OK")
    label = stand.opens_and_shuts()
    stand.wait(100)  # left without a word
    technician_opens(stand, label)
    stand.opens_and_shuts()
    stand.press("1")
    assert stand.box(label).free
    stand.reconfigured(without_box=label)
    stand.press("C 515151 OK")
    assert stand.opens_and_shuts() != label


# -- the size menu (domain.md 4)


def test_however_long_their_names_every_size_with_room_can_be_chosen() -> None:
    names = ["eine ganz kleine Kiste fuer Briefe 01", "a middling sort of compartment, 35 cm", "XL"]
    boxes = [
        replace(box, size=names[n], height_mm=100 * (n + 1)) for n, box in enumerate(fixtures()[: len(names)])
    ]
    stand = Stand(boxes=boxes)
    stand.sign_in_courier()
    stand.press(f"{PARCEL[4:]} OK")
    flow = stand.automat.keypads["front"].flow
    assert isinstance(flow, ChoosingSize)
    assert flow.sizes == tuple(names)
    shown = dict(stand.shown[-1].values)["sizes"]
    assert len(shown) <= 40
    assert [part for part in ("1=", "2=", "3=XL") if part not in shown] == []


# -- a restart in front of a door that had opened late (its person has gone on)


def test_after_a_restart_a_courier_goes_on_at_the_last_box_not_at_one_that_opened_late() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    stand.wait(15)  # no pulse has left: another box opens
    stand.door("1", Door.OPEN)
    assert stand.opens() == "2"
    stand.power_cut()
    assert stand.automat.keypads["front"].flow == Depositing("c-1", "2", PARCEL)
    stand.door("1", Door.SHUT)
    stand.door("2", Door.SHUT)
    stand.press("OK")
    assert stand.parcel().compartment == "2"
    assert stand.box("1").condition is Condition.SUSPECT


def test_after_a_restart_nobody_confirms_a_removal_behind_a_door_that_had_opened_late() -> None:
    stand = Stand()
    label = stand.deliver()
    withdraw(stand)
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.pulse_sent()
    stand.wait(15)
    stand.press("C")  # gone on
    stand.door(label, Door.OPEN)
    stand.power_cut()
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.WITHDRAWN
    assert stand.count(EntryKind.PARCEL_REMOVED) == 0


# -- labels scanned at odd moments


@pytest.mark.parametrize("when", ["at the open door", "before the word"])
def test_a_label_scanned_before_the_last_parcel_is_confirmed_is_refused_aloud(when: str) -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    stand.opens()
    if when == "before the word":
        stand.door("1", Door.SHUT)
    said = stand.shown[-1]
    decision = stand.do(LabelScanned("front", OTHER))
    assert decision.intents == (Show("front", said), Sound("front", Tone.WRONG))
    assert not decision.durable
    assert len(stand.unlocks) == 1
