"""Make the table of messages that show the progress of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and its index."""
    op.create_table(
        "discord_job_messages",
        sa.Column("job_id", sa.String, primary_key=True),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_discord_job_messages_guild_id", "discord_job_messages", ["guild_id"])
    op.create_index("ix_discord_job_messages_created_at", "discord_job_messages", ["created_at"])


def downgrade() -> None:
    """Forget the messages."""
    op.drop_table("discord_job_messages")
