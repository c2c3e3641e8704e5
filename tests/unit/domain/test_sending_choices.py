"""domain.md section 6: what a sender may want instead, and when the automat takes nothing."""

from datetime import timedelta

import pytest

from locker.domain.codes import Code
from locker.domain.commands import (
    ExpectDropOff,
    Mode,
    SetMode,
)
from locker.domain.compartments import Condition
from locker.domain.events import Door, GoodsSeen, StorageChanged
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.parcels import Direction, ParcelState
from locker.domain.times import Trust
from tests.unit.domain.sender import (
    AFTER_THE_WINDOW,
    CODE,
    PARCEL,
    assert_dropped_off,
    assert_held,
    at_open_box,
    confirming,
    expecting,
)
from tests.unit.domain.stand import CODE_KEY, MONDAY, Stand

# -- choices


@pytest.mark.parametrize("when", ["door open", "door shut"])
def test_bigger_frees_the_box_and_opens_a_larger_one(when: str) -> None:
    stand, label = at_open_box()
    if when == "door open":
        stand.press("1")
        assert stand.says(Text.TAKE_PARCEL)
        assert len(stand.unlocks) == 1, "a new door before the old one is shut"
        stand.door(label, Door.SHUT)
    else:
        stand.door(label, Door.SHUT)
        stand.press("1")
    larger = stand.unlocks[-1].compartment
    assert stand.box(label).free
    assert stand.box(larger).fixture.volume_mm3 > stand.box(label).fixture.volume_mm3
    assert stand.parcel(PARCEL).compartment == larger
    stand.opens_and_shuts()
    stand.press("OK")
    assert_dropped_off(stand, larger)


@pytest.mark.parametrize("when", ["door open", "door shut"])
def test_occupied_or_dirty_makes_the_box_suspect_and_opens_another(when: str) -> None:
    stand, label = at_open_box()
    if when == "door open":
        stand.press("2")
        stand.door(label, Door.SHUT)
    else:
        stand.door(label, Door.SHUT)
        stand.press("2")
    other = stand.unlocks[-1].compartment
    assert other != label
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_OCCUPIED, label) is not None
    assert stand.last(EntryKind.COMPARTMENT_TO_INSPECT).data["compartment"] == label
    stand.opens_and_shuts()
    stand.press("OK")
    assert_dropped_off(stand, other)
    assert stand.box(label).condition is Condition.SUSPECT


def test_after_a_larger_box_that_was_occupied_comes_no_small_one_again() -> None:
    stand, first = at_open_box()
    stand.press("1")
    stand.door(first, Door.SHUT)
    second = stand.opens()
    stand.press("2")
    stand.door(second, Door.SHUT)
    assert {first, second, stand.unlocks[-1].compartment} == {"1", "5", "6"}


def test_no_larger_box_is_said_and_the_code_stays_valid() -> None:
    stand = expecting(size="L")
    stand.press(CODE)
    label = stand.opens()
    stand.press("1")
    stand.door(label, Door.SHUT)
    assert stand.says(Text.SENDING_NO_COMPARTMENT)
    assert stand.last(EntryKind.DEPOSIT_REFUSED).data["reason"] == "no-compartment"
    assert stand.box(label).free
    stand.press(CODE)
    stand.opens_and_shuts()
    stand.press("OK")
    assert_dropped_off(stand, stand.unlocks[-1].compartment)


def test_cancelling_while_the_door_is_open_frees_the_box_when_it_is_shut() -> None:
    stand, label = at_open_box()
    stand.press("C")
    assert stand.says(Text.TAKE_PARCEL)
    assert not stand.box(label).free
    stand.door(label, Door.SHUT)
    assert stand.says(Text.SENDING_CANCELLED)
    assert stand.last(EntryKind.DEPOSIT_CANCELLED).data["compartment"] == label
    assert stand.box(label).free
    assert stand.parcel(PARCEL).compartment is None
    assert stand.parcel(PARCEL).state is ParcelState.ANNOUNCED
    stand.press(CODE)
    assert stand.unlocks[-1].compartment == label


def test_cancelling_behind_a_shut_door_opens_it_to_take_the_parcel_out() -> None:
    stand, label = confirming()
    stand.press("C")
    assert stand.opens() == label
    assert stand.says(Text.TAKE_PARCEL)
    stand.door(label, Door.SHUT)
    assert stand.says(Text.SENDING_CANCELLED)
    assert stand.box(label).free


def test_ok_in_front_of_the_open_door_takes_a_choice_back() -> None:
    stand, label = at_open_box()
    stand.press("1 OK")
    assert stand.says(Text.SENDING_PUT_PARCEL)
    stand.door(label, Door.SHUT)
    assert stand.says(Text.SENDING_CONFIRM)


@pytest.mark.parametrize("key", ["1", "C"])
def test_a_box_in_which_the_sensor_sees_something_is_not_given_back(key: str) -> None:
    stand, label = at_open_box()
    stand.do(GoodsSeen(label, present=True))
    stand.press(key)
    stand.door(label, Door.SHUT)
    assert stand.says(Text.STILL_INSIDE)
    assert len(stand.unlocks) == 1
    stand.wait(61)
    assert_held(stand, label)


@pytest.mark.parametrize("key", ["1", "C"])
def test_without_a_contact_a_box_is_not_given_back_on_a_senders_word(key: str) -> None:
    stand = expecting(Stand(blind=["1"]))
    stand.press(CODE)
    stand.pulse_sent()
    stand.press(key)
    assert stand.says(Text.TAKE_PARCEL_NO_CONTACT)
    stand.press("OK")
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.parcel(PARCEL).compartment != "1"


