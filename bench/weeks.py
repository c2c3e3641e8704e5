"""Simulated weeks: how many times faster than the world the whole daemon lives in virtual time, on one core.

Quiet is a week in which nobody comes; the daemon beats, looks at its disk and keeps its link. Busy is a day
with about 60 pick-ups, at 60 compartments on three boards. The floor is the same virtual loop with one timer
that wakes as often as one board is read.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from bench.figures import Figure, Goal, NotMeasured
from locker.hardware.turns import REST_S
from simulator.virtual_loop import run
from simulator.week.week import Outcome, Settings, live

DAY_S = 86_400.0
FLOOR_S = 3600.0
QUIET = Settings(1, days=7.0, nobody=True, compartments=0, kept=(), settles=False, heartbeat_s=None)
BUSY = Settings(1, days=1.0, parcels_a_day=90.0, compartments=60, kept=(), settles=False, heartbeat_s=None)


def measure(*, quick: bool) -> Sequence[Figure]:
    """Measure a quiet week and a busy day, in times real time."""
    floor = _floor()
    live(Settings(1, days=0.01, kept=(), settles=False))  # imports, and the blank database
    quiet = _kept(live(QUIET if not quick else _shorter(QUIET)))
    busy = _kept(live(BUSY if not quick else _shorter(BUSY)))
    pickups = busy.counts.get("parcel.handed-over", 0)
    return [
        Figure("week-quiet-times-real", _times(quiet), floor, Goal("value", ">=", 10_000)),
        Figure(
            "week-busy-times-real",
            _times(busy),
            floor,
            Goal("value", ">=", 1_000),
            (f"{pickups / busy.lived_days:.0f} pick-ups a day",),
        ),
    ]


def _floor() -> float:
    async def tick() -> None:
        for _ in range(round(FLOOR_S / REST_S)):
            await asyncio.sleep(REST_S)

    began_s = time.process_time()
    run(tick())
    return FLOOR_S / (time.process_time() - began_s)


def _shorter(settings: Settings) -> Settings:
    return replace(settings, ends_after_days=0.5)


def _times(outcome: Outcome) -> float:
    return outcome.lived_days * DAY_S / outcome.cpu_s


def _kept(outcome: Outcome) -> Outcome:
    if outcome.broken is not None:
        raise NotMeasured(f"the week of seed {outcome.seed} broke a promise: {outcome.broken}")
    return outcome
