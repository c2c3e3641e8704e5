"""Modes, blocked compartments and revoked people (domain.md 7): seen at once, also by who is there now."""

import pytest

from locker.domain.codes import Code
from locker.domain.commands import (
    BlockCompartment,
    Mode,
    ReleaseGuard,
    RevokePerson,
    SetMode,
    UnblockCompartment,
)
from locker.domain.compartments import Condition
from locker.domain.events import Door
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, Idle
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState, Role
from tests.unit.domain.stand import Stand

PARCEL = "JJFI65432110000070773"
WHO = ("desk 4", "a new cabinet comes")


def set_to(stand: Stand, mode: Mode) -> None:
    assert stand.command(SetMode(mode, *WHO)) is None


def test_a_change_of_mode_is_journalled_with_who_and_why() -> None:
    stand = Stand()
    set_to(stand, Mode.DRAIN)
    assert stand.last(EntryKind.MODE_CHANGED).data == {
        "before": "normal",
        "after": "drain",
        "operator": "desk 4",
        "reason": "a new cabinet comes",
    }
    assert stand.command(SetMode(Mode.DRAIN, *WHO)) == "already-in-this-mode"
    assert stand.count(EntryKind.MODE_CHANGED) == 1


@pytest.mark.parametrize("mode", Mode)
def test_the_mode_survives_a_power_cut(mode: Mode) -> None:
    stand = Stand()
    stand.command(SetMode(mode, *WHO))
    stand.power_cut()
    assert stand.automat.facts.mode is mode


def test_idle_keypads_show_the_frozen_mode_at_once_and_its_end() -> None:
    stand = Stand()
    set_to(stand, Mode.FROZEN)
    assert stand.says(Text.FROZEN)
    assert stand.shown_at["side"][-1].text is Text.FROZEN
    set_to(stand, Mode.NORMAL)
    assert stand.says(Text.IDLE)


def test_a_person_in_the_middle_of_something_is_not_disturbed_by_a_change_of_mode() -> None:
    stand = Stand()
    stand.press("C 02")
    set_to(stand, Mode.FROZEN)
    assert stand.says(Text.TYPING_CODE)
    stand.press("4204 OK")
    assert stand.says(Text.FROZEN)


def test_frozen_opens_nothing_but_a_door_under_way_finishes() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.press("C 024204 OK")
    stand.opens()
    set_to(stand, Mode.FROZEN)
    stand.door(label, Door.SHUT)
    assert stand.parcel().state is ParcelState.COLLECTED
    opened = len(stand.unlocks)
    stand.press("C 024204 OK")
    assert stand.says(Text.FROZEN)
    assert len(stand.unlocks) == opened


@pytest.mark.parametrize("mode", [Mode.DRAIN, Mode.EVACUATE])
def test_recipients_are_served_while_nothing_may_be_left(mode: Mode) -> None:
    stand = Stand()
    stand.deliver()
    stand.announce("JJFI65432110000070774", "5555")
    set_to(stand, mode)
    opened = len(stand.unlocks)
    stand.sign_in_courier()
    stand.press("00070774 OK")
    assert len(stand.unlocks) == opened
    stand.wait(200)
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.parcel().state is ParcelState.COLLECTED


# -- blocked compartments


def test_a_blocked_compartment_is_offered_to_nobody_until_it_is_unblocked() -> None:
    stand = Stand()
    assert stand.command(BlockCompartment("1", "desk 4", "wet paint")) is None
    assert stand.last(EntryKind.COMPARTMENT_BLOCKED).data["reason"] == "wet paint"
    assert stand.deliver() != "1"
    stand.power_cut()
    assert stand.box("1").blocked == "wet paint"
    assert stand.command(UnblockCompartment("1", "desk 4")) is None
    assert stand.last(EntryKind.COMPARTMENT_UNBLOCKED).data["operator"] == "desk 4"
    assert stand.deliver("JJFI65432110000070774", "5555") == "1"


def test_what_lies_in_a_blocked_compartment_can_be_collected() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.command(BlockCompartment(label, "desk 4", "wet paint"))
    stand.press("C 024204 OK")
    assert stand.opens_and_shuts() == label
    assert stand.parcel().state is ParcelState.COLLECTED
    stand.wait(200)
    assert not stand.box(label).free


def test_a_compartment_that_was_suspect_stays_so_when_it_is_unblocked() -> None:
    stand = Stand()
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    stand.command(BlockCompartment("1", "desk 4", "x"))
    stand.command(UnblockCompartment("1", "desk 4"))
    assert stand.box("1").condition is Condition.SUSPECT
    assert not stand.box("1").free


def test_blocking_what_is_blocked_or_unknown_says_so() -> None:
    stand = Stand()
    assert stand.command(BlockCompartment("99", "desk 4", "x")) == "unknown-compartment"
    assert stand.command(UnblockCompartment("99", "desk 4")) == "unknown-compartment"
    assert stand.command(UnblockCompartment("1", "desk 4")) == "not-blocked"
    stand.command(BlockCompartment("1", "desk 4", "x"))
    assert stand.command(BlockCompartment("1", "desk 5", "y")) == "already-blocked"
    assert stand.box("1").blocked == "x"


# -- people


@pytest.mark.parametrize("role", Role)
def test_a_revoked_person_loses_the_next_key(role: Role) -> None:
    stand = Stand()
    if role is Role.COURIER:
        stand.sign_in_courier()
        holder, ended = "c-1", EntryKind.COURIER_SIGNED_OUT
    else:
        stand.sign_in_technician()
        holder, ended = "t-1", EntryKind.TECHNICIAN_SIGNED_OUT
    assert stand.command(RevokePerson(holder, role)) is None
    stand.press("1")
    assert stand.says(Text.SIGNED_OUT)
    assert stand.last(ended).data["why"] == "no longer authorised"
    assert not stand.unlocks


def test_a_person_is_revoked_in_the_role_that_he_has() -> None:
    stand = Stand()
    stand.sign_in_technician()
    assert stand.command(RevokePerson("t-1", Role.COURIER)) == "unknown-courier"
    assert "t-1" in stand.automat.credentials


def test_a_guarded_keypad_is_released_once() -> None:
    stand = Stand()
    for _ in range(stand.automat.rules.misses_guard):
        stand.press("C 1234 OK")
        stand.wait(600)
    assert stand.automat.attempts["front"].guarded
    assert stand.command(ReleaseGuard("front", "desk 4")) is None
    assert stand.last(EntryKind.GUARD_RELEASED).data["operator"] == "desk 4"
    assert stand.command(ReleaseGuard("front", "desk 4")) == "not-guarded"
    assert isinstance(stand.automat.keypads["front"].flow, Idle | Answering)


def test_no_tag_of_a_code_is_told_in_the_journal() -> None:
    stand = Stand()
    stand.deliver()
    stand.sign_in_technician()
    stand.expect_drop_off()
    tags = [str(stand.automat.code_key.tag(Code(code))) for code in ("024204", "7777", "9999", "515151")]
    told = " ".join(str(dict(entry.data)) for entry in stand.entries)
    assert not any(each in told for each in tags)


def test_frozen_between_two_doors_of_one_code_the_second_stays_shut() -> None:
    stand = Stand()
    stand.deliver(code="024204", recipient="r1")
    stand.deliver("JJFI65432110000070781", code="024204", recipient="r1")
    stand.press("C 024204 OK")
    label = stand.opens()
    before = len(stand.unlocks)
    set_to(stand, Mode.FROZEN)
    stand.door(label, Door.SHUT)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1
    assert len(stand.unlocks) == before
    assert stand.says(Text.FROZEN)
