"""Builds the automat from what the database holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import Connection, select

from locker.db.records import (
    ONLY_ROW,
    UnknownCompartment,
    compartment_from_row,
    record_of,
    unknown_compartment_from_row,
)
from locker.domain.attempts import Attempts
from locker.domain.automat import Automat, Facts
from locker.domain.commands import CommandRecord
from locker.domain.compartments import Compartment, Fixture
from locker.domain.draft import restore
from locker.domain.health import LockHealth
from locker.domain.incidents import Incident
from locker.domain.journal import ChainHead, Checkpoint, EarlierEpoch, Parked, SealedEntry
from locker.domain.maintenance import Audit, Finding
from locker.domain.openings import Opening
from locker.domain.parcels import Credential, Parcel, Seen
from locker.domain.times import LastSeen

Stored = TypeVar("Stored")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The automat as the database knows it, and what the configuration has no place for."""

    automat: Automat
    unknown_compartments: tuple[UnknownCompartment, ...] = ()


def load_automat(
    connection: Connection, blank: Automat, fixtures: Mapping[str, Fixture], head: ChainHead | None
) -> Loaded:
    """Build the automat from every row; ValueError, TypeError or KeyError for a row that cannot be one."""
    epoch = blank.epoch if head is None else head.epoch
    openings = {opening.compartment: opening for opening in all_of(connection, Opening)}
    compartments = {label: Compartment(fixture) for label, fixture in fixtures.items()}
    unknown = []
    for row in connection.execute(select(record_of(Compartment).table)).mappings():
        label = row["label"]
        if label in fixtures:
            compartments[label] = compartment_from_row(row, fixtures[label])
        else:
            unknown.append(unknown_compartment_from_row(row, opening=label in openings))
    automat = restore(
        replace(blank, epoch=epoch),
        compartments=compartments.values(),
        parcels=all_of(connection, Parcel),
        credentials=all_of(connection, Credential),
        attempts=all_of(connection, Attempts),
        openings=[opening for label, opening in openings.items() if label in fixtures],
        incidents=all_of(connection, Incident),
        commands=all_of(connection, CommandRecord),
        parked=[entry for entry in all_of(connection, Parked) if entry.epoch == epoch],
        checkpoints=all_of(connection, Checkpoint),
        earlier_epochs=all_of(connection, EarlierEpoch),
        seen=all_of(connection, Seen),
        locks=all_of(connection, LockHealth),
        audit=next(iter(all_of(connection, Audit)), None),
        findings=all_of(connection, Finding),
        facts=_only(connection, Facts, blank.facts),
        last_seen=_only(connection, LastSeen, blank.last_seen),
    )
    return Loaded(automat, tuple(unknown))


def stored_head(connection: Connection) -> ChainHead | None:
    """Return where the journal ends; None if it is empty."""
    journal = record_of(SealedEntry).table
    query = select(journal.c.epoch, journal.c.sequence, journal.c.hash)
    last = connection.execute(
        query.order_by(journal.c.epoch.desc(), journal.c.sequence.desc()).limit(1)
    ).one_or_none()
    return None if last is None else ChainHead(last.epoch, last.sequence, last.hash)


def all_of(connection: Connection, what: type[Stored]) -> list[Stored]:
    """Read every value of a type."""
    record = record_of(what)
    return [record.from_row(row) for row in connection.execute(select(record.table)).mappings()]


def _only(connection: Connection, what: type[Stored], otherwise: Stored) -> Stored:
    """Read the one row of a table of single values, or give what holds before there is one."""
    record = record_of(what)
    query = select(record.table).where(record.table.c.id == ONLY_ROW)
    row = connection.execute(query).mappings().one_or_none()
    return otherwise if row is None else record.from_row(row)
