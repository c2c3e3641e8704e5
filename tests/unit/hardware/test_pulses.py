"""How long a lock took."""

import pytest

from locker.hardware.pulses import FINEST_S, LONGEST_S, PulseTimes


@pytest.fixture
def times() -> PulseTimes:
    return PulseTimes()


def test_the_time_ends_at_the_first_of_the_two_readings_that_said_open(times: PulseTimes) -> None:
    times.pulsed("1", 100.0)
    times.read("1", 100.1, is_open=False)
    times.read("1", 100.3, is_open=True)
    times.read("1", 100.4, is_open=True)
    assert times.opened("1") == pytest.approx(0.3)
    assert times.opened("1") is None


def test_a_reading_that_was_not_confirmed_does_not_count(times: PulseTimes) -> None:
    times.pulsed("1", 100.0)
    times.read("1", 100.1, is_open=True)
    times.read("1", 100.2, is_open=False)
    times.read("1", 100.6, is_open=True)
    assert times.opened("1") == pytest.approx(0.6)


def test_a_door_that_was_pulsed_twice_has_no_time(times: PulseTimes) -> None:
    times.pulsed("1", 100.0)
    times.pulsed("1", 105.0)
    times.read("1", 105.1, is_open=True)
    assert times.opened("1") is None


def test_a_door_that_opens_too_late_has_no_time_and_its_next_pulse_has(times: PulseTimes) -> None:
    times.pulsed("1", 100.0)
    times.read("1", 100.1 + LONGEST_S, is_open=False)
    times.pulsed("1", 200.0)
    times.read("1", 200.2, is_open=True)
    assert times.opened("1") == pytest.approx(0.2)


def test_a_door_that_was_not_looked_at_meanwhile_has_no_time(times: PulseTimes) -> None:
    times.pulsed("1", 100.0)
    times.read("1", 100.1 + FINEST_S, is_open=True)
    assert times.opened("1") is None


def test_a_door_that_nobody_pulsed_or_that_was_lost_has_no_time(times: PulseTimes) -> None:
    times.read("1", 1.0, is_open=True)
    assert times.opened("1") is None
    times.pulsed("2", 1.0)
    times.forget("2")
    times.read("2", 1.1, is_open=True)
    assert times.opened("2") is None
