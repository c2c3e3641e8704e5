"""domain.md section 4: too small, occupied or dirty, cancel; and what it makes of the compartment."""

import pytest

from locker.domain.commands import (
    BlockCompartment,
    Cause,
    Mode,
    OpenCompartment,
    RevokePerson,
    SetMode,
    WithdrawParcel,
)
from locker.domain.compartments import Condition
from locker.domain.events import Door, GoodsSeen, LabelScanned
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Confirming, Delivering, Depositing
from locker.domain.messages import Text
from locker.domain.openings import Stage
from locker.domain.parcels import ParcelState, Role
from tests.unit.domain.cuts import cut_after_each_event
from tests.unit.domain.stand import Stand

PARCEL = "JJFI65432110000070773"


def at_open_door(stand: Stand | None = None, *, announced: bool = True) -> Stand:
    """A courier in front of the open box 1."""
    stand = stand or Stand()
    if announced:
        stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.do(LabelScanned("front", PARCEL))
    if not announced:
        stand.press("1")
    assert stand.opens() == "1"
    return stand


def at_blind_door() -> Stand:
    """A courier in front of box 1, which has no contact."""
    stand = Stand(blind=["1"])
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.do(LabelScanned("front", PARCEL))
    assert stand.pulse_sent() == "1"
    return stand


def choose(stand: Stand, key: str, when: str) -> None:
    """Press a key in front of the open door, or after it was shut."""
    if when == "open":
        stand.press(key)
        assert len(stand.unlocks) == 1, "a door opened before the other was shut"
        stand.door("1", Door.SHUT)
    else:
        stand.door("1", Door.SHUT)
        stand.press(key)


WHEN = pytest.mark.parametrize("when", ["open", "shut"])
ANNOUNCED = pytest.mark.parametrize("announced", [True, False], ids=["announced", "unannounced"])


@WHEN
@ANNOUNCED
def test_too_small_opens_a_larger_box_and_the_first_is_free_at_once(when: str, *, announced: bool) -> None:
    stand = at_open_door(announced=announced)
    choose(stand, "1", when)
    assert stand.unlocks[-1].compartment == "5"
    assert stand.box("1").free
    assert stand.last(EntryKind.DEPOSIT_CANCELLED).data["reason"] == "too-small"
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel().compartment == "5"
    assert not stand.automat.incidents


@WHEN
@ANNOUNCED
def test_occupied_or_dirty_makes_a_box_suspect_and_opens_another_of_its_size(
    when: str, *, announced: bool
) -> None:
    stand = at_open_door(announced=announced)
    choose(stand, "2", when)
    assert stand.unlocks[-1].compartment == "2"
    assert stand.box("1").condition is Condition.SUSPECT
    assert "occupied or dirty" in str(stand.box("1").reason)
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_OCCUPIED, "1") is not None
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel().compartment == "2"
    stand.power_cut()
    assert not stand.box("1").free
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, "1") is None


def test_too_small_is_not_forgotten_when_the_larger_one_is_occupied() -> None:
    stand = at_open_door()
    choose(stand, "1", "open")
    stand.opens()
    stand.press("2")
    stand.door("5", Door.SHUT)
    assert stand.unlocks[-1].compartment == "6"


def test_a_box_that_is_larger_than_all_others_has_no_larger_one() -> None:
    stand = at_open_door()
    choose(stand, "1", "open")
    stand.opens()
    stand.press("1")
    stand.door("5", Door.SHUT)
    assert stand.says(Text.NO_COMPARTMENT)
    assert stand.last(EntryKind.DEPOSIT_REFUSED).data["reason"] == "no-compartment"
    assert isinstance(stand.automat.keypads["front"].flow, Delivering)
    assert stand.box("1").free
    assert stand.box("5").free
    assert stand.parcel().state is ParcelState.ANNOUNCED


def test_none_left_after_an_occupied_one_is_said() -> None:
    stand = Stand()
    for label in ("2", "3", "4", "5", "6"):
        stand.command(BlockCompartment(label, "o-1", "painted"))
    at_open_door(stand)
    choose(stand, "2", "open")
    assert stand.says(Text.NO_COMPARTMENT)


def test_cancelling_before_the_open_door_frees_the_box_when_it_is_shut() -> None:
    stand = at_open_door()
    stand.press("C")
    assert stand.says(Text.TAKE_PARCEL)
    stand.door("1", Door.SHUT)
    assert stand.box("1").free
    assert stand.last(EntryKind.DEPOSIT_CANCELLED).data["reason"] == "cancelled"
    assert stand.says(Text.DEPOSIT_CANCELLED)
    assert isinstance(stand.automat.keypads["front"].flow, Delivering)
    assert len(stand.unlocks) == 1


