"""A whole automat put into service by the real lockerctl: crossed cables, inverted contacts, moved lines."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from locker.api.client import ApiClient
from locker.api.commission_schema import CommissionBegin, CommissionDoor, CommissionTest, CommissionWrite
from locker.commands import commission
from simulator.daemon import run_command
from simulator.demo import Demo
from simulator.plan import BoardPlan, CabinetPlan, LinePlan, plan_of
from simulator.stock import Stock
from simulator.stories.stage import Stage
from simulator.transcript import Transcript

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

LIMIT_S = 30.0
INVERTED = ("2", "5")


def two_lines() -> CabinetPlan:
    """Doors 1 to 3 on line left, 4 to 6 on line right; the boards tell who they are."""
    plan = plan_of(6, boards_a_line=1, channels=3)
    boards = tuple(
        BoardPlan(name, line, 1, 24, "xor-bcc", (("edition", "kecheng"),), serial=serial)
        for name, line, serial in (("A1", "left", 0xA1), ("A2", "right", 0xA2))
    )
    boxes = tuple(replace(box, size="S") for box in plan.compartments)
    return replace(plan, boards=boards, lines=(LinePlan("left"), LinePlan("right")), compartments=boxes)


@pytest.fixture
async def stage(locker_sim_stock: Stock) -> AsyncIterator[Stage]:
    """Give an automat that was wired badly and never put into service."""
    with tempfile.TemporaryDirectory(prefix="com-", ignore_cleanup_errors=True) as made:
        demo = Demo(Path(made), plan=two_lines(), story=True, stock=locker_sim_stock)
        for label in INVERTED:
            demo.automat.set_fault("contact-inverted", label)
        demo.automat.swap_doors("1", "3", "locks")
        demo.automat.swap_doors("4", "6")
        await demo.start()
        stage = Stage(demo, Transcript(lambda: 0.0, lambda _line: None))
        try:
            yield stage
        finally:
            stage.close()
            await demo.stop()


async def ctl(stage: Stage, *arguments: str, code: int = 0) -> Any:
    """Run lockerctl with --json; return what it told."""
    ended, out, err = await run_command(
        "locker.ctl", ["--socket", str(stage.demo.socket), "--json", *arguments], limit_s=LIMIT_S
    )
    assert ended == code, (out, err)
    return json.loads(out) if out else err


def opened(stage: Stage) -> str:
    """Return the one door that stands open."""
    (label,) = [name for name, view in stage.automat.doors().items() if view.state == "open"]
    return label


async def shut(stage: Stage, label: str) -> None:
    stage.automat.push_shut(label)
    await stage.see_door(label, "shut")


async def commissioned_by_hand(stage: Stage, *by_hand: str) -> None:
    """Prove these doors by single steps of lockerctl, each a process, the others as below; write the map."""
    await ctl(stage, "commission", "begin", "--technician", "t-7")
    for tested in by_hand:
        trial = (await ctl(stage, "commission", "test", tested))["trial"]
        assert trial["stage"] == "open"
        label = opened(stage)
        stage.automat.push_shut(label)
        proved = await ctl(stage, "commission", "door", label)
        assert proved["trial"]["stage"] == "proved"
        await stage.see_door(label, "shut")
    async with ApiClient(stage.demo.socket) as client:
        await prove_others(stage, client, set(by_hand))
    written = await ctl(stage, "commission", "write")
    assert (written["under_way"], written["unproved"]) == (False, [])


async def commissioned(stage: Stage) -> None:
    """Do the same over the socket, without a process for each step."""
    async with ApiClient(stage.demo.socket) as client:
        await client.commission_step(CommissionBegin(technician="t-7"))
        await prove_others(stage, client, set())
        assert not (await client.commission_step(CommissionWrite())).under_way


async def prove_others(stage: Stage, client: ApiClient, already: set[str]) -> None:
    """Prove every other door."""
    for box in stage.demo.plan.compartments:
        if box.label in already:
            continue
        await client.commission_step(CommissionTest(compartment=box.label))
        await commission._until_moved(client)
        label = opened(stage)
        stage.automat.push_shut(label)
        await client.commission_step(CommissionDoor(compartment=label))
        await commission._until_shut(client)


async def test_steps_of_lockerctl_prove_the_wiring_and_codes_then_open_the_right_doors(stage: Stage) -> None:
    await commissioned_by_hand(stage, "1", "5")
    ended = await stage.expect_entry("commission.ended", why="written")
    assert ended.data["technician"] == "t-7"
    doors = {door["compartment"]: door for door in (await ctl(stage, "commission", "status"))["doors"]}
    assert [label for label, door in doors.items() if not door["closed_means_shut"]] == list(INVERTED)
    assert (doors["1"]["output"], doors["1"]["contact"]) == ("A1/3", "A1/1")
    assert (doors["4"]["output"], doors["4"]["contact"]) == ("A2/3", "A2/3")
    parcels = [await stage.deliver() for _ in range(6)]
    assert sorted(parcel.compartment for parcel in parcels) == list("123456")
    await stage.kill_daemon()
    await stage.start_daemon()
    for parcel in parcels:
        await stage.pick_up(parcel)
        await stage.see_display("Thank you.")
    assert await ctl(stage, "incidents") == {"incidents": []}


async def test_moved_line_cables_block_the_doors_until_they_are_back(stage: Stage) -> None:
    await commissioned(stage)
    parcel = await stage.deliver()
    pulses = {label: view.pulses for label, view in stage.automat.doors().items()}
    stage.automat.swap_lines("left", "right")
    for _ in range(2):
        await stage.expect_entry("incident.raised", incident="board-mismatch")
    await stage.type(f"C {parcel.code} OK")
    await stage.expect_entry("lock.pulse-failed", compartment=parcel.compartment)
    await stage.expect_entry("parcel.attempted", subject=parcel.tracking_id, limit_s=LIMIT_S)
    assert {label: view.pulses for label, view in stage.automat.doors().items()} == pulses
    stage.automat.swap_lines("left", "right")
    for _ in range(2):
        await stage.expect_entry("incident.cleared", incident="board-mismatch")
    await stage.type("C")
    await stage.pick_up(parcel)


async def test_a_walk_asks_and_goes_on_after_it_was_interrupted(stage: Stage) -> None:
    async with walking(stage) as walk:
        await walk.answer("Search line left", "n")
        await walk.answer("Search line right", "n")
        for _ in range(2):
            await walk.proves_one(stage)
        await walk.answer("Enter pulses", "q")
        assert await walk.end() == 1
    async with walking(stage) as walk:
        await walk.answer("Search line left", "y")
        await walk.answer("Search line right", "n")
        for _ in range(4):
            await walk.proves_one(stage)
        await walk.answer("Write the map", "")
        assert await walk.end() == 0
        assert "configured as A1" in walk.told
        assert "another contact moved" in walk.told
    assert (await ctl(stage, "status"))["commissioned"] is True


async def test_a_pulse_that_opens_another_door_blocks_both_and_gives_no_receipt(stage: Stage) -> None:
    await commissioned(stage)
    parcel = await stage.deliver()
    other = next(label for label in "1346" if label != parcel.compartment)
    stage.automat.swap_doors(parcel.compartment, other, "locks")
    await stage.type(f"C {parcel.code} OK")
    for _ in range(2):
        await stage.expect_entry("incident.raised", incident="wrong-door", limit_s=LIMIT_S)
    assert opened(stage) == other
    await shut(stage, other)
    boxes = {box["label"]: box for box in (await ctl(stage, "compartments"))["compartments"]}
    assert all(boxes[label]["blocked"] for label in (parcel.compartment, other))
    assert stage.count("parcel.handed-over") == 0


async def test_a_damaged_map_refuses_the_start_and_names_the_remedy(stage: Stage) -> None:
    await commissioned(stage)
    path = stage.demo.place.database.with_name("wiring-map.json")
    await stage.demo.stop_daemon()
    path.write_text(path.read_text().replace('"output": 3', '"output": 2'))
    arguments = ["run", "--config", str(stage.demo.place.configuration)]
    code, _, err = await run_command("locker.cli", arguments, limit_s=LIMIT_S)
    assert code == 2
    assert f"{path}: this is no whole wiring map" in err
    assert "move it away" in err


async def test_a_walk_pulses_nothing_and_skips_nothing_because_of_a_slip_of_the_keyboard(
    stage: Stage,
) -> None:
    async with walking(stage) as walk:
        for _ in stage.demo.plan.lines:
            await walk.answer("[Y/n]", "n")
        await walk.answer("6 to go", "2")
        await walk.answer("Enter pulses", "yes")
        assert not any(view.pulses for view in stage.automat.doors().values())
        await walk.answer("Enter pulses", "")
        await walk.answer("Which label", "77")
        await walk.answer("there is no compartment '77'", "")
        label = opened(stage)
        await walk.answer("Which label", label)
        await walk.answer(f"shut door {label}", "w")
        stage.automat.push_shut(label)
        await walk.answer("Write the map", "q")
        assert await walk.end() == 1
    assert f"not proved: {', '.join(sorted(set('123456') - {label}))}" in walk.told


async def test_doors_that_seem_open_are_told_before_a_pulse(stage: Stage) -> None:
    async with ApiClient(stage.demo.socket) as client:
        await client.commission_step(CommissionBegin(technician="t-7"))
    step = ["--socket", str(stage.demo.socket), "commission", "test", "6"]
    ended, _, err = await run_command("locker.ctl", step, limit_s=LIMIT_S)
    assert ended == 0
    assert "these doors stand open; shut them" in err
    assert ", ".join(INVERTED) in err
    async with walking(stage) as walk:
        for _ in stage.demo.plan.lines:
            await walk.answer("[Y/n]", "n")
        await walk.answer("these doors stand open", "q")
        assert await walk.end() == 1


class Walk:
    """A person at `lockerctl commission`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asked = ""
        self.told = ""

    async def answer(self, question: str, answer: str) -> None:
        """Wait for a question and answer it."""
        assert self._process.stderr is not None
        assert self._process.stdin is not None
        async with asyncio.timeout(LIMIT_S):
            while question not in self._asked:
                more = await self._process.stderr.read(4096)
                assert more, f"it ended and never asked {question!r}: {self._asked}"
                self._asked += more.decode()
        self._asked = self._asked.partition(question)[2]
        self._process.stdin.write(f"{answer}\n".encode())

    async def proves_one(self, stage: Stage) -> None:
        """Let one lock be pulsed, read the label on the open door, shut it."""
        await self.answer("Enter pulses", "")
        await stage.automat.until(
            lambda: any(view.state == "open" for view in stage.automat.doors().values()), LIMIT_S, "a door"
        )
        label = opened(stage)
        await self.answer("Which label", label)
        await shut(stage, label)

    async def end(self) -> int:
        """Wait for the end; return the exit code."""
        async with asyncio.timeout(LIMIT_S):
            out, _ = await self._process.communicate()
        self.told = out.decode()
        return self._process.returncode or 0


@asynccontextmanager
async def walking(stage: Stage) -> AsyncIterator[Walk]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "locker.ctl", "--socket", str(stage.demo.socket),
        "commission", "--technician", "t-7",
        stdin=pipe, stdout=pipe, stderr=pipe,
    )  # fmt: skip
    try:
        yield Walk(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
