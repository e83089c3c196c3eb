"""Keep which pages' articles somebody has removed, and how much of a job's outcome is counted only."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and add the column."""
    op.create_table(
        "removals",
        sa.Column("collection", sa.String, primary_key=True),
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("feed", sa.Integer, nullable=False),
    )
    op.add_column("jobs", sa.Column("unlisted", sa.Text))


def downgrade() -> None:
    """Forget both."""
    op.drop_column("jobs", "unlisted")
    op.drop_table("removals")
