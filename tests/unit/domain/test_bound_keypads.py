"""domain.md section 1: a keypad of one door matches only that door's codes."""

from datetime import timedelta

import pytest

from locker.domain.codes import Code
from locker.domain.commands import AuthorisePerson, Mode, SetMode
from locker.domain.events import Door
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.openings import Stage
from locker.domain.parcels import ParcelState, Role
from tests.unit.domain.sender import CODE, PARCEL, assert_dropped_off
from tests.unit.domain.stand import CODE_KEY, Stand

FIRST, SECOND, THIRD = (f"JJFI6543211000007{number:04d}" for number in range(3))


def three_parcels() -> Stand:
    """Parcels with the codes 101010, 202020, 303030 behind the doors 1, 2, 3, each with its own keypad."""
    stand = Stand(doors_with_keypads=["1", "2", "3", "4"])
    for label, parcel in zip("123", (FIRST, SECOND, THIRD), strict=True):
        assert stand.deliver(parcel, f"{label}0{label}0{label}0") == label
    return stand


def authorise(stand: Stand, role: Role, code: str) -> None:
    now_at = stand.now.wall_at
    body = AuthorisePerson(f"{role}-9", role, CODE_KEY.tag(Code(code)), now_at, now_at + timedelta(days=9))
    assert stand.command(body) is None


def tokens(stand: Stand, keypad: str) -> int:
    bucket = stand.automat.attempts.get(keypad)
    return stand.automat.rules.tokens if bucket is None else bucket.tokens


def test_each_door_opens_at_its_own_keypad_and_says_so_on_its_own_display() -> None:
    stand = three_parcels()
    for label in "213":
        before = len(stand.unlocks)
        stand.press(f"C {label}0{label}0{label}0 OK", f"door-{label}")
        assert [unlock.compartment for unlock in stand.unlocks[before:]] == [label]
        assert stand.says(Text.OPENING, f"door-{label}")
        assert not any(message.text is Text.OPENING for message in stand.shown_at["door-4"])
        stand.opens()
        assert stand.says(Text.TAKE_PARCEL, f"door-{label}")
        stand.door(label, Door.SHUT)
        assert stand.says(Text.THANK_YOU, f"door-{label}")
        assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["keypad"] == f"door-{label}"


def test_three_people_at_three_doors_at_once_do_not_disturb_each_other() -> None:
    stand = three_parcels()
    for label in "123":
        stand.press(f"C {label}0", f"door-{label}")
    for label in "321":
        stand.press(f"{label}0{label}0 OK", f"door-{label}")
        stand.opens()
    openings = stand.automat.openings
    assert {label: opening.keypad for label, opening in openings.items()} == {
        label: f"door-{label}" for label in "123"
    }
    assert all(opening.stage is Stage.OPEN for opening in openings.values())
    for label in "132":
        stand.door(label, Door.SHUT)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 3
    assert all(stand.says(Text.THANK_YOU, f"door-{label}") for label in "123")


@pytest.mark.parametrize("code", ["202020", "999999"])
def test_another_doors_code_is_answered_as_unknown_and_costs_a_token(code: str) -> None:
    stand = three_parcels()
    before = len(stand.unlocks)
    stand.press(f"C {code} OK", "door-1")
    assert stand.says(Text.NOT_RECOGNISED, "door-1")
    assert len(stand.unlocks) == before
    assert tokens(stand, "door-1") == stand.automat.rules.tokens - 1
    assert tokens(stand, "door-2") == stand.automat.rules.tokens
    assert stand.last(EntryKind.CODE_MISSED).data["keypad"] == "door-1"
    assert stand.parcel(SECOND).state is ParcelState.STORED


def test_each_keypad_has_its_own_bucket() -> None:
    stand = three_parcels()
    for _ in range(stand.automat.rules.tokens):
        stand.press("C 202020 OK", "door-1")
    stand.press("C 101010 OK", "door-1")
    assert stand.says(Text.LOCKED_OUT, "door-1")
    stand.press("C 202020 OK", "door-2")
    assert stand.says(Text.OPENING, "door-2")


@pytest.mark.parametrize("role", Role)
def test_a_persons_code_is_unknown_at_a_keypad_of_one_door(role: Role) -> None:
    stand = three_parcels()
    authorise(stand, role, "777777")
    signed_in = stand.count(EntryKind.COURIER_SIGNED_IN) + stand.count(EntryKind.TECHNICIAN_SIGNED_IN)
    stand.press("C 777777 OK", "door-1")
    assert stand.says(Text.NOT_RECOGNISED, "door-1")
    assert tokens(stand, "door-1") == stand.automat.rules.tokens - 1
    assert signed_in == (
        stand.count(EntryKind.COURIER_SIGNED_IN) + stand.count(EntryKind.TECHNICIAN_SIGNED_IN)
    )


