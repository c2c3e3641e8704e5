"""The proof believes no part that did nothing, failed, or is not there, and its page hides none of it."""

import json
import math
import os
import select
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.catalogue import Row, rows
from tests.proof import __main__ as command
from tests.proof import running
from tests.proof.parts import PARTS, Part
from tests.proof.report import Facts, commit_of, page, verdict
from tests.proof.running import Found, Outcome, Sitting, Verdict, run_all, run_part
from tests.references import PROOF

FACTS = Facts(
    commit="abc",
    python="3.11.9",
    sqlite="3.40.1",
    cores=2,
    system="Linux 6.1",
    began_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    seconds=83,
    seed=7,
    long=False,
)
SHOWN = Row("F1", "killed", "starts again", ("unit/x.py::test_x", "proof:stand-in"), ("no commit",))
UNSHOWN = replace(SHOWN, name="F2", missing="the torn sectors")

FIGURES: dict[str, Any] = {
    "name": "stand-in",
    "ran": {"kills": 500},
    "seconds": 1.5,
    "seed": 7,
    "findings": [],
}
FINDING: dict[str, Any] = {
    "seed": 7,
    "what": "a receipt twice",
    "replay": "python -m tests.crash.kills --seed 7 --only 31",
}


def part(
    written: object = FIGURES, *, code: int = 0, before: str = "", limit_s: float = 30, cores: float = 1
) -> Part:
    """Make a part that writes this, after having done that, and exits so."""
    program = (
        f"import pathlib, sys, time, os, subprocess, signal\n{before}\n"
        f"pathlib.Path(sys.argv[sys.argv.index('--json') + 1]).write_text({json.dumps(written)!r})\n"
        f"sys.exit({code})"
    )
    words = (sys.executable, "-c", program, "SEED")
    return Part(
        "stand-in",
        "stands in",
        "json",
        words,
        ((*words, "--long"),),
        cores,
        limit_s=limit_s,
        long_limit_s=limit_s,
    )


async def ran(
    which: Part, directory: Path, *, long: bool = False, resume: bool = False, until_s: float = math.inf
) -> Outcome:
    return await run_part(which, Sitting(directory, "abc", 7, long, resume, until_s))


async def test_a_part_that_ran_and_found_nothing_holds(tmp_path: Path) -> None:
    outcome = await ran(part(), tmp_path)
    assert (outcome.verdict, outcome.ran) == (Verdict.HELD, {"kills": 500})
    assert outcome.command[-1] == "7"
    assert (await ran(part(), tmp_path, long=True)).command[-1] == "--long"


async def test_what_a_part_finds_is_kept_with_its_replay_whatever_its_exit_code(tmp_path: Path) -> None:
    for code in (0, 1):
        outcome = await ran(part({**FIGURES, "findings": [FINDING]}, code=code), tmp_path)
        assert outcome.verdict is Verdict.FOUND
        assert outcome.found[0].replay == FINDING["replay"]


@pytest.mark.parametrize(
    "which",
    [
        part(code=2),
        part({**FIGURES, "ran": {"kills": 0}}),
        part({**FIGURES, "ran": {}}),
        part({"name": "stand-in"}),
        part("no object"),
        part(before="sys.exit(0)"),
        part(before="raise RuntimeError('broken')"),
    ],
    ids=["exit code", "nothing ran", "nothing counted", "no findings", "no object", "no figures", "raises"],
)
async def test_a_part_that_fails_or_does_nothing_is_not_believed(which: Part, tmp_path: Path) -> None:
    (tmp_path / "stand-in.json").write_text(
        json.dumps(FIGURES)
    )  # what an earlier run left counts for nothing
    assert (await ran(which, tmp_path)).verdict is Verdict.FAILED


async def test_what_a_failed_part_said_is_told(tmp_path: Path) -> None:
    outcome = await ran(part(before="print('no broker here'); sys.exit(3)"), tmp_path)
    assert "exit code 3" in outcome.detail
    assert "no broker here" in outcome.detail


async def test_a_part_over_its_limit_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "ENDING_S", 0.2)
    child = tmp_path / "child"
    sleeper = "[sys.executable, '-c', 'import time; time.sleep(600)']"
    before = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(child)!r}).write_text(str(subprocess.Popen({sleeper}).pid))\ntime.sleep(600)"
    )
    outcome = await ran(part(before=before, limit_s=1), tmp_path)
    assert outcome.verdict is Verdict.FAILED
    assert "its limit" in outcome.detail
    assert _is_gone(int(child.read_text()))


async def test_a_missing_part_is_told_and_not_run(tmp_path: Path) -> None:
    for absent in ("tests.proof.nobody_wrote_this", "tests.nowhere.at_all"):
        outcome = await ran(replace(part(), needs=absent), tmp_path)
        assert (outcome.verdict, outcome.detail) == (Verdict.MISSING, f"there is no {absent}")


