"""A pulse that opens another door than its own: no receipt, and neither door opens until both are proved."""

import pytest

from locker.domain.compartments import Condition
from locker.domain.events import CommissionBegun, CommissionWritten, Door
from locker.domain.flows.doors import WRONG_DOOR_BLOCK
from locker.domain.flows.outages import has_cause
from locker.domain.incidents import IncidentKind
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from tests.unit.domain.stand import Stand


def opened_wrongly(**more: list[str]) -> Stand:
    """Return an automat on which the pulse for box 1 opened box 4."""
    stand = Stand(**more)  # type: ignore[arg-type]  # only `blind` is given
    stand.deliver()
    stand.press("C 024204 OK")
    assert stand.pulse_sent() == "1"
    stand.door("4", Door.OPEN)
    return stand


def test_both_doors_are_blocked_and_nothing_is_handed_over() -> None:
    stand = opened_wrongly()
    stand.wait(6)
    for label in ("1", "4"):
        incident = stand.automat.open_incident(IncidentKind.WRONG_DOOR, label)
        assert incident is not None
        assert incident.detail.startswith("the pulse for 1 opened 4")
        assert stand.box(label).condition is Condition.SUSPECT
        assert stand.box(label).blocked == WRONG_DOOR_BLOCK
    assert len([each for each in stand.unlocks if each.compartment == "1"]) == 2  # deposit, pick-up
    assert stand.says(Text.NOT_OPENED)
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0
    assert stand.parcel().inside


def test_neither_is_pulsed_again_before_it_is_proved() -> None:
    stand = opened_wrongly()
    stand.wait(60)
    before = len(stand.unlocks)
    stand.press("C 024204 OK")
    assert stand.count(EntryKind.PULSE_FAILED) == 1
    stand.wait(60)
    assert len(stand.unlocks) == before
    assert stand.box("1").condition is Condition.SUSPECT
    stand.door("4", Door.SHUT)
    stand.wait(200)
    assert stand.do(CommissionBegun("root (0)")).refused is None
    stand.do(CommissionWritten("root (0)", "ab" * 32, {}, {}, ("1", "4")))
    assert stand.box("1").blocked is None
    stand.press("C 024204 OK")
    assert len(stand.unlocks) == before + 1


def test_the_other_door_is_not_pulsed_again_in_the_moment_in_which_it_comes_into_doubt() -> None:
    stand = Stand()
    assert stand.deliver("JJFI65432110000070001", "024204") == "1"
    assert stand.deliver("JJFI65432110000070002", "131313") == "2"
    stand.press("C 131313 OK")
    assert stand.pulse_sent() == "2"
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    stand.press("C 024204 OK", "side")
    assert stand.pulse_sent() == "1"
    before = len(stand.unlocks)
    stand.wait(60)
    assert stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")
    assert len(stand.unlocks) == before
    assert stand.automat.compartments["1"].blocked == WRONG_DOOR_BLOCK


def test_a_power_cut_before_it_is_judged_forgets_nothing() -> None:
    stand = opened_wrongly()
    stand.power_cut()
    assert stand.last(EntryKind.PARCEL_ATTEMPTED).data["reason"] == "interrupted"
    assert stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")
    assert "1" not in stand.automat.openings


def test_a_door_that_opens_as_well_is_opened() -> None:
    stand = opened_wrongly()
    stand.door("1", Door.OPEN)
    stand.door("1", Door.SHUT)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 1
    assert not stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")


def test_a_door_without_contact_is_judged_at_once() -> None:
    stand = opened_wrongly(blind=["1"])
    assert stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")
    stand.press("OK")
    stand.wait(70)
    assert stand.count(EntryKind.PARCEL_HANDED_OVER) == 0


def test_a_door_that_springs_open_long_after_the_pulse_is_another_matter() -> None:
    stand = Stand(blind=["1"])
    stand.deliver()
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.wait(6)
    stand.door("4", Door.OPEN)
    assert not stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")


def test_a_door_of_which_nothing_was_known_is_no_evidence() -> None:
    stand = Stand()
    stand.deliver()
    stand.door("4", Door.UNKNOWN)
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.door("4", Door.OPEN)
    stand.wait(20)
    assert not stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")


def test_a_start_survives_that_the_other_door_is_configured_no_more() -> None:
    stand = opened_wrongly()
    stand.reconfigured(without_box="4")
    assert "1" not in stand.automat.openings
    assert stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")
    assert not stand.automat.open_incident(IncidentKind.WRONG_DOOR, "4")


def test_a_doubted_door_that_is_configured_no_more_holds_no_deadline_until_it_returns() -> None:
    stand = opened_wrongly()
    stand.wait(6)
    stand.door("4", Door.SHUT)
    stand.do(CommissionBegun("root (0)"))
    stand.wait(200)
    stand.do(CommissionBegun("root (0)"))
    stand.do(CommissionWritten("root (0)", "ab" * 32, {}, {}, ("1",)))
    assert has_cause(stand.automat)
    stand.reconfigured(without_box="4")
    assert not has_cause(stand.automat)
    stand.reconfigured()
    assert stand.automat.open_incident(IncidentKind.WRONG_DOOR, "4")


@pytest.mark.parametrize("blind", [[], ["1"]])
def test_a_deposit_whose_pulse_opened_another_door_leaves_its_box_in_doubt(blind: list[str]) -> None:
    stand = Stand(blind=blind)
    stand.announce("JJFI65432110000070773")
    stand.sign_in_courier()
    stand.press("00070773 OK")
    assert stand.pulse_sent() == "1"
    stand.door("4", Door.OPEN)
    stand.wait(6)
    assert stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")
    assert stand.box("1").condition is Condition.SUSPECT
    assert stand.box("1").reason == WRONG_DOOR_BLOCK


@pytest.mark.parametrize("blind", [[], ["1"]])
def test_a_drop_off_whose_pulse_opened_another_door_leaves_its_box_in_doubt(blind: list[str]) -> None:
    stand = Stand(blind=blind)
    stand.expect_drop_off()
    stand.press("C 515151 OK")
    assert stand.pulse_sent() == "1"
    stand.door("4", Door.OPEN)
    stand.wait(6)
    assert stand.automat.open_incident(IncidentKind.WRONG_DOOR, "1")
    assert stand.box("1").condition is Condition.SUSPECT
