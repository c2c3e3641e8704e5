"""The first schema."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSIDE_STATES = "state IN ('overdue', 'stored', 'withdrawn')"


def upgrade() -> None:
    """Make every table."""
    _journal()
    _parcels()
    _people()
    _memory()


def downgrade() -> None:
    """There is no way down: the backup made before the way up is the way back."""
    raise NotImplementedError("restore the backup instead")


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_journal_sequence")),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_journal_hash")),
        sa.PrimaryKeyConstraint("epoch", "sequence", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_subject"), "journal", ["subject"])
    op.create_table(
        "parked",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "sequence", name=op.f("pk_parked")),
    )


def _parcels() -> None:
    op.create_table(
        "parcel",
        sa.Column("tracking_id", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("code_tag", sa.Text()),
        sa.Column("recipient", sa.Text()),
        sa.Column("compartment", sa.Text()),
        sa.Column("deposited_at", sa.Text()),
        sa.Column("deadline_at", sa.Text()),
        sa.Column("reminded_days", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.Text()),
        sa.Column("reopen_until_s", sa.Float()),
        sa.CheckConstraint("tracking_id <> ''", name=op.f("ck_parcel_tracking_id")),
        sa.CheckConstraint(
            f"compartment IS NOT NULL OR NOT ({INSIDE_STATES})", name=op.f("ck_parcel_inside")
        ),
        sa.PrimaryKeyConstraint("tracking_id", name=op.f("pk_parcel")),
    )
    op.create_index(
        op.f("uq_parcel_inside"), "parcel", ["compartment"], unique=True, sqlite_where=sa.text(INSIDE_STATES)
    )
    op.create_table(
        "compartment",
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
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
    op.create_table(
        "opening",
        sa.Column("compartment", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("keypad", sa.Text(), nullable=False),
        sa.Column("tracking_id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("pulses", sa.Integer(), nullable=False),
        sa.Column("pulses_sent", sa.Integer(), nullable=False),
        sa.Column("due_s", sa.Float()),
        sa.Column("opened_at", sa.Text()),
        sa.Column("opened_s", sa.Float()),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("courier_id", sa.Text()),
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


def _people() -> None:
    op.create_table(
        "courier",
        sa.Column("courier_id", sa.Text(), nullable=False),
        sa.Column("code_tag", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("courier_id", name=op.f("pk_courier")),
    )
    op.create_table(
        "attempts",
        sa.Column("keypad", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("counted_s", sa.Float(), nullable=False),
        sa.Column("misses_s", sa.Text(), nullable=False),
        sa.Column("guarded", sa.Boolean(), nullable=False),
        sa.CheckConstraint("tokens >= 0", name=op.f("ck_attempts_tokens")),
        sa.PrimaryKeyConstraint("keypad", name=op.f("pk_attempts")),
    )


def _memory() -> None:
    op.create_table(
        "incident",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.Text()),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_incident")),
    )
    op.create_table(
        "command",
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("not_after", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("command_id", name=op.f("pk_command")),
    )
    op.create_table(
        "facts",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("incidents_numbered", sa.Integer(), nullable=False),
        sa.Column("acknowledged_through", sa.Integer(), nullable=False),
        sa.Column("storage_low", sa.Boolean(), nullable=False),
        sa.Column("clock_doubted", sa.Boolean(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_facts_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
    )
    op.create_table(
        "last_seen",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wall_at", sa.Text(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("powered_s", sa.Float(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_last_seen_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_last_seen")),
    )
