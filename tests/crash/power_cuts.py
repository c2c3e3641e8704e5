"""Cuts the power of recorded days and starts the daemon's way on what may be left: `--states N --seed S`.

Each state must open. What it holds must be what the work had reached: every transaction whole or not there at
all, everything that had been acknowledged among them. The same of the files beside the database.
"""

import argparse
import json
import math
import os
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Self
from unittest.mock import patch

from locker.db import session
from tests.crash import days, vfs
from tests.crash.days import DAYS, ROWS, SCRATCH
from tests.crash.recording import Began, Recorder, Recording, plant
from tests.crash.reopening import Opener
from tests.crash.states import Cut, Files, State, cuts, draw, states

NAME = "power-cuts"
AFTER = "after-a-cut"
STARTS_AFTER_A_CUT = 6
GO_ON = ("busy-day", "forgetting", "full-disk")
"""The days after whose power cuts the work goes on, until the power fails again, and again."""
SHARES = {
    "creation": 0.01,
    "full-disk": 0.1,
    "forgetting": 0.24,
    "busy-day": 0.25,
    "first-start": 0.2,
    "migration": 0.01,
}
"""How the states are shared out; a migration costs most, and a log that is nearly full."""
SPARE_SHARE = 0.01
"""So many more are built than asked for, as the last cuts may have too few."""
OTHER_SHARE = 0.19 / STARTS_AFTER_A_CUT


@dataclass(frozen=True, slots=True)
class Finding:
    """What a state was that broke the promise, and the command that builds it again."""

    seed: str
    what: str
    replay: str


