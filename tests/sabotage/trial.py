"""Runs a selection of tests in a copy of the tree, and judges what its outcome proves."""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.sabotage.copies import ROOT, apply, copy_of, environment
from tests.sabotage.starter import Starter
from tests.sabotage.twin import Twin
from tests.sabotage.witness import ACCOUNT, TREE

LONGEST_S = 120.0
LONGEST_TEST_S = 60
MERELY_BROKEN = frozenset(
    {
        "AttributeError",
        "ImportError",
        "IndentationError",
        "ModuleNotFoundError",
        "NameError",
        "SyntaxError",
        "TypeError",
        "UnboundLocalError",
    }
)
"""What code raises that cannot work at all: no safeguard was missed then, a twin was written badly."""


class Verdict(StrEnum):
    """What a trial showed."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    UNPROVEN = "unproven"
    """The selection failed, but not because the safeguard was missed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How one trial went; `by` is the test that failed, `says` what it said, or why nothing is proven."""

    twin: Twin
    verdict: Verdict
    by: str
    says: str
    seconds: float


def attempt(
    twin: Twin,
    starter: Starter,
    *,
    root: Path = ROOT,
    longest_s: float = LONGEST_S,
    longest_test_s: int = LONGEST_TEST_S,
) -> Trial:
    """Run a twin's catchers on a copy without its safeguard; DoesNotApply."""
    began_s = time.monotonic()
    with copy_of(root) as tree:
        apply(twin, tree)
        surroundings = environment(tree)
        verdict, by, says = judge(run(starter, tree, surroundings, twin.catchers, longest_s, longest_test_s))
    return Trial(twin, verdict, by, says, time.monotonic() - began_s)


def sound(
    catchers: Sequence[str], starter: Starter, tree: Path, *, longest_s: float = 4 * LONGEST_S
) -> str | None:
    """Run a selection on an unbroken copy; return why nothing could be learnt from it, None if it passes.

    What it imports is compiled from then on: it need not be in each copy of that copy.
    """
    surroundings = environment(tree, compiling=True)
    account = run(starter, tree, surroundings, catchers, longest_s, LONGEST_TEST_S)
    if isinstance(account, str):
        return account
    if account["exit"] == 0 and not account["strangers"] and account["passed"]:
        return None
    told = [f"{each['test']}: {each['says']}" for each in account["failures"]]
    told += account["not_collected"] + account["strangers"]
    return "; ".join(told) or f"pytest ended with {account['exit']}, {account['passed']} tests passed"


def run(
    starter: Starter,
    tree: Path,
    surroundings: Mapping[str, str],
    catchers: Sequence[str],
    longest_s: float,
    longest_test_s: int,
) -> dict[str, Any] | str:
    """Run tests in a copy until the first fails; return the witness's account, or why there is none."""
    with tempfile.TemporaryDirectory(prefix="run-", ignore_cleanup_errors=True) as made:
        account, told = Path(made, "account.json"), Path(made, "told.txt")
        watched = {**surroundings, TREE: str(tree), ACCOUNT: str(account)}
        watched.pop("PYTEST_ADDOPTS", None)
        arguments = [
            *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "tests.sabotage.witness"),
            "--tb=native",  # its own looks up the source among all modules, which takes longer than the test
            *(f"--timeout={longest_test_s}", f"--basetemp={made}/t", f"--rootdir={tree}", *catchers),
        ]
        code = starter.run(tree, watched, arguments, told, longest_s)
        if code is None:
            return f"it took longer than {longest_s:g} s"
        try:
            found: dict[str, Any] = json.loads(account.read_text(encoding="utf-8"))
        except FileNotFoundError:
            last = (told.read_text(encoding="utf-8").strip().splitlines() or ["it said nothing"])[-1]
            return f"pytest ended with {code} before any test: {last}"
        return found


def judge(account: dict[str, Any] | str) -> tuple[Verdict, str, str]:
    """Tell what an account proves: only a test that ran and failed for what it looks at proves anything."""
    if isinstance(account, str):
        return Verdict.UNPROVEN, "", account
    if account["strangers"]:
        return Verdict.UNPROVEN, "", f"not the copy was tried: {account['strangers'][0]}"
    if account["not_collected"]:
        return Verdict.UNPROVEN, "", f"not collected: {account['not_collected'][0]}"
    if account["exit"] == 0 and account["passed"]:
        return Verdict.SURVIVED, "", f"{account['passed']} tests passed"
    reasons = [reason for failure in account["failures"] if (reason := _why_not(failure))]
    if account["exit"] != 1 or not account["failures"] or reasons:
        why = reasons[0] if reasons else f"pytest ended with {account['exit']} and no failed test"
        return Verdict.UNPROVEN, "", why
    first = account["failures"][0]
    return Verdict.CAUGHT, first["test"], f"{first['kind']}: {first['says']}"


def _why_not(failure: dict[str, Any]) -> str | None:
    """Return why a failure proves nothing."""
    what = f"{failure['test']} ({failure['phase']}): {failure['kind']}: {failure['says']}"
    if failure["phase"] == "setup":
        return f"it failed before the test: {what}"
    if failure["kind"] in MERELY_BROKEN:
        return f"the code is merely broken: {what}"
    if failure["says"].startswith("Timeout (>"):
        return f"it hung: {what}"
    return None
