"""Takes articles out, and remembers that somebody did, so that no feed brings them back."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from index.models import WholeArticle
from index.store.adding import chunks, is_web_address
from index.store.tables import articles, feeds, removals, sources


def remove(connection: Connection, gone: Sequence[WholeArticle]) -> None:
    """Remove articles within the transaction of `connection`.

    The feeds that are followed now are not to bring them back; see `removals`. Their pages stay known, for an article
    that is put back is looked after as before.
    """
    for numbers in chunks(one.info.number for one in gone):
        connection.execute(delete(articles).where(articles.c.number.in_(numbers)))
    for ids in chunks(one.info.id for one in gone):
        connection.execute(delete(sources).where(sources.c.article.in_(ids)))
    newest: dict[str, int] = {}
    for some in chunks(dict.fromkeys(one.info.collection for one in gone)):
        rows = connection.execute(
            select(feeds.c.collection, func.max(feeds.c.number))
            .where(feeds.c.collection.in_(some))
            .group_by(feeds.c.collection)
        )
        newest |= {str(collection): int(number) for collection, number in rows}
    for collection, feed in newest.items():
        addresses = dict.fromkeys(
            address
            for one in gone
            if one.info.collection == collection
            for address in (one.info.source, *one.copies)
            if is_web_address(address)
        )
        for some in chunks(addresses):
            one_of_them = (removals.c.collection == collection) & removals.c.address.in_(some)
            connection.execute(delete(removals).where(one_of_them))
            connection.execute(
                insert(removals), [{"collection": collection, "address": address, "feed": feed} for address in some]
            )
