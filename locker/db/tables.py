"""The tables: columns and constraints only; `records` knows what they mean.

Enums rest as the text of their value, instants as UTC text of fixed width (they sort as they read),
lists as JSON text. Foreign keys are checked at the commit, so the order within a transaction is free.
"""

from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, MetaData, Text, text
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, or a migration could not drop it."""

INSIDE_STATES = "state IN ('dropped-off', 'overdue', 'registered', 'stored', 'withdrawn')"
"""What the domain calls inside; a test holds the two together."""


class Base(SQLModel):
    """Root of the tables; their metadata is this project's own."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


class JournalRow(Base, table=True):
    """One sealed entry; `payload` is what was signed and sent, byte for byte."""

    __tablename__ = "journal"
    __table_args__ = (
        CheckConstraint("sequence >= 1", name="sequence"),
        CheckConstraint("length(hash) = 64", name="hash"),
    )

    epoch: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(sa_type=Text)
    subject: str | None = Field(sa_type=Text, index=True)
    at: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)
    payload: bytes = Field(sa_type=LargeBinary)


class ParkedRow(Base, table=True):
    """An entry that the back office refuses for ever, and why.

    No foreign key: a number that the back office made up must not be able to fail a transaction.
    """

    __tablename__ = "parked"

    epoch: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    reason: str = Field(sa_type=Text)
    settled: bool


class CheckpointRow(Base, table=True):
    """Where the present epoch's journal ended at a time."""

    __tablename__ = "checkpoint"

    sequence: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: str = Field(sa_type=Text)


class EarlierEpochRow(Base, table=True):
    """An epoch that the journal left, and how much of it the back office has."""

    __tablename__ = "earlier_epoch"

    epoch: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_sequence: int
    acknowledged_through: int
    pruned_through: int


class ParcelRow(Base, table=True):
    """One parcel; at most one inside a compartment."""

    __tablename__ = "parcel"
    __table_args__ = (
        CheckConstraint("tracking_id <> ''", name="tracking_id"),
        CheckConstraint(f"compartment IS NOT NULL OR NOT ({INSIDE_STATES})", name="inside"),
        Index("uq_parcel_inside", "compartment", unique=True, sqlite_where=text(INSIDE_STATES)),
    )

    tracking_id: str = Field(sa_type=Text, primary_key=True)
    size: str | None = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    direction: str = Field(sa_type=Text)
    code_tag: str | None = Field(sa_type=Text)
    recipient: str | None = Field(sa_type=Text)
    dimensions_mm: str | None = Field(sa_type=Text)
    accessible: bool
    unpaid: bool
    redirected: bool
    refusal: str | None = Field(sa_type=Text)
    valid_from: str | None = Field(sa_type=Text)
    valid_until: str | None = Field(sa_type=Text)
    compartment: str | None = Field(sa_type=Text)
    deposited_at: str | None = Field(sa_type=Text)
    registered_at: str | None = Field(sa_type=Text)
    deadline_at: str | None = Field(sa_type=Text)
    reminded_days: str = Field(sa_type=Text)
    closed_at: str | None = Field(sa_type=Text)
    reopen_until_s: float | None
    deposited_s: float | None
    announced_at: str | None = Field(sa_type=Text)


class CompartmentRow(Base, table=True):
    """What is known of one box; how it was built is the configuration's matter."""

    __tablename__ = "compartment"
    __table_args__ = (
        CheckConstraint("label <> ''", name="label"),
        ForeignKeyConstraint(["tracking_id"], ["parcel.tracking_id"], deferrable=True, initially="DEFERRED"),
    )

    label: str = Field(sa_type=Text, primary_key=True)
    condition: str = Field(sa_type=Text)
    reason: str | None = Field(sa_type=Text)
    blocked: str | None = Field(sa_type=Text)
    door: str = Field(sa_type=Text)
    goods: bool | None
    tracking_id: str | None = Field(sa_type=Text)


class CredentialRow(Base, table=True):
    """One person who may sign in, and as what."""

    __tablename__ = "credential"

    holder: str = Field(sa_type=Text, primary_key=True)
    role: str = Field(sa_type=Text)
    code_tag: str = Field(sa_type=Text)
    valid_from: str = Field(sa_type=Text)
    valid_until: str = Field(sa_type=Text)


