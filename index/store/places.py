"""Where texts stand besides their own sources, and which of all places feeds are kept from."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from index.store.chunks import chunks
from index.store.tables import removals, sources


def is_web_address(source: str) -> bool:
    """Tell whether a source is a page, and not the name of a file."""
    return source.startswith(("https://", "http://"))


def copies_of(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Where the texts of articles stand besides their own sources; articles without are left out."""
    found: dict[str, list[str]] = {}
    for some in chunks(ids):
        statement = select(sources.c.article, sources.c.address).where(sources.c.article.in_(some))
        for article, address in connection.execute(statement.order_by(sources.c.address)):
            found.setdefault(article, []).append(address)
    return {article: tuple(addresses) for article, addresses in found.items()}


def forget_copies(connection: Connection, ids: Iterable[str]) -> None:
    """Forget where the texts of articles stand besides their own sources."""
    for some in chunks(ids):
        connection.execute(delete(sources).where(sources.c.article.in_(some)))


def want_again(connection: Connection, collection: str, addresses: Iterable[str]) -> None:
    """Let feeds bring articles from some addresses, also those that somebody has removed; see `removals`."""
    for some in chunks(addresses):
        connection.execute(delete(removals).where(removals.c.collection == collection, removals.c.address.in_(some)))
