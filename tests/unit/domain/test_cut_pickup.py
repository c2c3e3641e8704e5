"""Boxes that may have been opened while nobody saw it: nobody knows what lies inside until a look (F6)."""

import pytest

from locker.domain.commands import Mode
from locker.domain.compartments import Condition
from locker.domain.events import Door, GoodsSeen, PulseSent
from locker.domain.flows.doors import FREED_UNSEEN
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.parcels import ParcelState
from tests.unit.domain.rounds import PARCEL, set_mode, sign_in_technician
from tests.unit.domain.stand import Stand

CODE = "C 024204 OK"


def cut_short(*, sent: bool = True, blind: bool = False) -> tuple[Stand, str]:
    """Cut the power in front of a recipient's door; it is shut when the power is back."""
    stand = Stand(blind=("1",) if blind else ())
    label = stand.deliver(PARCEL, code="024204")
    stand.press(CODE)
    if sent:
        stand.pulse_sent()
    stand.power_cut(off_s=30)
    return stand, label


@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("sent", [False, True])
def test_the_box_asks_for_a_look_and_the_back_office_is_told(*, sent: bool, blind: bool) -> None:
    stand, label = cut_short(sent=sent, blind=blind)
    assert (stand.box(label).condition, stand.box(label).reason) == (Condition.SUSPECT, FREED_UNSEEN)
    assert label in stand.automat.suspects
    told = stand.last(EntryKind.COMPARTMENT_TO_INSPECT)
    assert (told.subject, told.data) == (PARCEL, {"compartment": label, "reason": "interrupted"})
    assert stand.parcel().state is ParcelState.STORED
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0


def test_the_code_still_opens_and_the_box_is_offered_once_somebody_has_looked() -> None:
    stand, label = cut_short()
    stand.press(CODE)
    stand.opens_and_shuts()
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"
    assert stand.automat.open_incident(IncidentKind.OPENING_INTERRUPTED, label) is None
    stand.wait(200)
    assert not stand.box(label).free
    looked_into(stand, "courier", "1")
    assert stand.box(label).free


def test_a_lesser_grade_leaves_the_look_to_be_done() -> None:
    blind, label = cut_short(blind=True)
    blind.press(CODE)
    blind.pulse_sent()
    blind.press("OK")
    assert blind.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "B"
    assert blind.box(label).condition is Condition.SUSPECT
    left_open, label = cut_short()
    left_open.press(CODE)
    left_open.opens()
    left_open.wait(61)
    left_open.door(label, Door.SHUT)
    assert left_open.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "C"
    assert left_open.box(label).condition is Condition.SUSPECT


def test_a_recipient_who_opens_nothing_or_leaves_the_parcel_settles_nothing() -> None:
    stand, label = cut_short()
    stand.press(CODE)
    stand.wait(200)  # the door does not move, or nobody is there
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.parcel().state is ParcelState.STORED
    seen, label = cut_short()
    seen.do(GoodsSeen(label, present=True))
    seen.press(CODE)
    seen.opens_and_shuts()
    assert seen.last(EntryKind.PARCEL_ATTEMPTED).data["reason"] == "goods-still-inside"
    assert seen.box(label).condition is Condition.SUSPECT


def looked_into(stand: Stand, by: str, key: str) -> None:
    """Let a courier or technician go on a round of looks and say what lies inside."""
    if by == "courier":
        stand.sign_in_courier()
        stand.press("2 OK")
    else:
        sign_in_technician(stand)
        stand.press("5")
    stand.opens_and_shuts()
    stand.press(key)


@pytest.mark.parametrize("by", ["courier", "technician"])
def test_a_look_that_finds_the_parcel_settles_it_and_the_code_still_opens(by: str) -> None:
    stand, label = cut_short()
    looked_into(stand, by, "2")
    assert stand.last(EntryKind.COMPARTMENT_INSPECTED).data["verdict"] == "as expected"
    assert stand.box(label).condition is Condition.SOUND
    assert not stand.automat.open_matters
    stand.press("C C " + CODE)
    assert stand.opens_and_shuts() == label
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"


@pytest.mark.parametrize("by", ["courier", "technician"])
def test_a_look_that_finds_nothing_makes_the_parcel_missing_and_its_code_dead(by: str) -> None:
    stand, label = cut_short()
    looked_into(stand, by, "1")
    assert stand.parcel().state is ParcelState.MISSING
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_EMPTY, label) is not None
    assert stand.box(label).condition is Condition.SOUND
    pulses = len(stand.unlocks)
    stand.press("C C " + CODE)
    assert len(stand.unlocks) == pulses


def test_a_reopening_cut_short_leaves_an_empty_box_to_be_looked_into() -> None:
    stand = Stand()
    label = stand.deliver(PARCEL, code="024204")
    stand.press(CODE)
    stand.opens_and_shuts()
    stand.press(CODE)
    stand.pulse_sent()
    stand.power_cut(off_s=30)
    stand.wait(181)
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.box(label).tracking_id is None


def test_a_lock_given_up_may_have_let_the_parcel_out_while_the_power_was_away() -> None:
    stand = Stand()
    label = stand.deliver(PARCEL, code="024204")
    stand.press(CODE)
    stand.pulse_sent()
    set_mode(stand, Mode.FROZEN)  # so that it is given up after one pulse
    stand.wait(6)
    assert stand.box(label).condition is Condition.SOUND
    stand.power_cut(off_s=30)
    assert stand.box(label).reason == FREED_UNSEEN


def test_a_lock_that_was_never_pulsed_let_nothing_out() -> None:
    stand = Stand()
    label = stand.deliver(PARCEL, code="024204")
    stand.press(CODE)
    stand.wait(20)
    stand.power_cut(off_s=30)
    assert stand.box(label).condition is Condition.SOUND


def test_a_door_forced_open_leaves_a_doubt_of_its_parcel() -> None:
    stand = Stand()
    label = stand.deliver(PARCEL, code="024204")
    stand.door(label, Door.OPEN)
    stand.door(label, Door.SHUT)
    assert label in stand.automat.suspects
    assert stand.automat.open_incident(IncidentKind.DOOR_OPENED_UNASKED, label) is not None
    stand.press(CODE)
    stand.opens_and_shuts()
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"
    assert stand.box(label).condition is Condition.SUSPECT


def test_a_pulse_told_twice_counts_once() -> None:
    stand = Stand()
    label = stand.deliver(PARCEL, code="024204")
    stand.press(CODE)
    stand.wait(6)
    second = stand.unlocks[-1]
    assert second.number == 2
    for _ in range(3):
        stand.do(PulseSent(label, 2))
    assert stand.automat.openings[label].pulses_sent == 1
    stand.wait(5)
    stand.pulse_sent()
    assert stand.automat.openings[label].pulses_sent == 2
    stand.wait(200)
    stand.press(CODE)
    assert stand.unlocks[-1].number == 1
    stand.pulse_sent()
    assert stand.automat.openings[label].pulses_sent == 1
