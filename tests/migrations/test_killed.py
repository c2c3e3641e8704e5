"""A migration killed at any statement leaves the old schema or the new one, never anything between."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from locker.db.ladder import LADDER, Ladder
from locker.db.migrate import ensure_current
from tests.migrations.conftest import MakeLadder

DOOMED = Path(__file__).with_name("doomed.py")
KILLS_LIMIT_S = 400
"""Dozens of processes that wait for the disk: 10 s, or many times that on a busy machine."""

pytestmark = pytest.mark.timeout(KILLS_LIMIT_S + 60)


def test_an_upgrade_killed_anywhere_is_old_or_new(old: Callable[[str], Path], ladder_of: MakeLadder) -> None:
    path = old("busy-0001")
    ladder = ladder_of("revision_9001", "revision_9002")
    whole = _whole_contents(path, ladder)
    left = _kill_everywhere(path, ladder, "whole")
    assert len(left) > 25
    seen = set()
    for file in left:
        # as the next start finds it, with the half-done step still to be taken back
        found = _copied(file)
        assert ensure_current(found, ladder) in ("migrated", "current")
        assert _content(found) == ("9002", whole["9002"])
        # as SQLite itself recovers it
        revision, content = _content(file)
        assert content == whole[revision], file.name
        seen.add(revision)
    assert seen == set(ladder.revisions)


def test_without_transactions_the_kills_leave_something_between(
    old: Callable[[str], Path], ladder_of: MakeLadder
) -> None:
    path = old("busy-0001")
    ladder = ladder_of("revision_9001", "revision_9002")
    whole = _whole_contents(path, ladder)
    left = [_content(file) for file in _kill_everywhere(path, ladder, "sabotaged")]
    assert any(content != whole[revision] for revision, content in left)


def test_a_new_database_killed_anywhere_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "made" / "locker.db"
    path.parent.mkdir()
    complete = tmp_path / "complete.db"
    ensure_current(complete)
    left = _kill_everywhere(path, LADDER, "whole")
    assert len(left) == 1  # only the child that nobody killed
    assert _content(left[0]) == _content(complete)
    remains = list(path.parent.glob("*.unfinished"))
    assert remains, sorted(file.name for file in path.parent.iterdir())
    for unfinished in remains:
        file = unfinished.with_suffix("")
        assert ensure_current(file) == "created"
        assert _content(file) == _content(complete)


def _kill_everywhere(path: Path, ladder: Ladder, kind: str) -> list[Path]:
    ended = subprocess.run(
        [sys.executable, str(DOOMED), str(path), ladder.scripts, ",".join(ladder.revisions), kind],
        capture_output=True,
        check=False,
        text=True,
        timeout=KILLS_LIMIT_S,
    )
    if ended.returncode != 0:
        pytest.fail(ended.stderr)
    return sorted(file for file in path.parent.glob("locker.db.*") if file.suffix[1:].isdigit())


def _copied(file: Path) -> Path:
    copy = file.with_name(f"found-{file.name}")
    shutil.copyfile(file, copy)
    with suppress(FileNotFoundError):
        shutil.copyfile(file.with_name(f"{file.name}-journal"), copy.with_name(f"{copy.name}-journal"))
    return copy


def _whole_contents(path: Path, ladder: Ladder) -> dict[str, list[str]]:
    """Return what a database holds at each revision when nothing goes wrong on the way there."""
    contents = {"0001": _content(path)[1]}
    for steps in range(2, len(ladder.revisions) + 1):
        file = path.with_name(f"climbed-{steps}.db")
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(file)) as copy:
            source.backup(copy)
        ensure_current(file, Ladder(ladder.scripts, ladder.revisions[:steps]))
        contents[ladder.revisions[steps - 1]] = _content(file)[1]
    return contents


def _content(path: Path) -> tuple[str, list[str]]:
    """Return the revision and the whole content, after whatever SQLite itself has to recover.

    Lines are sorted: a rebuilt table has its constraints in any order.
    """
    with closing(sqlite3.connect(path)) as database:
        (revision,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        lines = "\n".join(database.iterdump()).splitlines()
        return str(revision), sorted(line.strip().rstrip(",") for line in lines)
