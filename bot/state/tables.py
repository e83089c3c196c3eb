"""The tables as they are now; `migrations` holds the way there, and a test keeps the two equal.

Their names begin with `discord_`: they stand in the database of the articles.
"""

from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from index import Migrations, UtcDateTime

MIGRATIONS = Migrations(
    Path(__file__).parent / "migrations", head="0003", version_table="discord_alembic_version", owner="bot"
)
"""The way from a database without these tables."""

metadata = MetaData()

servers = Table(
    "discord_servers",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("channels_mode", String, nullable=False),
    # Sets of ids, as JSON.
    Column("channels", Text, nullable=False),
    Column("answered_channels", Text, nullable=False),
    Column("manager_roles", Text, nullable=False),
    Column("is_private", Boolean, nullable=False),
    Column("language", String),
    Column("user_daily_limit", Integer),
    Column("server_daily_limit", Integer),
)

answers = Table(
    "discord_answers",
    metadata,
    Column("id", String, primary_key=True),
    Column("guild_id", BigInteger),
    Column("channel_id", BigInteger),
    Column("message_id", BigInteger),
    Column("question_message_id", BigInteger),
    Column("asker_id", BigInteger, nullable=False),
    Column("question", Text, nullable=False),
    Column("scope", Text, nullable=False),  # JSON, as all that hold several values
    Column("within", String),
    Column("status", String, nullable=False),
    Column("refusal", String),
    Column("unknown_terms", Text, nullable=False),
    Column("nearest_titles", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("took_ms", Float, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("is_private", Boolean, nullable=False),
    Column("passages", Text, nullable=False),
    Column("locale", String, nullable=False),
    Index("ix_discord_answers_message_id", "message_id", "asked_at"),
    Index("ix_discord_answers_question_message_id", "question_message_id", "asked_at"),
    Index("ix_discord_answers_asker_id", "asker_id"),
    Index("ix_discord_answers_asked_at", "asked_at"),
    # The figures of a server are made without reading a row of the table.
    Index("ix_discord_answers_figures", "guild_id", "took_ms"),
)

ratings = Table(
    "discord_ratings",
    metadata,
    Column("answer_id", String, ForeignKey("discord_answers.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    # The answer's, so that ratings are counted without looking at answers.
    Column("guild_id", BigInteger),
    Column("is_helpful", Boolean, nullable=False),
    Index("ix_discord_ratings_user_id", "user_id"),
    Index("ix_discord_ratings_figures", "guild_id", "is_helpful"),
)

usage = Table(
    "discord_usage",
    metadata,
    # 0 for direct messages: databases differ in whether a key may hold NULL.
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("questions", Integer, nullable=False),
    Index("ix_discord_usage_user_id", "user_id"),
    Index("ix_discord_usage_day", "day"),
)

removed_articles = Table(
    "discord_removed_articles",
    metadata,
    Column("token", String, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_discord_removed_articles_guild_id", "guild_id"),
    Index("ix_discord_removed_articles_expires_at", "expires_at"),
)

rebuilds = Table(
    "discord_rebuilds",
    metadata,
    Column("id", String, primary_key=True),
    Column("guild_id", BigInteger),
    Column("channel_id", BigInteger),
    Column("message_id", BigInteger),
    Column("asked_by", BigInteger),
    Column("started_at", UtcDateTime, nullable=False),
    Column("state", String, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_discord_rebuilds_guild_id", "guild_id"),
    Index("ix_discord_rebuilds_asked_by", "asked_by"),
    Index("ix_discord_rebuilds_started_at", "started_at"),
    Index("ix_discord_rebuilds_state", "state", "started_at"),
)

job_messages = Table(
    "discord_job_messages",
    metadata,
    Column("job_id", String, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_discord_job_messages_guild_id", "guild_id"),
    Index("ix_discord_job_messages_created_at", "created_at"),
)

waiting = Table(
    "discord_waiting",
    metadata,
    Column("interaction_id", BigInteger, primary_key=True, autoincrement=False),
    Column("application_id", BigInteger, nullable=False),
    Column("token", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("locale", String, nullable=False, server_default="en-US"),
    Index("ix_discord_waiting_created_at", "created_at"),
)

facts = Table(
    "discord_facts",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)
