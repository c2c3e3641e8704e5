"""${message}."""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op
${imports if imports else ""}

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade() -> None:
    """Go up one revision."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """There is no way down: the backup made before the way up is the way back."""
    raise NotImplementedError("restore the backup instead")
