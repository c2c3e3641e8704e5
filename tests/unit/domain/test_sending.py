"""domain.md section 6: senders leave parcels and returns with a drop-off code."""

from datetime import timedelta

from locker.domain.codes import Code
from locker.domain.commands import (
    AuthorisePerson,
    Cause,
    OpenCompartment,
    RegisterParcel,
    WithdrawParcel,
)
from locker.domain.compartments import Condition
from locker.domain.events import Door, GoodsSeen, Key, KeyPressed, StorageChanged
from locker.domain.intents import Sound, Tone
from locker.domain.journal import EMSEVT, EntryKind
from locker.domain.keypad import Registering
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState, Role
from locker.domain.times import Trust, rfc3339
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

# -- the good way


def test_code_box_shut_confirmed_is_a_receipt_with_all_its_instants() -> None:
    stand = expecting()
    stand.press(CODE)
    stand.wait(2)
    label = stand.opens()
    stand.wait(3)
    stand.door(label, Door.SHUT)
    stand.wait(4)
    stand.press("OK")
    entry = stand.last(EntryKind.PARCEL_DROPPED_OFF)
    assert entry.subject == PARCEL
    assert EMSEVT[entry.kind] == "EMA"
    assert entry.data == {
        "grade": "A",
        "compartment": label,
        "size": "S",
        "keypad": "front",
        "codeaccepted": rfc3339(MONDAY),
        "pulsesintended": 1,
        "pulsessent": 1,
        "dooropened": rfc3339(MONDAY + timedelta(seconds=2)),
        "doorclosed": rfc3339(MONDAY + timedelta(seconds=5)),
        "confirmed": rfc3339(MONDAY + timedelta(seconds=9)),
    }
    assert_dropped_off(stand, label)


def test_a_drop_off_is_durable_before_the_success_signal() -> None:
    stand, label = confirming()
    before = stand.automat
    stand.press("OK")
    assert stand.says(Text.SENDING_RECEIVED)
    assert before.parcels[PARCEL].state is ParcelState.ANNOUNCED
    assert stand.reloaded().parcels[PARCEL].state is ParcelState.DROPPED_OFF
    assert stand.reloaded().compartments[label].tracking_id == PARCEL


def test_a_box_is_suspect_from_before_the_first_pulse_and_until_the_confirmation() -> None:
    stand = expecting()
    stand.press(CODE)
    label = stand.unlocks[-1].compartment
    assert stand.reloaded().compartments[label].condition is Condition.SUSPECT
    assert stand.reloaded().parcels[PARCEL].compartment == label
    stand.opens_and_shuts()
    assert stand.box(label).condition is Condition.SUSPECT
    stand.press("OK")
    assert stand.box(label).condition is Condition.SOUND


def test_without_a_contact_the_receipt_is_of_grade_b() -> None:
    stand = expecting(Stand(blind=["1"]))
    stand.press(CODE)
    assert stand.pulse_sent() == "1"
    assert stand.says(Text.SENDING_PUT_PARCEL_NO_CONTACT)
    stand.press("OK")
    assert stand.says(Text.SENDING_CONFIRM)
    stand.press("OK")
    data = stand.last(EntryKind.PARCEL_DROPPED_OFF).data
    assert data["grade"] == "B"
    assert "dooropened" not in data
    assert "doorclosed" not in data


def test_the_goods_sensor_is_part_of_the_receipt() -> None:
    stand, label = at_open_box()
    stand.do(GoodsSeen(label, present=True))
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert stand.last(EntryKind.PARCEL_DROPPED_OFF).data["goods"] is True


def test_once_confirmed_the_code_is_dead_and_answered_as_unknown() -> None:
    stand, _ = confirming()
    stand.press("OK")
    before = len(stand.unlocks)
    stand.press(CODE)
    assert stand.says(Text.NOT_RECOGNISED)
    assert len(stand.unlocks) == before
    assert stand.parcel(PARCEL).code_tag is None


def test_a_dropped_off_parcel_waits_for_a_courier_and_has_no_deadline() -> None:
    stand = Stand()
    stand.drop_off(PARCEL)
    assert PARCEL in stand.automat.to_collect
    assert stand.parcel(PARCEL).deadline_at is None
    stand.wait(30 * 86_400)
    assert stand.parcel(PARCEL).state is ParcelState.DROPPED_OFF
    assert stand.parcel(PARCEL).deadline_at is None
    assert stand.count(EntryKind.PARCEL_OVERDUE) == stand.count(EntryKind.PARCEL_REMINDER) == 0


def test_a_drop_off_under_an_unknown_time_gets_no_deadline_when_the_time_is_known() -> None:
    stand = Stand()
    stand.set_clock(MONDAY, Trust.UNTRUSTED)
    stand.drop_off(PARCEL)
    stand.set_clock(MONDAY + timedelta(hours=1))
    stand.wait(1)
    assert stand.parcel(PARCEL).deadline_at is None
    assert stand.count(EntryKind.DEADLINE_LENGTHENED) == 0


