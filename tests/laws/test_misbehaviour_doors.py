"""The misbehaviours that need doors or ports: the translation over real ptys, a simulated cabinet behind."""

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from drivers.registry import LOCK_BOARDS
from locker.domain.events import Door, DoorSeen, PartLost, PartRestored, PulseSent
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec, Wiring
from simulator.automat import SimulatedAutomat
from simulator.boards.families import BOARDS
from simulator.plan import BoardPlan, CabinetPlan, LinePlan, demo_plan
from tests.laws.stand import accepted
from tests.unit.hardware.test_hardware import Rig, Seen

FAMILIES = sorted(set(LOCK_BOARDS) & set(BOARDS))
COUNT = 6
BACK_WITHIN_S = 5.0

Build = Callable[..., Awaitable[Rig]]


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    made: list[Rig] = []

    async def make(
        family: str = "xor-bcc",
        *,
        settings: dict[str, object] | None = None,
        faults: dict[str, tuple[str, float | bool]] | None = None,
        closed_means_shut: bool = True,
        addresses: tuple[int, ...] = (1,),
        heard_at: tuple[int, ...] | None = None,
    ) -> Rig:
        """Boards A, B, .. of six doors each, told to be at `addresses`, in truth at `heard_at`."""
        channels = LOCK_BOARDS[family].settings(**accepted(family)).channels
        names = "AB"[: len(addresses)]
        real = addresses if heard_at is None else heard_at
        boxes = [
            dataclasses.replace(box, label=f"{name}{box.channel}", board=name)
            for name in names
            for box in demo_plan().compartments[:COUNT]
        ]
        plan = CabinetPlan(
            automat_id="laws",
            name="Laws",
            compartments=tuple(boxes),
            boards=tuple(
                BoardPlan(name, "locks", place, channels, family=family)
                for name, place in zip(names, real, strict=True)
            ),
            lines=(LinePlan("locks", LOCK_BOARDS[family].baud_rate),),
            keypads=(),
            displays=(),
        )
        simulated = SimulatedAutomat(plan, directory=tmp_path)
        for target, (name, value) in (faults or {}).items():
            simulated.set_fault(name, target, value)
        await simulated.start()
        told = {**accepted(family), **(settings or {}), "channels": channels}
        wiring = Wiring(
            lines={"locks": PortSpec(str(simulated.port("locks")), plan.lines[0].baud)},
            boards=[
                BoardSpec(name, "locks", family, {**told, "address": place})
                for name, place in zip(names, addresses, strict=True)
            ],
            doors=[DoorSpec(box.label, box.board, box.channel, closed_means_shut) for box in boxes],
            keypads=[],
            displays=[],
        )
        seen = Seen()
        hardware = LockerHardware(wiring, render=lambda message: [(str(message.text), "")], post=seen.post)
        made.append(Rig(simulated, hardware, seen))
        made[-1].doors = await hardware.start()  # type: ignore[attr-defined]  # what it said at the start
        return made[-1]

    yield make
    for one in made:
        await one.hardware.stop()
        await one.simulated.stop()


def doors_at_start(rig: Rig) -> dict[str, Door]:
    return dict(rig.doors)  # type: ignore[attr-defined]  # as above


def pulsed(rig: Rig) -> list[str]:
    return [label for label, view in rig.simulated.doors().items() if view.pulses]


async def opened(rig: Rig, label: str) -> None:
    """A pulse of a door is seen as that door's opening, and no other lock was moved."""
    rig.hardware.unlock(label, 1)
    await rig.seen.until(lambda event: event == DoorSeen(label, Door.OPEN))
    assert pulsed(rig) == [label]


async def test_07_inverted_contacts_are_a_setting_of_the_doors(build: Build) -> None:
    inverted = {f"A{n}": ("contact-inverted", True) for n in range(1, COUNT + 1)}
    rig = await build(faults=inverted, closed_means_shut=False)
    assert set(doors_at_start(rig).values()) == {Door.SHUT}
    await opened(rig, "A2")


async def test_07_blocks_of_the_opposite_polarity_are_met_by_the_same_setting(build: Build) -> None:
    # The answer to an unlock tells the opposite of what a reading tells: only readings are believed.
    rig = await build(faults={"A": ("inverted-block", True)}, closed_means_shut=False)
    assert set(doors_at_start(rig).values()) == {Door.SHUT}
    await opened(rig, "A2")