def test_a_choice_can_be_changed_while_the_door_is_open() -> None:
    stand = at_open_door()
    stand.press("1 2 C OK")
    assert stand.says(Text.PUT_PARCEL)
    stand.door("1", Door.SHUT)
    assert stand.says(Text.CONFIRM_DEPOSIT)
    stand.press("OK")
    assert stand.parcel().compartment == "1"


def test_three_opens_the_same_door_again() -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    stand.press("3")
    assert stand.opens_and_shuts() == "1"
    stand.press("OK")
    assert stand.parcel().compartment == "1"


@pytest.mark.parametrize("key", ["0", "4", "9"])
def test_other_keys_repeat_the_question(key: str) -> None:
    stand = at_open_door()
    stand.press(key)
    assert stand.says(Text.PUT_PARCEL)
    stand.door("1", Door.SHUT)
    stand.press(key)
    assert stand.says(Text.CONFIRM_DEPOSIT)


@pytest.mark.parametrize("key", ["1", "C"])
def test_a_goods_sensor_that_still_sees_something_keeps_the_box_from_being_offered(key: str) -> None:
    stand = at_open_door()
    stand.do(GoodsSeen("1", present=True))
    choose(stand, key, "open")
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_OCCUPIED, "1") is not None
    if key == "C":
        assert stand.says(Text.STILL_INSIDE)


@pytest.mark.parametrize("key", ["1", "C"])
def test_without_a_contact_an_emptied_box_stays_suspect_until_somebody_looks(key: str) -> None:
    stand = at_blind_door()
    stand.press(key)
    assert stand.says(Text.TAKE_PARCEL_NO_CONTACT)
    stand.press("OK")
    assert stand.box("1").condition is Condition.SUSPECT
    assert "1" in stand.automat.suspects
    assert len(stand.unlocks) == (2 if key == "1" else 1)


def test_without_a_contact_ok_and_ok_store_with_the_lower_grade() -> None:
    stand = at_blind_door()
    assert stand.says(Text.PUT_PARCEL_NO_CONTACT) or stand.says(Text.OPENING)
    stand.press("OK OK")
    assert stand.last(EntryKind.PARCEL_STORED).data["grade"] == "B"


def test_a_deposit_names_its_evidence() -> None:
    stand = at_open_door()
    stand.wait(4)
    stand.door("1", Door.SHUT)
    stand.press("OK")
    data = stand.last(EntryKind.PARCEL_STORED).data
    assert (data["grade"], data["pulsesintended"], data["pulsessent"]) == ("A", 1, 1)
    assert data["dooropened"] < data["doorclosed"]


def test_choosing_before_the_door_has_moved_only_cancels() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK 1 2")
    flow = stand.automat.keypads["front"].flow
    assert isinstance(flow, Depositing)
    assert flow.choice is None
    stand.press("C")
    stand.pulse_sent()
    stand.wait(16)
    assert {unlock.compartment for unlock in stand.unlocks} == {"1"}
    assert stand.count(EntryKind.DEPOSIT_CANCELLED) == 1
    assert isinstance(stand.automat.keypads["front"].flow, Delivering)


def test_a_door_that_springs_open_again_must_be_shut_before_anything_counts() -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    stand.door("1", Door.OPEN)
    for key in ("OK", "1", "2", "3", "C"):
        stand.press(key)
        assert stand.says(Text.CLOSE_DOOR)
    assert len(stand.unlocks) == 1
    assert stand.count(EntryKind.PARCEL_STORED) == 0
    stand.door("1", Door.SHUT)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.STORED


# -- disturbed


@WHEN
@pytest.mark.parametrize("mode", [Mode.DRAIN, Mode.EVACUATE, Mode.FROZEN])
@pytest.mark.parametrize("key", ["1", "2"])
def test_no_other_door_opens_once_the_mode_forbids_it(key: str, mode: Mode, when: str) -> None:
    stand = at_open_door()
    stand.command(SetMode(mode, "o-1", "moving"))
    choose(stand, key, when)
    assert len(stand.unlocks) == 1
    assert stand.last(EntryKind.DEPOSIT_REFUSED).data["reason"] == str(mode)


