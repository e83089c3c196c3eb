"""Make the tables of articles and of facts about the store."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the store gets its identity in the same transaction."""
    op.create_table(
        "articles",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("collection", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("author", sa.String),
        sa.Column("published_at", sa.DateTime),
        sa.Column("added_at", sa.DateTime, nullable=False),
        sa.Column("added_by", sa.String),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.String, nullable=False),
        sa.Column("characters", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.UniqueConstraint("id", name="uq_articles_id"),
        sa.UniqueConstraint("collection", "content_hash", name="uq_articles_collection_content_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_articles_collection_source", "articles", ["collection", "source"])
    meta = op.create_table(
        "meta",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )
    op.bulk_insert(meta, [{"key": "store_id", "value": str(uuid4())}])


def downgrade() -> None:
    """Remove everything."""
    op.drop_table("meta")
    op.drop_index("ix_articles_collection_source", "articles")
    op.drop_table("articles")
