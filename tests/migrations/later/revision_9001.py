"""Rebuilds a table that holds rows and that others point at: the hardest kind of step."""

import sqlalchemy as sa
from alembic import op

from locker.db.ladder import LADDER

revision: str = "9001"
down_revision: str | None = LADDER.head
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Give every parcel a weight, and add a table."""
    with op.batch_alter_table("parcel", recreate="always") as parcel:
        parcel.add_column(sa.Column("weight_g", sa.Integer(), server_default="0", nullable=False))
        parcel.drop_column("recipient")
    op.create_table("shelf", sa.Column("name", sa.Text(), primary_key=True))
    op.execute("INSERT INTO shelf SELECT label FROM compartment")
