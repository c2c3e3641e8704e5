"""What a review of everything around the parcels found: frozen mode, restarts, what is forgotten."""

import pytest

from locker.domain.commands import Mode, OpenCompartment, SetMode
from locker.domain.compartments import Condition
from locker.domain.events import Door
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import PickingUp
from locker.domain.messages import Text
from locker.domain.openings import Stage
from locker.domain.parcels import ParcelState
from tests.unit.domain.stand import Stand

WHO = ("desk 4", "smoke was seen")


def freeze(stand: Stand) -> None:
    assert stand.command(SetMode(Mode.FROZEN, *WHO)) is None


def frozen_before_the_door_moved(how: str) -> Stand:
    """An automat that was frozen after the first pulse of a door that has not moved yet."""
    stand = Stand()
    if how == "pickup":
        stand.deliver()
        stand.press("C 024204 OK")
    elif how == "deposit":
        stand.announce("JJFI65432110000070773")
        stand.sign_in_courier()
        stand.press("00070773 OK")
    elif how == "drop-off":
        stand.expect_drop_off()
        stand.press("C 515151 OK")
    elif how == "remote":
        assert stand.command(OpenCompartment("5", *WHO)) is None
    else:
        stand.deliver()
        stand.command(SetMode(Mode.EVACUATE, *WHO))
        stand.sign_in_courier()
        stand.press("1 OK")
    stand.pulse_sent()
    freeze(stand)
    return stand


HOW = ("pickup", "deposit", "drop-off", "remote", "collect")


# -- frozen mode (domain.md 7): nothing opens but by a technician


@pytest.mark.parametrize("how", HOW)
def test_a_door_that_has_not_moved_is_pulsed_no_more_once_the_automat_is_frozen(how: str) -> None:
    stand = frozen_before_the_door_moved(how)
    pulses = len(stand.unlocks)
    label = stand.unlocks[-1].compartment
    stand.wait(300)
    assert len(stand.unlocks) == pulses
    assert label not in stand.automat.openings
    assert not isinstance(stand.automat.keypads["front"].flow, PickingUp)
    assert stand.automat.keypads["front"].due_s is None, "the keypad is at rest again"
    assert stand.box(label).condition is not Condition.FAULTY, "one pulse is no proof against a lock"


@pytest.mark.parametrize("how", HOW)
def test_a_door_that_the_pulse_before_the_freeze_has_opened_finishes(how: str) -> None:
    stand = frozen_before_the_door_moved(how)
    label = stand.unlocks[-1].compartment
    stand.door(label, Door.OPEN)
    assert stand.automat.openings[label].stage is Stage.OPEN
    stand.door(label, Door.SHUT)
    assert label not in stand.automat.openings
    if how == "pickup":
        assert stand.parcel().state is ParcelState.COLLECTED


def test_a_recipient_whose_door_is_pulsed_no_more_keeps_the_code_and_is_told() -> None:
    stand = frozen_before_the_door_moved("pickup")
    stand.wait(6)
    assert stand.says(Text.NOT_OPENED)
    assert stand.count(EntryKind.PARCEL_ATTEMPTED) == 1
    stand.wait(200)
    assert stand.command(SetMode(Mode.NORMAL, *WHO)) is None
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.parcel().state is ParcelState.COLLECTED


def test_a_technician_s_door_is_pulsed_as_often_as_ever_in_frozen_mode() -> None:
    stand = Stand()
    stand.sign_in_technician()
    stand.press("1 5 OK")
    stand.pulse_sent()
    freeze(stand)
    stand.wait(5)
    stand.pulse_sent()
    stand.wait(5)
    stand.pulse_sent()
    stand.wait(20)
    assert [unlock.number for unlock in stand.unlocks if unlock.compartment == "5"] == [1, 2, 3]
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "5") is not None
    assert stand.box("5").condition is Condition.FAULTY
