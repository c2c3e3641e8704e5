"""The translation against simulated boards, keypads and displays behind real ptys."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from locker.domain.events import (
    Door,
    DoorSeen,
    Event,
    Key,
    KeypadFaulted,
    KeypadRecovered,
    KeyPressed,
    PartLost,
    PartRestored,
    PulseNotSent,
    PulseSent,
)
from locker.domain.messages import Text, say
from locker.hardware.belief import Belief
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import BoardSpec, DisplaySpec, DoorSpec, KeypadSpec, PortSpec, Wiring
from simulator.automat import SimulatedAutomat
from simulator.plan import demo_plan

LIMIT_S = 10


class Seen:
    """What the hardware posted."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = asyncio.Event()

    async def post(self, event: Event) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, wanted: Callable[[Event], bool], *, after: int = 0) -> Event:
        async with asyncio.timeout(LIMIT_S):
            while True:
                for event in self.events[after:]:
                    if wanted(event):
                        return event
                self._news.clear()
                await self._news.wait()


class Rig:
    """Simulated hardware and the translation in one place."""

    def __init__(self, simulated: SimulatedAutomat, hardware: LockerHardware, seen: Seen) -> None:
        self.simulated = simulated
        self.hardware = hardware
        self.seen = seen


def wiring(simulated: SimulatedAutomat) -> Wiring:
    plan = simulated.plan
    return Wiring(
        lines={"locks": PortSpec(str(simulated.port("locks")), 9600)},
        boards=[BoardSpec("A", "locks", "xor-bcc", {"address": 1, "channels": 24})],
        doors=[DoorSpec(box.label, "A", number) for number, box in enumerate(plan.compartments, 1)],
        keypads=[
            KeypadSpec("front", PortSpec(str(simulated.port("keypad-front")), 9600), "serial-ascii", "front")
        ],
        displays=[DisplaySpec("front", PortSpec(str(simulated.port("display-front")), 9600), "cd5220")],
    )


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    simulated = SimulatedAutomat(demo_plan(), directory=tmp_path)
    await simulated.start()
    seen = Seen()
    hardware = LockerHardware(
        wiring(simulated), render=lambda message: [(str(message.text), "")], post=seen.post
    )
    doors = await hardware.start()
    assert set(doors.values()) == {Door.SHUT}
    yield Rig(simulated, hardware, seen)
    await hardware.stop()
    await simulated.stop()


async def test_a_pulse_opens_the_door_and_both_are_seen_in_order(rig: Rig) -> None:
    rig.hardware.unlock("3", 1)
    await rig.seen.until(lambda event: event == DoorSeen("3", Door.OPEN))
    sent = rig.seen.events.index(PulseSent("3", 1))
    assert sent < rig.seen.events.index(DoorSeen("3", Door.OPEN))
    rig.simulated.push_shut("3")
    await rig.seen.until(lambda event: event == DoorSeen("3", Door.SHUT), after=sent)
    moved = [event for event in rig.seen.events[sent:] if isinstance(event, DoorSeen)]
    assert [event.compartment for event in moved] == ["3", "3"]


async def test_keys_arrive_in_order(rig: Rig) -> None:
    await rig.simulated.type("front", "C 0242 OK")
    await rig.seen.until(lambda event: event == KeyPressed("front", Key.OK))
    keys = [event.key for event in rig.seen.events if isinstance(event, KeyPressed)]
    assert keys == [Key.CLEAR, Key.D0, Key.D2, Key.D4, Key.D2, Key.OK]


async def test_a_message_reaches_the_display(rig: Rig) -> None:
    rig.hardware.show("front", say(Text.IDLE))
    await rig.simulated.until(
        lambda: "idle" in rig.simulated.display("front").text(), LIMIT_S, "the idle screen"
    )


async def test_an_unplugged_line_makes_its_doors_unknown_refuses_pulses_and_comes_back(rig: Rig) -> None:
    rig.simulated.unplug("locks")
    await rig.seen.until(lambda event: isinstance(event, PartLost) and event.part == "line locks")
    await rig.seen.until(lambda event: event == DoorSeen("14", Door.UNKNOWN))
    rig.hardware.unlock("3", 1)
    refused = await rig.seen.until(lambda event: isinstance(event, PulseNotSent))
    assert isinstance(refused, PulseNotSent)
    rig.simulated.replug("locks")
    await rig.seen.until(lambda event: event == PartRestored("line locks"))
    await rig.seen.until(lambda event: event == DoorSeen("14", Door.SHUT))
    assert rig.simulated.door("3").pulses == 0


async def test_a_silent_board_is_lost_with_its_doors_and_found_again(rig: Rig) -> None:
    rig.simulated.set_fault("dead-board", "A")
    await rig.seen.until(lambda event: isinstance(event, PartLost) and event.part == "board A")
    await rig.seen.until(lambda event: event == DoorSeen("1", Door.UNKNOWN))
    rig.simulated.set_fault("dead-board", "A", None)
    await rig.seen.until(lambda event: event == PartRestored("board A"))
    await rig.seen.until(lambda event: event == DoorSeen("1", Door.SHUT))


async def test_a_keypad_that_is_unplugged_is_reported_and_recovers(rig: Rig) -> None:
    rig.simulated.unplug("keypad-front")
    await rig.seen.until(lambda event: isinstance(event, KeypadFaulted))
    rig.simulated.replug("keypad-front")
    await rig.seen.until(lambda event: event == KeypadRecovered("front"), after=len(rig.seen.events) - 1)


def test_one_doubtful_reading_changes_no_belief() -> None:
    belief = Belief(Door.SHUT)
    assert not belief.see(Door.OPEN)
    assert not belief.see(Door.SHUT)
    assert not belief.see(Door.OPEN)
    assert belief.see(Door.OPEN)
    assert belief.believed is Door.OPEN


def test_an_unknown_door_is_unknown_at_once() -> None:
    belief = Belief(Door.SHUT)
    assert belief.see(Door.UNKNOWN)
    assert belief.believed is Door.UNKNOWN


async def test_bytes_that_are_no_frame_change_nothing(rig: Rig) -> None:
    dice = random.Random(7)
    before = len(rig.seen.events)
    for _ in range(40):
        # Whole frames can arise by chance only with their checksum: these end wrong on purpose.
        rig.simulated.inject("locks", bytes([0x80, 1, dice.randrange(24), 0x11, 0x00]))
        rig.simulated.inject("locks", dice.randbytes(7))
    rig.hardware.unlock("5", 1)
    await rig.seen.until(lambda event: event == DoorSeen("5", Door.OPEN), after=before)
    moved = {event.compartment for event in rig.seen.events[before:] if isinstance(event, DoorSeen)}
    assert moved == {"5"}
    assert not any(isinstance(event, KeyPressed) for event in rig.seen.events)


async def test_a_line_on_which_nothing_answers_is_opened_anew_without_an_alarm_of_its_own(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locker.hardware.lines.REOPEN_EVERY_S", 0.0)
    rig.simulated.set_fault("dead-board", "A")
    await rig.seen.until(lambda event: isinstance(event, PartLost) and event.part == "board A")
    lost = len(rig.seen.events)
    await rig.seen.until(lambda event: event == PartRestored("line locks"), after=lost)
    rig.simulated.set_fault("dead-board", "A", None)
    await rig.seen.until(lambda event: event == PartRestored("board A"), after=lost)
    assert not any(isinstance(event, PartLost) and event.part == "line locks" for event in rig.seen.events)
