"""What a second reader of the maintenance rules tried: each of these once went wrong."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from locker.domain.commands import Cause, OpenCompartment, WithdrawParcel
from locker.domain.compartments import Compartment, Condition, ContactKind
from locker.domain.events import Door, PulseNotSent
from locker.domain.incidents import IncidentKind
from locker.domain.maintenance import ClearIncident, CycleLock, Device, OpenDoor, SayFound, TryDevice, Verdict
from tests.unit.domain.rounds import technician_opens
from tests.unit.domain.stand import Stand
from tests.unit.domain.technician import OLLI, REASON, ask, looked, opened, say, seen

PARCEL = "JJFI65432110000070773"


def picked_up(stand: Stand) -> None:
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(stand.automat.rules.reopen_window_s + 1)


def collected(stand: Stand) -> None:
    assert stand.command(WithdrawParcel(PARCEL, Cause.CANCEL, "the sender wants it back")) is None
    stand.sign_in_courier()
    stand.press("1 OK")
    stand.opens_and_shuts()
    stand.press("OK")


def opened_from_afar_and_looked_into(stand: Stand) -> None:
    picked_up(stand)
    assert stand.command(OpenCompartment("1", "desk 4", "a lost glove")) is None
    stand.opens_and_shuts()
    stand.sign_in_courier()
    stand.press("2 OK")
    stand.opens_and_shuts()
    stand.press("1")


@pytest.mark.parametrize("used", [picked_up, collected, opened_from_afar_and_looked_into])
def test_a_damaged_box_is_offered_to_nobody_until_a_technician_says_that_it_is_in_order(
    used: Callable[[Stand], None],
) -> None:
    stand = Stand()
    label = stand.deliver()
    seen(stand, label, "damaged")
    used(stand)
    assert stand.box(label).tracking_id is None
    assert (stand.box(label).condition, stand.box(label).reason) == (Condition.FAULTY, "damaged")
    assert not stand.box(label).free
    seen(stand, label, "empty")
    assert stand.box(label).free


def test_a_contact_taken_out_in_a_restart_gives_nobody_a_word_on_what_was_open_before() -> None:
    stand = Stand()
    opened(stand)
    stand.boxes = [replace(box, contact=ContactKind.MISSING) for box in stand.boxes]
    stand.stored[Compartment, "2"] = replace(stand.box("2"), fixture=stand.boxes[1])
    stand.doors.clear()
    stand.power_cut()
    assert not stand.automat.openings
    assert say(stand, "2", "empty") == "not-looked"
    assert stand.box("2").condition is Condition.SUSPECT


@pytest.mark.parametrize("verdict", ["dirty", "damaged"])
def test_a_word_settles_what_is_about_a_box_that_the_configuration_no_longer_has(verdict: str) -> None:
    stand = Stand()
    seen(stand, "2", verdict)
    number = next(iter(stand.automat.open_matters.values()))
    assert ask(stand, ClearIncident(number, "trust me")) == "clears-by-looking"
    stand.reconfigured(without_box="2")
    assert ask(stand, OpenDoor("2", REASON)) == "unknown-compartment"
    assert ask(stand, ClearIncident(number, "it was sawn off")) is None
    assert not stand.automat.open_matters
    stand.reconfigured()
    assert not stand.box("2").free, "it is back: its condition is as it was"
    seen(stand, "2", "empty")
    assert stand.box("2").free


def test_a_door_left_open_that_is_gone_from_the_configuration_alarms_nobody_for_ever() -> None:
    stand = Stand()
    opened(stand)
    stand.wait(stand.automat.rules.left_open_alarm_s + 1)
    number = stand.automat.open_matters[IncidentKind.DOOR_LEFT_OPEN, "2"]
    assert ask(stand, ClearIncident(number, "trust me")) == "clears-by-itself"
    stand.reconfigured(without_box="2")
    assert ask(stand, ClearIncident(number, "it was sawn off")) is None


def jams(stand: Stand) -> None:
    for _ in range(stand.automat.rules.pulses):
        stand.pulse_sent()
        stand.wait(stand.automat.rules.open_wait_s + 0.1)


def opened_unjudged_and_jammed(stand: Stand) -> None:
    looked(stand, "1")
    assert ask(stand, CycleLock("1")) is None
    jams(stand)


def opened_unjudged_and_jammed_from_afar(stand: Stand) -> None:
    looked(stand, "1")
    stand.command(OpenCompartment("1", "desk 4", "a lost glove"))
    jams(stand)


def jammed_and_left_open(stand: Stand) -> None:
    stand.press("C 024204 OK")
    jams(stand)
    opened(stand, "1")
    stand.wait(stand.automat.rules.left_open_alarm_s + 1)
    stand.door("1", Door.SHUT)


def jammed_and_left_open_at_the_keypad(stand: Stand) -> None:
    stand.press("C 024204 OK")
    jams(stand)
    stand.wait(stand.automat.rules.late_opening_s)
    technician_opens(stand, "1", "side")
    stand.opens()
    stand.wait(stand.automat.rules.left_open_alarm_s + 1)
    stand.door("1", Door.SHUT)


@pytest.mark.parametrize(
    "before",
    [
        opened_unjudged_and_jammed,
        opened_unjudged_and_jammed_from_afar,
        jammed_and_left_open,
        jammed_and_left_open_at_the_keypad,
    ],
)
def test_a_pickup_proves_a_lock_and_not_what_nobody_said_of_the_inside(
    before: Callable[[Stand], None],
) -> None:
    stand = Stand()
    assert stand.deliver() == "1"
    before(stand)
    assert stand.box("1").condition is Condition.FAULTY
    picked_up(stand)
    assert stand.box("1").tracking_id is None
    assert stand.box("1").condition is Condition.SUSPECT
    seen(stand, "1", "empty")
    assert stand.box("1").free


def test_a_lock_that_was_not_even_pulsed_has_not_shown_that_it_works() -> None:
    stand = Stand()
    assert ask(stand, CycleLock("2")) is None
    jams(stand)
    assert stand.box("2").condition is Condition.FAULTY
    stand.wait(stand.automat.rules.late_opening_s)
    assert ask(stand, OpenDoor("2", REASON)) is None
    stand.do(PulseNotSent("2", 1, "cooling down"))
    stand.door("2", Door.OPEN)  # with the key for emergencies
    stand.door("2", Door.SHUT)
    assert say(stand, "2", "empty") is None
    assert stand.box("2").condition is Condition.FAULTY
    assert IncidentKind.DOOR_DID_NOT_OPEN in {kind for kind, _ in stand.automat.open_matters}


@pytest.mark.parametrize("blind", ["", "2"])
def test_the_word_is_that_of_whoever_had_the_door_opened(blind: str) -> None:
    stand = Stand(blind=blind)
    looked(stand, "2")
    assert ask(stand, SayFound("2", Verdict.EMPTY), OLLI) == "not-looked", "this one has not looked"
    assert say(stand, "2", "empty") is None
    assert stand.box("2").free


def test_a_forgotten_trial_ends_however_many_recipients_type_their_codes_into_it() -> None:
    stand = Stand()
    stand.deliver()
    unlocks = len(stand.unlocks)
    assert ask(stand, TryDevice("front", Device.KEYS)) is None
    for _ in range(8):
        stand.press("C 024204 OK")
        stand.wait(stand.automat.rules.service_idle_s - 1)
    assert len(stand.unlocks) > unlocks, "nobody is served any more"


def test_a_missing_parcels_incident_outlives_the_next_deposit_into_its_box_until_a_word_ends_it() -> None:
    stand = Stand()
    label = stand.deliver()
    seen(stand, label, "empty")
    number = stand.automat.open_matters[IncidentKind.COMPARTMENT_EMPTY, label]
    assert stand.deliver("JJFI65432110000070774", "024205") == label
    assert stand.automat.incidents[number].cleared_at is None
    assert ask(stand, ClearIncident(number, "it lay in the van")) is None
    assert stand.automat.incidents[number].cleared_at is not None
