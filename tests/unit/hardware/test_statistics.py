"""How lines and boards do, told of a simulated automat behind real ptys."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from locker.domain.events import PartLost, PartRestored, PulseRefused, PulseSent
from locker.hardware.statistics import HardwareLines
from locker.lines import BoardOfLine, LineOfBoards
from simulator.plan import plan_of
from tests.unit.hardware import test_hardware, test_lines
from tests.unit.hardware.test_hardware import LIMIT_S, Rig
from tests.unit.hardware.test_lines import rig_of

rig = test_hardware.rig
two_boards = test_lines.two_boards


def board(lines: HardwareLines, name: str) -> BoardOfLine:
    return next(each for line in lines.boards() for each in line.boards if each.name == name)


def only(lines: HardwareLines) -> LineOfBoards:
    (line,) = lines.boards()
    return line


async def until_read(rig: Rig, true: Callable[[], bool]) -> None:
    """Wait until something is true, looking after each reading of the line."""
    read = asyncio.Event()
    (line,) = rig.hardware._lines.values()
    line.on_read = read.set
    async with asyncio.timeout(LIMIT_S):
        while not true():
            read.clear()
            await read.wait()


async def test_a_line_that_works_is_told_with_its_rates_and_round_trips(rig: Rig) -> None:
    lines = rig.hardware.lines()
    await until_read(rig, lambda: only(lines).exchanges_per_s > 0)
    line = only(lines)
    assert (line.name, line.port, line.baud) == ("locks", str(rig.simulated.port("locks")), 9600)
    assert (line.is_open, line.problem, line.errors) == (True, None, {})
    assert line.answered >= 2
    assert line.sent - line.answered in (0, 1)
    assert line.frames_per_s > line.exchanges_per_s > 0
    assert len(line.round_trips_ms) == min(60, line.answered)
    assert all(1 < trip_ms < 1000 for trip_ms in line.round_trips_ms)
    (one,) = line.boards
    assert (one.name, one.family, one.address) == ("A", "xor-bcc", 1)
    assert (one.is_lost, one.mismatch, one.errors) == (False, None, {})
    assert one.polls >= one.answered >= 2
    assert one.last_answer_s is not None
    assert one.last_answer_s < LIMIT_S


async def test_a_silent_board_is_told_lost_with_its_errors_and_the_other_is_not(two_boards: Rig) -> None:
    await two_boards.hardware.start()
    lines = two_boards.hardware.lines()
    two_boards.simulated.set_fault("dead-board", "A2", True)
    await two_boards.seen.until(lambda event: isinstance(event, PartLost))
    lost, working = board(lines, "A2"), board(lines, "A1")
    assert (lost.is_lost, working.is_lost) == (True, False)
    assert lost.errors["no-answer"] >= 2
    assert working.errors == {}
    # A reading is asked twice before it is given up: the line counts each attempt.
    assert only(lines).errors["no-answer"] > lost.errors["no-answer"]


async def test_garbage_on_a_line_is_told_as_garbled(rig: Rig) -> None:
    lines = rig.hardware.lines()
    rig.simulated.set_fault("wrong-checksum", "A", True)
    await rig.seen.until(lambda event: isinstance(event, PartLost))
    assert only(lines).errors["garbled"] >= 1


async def test_a_line_that_is_unplugged_says_why_and_counts_how_it_went(rig: Rig) -> None:
    lines = rig.hardware.lines()
    rig.simulated.unplug("locks")
    await rig.seen.until(lambda event: isinstance(event, PartLost) and event.part == "line locks")
    line = only(lines)
    assert not line.is_open
    assert line.problem is not None
    assert line.errors["port-lost"] == 1
    before = len(rig.seen.events)
    rig.simulated.replug("locks")
    await rig.seen.until(
        lambda event: isinstance(event, PartRestored) and event.part == "line locks", after=before
    )
    assert (only(lines).is_open, only(lines).problem) == (True, None)


async def test_a_refused_pulse_is_counted(tmp_path: Path) -> None:
    plan = replace(plan_of(4), displays=(), keypads=())
    plan = replace(plan, boards=tuple(replace(each, family="wkly") for each in plan.boards))
    two = await rig_of(plan, tmp_path)
    await two.hardware.start()
    two.simulated.set_fault("duty-cycle", plan.boards[0].id, 15.0)
    two.hardware.unlock("2", 1)
    await two.seen.until(lambda event: event == PulseSent("2", 1))
    two.hardware.unlock("2", 2)
    await two.seen.until(lambda event: isinstance(event, PulseRefused))
    assert only(two.hardware.lines()).errors == {"refused": 1}
    assert board(two.hardware.lines(), plan.boards[0].id).errors == {"refused": 1}
    await two.hardware.stop()
    await two.simulated.stop()


async def test_the_ports_of_keypads_and_displays_are_told_open_or_why_not(rig: Rig) -> None:
    lines = rig.hardware.lines()
    keypad, display = lines.peripherals()
    assert (keypad.what, keypad.name, keypad.family) == ("keypad", "front", "serial-ascii")
    assert (display.what, display.name, display.family) == ("display", "front", "cd5220")
    assert keypad.is_open
    assert display.is_open
    rig.simulated.unplug("display-front")
    rig.simulated.unplug("keypad-front")
    await rig.seen.until(lambda event: isinstance(event, PartLost) and event.part == "display front")
    _, display = lines.peripherals()
    assert not display.is_open
    assert display.problem is not None
