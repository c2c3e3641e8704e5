"""The rules of the automat and what shows each: read, resolved, and drawn as docs/rules.md."""

import ast
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from simulator.stories.catalogue import STORIES

ROOT = Path(__file__).parents[2]
CHECKLIST = Path(__file__).with_name("rules.toml")
PAGE = ROOT / "docs" / "rules.md"
STORY = "story:"


@dataclass(frozen=True)
class Rule:
    """One rule of a section, and the tests and stories that show it."""

    section: str
    rule: str
    shown_by: tuple[str, ...]


def rules() -> list[Rule]:
    """Read the checklist."""
    written = tomllib.loads(CHECKLIST.read_text(encoding="utf-8"))
    return [
        Rule(section["name"], rule["rule"], tuple(rule["shown_by"]))
        for section in written["section"]
        for rule in section["rule"]
    ]


def exists(reference: str) -> bool:
    """Tell whether a test ("unit/domain/test_typing.py::test_x") or a story ("story:pickup") is there."""
    if reference.startswith(STORY):
        return reference.removeprefix(STORY) in STORIES
    file, _, test = reference.partition("::")
    return test in _tests_in(ROOT / "tests" / file)


def page() -> str:
    """Draw docs/rules.md."""
    lines = [
        "# The rules, and what shows each",
        "",
        "Drawn from `tests/rules/rules.toml` by `make docs`. A story is played with",
        "`locker-sim demo --story NAME`; the files are below `tests/`.",
    ]
    section = ""
    for rule in rules():
        if rule.section != section:
            section = rule.section
            lines += ["", f"## {section}", "", "| rule | shown by |", "|---|---|"]
        lines.append(f"| {rule.rule} | {'<br>'.join(_shown(each) for each in rule.shown_by)} |")
    return "\n".join(lines) + "\n"


def _shown(reference: str) -> str:
    if reference.startswith(STORY):
        return f"story `{reference.removeprefix(STORY)}`"
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


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