@pytest.mark.parametrize("mode", [Mode.DRAIN, Mode.EVACUATE, Mode.FROZEN])
def test_a_deposit_that_lies_inside_is_confirmed_in_any_mode(mode: Mode) -> None:
    stand = at_open_door()
    stand.command(SetMode(mode, "o-1", "moving"))
    stand.door("1", Door.SHUT)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.STORED


@pytest.mark.parametrize("key", ["C", "3"])
def test_a_frozen_automat_opens_no_door_again_and_the_box_ends_suspect(key: str) -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    stand.command(SetMode(Mode.FROZEN, "o-1", "fire"))
    stand.press(key)
    assert stand.says(Text.FROZEN)
    assert len(stand.unlocks) == 1
    stand.wait(61)
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.count(EntryKind.DEPOSIT_ABANDONED) == 1


@pytest.mark.parametrize("key", ["1", "2", "C", "3"])
def test_a_revoked_courier_opens_nothing_more_and_leaves_a_suspect_box(key: str) -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    stand.command(RevokePerson("c-1", Role.COURIER))
    stand.press(key)
    assert len(stand.unlocks) == 1
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, "1") is not None
    assert stand.last(EntryKind.COURIER_SIGNED_OUT).data["why"] == "no longer authorised"


def test_a_withdrawn_parcel_is_not_given_back_to_a_revoked_courier() -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    stand.command(WithdrawParcel(PARCEL, Cause.REDIRECT, "redirected"))
    stand.command(RevokePerson("c-1", Role.COURIER))
    stand.press("OK")
    assert len(stand.unlocks) == 1
    assert stand.box("1").condition is Condition.SUSPECT


def test_a_courier_revoked_after_choosing_a_larger_box_is_signed_out_when_the_door_is_shut() -> None:
    stand = at_open_door()
    stand.press("1")
    stand.command(RevokePerson("c-1", Role.COURIER))
    stand.door("1", Door.SHUT)
    assert len(stand.unlocks) == 1
    assert stand.count(EntryKind.COURIER_SIGNED_OUT) == 1


def test_a_parcel_withdrawn_in_the_middle_is_given_back_and_its_box_is_to_be_looked_into() -> None:
    stand = at_open_door()
    stand.command(WithdrawParcel(PARCEL, Cause.REDIRECT, "redirected"))
    stand.door("1", Door.SHUT)
    stand.press("OK")
    assert stand.says(Text.PARCEL_WITHDRAWN)
    assert stand.opens_and_shuts() == "1"
    assert stand.box("1").condition is Condition.SUSPECT  # nobody said that it was taken out
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, "1") is not None
    assert stand.count(EntryKind.PARCEL_STORED) == 0
    assert isinstance(stand.automat.keypads["front"].flow, Delivering)


@pytest.mark.parametrize("key", ["1", "2"])
def test_a_parcel_withdrawn_in_the_middle_gets_no_other_box(key: str) -> None:
    stand = at_open_door()
    stand.press(key)
    stand.command(WithdrawParcel(PARCEL, Cause.REDIRECT, "redirected"))
    stand.door("1", Door.SHUT)
    assert stand.says(Text.PARCEL_WITHDRAWN)
    assert len(stand.unlocks) == 1


def test_a_door_that_does_not_open_again_keeps_what_may_lie_inside_from_being_forgotten() -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    stand.press("C")
    stand.pulse_sent()
    stand.wait(16)
    assert stand.says(Text.REMOTE_NOT_OPENED)
    assert not stand.box("1").free
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, "1") is not None
    assert stand.unlocks[-1].compartment == "1"
    assert isinstance(stand.automat.keypads["front"].flow, Delivering)


def test_a_lock_that_was_pulsed_once_before_the_automat_froze_leaves_a_box_to_look_into() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.do(LabelScanned("front", PARCEL))
    assert stand.pulse_sent() == "1"
    stand.command(SetMode(Mode.FROZEN, "o-1", "fire"))
    stand.wait(5)
    assert len(stand.unlocks) == 1
    assert stand.box("1").condition is Condition.SUSPECT


def test_a_dead_line_at_the_second_opening_does_not_make_the_box_sound() -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    stand.press("C")
    stand.wait(16)
    assert stand.box("1").condition is Condition.SUSPECT


def test_a_door_that_opens_late_and_is_shut_by_nobody_we_know_is_suspect_with_an_incident() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK C")
    stand.wait(16)
    assert stand.automat.openings["1"].stage is Stage.LATE
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, "1") is not None


