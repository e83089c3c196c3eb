"""The library: the only class that `bot/` calls.

Here stands what can be asked of it. How that is done: `index.asking` answers, `index.indexing` keeps the index in step
with the store, `index.rebuilding` builds it anew, `index.store` keeps the articles.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from index.asking import Answerer
from index.drafts import Draft, Prepared, additions, prepare_all, read_all, unused
from index.engines.protocol import Scope
from index.errors import LibraryError, UnknownArticleError, UnusableArticleError
from index.indexing import LiveIndex
from index.ingestion.files import named_files
from index.models import (
    SHARED_COLLECTION,
    Addition,
    Agreement,
    Answer,
    Article,
    ArticleInfo,
    ArticlePage,
    Change,
    LibraryStatus,
    Progress,
    RebuildProgress,
    RebuildSummary,
    Sort,
    Stored,
    WholeArticle,
)
from index.moving import exported, parse_export, read_export, write_export
from index.rebuilding import Rebuilder, sweep
from index.store import ARTICLES, Database, Store, finished

log = logging.getLogger(__name__)

ADDED_AT_ONCE = 64
"""Articles in one transaction of the store when many are added."""


class Library:
    """Articles that can be asked. Open it with `Library.open`; every method may be called from one event loop."""

    def __init__(self, address: str, store: Store, index: LiveIndex) -> None:
        self._address = address
        self._store = store
        self._index = index
        self._rebuilder = Rebuilder(address, store, index)
        self._answerer = Answerer(store, index, self._rebuilder.mend)

    @classmethod
    async def open(cls, address: str, index_folder: Path | None = None) -> Self:
        """Open the store and bring the saved index up to its state.

        Args:
            address: SQLAlchemy's address of the database.
            index_folder: Where the index is saved; None keeps it in memory only.

        Raises:
            StoreError: The database cannot be used; the message says why.
        """
        store = await Store.open(address)
        try:
            await asyncio.to_thread(sweep, index_folder)
            return cls(address, store, await LiveIndex.open(store, index_folder))
        except BaseException:
            await store.close()
            raise

    async def close(self) -> None:
        """Stop a rebuild, save the index if much of it changed, and close the store; answers being given are finished.

        Every other call raises StoreError from now on.
        """
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._store.close)
            stack.push_async_callback(self._answerer.close)
            async with self._rebuilder.at_rest():
                await self._index.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ---- asking

    async def ask(
        self,
        question: str,
        scope: Scope = None,
        top_k: int = 5,
        *,
        article: str | None = None,
        refuse: bool = True,
    ) -> Answer:
        """Answer a question from the articles of the scope.

        Args:
            scope: Names of the collections that may be seen; None for all.
            top_k: Most passages shown, the best one included, 1..50.
            article: Id of the only article whose passages may answer.
            refuse: False gives the closest passages along with a refusal that is due to low confidence; only
                evaluation wants to see them.

        Raises:
            QuestionError: The question is empty.
            UnknownArticleError: No article of the scope has the id.
        """
        return await self._answerer.ask(question, scope, top_k, article=article, refuse=refuse)

    async def prepare(self) -> None:
        """Load what the first question in these languages would wait for, up to 0.1 s; questions queue behind it."""
        await self._answerer.prepare()

    async def keep_up(self, every_s: float = 5.0) -> None:
        """Notice what other processes add to the store and remove from it, until this is cancelled.

        Args:
            every_s: Seconds between two looks.
        """
        trouble = ""
        while True:
            await asyncio.sleep(every_s)
            self._store.require_open()
            try:
                await self._index.notice()
                trouble = ""
            except LibraryError as error:
                # Whoever asks or adds is told; here, once is enough.
                if str(error) != trouble:
                    trouble = str(error)
                    log.warning("what other processes have added cannot be seen: %s", trouble)

    # ---- articles

    async def add(
        self,
        drafts: Sequence[Draft],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> list[Addition]:
        """Clean, store and index articles; each is searchable when this returns.

        The same text twice in a collection is one article; the same source with new text is a new revision of it.

        Returns:
            One outcome for each draft, in order. A draft that cannot be used has a `problem` and changes nothing.
        """
        outcomes: list[Addition] = []
        for first in range(0, len(drafts), ADDED_AT_ONCE):
            batch = drafts[first : first + ADDED_AT_ONCE]
            prepared = await asyncio.to_thread(prepare_all, batch, collection, added_by)
            outcomes += await finished(self._store_batch(batch, prepared))
            progress(min(first + ADDED_AT_ONCE, len(drafts)), len(drafts))
        return outcomes

    async def _store_batch(
        self, batch: Sequence[Draft], prepared: Sequence[Prepared | UnusableArticleError]
    ) -> list[Addition]:
        new = [one.article for one in prepared if isinstance(one, Prepared)]
        async with self._index.writing:
            stored = await self._store.add(new)
            await self._index.take([(one, article.text) for one, article in zip(stored, new, strict=True)])
        return additions(batch, prepared, stored)

    async def add_paths(
        self,
        paths: Iterable[Path],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> list[Addition]:
        """Add files, and all files of folders; see `add`. What does not exist or cannot be read has a `problem`."""
        files = list((await asyncio.to_thread(named_files, paths)).items())
        outcomes: list[Addition] = []
        for first in range(0, len(files), ADDED_AT_ONCE):
            found = await asyncio.to_thread(read_all, files[first : first + ADDED_AT_ONCE])
            added = iter(await self.add([one for one in found if isinstance(one, Draft)], collection, added_by))
            outcomes += [next(added) if isinstance(one, Draft) else unused(one) for one in found]
            progress(min(first + ADDED_AT_ONCE, len(files)), len(files))
        return outcomes

    async def remove(self, ids: Sequence[str], collections: Collection[str] | None = None) -> list[ArticleInfo]:
        """Remove articles for good; none of them is answered from after this returns.

        Raises:
            UnknownArticleError: One of the ids is unknown; then nothing was removed.
        """
        return await finished(self._remove(ids, collections))

    async def _remove(self, ids: Sequence[str], collections: Collection[str] | None) -> list[ArticleInfo]:
        async with self._index.writing:
            removed = await self._store.remove(ids, collections)
            await self._index.drop([info.number for info in removed])
        return removed

    async def articles(self, collections: Collection[str] | None = None) -> list[ArticleInfo]:
        """The articles of some collections, or all, newest first."""
        return await self._store.infos(collections)

    async def find_articles(
        self,
        scope: Scope,
        search: str = "",
        *,
        sort: Sort = "newest",
        offset: int = 0,
        limit: int = 25,
    ) -> ArticlePage:
        """List articles of the scope whose titles hold all words of `search`, whatever their case and accents.

        Args:
            scope: Names of the collections that may be seen; None for all.
            search: Words, or parts of words from any place; "" finds all.
            offset: How many are passed over, >= 0.
            limit: Most items, >= 1.
        """
        return await self._store.find(scope, search, sort=sort, offset=offset, limit=limit)

    async def newest_articles(self, scope: Scope, search: str, limit: int = 25) -> tuple[ArticleInfo, ...]:
        """The first `limit` of `find_articles`, newest first, for lists that show no total: that makes them quicker."""
        return await self._store.newest(scope, search, limit)

    async def article(self, article_id: str, scope: Scope = None) -> Article:
        """One article with its text.

        Raises:
            UnknownArticleError: No article of the scope has this id.
        """
        return await self._store.get(article_id, scope)

    async def passage(self, number: int, start: int, end: int) -> tuple[ArticleInfo, str] | None:
        """`text[start:end]` of an article, 0 <= start <= end; None when this revision of it is no longer there."""
        place = (number, start, end)
        return (await self._store.slices([place])).get(place)

    async def info(self, article_id: str, scope: Collection[str] | None = None) -> ArticleInfo | None:
        """What is known of an article; None when there is none, or not in these collections."""
        return await self._store.info(article_id, scope)

    async def sources(self, article_id: str, scope: Scope = None) -> tuple[str, ...]:
        """Where an article's text stands: its own source first, then those of copies that came later.

        Raises:
            UnknownArticleError: No article of the scope has this id.
        """
        info = await self._store.info(article_id, scope)
        if info is None:
            raise UnknownArticleError(article_id)
        return (info.source, *await self._store.sources(article_id))

    async def all_sources(self, infos: Sequence[ArticleInfo]) -> dict[str, tuple[str, ...]]:
        """Where the texts of articles stand, by id: their own sources first, if they have one, then those of copies."""
        copies = await self._store.copies(dict.fromkeys(info.id for info in infos))
        return {info.id: (*([info.source] if info.source else []), *copies.get(info.id, ())) for info in infos}

    async def database(self) -> Database:
        """Open another way to the library's database, for what is kept beside the articles; close it yourself."""
        return await Database.open(self._address, ARTICLES)

    async def passages(self, info: ArticleInfo) -> int:
        """How many passages an article has; 0 for one that is gone."""
        return await asyncio.to_thread(self._index.engine.passages_of, info.language, info.number)

    def passage_lengths(self) -> list[int]:
        """The lengths of all passages, in characters, in no particular order."""
        return self._index.engine.passage_lengths()

    async def agreement(self, scope: Scope = None) -> Agreement:
        """Compare which articles the index holds with those that the store holds, in some collections or all."""
        return await self._index.agreement(scope)

    async def status(self, scope: Scope = None) -> LibraryStatus:
        """Figures of what can be asked, of some collections or all."""
        engine = self._index.engine
        # The engine may be locked by a thread that indexes: never wait for it on the event loop.
        languages = await asyncio.to_thread(engine.languages, scope)
        return LibraryStatus(
            articles=await self._store.count(scope),
            passages=await asyncio.to_thread(engine.passages_in, scope),
            languages=tuple(languages),
            characters=await self._store.characters(scope),
            index_bytes=engine.saved_bytes,
            engine="embedded",
            built_at=engine.built_at,
        )

    # ---- moving

    async def export(self, to: Path | BinaryIO, collections: Collection[str] | None = None) -> int:
        """Write articles as JSON Lines, one object each, and return how many.

        Args:
            to: Something open, which stays so; or a path. The file there appears when it is complete, and of an export
                that fails, nothing is left.

        Raises:
            OSError: It cannot be written, or something else than a file is at the path, which stays as it is.
        """
        return await write_export(self._store, to, collections)

    async def import_(
        self, path: Path, progress: Progress = lambda _done, _all: None, into: str | None = None
    ) -> tuple[int, int]:
        """Read what `export` wrote, every field of it. An article that is there already is left as it is, but that its
        text stands in further places is kept.

        Args:
            progress: Hears how many bytes of how many are read.
            into: The collection that all of them come into; None: each into the one that it was exported from.

        Returns:
            How many articles the file has, and how many of them were there already.

        Raises:
            UnreadableFileError: The file is missing, or a line is not such an object; of the lines before it, whole
                parts of `ADDED_AT_ONCE` were read.
        """
        everything = unchanged = 0
        size = await asyncio.to_thread(lambda: path.stat().st_size if path.is_file() else 0)
        parts = read_export(path, ADDED_AT_ONCE)
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            read, done = part
            if into is not None:
                read = [replace(one, info=replace(one.info, collection=into)) for one in read]
            stored = await finished(self._restore(read))
            everything += len(stored)
            unchanged += sum(one.change is Change.UNCHANGED for one in stored)
            progress(done, size)
        return everything, unchanged

    async def _restore(self, exported: Sequence[WholeArticle]) -> list[Stored]:
        async with self._index.writing:
            stored = await self._store.restore(exported)
            await self._index.take([(one, article.text) for one, article in zip(stored, exported, strict=True)])
        return stored

    async def take_out(self, ids: Sequence[str], collections: Collection[str] | None = None) -> str:
        """Remove articles as `remove` does, and return them as `export` writes them, for `put_back`.

        Raises:
            UnknownArticleError: One of the ids is unknown; then nothing was removed.
        """
        return await finished(self._take_out(ids, collections))

    async def _take_out(self, ids: Sequence[str], collections: Collection[str] | None) -> str:
        async with self._index.writing:
            removed = await self._store.take_out(ids, collections)
            await self._index.drop([article.info.number for article in removed])
        return await asyncio.to_thread(lambda: "".join(map(exported, removed)))

    async def put_back(self, payload: str) -> list[Stored]:
        """Store what `take_out` returned, with its ids, dates and revisions. What is there already stays as it is.

        Raises:
            UnreadableFileError: `take_out` did not make this text; nothing was stored.
        """
        taken = await asyncio.to_thread(parse_export, payload, "what was removed")
        outcomes: list[Stored] = []
        for first in range(0, len(taken), ADDED_AT_ONCE):
            outcomes += await finished(self._restore(taken[first : first + ADDED_AT_ONCE]))
        return outcomes

    # ---- the index

    async def rebuild(
        self,
        collections: Collection[str] | None = None,
        progress: Callable[[RebuildProgress], None] = lambda _progress: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> RebuildSummary:
        """Build the index anew from the store in another process, and swap it in at once; questions go on meanwhile.

        Args:
            collections: Whose articles the summary is about; the index is always built of all.
            cancelled: Asked ten times a second; True ends the build and leaves everything as it was.

        Raises:
            RebuildRunningError: It is being built already.
            CancelledBuildError: It was cancelled, or the library is closed meanwhile.
            FailedBuildError: It could not be built; the index in use is unchanged.
        """
        return await self._rebuilder.rebuild(collections, progress, cancelled)

    async def mend_index(self) -> bool:
        """Read the files of the saved index, and build it anew if they are damaged; questions go on meanwhile.

        Returns:
            Whether they were damaged.

        Raises:
            FailedBuildError: They are damaged, and the index could not be built.
        """
        return await self._rebuilder.mend(self._index.engine)
