"""domain.md section 4: delivery by a courier, shortest form."""

from datetime import timedelta

import pytest

from locker.domain.codes import Code
from locker.domain.commands import AuthorisePerson, Cause, RevokePerson, WithdrawParcel
from locker.domain.compartments import Condition
from locker.domain.events import Door, StorageChanged
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState, Role
from tests.unit.domain.stand import CODE_KEY, MONDAY, Stand

PARCEL = "JJFI65432110000070773"


def stand_at_open_box() -> tuple[Stand, str]:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    return stand, stand.opens()


def test_a_fresh_automat_opens_for_no_code() -> None:
    stand = Stand()
    for code in ("0000", "1234", "000000", "123456", "999999", "7777"):
        stand.press(f"C {code} OK")
    assert not stand.unlocks
    assert stand.count(EntryKind.COURIER_SIGNED_IN) == 0


def test_a_deposit_starts_the_storage_time() -> None:
    stand = Stand()
    label = stand.deliver()
    entry = stand.last(EntryKind.PARCEL_STORED)
    assert stand.count(EntryKind.PARCEL_STORED) == 1
    assert stand.box(label).tracking_id == PARCEL
    assert entry.data["lastpickupdate"] == "2026-03-09"
    assert entry.data["deadline"] == "2026-03-09T22:00:00.000Z"
    assert stand.parcel().deposited_at == MONDAY


def test_the_deposit_is_durable_before_the_success_is_shown() -> None:
    stand, label = stand_at_open_box()
    stand.door(label, stand.box("6").door)
    stand.press("OK")
    assert stand.says(Text.STORED)
    assert stand.reloaded().parcels[PARCEL].state is ParcelState.STORED


def test_the_smallest_free_compartment_of_the_size_is_chosen_then_a_larger_one() -> None:
    stand = Stand()
    labels = [stand.deliver(f"JJFI6543211000007{n:04d}", code=f"55550{n}") for n in range(5)]
    assert labels == ["1", "2", "3", "4", "5"]


def test_no_free_compartment_is_said_and_journalled() -> None:
    stand = Stand()
    for number in range(2):
        stand.deliver(f"JJFI6543211000007{number:04d}", code=f"55550{number}", size="L")
    stand.announce(PARCEL, size="L")
    stand.sign_in_courier()
    stand.press("00070773 OK")
    assert stand.says(Text.NO_COMPARTMENT)
    assert stand.last(EntryKind.DEPOSIT_REFUSED).data["reason"] == "no-compartment"


def test_an_unknown_and_a_short_tracking_number_are_refused_without_an_opening() -> None:
    stand = Stand()
    stand.sign_in_courier()
    stand.press("12345678 OK")
    assert stand.says(Text.PARCEL_UNKNOWN)
    stand.press("123 OK")
    assert stand.says(Text.TRACKING_LENGTH)
    assert not stand.unlocks


def test_two_parcels_with_the_same_ending_are_told_apart_by_nobody() -> None:
    stand = Stand()
    stand.announce("JJFI65432110000070773", "1111")
    stand.announce("JJFI99999990000070773", "2222")
    stand.sign_in_courier()
    stand.press("00070773 OK")
    assert stand.says(Text.PARCEL_AMBIGUOUS)
    assert not stand.unlocks


def test_leaving_without_confirming_makes_the_compartment_suspect() -> None:
    stand, label = stand_at_open_box()
    stand.door(label, stand.box("6").door)
    stand.wait(61)
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.last(EntryKind.DEPOSIT_ABANDONED).data["compartment"] == label
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, label) is not None
    assert stand.parcel().state is ParcelState.ANNOUNCED
    stand.deliver("JJFI65432110000070781", code="5555")
    assert stand.automat.parcels["JJFI65432110000070781"].compartment != label


def test_cancelling_behind_a_shut_door_opens_it_again_so_that_nothing_stays_inside() -> None:
    stand, label = stand_at_open_box()
    stand.door(label, Door.SHUT)
    stand.press("C")
    assert stand.unlocks[-1].compartment == label
    assert stand.opens_and_shuts() == label
    assert stand.last(EntryKind.DEPOSIT_CANCELLED).data["compartment"] == label
    assert stand.box(label).free
    assert stand.parcel().state is ParcelState.ANNOUNCED


def test_a_door_left_open_by_a_courier_ends_the_session_and_the_box_is_suspect() -> None:
    stand, label = stand_at_open_box()
    stand.wait(61)
    assert stand.says(Text.LEFT_OPEN)
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.count(EntryKind.COURIER_SIGNED_OUT) == 1


def test_a_lock_that_does_not_open_for_a_courier_is_replaced_by_another_box_at_once() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    first = stand.pulse_sent()
    stand.wait(15.1)
    second = stand.unlocks[-1].compartment
    assert second != first
    assert stand.box(first).condition is Condition.FAULTY
    stand.opens_and_shuts()
    stand.press("OK")
    assert stand.parcel().compartment == second


def test_a_full_disk_refuses_deposits_and_leaves_pickups_possible() -> None:
    stand = Stand()
    label = stand.deliver(code="024204")
    stand.do(StorageChanged(low=True))
    stand.announce("JJFI65432110000070781", "5555")
    stand.sign_in_courier()
    stand.press("00070781 OK")
    assert stand.says(Text.NO_DEPOSITS)
    stand.press("C")
    stand.press("C 024204 OK")
    assert stand.opens_and_shuts() == label
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1


def test_an_idle_courier_is_signed_out() -> None:
    stand = Stand()
    stand.sign_in_courier()
    stand.wait(61)
    assert stand.count(EntryKind.COURIER_SIGNED_OUT) == 1
    stand.press("00070773 OK")
    assert stand.says(Text.PRESS_C_FIRST)


@pytest.mark.parametrize("why", ["revoked", "expired", "not yet"])
def test_a_courier_without_a_present_right_gets_the_answer_of_an_unknown_code(why: str) -> None:
    stand = Stand()
    begin = MONDAY + timedelta(days=1) if why == "not yet" else MONDAY - timedelta(days=2)
    end = MONDAY - timedelta(days=1) if why == "expired" else MONDAY + timedelta(days=2)
    stand.command(AuthorisePerson("c-1", Role.COURIER, CODE_KEY.tag(Code("7777")), begin, end))
    if why == "revoked":
        stand.command(RevokePerson("c-1", Role.COURIER))
    stand.press("C 7777 OK")
    assert stand.says(Text.NOT_RECOGNISED)


def test_a_parcel_withdrawn_while_its_courier_stands_there_is_not_stored() -> None:
    stand, label = stand_at_open_box()
    assert stand.command(WithdrawParcel(PARCEL, Cause.REDIRECT, "redirected")) is None
    stand.door(label, stand.box("6").door)
    stand.press("OK")
    assert stand.count(EntryKind.PARCEL_STORED) == 0
    assert stand.box(label).condition is Condition.SUSPECT
