"""Ticking while a door is open, at the keypad of its opening and nowhere else (domain.md 3)."""

import pytest

from locker.domain.commands import OpenCompartment
from locker.domain.events import Door, DoorSeen
from locker.domain.intents import Tick
from locker.domain.openings import Stage
from tests.unit.domain.stand import Stand

ON, OFF = Tick("front", on=True), Tick("front", on=False)


def ticks(stand: Stand) -> list[Tick]:
    return [intent for intent in stand.intents if isinstance(intent, Tick)]


def picking_up(code: str = "024204", keypad: str = "front", **stand_as: object) -> Stand:
    """Return an automat in front of whose door a recipient stands; no pulse has left yet."""
    stand = Stand(**stand_as)  # type: ignore[arg-type]  # handed through
    stand.deliver(code=code)
    stand.intents.clear()
    stand.press(f"C {code} OK", keypad)
    return stand


def test_it_ticks_from_the_moment_the_door_opens_until_it_is_shut() -> None:
    stand = picking_up()
    stand.pulse_sent()
    assert ticks(stand) == []
    label = stand.unlocks[-1].compartment
    stand.door(label, Door.OPEN)
    assert ticks(stand) == [ON]
    stand.wait(10)
    stand.press("5")
    assert ticks(stand) == [ON]
    stand.door(label, Door.SHUT)
    assert ticks(stand) == [ON, OFF]


def test_it_ticks_through_the_reminder_and_ends_with_the_alarm() -> None:
    stand = picking_up()
    stand.opens()
    stand.wait(59)
    assert ticks(stand) == [ON]
    stand.wait(2)
    assert ticks(stand) == [ON, OFF]
    stand.door(stand.unlocks[-1].compartment, Door.SHUT)
    assert ticks(stand) == [ON, OFF]


def test_a_door_that_does_not_open_never_ticks() -> None:
    stand = picking_up()
    stand.pulse_sent()
    stand.wait(400)
    assert ticks(stand) == []


def test_a_door_that_frees_itself_late_ticks() -> None:
    stand = picking_up()
    label = stand.pulse_sent()
    stand.wait(16)
    assert stand.automat.openings[label].stage is Stage.LATE
    stand.door(label, Door.OPEN)
    assert ticks(stand) == [ON]
    stand.door(label, Door.SHUT)
    assert ticks(stand) == [ON, OFF]


@pytest.mark.parametrize("shut", [Door.SHUT, Door.OPEN])
def test_after_a_restart_it_ticks_only_while_the_door_is_still_open(shut: Door) -> None:
    stand = picking_up()
    label = stand.opens()
    stand.intents.clear()
    stand.doors[label] = shut
    stand.power_cut()
    assert ticks(stand) == ([ON] if shut is Door.OPEN else [])
    stand.door(label, Door.SHUT)
    assert ticks(stand) == ([ON, OFF] if shut is Door.OPEN else [])


def test_a_door_left_open_is_silent_after_a_restart() -> None:
    stand = picking_up()
    stand.opens()
    stand.wait(61)
    stand.intents.clear()
    stand.power_cut()
    assert ticks(stand) == []


def test_each_keypad_ticks_for_its_own_door() -> None:
    stand = Stand()
    stand.deliver(code="024204")
    stand.deliver("JJFI65432110000070774", "555555", keypad="side")
    stand.intents.clear()
    stand.press("C 024204 OK")
    first = stand.opens()
    stand.press("C 555555 OK", "side")
    stand.opens()
    assert ticks(stand) == [ON, Tick("side", on=True)]
    stand.door(first, Door.SHUT)
    assert ticks(stand) == [ON, Tick("side", on=True), OFF]


def test_two_doors_of_one_keypad_tick_once_and_until_both_are_shut() -> None:
    """The first was given up and frees itself while the next is open."""
    stand = Stand()
    stand.deliver(code="024204", recipient="r-1")
    stand.deliver("JJFI65432110000070774", "024204", recipient="r-1")
    stand.intents.clear()
    stand.press("C 024204 OK")
    stuck = stand.pulse_sent()
    stand.wait(16 + stand.automat.rules.between_doors_s)
    other = stand.opens()
    assert other != stuck
    assert ticks(stand) == [ON]
    stand.door(stuck, Door.OPEN)
    assert ticks(stand) == [ON]
    stand.door(other, Door.SHUT)
    assert ticks(stand) == [ON]
    stand.door(stuck, Door.SHUT)
    assert ticks(stand) == [ON, OFF]


def test_a_door_that_no_contact_can_see_never_ticks() -> None:
    stand = picking_up(blind=("1", "2", "3", "4"))
    stand.pulse_sent()
    stand.press("OK")
    assert ticks(stand) == []


def test_a_door_opened_from_afar_ticks_nowhere() -> None:
    stand = Stand()
    stand.intents.clear()
    assert stand.command(OpenCompartment("3", "Desk 4", "check")) is None
    stand.opens()
    stand.wait(30)
    stand.door("3", Door.SHUT)
    assert ticks(stand) == []


def test_a_door_that_nobody_asked_for_ticks_nowhere() -> None:
    stand = Stand()
    stand.intents.clear()
    stand.door("3", Door.OPEN)
    stand.door("3", Door.SHUT)
    assert ticks(stand) == []


def test_a_keypad_that_is_no_longer_configured_never_ticks() -> None:
    stand = picking_up()
    stand.opens()
    stand.intents.clear()
    stand.reconfigured(without_keypad="front")
    assert ticks(stand) == []


def test_a_board_that_falls_silent_while_its_door_is_open_does_not_end_the_ticking() -> None:
    stand = picking_up()
    label = stand.opens()
    stand.do(DoorSeen(label, Door.UNKNOWN))
    assert ticks(stand) == [ON]


def test_every_purpose_ticks() -> None:
    """A courier's and a technician's door as well as a recipient's."""
    stand = Stand()
    stand.deliver(code="024204")
    assert ticks(stand) == [ON, OFF]
    stand.sign_in_technician()
    stand.press("1 5 OK")
    stand.opens_and_shuts()
    assert ticks(stand) == [ON, OFF] * 2
