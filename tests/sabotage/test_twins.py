"""Every twin still has its one place, and every test that has to catch it exists."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.sabotage.copies import ROOT, sabotaged
from tests.sabotage.rules import RULES
from tests.sabotage.twin import Twin
from tests.sabotage.twins import TWINS


@pytest.mark.parametrize("twin", [*TWINS, *RULES], ids=lambda twin: twin.name)
def test_a_twin_has_its_one_place_and_is_python_all_the_same(twin: Twin) -> None:
    content = sabotaged(twin)
    if twin.file.endswith(".py"):
        ast.parse(content)


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_a_twin_names_tests_that_exist_and_the_faults_it_belongs_to(twin: Twin) -> None:
    assert twin.rows
    assert twin.catchers
    for catcher in twin.catchers:
        file, *names = catcher.partition("[")[0].split("::")
        assert names
        assert "::".join(names) in functions_of(ROOT / file), catcher


@pytest.mark.parametrize("twins", [TWINS, RULES], ids=["twins", "rules"])
def test_no_name_stands_for_two_twins(twins: tuple[Twin, ...]) -> None:
    counted = Counter(twin.name for twin in twins)
    assert [name for name, times in counted.items() if times > 1] == []


@cache
def functions_of(file: Path) -> frozenset[str]:
    """Name the test functions of a file, those of a class behind its name."""
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            within = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {f"{node.name}::{each.name}" for each in within}
    return frozenset(found)
