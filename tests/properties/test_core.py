"""Anything may happen to an automat, in any order; after every decision its invariants hold.

The suite draws the same in every run; `PROPERTIES=long` plays for minutes, with other seeds each time.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.properties.machine import Automat

LONG = os.environ.get("PROPERTIES") == "long"
SETTINGS = settings(
    max_examples=2_500 if LONG else 120,
    stateful_step_count=60 if LONG else 40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[phase for phase in Phase if phase is not Phase.explain],
    derandomize=not LONG,
    print_blob=True,
)


class Anybody(Automat):
    """Some people say what is not so."""

    honest = False


class HonestPeople(Automat):
    """Nobody says what is not so: then the journal knows where every parcel lies."""


Anybody.TestCase.settings = SETTINGS
HonestPeople.TestCase.settings = SETTINGS
TestAnybody = pytest.mark.timeout(900)(Anybody.TestCase)
TestHonestPeople = pytest.mark.timeout(900)(HonestPeople.TestCase)
