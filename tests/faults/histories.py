"""Random histories of false clocks, each from a seed of its own: no parcel expires before its time.

Beside what `tests/unit/domain/test_never_early.py` shows, and by the same judge: many more of them.
`python -m tests.faults.histories --times 3000 --jobs 2 --json FILE`.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from locker.domain.journal import EntryKind
from locker.domain.times import Trust
from tests.unit.domain.eu_calendar import DAY, HOUR
from tests.unit.domain.test_never_early import (
    Acknowledge,
    Down,
    Judge,
    Move,
    Serve,
    Step,
    far_s,
    near_s,
)

FIRST_AT = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 87_648
"""From 2026 to 2035."""
SERVED_S = (1, 60, HOUR, DAY, 3 * DAY, 6 * DAY, 7 * DAY, 9 * DAY)
DOWN_S = (0, 1, 59, 61, HOUR, DAY, 6 * DAY, 20 * DAY, 40 * DAY)
BESIDE_S = (None, 0, 299, -299, 301, -DAY, 10 * DAY)
MOVES_MOST = 20
A_PIECE = 50


@dataclass(frozen=True)
class Judged:
    """What became of one history; `early` says how a parcel expired too early, None if it did not."""

    seed: int
    moves: int
    overdue: bool
    early: str | None


def live(seed: int) -> Judged:
    """Store a parcel at some hour of ten years, let clocks and power do as the seed says, and judge."""
    dice = random.Random(seed)
    deposited_at = FIRST_AT + timedelta(hours=dice.randrange(HOURS))
    moves = [_move(dice) for _ in range(dice.randrange(MOVES_MOST + 1))]
    judge = Judge(deposited_at, time_known=dice.random() < 0.8)
    try:
        judge.play(moves)
        judge.play([Step(0, Trust.TRUSTED), Acknowledge(0), Serve(max(0, int(judge.left_s())))])
    except AssertionError as problem:
        return Judged(seed, len(moves), overdue=True, early=str(problem))
    return Judged(seed, len(moves), overdue=judge.count(EntryKind.PARCEL_OVERDUE) > 0, early=None)


def live_some(seeds: Sequence[int]) -> list[Judged]:
    """Live through several histories."""
    return [live(seed) for seed in seeds]


def _move(dice: random.Random) -> Move:
    what = dice.randrange(6)
    trust = dice.choice(list(Trust))
    way = dice.choice((1, -1))
    if what == 0:
        return Acknowledge(dice.choice(BESIDE_S))
    if what == 1:
        error_s = way * dice.choice((0, 1, 61, *far_s))
        return Down(dice.choice(DOWN_S), error_s, trust, powered=dice.random() < 0.5)
    if what == 2:
        return Step(way * dice.choice((0, *near_s, *far_s)), trust)
    if what == 3:
        return Step(0, trust)
    return Serve(dice.choice(SERVED_S))


def main(arguments: Sequence[str] | None = None) -> int:
    """Live through so many; 1 when a parcel expired early."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.histories", description=__doc__)
    parser.add_argument("--times", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    began_s = time.monotonic()
    ran: Counter[str] = Counter()
    findings: list[dict[str, str]] = []
    last = options.seed + options.times
    pieces = [range(first, min(first + A_PIECE, last)) for first in range(options.seed, last, A_PIECE)]
    with ProcessPoolExecutor(options.jobs) as pool:
        for judged in pool.map(live_some, pieces):
            for each in judged:
                ran.update(histories=1, moves=each.moves, came_to_overdue=each.overdue)
                if each.early is not None:
                    replay = f"python -m tests.faults.histories --times 1 --seed {each.seed}"
                    findings.append({"seed": str(each.seed), "what": each.early, "replay": replay})
    for finding in findings:
        sys.stdout.write(f"{finding['what']}: {finding['replay']}\n")
    sys.stdout.write(f"{dict(ran)}, {len(findings)} expired early\n")
    if options.json is not None:
        written = {
            "name": "clocks",
            "ran": dict(ran),
            "seconds": round(time.monotonic() - began_s, 1),
            "seed": str(options.seed),
            "findings": findings,
        }
        options.json.write_text(json.dumps(written), encoding="utf-8")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
