"""Domain values to rows and back, exactly; the only place that knows both."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import RowMapping, Table

from locker.db.tables import Base
from locker.domain.attempts import Attempts
from locker.domain.automat import Durable, Facts
from locker.domain.commands import CommandRecord, Mode
from locker.domain.compartments import Compartment, Condition, Fixture
from locker.domain.events import Door
from locker.domain.health import LockHealth
from locker.domain.incidents import Incident, IncidentKind
from locker.domain.journal import Checkpoint, EarlierEpoch, Parked, SealedEntry
from locker.domain.maintenance import Audit, Finding, Maintainer
from locker.domain.openings import Opening, Purpose, Stage
from locker.domain.parcels import Credential, Direction, Parcel, ParcelState, Role, Seen
from locker.domain.times import LastSeen

Row = Mapping[str, Any] | RowMapping

ONLY_ROW = 1
"""The id of the row in a table of single values."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How one attribute rests in its column; None is always None."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One domain type and its table; attributes without a codec rest as they are."""

    type: type
    table: Table
    key: str
    codecs: Mapping[str, Codec]
    stored: tuple[str, ...]
    single: bool = False

    def to_row(self, value: Durable | SealedEntry) -> dict[str, Any]:
        """Write a value as a row; ValueError for an instant without a time zone."""
        row: dict[str, Any] = {"id": ONLY_ROW} if self.single else {}
        for name in self.stored:
            attribute = getattr(value, name)
            codec = self.codecs.get(name)
            row[name] = attribute if codec is None or attribute is None else codec.write(attribute)
        return row

    def attributes(self, row: Row) -> dict[str, Any]:
        """Read a row's attributes; ValueError where a text is not one of its kind."""
        attributes = {}
        for name in self.stored:
            column = row[name]
            codec = self.codecs.get(name)
            attributes[name] = column if codec is None or column is None else codec.read(column)
        return attributes

    def from_row(self, row: Row) -> Any:
        """Read a row as the value it was written from; ValueError where it cannot be one."""
        return self.type(**self.attributes(row))


@dataclass(frozen=True, slots=True)
class UnknownCompartment:
    """A stored compartment that the configuration does not have; `opening` if its door was in use."""

    label: str
    condition: Condition
    tracking_id: str | None
    opening: bool


def write_instant(at: datetime) -> str:
    """Write an aware instant as UTC text of fixed width; ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError(f"the instant {at.isoformat()} has no time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def read_instant(text: str) -> datetime:
    """Read what `write_instant` wrote; ValueError for anything else."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"the instant {text!r} has no time zone")
    return at.astimezone(UTC)


def compartment_from_row(row: Row, fixture: Fixture) -> Compartment:
    """Read a compartment's row, built as the configuration says."""
    attributes = record_of(Compartment).attributes(row)
    del attributes["label"]
    return Compartment(fixture=fixture, **attributes)


def unknown_compartment_from_row(row: Row, *, opening: bool) -> UnknownCompartment:
    """Read the row of a compartment that the configuration does not have."""
    attributes = record_of(Compartment).attributes(row)
    return UnknownCompartment(
        attributes["label"], attributes["condition"], attributes["tracking_id"], opening
    )


def record_of(what: type) -> Record:
    """Return how a type is stored; TypeError for a type that is not."""
    try:
        return RECORDS[what]
    except KeyError:
        raise TypeError(f"{what.__name__} has no table") from None


def _enum(kind: type[StrEnum]) -> Codec:
    return Codec(write=lambda member: member.value, read=kind)


def _json_read(text: str) -> tuple[Any, ...]:
    value = json.loads(text)
    if not isinstance(value, list):
        raise ValueError(f"{text!r} is not a list")  # noqa: TRY004 - what was stored is wrong, not the call
    return tuple(value)


def _record(what: type, table: str, key: str, codecs: Mapping[str, Codec], *, single: bool = False) -> Record:
    stored = tuple(field.name for field in fields(what))
    return Record(what, Base.metadata.tables[table], key, codecs, stored, single)


_INSTANT = Codec(write_instant, read_instant)
_LIST = Codec(lambda values: json.dumps(values, separators=(",", ":")), _json_read)
_MAINTAINER = Codec(
    lambda by: json.dumps([by.user, by.technician], separators=(",", ":")),
    lambda text: Maintainer(*_json_read(text)),
)


def _records() -> Iterable[Record]:
    yield _record(
        Parcel,
        "parcel",
        "tracking_id",
        {
            "state": _enum(ParcelState),
            "direction": _enum(Direction),
            "dimensions_mm": _LIST,
            "valid_from": _INSTANT,
            "valid_until": _INSTANT,
            "deposited_at": _INSTANT,
            "registered_at": _INSTANT,
            "deadline_at": _INSTANT,
            "reminded_days": _LIST,
            "closed_at": _INSTANT,
            "announced_at": _INSTANT,
        },
    )
    yield Record(
        Compartment,
        Base.metadata.tables["compartment"],
        "label",
        {"condition": _enum(Condition), "door": _enum(Door)},
        # built by the configuration: fixture; told by the openings: opening_ongoing
        ("label", "condition", "reason", "blocked", "door", "goods", "tracking_id"),
    )
    yield _record(
        Credential,
        "credential",
        "holder",
        {"role": _enum(Role), "valid_from": _INSTANT, "valid_until": _INSTANT},
    )
    yield _record(Seen, "seen", "tag", {"until": _INSTANT})
    yield _record(LockHealth, "lock", "compartment", {"recent_ms": _LIST, "recent_pulses": _LIST})
    yield _record(Attempts, "attempts", "keypad", {"misses_s": _LIST})
    yield _record(
        Opening,
        "opening",
        "compartment",
        {
            "purpose": _enum(Purpose),
            "started_at": _INSTANT,
            "stage": _enum(Stage),
            "opened_at": _INSTANT,
        },
    )
    yield _record(Audit, "audit", "number", {"begun_at": _INSTANT, "begun_by": _MAINTAINER})
    yield _record(Finding, "finding", "compartment", {"at": _INSTANT, "said_by": _MAINTAINER})
    yield _record(
        Incident,
        "incident",
        "number",
        {
            "kind": _enum(IncidentKind),
            "raised_at": _INSTANT,
            "cleared_at": _INSTANT,
            "acknowledged_at": _INSTANT,
            "acknowledged_by": _MAINTAINER,
        },
    )
    yield _record(CommandRecord, "command", "command_id", {"not_after": _INSTANT})
    yield _record(Parked, "parked", "sequence", {})
    yield _record(Checkpoint, "checkpoint", "sequence", {"at": _INSTANT})
    yield _record(EarlierEpoch, "earlier_epoch", "epoch", {})
    facts = {"mode": _enum(Mode), "remote_openings_s": _LIST, "word_awaited": _LIST, "commission": _LIST}
    yield _record(Facts, "facts", "id", facts, single=True)
    yield _record(LastSeen, "last_seen", "id", {"wall_at": _INSTANT}, single=True)
    yield _record(SealedEntry, "journal", "sequence", {"at": _INSTANT})


RECORDS: Mapping[type, Record] = MappingProxyType({record.type: record for record in _records()})
"""How each durable type is stored."""
