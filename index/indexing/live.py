"""The index in use, kept in step with the store."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from index.engines import generations
from index.engines.embedded import EmbeddedEngine
from index.engines.protocol import IndexedArticle, Scope
from index.indexing.articles import Failed, indexed, take_in
from index.models import Agreement, Change, Stored
from index.store import Store, finished

log = logging.getLogger(__name__)

_INDEXED_AT_ONCE = 8
"""Articles that are analysed while questions wait: some 50 ms."""

_CAUGHT_UP_AT_ONCE = 50

_REWRITE_SHARE = 20
"""The saved index is rewritten when a twentieth of it has changed; less is caught up with at the next start."""


class LiveIndex:
    """The index that answers. Open it with `LiveIndex.open`.

    Attributes:
        engine: What ranks the passages now. `swap` and `close` put another one here: for several calls that are to
            see one state, take it once.
        folder: Where the index is saved; None keeps it in memory only.
        writing: Held by whoever adds or removes articles, from before the store is changed until the index is: so the
            two differ for nobody else who holds it.
    """

    def __init__(self, store: Store, engine: EmbeddedEngine, folder: Path | None) -> None:
        self.engine = engine
        self.folder = folder
        self.writing = asyncio.Lock()
        self._store = store
        self._noticed: tuple[int, int, int] | None = None
        self._failed: set[int] = set()

    @classmethod
    async def open(cls, store: Store, folder: Path | None) -> Self:
        """Map the saved index, or build one if none can be used, and bring it up to the store's state."""
        engine: EmbeddedEngine | None = None
        if folder is not None:
            engine = await asyncio.to_thread(EmbeddedEngine.open, folder, store.store_id)
        if engine is None:
            engine = await _built(store)
        index = cls(store, engine, folder)
        await index.catch_up(engine)
        return index

    async def close(self) -> None:
        """Save the index if much of it has changed."""
        async with self.writing:
            changed, passages = self.engine.changed, self.engine.passages
            if self.folder is None or not changed or changed * _REWRITE_SHARE <= passages:
                return
            try:
                engine = await asyncio.to_thread(self.engine.compacted)
                await asyncio.to_thread(engine.save, self.folder, self._store.store_id)
            except OSError as error:
                # The store is the truth: without a saved index the next start takes longer, and nothing is lost.
                log.warning("the index could not be saved in %s: %s", self.folder, error)
                return
            self.engine = engine

    async def take(self, stored: Sequence[tuple[Stored, str]]) -> None:
        """Bring in what was just stored, each with its text; a batch may revise its own articles. Hold `writing`."""
        changed = [(one, text) for one, text in stored if one.change is not Change.UNCHANGED]
        gone = {one.replaced for one, _ in changed if one.replaced is not None}
        latest = {one.info.number for one, _ in changed} - gone
        direct = {one.replaced for one, _ in changed if one.info.number in latest}
        if gone - direct:
            await asyncio.to_thread(self.engine.replace, [], gone - direct)
        waiting = [(one, text) for one, text in changed if one.info.number in latest]
        for first in range(0, len(waiting), _INDEXED_AT_ONCE):
            await asyncio.to_thread(self._replace, waiting[first : first + _INDEXED_AT_ONCE])

    def _replace(self, stored: Sequence[tuple[Stored, str]]) -> None:
        articles = [indexed(one.info, text) for one, text in stored]
        self.engine.replace(articles, {one.replaced for one, _ in stored if one.replaced is not None})

    async def drop(self, numbers: Collection[int]) -> None:
        """Take out articles that were just removed from the store. Hold `writing`."""
        await asyncio.to_thread(self.engine.replace, [], numbers)

    async def drop_removed(self) -> None:
        """Take out the articles that the store does not hold any more: another process has removed them."""
        engine = self.engine
        # In this order: what is added meanwhile is in the store before it is in the index.
        held = await asyncio.to_thread(engine.numbers)
        stored = await self._store.numbers()
        await asyncio.to_thread(engine.replace, [], held - stored)

    async def notice(self) -> int:
        """Take in what another process has added, and out what it has removed; questions and writers wait for moments.

        Returns:
            How many articles were taken in and out.
        """
        # The store alone would not tell when an article that was added here is removed elsewhere before the next look.
        state = (*await self._store.state(), self.engine.articles)
        if state == self._noticed:
            return 0
        async with self.writing:
            held = await asyncio.to_thread(self.engine.numbers)
            stored = await self._store.numbers()
            if held - stored:
                await finished(self.drop(held - stored))
        missing = sorted(stored - held - self._failed)
        taken = 0
        for first in range(0, len(missing), _INDEXED_AT_ONCE):
            taken += await finished(self._take_missing(missing[first : first + _INDEXED_AT_ONCE]))
        self._noticed = (*state[:2], len(held & stored) + taken)
        if taken or held - stored:
            log.info("another process has changed the articles: %d added, %d removed", taken, len(held - stored))
        return taken + len(held - stored)

    async def _take_missing(self, numbers: Sequence[int]) -> int:
        async with self.writing:
            engine = self.engine
            # A rebuild may have brought some of them meanwhile.
            missing = await asyncio.to_thread(lambda: [number for number in numbers if not engine.holds(number)])
            articles = await self._store.articles(missing)
            failed = await asyncio.to_thread(take_in, articles, lambda some: engine.replace(some, []))
        self._failed |= {one.number for one in failed}
        return len(articles) - len(failed)

    async def catch_up(self, engine: EmbeddedEngine, known: Sequence[Failed] = ()) -> tuple[Failed, ...]:
        """Make an engine, this one or another, hold just what the store holds, but for what is `known` to fail.

        Returns:
            The articles that failed besides.
        """

        def take(articles: Sequence[IndexedArticle]) -> None:
            engine.replace(articles, [])

        stored = await self._store.numbers()
        missing = await asyncio.to_thread(_only_in_store, engine, stored, {one.number for one in known})
        failed: list[Failed] = []
        for first in range(0, len(missing), _CAUGHT_UP_AT_ONCE):
            batch = await self._store.articles(missing[first : first + _CAUGHT_UP_AT_ONCE])
            failed += await asyncio.to_thread(take_in, batch, take)
        return tuple(failed)

    async def swap(self, fresh: EmbeddedEngine, built: Path) -> EmbeddedEngine:
        """Put an index in the place of this one, and the folder where it was built in that of the saved one.

        Hold `writing`.

        Returns:
            The engine that was in use until now.
        """
        old, self.engine = self.engine, fresh
        if self.folder is not None:
            try:
                await asyncio.to_thread(generations.adopt, self.folder, built)
            except OSError as error:
                log.warning("the new index could not be kept in %s: %s", self.folder, error)
        return old

    async def agreement(self, scope: Scope = None) -> Agreement:
        """Compare which articles the index holds with those that the store holds, in some collections or all."""
        async with self.writing:
            if scope is None:
                stored = await self._store.numbers()
            else:
                stored = {info.number for info in await self._store.infos(scope)}
            held = set(await asyncio.to_thread(self.engine.sizes, scope))
        return Agreement(len(stored), len(held), len(stored - held), len(held - stored))


async def _built(store: Store) -> EmbeddedEngine:
    """An index of all articles, made in this process: only when there is none that could answer meanwhile."""
    fresh = EmbeddedEngine()
    fresh.built_at = datetime.now(UTC)
    async for batch in store.stream():
        await asyncio.to_thread(take_in, batch, fresh.gather)
    return await asyncio.to_thread(fresh.compacted)


def _only_in_store(engine: EmbeddedEngine, stored: set[int], skipped: set[int]) -> list[int]:
    """Take out of an engine what the store no longer holds, and list what is in the store only, ascending."""
    held = engine.numbers()
    if held - stored:
        engine.replace([], held - stored)
    return sorted(stored - held - skipped)