class SeenRow(Base, table=True):
    """One tracking id that must not come back yet, as a tag."""

    __tablename__ = "seen"

    tag: str = Field(sa_type=Text, primary_key=True)
    until: str = Field(sa_type=Text)


class AttemptsRow(Base, table=True):
    """One keypad's token bucket."""

    __tablename__ = "attempts"
    __table_args__ = (CheckConstraint("tokens >= 0", name="tokens"),)

    keypad: str = Field(sa_type=Text, primary_key=True)
    tokens: int
    counted_s: float
    misses_s: str = Field(sa_type=Text)
    guarded: bool


class OpeningRow(Base, table=True):
    """One opening under way.

    Its parcel and person are no foreign keys: a door left open for good outlives both.
    """

    __tablename__ = "opening"
    __table_args__ = (
        CheckConstraint("pulses >= 0", name="pulses"),
        ForeignKeyConstraint(["compartment"], ["compartment.label"], deferrable=True, initially="DEFERRED"),
    )

    compartment: str = Field(sa_type=Text, primary_key=True)
    purpose: str = Field(sa_type=Text)
    keypad: str = Field(sa_type=Text)
    tracking_id: str | None = Field(sa_type=Text)
    started_at: str = Field(sa_type=Text)
    stage: str = Field(sa_type=Text)
    pulses: int
    pulses_sent: int
    due_s: float | None
    opened_at: str | None = Field(sa_type=Text)
    opened_s: float | None
    reminded: bool
    person: str | None = Field(sa_type=Text)
    reason: str | None = Field(sa_type=Text)
    stray: str | None = Field(sa_type=Text)
    user: str | None = Field(sa_type=Text)


class LockRow(Base, table=True):
    """How the lock of one compartment has behaved; no foreign key: it is only a memory."""

    __tablename__ = "lock"
    __table_args__ = (CheckConstraint("compartment <> ''", name="compartment"),)

    compartment: str = Field(sa_type=Text, primary_key=True)
    openings: int
    retries: int
    failures: int
    refusals: int
    usual_ms: int | None
    recent_ms: str = Field(sa_type=Text)
    recent_pulses: str = Field(sa_type=Text)


class IncidentRow(Base, table=True):
    """One matter for a person, open or cleared."""

    __tablename__ = "incident"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(sa_type=Text)
    about: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)
    raised_at: str = Field(sa_type=Text)
    cleared_at: str | None = Field(sa_type=Text)
    acknowledged_at: str | None = Field(sa_type=Text)
    acknowledged_by: str | None = Field(sa_type=Text)


class AuditRow(Base, table=True):
    """The round of all compartments that is under way; at most one row."""

    __tablename__ = "audit"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    begun_at: str = Field(sa_type=Text)
    begun_by: str = Field(sa_type=Text)


class FindingRow(Base, table=True):
    """What the round under way found of one compartment; no foreign key: the box may be gone meanwhile."""

    __tablename__ = "finding"
    __table_args__ = (CheckConstraint("compartment <> ''", name="compartment"),)

    compartment: str = Field(sa_type=Text, primary_key=True)
    verdict: str = Field(sa_type=Text)
    at: str = Field(sa_type=Text)
    said_by: str = Field(sa_type=Text)
    tracking_id: str | None = Field(sa_type=Text)
    expected: str | None = Field(sa_type=Text)
    differs: bool
    reason: str | None = Field(sa_type=Text)


class CommandRow(Base, table=True):
    """One command that was decided on."""

    __tablename__ = "command"

    command_id: str = Field(sa_type=Text, primary_key=True)
    digest: str = Field(sa_type=Text)
    outcome: str = Field(sa_type=Text)
    not_after: str = Field(sa_type=Text)


class FactsRow(Base, table=True):
    """The single values; one row."""

    __tablename__ = "facts"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    incidents_numbered: int
    acknowledged_through: int
    storage_low: bool
    clock_doubted: bool
    mode: str = Field(sa_type=Text)
    outage_since_s: float | None
    remote_openings_s: str = Field(sa_type=Text)
    outage_owed_s: float
    pruned_through: int
    word_awaited: str = Field(sa_type=Text)
    commission: str = Field(sa_type=Text)
    audits_numbered: int
    forks_settled_through: int


class LastSeenRow(Base, table=True):
    """Both clocks as they last stood; one row."""

    __tablename__ = "last_seen"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    wall_at: str = Field(sa_type=Text)
    trusted: bool
    powered_s: float
