"""domain.md section 6: doors, withdrawals and power cuts while a sender stands at the automat."""

import pytest

from locker.domain.commands import (
    Cause,
    Mode,
    RegisterParcel,
    SetMode,
    WithdrawParcel,
)
from locker.domain.compartments import Condition
from locker.domain.events import Door
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.openings import Stage
from locker.domain.parcels import ParcelState
from tests.unit.domain.cuts import cut_after_each_event
from tests.unit.domain.sender import (
    CODE,
    PARCEL,
    assert_dropped_off,
    assert_held,
    at_open_box,
    confirming,
    expecting,
    lock_fails,
)
from tests.unit.domain.stand import Stand

# -- doors that do not do as they should


def test_a_door_that_does_not_open_is_faulty_and_another_opens() -> None:
    stand = expecting()
    stand.press(CODE)
    label = lock_fails(stand)
    other = stand.unlocks[-1].compartment
    assert other != label
    assert stand.box(label).condition is Condition.FAULTY
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, label) is not None
    stand.opens_and_shuts()
    stand.press("OK")
    assert_dropped_off(stand, other)


def test_press_the_door_is_said_before_a_door_is_given_up() -> None:
    stand = expecting()
    stand.press(CODE)
    stand.pulse_sent()
    stand.wait(5)
    assert stand.says(Text.PRESS_DOOR)
    assert [unlock.number for unlock in stand.unlocks] == [1, 2]


def test_a_line_that_is_down_is_not_the_locks_fault() -> None:
    stand = expecting()
    stand.press(CODE)
    label = lock_fails(stand, sent=False)
    assert stand.box(label).condition is Condition.SOUND
    assert stand.unlocks[-1].compartment != label


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_lock_that_was_pulsed_once_before_the_automat_froze_leaves_a_box_to_look_into(
    *, cancelled: bool
) -> None:
    stand = expecting()
    stand.press(CODE)
    label = stand.pulse_sent()
    stand.press("C" if cancelled else "")
    stand.command(SetMode(Mode.FROZEN, "o-1", "fire"))
    stand.wait(5)
    assert len(stand.unlocks) == 1
    assert stand.box(label).condition is Condition.SUSPECT
    stand.wait(200)
    assert not stand.box(label).free


def test_if_no_door_opens_the_sender_is_told_and_the_code_stays_valid() -> None:
    stand = expecting(size="L")
    stand.press(CODE)
    assert {lock_fails(stand), lock_fails(stand)} == {"5", "6"}
    assert stand.says(Text.SENDING_NO_COMPARTMENT)
    assert stand.parcel(PARCEL).state is ParcelState.ANNOUNCED


def test_a_door_that_does_not_open_again_keeps_the_parcel_and_the_code() -> None:
    stand, label = confirming()
    stand.press("3")
    lock_fails(stand)
    assert stand.says(Text.NOT_OPENED)
    assert stand.box(label).condition is Condition.FAULTY
    assert len({unlock.compartment for unlock in stand.unlocks}) == 1
    stand.wait(200)
    assert_held(stand, label)


def test_a_wish_to_cancel_before_the_door_moved_opens_no_other_door() -> None:
    stand = expecting()
    stand.press(CODE)
    stand.press("C")
    label = lock_fails(stand)
    assert stand.says(Text.SENDING_CANCELLED)
    assert {unlock.compartment for unlock in stand.unlocks} == {label}


def test_a_door_that_opens_late_is_suspect_and_nobody_may_confirm_it() -> None:
    stand = expecting()
    stand.press(CODE)
    late = lock_fails(stand)
    other = stand.opens()
    stand.door(late, Door.OPEN)
    assert stand.says(Text.SENDING_PUT_PARCEL)
    stand.door(late, Door.SHUT)
    assert stand.box(late).condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, late) is not None
    stand.door(other, Door.SHUT)
    stand.press("OK")
    assert_dropped_off(stand, other)
    assert stand.box(late).condition is Condition.SUSPECT


def test_a_door_that_opens_late_at_a_keypad_at_rest_asks_nobody() -> None:
    stand = expecting(size="L")
    stand.press(CODE)
    lock_fails(stand)
    late = lock_fails(stand)
    stand.wait(31)
    stand.door(late, Door.OPEN)
    assert stand.says(Text.IDLE)
    stand.door(late, Door.SHUT)
    stand.press("OK")
    assert stand.count(EntryKind.PARCEL_DROPPED_OFF) == 0
    assert stand.says(Text.PRESS_C_FIRST)


