"""The parts of `make proof`: which command each is, how large in CI and on demand, and what it may take."""

import sys
from dataclasses import dataclass
from importlib.util import find_spec

PYTHON = (sys.executable, "-m")
SEED = "SEED"
LIMIT_S, LONG_LIMIT_S = 900.0, 2 * 3600.0
"""Of any piece, in CI and on demand: a machine with other things to do needs longer, but nothing hangs."""
WEEKS_A_PIECE, KILLS_A_PIECE = 250, 1_000

Command = tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Commands that try to break a promise, and write what they did with `--json FILE`.

    `needs`: the module without which the part is missing; `long`: the pieces of the run on demand, each of
    which may be run in another sitting (none: it is the same as in CI); `cores`: how many it keeps busy (one
    that mostly waits: half of one), so that parts that would disturb one another do not run at once;
    `patient`: its time is virtual or of no matter, so it takes whatever the others leave of all the cores;
    `limit_s`: after that a piece is ended and has failed.
    """

    name: str
    shows: str
    needs: str
    short: Command
    long: tuple[Command, ...] = ()
    cores: float = 2
    patient: bool = False
    limit_s: float = LIMIT_S
    long_limit_s: float = LONG_LIMIT_S

    def is_there(self) -> bool:
        """Tell whether the part can be run."""
        try:
            return find_spec(self.needs) is not None
        except ModuleNotFoundError:
            return False

    def commands(self, *, long: bool, seed: int) -> tuple[Command, ...]:
        """Return the command of each piece, without `--json`; `SEED` and `SEED+n` in it become seeds."""
        pieces = (self.long if long else ()) or (self.short,)
        return tuple(tuple(_sown(word, seed) for word in piece) for piece in pieces)


def _sown(word: str, seed: int) -> str:
    return str(seed + int(word.removeprefix(SEED) or 0)) if word.startswith(SEED) else word


def _module(name: str, words: str) -> Command:
    return (*PYTHON, name, *words.split())


def _weeks(first: int, count: int) -> Command:
    return _module("simulator.cli", f"weeks --seeds {first}-{first + count - 1} --jobs 2")


def _kills(times: int, before: int = 0) -> Command:
    return _module("tests.crash.kills", f"--times {times} --seed {SEED}+{before} --jobs 2")


PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        Part(
            "kills",
            "the real process killed at random moments and at every named step, compared with the world",
            "tests.crash.kills",
            _kills(500),
            tuple(_kills(KILLS_A_PIECE, before) for before in range(0, 10_000, KILLS_A_PIECE)),
        ),
        Part(
            "weeks",
            "simulated weeks of the whole daemon with every fault at random; the invariants at every step",
            "simulator.week.command",
            _weeks(1, 200),
            tuple(_weeks(first, WEEKS_A_PIECE) for first in range(1, 5_000, WEEKS_A_PIECE)),
            patient=True,
        ),
        Part(
            "power-cuts",
            "disk states after a power cut, rebuilt from recorded writes and opened by the daemon's start-up",
            "tests.crash.power_cuts",
            _module("tests.crash.power_cuts", "--states 10000 --seed SEED --jobs 2"),
            (_module("tests.crash.power_cuts", "--states 100000 --seed SEED --jobs 2"),),
            patient=True,
        ),
        Part(
            "failing-disk",
            "the n-th disk operation fails, once and for ever, for every n of each critical transaction",
            "tests.crash.failing_disk",
            _module("tests.crash.failing_disk", "--all --jobs 2"),
            patient=True,
        ),
        Part(
            "sabotage",
            "every safeguard removed from a copy, one at a time: a test must fail each time",
            "tests.sabotage.__main__",
            _module("tests.sabotage", "--jobs 3"),
        ),
        Part(
            "brokers",
            "a real broker with its usual settings killed again and again; the ledger equals the journal",
            "tests.crash.brokers",
            _module("tests.crash.brokers", "--kills 50 --seed SEED --jobs 2"),
            (_module("tests.crash.brokers", "--kills 1000 --seed SEED --jobs 2"),),
            cores=0.5,
        ),
        Part(
            "drain",
            "20,000 entries wait after an outage: drained in order, with somebody typing at the keypad",
            "tests.faults.drain",
            _module("tests.faults.drain", "--entries 20000"),
            (_module("tests.faults.drain", "--entries 100000"),),
            cores=1,
        ),
        Part(
            "network",
            "a proxy stalls, cuts, goes silent, dribbles, doubles connections between automat and broker",
            "tests.crash.network",
            _module("tests.crash.network", "--times 30 --seed SEED --jobs 3"),
            (_module("tests.crash.network", "--times 1000 --seed SEED --jobs 3"),),
            cores=0.5,
            long_limit_s=4 * 3600,
        ),
        Part(
            "clocks",
            "parcels under clocks that leap, lose their trust and stand still: none expires before its time",
            "tests.faults.histories",
            _module("tests.faults.histories", "--times 3000 --seed SEED --jobs 2"),
            (_module("tests.faults.histories", "--times 30000 --seed SEED --jobs 2"),),
            patient=True,
        ),
        Part(
            "growth",
            "thirty days of a used automat, weighed at the end of each: memory, descriptors, disk",
            "tests.faults.growth",
            _module("tests.faults.growth", "--days 30 --seed SEED"),
            (_module("tests.faults.growth", "--days 120 --seed SEED"),),
            cores=1,
            patient=True,
        ),
        Part(
            "migrations",
            "every old database migrated and opened twice, and killed at every statement of every step",
            "tests.migrations.test_killed",
            _module("tests.proof.selection", "migrations tests/migrations"),
            cores=1,
            patient=True,
        ),
    )
}
