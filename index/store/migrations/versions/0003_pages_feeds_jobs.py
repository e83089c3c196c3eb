"""Keep pages, feeds and jobs: where articles come from, and the work of fetching them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "pages",
        sa.Column("collection", sa.String, primary_key=True),
        sa.Column("page", sa.String, primary_key=True),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("article_id", sa.String, nullable=False),
        sa.Column("is_own", sa.Boolean, nullable=False),
        sa.Column("etag", sa.String),
        sa.Column("last_modified", sa.String),
        sa.Column("checked_at", sa.DateTime, nullable=False),
        sa.Column("gone_since", sa.DateTime),
    )
    op.create_index("ix_pages_article_id", "pages", ["article_id"])
    op.create_table(
        "feeds",
        sa.Column("id", sa.String, primary_key=True),
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
        sa.Column("etag", sa.String),
        sa.Column("last_modified", sa.String),
        sa.UniqueConstraint("collection", "address", name="uq_feeds_collection_address"),
    )
    op.create_table(
        "feed_entries",
        sa.Column("feed_id", sa.String, sa.ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("changed_at", sa.DateTime),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_table(
        "refreshing",
        sa.Column("collection", sa.String, primary_key=True),
        sa.Column("hours", sa.Integer, nullable=False),
    )
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("collection", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("asked_by", sa.String),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("additions", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("ended_at", sa.DateTime),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_state", "jobs", ["state"])
    op.create_table(
        "job_files",
        sa.Column("job_id", sa.String, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Forget pages, feeds and jobs; the articles stay."""
    for table in ("job_files", "jobs", "refreshing", "feed_entries", "feeds", "pages"):
        op.drop_table(table)
