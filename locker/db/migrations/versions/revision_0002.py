"""Persons for couriers, parcels that are left by their senders, modes of the automat.

Tables are rebuilt by hand: the library's own rebuild forgets check constraints, and fills a new column only
by a default that would stay in the schema.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.schema import SchemaItem

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSIDE_STATES = "state IN ('dropped-off', 'overdue', 'registered', 'stored', 'withdrawn')"


def upgrade() -> None:
    """Move every row to where it belongs now."""
    _parcels()
    _compartments()
    _openings()
    _persons()
    _memory()


def downgrade() -> None:
    """There is no way down: the backup made before the way up is the way back."""
    raise NotImplementedError("restore the backup instead")


def _parcels() -> None:
    _rebuild(
        "parcel",
        "tracking_id, size, state, direction, code_tag, recipient, compartment, deposited_at, deadline_at, "
        "reminded_days, closed_at, reopen_until_s",
        {"accessible": "0", "unpaid": "0", "redirected": "0"},
        sa.Column("tracking_id", sa.Text(), nullable=False),
        sa.Column("size", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("code_tag", sa.Text()),
        sa.Column("recipient", sa.Text()),
        sa.Column("dimensions_mm", sa.Text()),
        sa.Column("accessible", sa.Boolean(), nullable=False),
        sa.Column("unpaid", sa.Boolean(), nullable=False),
        sa.Column("redirected", sa.Boolean(), nullable=False),
        sa.Column("refusal", sa.Text()),
        sa.Column("valid_from", sa.Text()),
        sa.Column("valid_until", sa.Text()),
        sa.Column("compartment", sa.Text()),
        sa.Column("deposited_at", sa.Text()),
        sa.Column("registered_at", sa.Text()),
        sa.Column("deadline_at", sa.Text()),
        sa.Column("reminded_days", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.Text()),
        sa.Column("reopen_until_s", sa.Float()),
        sa.Column("deposited_s", sa.Float()),
        sa.Column("announced_at", sa.Text()),
        sa.CheckConstraint("tracking_id <> ''", name=op.f("ck_parcel_tracking_id")),
        sa.CheckConstraint(
            f"compartment IS NOT NULL OR NOT ({INSIDE_STATES})", name=op.f("ck_parcel_inside")
        ),
        sa.PrimaryKeyConstraint("tracking_id", name=op.f("pk_parcel")),
    )
    op.create_index(
        op.f("uq_parcel_inside"), "parcel", ["compartment"], unique=True, sqlite_where=sa.text(INSIDE_STATES)
    )


def _compartments() -> None:
    _rebuild(
        "compartment",
        "label, condition, reason, door, goods, tracking_id",
        {},
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("blocked", sa.Text()),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("goods", sa.Boolean()),
        sa.Column("tracking_id", sa.Text()),
        sa.CheckConstraint("label <> ''", name=op.f("ck_compartment_label")),
        sa.ForeignKeyConstraint(
            ["tracking_id"],
            ["parcel.tracking_id"],
            name=op.f("fk_compartment_tracking_id"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("label", name=op.f("pk_compartment")),
    )


def _openings() -> None:
    _rebuild(
        "opening",
        "compartment, purpose, keypad, tracking_id, started_at, stage, pulses, pulses_sent, due_s, "
        "opened_at, opened_s, reminded",
        {"person": "courier_id"},
        sa.Column("compartment", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("keypad", sa.Text(), nullable=False),
        sa.Column("tracking_id", sa.Text()),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("pulses", sa.Integer(), nullable=False),
        sa.Column("pulses_sent", sa.Integer(), nullable=False),
        sa.Column("due_s", sa.Float()),
        sa.Column("opened_at", sa.Text()),
        sa.Column("opened_s", sa.Float()),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("person", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint("pulses >= 0", name=op.f("ck_opening_pulses")),
        sa.ForeignKeyConstraint(
            ["compartment"],
            ["compartment.label"],
            name=op.f("fk_opening_compartment"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("compartment", name=op.f("pk_opening")),
    )


def _persons() -> None:
    op.create_table(
        "credential",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("code_tag", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_credential")),
    )
    op.execute(
        "INSERT INTO credential (holder, role, code_tag, valid_from, valid_until) "
        "SELECT courier_id, 'courier', code_tag, valid_from, valid_until FROM courier"
    )
    op.drop_table("courier")


def _memory() -> None:
    op.create_table(
        "seen",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_seen")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_checkpoint")),
    )
    _rebuild(
        "facts",
        "id, incidents_numbered, acknowledged_through, storage_low, clock_doubted",
        {
            "mode": "'normal'",
            "remote_openings_s": "'[]'",
            "outage_owed_s": "0.0",
            "pruned_through": "0",
            "word_awaited": "'[]'",
        },
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incidents_numbered", sa.Integer(), nullable=False),
        sa.Column("acknowledged_through", sa.Integer(), nullable=False),
        sa.Column("storage_low", sa.Boolean(), nullable=False),
        sa.Column("clock_doubted", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("outage_since_s", sa.Float()),
        sa.Column("remote_openings_s", sa.Text(), nullable=False),
        sa.Column("outage_owed_s", sa.Float(), nullable=False),
        sa.Column("pruned_through", sa.Integer(), nullable=False),
        sa.Column("word_awaited", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_facts_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
    )


def _rebuild(table: str, kept: str, filled: dict[str, str], *elements: SchemaItem) -> None:
    """Make a table anew with the rows of the old one: `kept` columns as they are, others from SQL."""
    fresh = f"{table}_rebuilt"
    op.create_table(fresh, *elements)
    into, values = ", ".join([kept, *filled]), ", ".join([kept, *filled.values()])
    op.execute(f"INSERT INTO {fresh} ({into}) SELECT {values} FROM {table}")  # noqa: S608 - all text of ours
    op.drop_table(table)
    op.rename_table(fresh, table)
