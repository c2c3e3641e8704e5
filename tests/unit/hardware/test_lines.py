"""One line of lock boards: what happens when it comes up, behind TCP, with a dead board, after a pulse."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.base import BoardIdentity, Contact, UnlockAnswer, UnlockOutcome, ignore
from drivers.errors import NoAnswer
from locker.domain.events import (
    Door,
    DoorSeen,
    LockTimed,
    PartLost,
    PartRestored,
    PulseNotSent,
    PulseRefused,
    PulseSent,
)
from locker.hardware.lines import LockLine
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec, Wiring
from simulator.automat import SimulatedAutomat
from simulator.plan import CabinetPlan, LinePlan, plan_of
from tests.unit.hardware.test_hardware import Rig, Seen


def wiring(plan: CabinetPlan, simulated: SimulatedAutomat) -> Wiring:
    return Wiring(
        lines={line.id: PortSpec(simulated.address(line.id), line.baud) for line in plan.lines},
        boards=[
            BoardSpec(
                board.id, board.line, board.family, {"address": board.address, "channels": board.channels}
            )
            for board in plan.boards
        ],
        doors=[DoorSpec(box.label, box.board, box.channel) for box in plan.compartments],
        keypads=(),
        displays=(),
    )


async def rig_of(plan: CabinetPlan, directory: Path) -> Rig:
    simulated = SimulatedAutomat(plan, directory=directory)
    await simulated.start()
    seen = Seen()
    return Rig(simulated, LockerHardware(wiring(plan, simulated), render=lambda _: [], post=seen.post), seen)


@pytest.fixture
async def networked(tmp_path: Path) -> AsyncIterator[Rig]:
    plan = plan_of(4, channels=24)
    rig = await rig_of(replace(plan, lines=(LinePlan("locks", tcp=True),), displays=(), keypads=()), tmp_path)
    yield rig
    await rig.hardware.stop()
    await rig.simulated.stop()


@pytest.fixture
async def two_boards(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = await rig_of(replace(plan_of(8, channels=4), displays=(), keypads=()), tmp_path)
    yield rig
    await rig.hardware.stop()
    await rig.simulated.stop()


class Recorded:
    """A driver in place of a real one: notes what is asked of it, and answers as told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.on_report: object = ignore
        self.answer = UnlockAnswer(UnlockOutcome.ANSWERED)
        self.rests = True
        self.channels = 24

    async def rest_outputs(self) -> None:
        self.asked.append("rest")
        if not self.rests:
            raise NoAnswer("the outputs do not rest")

    async def identify(self) -> BoardIdentity:
        self.asked.append("identify")
        return BoardIdentity({})

    async def read_contacts(self) -> Mapping[int, Contact]:
        self.asked.append("read")
        return {1: Contact.CLOSED}

    async def unlock(self, channel: int) -> UnlockAnswer:
        self.asked.append(f"unlock {channel}")
        return self.answer


async def test_a_line_behind_a_base_unit_works_is_lost_and_comes_back(networked: Rig) -> None:
    doors = await networked.hardware.start()
    assert set(doors.values()) == {Door.SHUT}
    networked.hardware.unlock("2", 1)
    await networked.seen.until(lambda event: event == DoorSeen("2", Door.OPEN))
    networked.simulated.unplug("locks")
    await networked.seen.until(lambda event: event == DoorSeen("1", Door.UNKNOWN))
    assert any(isinstance(event, PartLost) and event.part == "line locks" for event in networked.seen.events)
    before = len(networked.seen.events)
    networked.simulated.replug("locks")
    await networked.seen.until(lambda event: event == DoorSeen("1", Door.SHUT), after=before)
    assert networked.simulated.door("2").pulses == 1


async def test_a_lock_is_timed_from_its_pulse_to_its_open_door(two_boards: Rig) -> None:
    await two_boards.hardware.start()
    two_boards.hardware.unlock("6", 1)
    timed = await two_boards.seen.until(lambda event: isinstance(event, LockTimed))
    assert isinstance(timed, LockTimed)
    assert timed.compartment == "6"
    assert 0 < timed.pulse_to_open_s < 1
    assert two_boards.seen.events.index(DoorSeen("6", Door.OPEN)) < two_boards.seen.events.index(timed)


