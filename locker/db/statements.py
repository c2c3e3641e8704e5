"""The statements of a commit, compiled once into the text that SQLite gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, delete
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql import ClauseElement

from locker.db.records import RECORDS
from locker.domain.journal import SealedEntry


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement's text and the names of its parameters in order."""

    text: str
    names: tuple[str, ...]

    def parameters(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Put a row's values into the statement's order."""
        return tuple([row[name] for name in self.names])


@dataclass(frozen=True, slots=True)
class Statements:
    """Every statement that a commit needs."""

    put: Mapping[type, Statement]
    forget: Mapping[type, Statement]
    append: Statement
    prune: Statement


@cache
def compile_statements() -> Statements:
    """Compile them; some milliseconds, once a process."""
    durable = {what: record for what, record in RECORDS.items() if what is not SealedEntry}
    return Statements(
        put={what: _upsert(record.table) for what, record in durable.items()},
        forget={what: _delete(record.table, record.key) for what, record in durable.items()},
        append=_compiled(insert(RECORDS[SealedEntry].table)),
        prune=_prune(RECORDS[SealedEntry].table),
    )


def _upsert(table: Table) -> Statement:
    keys = [column.name for column in table.primary_key]
    statement = insert(table)
    new = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
    return _compiled(statement.on_conflict_do_update(index_elements=keys, set_=new))


def _delete(table: Table, key: str) -> Statement:
    return _compiled(delete(table).where(table.c[key] == bindparam("key")))


def _prune(journal: Table) -> Statement:
    begun = delete(journal).where(journal.c.epoch == bindparam("epoch"))
    return _compiled(begun.where(journal.c.sequence <= bindparam("through")))


def _compiled(statement: ClauseElement) -> Statement:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    return Statement(str(compiled), tuple(getattr(compiled, "positiontup", None) or ()))