@pytest.mark.parametrize("role", Role)
def test_in_frozen_mode_a_keypad_of_one_door_lets_not_even_a_technician_in(role: Role) -> None:
    stand = three_parcels()
    authorise(stand, role, "777777")
    stand.command(SetMode(Mode.FROZEN, "op-1", "police"))
    stand.press("C 777777 OK", "door-1")
    assert stand.says(Text.FROZEN, "door-1")
    assert tokens(stand, "door-1") == stand.automat.rules.tokens - 1


def test_a_recipient_of_several_parcels_opens_at_each_door_only_what_lies_behind_it() -> None:
    stand = Stand(doors_with_keypads=["1", "2"])
    for parcel in (FIRST, SECOND):
        stand.deliver(parcel, "101010", recipient="somebody")
    before = len(stand.unlocks)
    stand.press("C 101010 OK", "door-2")
    assert stand.opens_and_shuts() == "2"
    assert [unlock.compartment for unlock in stand.unlocks[before:]] == ["2"]
    assert stand.parcel(FIRST).state is ParcelState.STORED
    stand.press("C 101010 OK", "front")
    assert stand.opens_and_shuts() == "1"
    assert stand.parcel(FIRST).state is ParcelState.COLLECTED


def test_the_same_code_reopens_at_the_doors_own_keypad_and_at_no_other_doors() -> None:
    stand = three_parcels()
    stand.press("C 101010 OK", "door-1")
    stand.opens_and_shuts()
    before = len(stand.unlocks)
    stand.press("C 101010 OK", "door-2")
    assert stand.says(Text.NOT_RECOGNISED, "door-2")
    assert len(stand.unlocks) == before
    stand.press("C 101010 OK", "door-1")
    assert stand.count(EntryKind.PARCEL_REOPENED) == 1


def test_an_overdue_parcel_says_so_at_its_own_door_only() -> None:
    stand = three_parcels()
    stand.wait(9 * 86_400)
    stand.press("C 101010 OK", "door-1")
    assert stand.says(Text.OVERDUE, "door-1")
    stand.press("C 101010 OK", "door-2")
    assert stand.says(Text.NOT_RECOGNISED, "door-2")


# -- senders


def test_a_drop_off_begins_at_no_keypad_of_one_door() -> None:
    stand = Stand(doors_with_keypads=["1", "2"])
    stand.expect_drop_off(PARCEL)
    stand.press(CODE, "door-1")
    assert stand.says(Text.NOT_RECOGNISED, "door-1")
    assert tokens(stand, "door-1") == stand.automat.rules.tokens - 1
    assert not stand.unlocks


def test_a_sender_comes_back_at_the_door_that_is_held_for_the_parcel() -> None:
    stand = Stand(doors_with_keypads=["1", "2"])
    stand.expect_drop_off(PARCEL)
    stand.press(CODE)
    assert stand.opens_and_shuts() == "1"
    stand.wait(61)
    stand.press(CODE, "door-2")
    assert stand.says(Text.NOT_RECOGNISED, "door-2")
    stand.press(CODE, "door-1")
    assert stand.opens_and_shuts() == "1"
    assert stand.says(Text.SENDING_CONFIRM, "door-1")
    stand.press("OK", "door-1")
    assert stand.last(EntryKind.PARCEL_DROPPED_OFF).data["keypad"] == "door-1"
    assert_dropped_off(stand, "1")


@pytest.mark.parametrize("key", ["1", "2"])
def test_a_sender_at_a_keypad_of_one_door_is_given_no_other_door(key: str) -> None:
    stand = Stand(doors_with_keypads=["1"])
    stand.expect_drop_off(PARCEL)
    stand.press(CODE)
    stand.opens_and_shuts()
    stand.wait(61)
    stand.press(CODE, "door-1")
    stand.opens()
    stand.press(key, "door-1")
    stand.door("1", Door.SHUT)
    assert stand.says(Text.SENDING_CANCELLED, "door-1")
    assert {unlock.compartment for unlock in stand.unlocks} == {"1"}
    stand.press(CODE)
    assert stand.unlocks[-1].compartment == "2"


def test_a_keypad_of_a_door_that_was_judged_meanwhile_opens_nothing_for_the_sender() -> None:
    """What lies there now may be another's."""
    stand = Stand(doors_with_keypads=["1"])
    stand.expect_drop_off(PARCEL)
    stand.press(CODE)
    stand.opens_and_shuts()
    stand.wait(92)
    stand.sign_in_technician()
    stand.press("5")
    stand.opens_and_shuts()
    stand.press("1 C")
    assert stand.parcel(PARCEL).compartment is None  # held no more
    before = len(stand.unlocks)
    stand.press(CODE, "door-1")
    assert stand.says(Text.NOT_RECOGNISED, "door-1")
    assert len(stand.unlocks) == before
