"""The titles of a store in memory, for lists that follow each letter that a person types.

A title that holds rare words is found by looking through all titles. A database makes a value of each of them; here a
search runs through strings of a thousand. A hundred thousand titles of 40 letters, a fifth of them Russian, two cores:
1 to 8 ms instead of 15 to 90 on SQLite and 50 to 200 on PostgreSQL. They take 10 MB, and 0.2 s to read at first.
"""

import asyncio
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from heapq import merge
from itertools import accumulate, islice, pairwise
from typing import Any

from sqlalchemy import bindparam, func, select

from index.store.finishing import finished
from index.store.reading import Reader
from index.store.tables import articles

_BLOCK = 1_024
"""Most titles of a string: it is joined again when a title is added, and no other thread runs while it is searched."""

_PAGE = 512
"""Most rows read at once: of many, a server's driver and the garbage collector would stop the event loop for 50 ms."""

_END = "\n"
"""Parts the titles of a string: neither folded titles nor the words that are looked for hold a line's end."""

_NEWEST = select(func.coalesce(func.max(articles.c.number), 0))
_ADDED = (
    select(articles.c.collection, articles.c.number, articles.c.title_folded)
    .where(articles.c.number > bindparam("number"))
    .order_by(articles.c.number)
    .limit(_PAGE)
)
# One collection after the other, by the index: the rows of the table are as long as the texts.
_OF_COLLECTION = _ADDED.where(
    articles.c.collection == bindparam("collection"), articles.c.number <= bindparam("newest")
)
_COLLECTIONS = select(articles.c.collection).distinct()


class Titles:
    """Folded titles by collection and number."""

    def __init__(self) -> None:
        # The blocks of a collection ascend.
        self._blocks: dict[str, list[_Block]] = {}

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add titles.

        Args:
            rows: Collection, number and folded title, ascending by number and above all numbers of the collection.
        """
        new: dict[str, list[tuple[int, str]]] = {}
        for collection, number, title in rows:
            new.setdefault(collection, []).append((number, title))
        for collection, titles in new.items():
            blocks = self._blocks.setdefault(collection, [])
            if blocks and len(blocks[-1].numbers) < _BLOCK:
                titles = [*blocks.pop().titles(), *titles]
            blocks += (_Block(titles[first : first + _BLOCK]) for first in range(0, len(titles), _BLOCK))

    def forget(self, gone: Collection[int]) -> None:
        """Take out titles; numbers that are not here are none of them."""
        for collection, blocks in list(self._blocks.items()):
            self._blocks[collection] = [kept for block in blocks if (kept := block.without(gone)).numbers]
            if not self._blocks[collection]:
                del self._blocks[collection]

    def find(self, collections: Collection[str] | None, words: Sequence[str], limit: int) -> list[int]:
        """The numbers of the newest titles that hold all words, newest first.

        Args:
            collections: None for all.
            words: Folded, in any order, of at least one character each; none finds all titles.
        """
        searched = self._blocks if collections is None else dict.fromkeys(collections)
        # Long words are rare as a rule, and where one is missing the others need not be looked for.
        rarest_first = sorted(words, key=len, reverse=True)
        each = [self._holding(collection, rarest_first) for collection in searched if collection in self._blocks]
        return list(islice(merge(*each, reverse=True), limit))

    def _holding(self, collection: str, words: Sequence[str]) -> Iterator[int]:
        for block in reversed(self._blocks[collection]):
            yield from block.holding(words)


class _Block:
    """Titles in one string, newest first."""

    __slots__ = ("_starts", "_text", "numbers")

    def __init__(self, titles: Sequence[tuple[int, str]]) -> None:
        """
        Args:
            titles: With their numbers, ascending.
        """
        newest_first = titles[::-1]
        self.numbers = array("q", (number for number, _ in newest_first))
        self._text = _END.join(title for _, title in newest_first)
        # Where each title starts, and where one after the last would.
        self._starts = array("i", accumulate((len(title) + len(_END) for _, title in newest_first), initial=0))

    def titles(self) -> list[tuple[int, str]]:
        """Numbers and titles, ascending."""
        texts = (self._text[start : following - len(_END)] for start, following in pairwise(self._starts))
        return list(zip(self.numbers, texts, strict=True))[::-1]

    def without(self, gone: Collection[int]) -> "_Block":
        if not set(gone).intersection(self.numbers):
            return self
        return _Block([(number, title) for number, title in self.titles() if number not in gone])

    def holding(self, words: Sequence[str]) -> Iterator[int]:
        if not words:
            yield from self.numbers
            return
        place = 0
        while place < len(self.numbers):
            # The next title of each word. Those before the furthest of them lack a word.
            found: list[int] = []
            for word in words:
                found.append(self._text.find(word, self._starts[place]))
                if found[-1] < 0:
                    return
            nearest, furthest = (bisect_right(self._starts, at) - 1 for at in (min(found), max(found)))
            if nearest == furthest:
                yield self.numbers[furthest]
            place = furthest + (nearest == furthest)


class TitleSearch:
    """Looks for words in the titles of a store, as they are in the database at that time.

    The titles are read at the first search. Each search asks for the highest number, which every added or revised
    article raises, and reads what is new. Removed titles stay until `forget` is told of them: whoever reads the
    articles that were found sees which of them are gone.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._titles: Titles | None = None
        self._newest = 0
        self._gone: set[int] = set()
        self._catching_up = asyncio.Lock()
        # Only here the titles are read and changed.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="titles")

    def close(self) -> None:
        """End the thread after what is running."""
        self._thread.shutdown(wait=False)

    def forget(self, gone: Iterable[int]) -> None:
        """Find these numbers no longer."""
        self._gone.update(gone)

    async def find(self, collections: Collection[str] | None, words: Sequence[str], limit: int) -> list[int]:
        """The numbers of the newest articles whose titles hold all words, newest first; see `Titles.find`.

        Articles that were removed may be among them, unless `forget` has been told of them.
        """
        async with self._catching_up:
            # To its end, since what is added half-way would be added again.
            titles = self._titles = await finished(self._caught_up())
        gone, self._gone = self._gone, set()

        def find() -> list[int]:
            if gone:
                titles.forget(gone)
            return titles.find(collections, words, limit)

        return await asyncio.get_running_loop().run_in_executor(self._thread, find)

    async def _caught_up(self) -> Titles:
        newest = int((await self._reader.read(_NEWEST, {}))[0][0])
        if self._titles is None:
            titles = await self._read_all(newest)
            self._newest = newest
            return titles
        while self._newest < newest:
            rows = await self._reader.read(_ADDED, {"number": self._newest})
            await self._add(self._titles, rows)
            self._newest = rows[-1][1] if rows else newest
        return self._titles

    async def _read_all(self, newest: int) -> Titles:
        titles = Titles()
        for (collection,) in await self._reader.read(_COLLECTIONS, {}):
            number = 0
            place = {"collection": collection, "newest": newest}
            while rows := await self._reader.read(_OF_COLLECTION, place | {"number": number}):
                await self._add(titles, rows)
                number = rows[-1][1]
        return titles

    async def _add(self, titles: Titles, rows: Sequence[Sequence[Any]]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, titles.add, rows)
