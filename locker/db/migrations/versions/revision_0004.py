"""Maintenance at the local socket: who is behind an opening, who looks after an incident, audit walks.

Tables are rebuilt by hand, as in the revision before.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.schema import SchemaItem

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Move every row to where it belongs now."""
    _openings()
    _incidents()
    _facts()
    _parked()
    _audits()


def downgrade() -> None:
    """There is no way down: the backup made before the way up is the way back."""
    raise NotImplementedError("restore the backup instead")


def _openings() -> None:
    _rebuild(
        "opening",
        "compartment, purpose, keypad, tracking_id, started_at, stage, pulses, pulses_sent, due_s, "
        "opened_at, opened_s, reminded, person, reason, stray",
        {},
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
        sa.Column("stray", sa.Text()),
        sa.Column("user", sa.Text()),
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


def _facts() -> None:
    _rebuild(
        "facts",
        "id, incidents_numbered, acknowledged_through, storage_low, clock_doubted, mode, outage_since_s, "
        "remote_openings_s, outage_owed_s, pruned_through, word_awaited, commission",
        {"audits_numbered": "0", "forks_settled_through": "0"},
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
        sa.Column("commission", sa.Text(), nullable=False),
        sa.Column("audits_numbered", sa.Integer(), nullable=False),
        sa.Column("forks_settled_through", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_facts_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
    )


def _incidents() -> None:
    _rebuild(
        "incident",
        "number, kind, about, detail, raised_at, cleared_at",
        {},
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.Text()),
        sa.Column("acknowledged_at", sa.Text()),
        sa.Column("acknowledged_by", sa.Text()),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_incident")),
    )


def _parked() -> None:
    _rebuild(
        "parked",
        "epoch, sequence, reason",
        {"settled": "0"},
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "sequence", name=op.f("pk_parked")),
    )


def _audits() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begun_at", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_table(
        "finding",
        sa.Column("compartment", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("tracking_id", sa.Text()),
        sa.Column("expected", sa.Text()),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.CheckConstraint("compartment <> ''", name=op.f("ck_finding_compartment")),
        sa.PrimaryKeyConstraint("compartment", name=op.f("pk_finding")),
    )


def _rebuild(table: str, kept: str, filled: dict[str, str], *elements: SchemaItem) -> None:
    """Make a table anew with the rows of the old one: `kept` columns as they are, others from SQL."""
    fresh = f"{table}_rebuilt"
    op.create_table(fresh, *elements)
    into, values = ", ".join([kept, *filled]), ", ".join([kept, *filled.values()])
    op.execute(f"INSERT INTO {fresh} ({into}) SELECT {values} FROM {table}")  # noqa: S608 - all text of ours
    op.drop_table(table)
    op.rename_table(fresh, table)
