"""A long run as rounds, each with a seed of its own and nothing in common with the others; its command."""

import argparse
import asyncio
import gc
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any


@dataclass
class Outcome:
    """What one round did, and what was wrong."""

    seed: int
    ran: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


Play = Callable[[Path, int, int], Coroutine[Any, Any, Outcome]]
"""One round: its directory, its seed, how many times."""


def command(
    name: str, about: str, play: Play, *, times_a_round: int, arguments: Sequence[str] | None = None
) -> int:
    """Run the rounds that the command line asks for; 1 if anything was found."""
    module = f"tests.crash.{name}"
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    parser.add_argument("--times", "--kills", type=_count, default=100, help="how often, in all rounds")
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each next one has one more")
    parser.add_argument("--jobs", type=_count, default=1, help="rounds at the same time")
    parser.add_argument("--json", type=Path, help="write what ran and what was found to this file")
    asked = parser.parse_args(arguments)
    whole, rest = divmod(asked.times, times_a_round)
    sizes = [times_a_round] * whole + [rest] * bool(rest)
    seeds = range(asked.seed, asked.seed + len(sizes))
    began_s = time.monotonic()
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        outcomes = list(pool.map(partial(_run, name, play), seeds, sizes))
    seconds = round(time.monotonic() - began_s, 1)
    ran: Counter[str] = Counter()
    findings = []
    for outcome, size in zip(outcomes, sizes, strict=True):
        ran.update(outcome.ran)
        replay = f"python -m {module} --times {size} --seed {outcome.seed}"
        findings += [{"seed": outcome.seed, "what": what, "replay": replay} for what in outcome.findings]
    for finding in findings:
        sys.stdout.write(f"seed {finding['seed']}: {finding['what']}; {finding['replay']}\n")
    counts = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in ran.items())
    sys.stdout.write(f"{name}: {counts}; {len(findings)} findings; {seconds:.0f} s\n")
    if asked.json is not None:
        told = {"name": name, "ran": dict(ran), "seconds": seconds, "seed": asked.seed, "findings": findings}
        asked.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 1 if findings else 0


def _run(name: str, play: Play, seed: int, times: int) -> Outcome:
    logging.disable(logging.ERROR)  # clients tell of each outage, and they are the point
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as directory:
        try:
            return asyncio.run(_watched(play, Path(directory), seed, times))
        except Exception as error:  # noqa: BLE001  # whatever ends a round is a finding of its seed
            return Outcome(seed, findings=[f"the round ended: {error!r}"])


async def _watched(play: Play, directory: Path, seed: int, times: int) -> Outcome:
    """Play, and count it as wrong that anything failed of which nobody was told."""
    troubles: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: troubles.append(f"{context.get('message')}: {context.get('exception')!r}")
    )
    outcome = await play(directory, seed, times)
    gc.collect()
    outcome.findings += troubles
    return outcome


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