# -- registered by the back office


def test_the_display_says_registered_only_when_the_back_office_has_said_so() -> None:
    stand = Stand()
    stand.drop_off(PARCEL)
    assert stand.says(Text.SENDING_RECEIVED)
    assert stand.command(RegisterParcel(PARCEL)) is None
    assert stand.says(Text.SENDING_REGISTERED)
    stand.wait(31)
    assert stand.says(Text.IDLE)


def test_offline_the_display_stays_at_received_not_yet_registered_and_then_rests() -> None:
    stand = Stand()
    stand.drop_off(PARCEL)
    stand.wait(29)
    assert stand.says(Text.SENDING_RECEIVED)
    stand.wait(2)
    assert stand.says(Text.IDLE)
    assert stand.command(RegisterParcel(PARCEL)) is None
    assert stand.says(Text.IDLE)


def test_a_registration_disturbs_nobody_who_came_after_the_sender() -> None:
    stand = Stand()
    stand.drop_off(PARCEL)
    stand.press("C 12")
    assert stand.command(RegisterParcel(PARCEL)) is None
    assert stand.says(Text.TYPING_CODE)


def test_a_registration_speaks_only_of_its_own_parcel() -> None:
    stand = Stand()
    stand.drop_off("JJFI65432110000070775", "616161", keypad="side")
    stand.drop_off(PARCEL)
    assert stand.command(RegisterParcel("JJFI65432110000070775")) is None
    assert stand.says(Text.SENDING_REGISTERED, "side")
    assert stand.says(Text.SENDING_RECEIVED)
    assert stand.automat.keypads["front"].flow == Registering(PARCEL)


def test_the_journal_keeps_both_moments() -> None:
    stand = Stand()
    stand.drop_off(PARCEL)
    stand.wait(3_600)
    assert stand.command(RegisterParcel(PARCEL)) is None
    entry = stand.last(EntryKind.PARCEL_REGISTERED)
    assert entry.subject == PARCEL
    assert entry.data["droppedoff"] == rfc3339(MONDAY)
    assert entry.data["registered"] == rfc3339(MONDAY + timedelta(hours=1))
    assert stand.parcel(PARCEL).state is ParcelState.REGISTERED
    assert stand.reloaded().parcels[PARCEL].registered_at == MONDAY + timedelta(hours=1)
    assert PARCEL in stand.automat.to_collect


def test_what_was_not_dropped_off_cannot_be_registered() -> None:
    stand = expecting()
    stand.announce("JJFI65432110000070773")
    assert stand.command(RegisterParcel("JJFI65432110000070776")) == "unknown-parcel"
    assert stand.command(RegisterParcel(PARCEL)) == "not-dropped-off"
    assert stand.command(RegisterParcel("JJFI65432110000070773")) == "not-dropped-off"
    assert stand.command(WithdrawParcel(PARCEL, Cause.CANCEL, "the sender changed their mind")) is None
    assert stand.command(RegisterParcel(PARCEL)) == "not-dropped-off"
    assert stand.count(EntryKind.PARCEL_REGISTERED) == 0


def test_a_stored_inbound_parcel_cannot_be_registered() -> None:
    stand = Stand()
    stand.deliver()
    assert stand.command(RegisterParcel("JJFI65432110000070773")) == "not-dropped-off"


def test_a_second_registration_is_refused_and_changes_nothing() -> None:
    stand = Stand()
    stand.drop_off(PARCEL)
    stand.command(RegisterParcel(PARCEL))
    first = stand.parcel(PARCEL)
    stand.wait(5)
    assert stand.command(RegisterParcel(PARCEL)) == "already-registered"
    assert stand.parcel(PARCEL) == first
    assert stand.count(EntryKind.PARCEL_REGISTERED) == 1


def test_a_parcel_that_a_courier_took_away_first_is_registered_all_the_same() -> None:
    stand = Stand()
    stand.drop_off(PARCEL)
    stand.wait(31)
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel(PARCEL).state is ParcelState.CLOSED
    assert stand.command(RegisterParcel(PARCEL)) is None
    entry = stand.last(EntryKind.PARCEL_REGISTERED)
    assert entry.data["droppedoff"] == rfc3339(MONDAY)
    assert stand.parcel(PARCEL).state is ParcelState.CLOSED
    assert stand.command(RegisterParcel(PARCEL)) == "already-registered"


# -- opening again until confirmed


def test_three_opens_the_same_box_again_until_confirmed() -> None:
    stand, label = confirming()
    stand.press("3")
    assert stand.unlocks[-1].compartment == label
    assert stand.opens_and_shuts() == label
    stand.press("OK")
    assert_dropped_off(stand, label)
    assert stand.last(EntryKind.PARCEL_DROPPED_OFF).data["codeaccepted"] == rfc3339(MONDAY)


