"""A real daemon on simulated hardware: one a module for tests that change little."""

from collections.abc import Iterator

import pytest

from simulator.broker import find
from simulator.locker_sim import LockerSim
from simulator.pytest_plugin import NO_BROKER


@pytest.fixture(scope="module")
def shared_sim() -> Iterator[LockerSim]:
    """Share the automat of the demo: to start one takes longer than most tests of a screen."""
    if find("mosquitto") is None and find("nats") is None:
        pytest.skip(NO_BROKER)
    automat = LockerSim().start()
    try:
        yield automat
    finally:
        automat.stop()
