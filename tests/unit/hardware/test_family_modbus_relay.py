"""The translation over a real pty against two simulated Modbus relay boards, wired opposite ways."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from locker.domain.events import Door, DoorSeen, PulseSent
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec, Wiring
from simulator.automat import SimulatedAutomat
from simulator.plan import BoardPlan, CabinetPlan, LinePlan, demo_plan
from tests.unit.hardware.test_hardware import Rig, Seen

# Channels 1-8 of board A, then 1-4 of board B, whose contacts close when a door is open.
BOXES = [
    box
    if place < 8
    else dataclasses.replace(box, board="B", channel=box.channel - 8, polarity="closes-when-open")
    for place, box in enumerate(demo_plan().compartments[:12])
]
HOLD_RELAY_2_OF_B = bytes.fromhex("09 05 00 01 FF 00 DC B2")


@pytest.fixture
async def simulated(tmp_path: Path) -> AsyncIterator[SimulatedAutomat]:
    plan = CabinetPlan(
        automat_id="demo-modbus",
        name="Kauppatori",
        compartments=tuple(BOXES),
        boards=(
            BoardPlan("A", "locks", 1, 8, family="modbus-relay"),
            BoardPlan("B", "locks", 9, 4, family="modbus-relay"),
        ),
        lines=(LinePlan("locks"),),
        keypads=(),
        displays=(),
    )
    automat = SimulatedAutomat(plan, directory=tmp_path)
    await automat.start()
    yield automat
    await automat.stop()


@pytest.fixture
async def rig(simulated: SimulatedAutomat) -> AsyncIterator[Rig]:
    seen = Seen()
    wiring = Wiring(
        lines={"locks": PortSpec(str(simulated.port("locks")), 9600)},
        boards=[
            BoardSpec("A", "locks", "modbus-relay", {"address": 1, "channels": 8}),
            BoardSpec("B", "locks", "modbus-relay", {"address": 9, "channels": 4, "pulse_ms": 300}),
        ],
        doors=[
            DoorSpec(box.label, box.board, box.channel, closed_means_shut=box.board == "A") for box in BOXES
        ],
        keypads=[],
        displays=[],
    )
    hardware = LockerHardware(wiring, render=lambda message: [(str(message.text), "")], post=seen.post)
    yield Rig(simulated, hardware, seen)
    await hardware.stop()


@pytest.mark.parametrize("label", ["3", "11"])
async def test_a_pulse_opens_its_door_and_no_other_and_both_moves_are_seen(rig: Rig, label: str) -> None:
    assert set((await rig.hardware.start()).values()) == {Door.SHUT}
    rig.hardware.unlock(label, 1)
    await rig.seen.until(lambda event: event == DoorSeen(label, Door.OPEN))
    await rig.seen.until(lambda event: event == PulseSent(label, 1))
    rig.simulated.push_shut(label)
    await rig.seen.until(lambda event: event == DoorSeen(label, Door.SHUT))
    moved = [event.compartment for event in rig.seen.events if isinstance(event, DoorSeen)]
    assert moved == [label, label]
    assert [box.label for box in BOXES if rig.simulated.door(box.label).pulses] == [label]


async def test_a_relay_that_was_left_on_is_off_once_the_line_is_up(rig: Rig) -> None:
    rig.simulated.inject("locks", HOLD_RELAY_2_OF_B)
    await rig.simulated.until(lambda: rig.simulated.door("10").state == "open", 10, "door 10 to open")
    assert rig.simulated.door("10").energised
    assert (await rig.hardware.start())["10"] is Door.OPEN
    assert not any(rig.simulated.door(box.label).energised for box in BOXES)
    assert rig.simulated.door("10").pulses == 1


@pytest.mark.parametrize(
    ("fault", "value"),
    [
        ("garbage-in-front", 4),
        ("fragmented-replies", 0.01),
        ("stale-answer-in-front", True),
        ("no-unlock-answer", True),
        ("wrong-channel", True),
        ("answer-after-pulse", True),
        ("echo-request", True),
    ],
)
async def test_a_misbehaving_board_still_opens_the_right_door_once(
    rig: Rig, fault: str, value: float
) -> None:
    await rig.hardware.start()
    rig.simulated.set_fault(fault, "A", value)
    rig.hardware.unlock("8", 1)
    await rig.seen.until(lambda event: event == DoorSeen("8", Door.OPEN))
    assert [event for event in rig.seen.events if isinstance(event, DoorSeen)] == [DoorSeen("8", Door.OPEN)]
    assert [(box.label, n) for box in BOXES if (n := rig.simulated.door(box.label).pulses)] == [("8", 1)]
