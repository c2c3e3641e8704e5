"""The first start makes the database, and the daemon stays as small as it is at every other start."""

import subprocess
import sys
from pathlib import Path

import pytest

from locker.config import load
from locker.daemon import bring_up_to_date
from locker.db.errors import DatabaseError, DatabaseRefused
from locker.db.migrate import check_current
from locker.keys import initialise, next_epoch

EXAMPLE = Path(__file__).parents[3] / "docs" / "lockerd.toml"
START = """
import asyncio, sys
from pathlib import Path
from locker.config import load
from locker.daemon import bring_up_to_date
asyncio.run(bring_up_to_date(load(Path(sys.argv[1]))))
print([name for name in sys.modules if name.startswith("alembic")])
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    text = EXAMPLE.read_text(encoding="utf-8").replace("/var/lib/lockerd/automat.db", "automat.db")
    made = tmp_path / "lockerd.toml"
    made.write_text(text, encoding="utf-8")
    return made


def test_the_migration_library_is_never_loaded_into_the_daemon(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, str(file)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr
    check_current(file.with_name("automat.db"))


async def test_a_database_that_is_current_is_left_alone(file: Path) -> None:
    config = load(file)
    await bring_up_to_date(config)
    before = config.paths.database.read_bytes()
    await bring_up_to_date(config)
    assert config.paths.database.read_bytes() == before


@pytest.fixture
def file_with_keys(file: Path) -> Path:
    """A configuration whose keys have counted an epoch, so that there was a database."""
    text = file.read_text(encoding="utf-8").replace("/var/lib/lockerd/keys", "keys")
    file.write_text(text, encoding="utf-8")
    keys = load(file).paths.keys
    initialise(keys, "fi-0001")
    next_epoch(keys)
    return file


async def test_a_database_that_was_there_and_is_gone_is_never_replaced_by_an_empty_one(
    file_with_keys: Path,
) -> None:
    config = load(file_with_keys)
    with pytest.raises(DatabaseRefused, match="gone"):
        await bring_up_to_date(config)
    assert not config.paths.database.exists()


async def test_a_file_that_is_no_database_is_refused_and_left_alone(file: Path) -> None:
    config = load(file)
    config.paths.database.write_bytes(b"somebody else's file" * 100)
    with pytest.raises(DatabaseRefused):
        await bring_up_to_date(config)
    assert config.paths.database.read_bytes() == b"somebody else's file" * 100


@pytest.fixture
def file_naming_no_directory(file: Path) -> Path:
    text = file.read_text(encoding="utf-8").replace('"automat.db"', '"nowhere/automat.db"')
    file.write_text(text, encoding="utf-8")
    return file


async def test_a_place_where_no_database_can_be_made_is_named(file_naming_no_directory: Path) -> None:
    with pytest.raises(DatabaseError, match=r"nowhere/automat\.db"):
        await bring_up_to_date(load(file_naming_no_directory))
