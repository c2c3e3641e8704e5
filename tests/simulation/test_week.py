"""A week from a seed: the same twice, kept promises, and rest that changes nothing."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from simulator.events import SimulatorEvent, WireBytes
from simulator.virtual_loop import run
from simulator.week.settling import settle
from simulator.week.troubles import KINDS
from simulator.week.week import Outcome, Settings, Week, live
from tests.simulation.bringing import bring

DAY = Settings(seed=3, days=1.5, parcels_a_day=6.0)

pytestmark = pytest.mark.timeout(900)


def kept(outcome: Outcome) -> bool:
    """Whether every promise was kept; else pytest shows what was not, and the last of the trace."""
    assert outcome.broken is None, "\n".join([outcome.broken, *outcome.trace[-40:]])
    return True


def test_a_day_with_people_and_troubles_keeps_every_promise_and_is_the_same_again() -> None:
    outcome, again = live(DAY), live(DAY)
    assert kept(outcome)
    assert outcome.counts["parcel.stored"] >= 1
    assert outcome.counts["parcel.handed-over"] >= 1
    assert (outcome.hash, outcome.lines) == (again.hash, again.lines)


def test_what_nobody_fetches_in_time_expires_then_and_goes_back() -> None:
    outcome = live(Settings(seed=2, days=10.0, parcels_a_day=2.0, kept=()))
    assert kept(outcome)
    assert outcome.counts["parcel.overdue"] >= 1, "else nothing is shown of storage times"
    assert outcome.counts["parcel.reminder"] >= 2
    assert outcome.counts["parcel.removed"] >= 1


def test_another_seed_is_another_day() -> None:
    assert live(Settings(4, days=0.2)).hash != live(Settings(5, days=0.2)).hash


def test_the_order_of_sets_does_not_matter() -> None:
    code = (
        "import logging; logging.disable(); from simulator.week.week import Settings, live;"
        "print(live(Settings(seed=3, days=0.2, parcels_a_day=9.0)).hash)"
    )
    environments = [{**os.environ, "PYTHONHASHSEED": seed} for seed in ("0", "7")]
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for environment in environments
    }
    assert len(hashes) == 1


async def visited(directory: Path, *, skips: bool) -> list[tuple[str, str | None]]:
    """Let a courier bring two parcels, and their recipients collect them; the entries of it."""
    week = Week(Settings(3, kept=(), skips=skips), directory)
    async with week.begun():
        people = week.people
        await bring(week, "S", "M")
        for person in list(people.waiting.values()):
            await week.do(people.visit("a recipient", partial(people.collect, person)))
            await week.pause(10.0)
        week.check()
    return [(entry.kind, entry.subject) for entry in week.witness.entries.values()]


def test_lines_that_rest_while_nothing_moves_change_no_entry(tmp_path: Path) -> None:
    resting = run(visited(tmp_path / "resting", skips=True))
    polling = run(visited(tmp_path / "polling", skips=False))
    assert sum(kind == "parcel.handed-over" for kind, _ in resting) == 2
    assert resting == polling


async def left_open(directory: Path, *, skips: bool) -> tuple[list[tuple[str, str | None]], int]:
    """Force two doors on a slow line of four boards, and shut them later; the entries, the bytes on wires."""
    week = Week(Settings(16, kept=(), skips=skips), directory)
    passed = 0

    def count(event: SimulatorEvent) -> None:
        nonlocal passed
        passed += len(event.data) if isinstance(event, WireBytes) else 0

    async with week.begun():
        automat = week.stand.automat
        labels = [week.stand.plan.compartments[0].label, week.stand.plan.compartments[-1].label]
        week.stand.automat.subscribe(count)
        for label in labels:
            automat.force(label)
        await week.pause(300.0)
        for label in labels:
            automat.push_shut(label)
        await week.pause(10.0)
        week.check()
    return [(entry.kind, entry.subject) for entry in week.witness.entries.values()], passed


def test_a_slow_line_rests_too_while_doors_stand_open_and_changes_no_entry(tmp_path: Path) -> None:
    resting, little = run(left_open(tmp_path / "resting", skips=True))
    polling, much = run(left_open(tmp_path / "polling", skips=False))
    assert [kind for kind, _ in resting].count("door.closed") == 2
    assert resting == polling
    assert little * 10 < much


async def guessed_right(directory: Path) -> Week:
    """Let somebody guess the code of a parcel, and leave its door open with the parcel in it."""
    week = Week(Settings(3, kept=()), directory)
    async with week.begun():
        people = week.people
        await bring(week, "S")
        (person,) = people.waiting.values()
        await week.do(people.visit("a guesser", partial(people.try_code, person.code, within_s=3.0)))
        await settle(week)
    return week


def test_whoever_guesses_a_code_is_its_recipient(tmp_path: Path) -> None:
    week = run(guessed_right(tmp_path))
    (receipt,) = [each for each in week.witness.entries.values() if each.kind == "parcel.handed-over"]
    assert receipt.subject is not None


@pytest.mark.parametrize("seed", [14, 21])
def test_power_cuts_at_entries_lose_nothing(seed: int) -> None:
    outcome = live(Settings(seed, days=2.0, parcels_a_day=6.0, cuts_a_day=6.0))
    assert kept(outcome)
    assert outcome.starts > 4


def test_the_command_writes_what_ran(tmp_path: Path) -> None:
    file = tmp_path / "weeks.json"
    command = [sys.executable, "-m", "simulator.cli", "weeks", "--seeds", "1-2", "--days", "0.1"]
    done = subprocess.run(
        [*command, "--json", str(file)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads(file.read_text())
    assert written["ran"]["weeks"] == 2
    assert written["findings"] == []


def test_spans_of_seeds_are_read_strictly() -> None:
    command = [sys.executable, "-m", "simulator.cli", "weeks", "--seeds", "9-1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is no span of seeds" in done.stderr


def test_over_a_handful_of_seeds_every_trouble_comes_and_every_promise_is_kept() -> None:
    weeks = [live(Settings(seed, days=0.25, parcels_a_day=10.0, troubles=60)) for seed in (2, 17)]
    assert all(kept(week) for week in weeks)
    assert {kind for week in weeks for kind in week.caused} == set(KINDS)
    assert sum(week.ended_on_purpose for week in weeks) > 0
    assert sum(week.stays_in_safe_mode for week in weeks) > 0
