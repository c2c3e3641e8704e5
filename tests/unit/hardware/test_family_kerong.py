"""Cabinets with Kerong boards, under the translation and behind real ptys."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from locker.domain.events import Door, DoorSeen, Event, GoodsSeen, PartLost, PartRestored, PulseSent
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec, Wiring
from simulator.automat import SimulatedAutomat
from simulator.plan import BoardPlan, CabinetPlan, LinePlan, PlanError, demo_plan

LIMIT_S = 10
FAMILIES = {"kerong-cu16": 16, "kerong-cu48": 48}


class Seen:
    """What the hardware posted."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()

    async def post(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, wanted: Callable[[Event], bool]) -> Event:
        async with asyncio.timeout(LIMIT_S):
            while True:
                for event in self.events:
                    if wanted(event):
                        return event
                self._news.clear()
                await self._news.wait()


@dataclasses.dataclass
class Rig:
    """Simulated hardware and the translation in one place."""

    simulated: SimulatedAutomat
    hardware: LockerHardware
    seen: Seen
    doors: dict[str, Door]


def cabinet(family: str) -> CabinetPlan:
    """The demo's fourteen boxes on two boards of one line; box 3 with an item sensor."""
    channels = FAMILIES[family]
    boxes = [
        dataclasses.replace(
            box,
            board="A" if place <= 7 else "B",
            channel=place if place <= 7 else channels - (14 - place),
            goods_channel=channels + place if place == 3 else None,
        )
        for place, box in enumerate(demo_plan().compartments, start=1)
    ]
    settings = (("items", True), ("read_timeout_s", 0.25))
    return dataclasses.replace(
        demo_plan(),
        compartments=tuple(boxes),
        boards=(
            BoardPlan("A", "locks", 0, channels, family, settings),
            BoardPlan("B", "locks", 9, channels, family, settings),
        ),
        lines=(LinePlan("locks", 19200),),
    )


def wiring(simulated: SimulatedAutomat) -> Wiring:
    plan = simulated.plan
    return Wiring(
        lines={"locks": PortSpec(str(simulated.port("locks")), plan.lines[0].baud)},
        boards=[
            BoardSpec(
                board.id,
                board.line,
                board.family,
                {"address": board.address, "channels": board.channels, **dict(board.settings)},
            )
            for board in plan.boards
        ],
        doors=[
            DoorSpec(box.label, box.board, box.channel, goods_channel=box.goods_channel)
            for box in plan.compartments
        ],
        keypads=[],
        displays=[],
    )


@pytest.fixture(params=FAMILIES)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    simulated = SimulatedAutomat(cabinet(request.param), directory=tmp_path)
    await simulated.start()
    seen = Seen()
    hardware = LockerHardware(wiring(simulated), render=lambda _: [], post=seen.post)
    doors = await hardware.start()
    yield Rig(simulated, hardware, seen, dict(doors))
    await hardware.stop()
    await simulated.stop()


async def test_each_pulse_opens_its_own_door_and_both_are_seen(rig: Rig) -> None:
    assert set(rig.doors.values()) == {Door.SHUT}
    for label in ("1", "7", "8", "14"):
        rig.hardware.unlock(label, 1)
        await rig.seen.until(lambda event, label=label: event == DoorSeen(label, Door.OPEN))  # type: ignore[misc]  # the label of this turn
        assert rig.seen.events.index(PulseSent(label, 1)) < rig.seen.events.index(DoorSeen(label, Door.OPEN))
        rig.simulated.push_shut(label)
        await rig.seen.until(lambda event, label=label: event == DoorSeen(label, Door.SHUT))  # type: ignore[misc]  # as above
    moved = [event.compartment for event in rig.seen.events if isinstance(event, DoorSeen)]
    assert moved == ["1", "1", "7", "7", "8", "8", "14", "14"]
    pulses = {box.label: rig.simulated.door(box.label).pulses for box in rig.simulated.plan.compartments}
    assert {label for label, count in pulses.items() if count} == {"1", "7", "8", "14"}


async def test_a_parcel_inside_is_seen_by_the_item_sensor(rig: Rig) -> None:
    rig.hardware.unlock("3", 1)
    await rig.seen.until(lambda event: event == DoorSeen("3", Door.OPEN))
    await rig.simulated.until(lambda: rig.simulated.door("3").opening > 0.5, LIMIT_S, "a door ajar")
    rig.simulated.put("3", "JJFI1")
    await rig.seen.until(lambda event: event == GoodsSeen("3", True))


async def test_a_silent_board_is_lost_alone_and_found_again(rig: Rig) -> None:
    rig.simulated.set_fault("dead-board", "B")
    await rig.seen.until(lambda event: isinstance(event, PartLost) and event.part == "board B")
    await rig.seen.until(lambda event: event == DoorSeen("14", Door.UNKNOWN))
    rig.simulated.set_fault("dead-board", "B", None)
    await rig.seen.until(lambda event: event == PartRestored("board B"))
    await rig.seen.until(lambda event: event == DoorSeen("14", Door.SHUT))
    assert not any(isinstance(event, DoorSeen) and event.compartment == "1" for event in rig.seen.events)


def test_a_lock_on_an_item_sensor_is_no_cabinet() -> None:
    plan = cabinet("kerong-cu16")
    boxes = (dataclasses.replace(plan.compartments[0], channel=17), *plan.compartments[1:])
    with pytest.raises(PlanError, match="has no channel 17"):
        dataclasses.replace(plan, compartments=boxes)