@dataclass
class Outcome:
    """What was opened, and what was found."""

    ran: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def __iadd__(self, other: "Outcome") -> Self:
        """Take up another's."""
        self.ran += other.ran
        self.findings += other.findings
        return self


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0: every state held, 1: one did not, 3: nothing can be recorded here."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.power_cuts", description=__doc__)
    parser.add_argument("--states", type=int, default=10_000, help="how many (10,000)")
    parser.add_argument("--times", type=int, dest="states", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--json", type=Path, help="write what was found here")
    parser.add_argument("--only", help="replay one state: DAY:CUT:NUMBER")
    parser.add_argument("--keep", type=Path, help="with --only: put the state's files into this directory")
    parser.add_argument("--twin", choices=sorted(TWINS), help="record with one safeguard removed")
    chosen = parser.parse_args(arguments)
    if reason := vfs.why_not():
        sys.stderr.write(f"{NAME}: nothing was recorded: {reason}\n")
        return 3
    began_s = time.perf_counter()
    if chosen.only:
        try:
            outcome = replay(chosen.only, chosen.seed, chosen.twin, chosen.keep)
        except LookupError as error:
            parser.error(str(error))
    else:
        outcome = run(chosen.states, chosen.seed, jobs=chosen.jobs, twin=chosen.twin)
    took_s = time.perf_counter() - began_s
    for finding in outcome.findings[:20]:
        sys.stdout.write(f"{finding.what}\n    {finding.replay}\n")
    counts = ", ".join(f"{count:,} {what}" for what, count in sorted(outcome.ran.items()))
    sys.stdout.write(
        f"{NAME}: seed {chosen.seed}, {counts}: {len(outcome.findings)} findings, {took_s:.1f} s\n"
    )
    if chosen.json:
        findings = [asdict(finding) for finding in outcome.findings]
        told = {"name": NAME, "ran": dict(outcome.ran), "seconds": round(took_s, 1), "seed": chosen.seed}
        chosen.json.write_text(json.dumps(told | {"findings": findings}, indent=1) + "\n")
    return 1 if outcome.findings else 0


def run(
    wanted: int,
    seed: int,
    *,
    jobs: int = 1,
    twin: str | None = None,
    names: Sequence[str] = tuple(DAYS),
) -> Outcome:
    """Record these days and open at least so many states, shared out over processes."""
    recordings = record(seed, twin, names)
    work = partial(_share, recordings, wanted, seed, twin, jobs)
    outcome = Outcome()
    if jobs == 1:
        outcome += work(0)
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as processes:
            for part in processes.map(work, range(jobs)):
                outcome += part
    outcome.ran["operations"] = sum(len(recording.trace) for recording in recordings)
    outcome.ran["commits"] = sum(
        isinstance(operation, Began) and operation.subject == ROWS
        for recording in recordings
        for operation in recording.trace
    )
    return outcome


def record(seed: int, twin: str | None = None, names: Sequence[str] = tuple(DAYS)) -> list[Recording]:
    """Record these days and, where all that can go on are among them, starts on what power cuts left."""
    recordings = []
    with TemporaryDirectory(dir=SCRATCH) as directory, TWINS[twin]() if twin else nullcontext():
        roots = (Path(directory) / str(number) for number in range(1_000))
        for name in names:
            root = next(roots)
            root.mkdir()
            recordings.append(DAYS[name](root, Random(f"{seed}/{name}")))
        left_behind = [recording for recording in recordings if recording.name in GO_ON]
        for number in range(STARTS_AFTER_A_CUT if set(GO_ON) <= set(names) and twin is None else 0):
            name = f"{AFTER}-{number}"
            dice = Random(f"{seed}/{name}")
            left = _left_by_a_cut(dice.choice(left_behind), f"{seed}/{name}", dice)
            recordings.append(days.after_a_cut(next(roots), dice, left, name))
            left_behind.append(recordings[-1])
    return recordings


def replay(which: str, seed: int, twin: str | None = None, keep: Path | None = None) -> Outcome:
    """Build one state again and open it; LookupError if there is none of that name."""
    name, _, numbers = which.partition(":")
    cut_number, _, number = numbers.partition(":")
    names = GO_ON if name.startswith(AFTER) else [day for day in DAYS if day == name]
    for recording in record(seed, twin, names):
        for cut in cuts(recording):
            if recording.name != name or str(cut.number) != cut_number or not number.isdecimal():
                continue
            state = draw(cut, int(number), _seed_of(seed, recording))
            if state is not None:
                if keep:
                    plant(keep, state.files)
                with Opener() as opener:
                    return _try(opener, recording, cut, state, seed, twin)
    raise LookupError(f"there is no state {which!r} with seed {seed}")


def _share(
    recordings: Sequence[Recording], wanted: int, seed: int, twin: str | None, jobs: int, job: int
) -> Outcome:
    """Open every `jobs`-th cut's states; what a cut or a day has too few of is made up for by the next."""
    outcome, left = Outcome(), math.ceil(wanted * SPARE_SHARE / jobs)
    shares = {recording.name: SHARES.get(recording.name, OTHER_SHARE) for recording in recordings}
    with Opener() as opener:
        for recording in sorted(recordings, key=lambda each: shares[each.name]):
            left += math.ceil(wanted * shares[recording.name] / sum(shares.values()) / jobs)
            count = len(range(job, sum(1 for _ in cuts(recording)), jobs))
            for cut in cuts(recording):
                if cut.number % jobs == job:
                    for state in states(cut, -(-left // count), _seed_of(seed, recording)):
                        left -= 1
                        outcome += _try(opener, recording, cut, state, seed, twin)
                    count -= 1
                    outcome.ran["power cuts"] += 1
    return outcome


def _try(
    opener: Opener, recording: Recording, cut: Cut, state: State, seed: int, twin: str | None
) -> Outcome:
    """Open one state; return what was found."""
    try:
        opener.open(state.files, cut.disk.allowed(), Random(state.key))
    except Exception as error:  # noqa: BLE001 - whatever a start raises is a finding
        which = f"{recording.name}:{cut.number}:{state.number}"
        replay = f"python -m tests.crash.power_cuts --seed {seed} --only {which}"
        what = f"{which}, kept {state.what}: {type(error).__name__}: {error}"
        found = Finding(str(seed), what, replay + (f" --twin {twin}" if twin else ""))
        return Outcome(Counter(states=1), [found])
    return Outcome(Counter(states=1))


def _seed_of(seed: int, recording: Recording) -> str:
    return f"{seed}/{recording.name}"


def _left_by_a_cut(recording: Recording, seed: str, dice: Random) -> Files:
    """Return what some power cut in a recording left."""
    chosen = dice.randrange(sum(1 for _ in cuts(recording)))
    for cut in cuts(recording):
        if cut.number == chosen and (state := draw(cut, dice.randrange(2, 1_000), seed)):
            return state.files
    raise ValueError(f"{recording.name} has no cut {chosen}")


def _with_pragma(said: str) -> AbstractContextManager[object]:
    """Let the database session say another word on syncing."""
    kept = tuple(pragma for pragma in session.PRAGMAS if "synchronous" not in pragma)
    return patch.object(session, "PRAGMAS", (*kept, f"PRAGMA synchronous = {said}"))


def _with_neighbours() -> AbstractContextManager[object]:
    """Let SQLite rely on a write harming none of its neighbours in the sector, as it does unless told."""
    return patch.object(session, "address_of", lambda path: path.absolute().as_uri())


def _without_sync(*, of_files: bool) -> AbstractContextManager[object]:
    """Take away the syncs that are not SQLite's: all of them, or those of directories."""
    heard = Recorder._before_sync

    def hear(recorder: Recorder, descriptor: int) -> None:
        if not of_files and not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            heard(recorder, descriptor)

    return patch.object(Recorder, "_before_sync", hear)


TWINS: Mapping[str, Callable[[], AbstractContextManager[object]]] = {
    "synchronous-normal": lambda: _with_pragma("NORMAL"),
    "synchronous-off": lambda: _with_pragma("OFF"),
    "sectors-shared": _with_neighbours,
    "files-unsynced": lambda: _without_sync(of_files=True),
    "directories-unsynced": lambda: _without_sync(of_files=False),
}
"""Days recorded with one safeguard removed: each has to be found out."""


if __name__ == "__main__":
    sys.exit(main())
