"""Thirty simulated days of an automat that is used, weighed: nothing of the daemon grows without end.

`python -m tests.faults.growth --days 30 --json FILE`. Each day somebody delivers, collects, mistypes, the
network goes and comes; at the end of the first three days also the power. After that one process lives on, so
that whatever it keeps adds up. What is over is forgotten after three days here, and tracking ids rest no
longer than that, so that soon the automat holds as much as it ever will.
"""

import argparse
import asyncio
import gc
import json
import logging
import os
import random
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from locker.db.session import LOG_BYTES
from simulator.plan import demo_plan
from simulator.virtual_loop import run
from simulator.week.stand import Stand
from simulator.week.trace import Trace
from simulator.week.week import IN_MEMORY

BEGINS_AT = datetime(2026, 3, 2, 5, tzinfo=UTC)
RETENTION_DAYS = 3
DAYS_WITH_A_CUT = 3
WARM_DAYS = 15
"""Until then caches and the ring of the wire log fill, and nothing was old enough to be forgotten."""
HOUR_S = 3600.0
COURIER, CODES = "777777", ("024204", "135790", "864209")
PRODUCT = (f"{os.sep}locker{os.sep}", f"{os.sep}drivers{os.sep}")
LEAST_DAYS = WARM_DAYS + 6
ROOM = {"bytes_held": 8 * 1024, "descriptors": 0, "bytes_on_disk": 16 * 1024}
"""By how much a window of days may need more than one before it: 130 bytes a visit are more, in 30 days."""
LOG_MOST = LOG_BYTES + 1024 * 1024
"""The log grows with a day's work and is then written anew; its own bound is all that it has to keep."""


@dataclass(frozen=True)
class Weight:
    """What the daemon has at the end of a day; `bytes_held` are those that its own code asked for.

    The database's write-ahead log is not counted with what is on disk.
    """

    bytes_held: int
    descriptors: int
    bytes_on_disk: int
    bytes_in_log: int = 0


class Life:
    """One automat and the people who use it."""

    def __init__(self, stand: Stand, dice: random.Random) -> None:
        self._stand = stand
        self._dice = dice
        self._parcels = 0
        self.visits = 0

    async def begin(self) -> None:
        """Let little time pass until things are forgotten, switch the automat on, hire a courier."""
        config = self._stand._config
        short = {"retention_days": RETENTION_DAYS, "tracking_rest_months": 0}
        self._stand._config = replace(config, rules=config.rules.model_copy(update=short))
        await self._stand.power_on()
        await self._stand.office.authorise_courier("k7", code=COURIER)

    async def day(self, number: int) -> None:
        """Live through a day, with a night at the end."""
        stand = self._stand
        for code in CODES:
            tracking_id = await self._announced(code)
            await asyncio.sleep(HOUR_S)
            await self._deliver(tracking_id)
            await self._mistype()
            await asyncio.sleep(HOUR_S)
            await self._collect(code)
        stand.broker.cut(f"automat-{stand.plan.automat_id}")
        await asyncio.sleep(4 * HOUR_S)
        if number < DAYS_WITH_A_CUT:
            stand.power_cut()
            await asyncio.sleep(60.0)
            await self._stand.power_on()
        await asyncio.sleep((number + 1) * 24 * HOUR_S - asyncio.get_running_loop().time())
        stand.check()

    async def _announced(self, code: str) -> str:
        self._parcels += 1
        tracking_id = f"JJFI6543211{self._parcels:010d}"
        await self._stand.office.announce(tracking_id, "S", code=code)
        await self._until(lambda: tracking_id in self._stand.state.parcels)
        return tracking_id

    async def _deliver(self, tracking_id: str) -> None:
        await self._type(f"C {COURIER} OK")
        await self._type(f"{tracking_id[-8:]} OK")
        await self._through_the_door(put=tracking_id)
        await self._type("OK")
        await self._until(lambda: self._stand.state.parcels[tracking_id].inside)
        await self._type("C")
        self.visits += 1

    async def _collect(self, code: str) -> None:
        await self._type(f"C {code} OK")
        await self._through_the_door(put=None)
        self.visits += 1

    async def _mistype(self) -> None:
        await self._type(f"C 9{self._dice.randrange(100_000):05d} OK")
        await asyncio.sleep(40.0)

    async def _through_the_door(self, put: str | None) -> None:
        automat = self._stand.automat
        await self._until(lambda: any(view.state == "open" for view in automat.doors().values()))
        label = next(label for label, view in automat.doors().items() if view.state == "open")
        if put is None:
            automat.take(label)
        else:
            automat.put(label, put)
        await asyncio.sleep(3.0)
        automat.push_shut(label)
        await self._until(lambda: automat.door(label).state == "shut")
        await asyncio.sleep(3.0)

    async def _type(self, keys: str) -> None:
        await self._stand.automat.type("front", keys)
        await asyncio.sleep(1.5)

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60.0):
            while not true():  # noqa: ASYNC110  # a person looks again and again, in virtual time
                await asyncio.sleep(0.25)


