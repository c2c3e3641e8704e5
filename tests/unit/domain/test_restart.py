"""Power cuts at every step of a pick-up and of a deposit, and what start-up makes of them (F6)."""

import pytest

from locker.domain.compartments import Condition
from locker.domain.events import Door
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.parcels import ParcelState
from tests.unit.domain.stand import Stand


def picked_up_until(step: str) -> tuple[Stand, str]:
    stand = Stand()
    label = stand.deliver(code="024204")
    stand.press("C 024204 OK")
    if step in ("sent", "opened", "shut"):
        stand.pulse_sent()
    if step in ("opened", "shut"):
        stand.door(label, Door.OPEN)
    if step == "shut":
        stand.door(label, Door.SHUT)
    return stand, label


@pytest.mark.parametrize("step", ["intended", "sent"])
def test_cut_before_the_door_moved_and_it_is_shut_gives_an_attempt_and_no_pulse(step: str) -> None:
    stand, _ = picked_up_until(step)
    before = len(stand.unlocks)
    stand.power_cut(off_s=30)
    assert len(stand.unlocks) == before
    assert stand.last(EntryKind.PARCEL_ATTEMPTED).data["reason"] == "interrupted"
    assert stand.parcel().state is ParcelState.STORED
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"


@pytest.mark.parametrize("step", ["intended", "sent"])
def test_cut_before_the_door_moved_and_it_now_stands_open_goes_on_with_evidence(step: str) -> None:
    stand, label = picked_up_until(step)
    stand.doors[label] = Door.OPEN
    stand.power_cut(off_s=5)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    stand.door(label, Door.SHUT)
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"
    assert stand.count(EntryKind.PARCEL_ATTEMPTED) == 0


def test_cut_while_the_door_was_open_and_it_was_shut_meanwhile_is_a_handover() -> None:
    stand, label = picked_up_until("opened")
    stand.doors[label] = Door.SHUT
    stand.power_cut(off_s=600)
    assert stand.last(EntryKind.DOOR_CLOSED).data["unseen"] is True
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "A"


def test_cut_while_the_door_was_open_and_it_still_is_goes_on() -> None:
    stand, label = picked_up_until("opened")
    stand.power_cut(off_s=2)
    stand.wait(61)
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "C"
    stand.door(label, Door.SHUT)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1


def test_cut_after_the_receipt_changes_nothing_and_the_window_still_ends() -> None:
    stand, label = picked_up_until("shut")
    stand.power_cut(off_s=2)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1
    stand.wait(181)
    assert stand.box(label).free


@pytest.mark.parametrize("opened", [False, True])
def test_cut_during_a_deposit_leaves_the_box_suspect_never_free(*, opened: bool) -> None:
    stand = Stand()
    stand.announce("JJFI65432110000070773")
    stand.sign_in_courier()
    stand.press("00070773 OK")
    label = stand.opens() if opened else stand.pulse_sent()
    stand.doors[label] = Door.SHUT
    stand.power_cut(off_s=2)
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.parcel().state is ParcelState.ANNOUNCED


def test_cut_between_the_shut_door_and_the_confirmation_raises_an_incident() -> None:
    stand = Stand()
    stand.announce("JJFI65432110000070773")
    stand.sign_in_courier()
    stand.press("00070773 OK")
    label = stand.opens_and_shuts()
    stand.power_cut(off_s=2)
    assert stand.box(label).condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.DEPOSIT_UNCONFIRMED, label) is not None


def test_a_deposit_can_be_confirmed_after_a_restart_while_the_door_stood_open() -> None:
    stand = Stand()
    stand.announce("JJFI65432110000070773")
    stand.sign_in_courier()
    stand.press("00070773 OK")
    label = stand.opens()
    stand.power_cut(off_s=2)
    stand.door(label, Door.SHUT)
    stand.press("OK")
    assert stand.parcel().state is ParcelState.STORED


def test_what_was_committed_is_what_a_restart_finds() -> None:
    stand, _ = picked_up_until("opened")
    reloaded = stand.reloaded()
    for name in (
        "compartments",
        "parcels",
        "credentials",
        "attempts",
        "openings",
        "incidents",
        "commands",
        "facts",
    ):
        assert getattr(reloaded, name) == getattr(stand.automat, name), name
    for name in ("parcels_of_tag", "holder_of_tag", "announced_ending", "wall_agenda"):
        assert getattr(reloaded, name) == getattr(stand.automat, name), name
