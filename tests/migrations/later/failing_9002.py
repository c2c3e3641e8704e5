"""A step that fails when half of it is done."""

import sqlalchemy as sa
from alembic import op

revision: str = "9002"
down_revision: str | None = "9001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add a column, then ask for what there is not."""
    op.add_column("shelf", sa.Column("height_mm", sa.Integer()))
    op.execute("UPDATE nowhere SET height_mm = 1")
