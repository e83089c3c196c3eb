"""Make the tables of what the bot keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and their indexes."""
    op.create_table(
        "discord_servers",
        sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("channels_mode", sa.String, nullable=False),
        sa.Column("channels", sa.Text, nullable=False),
        sa.Column("answered_channels", sa.Text, nullable=False),
        sa.Column("manager_roles", sa.Text, nullable=False),
        sa.Column("is_private", sa.Boolean, nullable=False),
        sa.Column("language", sa.String),
        sa.Column("user_daily_limit", sa.Integer),
        sa.Column("server_daily_limit", sa.Integer),
    )
    op.create_table(
        "discord_answers",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("question_message_id", sa.BigInteger),
        sa.Column("asker_id", sa.BigInteger, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("within", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("refusal", sa.String),
        sa.Column("unknown_terms", sa.Text, nullable=False),
        sa.Column("nearest_titles", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("took_ms", sa.Float, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("is_private", sa.Boolean, nullable=False),
        sa.Column("passages", sa.Text, nullable=False),
        sa.Column("locale", sa.String, nullable=False),
    )
    op.create_index("ix_discord_answers_message_id", "discord_answers", ["message_id", "asked_at"])
    op.create_index("ix_discord_answers_question_message_id", "discord_answers", ["question_message_id", "asked_at"])
    op.create_index("ix_discord_answers_asker_id", "discord_answers", ["asker_id"])
    op.create_index("ix_discord_answers_asked_at", "discord_answers", ["asked_at"])
    op.create_index("ix_discord_answers_figures", "discord_answers", ["guild_id", "took_ms"])
    op.create_table(
        "discord_ratings",
        sa.Column("answer_id", sa.String, sa.ForeignKey("discord_answers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("is_helpful", sa.Boolean, nullable=False),
    )
    op.create_index("ix_discord_ratings_user_id", "discord_ratings", ["user_id"])
    op.create_index("ix_discord_ratings_figures", "discord_ratings", ["guild_id", "is_helpful"])
    op.create_table(
        "discord_usage",
        sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("questions", sa.Integer, nullable=False),
    )
    op.create_index("ix_discord_usage_user_id", "discord_usage", ["user_id"])
    op.create_index("ix_discord_usage_day", "discord_usage", ["day"])
    op.create_table(
        "discord_removed_articles",
        sa.Column("token", sa.String, primary_key=True),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_index("ix_discord_removed_articles_guild_id", "discord_removed_articles", ["guild_id"])
    op.create_index("ix_discord_removed_articles_expires_at", "discord_removed_articles", ["expires_at"])
    op.create_table(
        "discord_rebuilds",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("asked_by", sa.BigInteger),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_discord_rebuilds_guild_id", "discord_rebuilds", ["guild_id"])
    op.create_index("ix_discord_rebuilds_asked_by", "discord_rebuilds", ["asked_by"])
    op.create_index("ix_discord_rebuilds_started_at", "discord_rebuilds", ["started_at"])
    op.create_index("ix_discord_rebuilds_state", "discord_rebuilds", ["state", "started_at"])
    op.create_table(
        "discord_waiting",
        sa.Column("interaction_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("application_id", sa.BigInteger, nullable=False),
        sa.Column("token", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_discord_waiting_created_at", "discord_waiting", ["created_at"])
    op.create_table(
        "discord_facts",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Remove everything; indexes go with their tables."""
    op.drop_table("discord_facts")
    op.drop_table("discord_waiting")
    op.drop_table("discord_rebuilds")
    op.drop_table("discord_removed_articles")
    op.drop_table("discord_usage")
    op.drop_table("discord_ratings")
    op.drop_table("discord_answers")
    op.drop_table("discord_servers")
