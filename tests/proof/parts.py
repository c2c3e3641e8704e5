"""The parts of `make proof`: which command each is, how large in CI and on demand, and what it may take."""

import sys
from dataclasses import dataclass
from importlib.util import find_spec

PYTHON = (sys.executable, "-m")
LIMIT_S = 900.0
"""Of any part in CI: a machine with other things to do needs longer, but nothing hangs for ever."""


@dataclass(frozen=True)
class Part:
    """One command that tries to break a promise, and writes what it did with `--json FILE`.

    `needs`: the module without which the part is missing; `cores`: how many it keeps busy (one that mostly
    waits: half of one), so that parts that would disturb one another do not run at once; `limit_s`: after
    that it is ended and has failed.
    """

    name: str
    shows: str
    needs: str
    short: tuple[str, ...]
    long: tuple[str, ...]
    cores: float
    limit_s: float
    long_limit_s: float

    def is_there(self) -> bool:
        """Tell whether the part can be run."""
        try:
            return find_spec(self.needs) is not None
        except ModuleNotFoundError:
            return False

    def command(self, *, long: bool, seed: int) -> tuple[str, ...]:
        """Return the command, without `--json`; `SEED` in it becomes the seed."""
        return tuple(str(seed) if word == "SEED" else word for word in (self.long if long else self.short))


def _module(name: str, *words: str) -> tuple[str, ...]:
    return (*PYTHON, name, *words)


PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        Part(
            "weeks",
            "simulated weeks of the whole daemon with every fault at random; the invariants at every step",
            "simulator.week.command",
            _module("simulator.cli", "weeks", "--seeds", "1-200", "--jobs", "2"),
            _module("simulator.cli", "weeks", "--seeds", "1-5000", "--jobs", "2"),
            cores=2,
            limit_s=LIMIT_S,
            long_limit_s=4 * 3600,
        ),
        Part(
            "kills",
            "the real process killed at random moments and at every named step, compared with the world",
            "tests.crash.kills",
            _module("tests.crash.kills", "--times", "500", "--seed", "SEED", "--jobs", "2"),
            _module("tests.crash.kills", "--times", "10000", "--seed", "SEED", "--jobs", "2"),
            cores=2,
            limit_s=LIMIT_S,
            long_limit_s=4 * 3600,
        ),
        Part(
            "power-cuts",
            "disk states after a power cut, rebuilt from recorded writes and opened by the daemon's start-up",
            "tests.crash.power_cuts",
            _module("tests.crash.power_cuts", "--states", "10000", "--seed", "SEED", "--jobs", "2"),
            _module("tests.crash.power_cuts", "--states", "100000", "--seed", "SEED", "--jobs", "2"),
            cores=2,
            limit_s=LIMIT_S,
            long_limit_s=2 * 3600,
        ),
        Part(
            "sabotage",
            "every safeguard removed from a copy, one at a time: a test must fail each time",
            "tests.sabotage.__main__",
            _module("tests.sabotage", "--jobs", "2"),
            _module("tests.sabotage", "--jobs", "2"),
            cores=2,
            limit_s=LIMIT_S,
            long_limit_s=2 * 3600,
        ),
        Part(
            "failing-disk",
            "the n-th disk operation fails, once and for ever, for every n of each critical transaction",
            "tests.crash.failing_disk",
            _module("tests.crash.failing_disk", "--all", "--jobs", "2"),
            _module("tests.crash.failing_disk", "--all", "--jobs", "2"),
            cores=2,
            limit_s=LIMIT_S,
            long_limit_s=3600,
        ),
        Part(
            "brokers",
            "a real broker with its usual settings killed again and again; the ledger equals the journal",
            "tests.crash.brokers",
            _module("tests.crash.brokers", "--kills", "50", "--seed", "SEED"),
            _module("tests.crash.brokers", "--kills", "1000", "--seed", "SEED"),
            cores=0.5,
            limit_s=LIMIT_S,
            long_limit_s=2 * 3600,
        ),
        Part(
            "drain",
            "20,000 entries wait after an outage: drained in order, with somebody typing at the keypad",
            "tests.faults.drain",
            _module("tests.faults.drain", "--entries", "20000"),
            _module("tests.faults.drain", "--entries", "100000"),
            cores=1,
            limit_s=LIMIT_S,
            long_limit_s=3600,
        ),
        Part(
            "network",
            "a proxy stalls, cuts, goes silent, dribbles, doubles connections between automat and broker",
            "tests.crash.network",
            _module("tests.crash.network", "--times", "30", "--seed", "SEED"),
            _module("tests.crash.network", "--times", "1000", "--seed", "SEED"),
            cores=0.5,
            limit_s=LIMIT_S,
            long_limit_s=4 * 3600,
        ),
        Part(
            "growth",
            "thirty days of a used automat, weighed at the end of each: memory, descriptors, disk",
            "tests.faults.growth",
            _module("tests.faults.growth", "--days", "30", "--seed", "SEED"),
            _module("tests.faults.growth", "--days", "120", "--seed", "SEED"),
            cores=1,
            limit_s=LIMIT_S,
            long_limit_s=3600,
        ),
        Part(
            "migrations",
            "every old database migrated and opened twice, and killed at every statement of every step",
            "tests.migrations.test_killed",
            _module("tests.proof.selection", "migrations", "tests/migrations"),
            _module("tests.proof.selection", "migrations", "tests/migrations"),
            cores=1,
            limit_s=LIMIT_S,
            long_limit_s=3600,
        ),
    )
}
