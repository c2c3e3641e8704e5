"""Remove one safeguard at a time, each in a copy of the tree, and see that a test finds it.

    python -m tests.sabotage [--only WORD] [--jobs N] [--json FILE] [--machine [--examples N] [--seeds N]]

The tree itself is never touched. First the tests are run on an unbroken copy. With `--machine` it is the
rules of the core that are broken, and the state machine of tests/properties has to find them: many minutes.
Exit code 0 if everything is found; 1 if not, survivors are named; 2 if the unbroken tree fails, or a twin
does not fit it any more.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue

from tests.sabotage.copies import DoesNotApply, copy_of, sabotaged
from tests.sabotage.machine import play, sound_machine
from tests.sabotage.rules import RULES
from tests.sabotage.starter import Starter
from tests.sabotage.trial import Trial, Verdict, attempt, sound
from tests.sabotage.twin import Twin
from tests.sabotage.twins import TWINS


def main() -> int:
    """Try every twin; say which were found, by what, and how fast."""
    arguments = _arguments()
    began_s = time.monotonic()
    offered = RULES if arguments.machine else TWINS
    chosen = sorted((twin for twin in offered if arguments.only in twin.name), key=_is_quick)
    if not chosen:
        say(f"no twin's name contains {arguments.only!r}")
        return 2
    try:
        for twin in chosen:
            sabotaged(twin)
    except DoesNotApply as error:
        say(str(error))
        return 2

    with ThreadPoolExecutor(arguments.jobs) as pool, ExitStack() as stack:
        unbroken = stack.enter_context(copy_of())
        free = SimpleQueue[Starter]()
        for _ in range(0 if arguments.machine else arguments.jobs):
            free.put(stack.enter_context(Starter()))

        def learnable(catchers: Sequence[str]) -> str | None:
            with _taken_from(free) as starter:
                return sound(catchers, starter, unbroken)

        def trial(twin: Twin) -> Trial:
            if arguments.machine:
                return play(twin, arguments.examples, arguments.seeds)
            with _taken_from(free) as starter:
                return attempt(twin, starter, root=unbroken)

        if arguments.machine:
            faulty = list(
                pool.map(lambda seed: sound_machine(arguments.examples, seed), range(arguments.seeds))
            )
        else:
            faulty = list(pool.map(learnable, _parts(chosen, arguments.jobs)))
        for fault in filter(None, faulty):
            say(f"the tree as it is does not pass, so nothing can be learnt from breaking it: {fault}")
            return 2
        say(f"{time.monotonic() - began_s:6.1f} s  the unbroken tree passes")
        trials = _try_all(chosen, trial, pool)
    missed = [each for each in trials if each.verdict is not Verdict.CAUGHT]
    seconds = time.monotonic() - began_s
    say(f"{len(trials) - len(missed)} of {len(trials)} twins caught in {seconds:.0f} s")
    for each in missed:
        say(f"  {each.verdict}: {each.twin.name}: {each.says}")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(_account(trials, seconds), indent=1), encoding="utf-8")
    return 1 if missed else 0


def say(text: str) -> None:
    """Write one line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _is_quick(twin: Twin) -> bool:
    """Tell whether a twin's tests need no processes of their own: those that do begin first."""
    return not any(each.startswith(("tests/crash", "tests/faults", "tests/e2e")) for each in twin.catchers)


@contextmanager
def _taken_from(free: SimpleQueue[Starter]) -> Iterator[Starter]:
    """Have a starter that nobody else uses for a block."""
    starter = free.get()
    try:
        yield starter
    finally:
        free.put(starter)


def _parts(twins: Sequence[Twin], jobs: int) -> list[list[str]]:
    """Part the tests that have to catch twins among the jobs, each file's to one of them."""
    of_file: dict[str, list[str]] = {}
    for catcher in sorted({catcher for twin in twins for catcher in twin.catchers}):
        of_file.setdefault(catcher.split("::")[0], []).append(catcher)
    parts: list[list[str]] = [[] for _ in range(jobs)]
    for catchers in sorted(of_file.values(), key=len, reverse=True):
        min(parts, key=len).extend(catchers)
    return [part for part in parts if part]


def _try_all(twins: Sequence[Twin], trial: Callable[[Twin], Trial], pool: Executor) -> list[Trial]:
    def tell(twin: Twin) -> Trial:
        done = trial(twin)
        what = f"{done.by}" if done.verdict is Verdict.CAUGHT else f"{str(done.verdict).upper()}: {done.says}"
        say(f"{done.seconds:6.1f} s  {twin.name}: {what}")
        return done

    return list(pool.map(tell, twins))


def _account(trials: Sequence[Trial], seconds: float) -> dict[str, object]:
    return {
        "name": "sabotage twins",
        "ran": {
            "twins": len(trials),
            **{str(verdict): sum(each.verdict is verdict for each in trials) for verdict in Verdict},
        },
        "seconds": round(seconds, 1),
        "seed": 0,
        "findings": [
            {
                "seed": 0,
                "what": f"{each.twin.name}: {each.verdict}: {each.says}",
                "replay": f'python -m tests.sabotage --only "{each.twin.name}"',
            }
            for each in trials
            if each.verdict is not Verdict.CAUGHT
        ],
        "twins": [
            {
                "name": each.twin.name,
                "rows": each.twin.rows,
                "verdict": str(each.verdict),
                "by": each.by,
                "seconds": round(each.seconds, 1),
            }
            for each in trials
        ],
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.sabotage", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--only", default="", metavar="WORD", help="those whose name contains this")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many to try at a time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the account here as well")
    parser.add_argument("--machine", action="store_true", help="the rules that the state machine has to find")
    parser.add_argument("--examples", type=int, default=150, metavar="N", help="of each machine and seed")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="to try before it is a survivor")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
