"""Change one small thing at a time in a critical module, and see whether the tests of that module notice.

    python -m tests.sabotage.mutants [--module WORD] [--jobs N] [--json FILE]

Everything is imported once; each mutant is a fork of that process in which the functions of the module got
other code, so nothing is written anywhere. Survivors are told with their line: a missing test, or a change
that means the same. Exit code 0 if every survivor is known to mean the same (mutants.toml), 1 if not, 2 if
the tests fail without any change.
"""

import argparse
import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from tests.sabotage.copies import ROOT
from tests.sabotage.operators import Mutant, mutants
from tests.sabotage.tracing import Tracing

LONGEST_S = 120.0
LONGEST_TEST_S = 20
EQUAL = Path(__file__).with_name("mutants.toml")

DOMAIN = "tests/unit/domain"
SUBJECTS: dict[str, tuple[str, ...]] = {
    "locker.domain.attempts": (f"{DOMAIN}/test_attempts.py", f"{DOMAIN}/test_closed_keypads.py"),
    "locker.sync.outbox": ("tests/unit/sync/test_outbox.py",),
    "locker.engine": ("tests/unit/engine/test_engine.py",),
    "locker.db.session": (
        "tests/unit/db/test_session.py",
        "tests/unit/db/test_refusals.py",
        "tests/unit/db/test_disk_full.py",
        "tests/unit/db/test_log.py",
        "tests/unit/db/test_damage_in_rows.py",
        "tests/unit/db/test_agreement.py",
        "tests/unit/db/test_records.py::test_a_naive_instant_is_refused_and_nothing_written",
        "tests/crash/test_failing_disk.py::test_a_decision_is_whole_or_an_error_came_and_nothing_was_started",
        "tests/crash/test_failing_disk.py::test_work_on_the_file_is_done_told_of_or_left_alone",
    ),
    "locker.domain.flows.doors": tuple(
        f"{DOMAIN}/test_{name}.py"
        for name in (
            "door_events",
            "pickup",
            "restart",
            "wrong_door",
            "ticking",
            "delivery",
            "collection",
            "collection_disturbed",
            "sending_faults",
            "remote",
            "remote_faults",
            "maintain",
            "maintain_found",
            "inspection",
            "inspection_disturbed",
            "review",
            "review_around",
            "review_maintenance",
            "review_parcels",
            "commission",
            "commission_murphy",
            "wear",
        )
    ),
}
"""The critical modules, and the tests that are there for them."""


def main() -> int:
    """Try every mutant of the chosen modules; tell the survivors."""
    arguments = _arguments()
    began_s = time.monotonic()
    known = known_equal()
    account: dict[str, Any] = {"name": "mutants", "ran": {}, "seed": 0, "findings": []}
    for name, selection in SUBJECTS.items():
        if arguments.module not in name:
            continue
        module = importlib.import_module(name)
        collected = pytest.main([*_quietly(), "--collect-only", *selection])
        with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
            told = Path(directory) / "tests-of-line.json"
            sound = collected == 0 and _passed(*_start(selection, trace=(str(module.__file__), told)))
            reached = _read(told) if sound else {}
        if not sound:
            say(f"{name}: its tests fail without any change, so nothing can be learnt from one")
            return 2
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        found = mutants(source)
        survivors = _survivors(module, found, reached, arguments.jobs)
        new = [mutant for mutant in survivors if mutant.key not in known.get(name, {})]
        equal = len(survivors) - len(new)
        say(f"{name}: {len(found) - len(survivors)} of {len(found)} noticed, {equal} mean the same")
        account["ran"][name] = len(found)
        account["findings"] += [
            {"seed": 0, "what": f"{name}:{mutant.line}: {mutant.what}", "replay": _replay(name)}
            for mutant in new
        ]
    account["seconds"] = round(time.monotonic() - began_s, 1)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(account, indent=1), encoding="utf-8")
    return 1 if account["findings"] else 0


def say(text: str) -> None:
    """Write one line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def known_equal() -> dict[str, dict[str, str]]:
    """Return the mutants of each module that mean the same, with the reason."""
    with contextlib.suppress(FileNotFoundError), EQUAL.open("rb") as opened:
        return tomllib.load(opened)
    return {}


def _survivors(
    module: ModuleType, found: Sequence[Mutant], reached: Mapping[int, Sequence[str]], jobs: int
) -> list[Mutant]:
    """Try every mutant with the tests that reach it, so many at a time; return those that none noticed."""
    survivors: list[Mutant] = []
    running: dict[int, tuple[Mutant, float]] = {}
    waiting = list(reversed(found))
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            selection = list(dict.fromkeys(test for n in mutant.reached_by for test in reached.get(n, ())))
            if selection:
                child, until_s = _start(selection, change=(module, mutant))
                running[child] = mutant, until_s
            else:
                survivors.append(mutant)
                say(f"  line {mutant.line}: no test reaches it: {mutant.what}")
        for child, (mutant, until_s) in list(running.items()):
            passed = _ended(child, until_s)
            if passed is not None:
                del running[child]
                if passed:
                    survivors.append(mutant)
                    say(f"  line {mutant.line}: SURVIVED: {mutant.what}")
        time.sleep(0.02)
    return sorted(survivors, key=lambda mutant: mutant.line)


def _start(
    selection: Sequence[str],
    *,
    change: tuple[ModuleType, Mutant] | None = None,
    trace: tuple[str, Path] | None = None,
) -> tuple[int, float]:
    """Begin to run the tests in a fork, changed or traced; return it and when it has taken too long."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            if change is not None:
                put_in_place(*change)
            how = [*_quietly(), "-x", f"--timeout={LONGEST_TEST_S}", *selection]
            code = int(pytest.main(how, plugins=[] if trace is None else [Tracing(*trace)]))
        finally:
            os._exit(code)
    return child, time.monotonic() + (LONGEST_S if trace is None else 5 * LONGEST_S)


def _ended(child: int, until_s: float) -> bool | None:
    """Tell whether the tests passed in a fork; None while they run. One that takes too long does not pass."""
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        return os.waitstatus_to_exitcode(status) == 0
    if time.monotonic() < until_s:
        return None
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _passed(child: int, until_s: float) -> bool:
    while (passed := _ended(child, until_s)) is None:
        time.sleep(0.02)
    return passed


def put_in_place(module: ModuleType, mutant: Mutant) -> None:
    """Give the functions of a module, wherever they were imported to, the code of a mutant."""
    changed = dict(_codes(compile(mutant.tree(), str(module.__file__), "exec")))
    for function in _functions(module):
        code = changed.get(function.__qualname__)
        if code is not None and code.co_freevars == function.__code__.co_freevars:
            function.__code__ = code


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Give every function's code by its qualified name."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant.co_qualname, constant
            yield from _codes(constant)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Give the functions and methods that a module defines, also those behind a decorator."""
    for value in vars(module).values():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        for each in [value, *(vars(value).values() if isinstance(value, type) else ())]:
            inner = getattr(each, "fget", None) or getattr(each, "__func__", None) or each
            inner = getattr(inner, "__wrapped__", inner)
            if isinstance(inner, FunctionType):
                yield inner


def _read(told: Path) -> dict[int, list[str]]:
    return {int(line): tests for line, tests in json.loads(told.read_text(encoding="utf-8")).items()}


def _quietly() -> list[str]:
    return ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", f"--rootdir={ROOT}"]


def _replay(name: str) -> str:
    return f"python -m tests.sabotage.mutants --module {name}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sabotage.mutants")
    parser.add_argument("--module", default="", metavar="WORD", help="those whose name contains this")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many to try at a time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the account here as well")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
