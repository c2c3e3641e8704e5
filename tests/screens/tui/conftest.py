"""A real daemon on simulated hardware: one a module for tests that change little."""

from collections.abc import Callable, Iterator

import pytest

from simulator.locker_sim import LockerSim


@pytest.fixture(scope="module")
def shared_sim(new_locker_sim: Callable[..., LockerSim]) -> Iterator[LockerSim]:
    """Share the automat of the demo: to start one takes longer than most tests of a screen."""
    with new_locker_sim() as automat:
        yield automat
