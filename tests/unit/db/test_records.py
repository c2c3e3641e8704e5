"""Every domain value comes back from a real file exactly as it was written."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from locker.db.errors import DatabaseFailed
from locker.db.records import (
    RECORDS,
    Codec,
    compartment_from_row,
    read_instant,
    record_of,
    write_instant,
)
from locker.db.session import Database
from locker.db.tables import INSIDE_STATES
from locker.domain.attempts import Attempts
from locker.domain.automat import Change, Durable, Facts, Forgotten
from locker.domain.codes import CodeTag
from locker.domain.commands import CommandRecord, Mode
from locker.domain.compartments import Compartment, Condition, Fixture
from locker.domain.events import Door
from locker.domain.health import LockHealth
from locker.domain.incidents import Incident, IncidentKind
from locker.domain.journal import Checkpoint, Parked, SealedEntry
from locker.domain.openings import Opening, Purpose, Stage
from locker.domain.parcels import INSIDE, Credential, Direction, Parcel, ParcelState, Role, Seen
from locker.domain.times import LastSeen
from tests.unit.db.examples import AT, SEEN, STORED, blank_automat

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
COUNTS = st.integers(0, 2**63 - 1)
SECONDS = st.floats(allow_nan=False)
INSTANTS = st.datetimes(
    AT.replace(year=1, tzinfo=None),
    AT.replace(year=9999, tzinfo=None),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9))]),
)
UNHURRIED = settings(deadline=None)  # a durable commit takes as long as the disk takes
FIXTURE = Fixture("box", "S", 1, 1, 1)

PARCELS = st.builds(
    Parcel,
    tracking_id=NAMES,
    size=st.none() | TEXTS,
    state=st.sampled_from(ParcelState),
    direction=st.sampled_from(Direction),
    code_tag=st.none() | NAMES.map(CodeTag),
    recipient=st.none() | TEXTS,
    dimensions_mm=st.none() | st.tuples(COUNTS, COUNTS, COUNTS),
    accessible=st.booleans(),
    unpaid=st.booleans(),
    redirected=st.booleans(),
    refusal=st.none() | TEXTS,
    valid_from=st.none() | INSTANTS,
    valid_until=st.none() | INSTANTS,
    compartment=NAMES,
    deposited_at=st.none() | INSTANTS,
    registered_at=st.none() | INSTANTS,
    deadline_at=st.none() | INSTANTS,
    reminded_days=st.lists(st.integers()).map(tuple),
    closed_at=st.none() | INSTANTS,
    reopen_until_s=st.none() | SECONDS,
    deposited_s=st.none() | SECONDS,
)
COMPARTMENTS = st.builds(
    Compartment,
    fixture=NAMES.map(lambda label: replace(FIXTURE, label=label)),
    condition=st.sampled_from(Condition),
    reason=st.none() | TEXTS,
    blocked=st.none() | TEXTS,
    door=st.sampled_from(Door),
    goods=st.none() | st.booleans(),
    tracking_id=st.none() | st.just(STORED.tracking_id),
    opening_ongoing=st.just(False),
)
OPENINGS = st.builds(
    Opening,
    compartment=st.just("box"),
    purpose=st.sampled_from(Purpose),
    keypad=TEXTS,
    tracking_id=st.none() | TEXTS,
    started_at=INSTANTS,
    stage=st.sampled_from(Stage),
    pulses=COUNTS,
    pulses_sent=COUNTS,
    due_s=st.none() | SECONDS,
    opened_at=st.none() | INSTANTS,
    opened_s=st.none() | SECONDS,
    reminded=st.booleans(),
    person=st.none() | TEXTS,
)
OTHERS = (
    st.builds(
        Credential,
        holder=NAMES,
        role=st.sampled_from(Role),
        code_tag=NAMES.map(CodeTag),
        valid_from=INSTANTS,
        valid_until=INSTANTS,
    )
    | st.builds(Seen, tag=NAMES, until=INSTANTS)
    | st.builds(
        Attempts,
        keypad=NAMES,
        tokens=COUNTS,
        counted_s=SECONDS,
        misses_s=st.lists(SECONDS).map(tuple),
        guarded=st.booleans(),
    )
    | st.builds(
        Incident,
        number=COUNTS,
        kind=st.sampled_from(IncidentKind),
        about=TEXTS,
        detail=TEXTS,
        raised_at=INSTANTS,
        cleared_at=st.none() | INSTANTS,
    )
    | st.builds(
        LockHealth,
        compartment=NAMES,
        openings=COUNTS,
        retries=COUNTS,
        failures=COUNTS,
        refusals=COUNTS,
        usual_ms=st.none() | COUNTS,
        recent_ms=st.lists(COUNTS).map(tuple),
        recent_pulses=st.lists(COUNTS).map(tuple),
    )
    | st.builds(CommandRecord, command_id=NAMES, digest=TEXTS, outcome=TEXTS, not_after=INSTANTS)
    | st.builds(Checkpoint, sequence=COUNTS, at=INSTANTS)
    | st.builds(Parked, epoch=COUNTS, sequence=COUNTS, reason=TEXTS, settled=st.booleans())
    | st.builds(
        Facts,
        incidents_numbered=COUNTS,
        acknowledged_through=COUNTS,
        storage_low=st.booleans(),
        clock_doubted=st.booleans(),
        mode=st.sampled_from(Mode),
        outage_since_s=st.none() | SECONDS,
        remote_openings_s=st.lists(SECONDS).map(tuple),
        outage_owed_s=SECONDS,
        pruned_through=COUNTS,
    )
    | st.builds(LastSeen, wall_at=INSTANTS, trusted=st.booleans(), powered_s=SECONDS)
)


@pytest.fixture(scope="module")
def shared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for many examples; each takes its values out again."""
    path = tmp_path_factory.mktemp("records") / "locker.db"
    path.write_bytes(template.read_bytes())
    database = Database.open(path)
    database.begin_epoch(1)
    yield database
    database.close()


