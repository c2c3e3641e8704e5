"""Remote openings (domain.md 7) whose door or power fails: true records, and nothing assumed."""

import pytest

from locker.domain.compartments import Condition
from locker.domain.events import Door, DoorSeen
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Answering, PickingUp
from locker.domain.messages import Text
from locker.domain.openings import Stage
from locker.domain.parcels import ParcelState
from locker.domain.rules import Rules
from tests.unit.domain.cuts import cut_after_each_event
from tests.unit.domain.stand import Stand
from tests.unit.domain.test_remote import REASON, ask, at_the_limit, opened

# -- doors that do not do what they should


def test_a_door_that_does_not_open_is_tried_three_times_and_reported() -> None:
    stand = Stand()
    ask(stand)
    for _ in range(3):
        stand.pulse_sent()
        stand.wait(5)
    assert len(stand.unlocks) == 3
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "5")
    assert stand.box("5").condition is Condition.FAULTY
    assert stand.count(EntryKind.OPENED_REMOTELY) == 0
    assert stand.last(EntryKind.OPENING_LAPSED).data["why"] == "the door did not open"


def test_a_line_that_is_down_is_not_the_lock_s_fault() -> None:
    stand = Stand()
    ask(stand)
    stand.wait(16)
    assert stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "5")
    assert stand.box("5").condition is Condition.SOUND


def test_a_door_that_opens_late_is_recorded_and_its_lock_works_again() -> None:
    stand = Stand()
    ask(stand)
    for _ in range(3):
        stand.pulse_sent()
        stand.wait(5)
    stand.door("5", Door.OPEN)
    assert stand.last(EntryKind.OPENED_REMOTELY).data["late"] is True
    assert stand.box("5").condition is Condition.SUSPECT
    assert not stand.automat.open_incident(IncidentKind.DOOR_DID_NOT_OPEN, "5")


def test_a_door_that_did_not_open_can_be_asked_for_again_at_once() -> None:
    stand = Stand()
    ask(stand)
    stand.wait(16)
    opened(stand)


def test_a_door_left_open_is_an_incident_until_it_is_shut() -> None:
    stand = Stand()
    ask(stand)
    stand.opens()
    stand.wait(20)
    assert stand.says(Text.CLOSE_DOOR)
    stand.wait(41)
    assert stand.count(EntryKind.DOOR_LEFT_OPEN) == 1
    assert stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, "5")
    assert ask(stand, "5") == "opening-under-way"
    assert ask(stand, "6") is None, "a door that nobody shuts must not stop everything else"
    stand.door("5", Door.SHUT)
    assert not stand.automat.open_incident(IncidentKind.DOOR_LEFT_OPEN, "5")
    assert stand.count(EntryKind.OPENED_REMOTELY) == 1
    assert stand.box("5").condition is Condition.SUSPECT


@pytest.mark.parametrize("by", ["time", "OK on the spot"])
def test_without_a_contact_it_is_recorded_as_unproven_and_the_box_is_suspect(by: str) -> None:
    stand = Stand(Rules(remote_openings_short=0), blind=["5"]) if by != "time" else Stand(blind=["5"])
    ask(stand)
    if by != "time":
        stand.press("OK")
    stand.pulse_sent()
    stand.wait(61)
    entry = stand.last(EntryKind.OPENED_REMOTELY)
    assert (entry.data["unproven"], entry.data["spot"]) == (True, by != "time")
    assert stand.box("5").condition is Condition.SUSPECT
    assert not stand.automat.openings


# -- power cuts


def test_a_cut_between_pulse_and_door_leaves_a_suspect_box_and_a_true_record() -> None:
    stand = Stand()
    ask(stand)
    stand.pulse_sent()
    stand.power_cut()
    assert stand.box("5").condition is Condition.SUSPECT
    assert stand.last(EntryKind.OPENING_LAPSED).data["why"] == "interrupted"
    assert stand.automat.open_incident(IncidentKind.OPENING_INTERRUPTED, "5")
    assert stand.count(EntryKind.OPENED_REMOTELY) == 0


def test_a_door_that_stands_open_after_a_cut_was_opened_remotely() -> None:
    stand = Stand()
    ask(stand)
    stand.pulse_sent()
    stand.doors["5"] = Door.OPEN
    stand.power_cut()
    assert stand.last(EntryKind.OPENED_REMOTELY).data["reason"] == REASON
    stand.power_cut()
    stand.door("5", Door.SHUT)
    assert stand.count(EntryKind.OPENED_REMOTELY) == 1


@pytest.mark.parametrize("spot", [False, True])
def test_whenever_the_power_goes_nothing_is_lost_or_assumed(spot: bool) -> None:  # noqa: FBT001  (a case)
    def build() -> Stand:
        stand = at_the_limit() if spot else Stand()
        stand.deliver()
        return stand

    def script(stand: Stand) -> None:
        ask(stand, "1")
        if spot:
            stand.press("OK")
        stand.opens_and_shuts()

    for when, stand in cut_after_each_event(build, script):
        if stand.doors["1"] is Door.OPEN:
            stand.door("1", Door.SHUT)
        stand.wait(400)
        pulses = [
            entry
            for entry in stand.entries
            if entry.kind is EntryKind.PULSE_INTENDED
            and (entry.data["purpose"], entry.data["compartment"]) == ("remote", "1")
        ]
        assert not stand.automat.openings, when
        assert stand.parcel().state is ParcelState.STORED, when
        assert (stand.box("1").condition is Condition.SUSPECT) == bool(pulses), when
        assert stand.count(EntryKind.OPENED_REMOTELY) <= stand.count(EntryKind.DOOR_OPENED), when
        stand.press("C 024204 OK")
        assert isinstance(stand.automat.keypads["front"].flow, PickingUp), when


def test_the_keypad_that_asked_is_not_needed_after_a_reconfiguration() -> None:
    stand = at_the_limit()
    ask(stand, "3")
    stand.press("OK")
    stand.pulse_sent()
    stand.doors["3"] = Door.OPEN
    stand.reconfigured(without_keypad="front")
    stand.do(DoorSeen("3", Door.SHUT))
    assert "3" not in stand.automat.openings
    assert stand.last(EntryKind.OPENED_REMOTELY).data["keypad"] == "front"


def test_a_late_stage_is_no_opening_under_way() -> None:
    stand = Stand()
    ask(stand)
    stand.wait(16)
    assert stand.automat.openings["5"].stage is Stage.LATE
    assert ask(stand, "6") is None


def test_a_keypad_answers_again_after_the_door_was_named() -> None:
    stand = Stand()
    stand.deliver()
    ask(stand)
    assert isinstance(stand.automat.keypads["front"].flow, Answering)
    stand.press("C 024204 OK")
    assert isinstance(stand.automat.keypads["front"].flow, PickingUp)
