"""Proving wiring against simulated boards behind ptys: crossed cables, inverted contacts, moved lines."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from locker.domain.events import (
    Door,
    DoorProved,
    DoorSeen,
    Event,
    LockTried,
    PulseNotSent,
    PulseSent,
    WiringMatched,
    WiringMismatched,
)
from locker.hardware.proving import CannotProve, TrialState
from locker.hardware.translation import LockerHardware
from locker.hardware.wiring import BoardSpec, DoorSpec, PortSpec, Wiring
from locker.hardware.wiring_map import WiringMap
from simulator.automat import SimulatedAutomat
from simulator.plan import BoardPlan, CabinetPlan, LinePlan, plan_of
from tests.unit.hardware.test_hardware import Seen

USER = "maija (1000)"
LIMIT_S = 20
SETTINGS = {"address": 1, "channels": 24, "edition": "kecheng", "read_timeout_s": 0.2}


def two_lines() -> CabinetPlan:
    """Doors 1 to 3 on line left, 4 to 6 on line right: each line one board, told apart by its serial."""
    plan = plan_of(6, boards_a_line=1, channels=3)
    boards = tuple(
        BoardPlan(name, line, 1, 24, "xor-bcc", (("edition", "kecheng"),), serial=serial)
        for name, line, serial in (("A1", "left", 0xA1), ("A2", "right", 0xA2))
    )
    boxes = tuple(
        replace(box, polarity="closes-when-open") if box.label in ("2", "5") else box
        for box in plan.compartments
    )
    lines = (LinePlan("left"), LinePlan("right"))
    return replace(plan, boards=boards, lines=lines, compartments=boxes, keypads=(), displays=())


def wiring(simulated: SimulatedAutomat) -> Wiring:
    lines = ("left", "right")
    return Wiring(
        lines={line: PortSpec(str(simulated.port(line)), 9600) for line in lines},
        boards=[BoardSpec(f"A{n}", line, "xor-bcc", SETTINGS) for n, line in enumerate(lines, 1)],
        doors=[DoorSpec(box.label, box.board, box.channel) for box in simulated.plan.compartments],
        keypads=[],
        displays=[],
    )


class Bench:
    """A technician at a cabinet."""

    def __init__(self, simulated: SimulatedAutomat) -> None:
        self.simulated = simulated
        self.seen = Seen()
        self.trials = 0
        self.hardware = self._make(None)

    def _make(self, proof: WiringMap | None) -> LockerHardware:
        return LockerHardware(
            wiring(self.simulated),
            render=lambda message: [(str(message.text), "")],
            post=self.seen.post,
            proof=proof,
            watch_s=1.5,
        )

    async def restart(self, proof: WiringMap | None) -> None:
        await self.hardware.stop()
        self.hardware = self._make(proof)
        await self.hardware.start()

    async def until(self, kind: type[Event], *, after: int = 0) -> Event:
        async with asyncio.timeout(LIMIT_S):
            return await self.seen.until(lambda event: isinstance(event, kind), after=after)

    async def tries(self, label: str) -> LockTried:
        """Try one lock; return which contacts moved."""
        self.trials += 1
        before = len(self.seen.events)
        self.hardware.bench.try_lock(label, self.trials)
        tried = await self.until(LockTried, after=before)
        assert isinstance(tried, LockTried)
        assert tried.number == self.trials
        return tried

    async def shuts(self, label: str) -> None:
        """Push a door shut and wait until it is."""
        self.simulated.push_shut(label)
        await self.simulated.until(
            lambda: self.simulated.door(label).state == "shut", LIMIT_S, f"door {label} to be shut"
        )

    async def proves(self, label: str, *, opens: str | None = None) -> DoorProved:
        """Try one lock, read the label on the door that opened, shut it."""
        before = len(self.seen.events)
        await self.tries(label)
        (opened,) = [name for name, view in self.simulated.doors().items() if view.state == "open"]
        assert opened == (opens or label)
        self.hardware.bench.name_door(opened, USER)
        self.simulated.push_shut(opened)
        proved = await self.until(DoorProved, after=before)
        assert isinstance(proved, DoorProved)
        return proved

    async def makes_map(self, before: WiringMap | None = None, *, partial: bool = False) -> WiringMap:
        return await self.hardware.bench.make_map(
            before,
            automat_id="sim",
            user=USER,
            technician="t-7",
            at=datetime(2026, 3, 2, tzinfo=UTC),
            partial=partial,
        )

    async def opens(self, label: str) -> None:
        """Unlock a door as the engine does; it must be the one that opens."""
        before = len(self.seen.events)
        self.hardware.unlock(label, 1)
        await self.seen.until(lambda event: event == DoorSeen(label, Door.OPEN), after=before)
        assert [name for name, view in self.simulated.doors().items() if view.state == "open"] == [label]
        self.simulated.push_shut(label)
        await self.seen.until(lambda event: event == DoorSeen(label, Door.SHUT), after=before)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    simulated = SimulatedAutomat(two_lines(), directory=tmp_path)
    await simulated.start()
    bench = Bench(simulated)
    await bench.hardware.start()
    yield bench
    await bench.hardware.stop()
    await simulated.stop()


async def test_three_readings_give_the_contact_and_its_polarity(bench: Bench) -> None:
    one, two = await bench.proves("1"), await bench.proves("2")
    assert (one.output, one.contact, one.closed_means_shut) == ("A1/1", "A1/1", True)
    assert (two.output, two.contact, two.closed_means_shut) == ("A1/2", "A1/2", False)


async def test_crossed_cables_are_proved_as_they_are_and_then_open_the_right_doors(bench: Bench) -> None:
    bench.simulated.swap_doors("1", "3", "locks")
    bench.simulated.swap_doors("4", "6")
    assert (await bench.tries("1")).moved == ("A1/3",)
    await bench.shuts("3")
    for label, opened in (("1", "3"), ("2", "2"), ("3", "1"), ("4", "6"), ("5", "5"), ("6", "4")):
        await bench.proves(label, opens=opened)
    proof = await bench.makes_map()
    assert (proof.doors["1"].output, proof.doors["1"].contact) == (3, 1)
    assert (proof.doors["4"].output, proof.doors["4"].contact) == (3, 3)
    await bench.hardware.use(proof)
    for label in "123456":
        await bench.opens(label)


async def test_a_door_whose_contact_never_moves_has_none(bench: Bench) -> None:
    bench.simulated.set_fault("contact-stuck-closed", "3")
    assert (await bench.tries("3")).moved == ()
    bench.hardware.bench.name_door("3", USER)
    proved = await bench.until(DoorProved)
    assert isinstance(proved, DoorProved)
    assert proved.contact is None


async def test_a_door_that_stood_open_already_is_not_proved_to_have_no_contact(bench: Bench) -> None:
    bench.simulated.force("3")
    await bench.seen.until(lambda event: event == DoorSeen("3", Door.OPEN))
    assert (await bench.tries("3")).moved == ()
    bench.hardware.bench.name_door("3", USER)
    assert bench.hardware.bench.trial is not None
    assert "said open before the pulse" in str(bench.hardware.bench.trial.fault)
    assert not bench.hardware.bench.proofs


async def test_another_door_that_is_shut_meanwhile_does_not_keep_a_trial_from_its_end(bench: Bench) -> None:
    bench.simulated.force("4")
    await bench.seen.until(lambda event: event == DoorSeen("4", Door.OPEN))
    await bench.tries("1")
    bench.hardware.bench.name_door("1", USER)
    await bench.shuts("4")
    bench.simulated.push_shut("1")
    proved = await bench.until(DoorProved)
    assert isinstance(proved, DoorProved)
    assert proved.compartment == "1"


async def test_no_lock_is_pulsed_and_no_address_asked_once_the_commission_is_over(bench: Bench) -> None:
    search = bench.hardware.bench.search("left")
    bench.hardware.try_lock("4", 1)
    bench.hardware.stop_trying()
    assert search.over.is_set()
    assert search.fault == "the commission ended"
    asked = search.asked
    await bench.opens("1")
    assert search.asked == asked
    assert bench.hardware.bench.trial is not None
    assert bench.hardware.bench.trial.state is TrialState.FAILED
    assert bench.simulated.door("4").pulses == 0


async def test_doors_are_told_again_to_whoever_did_not_know_that_they_had_contacts(bench: Bench) -> None:
    await bench.proves("1")
    before = len(bench.seen.events)
    bench.hardware.tell_doors()
    await bench.seen.until(lambda event: event == DoorSeen("1", Door.SHUT), after=before)


async def test_a_lock_that_opens_nothing_proves_nothing(bench: Bench) -> None:
    bench.simulated.jam("3")
    await bench.tries("3")
    bench.hardware.bench.name_door(None, USER)
    assert bench.hardware.bench.trial is not None
    assert bench.hardware.bench.trial.state is TrialState.FAILED
    with pytest.raises(CannotProve, match="no compartment is proved"):
        await bench.makes_map(partial=True)


async def test_a_door_that_is_not_shut_again_is_not_proved(bench: Bench) -> None:
    await bench.tries("1")
    bench.hardware.bench.name_door("1", USER)
    assert not bench.hardware.bench.proofs
    with pytest.raises(CannotProve, match="6 compartments are not proved"):
        await bench.makes_map()


async def test_boards_are_found_on_their_line(bench: Bench) -> None:
    search = bench.hardware.bench.search("left", last_address=3)
    with pytest.raises(CannotProve, match="under way"):
        bench.hardware.bench.search("right")
    async with asyncio.timeout(LIMIT_S):
        await search.over.wait()
    assert [(each.family, each.address) for each in search.found] == [("xor-bcc", 1)]
    await bench.opens("1")


async def test_moved_line_cables_block_every_door_until_they_are_back(bench: Bench) -> None:
    for label in "123456":
        await bench.proves(label)
    await bench.restart(await bench.makes_map())
    bench.simulated.swap_lines("left", "right")
    mismatched = await bench.until(WiringMismatched)
    assert isinstance(mismatched, WiringMismatched)
    assert mismatched.about in ("board A1", "board A2")
    assert "firmware" in mismatched.reason
    await bench.seen.until(lambda event: event == DoorSeen("1", Door.UNKNOWN))
    before = len(bench.seen.events)
    bench.hardware.unlock("1", 1)
    refused = await bench.until(PulseNotSent, after=before)
    assert isinstance(refused, PulseNotSent)
    assert "not the board that was proved" in refused.reason
    assert all(view.state == "shut" for view in bench.simulated.doors().values())
    before = len(bench.seen.events)
    bench.simulated.swap_lines("left", "right")
    for board in ("board A1", "board A2"):
        await bench.seen.until(lambda event, board=board: event == WiringMatched(board), after=before)  # type: ignore[misc]  # the default binds it
    await bench.opens("1")


async def test_a_replaced_board_opens_nothing_until_it_is_proved(bench: Bench) -> None:
    for label in "123":
        await bench.proves(label)
    proof = await bench.makes_map(partial=True)
    await bench.hardware.use(proof)
    bench.hardware.bench.forget()
    bench.simulated.replace_board("A1", 0xB7)
    await bench.until(WiringMismatched)
    before = len(bench.seen.events)
    bench.hardware.unlock("2", 1)
    await bench.until(PulseNotSent, after=before)
    bench.hardware.unlock("4", 2)
    await bench.until(PulseSent, after=before)
    await bench.shuts("4")
    for label in "123":
        await bench.proves(label)
    await bench.hardware.use(await bench.makes_map(proof, partial=True))
    await bench.opens("2")