def test_a_door_shut_while_the_power_was_off_leaves_an_incident_at_once() -> None:
    stand = at_open_door()
    stand.doors["1"] = Door.SHUT
    stand.power_cut()
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, "1") is not None
    assert stand.count(EntryKind.DEPOSIT_ABANDONED) == 1


def test_a_door_that_is_opened_from_afar_meanwhile_is_opened_again_before_the_courier_s_word_counts() -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    assert stand.command(OpenCompartment("1", "o-1", "asked by phone")) is None
    stand.opens()
    for key in ("OK", "1", "2", "3", "C"):
        stand.press(key)
        assert stand.says(Text.CLOSE_DOOR)
    assert len(stand.unlocks) == 2
    stand.door("1", Door.SHUT)
    stand.press("OK")
    assert stand.count(EntryKind.PARCEL_STORED) == 0
    assert stand.opens_and_shuts() == "1"
    stand.press("OK")
    assert stand.parcel().state is ParcelState.STORED


def test_a_revoked_courier_s_word_on_a_box_that_was_opened_from_afar_since_counts_for_nothing() -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    assert stand.command(OpenCompartment("1", "o-1", "asked by phone")) is None
    stand.opens_and_shuts()
    assert stand.command(RevokePerson("c-1", Role.COURIER)) is None
    stand.press("OK")
    assert stand.count(EntryKind.PARCEL_STORED) == 0
    assert stand.box("1").condition is Condition.SUSPECT
    assert len(stand.unlocks) == 2


def test_a_lock_that_failed_from_afar_meanwhile_is_not_made_sound_by_the_courier_s_word() -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    assert stand.command(OpenCompartment("1", "o-1", "asked by phone")) is None
    stand.pulse_sent()
    stand.wait(16)
    stand.press("OK")
    assert stand.box("1").condition is Condition.FAULTY
    assert stand.count(EntryKind.PARCEL_STORED) == 0
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, "1") is not None


def script(stand: Stand) -> None:
    """Too small, then occupied, then cancelled behind the door, at last stored."""
    stand.do(LabelScanned("front", PARCEL))
    stand.opens()
    stand.press("1")
    stand.door("1", Door.SHUT)
    stand.opens()
    stand.press("2")
    stand.door("5", Door.SHUT)
    stand.opens_and_shuts()
    stand.press("C")
    stand.opens_and_shuts()
    stand.do(LabelScanned("front", PARCEL))
    stand.opens_and_shuts()
    stand.press("OK C")


@ANNOUNCED
def test_a_power_cut_after_any_event_offers_no_box_of_which_nobody_knows(*, announced: bool) -> None:
    def build() -> Stand:
        stand = Stand()
        if announced:
            stand.announce(PARCEL)
        stand.sign_in_courier()
        return stand

    def play(stand: Stand) -> None:
        if announced:
            script(stand)
            return
        stand.do(LabelScanned("front", PARCEL))
        stand.press("1")
        stand.opens_and_shuts()
        stand.press("OK C")

    cuts = 0
    for when, stand in cut_after_each_event(build, play):
        cuts += 1
        for label in ("1", "2", "3", "4", "5", "6"):
            stand.door(label, Door.SHUT)
        # Whoever stands there confirms nothing and goes away.
        stand.wait(3_600)
        stored = stand.automat.parcels.get(PARCEL)
        inside = stored.compartment if stored is not None and stored.inside else None
        assert stand.count(EntryKind.PARCEL_STORED) == (inside is not None), when
        assert not stand.automat.openings, when
        pulsed = {unlock.compartment for unlock in stand.unlocks}
        for label in pulsed - {inside}:
            box = stand.box(label)
            settled = any(
                entry.kind is EntryKind.DEPOSIT_CANCELLED and entry.data["compartment"] == label
                for entry in stand.entries
            )
            assert settled or box.condition is Condition.SUSPECT, (when, label)
            assert settled or any(
                incident.about == label and incident.cleared_at is None
                for incident in stand.automat.incidents.values()
            ), (when, label)
    assert cuts >= 7


def test_a_confirmation_left_alone_ends_in_a_suspect_box_whatever_was_pressed_before() -> None:
    stand = at_open_door()
    stand.door("1", Door.SHUT)
    stand.press("7")
    assert isinstance(stand.automat.keypads["front"].flow, Confirming)
    stand.wait(61)
    assert stand.last(EntryKind.DEPOSIT_ABANDONED).data["reason"] == "not confirmed"
    assert stand.box("1").condition is Condition.SUSPECT
