"""Keeps articles, whole and in order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    func,
    literal_column,
    select,
)

from index.errors import StoreError, UnknownArticleError
from index.models import Article, ArticleInfo, ArticlePage, NewArticle, Sort, Stored, WholeArticle
from index.store.adding import add
from index.store.chunks import MAX_VALUES, chunks
from index.store.connecting import shown, translated
from index.store.fingerprints import content_hash
from index.store.finishing import finished
from index.store.ids import random_id
from index.store.listing import numbers_of_page, titled, within, words_of
from index.store.migrating import ARTICLES
from index.store.opening import Connections, opened
from index.store.places import copies_of
from index.store.removing import remove
from index.store.slicing import Slices
from index.store.tables import articles, info_columns, meta
from index.store.titles import TitleSearch
from index.store.whole import restore, whole

_T = TypeVar("_T")
_ID_LETTERS = 6
_WRITERS = 0x466F6F74  # "Foot": PostgreSQL's advisory locks are told apart by a number
_STORE_ID = select(meta.c.value).where(meta.c.key == "store_id")


def _now() -> datetime:
    return datetime.now(UTC)


def _random_id() -> str:
    return random_id(_ID_LETTERS)


class Store:
    """The articles of a library.

    Several processes may use the same store. What `add` or `remove` did is on disk when they return, and either all of
    it or nothing. Every method raises StoreError if the database fails.
    """

    def __init__(
        self,
        address: str,
        connections: Connections,
        store_id: str,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._address = address
        self._connections = connections
        self._reader = connections.reader
        # Of its own: looking through a hundred thousand titles would keep an answer waiting.
        self._browser = connections.another_reader()
        # And reading many articles would keep those waiting who look through titles.
        self._bulk = connections.another_reader()
        self._titles = TitleSearch(self._browser)
        self._slices = Slices(self._reader)
        self._store_id = store_id
        self._clock = clock
        self._new_id = new_id
        self._is_closed = False

    @classmethod
    async def open(
        cls,
        address: str,
        *,
        clock: Callable[[], datetime] = _now,
        new_id: Callable[[], str] = _random_id,
    ) -> Self:
        """Open a store; it is made if there is none, and brought to the present tables if it is older.

        Args:
            address: `sqlite+aiosqlite:///file`, `sqlite:///file` or `postgresql+asyncpg://…`.
            clock: Gives `added_at`, aware.
            new_id: Gives candidates for an article's id; taken ones are drawn again.

        Raises:
            StoreError: The database cannot be opened.
            NewerStoreError: A newer Footnote has written it; nothing was changed.
        """
        async with opened(address, ARTICLES) as (url, connections):
            ((store_id,),) = await connections.reader.read(_STORE_ID, {})
            return cls(shown(url), connections, str(store_id), clock, new_id)

    async def close(self) -> None:
        """Close all connections; closing twice is fine, and every other call raises StoreError from now on."""
        if self._is_closed:
            return
        self._is_closed = True
        with translated(self._address):
            await self._connections.close()
            self._titles.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def store_id(self) -> str:
        """A UUID made with the store; what is derived from its articles belongs to this id."""
        return self._store_id

    def require_open(self) -> None:
        """Raise StoreError when the store is closed."""
        if self._is_closed:
            raise StoreError(self._address, "it is closed")

    async def add(self, new: Sequence[NewArticle]) -> list[Stored]:
        """Store a batch of articles in one transaction.

        An article with the letters and digits of a stored one of its collection is UNCHANGED, and the stored one is
        told. Otherwise it is REVISED if its collection holds an article from its source (and it has a source): the
        revision keeps the id and takes a new number, and the older text is gone. Otherwise it is ADDED.

        Returns:
            One outcome for each article, in order; an empty batch gives none.
        """
        hashes = await asyncio.to_thread(lambda: [content_hash(article.text) for article in new])
        return await finished(self._add(list(zip(new, hashes, strict=True))))

    async def _add(self, batch: Sequence[tuple[NewArticle, str]]) -> list[Stored]:
        def work(connection: Connection) -> list[Stored]:
            return add(connection, batch, now=self._clock(), new_id=self._new_id)

        with self._use():
            stored = await self._write(work)
            self._titles.forget(_replaced(stored))
        return stored

    async def remove(self, ids: Sequence[str], collections: Collection[str] | None = None) -> list[ArticleInfo]:
        """Remove articles in one transaction.

        Args:
            ids: Naming one twice is fine.
            collections: Only articles in these count as known; None for all.

        Returns:
            What was removed, in the order of `ids`.

        Raises:
            UnknownArticleError: Names the first id that is unknown; nothing was removed.
        """
        removed = await finished(self._remove(list(dict.fromkeys(ids)), collections, with_text=False))
        return [article.info for article in removed]

    async def take_out(self, ids: Sequence[str], collections: Collection[str] | None = None) -> list[WholeArticle]:
        """Remove articles as `remove` does, and return them with all that is kept of them."""
        return await finished(self._remove(list(dict.fromkeys(ids)), collections, with_text=True))

    async def _remove(
        self, wanted: Sequence[str], collections: Collection[str] | None, *, with_text: bool
    ) -> list[WholeArticle]:
        text = articles.c.text if with_text else literal_column("''")

        def work(connection: Connection) -> list[WholeArticle]:
            found: dict[str, Article] = {}
            for chunk in chunks(wanted):
                rows = connection.execute(select(*info_columns, text).where(articles.c.id.in_(chunk)))
                found |= {article.info.id: article for article in map(_article, rows)}
            for article_id in wanted:
                article = found.get(article_id)
                if article is None or (collections is not None and article.info.collection not in collections):
                    raise UnknownArticleError(article_id)
            removed = whole(connection, [found[article_id] for article_id in wanted])
            remove(connection, removed)
            return removed

        with self._use():
            removed = await self._write(work)
            self._titles.forget(article.info.number for article in removed)
        return removed

    async def get(self, article_id: str, collections: Collection[str] | None = None) -> Article:
        """Read an article of some collections, or all.

        Raises:
            UnknownArticleError: None of these articles has this id.
        """
        statement = select(*info_columns, articles.c.text).where(
            articles.c.id == article_id, within(articles, collections)
        )
        with self._use():
            rows = await self._bulk.read(statement, {})
        if not rows:
            raise UnknownArticleError(article_id)
        return _article(rows[0])

    async def articles(self, numbers: Sequence[int]) -> list[Article]:
        """Read articles by number, ascending; those that are gone are left out."""
        found: list[Article] = []
        with self._use():
            for chunk in chunks(sorted(set(numbers))):
                statement = select(*info_columns, articles.c.text).where(articles.c.number.in_(chunk))
                found += map(_article, await self._bulk.read(statement.order_by(articles.c.number), {}))
        return found

    async def restore(self, exported: Sequence[WholeArticle]) -> list[Stored]:
        """Store articles as they were in another store, with their ids, dates and revisions, in one transaction.

        An article whose text stands in its collection already is UNCHANGED, and its addresses are further places of
        that text; one whose id has the same or a later revision there is UNCHANGED as well. An earlier revision of the
        same id is REVISED. All others are ADDED; an id that another collection uses is replaced by a new one. Numbers
        are always new, and hashes are computed again.
        """
        hashes = await asyncio.to_thread(lambda: [content_hash(article.text) for article in exported])
        return await finished(self._restore(exported, hashes))

    async def _restore(self, exported: Sequence[WholeArticle], hashes: Sequence[str]) -> list[Stored]:
        def work(connection: Connection) -> list[Stored]:
            return restore(connection, zip(exported, hashes, strict=True), self._new_id)

        with self._use():
            stored = await self._write(work)
            self._titles.forget(_replaced(stored))
        return stored

    async def infos(self, collections: Collection[str] | None, *, newest_first: bool = True) -> list[ArticleInfo]:
        """List articles by number, without their texts; None stands for all collections."""
        statement = select(*info_columns).where(within(articles, collections))
        statement = statement.order_by(articles.c.number.desc() if newest_first else articles.c.number)
        with self._use():
            return [ArticleInfo(*row) for row in await self._bulk.read(statement, {})]

    async def infos_of(self, numbers: Sequence[int]) -> list[ArticleInfo]:
        """What is known of articles by number, in no particular order; those that are gone are left out."""
        found: list[ArticleInfo] = []
        with self._use():
            for chunk in chunks(numbers):
                statement = select(*info_columns).where(articles.c.number.in_(chunk))
                found += [ArticleInfo(*row) for row in await self._bulk.read(statement, {})]
        return found

    async def info(self, article_id: str, collections: Collection[str] | None = None) -> ArticleInfo | None:
        """What is known of one article, without its text; None when there is none in these collections."""
        statement = select(*info_columns).where(articles.c.id == article_id, within(articles, collections))
        with self._use():
            rows = await self._browser.read(statement, {})
        return ArticleInfo(*rows[0]) if rows else None

    async def sources(self, article_id: str) -> tuple[str, ...]:
        """Where the text of an article stands besides its own source, in the order of the addresses."""
        return (await self.copies([article_id])).get(article_id, ())

    async def copies(self, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The `sources` of many articles, by id; articles without are left out."""
        with self._use():
            return await self._bulk.look(lambda connection: copies_of(connection, ids))

    async def whole(self, some: Sequence[Article]) -> list[WholeArticle]:
        """Articles that were read a moment ago, with all that is kept of them besides, in their order."""
        with self._use():
            return await self._bulk.look(lambda connection: whole(connection, some))

    async def find(
        self,
        collections: Collection[str] | None,
        search: str = "",
        *,
        sort: Sort = "newest",
        offset: int = 0,
        limit: int = 25,
    ) -> ArticlePage:
        """List the articles whose titles hold all words of `search`, also as parts of words; see `folded`.

        Args:
            collections: None for all.
            offset: How many are passed over, >= 0.
            limit: Most items, >= 1.
        """
        wanted = titled(search)
        with self._use():
            numbers = await self._numbers(collections, wanted, sort, offset, limit)
            total = offset + len(numbers)
            if len(numbers) == limit or (offset and not numbers):
                # Otherwise this was the last page, and the titles need not be looked through again.
                counting = select(func.count()).select_from(articles).where(within(articles, collections), wanted)
                total = (await self._browser.read(counting, {}))[0][0]
            return ArticlePage(await self._infos(numbers), total)

    async def newest(self, collections: Collection[str] | None, search: str, limit: int) -> tuple[ArticleInfo, ...]:
        """The first page of `find`, newest first, without its `total`: from titles in memory, see `TitleSearch`."""
        words, wanted = words_of(search), limit
        with self._use():
            while True:
                numbers = await self._titles.find(collections, words, wanted)
                infos = await self._infos(numbers)
                if len(infos) == len(numbers):
                    return infos[:limit]
                self._titles.forget(set(numbers).difference(info.number for info in infos))
                if len(infos) >= limit:
                    return infos[:limit]
                # Another process has removed articles, and maybe many: more at once take fewer rounds.
                wanted = max(limit, min(2 * wanted, MAX_VALUES))

    async def _numbers(
        self, collections: Collection[str] | None, wanted: ColumnElement[bool], sort: Sort, offset: int, limit: int
    ) -> list[int]:
        page = numbers_of_page(collections, wanted, sort, offset, limit)
        return [number for (number,) in await self._browser.read(page, {})]

    async def _infos(self, numbers: Sequence[int]) -> tuple[ArticleInfo, ...]:
        """What is known of articles, in the order of their numbers here; those that are gone by now are left out."""
        statement = select(*info_columns).where(articles.c.number.in_(numbers))
        infos = [ArticleInfo(*row) for row in await self._browser.read(statement, {})] if numbers else []
        found = {info.number: info for info in infos}
        return tuple(found[number] for number in numbers if number in found)

    async def numbers(self) -> set[int]:
        """The numbers of all articles: what an index has to hold, no more and no less."""
        with self._use():
            rows = await self._browser.read(select(articles.c.number), {})
            return await asyncio.to_thread(lambda: {number for (number,) in rows})

    async def state(self) -> tuple[int, int]:
        """The highest number, 0 for none, and how many articles there are: whatever is added or removed changes one."""
        statement = select(func.coalesce(func.max(articles.c.number), 0), func.count()).select_from(articles)
        with self._use():
            ((newest, count),) = await self._browser.read(statement, {})
        return int(newest), int(count)

    async def slices(
        self, wanted: Sequence[tuple[int, int, int]]
    ) -> dict[tuple[int, int, int], tuple[ArticleInfo, str]]:
        """Cut passages out of articles, in one query.

        Args:
            wanted: Article number, start and end in characters, 0 <= start <= end. Naming one twice is fine.

        Returns:
            The article and `text[start:end]` for each of `wanted` whose article is still there.
        """
        with self._use():
            return await self._slices.cut(wanted)

    async def stream(
        self, batch: int = 200, collections: Collection[str] | None = None
    ) -> AsyncIterator[list[Article]]:
        """Read the articles of some collections, or all, ascending by number, in lists of at most `batch` >= 1.

        Nothing is locked in between: what is added or revised meanwhile comes at the end, with its new number.
        """
        last = 0
        while True:
            statement = (
                select(*info_columns, articles.c.text)
                .where(articles.c.number > last, within(articles, collections))
                .order_by(articles.c.number)
                .limit(batch)
            )
            with self._use():
                rows = await self._bulk.read(statement, {})
            if not rows:
                return
            some = list(map(_article, rows))
            last = some[-1].info.number
            yield some

    async def count(self, collections: Collection[str] | None = None) -> int:
        """Count the articles of some collections, or all."""
        statement = select(func.count()).select_from(articles).where(within(articles, collections))
        with self._use():
            return int((await self._browser.read(statement, {}))[0][0])

    async def characters(self, collections: Collection[str] | None = None) -> int:
        """Count the characters of all texts of some collections, or all."""
        statement = select(func.coalesce(func.sum(articles.c.characters), 0)).where(within(articles, collections))
        with self._use():
            return int((await self._browser.read(statement, {}))[0][0])

    async def _write(self, work: Callable[[Connection], _T]) -> _T:
        """Add or remove articles in a transaction."""
        return await self._connections.writer.write(partial(_alone, work))

    @contextmanager
    def _use(self) -> Iterator[None]:
        self.require_open()
        with translated(self._address):
            yield


def _alone(work: Callable[[Connection], _T], connection: Connection) -> _T:
    """Do what adds or removes articles while no other process does, so that numbers ascend in the order in which they
    are committed: on SQLite anyway, on a server by a lock that hinders nothing else and goes with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_WRITERS)))
    return work(connection)


def _article(row: Sequence[Any]) -> Article:
    """An article of a row of `info_columns` and the text."""
    *info, text = row
    return Article(ArticleInfo(*info), text)


def _replaced(stored: Sequence[Stored]) -> Iterator[int]:
    return (one.replaced for one in stored if one.replaced is not None)
