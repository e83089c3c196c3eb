"""Parts of statements for lists: which collections, which titles, in which order."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Executable, Table, select, true, union_all

from index.models import Sort
from index.store.folding import folded
from index.store.tables import articles

_MAX_WORDS = 10  # of what is looked for in titles


def within(table: Table, collections: Collection[str] | None) -> ColumnElement[bool]:
    """Whether a row of a table belongs to one of some collections; None for all."""
    return true() if collections is None else table.c.collection.in_(list(collections))


def words_of(search: str) -> list[str]:
    """What is looked for, folded as titles are, none twice."""
    return list(dict.fromkeys(folded(search).split()))[:_MAX_WORDS]


def titled(search: str) -> ColumnElement[bool]:
    """Whether a title holds all words that are looked for."""
    wanted: ColumnElement[bool] = true()
    for word in words_of(search):
        wanted &= articles.c.title_folded.contains(word, autoescape=True)
    return wanted


def numbers_of_page(
    collections: Collection[str] | None, wanted: ColumnElement[bool], sort: Sort, offset: int, limit: int
) -> Executable:
    """The numbers of a part of a list."""
    orders: dict[Sort, list[ColumnElement[Any]]] = {
        "newest": [articles.c.number.desc()],
        "oldest": [articles.c.number.asc()],
        "title": [articles.c.title_folded.asc(), articles.c.number.asc()],
    }
    if not collections or sort == "title":
        listed = select(articles.c.number).where(within(articles, collections), wanted)
        return listed.order_by(*orders[sort]).offset(offset).limit(limit)
    # The index has each collection in order of the numbers, so that the first pages take 0.1 ms of a hundred thousand
    # articles; for several collections in one WHERE, SQLite would sort all of them.
    firsts = [
        select(articles.c.number)
        .where(articles.c.collection == collection, wanted)
        .order_by(*orders[sort])
        .limit(offset + limit)
        .subquery()
        for collection in dict.fromkeys(collections)
    ]
    together = union_all(*(select(first.c.number) for first in firsts)).subquery()
    order = together.c.number.desc() if sort == "newest" else together.c.number.asc()
    return select(together.c.number).order_by(order).offset(offset).limit(limit)