@UNHURRIED
@given(value=PARCELS | OTHERS)
def test_a_value_comes_back_as_it_was_written(shared: Database, value: Durable) -> None:
    assert _written_and_read(shared, value) == value


@UNHURRIED
@given(value=COMPARTMENTS)
def test_a_compartment_comes_back_as_it_was_written(shared: Database, value: Compartment) -> None:
    assert _written_and_read(shared, value, STORED) == value


@UNHURRIED
@given(value=OPENINGS)
def test_an_opening_comes_back_as_it_was_written(shared: Database, value: Opening) -> None:
    assert _written_and_read(shared, value, Compartment(FIXTURE)) == value


@UNHURRIED
@given(kind=TEXTS, subject=st.none() | TEXTS, at=INSTANTS, payload=st.binary(max_size=200))
def test_an_entry_comes_back_as_it_was_written(
    shared: Database, kind: str, subject: str | None, at: datetime, payload: bytes
) -> None:
    sequence = shared.head().sequence + 1
    sealed = SealedEntry(1, sequence, kind, subject, at, "f" * 64, payload)
    shared.commit([], [sealed])
    assert shared.entries(1, sequence, 1) == [sealed]


@given(earlier=INSTANTS, later=INSTANTS)
def test_instants_sort_as_their_texts_do(earlier: datetime, later: datetime) -> None:
    assert (earlier < later) == (write_instant(earlier) < write_instant(later))
    assert read_instant(write_instant(earlier)) == earlier


def test_a_naive_instant_is_refused_and_nothing_written(database: Database) -> None:
    naive = replace(STORED, deposited_at=AT.replace(tzinfo=None))
    with pytest.raises(DatabaseFailed, match="no time zone"):
        database.commit([SEEN, naive], [])
    assert database.load(blank_automat(), {}).automat.last_seen != SEEN


def test_every_durable_type_has_a_table_with_exactly_its_attributes() -> None:
    assert set(RECORDS) == {*Durable.__args__, SealedEntry}
    for what, record in RECORDS.items():
        columns = {column.name for column in record.table.c}
        not_stored = {"fixture", "opening_ongoing"} if what is Compartment else set()
        attributes = {field.name for field in fields(what)} - not_stored
        added = {"id"} if record.single else {"label"} if what is Compartment else set()
        assert columns == attributes | added, what.__name__
        assert isinstance(record.codecs, dict)
        assert all(isinstance(codec, Codec) for codec in record.codecs.values())


def test_the_unique_index_covers_exactly_the_states_inside() -> None:
    assert f"state IN ({', '.join(sorted(repr(str(state)) for state in INSIDE))})" == INSIDE_STATES


def test_a_type_without_a_table_is_named() -> None:
    with pytest.raises(TypeError, match="Fixture has no table"):
        record_of(Fixture)


def _written_and_read(database: Database, value: Durable, *parents: Durable) -> Any:
    database.commit([*parents, value], [])
    record = record_of(type(value))
    key = record.to_row(value)[record.key]
    with database._transaction("reading") as connection:
        query = select(record.table).where(record.table.c[record.key] == key)
        row = connection.execute(query).mappings().one()
    forgotten: list[Change] = [Forgotten(type(value), str(key)), *(_forgotten(parent) for parent in parents)]
    database.commit(forgotten, [])
    if isinstance(value, Compartment):
        return compartment_from_row(row, value.fixture)
    return record.from_row(row)


def _forgotten(value: Durable) -> Forgotten:
    record = record_of(type(value))
    return Forgotten(type(value), str(record.to_row(value)[record.key]))
