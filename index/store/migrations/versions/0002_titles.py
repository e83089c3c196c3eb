"""Fold the titles, so that they can be searched without regard to case and accents."""

import sqlalchemy as sa
from alembic import op

from index.store.folding import folded

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000


def upgrade() -> None:
    """Add the folded titles with their index."""
    op.add_column("articles", sa.Column("title_folded", sa.String, nullable=False, server_default=""))
    articles = sa.table("articles", sa.column("number"), sa.column("title"), sa.column("title_folded"))
    connection = op.get_bind()
    last = 0
    while rows := connection.execute(
        sa.select(articles.c.number, articles.c.title)
        .where(articles.c.number > last)
        .order_by(articles.c.number)
        .limit(_AT_ONCE)
    ).all():
        last = rows[-1].number
        connection.execute(
            sa.update(articles)
            .where(articles.c.number == sa.bindparam("of"))
            .values(title_folded=sa.bindparam("folded_title")),
            [{"of": number, "folded_title": folded(title)} for number, title in rows],
        )
    op.create_index("ix_articles_listing", "articles", ["collection", "number", "characters", "title_folded"])


def downgrade() -> None:
    """Forget the folded titles."""
    op.drop_index("ix_articles_listing", "articles")
    op.drop_column("articles", "title_folded")
