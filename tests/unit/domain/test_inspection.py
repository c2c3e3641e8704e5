"""Suspect compartments: offered to nobody until a courier or technician has looked (domain.md 4 and 5)."""

import pytest

from locker.domain.compartments import Condition
from locker.domain.events import Door, GoodsSeen
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Delivering, Judging, Naming, Serving
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState
from tests.unit.domain.rounds import (
    PARCEL,
    flow,
    sign_in_technician,
    stand_in_inspection,
    stand_with_suspects,
    technician_opens,
    verdict,
)
from tests.unit.domain.stand import Stand

# -- where no parcel is expected


def test_an_empty_box_is_offered_again_at_once_and_its_incident_is_over() -> None:
    stand = stand_in_inspection()
    assert stand.says(Text.OPENING)
    assert stand.opens() == "1"
    assert stand.says(Text.LOOK_INSIDE)
    stand.door("1", Door.SHUT)
    assert stand.says(Text.JUDGE)
    assert not stand.box("1").free
    stand.press("1")
    assert stand.box("1").free
    assert stand.reloaded().compartments["1"].free
    assert not stand.automat.open_matters
    assert verdict(stand).data["verdict"] == "empty"
    assert verdict(stand).data["courier"] == "c-1"
    assert verdict(stand).data["grade"] == "A"
    assert {"dooropened", "doorclosed"} <= verdict(stand).data.keys()
    assert stand.says(Text.INSPECT_DONE)
    assert isinstance(flow(stand), Delivering)


def test_four_keys_at_most_settle_a_box() -> None:
    stand = stand_in_inspection()
    stand.opens_and_shuts()
    stand.press("1")  # one key where the door has a contact
    assert stand.box("1").free
    blind = stand_in_inspection("1", blind=("1",))
    blind.pulse_sent()
    blind.press("OK 1")  # two where it has none
    assert blind.box("1").free


@pytest.mark.parametrize("kind", ["unasked", "unconfirmed", "interrupted", "not opened"])
def test_a_look_settles_every_doubt_about_a_free_box(kind: str) -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    if kind == "unasked":
        stand.opens_and_shuts()
        stand.wait(91)
        stand.door("1", Door.OPEN)
        stand.door("1", Door.SHUT)
    elif kind == "unconfirmed":
        stand.opens_and_shuts()
        stand.wait(91)
    elif kind == "interrupted":
        stand.power_cut(off_s=3)
        stand.wait(200)
    else:
        stand.pulse_sent()
        stand.wait(15.1)
    doubts = [about for _, about in stand.automat.open_matters if about == "1"]
    assert doubts
    technician_opens(stand, "1", "side")
    stand.opens_and_shuts()
    stand.press("1", "side")
    assert stand.box("1").free
    assert "1" not in [about for _, about in stand.automat.open_matters]


def test_the_round_goes_in_walking_order_and_only_to_suspect_boxes() -> None:
    stand = stand_with_suspects("4", "2")
    stand.sign_in_courier()
    before = len(stand.unlocks)
    stand.press("2 OK")
    stand.opens_and_shuts()
    stand.press("1")
    stand.opens_and_shuts()
    stand.press("1")
    assert [pulse.compartment for pulse in stand.unlocks[before:]] == ["2", "4"]
    assert dict(stand.shown[-1].values) == {"left": "0"}


def test_no_suspect_box_is_said_and_opens_nothing() -> None:
    stand = Stand()
    sign_in_technician(stand)
    stand.press("5")
    assert stand.says(Text.NOTHING_TO_INSPECT)
    assert not stand.unlocks


def test_a_goods_sensor_contradicts_who_says_empty() -> None:
    stand = stand_in_inspection()
    stand.do(GoodsSeen("1", present=True))
    stand.opens_and_shuts()
    stand.press("1")
    assert stand.says(Text.STILL_INSIDE)
    assert stand.box("1").condition is Condition.SUSPECT
    assert isinstance(flow(stand), Judging)
    stand.press("2")
    assert isinstance(flow(stand), Naming)


def test_a_dirty_box_stays_out_of_use_until_somebody_says_that_it_is_clean() -> None:
    stand = stand_in_inspection()
    stand.opens_and_shuts()
    stand.press("3")
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.box("1").reason == "dirty or damaged"
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_DIRTY, "1") is not None
    assert verdict(stand).data["verdict"] == "dirty"
    technician_opens(stand, "1", "side")
    stand.opens_and_shuts()
    stand.press("1", "side")
    assert stand.box("1").free
    assert not stand.automat.open_matters
    assert verdict(stand).data["technician"] == "t-1"


def test_c_leaves_the_box_as_it_is_and_goes_on() -> None:
    stand = stand_in_inspection("1", "2")
    stand.opens_and_shuts()
    stand.press("C")
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.DOOR_OPENED_UNASKED, "1") is not None
    assert stand.unlocks[-1].compartment == "2"


def test_c_in_front_of_an_open_door_makes_it_the_last_one() -> None:
    stand = stand_in_inspection("1", "2")
    stand.opens()
    stand.press("C")
    stand.door("1", Door.SHUT)
    pulses = len(stand.unlocks)
    stand.press("1")
    assert stand.box("1").free
    assert len(stand.unlocks) == pulses
    assert dict(stand.shown[-1].values) == {"left": "1"}


def test_a_parcel_in_its_reopening_time_is_not_expected() -> None:
    stand = Stand()
    stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    technician_opens(stand, "1")
    stand.opens_and_shuts()
    assert stand.says(Text.JUDGE)
    stand.press("1")
    assert stand.box("1").condition is Condition.SOUND
    assert not stand.box("1").free
    assert stand.count(EntryKind.PARCEL_MISSING) == 0
    stand.wait(181)
    assert stand.box("1").free


# -- where a parcel is expected


def test_a_parcel_that_lies_where_it_should_makes_the_box_sound() -> None:
    stand = Stand()
    stand.deliver()
    technician_opens(stand, "1")
    stand.opens_and_shuts()
    assert stand.says(Text.JUDGE_EXPECTED)
    assert stand.box("1").condition is Condition.SUSPECT
    stand.press("2")
    assert stand.box("1").condition is Condition.SOUND
    assert verdict(stand).subject == PARCEL
    assert verdict(stand).data["verdict"] == "as expected"
    assert isinstance(flow(stand), Serving)
    stand.press("C")
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1


def test_a_parcel_that_does_not_lie_where_it_should_is_missing_and_the_box_free() -> None:
    stand = Stand()
    stand.deliver()
    technician_opens(stand, "1")
    stand.opens_and_shuts()
    stand.press("1")
    assert stand.parcel().state is ParcelState.MISSING
    assert stand.last(EntryKind.PARCEL_MISSING).data["technician"] == "t-1"
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_EMPTY, "1") is not None
    assert stand.box("1").free
    stand.press("C")
    stand.press("C 024204 OK")
    assert stand.says(Text.NOT_RECOGNISED)


def test_seeing_the_parcel_does_not_make_a_dirty_box_clean() -> None:
    stand = Stand()
    stand.deliver()
    technician_opens(stand, "1")
    stand.opens_and_shuts()
    stand.press("3")
    stand.press("5")
    stand.opens_and_shuts()
    stand.press("2")
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_DIRTY, "1") is not None
    assert stand.parcel().state is ParcelState.STORED
