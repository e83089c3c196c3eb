"""The tables as they are now; `migrations` holds the way there, and a test keeps the two equal."""

from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

HEAD = "0002"
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
