"""Boards of family winnsen behind ptys, under the translation: the right door opens, its moves are seen."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from locker.domain.events import Door, DoorSeen, PulseSent
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec, Wiring
from simulator.automat import SimulatedAutomat
from simulator.plan import BoardPlan, CabinetPlan, LinePlan, demo_plan
from tests.unit.hardware.test_hardware import Rig, Seen

SETTINGS = {"address": 2, "channels": 12, "unprotected": True}
BOXES = demo_plan().compartments[:12]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    plan = CabinetPlan(
        automat_id="demo-winnsen",
        name="Kauppatori",
        compartments=BOXES,
        boards=(BoardPlan("A", "locks", 2, 12, family="winnsen"),),
        lines=(LinePlan("locks"),),
        keypads=(),
        displays=(),
    )
    simulated = SimulatedAutomat(plan, directory=tmp_path)
    await simulated.start()
    seen = Seen()
    wiring = Wiring(
        lines={"locks": PortSpec(str(simulated.port("locks")), 9600)},
        boards=[BoardSpec("A", "locks", "winnsen", SETTINGS)],
        doors=[DoorSpec(box.label, "A", box.channel) for box in BOXES],
        keypads=[],
        displays=[],
    )
    hardware = LockerHardware(wiring, render=lambda message: [(str(message.text), "")], post=seen.post)
    doors = await hardware.start()
    assert set(doors.values()) == {Door.SHUT}
    yield Rig(simulated, hardware, seen)
    await hardware.stop()
    await simulated.stop()


async def test_a_pulse_opens_its_door_and_no_other_and_both_moves_are_seen(rig: Rig) -> None:
    rig.hardware.unlock("3", 1)
    await rig.seen.until(lambda event: event == DoorSeen("3", Door.OPEN))
    await rig.seen.until(lambda event: event == PulseSent("3", 1))
    rig.simulated.push_shut("3")
    await rig.seen.until(lambda event: event == DoorSeen("3", Door.SHUT))
    moved = [event.compartment for event in rig.seen.events if isinstance(event, DoorSeen)]
    assert moved == ["3", "3"]
    assert [box.label for box in BOXES if rig.simulated.door(box.label).pulses] == ["3"]


@pytest.mark.parametrize(
    ("fault", "value"),
    [("garbage-in-front", 4), ("fragmented-replies", 0.01), ("stale-answer-in-front", True)],
)
async def test_a_misbehaving_board_still_opens_the_right_door(rig: Rig, fault: str, value: float) -> None:
    rig.simulated.set_fault(fault, "A", value)
    rig.hardware.unlock("12", 1)
    await rig.seen.until(lambda event: event == DoorSeen("12", Door.OPEN))
    assert [event for event in rig.seen.events if isinstance(event, DoorSeen)] == [DoorSeen("12", Door.OPEN)]
    assert [box.label for box in BOXES if rig.simulated.door(box.label).pulses] == ["12"]
