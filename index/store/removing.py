"""Takes articles out, and remembers that somebody did, so that no feed brings them back."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from index.models import WholeArticle
from index.store.chunks import chunks
from index.store.places import forget_copies, is_web_address, want_again
from index.store.tables import articles, feeds, removals


def remove(connection: Connection, gone: Sequence[WholeArticle]) -> None:
    """Remove articles within the transaction of `connection`.

    The feeds that are followed now are not to bring them back; see `removals`. Their pages stay known, for an article
    that is put back is looked after as before.
    """
    for numbers in chunks(one.info.number for one in gone):
        connection.execute(delete(articles).where(articles.c.number.in_(numbers)))
    forget_copies(connection, (one.info.id for one in gone))
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
        want_again(connection, collection, addresses)
        for some in chunks(addresses):
            kept_out = [{"collection": collection, "address": address, "feed": feed} for address in some]
            connection.execute(insert(removals), kept_out)
