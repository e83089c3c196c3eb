"""Keep the language of those who wait for an answer."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; who waits already is told in English."""
    op.add_column("discord_waiting", sa.Column("locale", sa.String, nullable=False, server_default="en-US"))


def downgrade() -> None:
    """Forget the languages."""
    op.drop_column("discord_waiting", "locale")
