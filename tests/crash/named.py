"""Every story of the simulator, killed at every step that it comes by, and brought to an end afterwards.

`python -m tests.crash.named` plays them without a kill and writes down which steps each of them passes.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from locker.errors import LockerError
from simulator.broker import BrokerError
from simulator.daemon import DaemonError
from simulator.stock import Stock
from simulator.stories.stage import StoryFailedError
from simulator.stories.story import Story
from tests.crash.epilogue import finish
from tests.crash.nursery import Nursery
from tests.crash.stand import TOLD_MOST, HangsError, Stand, limited, opened
from tests.crash.steps import LETTERS, Doom, Point, Step
from tests.crash.tales import TALES

STEPS = Path(__file__).with_name("steps.json")
NEVER = Doom(Step("epoch.started", Point.BEFORE_COMMIT), 1000)
STORY_LIMIT_S, CASE_LIMIT_S = 90.0, 400.0
TROUBLES = (
    StoryFailedError,
    DaemonError,
    BrokerError,
    LockerError,
    TimeoutError,
    ValueError,
    RuntimeError,
    OSError,
)
FIRST_START = "first-start"
OF_A_START = ("~start", "started", "epoch.started")
"""Kinds of steps that the start of a daemon passes: it dies there instead of becoming ready."""
OF_A_STOP = ("~stop", "stopped")
"""Kinds of steps that only a daemon passes that is asked to end."""

Steps = Mapping[str, Mapping[str, str]]
"""By story and kind: the letters of the points that it passes."""


@dataclass(frozen=True)
class Case:
    """One kill at one named step."""

    story: str
    doom: Doom

    def __str__(self) -> str:
        return f"{self.story}, {self.doom.step}" + (f", {self.doom.nth}" if self.doom.nth > 1 else "")


@dataclass(frozen=True)
class Outcome:
    """What came of a case; `reached`: the daemon really died there; the rest as of a life."""

    kills: int
    reached: bool
    returns: int
    proved: int
    codes: Mapping[str, int]
    findings: tuple[str, ...]


def known_steps() -> Steps:
    """Read which steps each story passes."""
    found: Steps = json.loads(STEPS.read_text(encoding="utf-8"))
    return found


def all_cases(steps: Steps) -> Iterator[Case]:
    """Give every step of every story once."""
    for story, kinds in steps.items():
        for kind, letters in kinds.items():
            for letter in letters:
                yield Case(story, Doom(Step(kind, LETTERS[letter])))


async def kill_at(nursery: Nursery, stock: Stock, case: Case, seed: int) -> Outcome:
    """Play a story until its daemon dies at the step, start it again, and bring everything to an end."""
    story, starts = TALES[case.story], case.doom.step.kind.startswith(OF_A_START)
    first = case.doom if case.story == FIRST_START else None
    nursery.doom = None if starts else case.doom
    try:
        async with opened(nursery, stock, seed=seed, story=story, from_the_start=first) as stand:
            witness, reached = stand.witness, False
            with contextlib.suppress(HangsError):
                async with limited(witness, CASE_LIMIT_S, "what follows that kill"):
                    reached = await _die_and_finish(stand, story, case)
            if not reached:
                return Outcome(0, False, 0, 0, stand.codes, tuple(witness.findings))
            return Outcome(
                witness.kills, True, stand.returns, stand.proved, stand.codes, tuple(witness.findings)
            )
    finally:
        nursery.doom = nursery.stillborn = None


async def _die_and_finish(stand: Stand, story: Story, case: Case) -> bool:
    """Do what `kill_at` promises; false if the daemon never came to that step."""
    nursery, witness = stand.nursery, stand.witness
    starts = case.doom.step.kind.startswith(OF_A_START)
    if case.story == FIRST_START:
        await stand.kill()
    elif starts:
        await _play_a_while(stand, story)
        await stand.kill()
        stand.be_stillborn(doom=case.doom)
    elif not await _play_until_death(stand, story, stops=case.doom.step.kind in OF_A_STOP):
        return False
    else:
        witness.kills += 1
        await stand.demo.kill_daemon()
    nursery.doom = None if not starts else nursery.doom
    try:
        await finish(stand)
    except TROUBLES as error:
        witness.find(f"after the kill: {type(error).__name__} {str(error)[:TOLD_MOST]}")
    return True


async def _play_until_death(stand: Stand, story: Story, *, stops: bool) -> bool:
    """Play a story; true as soon as the daemon has died at its step, false if it never did."""
    dead = asyncio.create_task(_see_unasked_end(stand))
    playing = asyncio.create_task(_play_to_the_end(stand, story) if stops else _play(stand, story))
    try:
        await asyncio.wait({dead, playing}, timeout=STORY_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        return dead.done()
    finally:
        for task in (dead, playing):
            task.cancel()
        await asyncio.gather(dead, playing, return_exceptions=True)


async def _see_unasked_end(stand: Stand) -> None:
    await stand.witness.died.wait()


async def _play(stand: Stand, story: Story) -> None:
    with contextlib.suppress(*TROUBLES):
        await story.play(stand.stage)
    # A story may fail a moment before the end of the daemon is known, because of that very end.
    await asyncio.sleep(0.5)


async def _play_to_the_end(stand: Stand, story: Story) -> None:
    """Play a story, and end the daemon as systemd does."""
    await _play(stand, story)
    stand.witness.stopping = True
    with contextlib.suppress(*TROUBLES):
        await stand.demo.stop_daemon()
    stand.witness.stopping = False


async def _play_a_while(stand: Stand, story: Story) -> None:
    """Play about half of a story."""
    playing = asyncio.create_task(_play(stand, story))
    await asyncio.wait({playing}, timeout=stand.dice.uniform(0.0, 3.0))
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)


# -- which steps there are


async def list_steps(nursery: Nursery, stock: Stock, name: str) -> dict[str, str]:
    """Play a story without a kill; which points of each kind were passed."""
    story = TALES[name]
    with tempfile.NamedTemporaryFile(prefix="steps-") as made:
        nursery.passed = Path(made.name)
        try:
            never = NEVER if name == FIRST_START else None
            async with opened(nursery, stock, seed=1, story=story, from_the_start=never) as stand:
                await story.play(stand.stage)
                await stand.demo.stop_daemon()
        finally:
            nursery.passed = None
        passed = {Step.read(line) for line in made.read().decode().splitlines()}
    return {
        kind: "".join(letter for letter, point in LETTERS.items() if Step(kind, point) in passed)
        for kind in sorted({step.kind for step in passed})
    }


async def _list(names: Sequence[str], jobs: int) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    left = list(names)

    async def work(stock: Stock) -> None:
        async with Nursery() as nursery:
            while left:
                name = left.pop(0)
                try:
                    found[name] = await list_steps(nursery, stock, name)
                except TROUBLES as error:
                    sys.stderr.write(f"{name}: {error}\n")

    with tempfile.TemporaryDirectory(prefix="stock-") as shelf:
        await asyncio.gather(*(work(Stock(Path(shelf, str(job)))) for job in range(jobs)))
    return {name: found[name] for name in sorted(found)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write down the steps of all stories, or of those that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.named", description=__doc__)
    parser.add_argument("stories", nargs="*", metavar="STORY", help="all of them, if none is named")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args(arguments)
    names = chosen.stories or list(TALES)
    found = asyncio.run(_list(names, chosen.jobs))
    known = dict(known_steps()) if STEPS.exists() and chosen.stories else {}
    known.update(found)
    STEPS.write_text(_written(known), encoding="utf-8")
    sys.stdout.write(f"{len(known)} stories, {len(list(all_cases(known)))} steps\n")
    return 0 if len(found) == len(names) else 1


def _written(steps: Steps) -> str:
    """Write a line for each story."""
    lines = [
        f"{json.dumps(name)}: {json.dumps(kinds, sort_keys=True)}" for name, kinds in sorted(steps.items())
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