async def test_parts_run_at_once_only_where_their_cores_are_free(tmp_path: Path) -> None:
    log = tmp_path / "log"
    before = (
        f"f = open({str(log)!r}, 'a'); f.write('[' ); f.flush(); time.sleep(0.3); f.write(']'); f.flush()"
    )
    both = [replace(part(before=before, cores=2), name=f"both-{n}") for n in range(2)]
    await run_all(both, Sitting(tmp_path, "abc"), cores=2)
    assert log.read_text() == "[][]"
    log.write_text("")
    single = [replace(part(before=before), name=f"single-{n}") for n in range(2)]
    await run_all(single, Sitting(tmp_path, "abc"), cores=2)
    assert log.read_text() == "[[]]"


async def test_patient_parts_share_the_cores_once_more_beside_the_others_at_a_lower_priority(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    log.touch()
    meet = f"while '{{0}}' not in pathlib.Path({str(log)!r}).read_text(): time.sleep(0.01)\n"
    write = f"f = open({str(log)!r}, 'a'); f.write('{{0}}' + str(os.nice(0)) + ' '); f.flush()\n"
    timed = replace(part(before=write.format("timed") + meet.format("second"), cores=2), name="timed")
    first, second = (
        replace(part(before=done, cores=2), name=name, patient=True)
        for name, done in (
            ("first", meet.format("timed") + write.format("first")),
            ("second", write.format("second")),
        )
    )
    outcomes = await run_all([timed, first, second], Sitting(tmp_path, "abc"), cores=2)
    assert [each.verdict for each in outcomes] == [Verdict.HELD] * 3
    mine = os.nice(0)
    assert log.read_text().split() == [f"timed{mine}", f"first{mine + 10}", f"second{mine + 10}"]


def _in_pieces(*more: Part) -> Part:
    return replace(part(), long=tuple(each.short for each in (part(), *more)))


async def test_pieces_are_added_up(tmp_path: Path) -> None:
    outcome = await ran(_in_pieces(part()), tmp_path, long=True)
    assert (outcome.verdict, outcome.ran, outcome.kept) == (Verdict.HELD, {"kills": 1000}, 0)


async def test_a_piece_that_finds_something_is_the_last_and_its_replay_is_told(tmp_path: Path) -> None:
    bad = part({**FIGURES, "findings": [FINDING]}, code=1)
    outcome = await ran(_in_pieces(bad, part()), tmp_path, long=True)
    assert (outcome.verdict, outcome.ran) == (Verdict.FOUND, {"kills": 1000})
    assert outcome.found[0].replay == FINDING["replay"]
    assert not (tmp_path / "stand-in-3.json").exists()


async def test_another_sitting_runs_only_the_pieces_that_did_not_hold(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    counted = part(before=f"open({str(runs)!r}, 'a').write('x')")
    fragile = part(before=f"pathlib.Path({str(tmp_path / 'mended')!r}).read_text()")
    both = replace(part(), long=(counted.short, fragile.short))
    assert (await ran(both, tmp_path, long=True)).verdict is Verdict.FAILED
    (tmp_path / "mended").touch()
    again = await ran(both, tmp_path, long=True, resume=True)
    assert (again.verdict, again.ran, again.kept) == (Verdict.HELD, {"kills": 1000}, 1)
    assert runs.read_text() == "x"
    other = replace(both, long=(fragile.short, counted.short))
    assert (await ran(other, tmp_path, long=True, resume=True)).kept == 0, "other commands, other pieces"
    assert (await ran(both, tmp_path, long=True)).kept == 0, "nothing is kept unasked"


async def test_a_sitting_that_is_over_begins_no_piece_and_says_how_far_the_part_is(tmp_path: Path) -> None:
    nothing = await ran(part(), tmp_path, until_s=0.0)
    assert (nothing.verdict, nothing.ran, nothing.detail) == (Verdict.UNFINISHED, {}, "0 of 1 pieces")
    assert not (tmp_path / "stand-in.log").exists()

    both = _in_pieces(part(code=3))
    assert (await ran(both, tmp_path, long=True)).verdict is Verdict.FAILED
    half = await ran(both, tmp_path, long=True, resume=True, until_s=0.0)
    assert (half.verdict, half.ran, half.detail) == (Verdict.UNFINISHED, {"kills": 500}, "1 of 2 pieces")
    drawn = page(FACTS, [half], [SHOWN])
    assert "| nothing so far: **1 of 2 pieces** |" in drawn
    assert "**Not run to their end: stand-in.**" in drawn
    assert "**stand-in: not at its end**" in drawn


def test_the_page_says_of_which_commits_a_run_in_several_sittings_is() -> None:
    held = Outcome(part(), Verdict.HELD, 60, {"kills": 10}, commits=("abc", "def"), kept=1)
    drawn = page(FACTS, [held], [SHOWN])
    assert "| 1 min 0 s, in sittings on abc, def |" in drawn
    assert "| last sitting: product | abc |" in drawn


def test_the_page_tells_product_machine_size_and_that_nothing_was_found() -> None:
    held = Outcome(part(), Verdict.HELD, 61.2, {"kills": 10_000, "per_minute": 163.25})
    drawn = page(FACTS, [held], [SHOWN])
    for told in (
        "abc",
        "3.11.9, 3.40.1",
        "2 cores",
        "1 min 23 s",
        "10,000 kills, 163.2 per minute",
        "1 min 1 s",
    ):
        assert told in drawn
    assert "Nothing was found, and nothing is missing." in drawn
    assert "| product | abc |" in drawn
    assert "| F1 | killed | 1 test; stand-in: nothing found; 1 sabotage |" in drawn


def test_the_page_shows_each_finding_with_its_replay() -> None:
    outcome = Outcome(part(), Verdict.FAILED, 1, detail="exit code 3")
    assert "exit code 3" in page(FACTS, [outcome], [SHOWN])
    found = Outcome(part(), Verdict.FOUND, 1, {"kills": 5}, (_finding(),))
    drawn = page(FACTS, [found], [SHOWN])
    assert FINDING["replay"] in drawn
    assert "**1 found.**" in drawn


def test_a_thousand_findings_are_counted_and_twenty_of_them_shown() -> None:
    found = Outcome(part(), Verdict.FOUND, 1, {"kills": 5}, (_finding(),) * 1_000)
    drawn = page(FACTS, [found], [SHOWN])
    assert drawn.count(FINDING["replay"]) == 20
    assert "and 980 more" in drawn


def test_the_page_hides_no_missing_part_and_no_missing_row() -> None:
    missing = Outcome(part(), Verdict.MISSING, detail="there is no such module")
    assert verdict([missing], [SHOWN, UNSHOWN]) == (
        "Not run to their end: stand-in; rows that nothing shows: F2."
    )
    drawn = page(FACTS, [missing], [SHOWN, UNSHOWN])
    assert "**MISSING: the torn sectors**" in drawn
    assert "**stand-in: missing**" in drawn


def test_a_tree_without_git_has_no_commit_that_is_known(tmp_path: Path) -> None:
    assert commit_of(tmp_path) == "unknown"


def test_a_commit_says_whether_the_tree_is_that_commit(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(("git", "-C", str(tmp_path), *who, *words), check=True, capture_output=True)

    git("init", "-q")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-qm", "x")
    assert len(commit_of(tmp_path)) == 12
    (tmp_path / "file").write_text("two")
    assert "not committed" in commit_of(tmp_path)


@pytest.mark.parametrize(
    ("verdict_of_the_part", "missing", "code"),
    [(Verdict.HELD, "", 0), (Verdict.FOUND, "", 1), (Verdict.MISSING, "", 1), (Verdict.HELD, "weeks", 1)],
)
def test_the_exit_code_is_0_only_if_all_held_and_every_row_is_shown(
    verdict_of_the_part: Verdict, missing: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def outcomes(*_parts: object, **_how: object) -> list[Outcome]:
        found = (_finding(),) if verdict_of_the_part is Verdict.FOUND else ()
        return [Outcome(part(), verdict_of_the_part, 1, {"kills": 5}, found)]

    monkeypatch.setattr(command, "run_all", outcomes)
    monkeypatch.setattr(command, "rows", lambda: [replace(SHOWN, missing=missing)])
    written = tmp_path / "page" / "proof.md"
    assert command.main(["--page", str(written)]) == code
    assert written.read_text().startswith("# Proof")


def test_a_selection_of_tests_tells_what_failed_and_what_was_left_out(tmp_path: Path) -> None:
    file = tmp_path / "test_some.py"
    file.write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert False\n"
        "@pytest.mark.skip\ndef test_left_out(): pass\n"
    )
    figures = tmp_path / "figures.json"
    run = [sys.executable, "-m", "tests.proof.selection", "some", "--json", str(figures), str(file)]
    assert subprocess.run(run, check=False, capture_output=True).returncode == 1
    written = json.loads(figures.read_text())
    assert written["ran"] == {"tests": 1}
    assert [each["what"].split("::")[1] for each in written["findings"]] == [
        "test_bad failed",
        "test_left_out was left out",
    ]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_belongs_to_a_row_of_the_catalogue_or_to_all(name: str) -> None:
    assert name == "sabotage" or any(f"{PROOF}{name}" in row.shown_by for row in rows())


def _finding() -> Found:
    return Found(str(FINDING["what"]), str(FINDING["replay"]))


def _is_gone(pid: int) -> bool:
    """Wait a moment for the end of a process that is no child of ours."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 5)[0])
    finally:
        os.close(process)
