"""A handful of kills; that no step of a flow is forgotten. `python -m tests.crash.kills` does the rest."""

import asyncio
import json
import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from locker.domain.journal import EntryKind
from simulator.stock import Stock
from tests.crash.book import Book, Doors, Pulsed
from tests.crash.kills import KILLS_A_CASE, choose_cases, do, main, plan, twin
from tests.crash.life import live
from tests.crash.mother import mothered
from tests.crash.named import Case, all_cases, kill_at, known_steps
from tests.crash.nursery import Forked, Nursery
from tests.crash.steps import OF_EVERY_ENTRY, Doom, Point, Step, Watch
from tests.crash.tales import TALES

pytestmark = [pytest.mark.broker, pytest.mark.timeout(240)]

LAST_OF_ALL = {"stopped"}
"""After this one the process ends by itself, before anybody could be shown anything."""


@pytest.fixture(scope="module")
def mother() -> Iterator[Path]:
    """Have a mother of nurseries for all."""
    with tempfile.TemporaryDirectory(prefix="mother-") as made, mothered(Path(made, "mother")):
        yield Path(made, "mother")


@pytest.fixture
async def nursery(mother: Path) -> AsyncIterator[Nursery]:
    """Give forks of one daemon."""
    async with Nursery(mother=mother) as nursery:
        yield nursery


def test_every_kind_of_entry_has_its_named_steps() -> None:
    listed = {case.doom.step for case in all_cases(known_steps())}
    wanted = {
        Step(str(kind), point)
        for kind in EntryKind
        for point in OF_EVERY_ENTRY
        if not (kind in LAST_OF_ALL and point is Point.SHOWN)
    }
    assert sorted(map(str, wanted - listed)) == []


def test_entering_reading_and_leaving_safe_mode_have_their_named_steps() -> None:
    listed = {case.doom.step for case in all_cases(known_steps())}
    deeds = ("entered", "ready", "read", "left", "told")
    assert {
        Step(f"~safe-mode {deed}", point) for deed in deeds for point in (Point.BEFORE, Point.AFTER)
    } <= listed


def test_every_story_is_listed() -> None:
    assert sorted(known_steps()) == sorted(TALES)


def test_one_step_of_every_kind_is_chosen_before_a_second_of_any() -> None:
    cases = list(all_cases(known_steps()))
    kinds = {case.doom.step.kind for case in cases}
    chosen = list(choose_cases(cases, random.Random(7)))
    assert {case.doom.step.kind for case in chosen[: len(kinds)]} == kinds
    assert sorted(map(str, chosen)) == sorted(map(str, cases))


def test_so_many_kills_as_asked_for_are_planned(tmp_path: Path) -> None:
    work = plan(500, 3)
    cases = [each for each in work if each.case is not None]
    assert sum(each.kills for each in work) + KILLS_A_CASE * len(cases) == 500
    assert work == plan(500, 3)


def test_what_ran_is_written_down(tmp_path: Path) -> None:
    page = tmp_path / "kills.json"
    assert main(["--times", "0", "--seed", "7", "--json", str(page)]) == 0
    told = json.loads(page.read_text(encoding="utf-8"))
    assert (told["name"], told["seed"], told["ran"]["kills"], told["findings"]) == ("kills", 7, 0, [])


def test_a_step_is_doomed_once_it_is_armed() -> None:
    died: list[Step] = []
    armed = False
    step = Step("parcel.stored", Point.BEFORE_COMMIT)
    watch = Watch(Doom(step, 2), lambda: died.append(step), None, lambda: armed)
    watch.reach(["parcel.stored"], Point.BEFORE_COMMIT)
    armed = True
    watch.reach(["door.closed", "parcel.stored"], Point.BEFORE_COMMIT)
    watch.reach(["parcel.stored"], Point.IN_COMMIT)
    assert not died
    watch.reach(["parcel.stored"], Point.BEFORE_COMMIT)
    assert died == [step]


