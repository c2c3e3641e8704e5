"""What a door or a lock says is taken for no more than it is, whatever opening is under way."""

import pytest

from locker.domain.compartments import Condition
from locker.domain.events import Door, PulseNotSent
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from locker.domain.parcels import ParcelState
from tests.unit.domain.stand import Stand


def wants_to_pick_up(**more: list[str]) -> Stand:
    """Return an automat whose box 1 was to be opened for a recipient; nothing was heard of the pulse."""
    stand = Stand(**more)  # type: ignore[arg-type]  # only `blind` is given
    assert stand.deliver() == "1"
    stand.press("C 024204 OK")
    return stand


def whose_contact_says_open() -> Stand:
    """Return the same where the contact had said already that the door stands open."""
    stand = Stand()
    assert stand.deliver() == "1"
    stand.door("1", Door.OPEN)
    stand.press("C 024204 OK")
    return stand


def test_a_pulse_that_came_to_nothing_is_recorded_with_the_parcel_that_it_was_for() -> None:
    stand = wants_to_pick_up()
    stand.do(PulseNotSent("1", 1, "the line is down"))
    assert stand.last(EntryKind.PULSE_FAILED).subject == stand.parcel().tracking_id


def test_a_pulse_that_came_to_nothing_is_recorded_though_nobody_waits_for_it_any_more() -> None:
    stand = Stand()
    stand.do(PulseNotSent("1", 1, "the line is down"))
    assert stand.last(EntryKind.PULSE_FAILED).subject is None


@pytest.mark.parametrize("label", ["1", "99"])
def test_a_contact_that_is_not_configured_says_nothing(label: str) -> None:
    stand = Stand(blind=["1"])
    before = stand.automat
    stand.door(label, Door.OPEN)
    assert stand.automat == before
    assert stand.count(EntryKind.DOOR_OPENED) == 0


def test_a_door_that_says_the_same_again_is_told_of_once() -> None:
    stand = Stand()
    stand.door("1", Door.OPEN)
    stand.door("1", Door.OPEN)
    assert stand.count(EntryKind.DOOR_OPENED) == 1


def test_a_door_that_could_not_be_read_for_a_while_was_not_shut_meanwhile() -> None:
    stand = Stand()
    stand.door("1", Door.UNKNOWN)
    stand.door("1", Door.SHUT)
    assert stand.count(EntryKind.DOOR_CLOSED) == 0


def test_a_door_that_sprang_open_and_is_shut_again_is_told_of_as_unasked() -> None:
    stand = Stand()
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    assert stand.count(EntryKind.DOOR_CLOSED) == 1
    assert stand.last(EntryKind.DOOR_CLOSED).data["unasked"] is True


def test_a_door_that_still_stands_open_after_a_power_cut_has_all_its_time_again() -> None:
    stand = wants_to_pick_up()
    stand.opens()
    stand.wait(15)
    stand.power_cut(off_s=2)
    stand.wait(19)
    assert stand.says(Text.TAKE_PARCEL)
    stand.wait(2)
    assert stand.says(Text.CLOSE_DOOR)
    stand.wait(38)
    assert stand.count(EntryKind.DOOR_LEFT_OPEN) == 0
    stand.wait(2)
    assert stand.count(EntryKind.DOOR_LEFT_OPEN) == 1


def test_a_power_cut_after_pulses_that_never_left_casts_no_doubt_on_the_parcel() -> None:
    stand = wants_to_pick_up()
    for number in (1, 2, 3):
        stand.do(PulseNotSent("1", number, "the line is down"))
        stand.wait(5.1)
    stand.power_cut(off_s=2)
    assert stand.box("1").condition is Condition.SOUND
    assert stand.parcel().state is ParcelState.STORED


def test_a_door_that_stood_open_and_is_shut_without_a_pulse_proves_no_handover() -> None:
    stand = whose_contact_says_open()
    stand.do(PulseNotSent("1", 1, "the line is down"))
    stand.door("1", Door.SHUT)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    assert stand.parcel().state is ParcelState.STORED


def test_a_door_that_stood_open_before_its_pulse_and_is_shut_is_a_handover_of_grade_b() -> None:
    stand = whose_contact_says_open()
    stand.pulse_sent()
    stand.door("1", Door.SHUT)
    assert stand.last(EntryKind.PARCEL_HANDED_OVER).data["grade"] == "B"


def test_a_door_that_stands_open_since_before_a_restart_is_told_of_once() -> None:
    stand = Stand()
    stand.door("1", Door.OPEN)
    stand.power_cut(off_s=30)
    assert stand.count(EntryKind.DOOR_OPENED) == 1
    assert "1" not in stand.automat.openings


def test_a_door_that_opened_in_time_is_not_called_late() -> None:
    stand = wants_to_pick_up()
    stand.opens()
    assert "late" not in stand.last(EntryKind.DOOR_OPENED).data


def test_a_door_that_springs_open_after_another_was_given_up_is_another_matter() -> None:
    stand = wants_to_pick_up()
    for _ in range(3):
        stand.pulse_sent()
        stand.wait(5.1)
    stand.door("4", Door.OPEN)
    stand.wait(200)
    assert stand.automat.open_incident(IncidentKind.DOOR_OPENED_UNASKED, "4")
    assert not stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")


def test_a_door_that_springs_open_before_a_pulse_left_is_another_matter() -> None:
    stand = wants_to_pick_up()
    stand.door("4", Door.OPEN)
    stand.wait(6)
    assert not stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")


def test_of_two_doors_that_spring_open_the_first_is_what_the_pulse_opened() -> None:
    stand = wants_to_pick_up()
    stand.pulse_sent()
    stand.door("4", Door.OPEN)
    stand.door("5", Door.OPEN)
    stand.wait(6)
    assert stand.automat.open_incident(IncidentKind.WRONG_DOOR, "4")
    assert not stand.automat.open_incident(IncidentKind.WRONG_DOOR, "5")


def test_a_faulty_box_stays_faulty_when_its_wiring_comes_into_doubt() -> None:
    stand = Stand()
    assert stand.deliver("JJFI65432110000070001", "024204") == "1"
    assert stand.deliver("JJFI65432110000070002", "131313") == "2"
    stand.press("C 131313 OK")
    for _ in range(3):
        stand.pulse_sent()
        stand.wait(5.1)
    stand.wait(200)
    assert stand.box("2").condition is Condition.FAULTY
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.door("2", Door.OPEN)
    stand.wait(6)
    assert stand.automat.open_incident(IncidentKind.WRONG_DOOR, "2")
    assert stand.box("2").condition is Condition.FAULTY


@pytest.mark.parametrize("stands_open", [False, True])
def test_a_door_that_is_under_way_is_not_pulsed_for_the_same_code_at_another_keypad(
    *, stands_open: bool
) -> None:
    stand = wants_to_pick_up()
    stand.pulse_sent()
    if stands_open:
        stand.door("1", Door.OPEN)
    before = stand.automat.openings["1"], len(stand.unlocks)
    stand.press("C 024204 OK", "side")
    assert (stand.automat.openings["1"], len(stand.unlocks)) == before


@pytest.mark.parametrize(("after_s", "doubted"), [(5, True), (5.5, False)])
def test_a_lock_without_contact_is_doubted_for_as_long_as_a_door_may_take(
    after_s: float, *, doubted: bool
) -> None:
    stand = wants_to_pick_up(blind=["1"])
    stand.pulse_sent()
    stand.wait(after_s)
    stand.door("4", Door.OPEN)
    assert (stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1") is not None) is doubted
    assert (stand.box("1").condition is Condition.SOUND) is not doubted
