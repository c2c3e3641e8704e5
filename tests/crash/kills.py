"""The kill loop: the real daemon on real ptys, with a real broker and a back office, under SIGKILL.

Some of the kills come at named steps of the flows, the others at random moments. A seed fixes what people do,
when they are cut short and which steps are chosen; a process under a real clock is never quite the same
twice, so a finding is replayed by its command until it shows again.
"""

import argparse
import asyncio
import ctypes
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulator.stock import Stock
from tests.crash.doomed import PR_SET_PDEATHSIG
from tests.crash.life import live
from tests.crash.named import Case, all_cases, kill_at, known_steps
from tests.crash.nursery import Nursery
from tests.crash.saboteurs import SABOTEURS
from tests.crash.stand import opened
from tests.crash.steps import Doom, Step

KILLS_A_LIFE = 40
CASES_A_BATCH = 10
NAMED_SHARE = 0.4
AUTOMATS_A_JOB = 3
"""So many at once keep one core busy: people and doors take their time."""
TRIES = 3
"""How often a case is played until its step is reached: what the link does is a matter of moments."""
COMMAND = "python -m tests.crash.kills"


@dataclass(frozen=True)
class Finding:
    """What was wrong, and the command that plays it again."""

    seed: int
    what: str
    replay: str


@dataclass
class Tally:
    """What was done, and what was found."""

    kills: int = 0
    random_kills: int = 0
    named_kills: int = 0
    steps_reached: int = 0
    steps_missed: int = 0
    lives: int = 0
    starts: int = 0
    doors: int = 0
    entries: int = 0
    codes_opened: int = 0
    codes_excused: int = 0
    codes_dead: int = 0
    processor_s: int = 0
    findings: list[Finding] = field(default_factory=list)

    def count_codes(self, codes: Mapping[str, int]) -> None:
        """Count what became of codes that somebody typed after a kill."""
        self.codes_opened += codes.get("opened", 0)
        self.codes_excused += codes.get("excused", 0)
        self.codes_dead += codes.get("dead", 0)

    def add(self, other: "Tally") -> None:
        """Count in what somebody else did."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True)
class Work:
    """What one worker does in one go: a life, or some named cases."""

    seed: int
    kills: int
    cases: tuple[Case, ...] = ()
    sabotage: tuple[str, ...] = ()


def plan(times: int, seed: int, named: float = NAMED_SHARE, sabotage: tuple[str, ...] = ()) -> list[Work]:
    """Share so many kills out; of the named steps every kind comes first, then every step, then others."""
    dice = random.Random(seed)
    cases = list(choose_cases(all_cases(known_steps()), dice))[: round(times * named)]
    batches = [
        Work(seed + start, 0, tuple(cases[start : start + CASES_A_BATCH]), sabotage)
        for start in range(0, len(cases), CASES_A_BATCH)
    ]
    left = times - len(cases)
    lives = [
        Work(seed + number, min(KILLS_A_LIFE, left - start), sabotage=sabotage)
        for number, start in enumerate(range(0, left, KILLS_A_LIFE))
    ]
    work = [*batches, *lives]
    dice.shuffle(work)
    return work


def choose_cases(cases: Iterable[Case], dice: random.Random) -> Iterator[Case]:
    """Give all cases: one of each kind, one of each step, one of each story and kind, then the others."""
    left = list(cases)
    dice.shuffle(left)
    for names in (
        lambda case: case.doom.step.kind,
        lambda case: case.doom.step,
        lambda case: (case.story, case.doom.step.kind),
    ):
        known: set[Any] = set()
        rest: list[Case] = []
        for case in left:
            if names(case) in known:
                rest.append(case)
            else:
                known.add(names(case))
                yield case
        left = rest
    yield from left


async def do(work: Work, shelf: Path) -> Tally:
    """Do one piece of work in this process; `shelf` keeps blank automats."""
    tally = Tally()
    async with Nursery(sabotage=work.sabotage) as nursery:
        stock = Stock(shelf)
        if work.kills:
            await _live(nursery, stock, work, tally)
        for number, case in enumerate(work.cases):
            await _kill(nursery, stock, case, work.seed + number, tally)
        tally.starts += nursery.lives
    return tally


async def _live(nursery: Nursery, stock: Stock, work: Work, tally: Tally) -> None:
    outcome = await live(nursery, stock, seed=work.seed, kills=work.kills)
    tally.lives += 1
    tally.kills += outcome.kills
    tally.random_kills += outcome.kills
    tally.doors += outcome.doors
    tally.entries += outcome.entries
    tally.count_codes(outcome.codes)
    replay = f"{COMMAND} --life {work.seed} --times {work.kills}{_lacking(work.sabotage)}"
    tally.findings += [Finding(work.seed, what, replay) for what in outcome.findings]


async def _kill(nursery: Nursery, stock: Stock, case: Case, seed: int, tally: Tally) -> None:
    for attempt in range(TRIES):
        outcome = await kill_at(nursery, stock, case, seed + attempt)
        tally.lives += 1
        tally.kills += outcome.kills
        tally.named_kills += outcome.kills
        tally.count_codes(outcome.codes)
        replay = f"{COMMAND} --case '{case.story}' --step '{case.doom.step}' --seed {seed}"
        replay += _lacking(nursery.sabotage)
        tally.findings += [Finding(seed, f"{case}: {what}", replay) for what in outcome.findings]
        if outcome.reached:
            tally.steps_reached += 1
            return
    tally.steps_missed += 1


def _lacking(sabotage: Sequence[str]) -> str:
    return "".join(f" --sabotage {name}" for name in sabotage)


def run(work: Sequence[Work], jobs: int, *, until_found: bool = False, minutes: float = 0.0) -> Tally:
    """Do all of it in so many jobs, telling of each finding; or until something is found."""
    tally, began_s = Tally(), time.monotonic()
    if not work:
        return tally
    # Threads of this process must not be copied into the workers.
    context = multiprocessing.get_context("spawn")
    workers = max(1, min(len(work), jobs * AUTOMATS_A_JOB))
    with (
        tempfile.TemporaryDirectory(prefix="stock-") as shelf,
        ProcessPoolExecutor(workers, context, initializer=_tie, initargs=(os.getpid(),)) as pool,
    ):
        asyncio.run(_fill(Path(shelf)))
        waiting = {pool.submit(_in_worker, each, Path(shelf)) for each in work}
        for done in as_completed(list(waiting)):
            tally.add(done.result())
            late = minutes and time.monotonic() - began_s > minutes * 60
            waiting.remove(done)
            if late or (until_found and tally.findings):
                pool.shutdown(cancel_futures=True)  # what has begun ends, and counts
                break
        for done in waiting:
            if not done.cancelled() and done.done():
                tally.add(done.result())
    return tally


def twin(name: str, seed: int) -> Work:
    """Give the work that shows what a safeguard is for: the daemon lacks it, and dies where it matters."""
    saboteur = SABOTEURS[name]
    case = Case(saboteur.story, Doom(Step.read(saboteur.step)))
    return Work(seed, 0, (case,), (name,))


def _twins(seed: int, jobs: int) -> int:
    """Kill a daemon without each of the safeguards; 0 if every one of them is missed."""
    began_s = time.monotonic()
    tally = run([twin(name, seed) for name in SABOTEURS], jobs)
    caught = {name for name in SABOTEURS if any(f" {name}" in found.replay for found in tally.findings)}
    seconds = time.monotonic() - began_s
    sys.stdout.write(f"sabotage: {len(caught)} of {len(SABOTEURS)} caught, {seconds:.0f} s\n")
    for name in SABOTEURS.keys() - caught:
        sys.stdout.write(f"NOT CAUGHT {name}: {SABOTEURS[name].about}\n")
    return 0 if len(caught) == len(SABOTEURS) else 1


def _tie(parent: int) -> None:
    """End with whoever gave the work, and with us everything that we start."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