async def live(directory: Path, days: int, seed: int) -> tuple[list[Weight], int]:
    """Live so many days; what was weighed at the end of each, and the number of visits."""
    dice = random.Random(seed)
    trace = Trace(asyncio.get_running_loop().time)
    weights = []
    async with Stand(directory, demo_plan(), dice, BEGINS_AT, trace) as stand:
        life = Life(stand, dice)
        await life.begin()
        for number in range(days):
            await life.day(number)
            weights.append(weigh(directory))
        await stand.stop()
    return weights, life.visits


def weigh(directory: Path) -> Weight:
    """Weigh what the daemon's code holds in memory, this process's descriptors, the daemon's files."""
    gc.collect()
    # what is public makes an object of each of 100,000 allocations, which took half of a whole run
    traces = tracemalloc.take_snapshot().traces._traces  # type: ignore[attr-defined]  # not in its stub
    own = Counter[str]()
    for _, size, ((file, _), *_), *_ in traces:
        own[file] += size
    files = [file for file in directory.rglob("*") if file.is_file() and "ledger" not in file.name]
    sizes = {file: file.stat().st_size for file in files}
    log = sum(size for file, size in sizes.items() if file.name.endswith("-wal"))
    return Weight(
        sum(size for file, size in own.items() if any(part in file for part in PRODUCT)),
        len(list(Path("/proc/self/fd").iterdir())),
        sum(sizes.values()) - log,
        log,
    )


def growth(weights: list[Weight]) -> list[str]:
    """Name what grew: the middle of the last days against that of as many days after the warm ones."""
    if len(weights) < LEAST_DAYS:
        raise ValueError(f"{len(weights)} days are too few: {LEAST_DAYS} at least")
    window = (len(weights) - WARM_DAYS) // 2
    early, late = weights[WARM_DAYS : WARM_DAYS + window], weights[-window:]
    found = []
    for name, room in ROOM.items():
        before, after = (median(getattr(each, name) for each in days) for days in (early, late))
        if after > before + room:
            found.append(f"{name.replace('_', ' ')} grew from {before:,.0f} to {after:,.0f} in {window} days")
    if (longest := max(each.bytes_in_log for each in weights)) > LOG_MOST:
        found.append(f"the log has {longest:,} bytes")
    return found


def weighed(directory: Path, days: int, seed: int) -> tuple[list[Weight], int]:
    """Live so many days in virtual time, with every allocation of the daemon's code counted."""
    logging.disable(logging.ERROR)
    tracemalloc.start(1)
    try:
        return run(live(directory, days, seed))
    finally:
        tracemalloc.stop()
        logging.disable(logging.NOTSET)


def main() -> int:
    """Live and weigh; 1 when anything grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.growth", description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.days < LEAST_DAYS:
        parser.error(f"--days: {LEAST_DAYS} at least")
    began_s = time.monotonic()
    where = IN_MEMORY if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="growth-", dir=where) as made:
        weights, visits = weighed(Path(made), options.days, options.seed)
    replay = f"python -m tests.faults.growth --days {options.days} --seed {options.seed}"
    found = growth(weights)
    for number, each in enumerate(weights, 1):
        sys.stdout.write(f"day {number}: {each}\n")
    for each_found in found:
        sys.stdout.write(f"{each_found}; {replay}\n")
    end = weights[-1]
    written = {
        "name": "growth",
        "ran": {
            "days": len(weights),
            "visits": visits,
            "kB_held": end.bytes_held // 1000,
            "kB_on_disk": end.bytes_on_disk // 1000,
            "kB_in_log": max(each.bytes_in_log for each in weights) // 1000,
        },
        "seconds": round(time.monotonic() - began_s, 1),
        "seed": options.seed,
        "findings": [{"seed": options.seed, "what": what, "replay": replay} for what in found],
    }
    if options.json is not None:
        options.json.write_text(json.dumps(written), encoding="utf-8")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
