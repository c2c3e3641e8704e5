"""`python -m bench`: every figure beside a floor measured in the same run, taken in turn; medians.

stdout is the table, stderr tells what is being measured. The same goes as JSON to the file that BENCH_JSON
names. Exit code 0: all was measured, whether or not the goals are met; 1: something could not be measured.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import aiomqtt

from bench import decisions, drain, lines, opening, screens, start, watchers, weeks
from bench.figures import Figure, Goal, NotMeasured, table
from locker.db.errors import DatabaseError
from simulator.broker import BrokerError

DEFAULT_JSON = "build/bench.json"
FSYNC_S = 0.008
REASONS = (NotMeasured, OSError, TimeoutError, BrokerError, DatabaseError, aiomqtt.MqttError, ExceptionGroup)

Measure = Callable[[Path, bool], Awaitable[Sequence[Figure]]]
"""Takes an empty directory, and whether to be quick."""


async def _unlock(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - called through the table
    goal = Goal("value", "<", 5.0)
    rounds = 2 if quick else 98
    return [await opening.measure(directory, name="ok-to-unlock-ms", fsync_s=0.0, rounds=rounds, goal=goal)]


async def _unlock_slow_disk(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    goal = Goal("ratio", "<=", 1.5)
    name, rounds = "ok-to-unlock-8ms-fsync-ms", 2 if quick else 98
    return [await opening.measure(directory, name=name, fsync_s=FSYNC_S, rounds=rounds, goal=goal)]


async def _unlock_watched(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    return [await watchers.measure(directory, rounds=2 if quick else 98)]


async def _screens(_directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    if quick:
        return await screens.measure(compartments=24, seconds=0.5, rounds=1, keys=2, settle_s=0.5)
    return await screens.measure(compartments=1_000, seconds=5.0, rounds=3, keys=100, settle_s=3.0)


async def _drain(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    count, rounds = (500, 1) if quick else (20_000, 9)
    return [await drain.measure(directory, name="drain-entries-per-s", count=count, rounds=rounds)]


async def _decisions(_directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    pairs, pickups = (2, 2) if quick else (49, 10)
    return await asyncio.to_thread(decisions.measure, pairs=pairs, pickups=pickups)


async def _weeks(_directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    return await asyncio.to_thread(weeks.measure, quick=quick)


async def _start(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    entries, rounds = (100, 1) if quick else (100_000, 7)
    return await start.measure(directory, entries=entries, rounds=rounds, warm=not quick)


async def _scan(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    sizes = ((1, 20), (10, 5), (32, 3))
    return [
        await lines.scan(directory, baud=baud, boards=boards, rounds=1 if quick else rounds)
        for baud in (9600, 19200)
        for boards, rounds in sizes
    ]


async def _unlock_during_scan(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    return [await lines.unlock_during_scan(directory, rounds=3 if quick else 50)]


async def _idle_cpu(directory: Path, quick: bool) -> Sequence[Figure]:  # noqa: FBT001 - as above
    return [await lines.at_rest(directory, rounds=1 if quick else 5, seconds=0.5 if quick else 5.0)]


MEASURES: dict[str, tuple[str, Measure]] = {
    "decisions": ("decisions by themselves, and on an automat of 1,000 compartments", _decisions),
    "unlock": ("OK key to the unlock frame, the durable intent included", _unlock),
    "unlock-slow-disk": ("the same where an fsync takes 8 ms", _unlock_slow_disk),
    "unlock-watched": ("the same while three clients watch and a fourth does not read", _unlock_watched),
    "drain": ("20,000 journal entries to a real broker", _drain),
    "scan": ("all doors of a line of 1, 10 and 32 boards, beside what the wire allows", _scan),
    "unlock-during-scan": ("an unlock's wait for the wire, beside one exchange", _unlock_during_scan),
    "idle-cpu": ("processor time of 100 doors at rest", _idle_cpu),
    "screens": ("the technician's screen: processor time, and the answer to a key", _screens),
    "weeks": ("a simulated week, quiet and busy, in times real time on one core", _weeks),
    "start": ("start to ready with 100,000 journal entries, and resident memory", _start),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; return the exit code."""
    chosen = _parser().parse_args(arguments)
    unknown = sorted(set(chosen.names) - set(MEASURES))
    if unknown:
        sys.stderr.write(f"bench: no such figure: {', '.join(unknown)}; there are {', '.join(MEASURES)}\n")
        return 2
    json_file = Path(os.environ.get("BENCH_JSON") or DEFAULT_JSON)
    json_file.parent.mkdir(parents=True, exist_ok=True)
    load_before = os.getloadavg()[0]
    figures: list[Figure] = []
    failures: list[str] = []
    for name in chosen.names or MEASURES:
        what, measure = MEASURES[name]
        sys.stderr.write(f"bench: {name}: {what} ..")
        sys.stderr.flush()
        began_s = time.monotonic()
        try:
            # beside the JSON: a temporary directory may be in memory, where an fsync costs nothing
            with tempfile.TemporaryDirectory(prefix="bench-", dir=json_file.parent) as directory:
                figures += asyncio.run(_measured(measure, Path(directory).absolute(), quick=chosen.quick))
        except REASONS as problem:
            failures.append(f"{name}: not measured: {problem!r}")
        sys.stderr.write(f" {time.monotonic() - began_s:.0f} s\n")
    json_file.write_text(
        json.dumps([figure.as_json() for figure in figures], indent=1) + "\n", encoding="utf-8"
    )
    _tell(figures, failures, quick=chosen.quick)
    load_after, processors = os.getloadavg()[0], os.cpu_count()
    print(
        f"Load of the machine: {load_before:.1f} before, {load_after:.1f} after, on {processors} processors."
    )
    return 1 if failures else 0


async def _measured(measure: Measure, directory: Path, *, quick: bool) -> Sequence[Figure]:
    return await measure(directory, quick)


def _tell(figures: Sequence[Figure], failures: Sequence[str], *, quick: bool) -> None:
    if figures:
        print(table(figures))
    missed = [figure.name for figure in figures if not figure.met]
    print()
    for failure in failures:
        print(failure)
    if quick:
        print("A quick run: too few repetitions and entries to judge by.")
    print(f"Goals missed: {', '.join(missed)}." if missed else "No goal missed.")


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:<18}{what}" for name, (what, _) in MEASURES.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure, each figure beside a floor of the same run.",
        epilog=f"figures:\n{listed}\n\nThe JSON file is named by BENCH_JSON, by default {DEFAULT_JSON}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which figures; all by default")
    parser.add_argument("--quick", action="store_true", help="few repetitions: proves only that it measures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
