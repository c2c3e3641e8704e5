"""What a vandal does in a week is told by the journal, which claims nothing that it cannot know."""

import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from locker.domain.compartments import Condition
from simulator.virtual_loop import run
from simulator.week.vandal import Vandal
from simulator.week.week import Settings, Week
from tests.simulation.bringing import bring

pytestmark = pytest.mark.timeout(900)


class Robber(random.Random):
    """Dice of somebody who knows which door he wants."""

    def __init__(self, wanted: str) -> None:
        super().__init__(1)
        self._wanted = wanted

    def choice(self, seq: Any) -> Any:
        """Take what is wanted, whatever there is."""
        return self._wanted


async def _brought(directory: Path, then: Callable[[Week, Vandal, str], Awaitable[None]]) -> Week:
    """Let one parcel be brought, and something happen to it."""
    week = Week(Settings(3, kept=(), compartments=0), directory)
    async with week.begun():
        vandal = Vandal(week.stand, week.witness, lambda: week.people, lambda: True)
        await bring(week, "S")
        (label,) = (at for at in week.witness.where.values() if at is not None)
        await then(week, vandal, label)
        week.check()
    return week


def test_of_a_box_that_was_robbed_the_journal_claims_nothing_until_somebody_looked(tmp_path: Path) -> None:
    async def robbed(week: Week, vandal: Vandal, label: str) -> None:
        await week.do(vandal.rob(Robber(label)))
        await week.do(week.people.visit("a passer-by", week.people.pass_by))
        await week.pause(60.0)
        assert week.front.holds(label) == ()
        assert week.stand.state.compartments[label].condition is Condition.SUSPECT
        await week.do(week.people.visit("the courier", week.people.look))
        await week.pause(60.0)
        assert week.stand.state.compartments[label].condition is Condition.SOUND

    week = run(_brought(tmp_path, robbed))
    assert list(week.witness.where.values()) == [None]
    assert "parcel.missing" in week.witness.counts


def test_an_order_that_a_stranger_replays_opens_a_door_and_the_journal_tells(tmp_path: Path) -> None:
    async def replayed(week: Week, vandal: Vandal, label: str) -> None:
        await week.do(vandal.replay(random.Random(1)))
        assert week.stand.automat.door(label).open
        await week.do(week.people.visit("a passer-by", week.people.pass_by))
        await week.pause(60.0)
        assert week.stand.state.compartments[label].condition is Condition.SUSPECT

    week = run(_brought(tmp_path, replayed))
    assert week.witness.counts["incident.raised"] >= 1


def test_the_witness_does_not_take_a_strangers_pulse_for_ours_nor_ours_for_a_strangers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def replayed(week: Week, vandal: Vandal, label: str) -> None:
        monkeypatch.setattr(week.witness, "ordered_by_a_stranger", lambda _: None)
        await vandal.replay(random.Random(1))
        assert "was pulsed" in str(week.witness.problem)
        week.witness.problem = None

    run(_brought(tmp_path, replayed))


def test_a_door_that_springs_open_and_of_which_nothing_is_told_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def robbed(week: Week, vandal: Vandal, label: str) -> None:
        monkeypatch.setattr(week.witness, "told_since", lambda *_: False)
        await vandal.rob(Robber(label))
        assert "the journal tells nothing of it" in str(week.witness.problem)
        week.witness.problem = None

    run(_brought(tmp_path, robbed))


def test_what_is_held_jammed_or_unplugged_is_let_go_again(tmp_path: Path) -> None:
    async def harmed(week: Week, vandal: Vandal, label: str) -> None:
        for harm in (vandal.hold, vandal.jam, vandal.unplug):
            undo = harm(random.Random(1))
            await week.pause(30.0)
            undo()
            await week.pause(30.0)
        (person,) = week.people.waiting.values()
        await week.do(week.people.visit("a recipient", partial(week.people.collect, person)))
        await week.pause(30.0)
        assert week.front.holds(label) == ()

    week = run(_brought(tmp_path, harmed))
    assert week.witness.counts["parcel.handed-over"] == 1
