"""The rules of the automat and what shows each: read, resolved, and drawn as docs/rules.md."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.references import ROOT, shown

CHECKLIST = Path(__file__).with_name("rules.toml")
PAGE = ROOT / "docs" / "rules.md"


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
        lines.append(f"| {rule.rule} | {'<br>'.join(shown(each) for each in rule.shown_by)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
