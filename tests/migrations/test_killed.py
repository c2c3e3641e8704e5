"""A migration killed at any moment leaves the old schema or the new one, never anything between."""

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from locker.db.ladder import LADDER, Ladder
from locker.db.migrate import ensure_current
from tests.migrations.conftest import OLD, MakeLadder

DOOMED = Path(__file__).with_name("doomed.py")
LIMIT_S = 100
LATER = ("revision_9001", "revision_9002")
REAL_KILLS = 3
KILLED = [name for name in OLD if name.startswith("busy") or name.endswith("0001")]
"""The statements are those of the used ones: one empty database is enough."""

Contents = dict[str, list[str]]


@pytest.mark.parametrize("name", KILLED)
def test_an_upgrade_killed_anywhere_is_old_or_new(
    old: Callable[[str], Path], ladder_of: MakeLadder, name: str
) -> None:
    path = old(name)
    ladder = ladder_of(*LATER)
    whole = _whole_contents(path, ladder)
    left = _kill_everywhere(path, ladder, "whole")
    assert left.moments > 45
    seen = set()
    for place in left.places:
        # as SQLite itself recovers it
        revision, content = _content(_copied(place) / path.name)
        assert content == whole[revision], place.name
        seen.add(revision)
        # as the next start finds it, with the half-done step still to be taken back
        assert ensure_current(place / path.name, ladder) in ("migrated", "current")
        assert _content(place / path.name) == (ladder.head, whole[ladder.head]), place.name
        for backup in place.glob("*.backup-*"):
            assert _content(backup) == (backup.name.rpartition("-")[2], whole[backup.name[-4:]])
        assert not list(place.glob("*.partial"))
    assert seen == set(whole)


def test_without_transactions_the_kills_leave_something_between(
    old: Callable[[str], Path], ladder_of: MakeLadder
) -> None:
    path = old("busy-0001")
    ladder = ladder_of(*LATER)
    whole = _whole_contents(path, ladder)
    left = [_content(place / path.name) for place in _kill_everywhere(path, ladder, "sabotaged").places]
    assert any(content != whole[revision] for revision, content in left)


def test_a_new_database_killed_anywhere_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "made" / "locker.db"
    path.parent.mkdir()
    complete = tmp_path / "complete.db"
    ensure_current(complete)
    left = _kill_everywhere(path, LADDER, "whole")
    there = 0
    for place in left.places:
        file = place / path.name
        there += file.exists()
        assert not file.exists() or _content(file) == _content(complete)
        ensure_current(file)
        assert _content(file) == _content(complete)
        assert sorted(each.name for each in place.iterdir()) == ["locker.db", "locker.db-lock"]
    assert 0 < there < len(left.places) / 4


@dataclass(frozen=True)
class _Left:
    """What kills left: a directory for each that differs from the others; of how many moments in all."""

    places: list[Path]
    moments: int


def _kill_everywhere(path: Path, ladder: Ladder, kind: str) -> _Left:
    pictures = path.parent.parent / "pictures"
    pictures.mkdir()
    numbers = random.Random(path.name).sample(range(45), REAL_KILLS)
    ended = subprocess.run(
        [
            *(sys.executable, str(DOOMED), str(path), ladder.scripts, ",".join(ladder.revisions)),
            *(kind, str(pictures), ",".join(map(str, numbers))),
        ],
        capture_output=True,
        check=False,
        text=True,
        timeout=LIMIT_S,
    )
    if ended.returncode != 0:
        pytest.fail(ended.stderr)
    found = sorted(pictures.iterdir())
    assert len([place for place in found if place.name.startswith("killed")]) == REAL_KILLS
    return _Left(found, int(ended.stdout))


def _copied(place: Path) -> Path:
    copy = place.with_name(f"found-{place.name}")
    shutil.copytree(place, copy)
    return copy


def _whole_contents(path: Path, ladder: Ladder) -> Contents:
    """Return what a database holds at each revision when nothing goes wrong on the way there."""
    begun, content = _content(path)
    contents = {begun: content}
    for steps in range(ladder.revisions.index(begun) + 2, len(ladder.revisions) + 1):
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
