"""The shipped migrations: their order, what they make, and what a start costs when there is none to run."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from locker.db.ladder import LADDER, Ladder
from locker.db.migrate import HEAD, ensure_current
from locker.db.tables import Base
from locker.db.upgrade import config
from tests.migrations.conftest import OLD, MakeLadder

START = """
import sys
from pathlib import Path
from locker.db.migrate import ensure_current
path = Path(sys.argv[1])
outcome = ensure_current(path)
if sys.argv[2] == "open":
    from locker.db.session import Database
    Database.open(path).close()
print(outcome, *sorted({name.partition(".")[0] for name in sys.modules} & {"alembic", "mako", "sqlalchemy"}))
"""


def test_the_constant_names_exactly_the_scripts_in_order() -> None:
    scripts = ScriptDirectory.from_config(config(LADDER.scripts))
    assert scripts.get_heads() == [HEAD]
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == LADDER.revisions


def test_the_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "locker.db"
    assert ensure_current(path) == "created"
    assert _differences(path) == []


def test_a_column_that_no_migration_makes_would_be_noticed(tmp_path: Path) -> None:
    path = tmp_path / "locker.db"
    ensure_current(path)
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE credential DROP COLUMN valid_until")
        connection.exec_driver_sql("DROP INDEX uq_parcel_inside")
    assert len(_differences(path)) == 2


def test_checks_and_references_are_those_of_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "migrated.db"
    ensure_current(path)
    assert _schema(path) == _declared_schema(tmp_path)


@pytest.mark.parametrize("name", OLD)
def test_an_old_database_ends_with_exactly_the_tables(
    old: Callable[[str], Path], name: str, tmp_path: Path
) -> None:
    path = old(name)
    ensure_current(path)
    assert _differences(path) == []
    assert _schema(path) == _declared_schema(tmp_path)


@pytest.mark.parametrize("name", OLD)
def test_a_released_script_still_makes_what_it_made(
    old: Callable[[str], Path], name: str, tmp_path: Path
) -> None:
    steps = LADDER.revisions.index(name.rpartition("-")[2]) + 1
    path = tmp_path / "new.db"
    ensure_current(path, Ladder(LADDER.scripts, LADDER.revisions[:steps]))
    assert _schema(path) == _schema(old(name))


def test_a_start_on_a_current_database_imports_no_migration_library(tmp_path: Path) -> None:
    path = tmp_path / "locker.db"
    assert _start(path, "only check") == "created alembic mako sqlalchemy"
    assert _start(path, "only check") == "current"
    assert _start(path, "open") == "current sqlalchemy"


def test_a_new_script_starts_from_a_template_that_knows_the_column_types(
    tmp_path: Path, ladder_of: MakeLadder
) -> None:
    scripts = ladder_of().scripts
    command.revision(config(scripts), message="Add a shelf", rev_id="9001")
    (made,) = Path(scripts, "versions").glob("9001*.py")
    text = made.read_text()
    compile(text, str(made), "exec")
    assert "import sqlmodel\n" in text
    assert f"down_revision: str | None = {HEAD!r}" in text


def _start(path: Path, what: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", START, str(path), what], capture_output=True, check=True, text=True, timeout=60
    )
    return ended.stdout.strip()


def _differences(path: Path) -> list[Any]:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def _declared_schema(directory: Path) -> dict[str, Any]:
    path = directory / "declared.db"
    Base.metadata.create_all(create_engine(f"sqlite:///{path}", poolclass=NullPool))
    return _schema(path)


def _schema(path: Path) -> dict[str, Any]:
    """What comparing metadata does not see: checks, references, conditions of indexes."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'alembic%'")
        return {name: sorted(_lines(sql)) for name, sql in rows if sql}


def _lines(sql: str) -> list[str]:
    """Return a statement's lines; a table that was renamed has its name in quotes from then on."""
    lines = [line.strip().rstrip(",") for line in sql.splitlines() if line.strip() not in ("", ")")]
    return [lines[0].replace('"', ""), *lines[1:]]
