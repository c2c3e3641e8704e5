"""The page of a proof: on what, what ran, how much, what it found, and what of the catalogue it shows."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.faults.catalogue import Row
from tests.proof.running import Outcome, Verdict
from tests.references import PROOF, ROOT

SHOWN_MOST = 20
"""Findings of one part on the page."""


@dataclass(frozen=True)
class Facts:
    """What of the product and the machine matters for repeating it."""

    commit: str
    python: str
    sqlite: str
    cores: int
    system: str
    began_at: datetime
    seconds: float
    seed: int
    long: bool

    @classmethod
    def of_this_machine(cls, *, began_at: datetime, seconds: float, seed: int, long: bool) -> "Facts":
        """Ask the interpreter, its database library and git."""
        return cls(
            commit=commit_of(ROOT),
            python=platform.python_version(),
            sqlite=sqlite3.sqlite_version,
            cores=len(os.sched_getaffinity(0)),
            system=f"{platform.system()} {platform.release().split('-')[0]}, {platform.machine()}",
            began_at=began_at,
            seconds=seconds,
            seed=seed,
            long=long,
        )


def commit_of(root: Path) -> str:
    """Return the commit of a tree, and whether anything in it is not committed; "unknown" without git."""
    try:
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}, with changes that are not committed" if changed else commit


def page(facts: Facts, outcomes: Sequence[Outcome], rows: Sequence[Row]) -> str:
    """Draw the page."""
    last = "last sitting: " if any(each.kept for each in outcomes) else ""
    lines = [
        "# Proof: what ran, and what it found",
        "",
        f"Written by `make {'proof-long' if facts.long else 'proof'}`.",
        "What each row of the catalogue is, and which tests show it, stands in `docs/faults.md`.",
        "",
        f"**{verdict(outcomes, rows)}**",
        "",
        "| | |",
        "|---|---|",
        f"| {last}product | {facts.commit} |",
        f"| {last}begun, took | {facts.began_at:%Y-%m-%d %H:%M} UTC, {_duration(facts.seconds)} |",
        f"| seed | {facts.seed} |",
        f"| Python, SQLite | {facts.python}, {facts.sqlite} |",
        f"| machine | {facts.cores} cores, {facts.system} |",
        "",
        "| part | what it does | ran | took | found |",
        "|---|---|---|---|---|",
        *(_part_line(each) for each in outcomes),
    ]
    lines += _found_lines(outcomes)
    lines += _unrun_lines(outcomes)
    lines += _row_lines(rows, outcomes)
    return "\n".join(lines) + "\n"


def verdict(outcomes: Sequence[Outcome], rows: Sequence[Row]) -> str:
    """Say in a sentence how it ended."""
    found = sum(len(each.found) for each in outcomes)
    unrun = [each.part.name for each in outcomes if each.verdict not in (Verdict.HELD, Verdict.FOUND)]
    unshown = [row.name for row in rows if row.missing]
    troubles = [
        *([f"{found} found"] if found else []),
        *([f"not run to their end: {', '.join(unrun)}"] if unrun else []),
        *([f"rows that nothing shows: {', '.join(unshown)}"] if unshown else []),
    ]
    if not troubles:
        return "Nothing was found, and nothing is missing."
    told = "; ".join(troubles)
    return f"{told[0].upper()}{told[1:]}."


def _part_line(outcome: Outcome) -> str:
    ran = ", ".join(f"{_number(value)} {name.replace('_', ' ')}" for name, value in outcome.ran.items())
    found = {
        Verdict.HELD: "nothing",
        Verdict.FOUND: f"**{len(outcome.found)}**",
        Verdict.UNFINISHED: f"nothing so far: **{outcome.detail}**",
        Verdict.FAILED: "**could not be run to its end**",
        Verdict.MISSING: "**missing**",
    }[outcome.verdict]
    took = _duration(outcome.seconds) if outcome.seconds else "-"
    if outcome.kept:
        took += f", in sittings on {', '.join(outcome.commits)}"
    return f"| **{outcome.part.name}** | {outcome.part.shows} | {_cell(ran) or '-'} | {took} | {found} |"


def _found_lines(outcomes: Iterable[Outcome]) -> list[str]:
    lines: list[str] = []
    for outcome in outcomes:
        for each in outcome.found[:SHOWN_MOST]:
            lines += ["", f"**{outcome.part.name}**: {each.what}", "", "```", each.replay, "```"]
        more = len(outcome.found) - SHOWN_MOST
        if more > 0:
            lines += ["", f"**{outcome.part.name}**: and {more:,} more, in its `{outcome.part.name}.json`."]
    return ["", "## What was found", *lines] if lines else []


def _unrun_lines(outcomes: Iterable[Outcome]) -> list[str]:
    lines = [
        line
        for outcome in outcomes
        if outcome.verdict in (Verdict.FAILED, Verdict.MISSING)
        for line in ("", f"**{outcome.part.name}**", "", "```", *_told(outcome), "```")
    ]
    return ["", "## What did not run", *lines] if lines else []


def _told(outcome: Outcome) -> Iterable[str]:
    if outcome.command:
        yield " ".join(("python", *outcome.command[1:]))
    yield outcome.detail


def _row_lines(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> list[str]:
    verdicts = {outcome.part.name: outcome.verdict for outcome in outcomes}
    lines = ["", "## The catalogue", "", "| row | what may go wrong | shown by |", "|---|---|---|"]
    return lines + [f"| {row.name} | {row.what} | {_state(row, verdicts)} |" for row in rows]


def _state(row: Row, verdicts: dict[str, Verdict]) -> str:
    tests = [each for each in row.shown_by if not each.startswith(PROOF)]
    parts = [each.removeprefix(PROOF) for each in row.shown_by if each.startswith(PROOF)]
    told = [f"{len(tests)} tests" if len(tests) != 1 else "1 test"] if tests else []
    for part in parts:
        became = verdicts.get(part)
        if became is Verdict.HELD:
            told.append(f"{part}: nothing found")
        else:
            told.append(f"**{part}: {'not asked for' if became is None else became}**")
    told += [f"{len(row.twins)} sabotage{'s' if len(row.twins) != 1 else ''}"] if row.twins else []
    if row.missing:
        told.append(f"**MISSING: {row.missing}**")
    return "; ".join(told)


def _git(root: Path, *words: str) -> str:
    return subprocess.run(
        ("git", "-C", str(root), *words), check=True, capture_output=True, text=True
    ).stdout.strip()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
