"""A parcel lies where none should: who looks says which one it is (domain.md 4 and 6)."""

import pytest

from locker.domain.codes import tracking_tag
from locker.domain.compartments import Condition
from locker.domain.events import LabelScanned
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.keypad import Naming
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState
from tests.unit.domain.rounds import OTHER, PARCEL, SENT, flow, stand_naming, technician_opens, verdict
from tests.unit.domain.stand import CODE_KEY, Stand


def test_an_announced_parcel_that_was_left_inside_is_stored_for_good() -> None:
    stand = Stand()
    stand.announce(PARCEL)
    stand.sign_in_courier()
    stand.press("00070773 OK")
    stand.opens_and_shuts()
    stand.wait(91)
    stand.sign_in_courier()
    stand.press("2 OK")
    stand.opens_and_shuts()
    stand.press("2 00070773 OK")
    stored = stand.last(EntryKind.PARCEL_STORED)
    assert stored.subject == PARCEL
    assert stored.data["found"] is True
    assert "deadline" in stored.data
    assert stand.box("1").tracking_id == PARCEL
    assert stand.box("1").condition is Condition.SOUND
    assert not stand.automat.open_matters
    stand.press("C")
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1


def test_a_label_is_as_good_as_digits() -> None:
    stand = stand_naming()
    stand.announce(PARCEL)
    stand.do(LabelScanned("front", PARCEL.lower()))
    assert stand.parcel().state is ParcelState.STORED
    assert verdict(stand).data["verdict"] == "parcel"
    assert verdict(stand).subject == PARCEL


def test_a_parcel_that_its_sender_left_without_a_word_is_dropped_off_by_being_found() -> None:
    stand = Stand()
    stand.expect_drop_off(SENT)
    stand.press("C 515151 OK")
    stand.opens_and_shuts()
    stand.wait(91)
    stand.sign_in_courier()
    stand.press("2 OK")
    stand.opens_and_shuts()
    stand.press("2 00070774 OK")
    entry = stand.last(EntryKind.PARCEL_DROPPED_OFF)
    assert entry.data["found"] is True
    assert entry.data["courier"] == "c-1"
    assert stand.parcel(SENT).state is ParcelState.DROPPED_OFF
    assert stand.parcel(SENT).compartment == "1"
    assert stand.automat.to_collect[SENT] == "1"
    assert stand.box("1").condition is Condition.SOUND


def test_a_box_found_empty_is_held_for_its_sender_no_longer() -> None:
    stand = Stand()
    stand.expect_drop_off(SENT)
    stand.press("C 515151 OK")
    stand.opens_and_shuts()
    stand.wait(91)
    stand.sign_in_courier()
    stand.press("2 OK")
    stand.opens_and_shuts()
    stand.press("1 C")
    assert stand.deliver() == "1"
    stand.press("C 515151 OK")
    assert stand.unlocks[-1].compartment == "2"


def test_a_missing_parcel_that_is_found_goes_back_with_the_next_courier() -> None:
    stand = Stand()
    stand.deliver()
    technician_opens(stand, "1")
    stand.opens_and_shuts()
    stand.press("1")
    stand.press("1 3 OK")
    assert stand.opens_and_shuts() == "3"
    stand.press("2 00070773 OK")
    assert stand.last(EntryKind.PARCEL_FOUND).data["compartment"] == "3"
    assert stand.parcel().state is ParcelState.WITHDRAWN
    assert stand.parcel().closed_at is None
    assert stand.automat.to_collect[PARCEL] == "3"
    assert stand.box("3").tracking_id == PARCEL
    assert not stand.automat.open_matters


def test_an_unknown_parcel_with_a_right_label_is_stored_and_waits_for_its_code() -> None:
    stand = stand_naming()
    stand.do(LabelScanned("front", OTHER))
    stored = stand.last(EntryKind.PARCEL_STORED)
    assert stored.data["unannounced"] is True
    assert stored.data["found"] is True
    assert stand.parcel(OTHER).size == "S"
    assert stand.announce(OTHER, "5555") is None
    stand.press("C")
    stand.press("C 5555 OK")
    assert stand.unlocks[-1].compartment == "1"


def test_all_17_digits_name_a_parcel_that_nobody_announced() -> None:
    stand = stand_naming()
    stand.press(f"{OTHER[4:]} OK")
    assert stand.parcel(OTHER).state is ParcelState.STORED


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ("123 OK", Text.TRACKING_LENGTH),
        ("12345678 OK", Text.PARCEL_UNKNOWN),
        ("123456789012345678 OK", Text.TRACKING_LENGTH),
    ],
)
def test_digits_that_name_nothing_are_said_and_may_be_typed_again(keys: str, answer: Text) -> None:
    stand = stand_naming()
    stand.press(keys)
    assert stand.says(answer)
    assert isinstance(flow(stand), Naming)
    assert stand.box("1").condition is Condition.SUSPECT


def test_two_parcels_with_the_same_ending_must_be_scanned() -> None:
    stand = stand_naming()
    stand.announce(PARCEL)
    stand.announce("JJFI99999990000070773", "5555")
    stand.press("00070773 OK")
    assert stand.says(Text.PARCEL_AMBIGUOUS)
    stand.do(LabelScanned("front", PARCEL))
    assert stand.parcel().state is ParcelState.STORED


def test_a_parcel_that_was_handed_over_or_lies_elsewhere_cannot_be_entered_here() -> None:
    stand = Stand()
    stand.deliver()
    technician_opens(stand, "3")
    stand.opens_and_shuts()
    stand.press("2")
    stand.do(LabelScanned("front", PARCEL))
    assert stand.says(Text.NAME_REFUSED)
    stand.do(LabelScanned("front", "no label at all"))
    assert stand.says(Text.NAME_REFUSED)
    assert stand.parcel().compartment == "1"
    assert stand.box("3").tracking_id is None


def test_a_tracking_id_that_was_here_within_a_year_cannot_be_entered() -> None:
    stand = Stand()
    stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    stand.wait(100 * 86_400)
    assert PARCEL not in stand.automat.parcels
    assert tracking_tag(CODE_KEY, PARCEL) in stand.automat.seen
    technician_opens(stand, "3")
    stand.opens_and_shuts()
    stand.press("2")
    stand.do(LabelScanned("front", PARCEL))
    assert stand.says(Text.NAME_REFUSED)
    assert PARCEL not in stand.automat.parcels


def test_what_nobody_can_name_stays_suspect_with_an_incident() -> None:
    stand = stand_naming()
    stand.press("1234 C")
    assert isinstance(flow(stand), Naming)  # the first C clears what was typed
    stand.press("C")
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.automat.open_incident(IncidentKind.COMPARTMENT_OCCUPIED, "1") is not None
    assert verdict(stand).data["verdict"] == "occupied"
    assert stand.says(Text.INSPECT_DONE)


def test_a_parcel_named_in_the_reopening_time_of_another_ends_that_time() -> None:
    stand = Stand()
    stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()
    technician_opens(stand, "1")
    stand.opens_and_shuts()
    stand.press("2")
    stand.do(LabelScanned("front", OTHER))
    stand.wait(400)
    assert stand.box("1").tracking_id == OTHER
    assert not stand.box("1").free
    stand.press("C 024204 OK")
    assert stand.says(Text.NOT_RECOGNISED)
