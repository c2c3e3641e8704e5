"""The small changes that mutation makes, and those of which it is known that they change nothing."""

import ast
from pathlib import Path

import pytest

from tests.sabotage.copies import ROOT
from tests.sabotage.mutants import SUBJECTS, known_equal
from tests.sabotage.operators import mutants

SOURCE = """
LIMIT = 3

def many(found, most=5):
    # one more would be too many
    if found > most and found != LIMIT:
        raise ValueError(found)
    return found + 1
"""


def test_every_small_change_of_a_function_is_made_once_and_nothing_else_is_touched() -> None:
    found = mutants(SOURCE)
    assert [(mutant.line, mutant.what) for mutant in found] == [
        (6, "the condition is always true"),
        (6, "the condition is never true"),
        (6, "And becomes Or"),
        (6, "Gt becomes GtE"),
        (6, "NotEq becomes Eq"),
        (7, "left out: raise ValueError(found)"),
        (8, "Add becomes Sub"),
        (8, "1 becomes 2"),
    ]
    assert len({ast.unparse(mutant.tree()) for mutant in found} | {ast.unparse(ast.parse(SOURCE))}) == 9


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_mutant_that_is_said_to_mean_the_same_is_one(name: str) -> None:
    said = known_equal().get(name, {})
    if said:
        source = (ROOT / Path(*name.split(".")).with_suffix(".py")).read_text(encoding="utf-8")
        assert said.keys() <= {mutant.key for mutant in mutants(source)}
    assert all(said.values())