def test_a_pulse_without_an_intent_is_found() -> None:
    found: list[str] = []
    Book(found.append).match([Pulsed("7", 100.0, quiet=False)])
    assert found == ["lock 7 was pulsed, and no entry in the journal says that it was to be"]


def test_a_door_that_was_shut_before_it_opened_is_no_evidence() -> None:
    doors = Doors()
    doors.note("7", 10.0, "shut")
    doors.note("7", 11.0, "ajar")
    assert doors.between("7", 9.0, 12.0) == (True, False)


def test_a_door_is_shut_for_its_contact_before_the_latch_has_caught() -> None:
    doors = Doors()
    doors.note("7", 10.0, "unlatched")
    doors.note("7", 10.02, "ajar")
    doors.note("7", 10.2, "open")
    doors.note("7", 11.0, "ajar")
    assert doors.between("7", 9.0, 11.0) == (True, False)
    doors.note("7", 11.3, "unlatched")
    doors.note("7", 11.45, "shut")
    assert doors.between("7", 9.0, 11.35) == (True, True)
    assert (doors.opened, doors.shut) == ({"7": [10.02]}, {"7": [11.3]})


def test_a_door_that_can_be_seen_gets_no_receipt_for_doors_that_cannot() -> None:
    doors = Doors()
    doors.note("7", 10.0, "open")
    doors.note("7", 11.0, "shut")
    assert [doors.stood_open("7", at_s) for at_s in (9.0, 10.5, 11.5, 13.0)] == [False, True, True, False]


@pytest.mark.parametrize(
    "step",
    [
        "lock.pulse-intended: the unlock frame has left",
        "parcel.handed-over: written, before COMMIT",
        "~start hardware: after it",
    ],
)
async def test_killed_at_a_named_step_it_proves_where_every_parcel_is(
    nursery: Nursery, tmp_path: Path, step: str
) -> None:
    case = Case("pickup", Doom(Step.read(step)))
    outcome = await kill_at(nursery, Stock(tmp_path), case, 1)
    assert (outcome.reached, outcome.findings) == (True, ())


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_daemon_whose_asker_goes_is_ended_before_the_next_one_is_started(
    nursery: Nursery, tmp_path: Path, *, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    kill = Forked.kill

    def note(forked: Forked) -> None:
        killed.append(forked.pid)
        kill(forked)

    monkeypatch.setattr(Forked, "kill", note)
    missing: tuple[Path, Path, dict[str, str]] = (tmp_path / "missing.toml", tmp_path / "log", {})
    asking = asyncio.create_task(nursery.spawn(*missing))
    await asyncio.sleep(0)
    if at_once:
        asking.cancel()
    else:  # in the very moment in which it is there
        (answer,) = nursery._asked.values()
        answer.add_done_callback(lambda _: asking.cancel())
    async with asyncio.timeout(30):
        await asyncio.wait({asking})
    assert asking.cancelled()
    assert len(killed) == 1
    assert not nursery._living
    process = await nursery.spawn(*missing)
    async with asyncio.timeout(30):
        assert await process.wait() != 0


async def test_a_kill_after_which_nothing_ends_is_a_finding_and_leaves_no_process(
    nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.crash.named.CASE_LIMIT_S", 0.0)
    case = Case("pickup", Doom(Step("parcel.stored", Point.BEFORE_COMMIT)))
    (found,) = (await kill_at(nursery, Stock(tmp_path), case, 1)).findings
    assert found.startswith("what follows that kill did not end within 0 s")


async def test_killed_at_random_moments_it_proves_where_every_parcel_is(
    nursery: Nursery, tmp_path: Path
) -> None:
    outcome = await live(nursery, Stock(tmp_path), seed=5, kills=4)
    assert outcome.findings == ()
    assert outcome.kills >= 4


@pytest.mark.parametrize("name", ["pulse-first", "fire-again", "codes-forgotten"])
async def test_a_daemon_that_lacks_a_safeguard_is_caught(name: str, tmp_path: Path) -> None:
    async with Nursery() as nursery:
        tally = await do(nursery, Stock(tmp_path), twin(name, 1))
    assert tally.findings