async def _fill(shelf: Path) -> None:
    """Make the blank automat that all others are copies of."""
    async with Nursery() as nursery, opened(nursery, Stock(shelf), seed=0):
        pass


def _in_worker(work: Work, shelf: Path) -> Tally:
    try:
        tally = asyncio.run(do(work, shelf))
    except Exception as error:  # noqa: BLE001 - whatever it is, the others go on and this one is told
        replay = f"{COMMAND} --life {work.seed} --times {work.kills}" if work.kills else str(work.cases[0])
        tally = Tally(findings=[Finding(work.seed, f"the stand failed: {error!r}", replay)])
    for finding in tally.findings:
        sys.stdout.write(f"FOUND {finding.what}\n      {finding.replay}\n")
        sys.stdout.flush()
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill so often; 0 if nothing was wrong."""
    chosen = _parser().parse_args(arguments)
    began_s = time.monotonic()
    sabotage = tuple(chosen.sabotage)
    if chosen.twins:
        return _twins(chosen.seed, chosen.jobs)
    if chosen.life is not None:
        work = [Work(chosen.life, chosen.times, sabotage=sabotage)]
    elif chosen.case is not None:
        step = Step.read(chosen.step) if chosen.step else None
        cases = (
            [
                case
                for case in all_cases(known_steps())
                if case.story == chosen.case and step in (None, case.doom.step)
            ]
            or [Case(chosen.case, Doom(step))]
            if step
            else []
        )
        work = [Work(chosen.seed, 0, tuple(cases), sabotage)]
    else:
        work = plan(chosen.times, chosen.seed, chosen.named, sabotage)
    tally = run(work, chosen.jobs, until_found=bool(sabotage), minutes=chosen.minutes)
    seconds = time.monotonic() - began_s
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    tally.processor_s = round(used.ru_utime + used.ru_stime)
    sys.stdout.write(
        f"kills: {tally.kills} ({tally.named_kills} at named steps, {tally.random_kills} at random moments), "
        f"{tally.starts} starts, {tally.doors} doors, {tally.entries} entries, {tally.lives} automats, "
        f"{tally.codes_opened} right codes opened and {tally.codes_excused} were told why not, "
        f"{tally.codes_dead} dead ones opened nothing, "
        f"{tally.steps_missed} steps not reached, {len(tally.findings)} findings, "
        f"{seconds:.0f} s, {tally.processor_s} s of processor, "
        f"{tally.kills / seconds * 60:.0f} kills a minute, seed {chosen.seed}\n"
    )
    if chosen.json is not None:
        told = asdict(tally)
        findings = told.pop("findings")
        page = {"name": "kills", "ran": told, "seconds": round(seconds, 1), "seed": chosen.seed}
        chosen.json.write_text(json.dumps({**page, "findings": findings}, indent=1) + "\n", encoding="utf-8")
    return 1 if tally.findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--times", type=int, default=500, metavar="N", help="so many kills in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help=f"cores: {AUTOMATS_A_JOB} automats for each")
    parser.add_argument("--named", type=float, default=NAMED_SHARE, help="the share of kills at named steps")
    parser.add_argument(
        "--minutes", type=float, default=0.0, help="begin nothing new after that; 0: no limit"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what ran and what was found")
    parser.add_argument("--life", type=int, metavar="SEED", help="play one life again")
    parser.add_argument("--case", metavar="STORY", help="kill at the steps of one story")
    parser.add_argument("--step", metavar="'KIND: POINT'", help="... at this one")
    parser.add_argument("--twins", action="store_true", help="kill daemons that lack a safeguard each")
    parser.add_argument(
        "--sabotage", action="append", default=[], choices=sorted(SABOTEURS), help="lack this"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
