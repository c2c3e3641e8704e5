"""Anything may happen to an automat, in any order; after every decision its invariants hold.

The suite draws the same in every run; `PROPERTIES=long` plays for minutes, with other seeds each time.
"""

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings

from locker.domain.commands import ExpectDropOff
from tests.properties.machine import Automat
from tests.properties.strategies import DROP_OFF_CODE_OF, OUTBOUND, RULES, tag
from tests.properties.world import World

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


def test_a_drop_off_cancelled_while_it_freezes_leaves_a_box_to_look_into() -> None:
    """Found by the machine, seed 5: one pulse was sent, and in frozen mode there was no second."""
    state = Anybody()
    first, second = ((0, 0, [0] * 8) for _ in range(2))
    state.begin(rules=0, stored=0, withdrawn=False, sent=False, suspect=False, people=[first, second])
    state.somebody_comes(keypad="front", todo=[6, 6, 12], which=0, who=2)
    state.teardown()


@pytest.mark.parametrize("size", ["S", "L"])
def test_a_parcel_put_in_where_a_given_up_lock_fired_during_a_cut_keeps_its_box_from_others(
    size: str,
) -> None:
    """Found by the machine: of three pulses nothing was heard, and the power was cut after that."""
    world = World(RULES[0], honest=False)
    parcel, now_at = OUTBOUND[0], world.now.wall_at
    code = DROP_OFF_CODE_OF[parcel]
    assert world.command(ExpectDropOff(parcel, tag(code), now_at, now_at + timedelta(days=7), size)) is None
    world.press(f"C {code} OK", "side")
    (label,) = world.automat.openings
    world.wait(3 * world.automat.rules.open_wait_s)

    def the_lock_fires_after_all() -> None:
        world.open_door(label)
        world.put(label, parcel)
        world.shut_door(label)

    world.restart(off_s=61, meanwhile=the_lock_fires_after_all)
    assert world.inside[label] == [parcel]
    world.restart(powered_s=7_200)
    world.everybody_leaves()
    world.assert_nothing_is_lost()
