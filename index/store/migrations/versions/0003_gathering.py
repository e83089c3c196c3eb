"""Keep jobs, feeds, the pages of articles and where copies of them stand."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "pages",
        sa.Column("article", sa.String, primary_key=True),
        sa.Column("collection", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("etag", sa.String),
        sa.Column("last_modified", sa.String),
        sa.Column("checked_at", sa.DateTime, nullable=False),
        sa.Column("gone_since", sa.DateTime),
    )
    op.create_index("ix_pages_collection_checked_at", "pages", ["collection", "checked_at"])
    op.create_table(
        "sources",
        sa.Column("collection", sa.String, primary_key=True),
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("article", sa.String, nullable=False),
    )
    op.create_index("ix_sources_article", "sources", ["article"])
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("collection", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("asked_by", sa.String),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("ended_at", sa.DateTime),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_state_collection", "jobs", ["state", "collection"])
    op.create_table(
        "job_files",
        sa.Column("job", sa.Integer, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "job_outcomes",
        sa.Column("job", sa.Integer, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "feeds",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("collection", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("path_filter", sa.String),
        sa.Column("interval_min", sa.Integer, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("language", sa.String),
        sa.Column("channel", sa.String),
        sa.Column("threads", sa.Boolean, nullable=False),
        sa.Column("added_by", sa.String),
        sa.Column("added_at", sa.DateTime, nullable=False),
        sa.Column("checked_at", sa.DateTime),
        sa.Column("next_check_at", sa.DateTime, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", sa.DateTime),
        sa.Column("problem", sa.String),
        sa.Column("problem_kind", sa.String),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("articles", sa.Integer, nullable=False),
        sa.Column("gone_since", sa.DateTime),
        sa.Column("etag", sa.String),
        sa.Column("last_modified", sa.String),
        sa.Column("moved_to", sa.String),
        sa.Column("moves", sa.Integer, nullable=False),
        sa.UniqueConstraint("collection", "address", name="uq_feeds_collection_address"),
        sa.UniqueConstraint("id", name="uq_feeds_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_feeds_enabled_next_check_at", "feeds", ["enabled", "next_check_at"])
    op.create_table(
        "feed_entries",
        sa.Column("feed", sa.Integer, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("fingerprint", sa.String),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_feed_entries_feed_seen_at", "feed_entries", ["feed", "seen_at"])
    op.create_table(
        "site_lines",
        sa.Column("collection", sa.String, primary_key=True),
        sa.Column("site", sa.String, primary_key=True),
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("articles", sa.Integer, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "refreshes",
        sa.Column("collection", sa.String, primary_key=True),
        sa.Column("hours", sa.Integer, nullable=False),
        sa.Column("next_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("refreshes")
    op.drop_table("site_lines")
    op.drop_table("feed_entries")
    op.drop_table("feeds")
    op.drop_table("job_outcomes")
    op.drop_table("job_files")
    op.drop_table("jobs")
    op.drop_table("sources")
    op.drop_table("pages")
