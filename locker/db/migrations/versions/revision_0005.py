"""Earlier epochs: where a journal that was left stood, and what of it is still to be sent."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """No database has left an epoch before: the table begins empty."""
    op.create_table(
        "earlier_epoch",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("acknowledged_through", sa.Integer(), nullable=False),
        sa.Column("pruned_through", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_earlier_epoch")),
    )


def downgrade() -> None:
    """There is no way down: the backup made before the way up is the way back."""
    raise NotImplementedError("restore the backup instead")
