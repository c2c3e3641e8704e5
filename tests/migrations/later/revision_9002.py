"""A further step, so that a kill can come between two."""

import sqlalchemy as sa
from alembic import op

revision: str = "9002"
down_revision: str | None = "9001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add a column and an index."""
    op.add_column("shelf", sa.Column("height_mm", sa.Integer()))
    op.create_index("ix_shelf_height_mm", "shelf", ["height_mm"])