def test_other_keys_repeat_what_to_do_and_open_nothing() -> None:
    stand, _ = confirming()
    before = len(stand.unlocks)
    stand.press("0 4 5 6 7 8 9")
    assert len(stand.unlocks) == before
    assert stand.says(Text.SENDING_CONFIRM)


def test_leaving_without_confirming_holds_the_box_for_the_same_code() -> None:
    stand, label = confirming()
    stand.wait(61)
    assert stand.says(Text.SENDING_CANCELLED)
    assert stand.last(EntryKind.DEPOSIT_ABANDONED).data["reason"] == "not confirmed"
    stand.wait(31)
    assert stand.says(Text.IDLE)
    assert_held(stand, label)


def test_the_held_box_opens_at_another_keypad_too_and_the_first_one_lets_go() -> None:
    stand, label = confirming()
    stand.press(CODE, "side")
    assert stand.unlocks[-1].compartment == label
    stand.press("OK")
    assert stand.parcel(PARCEL).state is ParcelState.ANNOUNCED
    stand.opens_and_shuts()
    stand.press("OK", "side")
    assert stand.last(EntryKind.PARCEL_DROPPED_OFF).data["keypad"] == "side"
    assert_dropped_off(stand, label)
    stand.wait(120)
    assert stand.says(Text.IDLE)
    assert stand.count(EntryKind.DEPOSIT_ABANDONED) == 0


def test_the_same_code_at_two_keypads_opens_one_door() -> None:
    stand, label = at_open_box()
    before = len(stand.unlocks)
    stand.press(CODE, "side")
    assert len(stand.unlocks) == before
    assert stand.says(Text.CLOSE_DOOR, "side")
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert_dropped_off(stand, label)


def test_a_box_that_was_judged_meanwhile_is_held_no_more() -> None:
    """Somebody found it empty and another's parcel was put there: the sender gets another box."""
    stand, label = confirming()
    stand.wait(92)
    stand.sign_in_technician()
    stand.press("5")
    assert stand.opens_and_shuts() == label
    stand.press("1 C")
    assert stand.box(label).free
    assert stand.deliver() == label
    stand.press(CODE)
    assert stand.unlocks[-1].compartment != label
    assert stand.box(label).tracking_id == "JJFI65432110000070773"


def test_a_sprung_door_must_be_shut_before_the_confirmation_counts() -> None:
    stand, label = confirming()
    stand.door(label, Door.OPEN)
    stand.press("OK")
    assert stand.says(Text.CLOSE_DOOR)
    assert stand.parcel(PARCEL).state is ParcelState.ANNOUNCED
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert_dropped_off(stand, label)


def test_a_box_that_is_opened_from_afar_meanwhile_is_opened_again_before_the_confirmation_counts() -> None:
    stand, label = confirming()
    assert stand.command(OpenCompartment(label, "op-1", "asked by phone")) is None
    stand.press("OK")
    assert stand.says(Text.CLOSE_DOOR)
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.count(EntryKind.PARCEL_DROPPED_OFF) == 0
    stand.opens_and_shuts()
    stand.press("OK")
    assert_dropped_off(stand, label)


# -- beside others


def test_two_senders_at_two_keypads_get_two_boxes() -> None:
    stand = expecting()
    assert stand.expect_drop_off("JJFI65432110000070775", "616161") is None
    stand.press(CODE)
    first = stand.opens()
    stand.press("C 616161 OK", "side")
    second = stand.opens()
    assert first != second
    for label in (first, second):
        stand.door(label, Door.SHUT)
    stand.press("OK")
    stand.press("OK", "side")
    assert stand.box(first).tracking_id == PARCEL
    assert stand.box(second).tracking_id == "JJFI65432110000070775"


def test_a_courier_is_not_offered_a_box_that_a_sender_has_in_hand() -> None:
    stand, label = confirming()
    assert stand.deliver(keypad="side") != label
    stand.press("OK")
    assert_dropped_off(stand, label)


def test_the_success_has_its_own_tone_and_a_refusal_another() -> None:
    stand, _ = confirming()
    assert Sound("front", Tone.RIGHT) in _intents_of(stand, "OK")
    stand = expecting()
    stand.do(StorageChanged(low=True))
    stand.press("C 515151")
    assert Sound("front", Tone.WRONG) in _intents_of(stand, "OK")


def _intents_of(stand: Stand, key: str) -> list[object]:
    return list(stand.do(KeyPressed("front", Key(key))).intents)


def test_a_drop_off_code_may_not_be_that_of_a_person() -> None:
    stand = expecting()
    tag = CODE_KEY.tag(Code("515151"))
    body = AuthorisePerson("c-9", Role.COURIER, tag, MONDAY, MONDAY + AFTER_THE_WINDOW)
    assert stand.command(body) == "code-in-use"
