"""`locker-sim week` and `weeks`: one seed told in full, or many at once, each in a process of its own."""

import gc
import json
import logging
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from locker.domain.journal import EntryKind
from simulator.tied import tie_to
from simulator.week.shrink import shrink
from simulator.week.troubles import KINDS
from simulator.week.week import Outcome, Settings, live

HASH_SEED = "PYTHONHASHSEED"
LINES_TOLD = 60
DAY_S = 86_400
WEEKS_A_LIFE = 50
GARBAGE_LOOKED_AT_AFTER = 50_000
"""A week leaves little of it, and looking takes a twentieth of its time."""


@dataclass(frozen=True)
class Ran:
    """A run of many weeks, as its file says it."""

    name: str
    ran: dict[str, float]
    seconds: float
    seed: str
    findings: list[dict[str, str]]
    troubles: dict[str, int] = field(default_factory=dict)
    """How often each kind of trouble came."""
    written: dict[str, int] = field(default_factory=dict)
    """How often each kind of entry was written."""


def with_fixed_hashes() -> None:
    """Begin anew in a process whose sets are in the same order in every run, unless they are here."""
    if os.environ.get(HASH_SEED) != "0":
        os.environ[HASH_SEED] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "simulator.cli", *sys.argv[1:]])  # noqa: S606 - ourselves


def run_week(settings: Settings, say: Callable[[str], None], *, shortest: bool) -> Outcome:
    """Live through one week and tell of it; a broken one is made shorter first."""
    outcome = live(settings)
    if outcome.broken is not None and shortest:
        say(f"seed {settings.seed}: {outcome.broken}")
        say("looking for a shorter week that breaks the same promise")
        outcome = shrink(settings, outcome, say)
    say(told(outcome))
    if outcome.broken is not None:
        for line in outcome.trace[-LINES_TOLD:]:
            say(f"  {line}")
        for trouble in outcome.troubles:
            say(f"  went wrong: {trouble}")
        say(f"replay: {replay(outcome)}   (of {commit()})")
    return outcome


def run_weeks(first: int, last: int, days: float, jobs: int, say: Callable[[str], None]) -> Ran:
    """Live through a week of each seed; tell those that broke a promise."""
    began_s = time.monotonic()
    counts: Counter[str] = Counter()
    troubles: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    written: Counter[str] = Counter(dict.fromkeys(map(str, EntryKind), 0))
    findings: list[dict[str, str]] = []
    weeks = [Settings(seed, days) for seed in range(first, last + 1)]
    for outcome in _lived(weeks, jobs):
        counts.update(_counted(outcome))
        troubles.update(outcome.caused)
        written.update({kind: many for kind, many in outcome.counts.items() if kind in written})
        if outcome.broken is not None:
            say(told(outcome))
            findings.append({"seed": str(outcome.seed), "what": outcome.broken, "replay": replay(outcome)})
    seconds = time.monotonic() - began_s
    sped = counts["weeks"] * days * DAY_S / max(1e-9, counts["cpu_ms"] / 1000)
    say(
        f"{counts['weeks']} weeks of {days:g} days: {counts['entries']} entries, {counts['pulses']} pulses, "
        f"{counts['handed_over']} handovers, {counts['starts']} starts, {counts['troubles']} troubles, "
        f"{len(findings)} broken; {seconds:.0f} s, {sped:,.0f} times real time a core"
    )
    for what, how_often in (("troubles that never came", troubles), ("entries never written", written)):
        if never := [kind for kind, many in how_often.items() if not many]:
            say(f"{what}: {', '.join(never)}")
    return Ran("weeks", dict(counts), seconds, f"{first}-{last}", findings, dict(troubles), dict(written))


def write_json(ran: Ran, file: Path) -> None:
    """Write what ran to a file."""
    file.write_text(json.dumps(asdict(ran), indent=1) + "\n", encoding="utf-8")


def told(outcome: Outcome) -> str:
    """Tell of a week in one line."""
    became = outcome.broken or "every promise was kept"
    return (
        f"seed {outcome.seed}, {outcome.days:g} days: {outcome.entries} entries, {outcome.starts} starts, "
        f"{len(outcome.troubles)} troubles, trace {outcome.hash}, "
        f"{outcome.days * DAY_S / outcome.cpu_s:,.0f} times real time: {became}"
    )


def replay(outcome: Outcome) -> str:
    """Return the command that gives this week again."""
    command = f"locker-sim week --seed {outcome.seed} --days {outcome.days:g}"
    if outcome.kept is not None:
        command += f" --troubles {','.join(map(str, outcome.kept)) or 'none'}"
    return command


def commit() -> str:
    """Return the commit of the source, or the version where there is none."""
    asked = subprocess.run(
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = asked.stdout.strip()
    return f"commit {found}" if asked.returncode == 0 and found else f"version {version('parcel-locker')}"


def _lived(weeks: Sequence[Settings], jobs: int) -> Iterator[Outcome]:
    """Live through all of them, in order, in processes that are renewed: what ended is freed late in them."""
    together = jobs * WEEKS_A_LIFE
    for first in range(0, len(weeks), together):
        with ProcessPoolExecutor(jobs, get_context("spawn"), _begin_worker, (os.getpid(),)) as pool:
            yield from pool.map(live, weeks[first : first + together])


def _begin_worker(parent: int) -> None:
    tie_to(parent)
    logging.disable()  # as in the command itself
    gc.freeze()
    gc.set_threshold(GARBAGE_LOOKED_AT_AFTER)


def _counted(outcome: Outcome) -> dict[str, int]:
    return {
        "weeks": 1,
        "entries": outcome.entries,
        "pulses": outcome.counts.get("pulses", 0),
        "handed_over": outcome.counts.get("parcel.handed-over", 0),
        "starts": outcome.starts,
        "troubles": sum(outcome.caused.values()),
        "ended_on_purpose": outcome.ended_on_purpose,
        "stays_in_safe_mode": outcome.stays_in_safe_mode,
        "cpu_ms": round(1000 * outcome.cpu_s),
    }
