"""The tables as they are now; `migrations` holds the way there, and a test keeps the two equal."""

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    select,
)

HEAD = "0004"
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

pages = Table(
    "pages",
    metadata,
    # No foreign key: an article that was removed can be put back, and is then looked after as before.
    Column("article", String, primary_key=True),
    Column("collection", String, nullable=False),
    Column("address", String, nullable=False),
    Column("etag", String),
    Column("last_modified", String),
    Column("checked_at", UtcDateTime, nullable=False),
    Column("gone_since", UtcDateTime),
    Index("ix_pages_collection_checked_at", "collection", "checked_at"),
)
"""The pages of articles that were added by link, by the article's id."""

sources = Table(
    "sources",
    metadata,
    Column("collection", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("article", String, nullable=False),
    Index("ix_sources_article", "article"),
)
"""Where the text of an article stands besides its own source, by the article's id."""

removals = Table(
    "removals",
    metadata,
    Column("collection", String, primary_key=True),
    Column("address", String, primary_key=True),
    # The number of the newest feed that was followed when the article was removed.
    Column("feed", Integer, nullable=False),
)
"""Where the texts of articles stand that somebody has removed: feeds up to this one do not bring them back.

A row goes when an article is added from its address, and when none of those feeds is followed any more.
"""

written_columns = tuple(column for column in articles.c if column.name not in {"text", "title_folded"})
"""The fields of `ArticleInfo` that are in the row of an article, in its order."""

info_columns = (
    *written_columns,
    select(pages.c.gone_since).where(pages.c.article == articles.c.id).scalar_subquery().label("gone_since"),
)
"""The fields of `ArticleInfo`, in its order.

In the table of articles, what comes after a long text costs the reading of all of it; and a list needs every column.
"""

jobs = Table(
    "jobs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("collection", String, nullable=False),
    Column("state", String, nullable=False),
    Column("what", String, nullable=False),
    Column("asked_by", String),
    # What it is about, as JSON: addresses, or the id of a feed.
    Column("payload", Text, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("reason", String),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    # How many outcomes are not kept line by line, by `Addition.outcome`, as JSON; None while there are none.
    Column("unlisted", Text),
    UniqueConstraint("id", name="uq_jobs_id"),
    Index("ix_jobs_state_collection", "state", "collection"),
    sqlite_autoincrement=True,
)

job_files = Table(
    "job_files",
    metadata,
    Column("job", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Files that wait to be read, by the number of their job; they go when it ends."""

job_outcomes = Table(
    "job_outcomes",
    metadata,
    Column("job", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    # An `Addition` as JSON.
    Column("value", Text, nullable=False),
)

feeds = Table(
    "feeds",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, nullable=False),
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
    Column("gone_since", UtcDateTime),
    Column("etag", String),
    Column("last_modified", String),
    Column("moved_to", String),
    Column("moves", Integer, nullable=False),
    UniqueConstraint("id", name="uq_feeds_id"),
    UniqueConstraint("collection", "address", name="uq_feeds_collection_address"),
    Index("ix_feeds_enabled_next_check_at", "enabled", "next_check_at"),
    sqlite_autoincrement=True,
)

feed_entries = Table(
    "feed_entries",
    metadata,
    Column("feed", Integer, primary_key=True),
    Column("key", String, primary_key=True),
    # Of what the entry says; None while its article could not be had.
    Column("fingerprint", String),
    Column("failures", Integer, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Index("ix_feed_entries_feed_seen_at", "feed", "seen_at"),
)
"""Entries that were seen, by the number of their feed."""

site_lines = Table(
    "site_lines",
    metadata,
    Column("collection", String, primary_key=True),
    Column("site", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("articles", Integer, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)
"""In how many articles of a site a line stands."""

refreshes = Table(
    "refreshes",
    metadata,
    Column("collection", String, primary_key=True),
    Column("hours", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
)
"""How often the pages of a collection are looked at again; not at all where there is no row."""

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)
