"""A new database in a real file for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from locker.db.migrate import ensure_current
from locker.db.session import Database


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a current, empty database once: copying it is quicker than migrating each time."""
    path = tmp_path_factory.mktemp("template") / "locker.db"
    ensure_current(path)
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    """Put an empty current database where the test may do with it what it likes."""
    copy = tmp_path / "locker.db"
    copy.write_bytes(template.read_bytes())
    return copy


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """Open it in epoch 1."""
    database = Database.open(path)
    database.begin_epoch(1)
    yield database
    database.close()
