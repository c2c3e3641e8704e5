"""Health of locks: what is counted, when a lock is reported before it fails, and when that is over."""

import pytest

from locker.domain.events import Door, LockTimed, PulseNotSent, PulseRefused
from locker.domain.health import JUDGED, RETRIES_TO_REPORT, WINDOW, LockHealth
from locker.domain.incidents import IncidentKind
from tests.unit.domain.stand import Stand

USUAL_S = 0.18


def timed(stand: Stand, *seconds: float, label: str = "1") -> None:
    for took_s in seconds:
        stand.do(LockTimed(label, took_s))


def is_reported(stand: Stand, label: str = "1") -> bool:
    return stand.automat.open_incident(IncidentKind.LOCK_WEAK, label) is not None


@pytest.fixture
def stand() -> Stand:
    made = Stand()
    timed(made, *[USUAL_S] * WINDOW)
    return made


def test_what_is_usual_is_learnt_from_the_first_openings_only(stand: Stand) -> None:
    assert stand.automat.locks["1"].usual_ms == 180
    timed(stand, *[0.3] * 50)
    health = stand.automat.locks["1"]
    assert (health.openings, health.usual_ms, health.present_ms) == (WINDOW + 50, 180, 300)
    assert len(health.recent_ms) == WINDOW


def test_a_lock_that_got_slow_is_reported_while_it_still_opens(stand: Stand) -> None:
    timed(stand, *[0.5] * (JUDGED // 2))
    assert not is_reported(stand)
    timed(stand, 0.5)
    assert is_reported(stand)
    incident = stand.automat.open_incident(IncidentKind.LOCK_WEAK, "1")
    assert incident is not None
    assert "500 ms" in incident.detail
    assert "180 ms" in incident.detail
    assert stand.automat.compartments["1"].free


def test_one_slow_opening_is_nothing(stand: Stand) -> None:
    timed(stand, 4.0, USUAL_S, USUAL_S, 4.0, USUAL_S)
    assert not is_reported(stand)


def test_slow_for_a_quick_lock_is_usual_for_a_motor_lock() -> None:
    stand = Stand()
    timed(stand, *[1.1] * WINDOW, *[1.3] * WINDOW)
    assert not is_reported(stand)
    timed(stand, *[2.5] * JUDGED)
    assert is_reported(stand)


def test_the_report_ends_when_the_lock_is_well_again(stand: Stand) -> None:
    timed(stand, *[0.5] * JUDGED)
    timed(stand, *[0.29] * JUDGED)
    assert is_reported(stand), "better, but not well"
    timed(stand, *[USUAL_S] * JUDGED)
    assert not is_reported(stand)


def test_a_lock_that_needs_several_pulses_is_reported(stand: Stand) -> None:
    label = stand.deliver()
    for retried in range(RETRIES_TO_REPORT):
        assert not is_reported(stand)
        stand.press("C 024204 OK")
        stand.pulse_sent()
        stand.wait(5.1)
        assert stand.opens() == label
        stand.do(LockTimed(label, USUAL_S))
        assert stand.automat.locks[label].retries == retried + 1
        stand.door(label, Door.SHUT)
    assert is_reported(stand, label)


def test_openings_given_up_and_refusals_are_counted() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.do(PulseRefused(label, 1, "cooling down"))
    stand.wait(16)
    health = stand.automat.locks[label]
    assert (health.retries, health.failures, health.refusals) == (2, 1, 1)


def test_a_refusal_is_no_evidence_and_ends_nothing() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.press("C 024204 OK")
    stand.pulse_sent()
    stand.do(PulseRefused(label, 1, "failed"))
    stand.door(label, Door.OPEN)
    stand.door(label, Door.SHUT)
    assert stand.parcel().state.value == "collected"


def test_a_first_pulse_writes_nothing_about_its_lock() -> None:
    stand = Stand()
    stand.deliver()
    before = len(stand.automat.locks)
    stand.press("C 024204 OK")
    assert len(stand.automat.locks) == before


def test_health_outlives_a_power_cut(stand: Stand) -> None:
    health = stand.automat.locks["1"]
    stand.power_cut()
    assert stand.automat.locks["1"] == health


def test_what_is_not_ours_or_impossible_is_not_counted() -> None:
    stand = Stand()
    timed(stand, 1.0, label="77")
    timed(stand, -0.5)
    stand.do(PulseRefused("77", 1, "failed"))
    assert not stand.automat.locks


def test_nothing_is_said_of_a_lock_before_it_was_timed_often_enough() -> None:
    assert LockHealth("1", recent_ms=(10, 20)).present_ms is None
    assert LockHealth("1").complaint is None


def test_pulses_that_never_left_say_nothing_about_a_lock() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.press("C 024204 OK")
    for number in (1, 2, 3):
        stand.do(PulseNotSent(label, number, "the line is down"))
        stand.wait(5.1)
    assert label not in stand.automat.locks


def test_an_opening_takes_as_many_pulses_as_left(stand: Stand) -> None:
    label = stand.deliver()
    stand.press("C 024204 OK")
    stand.do(PulseNotSent(label, 1, "the line is down"))
    stand.wait(5.1)
    stand.opens()
    stand.do(LockTimed(label, USUAL_S))
    assert stand.automat.locks[label].recent_pulses[-1] == 1


def test_the_lock_of_a_box_that_is_gone_is_forgotten() -> None:
    stand = Stand()
    label = stand.deliver()
    stand.press("C 024204 OK")
    stand.opens()
    stand.do(LockTimed(label, USUAL_S))
    stand.door(label, Door.SHUT)
    stand.reconfigured(without_box=label)
    stand.wait(stand.automat.rules.reopen_window_s + 1)
    assert label not in stand.reloaded().locks
    assert label not in stand.automat.locks
