"""A step that leaves a compartment holding a parcel that is gone."""

from alembic import op

revision: str = "9002"
down_revision: str | None = "9001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Lose the parcels."""
    op.execute("DELETE FROM parcel")
