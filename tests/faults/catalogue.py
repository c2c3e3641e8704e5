"""The catalogue of attacks, faults and invariants, and what shows each: drawn as docs/faults.md."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.references import ROOT, shown
from tests.sabotage.twins import TWINS

CATALOGUE = Path(__file__).with_name("faults.toml")
PAGE = ROOT / "docs" / "faults.md"


@dataclass(frozen=True)
class Row:
    """One attack (T..), fault (F..) or invariant (I..): what it is, what the automat does, what shows it.

    `twins` are the sabotages that name this row; `missing` says what nothing shows yet, `untwinned` why there
    is no safeguard that could be removed.
    """

    name: str
    what: str
    automat: str
    shown_by: tuple[str, ...]
    twins: tuple[str, ...]
    missing: str = ""
    untwinned: str = ""


def rows() -> list[Row]:
    """Read the catalogue: attacks first, in order."""
    written = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return [
        Row(
            name,
            row["what"],
            row["automat"],
            tuple(row.get("shown_by", ())),
            twins_of(name),
            row.get("missing", ""),
            row.get("untwinned", ""),
        )
        for name, row in written.items()
    ]


def twins_of(row: str) -> tuple[str, ...]:
    """Name the sabotages that remove a safeguard against this row."""
    return tuple(twin.name for twin in TWINS if row in twin.rows)


def page() -> str:
    """Draw docs/faults.md."""
    every = rows()
    lines = [
        "# What may go wrong, what the automat does then, and what shows it",
        "",
        "Drawn from `tests/faults/faults.toml` and `tests/sabotage` by `make docs`. The files are below",
        "`tests/`; a story is played with `locker-sim demo --story NAME`; a part of `make proof` is run",
        "alone with `python -m tests.proof --only NAME`. A *sabotage* removes the safeguard from a copy of",
        "the product, and a test must fail then: `python -m tests.sabotage --only NAME`.",
    ]
    unshown = [row for row in every if row.missing]
    if unshown:
        lines += ["", "## NOT SHOWN YET", "", *(f"- **{row.name}: {row.missing}**" for row in unshown)]
    for title, letter in (("Attacks", "T"), ("Faults", "F"), ("What must hold at every step", "I")):
        lines += ["", f"## {title}"]
        for row in every:
            if row.name.startswith(letter):
                lines += ["", *_section(row)]
    return "\n".join(lines) + "\n"


def _section(row: Row) -> list[str]:
    lines = [f"### {row.name}: {row.what}", "", row.automat, ""]
    if row.missing:
        lines.append(f"- **MISSING: {row.missing}**")
    lines += [f"- {shown(each)}" for each in row.shown_by]
    lines += [f"- sabotage caught: {twin}" for twin in row.twins]
    if row.untwinned:
        lines.append(f"- no sabotage: {row.untwinned}")
    return lines


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
