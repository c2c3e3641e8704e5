"""Ladders longer than the shipped one, and old databases to climb them."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from locker.db import migrations
from locker.db.ladder import LADDER, Ladder

HERE = Path(__file__).parent
SHIPPED = Path(str(migrations.__file__)).parent

OLD = [f"{kind}-{revision}" for revision in LADDER.revisions for kind in ("empty", "busy")]
"""A database of every revision there has been, new and well used."""

MakeLadder = Callable[..., Ladder]


@pytest.fixture
def ladder_of(tmp_path: Path) -> MakeLadder:
    """Make a ladder of the shipped scripts and some of `later/`, whose numbers no release reaches."""

    def make(*later: str) -> Ladder:
        scripts = tmp_path / "scripts 100%"
        shutil.copytree(SHIPPED, scripts, ignore=shutil.ignore_patterns("__pycache__"))
        for name in later:
            shutil.copy(HERE / "later" / f"{name}.py", scripts / "versions")
        revisions = tuple(name.rpartition("_")[2] for name in later)
        return Ladder(str(scripts), (*LADDER.revisions, *revisions))

    return make


@pytest.fixture
def old(tmp_path: Path) -> Callable[[str], Path]:
    """Bring a database of long ago back to life from its SQL text."""

    def bring_back(name: str) -> Path:
        path = tmp_path / "old" / "locker.db"
        path.parent.mkdir()
        with closing(sqlite3.connect(path)) as database:
            database.executescript((HERE / "old" / f"{name}.sql").read_text())
        return path

    return bring_back