def test_a_box_whose_line_was_down_is_not_tried_again_in_the_same_session() -> None:
    stand = expecting()
    stand.press(CODE)
    down = lock_fails(stand, sent=False)
    second = stand.unlocks[-1].compartment
    for _ in range(5):
        stand.opens_and_shuts()
        stand.wait(50)
        stand.press("3")
    assert stand.box(down).free
    stand.opens_and_shuts()
    stand.press("2")
    assert stand.unlocks[-1].compartment not in (down, second)


def test_an_open_door_is_reminded_of() -> None:
    stand, _ = at_open_box()
    stand.wait(19)
    assert stand.says(Text.SENDING_PUT_PARCEL)
    stand.wait(2)
    assert stand.says(Text.CLOSE_DOOR)


def test_a_door_left_open_ends_the_session_and_holds_the_box() -> None:
    stand, label = at_open_box()
    stand.wait(61)
    assert stand.says(Text.LEFT_OPEN)
    assert stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, label) is not None
    assert stand.last(EntryKind.DEPOSIT_ABANDONED).data["reason"] == "door left open"
    stand.press(CODE)
    assert stand.says(Text.CLOSE_DOOR)
    stand.door(label, Door.SHUT)
    assert stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, label) is None
    assert stand.count(EntryKind.DEPOSIT_ABANDONED) == 1
    assert_held(stand, label)


# -- withdrawn in the middle


def test_withdrawn_before_the_confirmation_the_parcel_must_come_out_again() -> None:
    stand, label = confirming()
    assert stand.command(WithdrawParcel(PARCEL, Cause.CANCEL, "the sender cancelled online")) is None
    stand.press("OK")
    assert stand.says(Text.SENDING_WITHDRAWN)
    assert stand.opens() == label
    assert stand.says(Text.TAKE_PARCEL)
    stand.door(label, Door.SHUT)
    assert stand.says(Text.SENDING_WITHDRAWN)
    assert stand.box(label).condition is Condition.SUSPECT  # nobody said that it was taken out
    assert stand.count(EntryKind.PARCEL_DROPPED_OFF) == 0
    stand.wait(31)
    stand.press(CODE)
    assert stand.says(Text.NOT_RECOGNISED)


def test_withdrawn_in_front_of_an_open_door_opens_no_other_box() -> None:
    stand, label = at_open_box()
    stand.command(WithdrawParcel(PARCEL, Cause.CANCEL, "the sender cancelled online"))
    stand.press("1")
    stand.door(label, Door.SHUT)
    assert stand.says(Text.SENDING_WITHDRAWN)
    assert len(stand.unlocks) == 1
    assert stand.box(label).free


def test_withdrawn_and_left_the_box_stays_suspect() -> None:
    stand, label = confirming()
    stand.command(WithdrawParcel(PARCEL, Cause.CANCEL, "the sender cancelled online"))
    stand.wait(61)
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, label) is not None
    stand.wait(31)
    stand.press(CODE)
    assert stand.says(Text.NOT_RECOGNISED)


# -- power cuts and other configurations


@pytest.mark.parametrize("sent", [False, True])
def test_a_cut_before_the_door_moved_leaves_the_box_held(*, sent: bool) -> None:
    stand = expecting()
    stand.press(CODE)
    label = stand.unlocks[-1].compartment
    if sent:
        stand.pulse_sent()
    stand.power_cut(off_s=30)
    assert len(stand.unlocks) == 1
    assert stand.last(EntryKind.DEPOSIT_ABANDONED).data["reason"] == "interrupted"
    assert stand.count(EntryKind.DEPOSIT_ABANDONED) == 1
    assert_held(stand, label)


@pytest.mark.parametrize("blind", ["", "123456"])
def test_a_given_up_lock_that_may_have_fired_in_a_cut_leaves_a_box_to_look_into(blind: str) -> None:
    stand = expecting(Stand(blind=blind))
    stand.press(CODE)
    label = stand.unlocks[-1].compartment
    stand.wait(3 * stand.automat.rules.open_wait_s)  # of no pulse anything is heard
    assert stand.automat.openings[label].stage is Stage.LATE
    stand.power_cut(off_s=61)
    stand.wait(stand.automat.rules.late_opening_s + 1)
    assert label not in stand.automat.openings
    assert stand.box(label).condition is Condition.SUSPECT
    assert not stand.box(label).free


