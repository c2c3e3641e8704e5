"""Cables that were moved: doors with each other's locks or contacts, lines on each other's adapters."""

from pathlib import Path

import pytest

from simulator.automat import SimulatedAutomat
from simulator.cabinet import Cabinet
from simulator.control import ControlServer
from simulator.events import CablesSwapped, CoilPulsed, SimulatorEvent
from simulator.plan import plan_of

UNLOCK_1 = bytes.fromhex("8A010111") + bytes([0x8A ^ 0x01 ^ 0x01 ^ 0x11])


@pytest.fixture
def told() -> list[SimulatorEvent]:
    return []


@pytest.fixture
def cabinet(told: list[SimulatorEvent]) -> Cabinet:
    return Cabinet(plan_of(4), paced=False, tell=told.append)


def pulsed(told: list[SimulatorEvent]) -> list[str]:
    return [event.label for event in told if isinstance(event, CoilPulsed)]


@pytest.mark.parametrize(("cables", "door"), [("locks", "3"), ("both", "3"), ("contacts", "1")])
def test_a_pulse_goes_where_the_lock_s_cable_ends(
    cabinet: Cabinet, told: list[SimulatorEvent], cables: str, door: str
) -> None:
    cabinet.swap_doors("1", "3", cables)  # type: ignore[arg-type]  # one of the three
    cabinet.feed("locks", UNLOCK_1)
    cabinet.advance(0.1)
    assert pulsed(told) == [door]
    assert [event for event in told if isinstance(event, CablesSwapped)] == [CablesSwapped("1", "3", cables)]  # type: ignore[arg-type]  # one of the three


def test_cables_that_are_swapped_twice_are_where_they_were(
    cabinet: Cabinet, told: list[SimulatorEvent]
) -> None:
    for _ in range(2):
        cabinet.swap_doors("1", "3")
    cabinet.feed("locks", UNLOCK_1)
    cabinet.advance(0.1)
    assert pulsed(told) == ["1"]


async def test_verbs_move_cables_and_refuse_what_there_is_not(tmp_path: Path) -> None:
    automat = SimulatedAutomat(plan_of(30, boards_a_line=1), directory=tmp_path)
    control = ControlServer(automat, tmp_path / "control.sock")
    for request in (
        b'{"do": "swap-doors", "one": "1", "other": "3", "cables": "locks"}',
        b'{"do": "swap-lines", "one": "locks", "other": "locks-2"}',
        b'{"do": "replace-board", "board": "A1", "serial": 178}',
    ):
        assert (await control.answer(request))["ok"], request
    for request, said in (
        (b'{"do": "swap-doors", "one": "1", "other": "3", "cables": "all"}', "no cables 'all'"),
        (b'{"do": "swap-doors", "one": "1", "other": "99"}', "99"),
        (b'{"do": "swap-lines", "one": "locks", "other": "keypad-front"}', "no line"),
        (b'{"do": "replace-board", "board": "Z", "serial": 178}', "no board"),
    ):
        answer = await control.answer(request)
        assert not answer["ok"]
        assert said in answer["error"]