async def test_a_dead_board_takes_only_its_own_doors_and_leaves_the_line_to_the_others(
    two_boards: Rig,
) -> None:
    await two_boards.hardware.start()
    two_boards.simulated.set_fault("dead-board", "A1")
    await two_boards.seen.until(lambda event: isinstance(event, PartLost) and event.part == "board A1")
    async with asyncio.timeout(2):
        for label in ("5", "6", "7"):
            two_boards.hardware.unlock(label, 1)
            await two_boards.seen.until(lambda event, label=label: event == DoorSeen(label, Door.OPEN))  # type: ignore[misc]  # bound
    lost = {
        event.compartment
        for event in two_boards.seen.events
        if isinstance(event, DoorSeen) and event.door is Door.UNKNOWN
    }
    assert lost == {"1", "2", "3", "4"}
    two_boards.simulated.set_fault("dead-board", "A1", None)
    await two_boards.seen.until(lambda event: event == PartRestored("board A1"))


async def test_outputs_rest_first_whenever_the_line_came_up(
    networked: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = use(networked, monkeypatch)
    await networked.hardware.start()
    assert driver.asked[0] == "rest"
    assert driver.asked.count("rest") == 1
    networked.simulated.unplug("locks")
    await networked.seen.until(lambda event: isinstance(event, PartLost))
    driver.asked.clear()
    networked.simulated.replug("locks")
    await networked.seen.until(lambda event: event == DoorSeen("1", Door.SHUT))
    assert driver.asked[0] == "rest"
    assert driver.asked.count("rest") == 1


async def test_nothing_is_pulsed_on_a_board_whose_outputs_do_not_rest(
    networked: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = use(networked, monkeypatch)
    driver.rests = False
    await networked.hardware.start()
    networked.hardware.unlock("1", 1)
    refused = await networked.seen.until(lambda event: isinstance(event, PulseNotSent))
    assert "do not rest" in str(refused)
    assert not any(asked.startswith(("unlock", "read")) for asked in driver.asked)


async def test_a_refused_pulse_is_told_after_the_pulse(
    networked: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = use(networked, monkeypatch)
    driver.answer = UnlockAnswer(UnlockOutcome.REFUSED, reason="its coil is hot")
    await networked.hardware.start()
    networked.hardware.unlock("1", 7)
    await networked.seen.until(lambda event: event == PulseRefused("1", 7, "its coil is hot"))
    events = networked.seen.events
    assert events.index(PulseSent("1", 7)) < events.index(PulseRefused("1", 7, "its coil is hot"))


async def test_an_unlock_that_waited_goes_where_its_door_was_proved_meanwhile(
    networked: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = use(networked, monkeypatch)
    await networked.hardware.start()
    line: LockLine = networked.hardware._lines["locks"]
    async with line._one_unlock:
        networked.hardware.unlock("1", 1)
        networked.hardware.unlock("2", 1)
        await asyncio.sleep(0)
        moved = [replace(door, channel=9) for door in line.doors if door.compartment == "1"]
        line.use([board.spec for board in line.boards.values()], moved)
    await networked.seen.until(lambda event: isinstance(event, PulseSent))
    await networked.seen.until(lambda event: isinstance(event, PulseNotSent))
    assert [asked for asked in driver.asked if asked.startswith("unlock")] == ["unlock 9"]


async def test_a_board_is_held_against_the_proof_that_came_while_it_told_who_it_is(
    networked: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = use(networked, monkeypatch)
    await networked.hardware.start()
    line: LockLine = networked.hardware._lines["locks"]
    board = line.boards["A1"]
    old = replace(board.spec, facts={"serial": "1"}, mismatch="elsewhere")
    new = replace(board.spec, facts={})

    async def identify() -> BoardIdentity:
        board.spec = new
        board.is_ready = False
        return BoardIdentity({})

    monkeypatch.setattr(driver, "identify", identify)
    board.spec, board.is_ready = old, False
    await board.ready()
    assert board.is_ready
    assert board.mismatch is None


def use(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """Put a recorded driver in the place of the only board's."""
    driver = Recorded()
    line: LockLine = rig.hardware._lines["locks"]
    monkeypatch.setattr(next(iter(line.boards.values())), "driver", driver)
    return driver