def test_a_cut_before_the_door_moved_and_it_stands_open_goes_on_at_the_keypad() -> None:
    stand = expecting()
    stand.press(CODE)
    label = stand.pulse_sent()
    stand.doors[label] = Door.OPEN
    stand.power_cut(off_s=2)
    assert stand.says(Text.SENDING_PUT_PARCEL)
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert stand.last(EntryKind.PARCEL_DROPPED_OFF).data["grade"] == "A"
    assert_dropped_off(stand, label)


def test_a_cut_in_front_of_the_open_door_goes_on_if_it_is_still_open() -> None:
    stand, label = at_open_box()
    stand.power_cut(off_s=2)
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert_dropped_off(stand, label)


def test_a_cut_during_which_the_door_was_shut_leaves_the_box_held() -> None:
    stand, label = at_open_box()
    stand.doors[label] = Door.SHUT
    stand.power_cut(off_s=600)
    assert stand.says(Text.IDLE)
    stand.press("OK")
    assert stand.parcel(PARCEL).state is ParcelState.ANNOUNCED, "a passer-by confirmed"
    stand.wait(31)
    assert_held(stand, label)


def test_a_cut_before_the_confirmation_leaves_the_box_held_and_is_recorded_once() -> None:
    stand, label = confirming()
    stand.power_cut(off_s=2)
    stand.power_cut(off_s=2)
    assert stand.count(EntryKind.DEPOSIT_ABANDONED) == 1
    assert_held(stand, label)


def test_a_cut_with_the_door_left_open_keeps_the_record() -> None:
    stand, label = at_open_box()
    stand.wait(61)
    stand.power_cut(off_s=2)
    stand.door(label, Door.SHUT)
    assert not stand.automat.openings
    assert_held(stand, label)


def test_a_cut_after_the_confirmation_changes_nothing() -> None:
    stand, label = confirming()
    stand.press("OK")
    stand.power_cut(off_s=2)
    assert stand.says(Text.IDLE)
    assert stand.command(RegisterParcel(PARCEL)) is None
    assert stand.box(label).tracking_id == PARCEL
    assert stand.count(EntryKind.DEPOSIT_ABANDONED) == 0


def test_a_keypad_that_leaves_the_configuration_leaves_a_truthful_record() -> None:
    stand, label = at_open_box()
    stand.reconfigured(without_keypad="front")
    stand.door(label, Door.SHUT)
    assert stand.last(EntryKind.DEPOSIT_ABANDONED).data["reason"] == "nobody was there to confirm"
    stand.reconfigured()
    assert_held(stand, label)


def test_a_box_that_leaves_the_configuration_is_named_to_its_sender() -> None:
    stand, label = confirming()
    stand.wait(61)
    stand.reconfigured(without_box=label)
    before = len(stand.unlocks)
    stand.press(CODE)
    assert stand.says(Text.NOT_OPENED)
    assert len(stand.unlocks) == before
    assert stand.automat.open_incident(IncidentKind.CONFIGURATION_MISMATCH, label) is not None
    stand.reconfigured()
    assert stand.automat.open_incident(IncidentKind.CONFIGURATION_MISMATCH, label) is None
    assert_held(stand, label)


def test_what_was_committed_is_what_a_restart_finds() -> None:
    for stand, _ in (at_open_box(), confirming()):
        reloaded = stand.reloaded()
        for name in ("compartments", "parcels", "openings", "incidents", "to_collect", "suspects"):
            assert getattr(reloaded, name) == getattr(stand.automat, name), name


def a_whole_drop_off(stand: Stand) -> None:
    stand.press(CODE)
    stand.wait(1)
    stand.opens()
    stand.door("1", Door.SHUT)
    stand.press("3")
    stand.opens_and_shuts()
    stand.press("OK")
    stand.wait(31)


def test_a_cut_at_any_step_leaves_a_parcel_inside_or_a_box_that_waits_for_its_sender() -> None:
    steps = 0
    for step, stand in cut_after_each_event(expecting, a_whole_drop_off):
        steps += 1
        if stand.parcel(PARCEL).state is ParcelState.DROPPED_OFF:
            assert_dropped_off(stand, "1")
            continue
        if stand.unlocks:
            assert not stand.box("1").free, step
        before = len(stand.unlocks)
        if stand.doors["1"] is Door.OPEN:
            stand.door("1", Door.SHUT)
        else:
            stand.wait(31)
            stand.press(CODE)
            assert [unlock.compartment for unlock in stand.unlocks[before:]] == ["1"], step
            stand.opens_and_shuts()
        stand.press("OK")
        assert_dropped_off(stand, "1")
    assert steps > 15
