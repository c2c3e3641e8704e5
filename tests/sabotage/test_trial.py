"""What a trial proves: a twin that hangs or cannot even be imported was not caught by anybody."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.sabotage.copies import ROOT, DoesNotApply, apply, copy_of, sabotaged
from tests.sabotage.starter import Starter
from tests.sabotage.trial import Verdict, attempt, judge, sound
from tests.sabotage.twin import Twin

AGENDA = (
    "tests/unit/domain/test_agenda.py::test_two_agendas_of_the_same_lines_are_equal_however_they_came_about"
)
CONTROL = Twin(
    "it cannot be imported",
    "locker/domain/agenda.py",
    "\nfrom bisect import ",
    "\nraise RuntimeError('the copy was imported')\nfrom bisect import ",
    (AGENDA,),
    ("F1",),
)
GOOD: dict[str, Any] = {"exit": 0, "passed": 1, "failures": [], "not_collected": [], "strangers": []}
FAILED = {"test": "test_a.py::test_b", "phase": "call", "kind": "AssertionError", "says": "assert 1 == 2"}


@pytest.fixture(scope="module")
def starter() -> Iterator[Starter]:
    """One warm process for all."""
    with Starter() as started:
        yield started


def test_a_copy_is_imported_and_one_that_cannot_be_is_not_caught(starter: Starter) -> None:
    trial = attempt(CONTROL, starter)
    assert trial.verdict is Verdict.UNPROVEN
    assert "the copy was imported" in trial.says


def test_a_twin_that_changes_nothing_survives(starter: Starter) -> None:
    harmless = replace(CONTROL, after="\n# it is harmless\nfrom bisect import ")
    assert attempt(harmless, starter).verdict is Verdict.SURVIVED


def test_what_is_compiled_already_is_not_run_in_place_of_what_was_broken(starter: Starter) -> None:
    with copy_of() as unbroken:
        assert sound([AGENDA], starter, unbroken) is None
        (compiled,) = (unbroken / "locker" / "domain").glob("__pycache__/agenda.*.pyc")
        with copy_of(unbroken) as tree:
            apply(CONTROL, tree)
            assert not (tree / compiled.relative_to(unbroken)).exists()
        assert "the copy was imported" in attempt(CONTROL, starter, root=unbroken).says


def test_a_copy_leaves_the_tree_as_it_was() -> None:
    before = (ROOT / CONTROL.file).read_bytes()
    with copy_of() as tree:
        apply(CONTROL, tree)
        assert "RuntimeError" in (tree / CONTROL.file).read_text(encoding="utf-8")
        assert (ROOT / CONTROL.file).read_bytes() == before
    assert not tree.exists()


@pytest.mark.parametrize("wrong", [{"before": "no such line"}, {"before": "e"}, {"file": "locker/none.py"}])
def test_a_twin_that_does_not_fit_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(DoesNotApply, match=r"^it cannot be imported: .*bring the twin up to date$"):
        sabotaged(replace(CONTROL, **wrong))  # type: ignore[arg-type]  # its names


@pytest.mark.parametrize(
    ("account", "verdict"),
    [
        (GOOD, Verdict.SURVIVED),
        ({**GOOD, "exit": 1, "failures": [FAILED]}, Verdict.CAUGHT),
        ({**GOOD, "exit": 1, "failures": [{**FAILED, "phase": "setup"}]}, Verdict.UNPROVEN),
        ({**GOOD, "exit": 1, "failures": [{**FAILED, "kind": "ImportError"}]}, Verdict.UNPROVEN),
        ({**GOOD, "exit": 1, "failures": [{**FAILED, "says": "Timeout (>60.0s)"}]}, Verdict.UNPROVEN),
        ({**GOOD, "exit": 2, "not_collected": ["test_a.py: NameError"]}, Verdict.UNPROVEN),
        ({**GOOD, "strangers": ["locker from elsewhere"]}, Verdict.UNPROVEN),
        ({**GOOD, "passed": 0}, Verdict.UNPROVEN),
        ({**GOOD, "exit": 5, "passed": 0}, Verdict.UNPROVEN),
        ("it took longer than 120 s", Verdict.UNPROVEN),
    ],
)
def test_only_a_test_that_ran_and_failed_has_caught_a_twin(account: Any, verdict: Verdict) -> None:
    assert judge(account)[0] is verdict
