"""SIGKILL between and inside commits: what was said to be durable is there, and decisions are whole."""

import signal
import subprocess
import sys
from pathlib import Path

from locker.db.session import Database
from tests.unit.db.examples import blank_automat

DOOMED = Path(__file__).with_name("doomed.py")
ROOT = Path(__file__).parents[3]


def survivor(path: Path) -> int:
    """Open what a killed process left; check that decisions are whole; return how many there are."""
    database = Database.open(path)
    database.begin_epoch(1)
    sequence = database.head().sequence
    automat = database.load(blank_automat(), {}).automat
    decisions = automat.attempts["front"].tokens if automat.attempts else 0
    assert [sealed.sequence for sealed in database.entries(1, 1, 99_999)] == list(range(1, sequence + 1))
    database.close()
    assert sequence == 2 * decisions
    return decisions


def test_every_acknowledged_decision_survives_a_kill_at_a_moment_of_chance(path: Path) -> None:
    for wanted in (1, 37, 200):
        with subprocess.Popen(
            [sys.executable, str(DOOMED), str(path)], cwd=ROOT, env=_env(), stdout=subprocess.PIPE
        ) as doomed:
            assert doomed.stdout is not None
            said = [int(doomed.stdout.readline()) for _ in range(wanted)]
            doomed.send_signal(signal.SIGKILL)
            said += [int(line) for line in doomed.stdout.read().split()]
        decisions = survivor(path)
        assert decisions - said[-1] in (0, 1)  # the last one may have been durable, and not yet said


def test_a_kill_at_any_statement_leaves_whole_decisions(path: Path) -> None:
    # A commit is seven statements: 16 in a row cover every place in two of them.
    ended = subprocess.run(
        [sys.executable, str(DOOMED), str(path), "0", "16"],
        cwd=ROOT,
        env=_env(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    rounds = ended.stdout.decode().split("killed\n")[:-1]
    assert len(rounds) == 16
    said = [int(line) for lines in rounds for line in lines.split()]
    assert said == sorted(set(said))
    assert survivor(path) - said[-1] in (0, 1)


def _env() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT)}
