"""Putting an automat into service when things go wrong: ended too soon, doors left open, hot coils."""

from locker.domain.compartments import Condition
from locker.domain.events import CommissionEnded, CommissionWritten, Door, LockTrialAsked, LockTried
from locker.domain.incidents import IncidentKind
from locker.domain.intents import StopTrying
from locker.domain.journal import EntryKind
from locker.domain.messages import Text
from tests.unit.domain.stand import Stand
from tests.unit.domain.test_commission import BEGUN, USER, tried, written


def begun() -> Stand:
    stand = Stand()
    assert stand.do(BEGUN).refused is None
    return stand


def test_a_map_that_is_in_use_is_recorded_even_if_the_commission_ended_meanwhile() -> None:
    stand = begun()
    stand.do(CommissionEnded(USER))
    decision = stand.do(written(**{"3": True}))
    assert decision.refused is None
    assert stand.automat.wiring_map == "ab" * 32
    ended = stand.last(EntryKind.COMMISSION_ENDED).data
    assert (ended["why"], ended["map"], ended["user"]) == ("written", "ab" * 32, USER)
    assert stand.says(Text.IDLE)


def test_a_lock_is_not_tried_again_before_its_coil_has_rested() -> None:
    stand = begun()
    tried(stand, "3", "A/3")
    assert stand.do(LockTrialAsked(USER, "3")).refused == "too-soon"
    tried(stand, "4", "A/4")
    assert stand.do(LockTrialAsked(USER, "3")).refused == "too-soon"
    stand.wait(stand.automat.rules.open_wait_s)
    tried(stand, "3", "A/3")


def test_a_rest_outlives_the_commission_that_made_it_necessary() -> None:
    stand = begun()
    tried(stand, "3", "A/3")
    stand.do(CommissionEnded(USER))
    stand.do(BEGUN)
    assert stand.do(LockTrialAsked(USER, "3")).refused == "too-soon"


def test_what_is_tried_or_searched_stops_with_the_commission() -> None:
    stand = begun()
    stand.do(LockTrialAsked(USER, "3"))
    assert StopTrying() in stand.do(CommissionEnded(USER)).intents
    stand.do(BEGUN)
    stand.wait(stand.automat.rules.service_idle_s + 1)
    assert stand.intents.count(StopTrying()) == 2


def test_a_door_that_stands_open_at_the_end_leaves_its_box_in_doubt() -> None:
    stand = begun()
    tried(stand, "3", "A/3")
    stand.door("3", Door.OPEN)
    stand.do(CommissionEnded(USER))
    assert stand.box("3").condition is Condition.SUSPECT
    stand.door("3", Door.SHUT)
    assert not stand.box("3").free


def test_a_door_that_stood_open_when_the_power_was_cut_leaves_its_box_in_doubt() -> None:
    stand = begun()
    tried(stand, "3", "A/3")
    stand.door("3", Door.OPEN)
    stand.doors["3"] = Door.SHUT
    stand.power_cut()
    assert stand.box("3").condition is Condition.SUSPECT
    assert stand.box("4").free


def test_a_trial_that_ends_after_the_commission_is_not_taken_in() -> None:
    stand = begun()
    stand.do(LockTrialAsked(USER, "3"))
    stand.do(CommissionEnded(USER))
    stand.do(LockTried("3", 1, ("A/3",)))
    assert stand.count(EntryKind.COMMISSION_TRIED) == 0


def test_nothing_is_written_for_a_box_that_is_not_there() -> None:
    stand = begun()
    assert stand.do(CommissionWritten(USER, "ab" * 32, {}, {"77": True}, ("77",))).refused is None
    assert not stand.automat.open_incident(IncidentKind.WRONG_DOOR, "77")


def test_the_outage_ends_in_the_moment_in_which_a_commission_lapses() -> None:
    stand = begun()
    assert stand.automat.facts.outage_since_s is not None
    stand.wait(stand.automat.rules.service_idle_s + 1)
    assert stand.automat.facts.outage_since_s is None


def test_an_outage_begins_in_the_moment_in_which_a_wrong_door_is_judged() -> None:
    stand = Stand()
    stand.deliver()
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.door("4", Door.OPEN)
    stand.wait(stand.automat.rules.open_wait_s)
    assert stand.automat.open_incident(IncidentKind.WRONG_DOOR, "4")
    assert stand.automat.facts.outage_since_s is not None
