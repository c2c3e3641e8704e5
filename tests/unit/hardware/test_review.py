"""What must not be posted, and what must be posted again after a restart."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.base import Contact
from locker.domain.events import (
    Door,
    DoorSeen,
    Event,
    GoodsSeen,
    KeypadRecovered,
    KeyPressed,
    PartLost,
    PartRestored,
)
from locker.domain.messages import Message
from locker.hardware.belief import Belief
from locker.hardware.lines import LockLine
from locker.hardware.presenter import Page
from locker.hardware.translation import LockerHardware
from simulator.automat import SimulatedAutomat
from simulator.plan import demo_plan
from tests.unit.hardware.test_hardware import Rig, Seen, wiring


def one_page(message: Message) -> list[Page]:
    return [(str(message.text), "")]


@pytest.fixture
async def stopped(tmp_path: Path) -> AsyncIterator[Rig]:
    """Simulated hardware and a translation that is not started yet."""
    simulated = SimulatedAutomat(demo_plan(), directory=tmp_path)
    await simulated.start()
    seen = Seen()
    hardware = LockerHardware(wiring(simulated), render=one_page, post=seen.post)
    yield Rig(simulated, hardware, seen)
    await hardware.stop()
    await simulated.stop()


async def test_a_start_tells_that_every_part_answers_so_that_old_alarms_end(stopped: Rig) -> None:
    await stopped.hardware.start()
    for wanted in (PartRestored("line locks"), PartRestored("board A"), KeypadRecovered("front")):
        await stopped.seen.until(lambda event, wanted=wanted: event == wanted)  # type: ignore[misc]  # bound


async def test_the_doors_that_a_start_answers_with_are_not_posted_once_more(stopped: Rig) -> None:
    doors = await stopped.hardware.start()
    assert doors["14"] is Door.SHUT
    await stopped.simulated.type("front", "C")
    await stopped.seen.until(lambda event: isinstance(event, KeyPressed))
    assert not any(isinstance(event, DoorSeen) for event in stopped.seen.events)


async def test_a_board_that_is_silent_when_its_line_is_unplugged_is_found_again(stopped: Rig) -> None:
    await stopped.hardware.start()
    stopped.simulated.set_fault("dead-board", "A")
    await stopped.seen.until(lambda event: isinstance(event, PartLost) and event.part == "board A")
    stopped.simulated.unplug("locks")
    await stopped.seen.until(lambda event: isinstance(event, PartLost) and event.part == "line locks")
    before = len(stopped.seen.events)
    stopped.simulated.set_fault("dead-board", "A", None)
    stopped.simulated.replug("locks")
    await stopped.seen.until(lambda event: event == PartRestored("board A"), after=before)


async def test_one_doubtful_reading_of_a_goods_sensor_changes_nothing(tmp_path: Path) -> None:
    simulated = SimulatedAutomat(demo_plan(), directory=tmp_path)
    plan = wiring(simulated)
    door = replace(plan.doors[0], goods_channel=20)
    seen: list[Event] = []
    line = LockLine("locks", plan.lines["locks"], plan.boards, [door], seen.append)
    inside = {door.channel: Contact.CLOSED, 20: Contact.CLOSED}
    empty = {door.channel: Contact.CLOSED, 20: Contact.OPEN}
    for reading in (inside, inside, empty, inside, empty, empty):
        line.see(door, reading)
    assert [event.present for event in seen if isinstance(event, GoodsSeen)] == [True, False]


def test_a_goods_sensor_that_does_not_answer_is_unknown_at_once() -> None:
    belief: Belief[bool | None] = Belief(believed=True)
    assert belief.see(None)
    assert belief.believed is None
