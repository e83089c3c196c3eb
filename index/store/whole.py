"""Articles with all that is kept of them: read for an export, and stored as they were elsewhere."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, delete, exists, insert, select

from index.models import Article, ArticleInfo, Change, Stored, WholeArticle
from index.store.chunks import chunks
from index.store.deriving import derived
from index.store.ids import free_ids
from index.store.places import copies_of, forget_copies, is_web_address, want_again
from index.store.tables import articles, info_columns, pages, sources, written_columns


def whole(connection: Connection, some: Sequence[Article]) -> list[WholeArticle]:
    """Read what is kept of articles besides, in their order."""
    copies = copies_of(connection, (one.info.id for one in some))
    looked_at: dict[str, str] = {}
    for ids in chunks(one.info.id for one in some):
        rows = connection.execute(select(pages.c.article, pages.c.address).where(pages.c.article.in_(ids)))
        looked_at |= {str(article): str(address) for article, address in rows}
    return [WholeArticle(one.info, one.text, copies.get(one.info.id, ()), looked_at.get(one.info.id)) for one in some]


def restore(
    connection: Connection, batch: Iterable[tuple[WholeArticle, str]], new_id: Callable[[], str]
) -> list[Stored]:
    """Store articles, each with the fingerprint of its text, as they were in another store; see `Store.restore`."""
    wanted: dict[str, list[str]] = {}
    stored = []
    for article, fingerprint in batch:
        stored.append(_restore_one(connection, article, fingerprint, new_id))
        wanted.setdefault(article.info.collection, []).extend((article.info.source, *article.copies))
    for collection, addresses in wanted.items():
        want_again(connection, collection, addresses)
    return stored


def _restore_one(connection: Connection, article: WholeArticle, fingerprint: str, new_id: Callable[[], str]) -> Stored:
    info = article.info
    same_text = (articles.c.collection == info.collection) & (articles.c.content_hash == fingerprint)
    rows = connection.execute(select(*info_columns).where(same_text | (articles.c.id == info.id)))
    present = [ArticleInfo(*row) for row in rows]
    twin = next((one for one in present if one.content_hash == fingerprint), None)
    if twin is not None and twin.collection == info.collection:
        _keep_copies(connection, twin, (info.source, *article.copies))
        return Stored(Change.UNCHANGED, twin)
    holder = next((one for one in present if one.id == info.id), None)
    replaced: int | None = None
    article_id = info.id
    if holder is not None and holder.collection == info.collection:
        if holder.revision >= info.revision:
            return Stored(Change.UNCHANGED, holder)
        replaced = holder.number
        connection.execute(delete(articles).where(articles.c.number == holder.number))
        forget_copies(connection, [holder.id])
        connection.execute(delete(pages).where(pages.c.article == holder.id))
    elif holder is not None:
        [article_id] = free_ids(connection, articles.c.id, 1, new_id)
    values = {
        "id": article_id,
        "collection": info.collection,
        "title": info.title,
        "source": info.source,
        "author": info.author,
        "published_at": info.published_at,
        "language": info.language,
        "text": article.text,
        "added_at": info.added_at,
        "added_by": info.added_by,
        "revision": info.revision,
        **derived(info.title, article.text, fingerprint),
    }
    written = connection.execute(insert(articles).values(values).returning(*written_columns))
    stored = replace(ArticleInfo(*written.one()), gone_since=info.gone_since)
    _keep_copies(connection, stored, article.copies)
    _keep_page(connection, stored, article.page)
    return Stored(Change.ADDED if replaced is None else Change.REVISED, stored, replaced=replaced)


def _keep_copies(connection: Connection, info: ArticleInfo, addresses: Iterable[str]) -> None:
    """Keep further places of an article's text, but for those that are known as places of another one."""
    wanted = dict.fromkeys(one for one in addresses if is_web_address(one) and one != info.source)
    for some in chunks(wanted):
        known = select(sources.c.address).where(sources.c.collection == info.collection, sources.c.address.in_(some))
        there = set(connection.scalars(known))
        rows = [{"collection": info.collection, "address": one, "article": info.id} for one in some if one not in there]
        if rows:
            connection.execute(insert(sources), rows)


def _keep_page(connection: Connection, info: ArticleInfo, address: str | None) -> None:
    """Keep which page is looked at again for an article; if it was removed here a moment ago, its page is known."""
    own = exists().where(pages.c.article == info.id, pages.c.collection == info.collection)
    if address is None or not is_web_address(address) or connection.execute(select(own)).scalar():
        return
    connection.execute(delete(pages).where(pages.c.article == info.id))
    values = {
        "article": info.id,
        "collection": info.collection,
        "address": address,
        # It was there when the text was taken from it; that is all that is known here.
        "checked_at": info.added_at,
        "gone_since": info.gone_since,
    }
    connection.execute(insert(pages).values(values))
