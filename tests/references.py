"""What a page of this project may name as its evidence, whether it is there, and how a page shows it.

| reference                              | is                                         |
|----------------------------------------|--------------------------------------------|
| `unit/domain/test_typing.py::test_x`   | a test, or its class, below `tests/`       |
| `story:pickup`                         | a story that `locker-sim demo --story` plays |
| `proof:kills`                          | a part of `make proof`                     |
"""

import ast
from functools import cache
from pathlib import Path

from simulator.stories.catalogue import STORIES
from tests.proof.parts import PARTS

ROOT = Path(__file__).parents[1]
STORY = "story:"
PROOF = "proof:"


def exists(reference: str) -> bool:
    """Tell whether what a reference names is there."""
    if reference.startswith(STORY):
        return reference.removeprefix(STORY) in STORIES
    if reference.startswith(PROOF):
        part = PARTS.get(reference.removeprefix(PROOF))
        return part is not None and part.is_there()
    file, _, test = reference.partition("::")
    return test in _tests_in(ROOT / "tests" / file)


def planned(reference: str) -> bool:
    """Tell whether a reference names a part of the proof that is declared, be it there or not."""
    return reference.removeprefix(PROOF) in PARTS if reference.startswith(PROOF) else False


def shown(reference: str) -> str:
    """Put a reference into words, in Markdown."""
    if reference.startswith(STORY):
        return f"story `{reference.removeprefix(STORY)}`"
    if reference.startswith(PROOF):
        return f"`make proof`: **{reference.removeprefix(PROOF)}**"
    file, _, test = reference.partition("::")
    return f"`{file}` {test.removeprefix('test_').replace('_', ' ')}"


@cache
def _tests_in(file: Path) -> frozenset[str]:
    if not file.exists():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ) | frozenset(
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    )
