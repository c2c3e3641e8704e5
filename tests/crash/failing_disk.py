"""Lets the n-th disk operation fail, once and for ever, in every critical transaction: `--all` for every n.

A decision is durable and whole, or it is not there, an error came and no intent was started; the next start
finds an automat that equals its journal. `--only SCENE/MODE/N` replays one.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.crash import failing_files, vfs
from tests.crash.compiled import compiled_once
from tests.crash.days import SCRATCH
from tests.crash.disk_scenes import MODES, READING, Decided, Work, scenes

NAME = "failing-disk"
HEAVY = {"migrate": 5, "create": 3, "checkpoint": 8}
"""Scenes of which only every so many-th operation fails unless all are wanted."""
PART = 3
"""The same of all others."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One operation whose failure broke the promise, and the command that lets it fail again."""

    seed: str
    what: str
    replay: str


def trials(
    scene: Decided | Work, mode: str, stage: Path, *, every: bool, part: int, only: str | None
) -> Iterator[tuple[int, list[str]]]:
    """Let one operation after the other fail until there are no more; give the number and what was wrong."""
    step = 1 if every or only else HEAVY.get(scene.name, 1) * part
    number = 0 if only is None else int(only)
    while True:
        failing = (MODES | READING)[mode](number)
        with TemporaryDirectory(dir=stage) as root:
            problems = list(scene.play(Path(root), failing))
        if failing.count <= number:
            return
        yield number, problems
        if only is not None:
            return
        number += step


def share(
    number: int, of: int, *, every: bool, only: str | None = None, part: int = PART
) -> tuple[Counter[str], list[Finding]]:
    """Let operations fail in every `of`-th scene from `number` on; return what ran and what was found."""
    ran: Counter[str] = Counter()
    findings: list[Finding] = []
    wanted = None if only is None else only.split("/")

    def note(seed: str, problems: Iterable[str]) -> None:
        for what in problems:
            findings.append(Finding(seed, what, f"python -m tests.crash.failing_disk --only {seed}"))
            sys.stdout.write(f"{seed}: {what}\n")

    with TemporaryDirectory(dir=SCRATCH, prefix="failing-") as made, compiled_once():
        for scene in scenes(Path(made))[number::of]:
            if wanted is not None and wanted[0] != scene.name:
                continue
            ran["transactions"] += 1
            place = None if wanted is None else wanted[2]
            for mode in scene.modes if wanted is None else wanted[1:2]:
                for failed, problems in trials(scene, mode, Path(made), every=every, part=part, only=place):
                    ran[mode] += 1
                    note(f"{scene.name}/{mode}/{failed}", problems)
    if number == 0 and (wanted is None or wanted[0] == "files"):
        for seed, problems in failing_files.trials():
            ran["files"] += 1
            note(seed, problems)
    return ran, findings


def main() -> int:
    """Run the command; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.failing_disk", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every operation of every transaction")
    parser.add_argument("--only", metavar="SCENE/MODE/N", help="replay one; or `files`")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    if (reason := vfs.why_not()) is not None:
        sys.stdout.write(f"NOT RUN: {reason}\n")
        return 1
    begun_s = time.monotonic()
    jobs = 1 if chosen.only else max(1, chosen.jobs)
    work = partial(share, of=jobs, every=chosen.all, only=chosen.only)
    if jobs == 1:
        shares = [work(0)]
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            shares = list(pool.map(work, range(jobs)))
    ran = sum((each for each, _ in shares), Counter[str]())
    findings = [finding for _, found in shares for finding in found]
    seconds = round(time.monotonic() - begun_s, 1)
    if chosen.json is not None:
        outcome = {
            "name": NAME,
            "ran": dict(ran),
            "seconds": seconds,
            "seed": 0,
            "findings": [asdict(finding) for finding in findings],
        }
        chosen.json.write_text(json.dumps(outcome), encoding="utf-8")
    counted = ", ".join(f"{count} {what}" for what, count in ran.items())
    sys.stdout.write(f"{NAME}: {counted}; {len(findings)} findings; {seconds} s\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
