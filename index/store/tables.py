"""The tables as they are now; `migrations` holds the way there, and a test keeps the two equal."""

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

HEAD = "0003"
"""The revision of the migrations that leads to these tables."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as UTC without a zone: SQLite knows no zones, and so both databases hold the same."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - given
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

articles = Table(
    "articles",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("collection", String, nullable=False),
    Column("title", String, nullable=False),
    Column("source", String, nullable=False),
    Column("language", String, nullable=False),
    Column("author", String),
    Column("published_at", UtcDateTime),
    Column("added_at", UtcDateTime, nullable=False),
    Column("added_by", String),
    Column("revision", Integer, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("characters", Integer, nullable=False),
    # The last column: SQLite reads a row from its start, and what precedes a long text needs no overflow page.
    Column("text", Text, nullable=False),
    # Read from its index only.
    Column("title_folded", String, nullable=False),
    UniqueConstraint("id", name="uq_articles_id"),
    UniqueConstraint("collection", "content_hash", name="uq_articles_collection_content_hash"),
    Index("ix_articles_collection_source", "collection", "source"),
    # Lists and figures are made without reading a row of the table: rows are as long as the texts.
    Index("ix_articles_listing", "collection", "number", "characters", "title_folded"),
    # Without AUTOINCREMENT, SQLite gives the number of a removed newest article to the next one.
    sqlite_autoincrement=True,
)

info_columns = tuple(column for column in articles.c if column.name not in {"text", "title_folded"})
"""The fields of `ArticleInfo`, in its order."""

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

pages = Table(
    "pages",
    metadata,
    # Where an article was found; `page` is the address in the form in which equal pages are equal.
    Column("collection", String, primary_key=True),
    Column("page", String, primary_key=True),
    Column("address", String, nullable=False),
    Column("article_id", String, nullable=False),
    # False for a copy of the text on another page, which does not change the article.
    Column("is_own", Boolean, nullable=False),
    Column("etag", String),
    Column("last_modified", String),
    Column("checked_at", UtcDateTime, nullable=False),
    Column("gone_since", UtcDateTime),
    Index("ix_pages_article_id", "article_id"),
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", String, primary_key=True),
    Column("collection", String, nullable=False),
    Column("address", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("title", String, nullable=False),
    Column("path_filter", String),
    Column("interval_min", Integer, nullable=False),
    Column("most", Integer, nullable=False),
    Column("language", String),
    Column("channel", String),
    Column("threads", Boolean, nullable=False),
    Column("added_by", String),
    Column("added_at", UtcDateTime, nullable=False),
    Column("checked_at", UtcDateTime),
    Column("next_check_at", UtcDateTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", UtcDateTime),
    Column("problem", String),
    Column("problem_kind", String),
    Column("enabled", Boolean, nullable=False),
    Column("articles", Integer, nullable=False),
    Column("etag", String),
    Column("last_modified", String),
    UniqueConstraint("collection", "address", name="uq_feeds_collection_address"),
)

feed_entries = Table(
    "feed_entries",
    metadata,
    Column("feed_id", String, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String, primary_key=True),
    Column("changed_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
    # How often it was tried in vain; 0 when it is dealt with.
    Column("attempts", Integer, nullable=False),
)

refreshing = Table(
    "refreshing",
    metadata,
    Column("collection", String, primary_key=True),
    Column("hours", Integer, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("collection", String, nullable=False),
    Column("state", String, nullable=False),
    Column("what", String, nullable=False),
    # Addresses as JSON, or the id of a feed.
    Column("subject", Text, nullable=False),
    Column("asked_by", String),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("reason", String),
    # JSON.
    Column("additions", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    UniqueConstraint("id", name="uq_jobs_id"),
    Index("ix_jobs_state", "state"),
    sqlite_autoincrement=True,
)

job_files = Table(
    "job_files",
    metadata,
    Column("job_id", String, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