def test_a_box_that_somebody_left_once_stays_suspect_when_its_sender_empties_it() -> None:
    stand, label = confirming()
    stand.wait(61)
    stand.press(CODE)
    stand.opens()
    stand.press("C")
    stand.door(label, Door.SHUT)
    assert stand.says(Text.SENDING_CANCELLED)
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, label) is not None


# -- refusals


@pytest.mark.parametrize("mode", [Mode.DRAIN, Mode.EVACUATE])
def test_drain_and_evacuate_take_no_drop_offs_and_the_code_stays_valid(mode: Mode) -> None:
    stand = expecting()
    stand.command(SetMode(mode, "op-1", "service"))
    stand.press(CODE)
    assert stand.says(Text.NO_DEPOSITS)
    assert not stand.unlocks
    assert stand.last(EntryKind.DEPOSIT_REFUSED).data["reason"] == f"mode-{mode}"
    assert stand.count(EntryKind.CODE_MISSED) == 0
    stand.command(SetMode(Mode.NORMAL, "op-1", "done"))
    stand.press(CODE)
    assert len(stand.unlocks) == 1


@pytest.mark.parametrize("mode", [Mode.DRAIN, Mode.EVACUATE])
def test_a_drop_off_that_was_begun_can_be_finished_in_drain_and_evacuate(mode: Mode) -> None:
    stand, label = confirming()
    stand.wait(61)
    stand.command(SetMode(mode, "op-1", "service"))
    assert_held(stand, label)


@pytest.mark.parametrize("mode", [Mode.DRAIN, Mode.FROZEN])
def test_no_other_box_opens_when_the_mode_changes_in_the_middle(mode: Mode) -> None:
    stand, label = at_open_box()
    stand.command(SetMode(mode, "op-1", "service"))
    stand.press("1")
    stand.door(label, Door.SHUT)
    assert len(stand.unlocks) == 1
    assert stand.says(Text.FROZEN if mode is Mode.FROZEN else Text.NO_DEPOSITS)
    assert stand.parcel(PARCEL).state is ParcelState.ANNOUNCED


@pytest.mark.parametrize("key", ["3", "C"])
def test_frozen_in_the_middle_opens_nothing_more_but_takes_the_confirmation(key: str) -> None:
    stand, label = confirming()
    stand.command(SetMode(Mode.FROZEN, "op-1", "police"))
    stand.press(key)
    assert stand.says(Text.FROZEN)
    assert len(stand.unlocks) == 1
    stand.press("OK")
    assert_dropped_off(stand, label)


def test_frozen_answers_no_drop_off_code_at_all() -> None:
    stand = expecting()
    stand.command(SetMode(Mode.FROZEN, "op-1", "police"))
    stand.press(CODE)
    assert stand.says(Text.FROZEN)
    assert not stand.unlocks
    assert stand.count(EntryKind.CODE_ACCEPTED) == 0


def test_a_full_disk_takes_no_drop_offs() -> None:
    stand = expecting()
    stand.do(StorageChanged(low=True))
    stand.press(CODE)
    assert stand.says(Text.NO_DEPOSITS)
    assert stand.last(EntryKind.DEPOSIT_REFUSED).data["reason"] == "storage-low"
    stand.do(StorageChanged(low=False))
    stand.press(CODE)
    assert len(stand.unlocks) == 1


def test_no_fitting_compartment_is_said_and_the_code_stays_valid() -> None:
    stand = Stand()
    for number in range(2):
        stand.deliver(f"JJFI6543211000007{number:04d}", code=f"55550{number}", size="L")
    expecting(stand, size="L")
    before = len(stand.unlocks)
    stand.press(CODE)
    assert stand.says(Text.SENDING_NO_COMPARTMENT)
    assert len(stand.unlocks) == before
    assert stand.count(EntryKind.CODE_MISSED) == 0
    stand.press("C 555500 OK")
    stand.opens_and_shuts()
    stand.wait(200)
    stand.press(CODE)
    assert len(stand.unlocks) == before + 2


def test_after_its_window_a_drop_off_code_is_unknown() -> None:
    stand = expecting()
    stand.wait(7 * 86_400)
    stand.press(CODE)
    assert stand.says(Text.NOT_RECOGNISED)
    assert not stand.unlocks


def test_before_its_window_a_drop_off_code_is_unknown() -> None:
    stand = Stand()
    tag = CODE_KEY.tag(Code("515151"))
    tomorrow = MONDAY + timedelta(days=1)
    assert stand.command(ExpectDropOff(PARCEL, tag, tomorrow, MONDAY + AFTER_THE_WINDOW, "S")) is None
    stand.press(CODE)
    assert stand.says(Text.NOT_RECOGNISED)
    stand.wait(86_400)
    stand.press(CODE)
    assert len(stand.unlocks) == 1


def test_an_untrusted_clock_ends_no_drop_off_code() -> None:
    stand = expecting()
    stand.set_clock(MONDAY + AFTER_THE_WINDOW, Trust.UNTRUSTED)
    stand.press(CODE)
    assert len(stand.unlocks) == 1


def test_a_session_that_was_begun_in_time_is_finished_after_the_window() -> None:
    stand = expecting()
    stand.wait(7 * 86_400 - 10)
    stand.press(CODE)
    label = stand.opens_and_shuts()
    stand.wait(20)
    stand.press("3")
    stand.opens_and_shuts()
    stand.press("OK")
    assert_dropped_off(stand, label)
    assert not stand.automat.facts.clock_doubted


def test_a_parcel_of_a_sender_is_never_handed_over_by_a_code() -> None:
    stand = Stand()
    stand.drop_off(PARCEL)
    stand.wait(31)
    for code in ("515151", PARCEL[-8:]):
        stand.press(f"C {code} OK")
    assert stand.count(EntryKind.CODE_MISSED) == 2
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    assert stand.parcel(PARCEL).direction is Direction.OUTBOUND