async def test_07_a_reversed_byte_order_is_a_setting_of_the_board(build: Build) -> None:
    rig = await build(
        faults={"A": ("reversed-byte-order", True)}, settings={"byte_order": "first-byte-first"}
    )
    assert set(doors_at_start(rig).values()) == {Door.SHUT}
    await opened(rig, "A2")


async def test_08_a_missing_contact_is_constant_and_its_lock_opens_no_other_door(build: Build) -> None:
    rig = await build(faults={"A2": ("contact-missing", True), "A3": ("contact-stuck-closed", True)})
    assert {label: doors_at_start(rig)[label] for label in ("A1", "A2", "A3")} == {
        "A1": Door.SHUT,
        "A2": Door.OPEN,
        "A3": Door.SHUT,
    }
    for label in ("A2", "A3"):
        rig.hardware.unlock(label, 1)
        await rig.seen.until(lambda event, label=label: event == PulseSent(label, 1))  # type: ignore[misc]  # mypy infers no lambda with a default
        await rig.simulated.until(lambda label=label: rig.simulated.door(label).open, 5, "the door")  # type: ignore[misc]  # as above
    assert pulsed(rig) == ["A2", "A3"]
    assert not any(isinstance(event, DoorSeen) for event in rig.seen.events)


@pytest.mark.parametrize("family", FAMILIES)
async def test_14_a_jammed_door_stays_shut_in_every_reading_whatever_the_answer(
    build: Build, family: str
) -> None:
    rig = await build(family)
    assert set(doors_at_start(rig).values()) == {Door.SHUT}
    rig.simulated.jam("A2")
    rig.hardware.unlock("A2", 1)
    await rig.seen.until(lambda event: event == PulseSent("A2", 1))
    await rig.simulated.until(lambda: rig.simulated.door("A2").pulses == 1, 5, "the pulse")
    rig.hardware.unlock("A5", 2)
    await rig.seen.until(lambda event: event == DoorSeen("A5", Door.OPEN))
    assert [event for event in rig.seen.events if isinstance(event, DoorSeen)] == [DoorSeen("A5", Door.OPEN)]
    assert pulsed(rig) == ["A2", "A5"]


async def test_15_two_boards_of_one_address_leave_their_doors_unknown(build: Build) -> None:
    rig = await build(addresses=(1, 2), heard_at=(1, 1))
    assert set(doors_at_start(rig).values()) == {Door.UNKNOWN}
    lost = {event.part for event in rig.seen.events if isinstance(event, PartLost)}
    await rig.seen.until(lambda event: isinstance(event, PartLost) and event.part == "board A")
    assert lost <= {"board A", "board B"}
    assert pulsed(rig) == []
    rig.simulated.set_fault("dead-board", "B")
    await rig.seen.until(lambda event: event == DoorSeen("A1", Door.SHUT))
    await opened(rig, "A2")


@pytest.mark.parametrize("family", FAMILIES)
async def test_16_a_port_that_comes_back_under_another_name_serves_again(build: Build, family: str) -> None:
    rig = await build(family)
    path = rig.simulated.port("locks")
    before = path.resolve()
    rig.simulated.unplug("locks")
    await rig.seen.until(lambda event: isinstance(event, PartLost) and event.part == "line locks")
    await rig.seen.until(lambda event: event == DoorSeen("A1", Door.UNKNOWN))
    # Whoever takes the old number in the meantime makes the system give another one.
    squatters = os.openpty()
    lost, loop = len(rig.seen.events), asyncio.get_running_loop()
    rig.simulated.replug("locks")
    began_s = loop.time()
    try:
        assert path.resolve() != before
        await rig.seen.until(lambda event: event == PartRestored("line locks"), after=lost)
        await rig.seen.until(lambda event: event == DoorSeen("A1", Door.SHUT), after=lost)
        assert loop.time() - began_s < BACK_WITHIN_S
        assert pulsed(rig) == []
        rig.hardware.unlock("A4", 1)
        await rig.seen.until(lambda event: event == DoorSeen("A4", Door.OPEN), after=lost)
        assert pulsed(rig) == ["A4"]
    finally:
        for end in squatters:
            os.close(end)
