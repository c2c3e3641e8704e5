"""The kill loop: the real daemon on real ptys, with a real broker and a back office, under SIGKILL.

Some of the kills come at named steps of the flows, the others at random moments. A seed fixes what people do,
when they are cut short and which steps are chosen; a process under a real clock is never quite the same
twice, so a finding is replayed by its command until it shows again.
"""

import argparse
import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from simulator.stock import Stock
from tests.crash.crew import Crew, Deed, Lost, Told
from tests.crash.life import live
from tests.crash.mother import mothered
from tests.crash.named import Case, all_cases, kill_at, known_steps
from tests.crash.nursery import Nursery
from tests.crash.saboteurs import SABOTEURS
from tests.crash.stand import opened
from tests.crash.steps import Doom, Step
from tests.crash.tales import TALES

KILLS_A_LIFE, LIFE_LEAST, LIVES_MOST = 40, 10, 15
"""Lives are long, but for few kills there are several of them nevertheless."""
NAMED_SHARE = 0.4
KILLS_A_CASE = 1.5
"""At a named step it takes so many, more or less: some have to be prepared by one, or are tried again."""
AUTOMATS_A_JOB = 8
"""So many at once keep one core busy: people and doors take their time."""
TRIES = 3
"""How often a case is played until its step is reached: what the link does is a matter of moments."""
GRACE_S = 60.0
"""How long what is under way may take to come to an end once the time is over."""
STAND_FAILED = "the stand failed"
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
    returns: int = 0
    returns_proved: int = 0
    codes_opened: int = 0
    codes_excused: int = 0
    codes_retyped: int = 0
    codes_dead: int = 0
    cut_short: int = 0
    processor_s: int = 0
    findings: list[Finding] = field(default_factory=list)

    def count_codes(self, codes: Mapping[str, int]) -> None:
        """Count what became of codes that somebody typed after a kill."""
        self.codes_opened += codes.get("opened", 0)
        self.codes_excused += codes.get("excused", 0)
        self.codes_retyped += codes.get("retyped", 0)
        self.codes_dead += codes.get("dead", 0)

    def add(self, other: "Tally") -> None:
        """Count in what somebody else did."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True)
class Work:
    """What one worker does in one go: a life, or a kill at a named step."""

    seed: int
    kills: int
    case: Case | None = None
    sabotage: tuple[str, ...] = ()

    def replay(self) -> str:
        """Give the command that does it again."""
        if self.case is None:
            what = f"--life {self.seed} --times {self.kills}"
        else:
            what = f"--case '{self.case.story}' --step '{self.case.doom.step}' --seed {self.seed}"
        return f"{COMMAND} {what}" + "".join(f" --sabotage {name}" for name in self.sabotage)


def plan(times: int, seed: int, named: float = NAMED_SHARE, sabotage: tuple[str, ...] = ()) -> list[Work]:
    """Share so many kills out; of the named steps every kind comes first, then every step, then others."""
    dice = random.Random(seed)
    chosen = list(choose_cases(all_cases(known_steps()), dice))[: round(times * named)]
    cases = [Work(seed + number, 0, case, sabotage) for number, case in enumerate(chosen)]
    left = times - round(len(cases) * KILLS_A_CASE)
    most = min(KILLS_A_LIFE, max(LIFE_LEAST, left // LIVES_MOST))
    lives = [
        Work(seed + number, min(most, left - start), sabotage=sabotage)
        for number, start in enumerate(range(0, left, most))
    ]
    dice.shuffle(cases)
    # Who begins a long life last would keep all the others waiting.
    among = cases[len(cases) // 3 :], cases[: len(cases) // 3]
    work = [*lives, *among[0]]
    dice.shuffle(work)
    return [*work, *among[1]]


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


async def do(nursery: Nursery, stock: Stock, work: Work, hurry: Callable[[], bool] = lambda: False) -> Tally:
    """Do one piece of work; it ends early where there is no more time."""
    tally, before = Tally(), nursery.lives
    nursery.sabotage = work.sabotage
    if work.case is None:
        await _live(nursery, stock, work, tally, hurry)
    else:
        await _kill(nursery, stock, work, work.case, tally, hurry)
    tally.starts += nursery.lives - before
    return tally


async def _live(nursery: Nursery, stock: Stock, work: Work, tally: Tally, hurry: Callable[[], bool]) -> None:
    outcome = await live(nursery, stock, seed=work.seed, kills=work.kills, hurry=hurry)
    tally.lives += 1
    tally.kills += outcome.kills
    tally.random_kills += outcome.kills
    tally.returns += outcome.returns
    tally.returns_proved += outcome.proved
    tally.doors += outcome.doors
    tally.entries += outcome.entries
    tally.count_codes(outcome.codes)
    tally.findings += [Finding(work.seed, what, work.replay()) for what in outcome.findings]


async def _kill(
    nursery: Nursery, stock: Stock, work: Work, case: Case, tally: Tally, hurry: Callable[[], bool]
) -> None:
    for attempt in range(TRIES):
        outcome = await kill_at(nursery, stock, case, work.seed + attempt)
        tally.lives += 1
        tally.kills += outcome.kills
        tally.named_kills += outcome.kills
        tally.returns += outcome.returns
        tally.returns_proved += outcome.proved
        tally.count_codes(outcome.codes)
        tally.findings += [Finding(work.seed, f"{case}: {what}", work.replay()) for what in outcome.findings]
        if outcome.reached:
            tally.steps_reached += 1
            return
        if hurry():
            break
    tally.steps_missed += 1


def run(work: Sequence[Work], jobs: int, *, until_found: bool = False, minutes: float = 0.0) -> Tally:
    """Do all of it in so many jobs, telling of each finding; or until something is found."""
    tally, began_s = Tally(), time.monotonic()
    if not work:
        return tally

    def enough() -> bool:
        late = minutes and time.monotonic() - began_s > minutes * 60
        return bool(late or (until_found and tally.findings))

    workers = max(1, min(len(work), jobs * AUTOMATS_A_JOB))
    with tempfile.TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as made:
        directory = Path(made)
        with mothered(_mother(directory)):
            asyncio.run(_fill(directory))
            with Crew[Work, Tally](workers, workshop, directory) as crew:
                for each, told in crew.do(work, enough=enough, grace_s=GRACE_S):
                    _tell_findings(tally, _taken(each, told))
    return tally


def _taken(work: Work, told: Tally | Lost) -> Tally:
    """Count what a worker did; one that hung is a finding."""
    if not isinstance(told, Lost):
        return told
    if not told.hung:
        return Tally(cut_short=1)
    return Tally(findings=[Finding(work.seed, f"{STAND_FAILED}: {told.why}", work.replay())])


def _tell_findings(tally: Tally, more: Tally) -> None:
    tally.add(more)
    for finding in more.findings:
        sys.stdout.write(f"FOUND {finding.what}\n      {finding.replay}\n")
        sys.stdout.flush()


@asynccontextmanager
async def workshop(directory: Path) -> AsyncIterator[Deed[Work, Tally]]:
    """Give what a worker needs for work after work: a nursery of daemons, a shelf of blank automats."""
    async with Nursery(mother=_mother(directory)) as nursery:
        stock = Stock(_shelf(directory))

        async def deed(work: Work, hurry: Callable[[], bool]) -> Told[Tally]:
            try:
                tally = await do(nursery, stock, work, hurry)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on and this one is told
                tally = Tally(findings=[Finding(work.seed, f"{STAND_FAILED}: {error!r}", work.replay())])
            return Told(tally, worn=bool(tally.findings))

        yield deed


def _shelf(directory: Path) -> Path:
    return directory / "shelf"


def _mother(directory: Path) -> Path:
    return directory / "mother"


def twin(name: str, seed: int) -> Work:
    """Give the work that shows what a safeguard is for: the daemon lacks it, and dies where it matters."""
    saboteur = SABOTEURS[name]
    case = Case(saboteur.story, Doom(Step.read(saboteur.step)))
    return Work(seed, 0, case, (name,))


def _twins(seed: int, jobs: int) -> int:
    """Kill a daemon without each of the safeguards; 0 if every one of them is missed."""
    began_s = time.monotonic()
    tally = run([twin(name, seed) for name in SABOTEURS], jobs)
    judged = [found for found in tally.findings if not found.what.startswith(STAND_FAILED)]
    caught = {name for name in SABOTEURS if any(f" {name}" in found.replay for found in judged)}
    seconds = time.monotonic() - began_s
    sys.stdout.write(f"sabotage: {len(caught)} of {len(SABOTEURS)} caught, {seconds:.0f} s\n")
    for name in SABOTEURS.keys() - caught:
        sys.stdout.write(f"NOT CAUGHT {name}: {SABOTEURS[name].about}\n")
    return 0 if len(caught) == len(SABOTEURS) else 1


async def _fill(directory: Path) -> None:
    """Make the blank automat that all others are copies of."""
    nursery = Nursery(mother=_mother(directory))
    async with nursery, opened(nursery, Stock(_shelf(directory)), seed=0):
        pass


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
        if chosen.step:
            cases = [Case(chosen.case, Doom(Step.read(chosen.step)))]
        else:
            cases = [case for case in all_cases(known_steps()) if case.story == chosen.case]
        work = [Work(chosen.seed + number, 0, case, sabotage) for number, case in enumerate(cases)]
    else:
        work = plan(chosen.times, chosen.seed, chosen.named, sabotage)
    tally = run(work, chosen.jobs, until_found=bool(sabotage), minutes=chosen.minutes)
    seconds = time.monotonic() - began_s
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    tally.processor_s = round(used.ru_utime + used.ru_stime)
    sys.stdout.write(
        f"kills: {tally.kills} ({tally.named_kills} at named steps, {tally.random_kills} at random moments), "
        f"{tally.starts} starts, {tally.doors} doors, {tally.entries} entries, {tally.lives} automats, "
        f"after {tally.returns_proved} of {tally.returns} returns a right code had to open and did, "
        f"{tally.codes_opened} right codes opened and {tally.codes_excused} were told why not, "
        f"{tally.codes_retyped} were typed twice, "
        f"{tally.codes_dead} dead ones opened nothing, "
        f"{tally.steps_missed} steps not reached, {tally.cut_short} cut short, "
        f"{len(tally.findings)} findings, "
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
    parser.add_argument(
        "--case", choices=sorted(TALES), metavar="STORY", help="kill at the steps of one story"
    )
    parser.add_argument("--step", metavar="'KIND: POINT'", help="... at this one")
    parser.add_argument("--twins", action="store_true", help="kill daemons that lack a safeguard each")
    parser.add_argument(
        "--sabotage", action="append", default=[], choices=sorted(SABOTEURS), help="lack this"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
