"""How the migrations run: on a connection that is handed in, one transaction each."""

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo

from locker.db.tables import Base


def check_references(
    ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]
) -> None:
    """Refuse a step that leaves a row pointing at nothing; runs inside the step's transaction."""
    del step, heads, run_args
    if ctx.connection is None:
        raise ValueError("these migrations run on a database, not as a script")
    broken = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        table, row, parent, _key = broken[0]
        raise ValueError(f"row {row} of {table} points at a missing row of {parent}")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
    transaction_per_migration=True,
    on_version_apply=check_references,
)
with context.begin_transaction():
    context.run_migrations()
