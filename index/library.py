"""The library: the only class that `bot/` calls."""

import asyncio
import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from index.answering import Candidate, Ranker, Ranking, cite, of_one_article, refusal, without_repeats
from index.drafts import Draft, Prepared, parse_all, prepare_all, read_all
from index.engines import generations
from index.engines.embedded import EmbeddedEngine
from index.engines.protocol import IndexedArticle, Scope
from index.errors import (
    CancelledBuildError,
    FailedBuildError,
    LibraryError,
    QuestionError,
    RebuildRunningError,
    UnknownArticleError,
    UnreadableFileError,
    UnusableArticleError,
)
from index.indexing import Failed, indexed, take_in
from index.ingestion.files import article_files
from index.models import (
    SHARED_COLLECTION,
    Addition,
    Answer,
    Article,
    ArticleInfo,
    ArticlePage,
    Change,
    Citation,
    RebuildProgress,
    RebuildSummary,
    Refusal,
    Sort,
    Status,
    Stored,
    WholeArticle,
)
from index.moving import exported, parse_export, read_export
from index.ranking.model import model
from index.rebuilding import build
from index.rebuilding.parent import Request
from index.store import ARTICLES, Database, Store, finished

log = logging.getLogger(__name__)

ADDED_AT_ONCE = 64
"""Articles in one transaction of the store when many are added."""

_INDEXED_AT_ONCE = 8
"""Articles that are analysed while questions wait: some 50 ms."""

_CAUGHT_UP_AT_ONCE = 50
_TEMPORARY = "footnote-index-"

_REWRITE_SHARE = 20
"""The saved index is rewritten when a twentieth of it has changed; less is caught up with at the next start."""

_SPARE = 5
"""Candidates beyond those shown, to take the place of repeats."""

_IN_ARTICLE = {
    Refusal.EMPTY_LIBRARY: "There is nothing in this article that could be searched.",
    Refusal.UNKNOWN_WORDS: "None of the words of the question stand in this article.",
    Refusal.TOO_FAR: "No passage in this article is close enough to the question to be an answer.",
}

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """Figures of a library, or of some of its collections.

    Attributes:
        characters: Of all texts together.
        index_bytes: Size of the saved index, of all collections; None while none is saved.
        engine: Which engine ranks the passages.
        built_at: When the index was last built from all articles.
    """

    articles: int
    passages: int
    languages: tuple[str, ...]
    characters: int
    index_bytes: int | None
    engine: str
    built_at: datetime | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How store and index compare, in articles. `missing` are in the store only, `surplus` in the index only."""

    stored: int
    indexed: int
    missing: int
    surplus: int


class Library:
    """Articles that can be asked. Open it with `Library.open`; every method may be called from one event loop."""

    def __init__(self, address: str, store: Store, engine: EmbeddedEngine, index_folder: Path | None) -> None:
        self._address = address
        self._store = store
        self._engine = engine
        self._index_folder = index_folder
        self._ranker = Ranker()
        # One question at a time, and those that wait take no thread from whoever writes or reads files.
        self._ranking = ThreadPoolExecutor(1, thread_name_prefix="ranking")
        self._writing = asyncio.Lock()
        self._rebuilding = asyncio.Lock()
        self._mending = asyncio.Lock()
        self._is_closing = False

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
            await asyncio.to_thread(_sweep, index_folder)
            engine: EmbeddedEngine | None = None
            if index_folder is not None:
                engine = await asyncio.to_thread(EmbeddedEngine.open, index_folder, store.store_id)
            library = cls(address, store, engine if engine is not None else EmbeddedEngine(), index_folder)
            if engine is None:
                library._engine = await library._build()
            await library._catch_up(library._engine)
        except BaseException:
            await store.close()
            raise
        return library

    async def close(self) -> None:
        """Stop a rebuild, save the index if much of it changed, and close the store; answers being given are finished.

        Every other call raises StoreError from now on.
        """
        self._is_closing = True
        try:
            async with self._rebuilding, self._writing:
                if self._engine.changed * _REWRITE_SHARE > self._engine.passages or not self._engine.passages:
                    await self._save()
            await asyncio.to_thread(self._ranking.shutdown)
        finally:
            self._ranking.shutdown(wait=False)
            await self._store.close()

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
        began = time.perf_counter()
        if not question.strip():
            raise QuestionError("ask something: the question is empty")
        self._store.require_open()
        top_k = min(max(top_k, 1), 50)
        within = None if article is None else await self._known(article, scope)
        asked = time.perf_counter()
        ranking, started, ranked = await self._ranked(question, scope, top_k, within)
        answer = await self._answered(question, ranking, top_k, began, within=within, refuse=refuse)
        timings = {"queue": started - asked, "rank": ranked - started, "read": time.perf_counter() - ranked}
        answer = replace(answer, timings={stage: seconds * 1e3 for stage, seconds in timings.items()})
        if within is not None and answer.refusal in _IN_ARTICLE:
            return replace(answer, reason=_IN_ARTICLE[answer.refusal])
        return answer

    async def prepare(self) -> None:
        """Load what the first question in these languages would wait for, up to 0.1 s; questions queue behind it."""
        languages = self._engine.languages(None)
        await asyncio.get_running_loop().run_in_executor(self._ranking, self._ranker.prepare, languages)

    async def _ranked(
        self, question: str, scope: Scope, top_k: int, within: ArticleInfo | None
    ) -> tuple[Ranking | None, float, float]:
        engine, loop = self._engine, asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._ranking, self._timed_rank, question, scope, top_k, within)
        except LibraryError:
            raise
        except Exception:
            # Numbers out of a damaged file lead anywhere. What is not damaged has a bug, which is told as ever.
            if self._engine is engine and not await self._mend(engine):
                raise
        return await loop.run_in_executor(self._ranking, self._timed_rank, question, scope, top_k, within)

    async def mend_index(self) -> bool:
        """Read the files of the saved index, and build it anew if they are damaged; questions go on meanwhile.

        Returns:
            Whether they were damaged.

        Raises:
            FailedBuildError: They are damaged, and the index could not be built.
        """
        return await self._mend(self._engine)

    async def _mend(self, engine: EmbeddedEngine) -> bool:
        async with self._mending:
            if self._engine is not engine:
                # It is built already, by whoever found the damage first.
                return True
            if not await asyncio.to_thread(engine.is_damaged):
                return False
            log.error("files of the index are damaged; it is built anew from the stored articles")
            try:
                await self.rebuild()
            except LibraryError:
                raise
            except Exception:
                # The summary compares with the damaged index, after the new one is in its place.
                if self._engine is engine:
                    raise
            return True

    async def _answered(
        self,
        question: str,
        ranking: Ranking | None,
        top_k: int,
        began: float,
        *,
        within: ArticleInfo | None,
        refuse: bool,
    ) -> Answer:
        if ranking is None:
            return refusal(question, Ranking((), 0.0, {}, (), False, ()), Refusal.EMPTY_LIBRARY, (), began)
        if not ranking.has_words:
            return refusal(question, ranking, Refusal.NO_WORDS, (), began)
        if not ranking.candidates:
            return refusal(question, ranking, Refusal.UNKNOWN_WORDS, (), began)
        # Within one article nothing is repeated, and all passages shown are to be of it.
        ranked = without_repeats(ranking.candidates) if within is None else [(one, []) for one in ranking.candidates]
        citations = await self._cite(ranked[:top_k], ranking, question)
        if not citations:
            return refusal(question, ranking, Refusal.TOO_FAR, (), began)
        if ranking.confidence < model().uncertain:
            titles = tuple(dict.fromkeys(citation.article.title for citation in citations))[:3]
            refused = refusal(question, ranking, Refusal.TOO_FAR, titles, began)
            if refuse:
                return refused
            return replace(refused, best=citations[0], alternatives=tuple(citations[1:]))
        sure = ranking.confidence >= model().answered
        return Answer(
            question=question,
            status=Status.ANSWERED if sure else Status.UNCERTAIN,
            refusal=None,
            reason="" if sure else "This is the closest passage; it may not answer the question.",
            best=citations[0],
            alternatives=tuple(citations[1:]),
            matched_terms=citations[0].matched_terms,
            unknown_terms=ranking.unknown,
            nearest_titles=tuple(dict.fromkeys(citation.article.title for citation in citations))[:3],
            confidence=ranking.confidence,
            took_ms=(time.perf_counter() - began) * 1e3,
        )

    def _timed_rank(
        self, question: str, scope: Scope, top_k: int, within: ArticleInfo | None
    ) -> tuple[Ranking | None, float, float]:
        """The ranking, and when it began and ended: before, the question has waited for others."""
        started = time.perf_counter()
        ranking = self._rank(question, scope, top_k, within)
        return ranking, started, time.perf_counter()

    def _rank(self, question: str, scope: Scope, top_k: int, within: ArticleInfo | None) -> Ranking | None:
        engine = self._engine
        if within is not None:
            with engine.within(within.language, within.number) as one:
                if not one.languages(None):
                    return None
                return of_one_article(self._ranker.rank(question, one, None, top_k + _SPARE))
        with engine.lock:
            if not engine.languages(scope):
                return None
            return self._ranker.rank(question, engine, scope, top_k + _SPARE)

    async def _cite(
        self, shown: Sequence[tuple[Candidate, list[Candidate]]], ranking: Ranking, question: str
    ) -> list[Citation]:
        wanted = [(c.key.article, c.start, c.end) for c, _ in shown]
        twins = [(t.key.article, t.start, t.start) for _, same in shown for t in same]
        texts = await self._store.slices([*wanted, *twins])
        infos = {place[0]: info for place, (info, _) in texts.items()}
        citations: list[Citation] = []
        for place, ((candidate, same), where) in enumerate(zip(shown, wanted, strict=True)):
            if where not in texts:
                continue
            info, passage = texts[where]
            others = {infos[t.key.article].id: infos[t.key.article] for t in same if t.key.article in infos}
            others.pop(info.id, None)
            features = (ranking.confidence_features if place == 0 else {}) | candidate.features
            confidence = ranking.confidence if place == 0 else 0.0
            analyzer = self._ranker.analyzer(candidate.language)
            citations.append(
                cite(candidate, question, info, passage, confidence, list(others.values()), features, analyzer)
            )
        return citations

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
        async with self._writing:
            new = [item.article for item in prepared if not isinstance(item, UnusableArticleError)]
            stored = iter(await self._store.add(new))
            done: list[tuple[Stored, str]] = []
            outcomes: list[Addition] = []
            for draft, item in zip(batch, prepared, strict=True):
                if isinstance(item, UnusableArticleError):
                    outcomes.append(Addition(draft.source, None, None, 0, (), str(item), item.kind))
                    continue
                result = next(stored)
                same = result.change is Change.UNCHANGED and result.info.source != item.article.source
                outcomes.append(
                    Addition(
                        draft.source,
                        result.info,
                        result.change,
                        item.passages,
                        item.left_out,
                        None,
                        duplicate_of=result.info if same else None,
                    )
                )
                done.append((result, item.article.text))
            await self._index(done)
            return outcomes

    async def _index(self, stored: Sequence[tuple[Stored, str]]) -> None:
        """Bring what was just stored, with its texts, into the index; a batch may revise its own articles."""
        changed = [(one, text) for one, text in stored if one.change is not Change.UNCHANGED]
        gone = {one.replaced for one, _ in changed if one.replaced is not None}
        latest = {one.info.number for one, _ in changed} - gone
        direct = {one.replaced for one, _ in changed if one.info.number in latest}
        if gone - direct:
            await asyncio.to_thread(self._engine.replace, [], gone - direct)
        waiting = [(one, text) for one, text in changed if one.info.number in latest]
        for first in range(0, len(waiting), _INDEXED_AT_ONCE):
            await asyncio.to_thread(self._replace, waiting[first : first + _INDEXED_AT_ONCE])

    def _replace(self, stored: Sequence[tuple[Stored, str]]) -> None:
        articles = [indexed(one.info, text) for one, text in stored]
        self._engine.replace(articles, {one.replaced for one, _ in stored if one.replaced is not None})

    async def add_paths(
        self,
        paths: Iterable[Path],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> list[Addition]:
        """Add files, and all files of folders; see `add`. A file that cannot be read has a `problem`.

        Raises:
            UnreadableFileError: A path does not exist, or a folder holds nothing that could be read.
        """
        files = await asyncio.to_thread(article_files, paths)
        outcomes: list[Addition] = []
        for first in range(0, len(files), ADDED_AT_ONCE):
            batch = files[first : first + ADDED_AT_ONCE]
            read = await asyncio.to_thread(read_all, batch)
            outcomes += await self._add_read(list(map(str, batch)), read, collection, added_by)
            progress(min(first + ADDED_AT_ONCE, len(files)), len(files))
        return outcomes

    async def add_files(
        self,
        files: Sequence[tuple[str, bytes]],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> list[Addition]:
        """Add files that were sent as name and content; see `add`. A file that cannot be read has a `problem`."""
        outcomes: list[Addition] = []
        for first in range(0, len(files), ADDED_AT_ONCE):
            batch = files[first : first + ADDED_AT_ONCE]
            read = await asyncio.to_thread(parse_all, batch)
            outcomes += await self._add_read([name for name, _ in batch], read, collection, added_by)
            progress(min(first + ADDED_AT_ONCE, len(files)), len(files))
        return outcomes

    async def _add_read(
        self, names: Sequence[str], read: Sequence[Draft | UnreadableFileError], collection: str, added_by: str | None
    ) -> list[Addition]:
        added = iter(await self.add([one for one in read if isinstance(one, Draft)], collection, added_by))
        return [
            next(added) if isinstance(one, Draft) else Addition(name, None, None, 0, (), one.reason, one.kind)
            for name, one in zip(names, read, strict=True)
        ]

    async def remove(self, ids: Sequence[str], collections: Collection[str] | None = None) -> list[ArticleInfo]:
        """Remove articles for good; none of them is answered from after this returns.

        Raises:
            UnknownArticleError: One of the ids is unknown; then nothing was removed.
        """
        return await finished(self._remove(ids, collections))

    async def _remove(self, ids: Sequence[str], collections: Collection[str] | None) -> list[ArticleInfo]:
        async with self._writing:
            removed = await self._store.remove(ids, collections)
            await asyncio.to_thread(self._engine.replace, [], [info.number for info in removed])
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
        article = await self._store.get(article_id)
        if scope is not None and article.info.collection not in scope:
            raise UnknownArticleError(article_id)
        return article

    async def _known(self, article_id: str, scope: Scope) -> ArticleInfo:
        info = await self.info(article_id, scope)
        if info is None:
            raise UnknownArticleError(article_id)
        return info

    async def passage(self, number: int, start: int, end: int) -> tuple[ArticleInfo, str] | None:
        """`text[start:end]` of an article, 0 <= start <= end; None when this revision of it is no longer there."""
        place = (number, start, end)
        return (await self._store.slices([place])).get(place)

    async def info(self, article_id: str, scope: Collection[str] | None = None) -> ArticleInfo | None:
        """What is known of an article; None when there is none, or not in these collections."""
        info = await self._store.info(article_id)
        return info if info is not None and (scope is None or info.collection in scope) else None

    async def sources(self, article_id: str, scope: Scope = None) -> tuple[str, ...]:
        """Where an article's text stands: its own source first, then those of copies that came later.

        Raises:
            UnknownArticleError: No article of the scope has this id.
        """
        info = await self._known(article_id, scope)
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
        return await asyncio.to_thread(self._engine.passages_of, info.language, info.number)

    def passage_lengths(self) -> list[int]:
        """The lengths of all passages, in characters, in no particular order."""
        engine = self._engine
        return [
            notes.doc_to.at(doc) - notes.doc_from.at(doc)
            for notes in (engine.annotations(code) for code in engine.languages(None))
            for article in notes.articles.values()
            for doc in range(notes.article_doc.at(article), notes.article_doc.at(article + 1))
        ]

    async def agreement(self, scope: Scope = None) -> Agreement:
        """Compare which articles the index holds with those that the store holds, in some collections or all."""
        async with self._writing:
            # Nothing is between the two now: an article is stored first, and indexed then.
            if scope is None:
                stored = await self._store.numbers()
            else:
                stored = {info.number for info in await self._store.infos(scope)}
            held = set(await asyncio.to_thread(self._engine.sizes, scope))
        return Agreement(len(stored), len(held), len(stored - held), len(held - stored))

    async def status(self, scope: Scope = None) -> LibraryStatus:
        """Figures of what can be asked, of some collections or all."""
        engine = self._engine
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

    async def export(self, path: Path, collections: Collection[str] | None = None) -> int:
        """Write articles as JSON Lines, one object each, and return how many. The file appears when it is complete."""
        count = 0
        partial = path.with_name(path.name + ".partial")
        with await asyncio.to_thread(partial.open, "w", encoding="utf-8") as file:
            async for batch in self._store.stream(collections=collections):
                await asyncio.to_thread(_write_lines, file, await self._store.whole(batch))
                count += len(batch)
        await asyncio.to_thread(partial.replace, path)
        return count

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
            UnreadableFileError: The file is missing, or a line is not such an object; lines before it were read.
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
        async with self._writing:
            stored = await self._store.restore(exported)
            await self._index([(one, article.text) for one, article in zip(stored, exported, strict=True)])
            return stored

    async def take_out(self, ids: Sequence[str], collections: Collection[str] | None = None) -> str:
        """Remove articles as `remove` does, and return them as `export` writes them, for `put_back`.

        Raises:
            UnknownArticleError: One of the ids is unknown; then nothing was removed.
        """
        return await finished(self._take_out(ids, collections))

    async def _take_out(self, ids: Sequence[str], collections: Collection[str] | None) -> str:
        async with self._writing:
            removed = await self._store.take_out(ids, collections)
            await asyncio.to_thread(self._engine.replace, [], [article.info.number for article in removed])
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
        self._store.require_open()
        if self._rebuilding.locked():
            raise RebuildRunningError
        async with self._rebuilding, self._place_to_build() as folder:
            began = time.perf_counter()

            def is_unwanted() -> bool:
                return self._is_closing or cancelled()

            request = Request(self._address, self._store.store_id, str(folder))
            failed = await build(request, progress, is_unwanted)
            progress(RebuildProgress(0, 1, "swapping"))
            fresh = await asyncio.to_thread(EmbeddedEngine.map, folder, self._store.store_id)
            if fresh is None:
                raise FailedBuildError("what was built cannot be read; was Footnote upgraded without a restart?")
            # Before the lock is taken: nobody who adds an article has to wait for what was added during the build.
            failed += await self._catch_up(fresh, failed)
            if is_unwanted():
                raise CancelledBuildError
            summary = await finished(self._swap(fresh, folder, failed, collections))
            progress(RebuildProgress(1, 1, "swapping"))
            return replace(summary, took_s=time.perf_counter() - began)

    @contextlib.asynccontextmanager
    async def _place_to_build(self) -> AsyncIterator[Path]:
        """An empty folder that only this process builds in; unless it was made a generation, it is removed after."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                parent = self._index_folder
                if parent is None:
                    parent = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=_TEMPORARY))
                    # What was mapped stays readable: the system frees the files when nobody has them open.
                    stack.push_async_callback(_remove, parent)
                stack.enter_context(generations.claimed(parent))
                folder = await asyncio.to_thread(generations.new_building, parent)
            except OSError as error:
                raise FailedBuildError(f"{error.filename} cannot be written ({error.strerror})") from error
            stack.push_async_callback(_remove, folder)
            yield folder

    async def _swap(
        self, fresh: EmbeddedEngine, folder: Path, failed: tuple[Failed, ...], collections: Collection[str] | None
    ) -> RebuildSummary:
        async with self._writing:
            failed += await self._catch_up(fresh, failed)
            old = [self._engine]
            self._engine = fresh
            if self._index_folder is not None:
                try:
                    await asyncio.to_thread(generations.adopt, self._index_folder, folder)
                except OSError as error:
                    log.warning("the new index could not be kept in %s: %s", self._index_folder, error)
            before = await asyncio.to_thread(old[0].sizes, collections)
            after = await asyncio.to_thread(fresh.sizes, collections)
            # The system takes 0.4 s to free the files of 100,000 passages when nobody holds them any longer.
            await asyncio.to_thread(old.clear)
        new = await self._store.infos_of([number for number in after if number not in before])
        both = [number for number in after if number in before]
        gone = len(before) - len(both)
        # An engine knows numbers only. A later revision that is new has, as a rule, replaced one that is gone.
        revised = min(sum(info.revision > 1 for info in new), gone)
        resized = sum(before[number] != after[number] for number in both)
        return RebuildSummary(
            added=len(after) - len(both) - revised,
            changed=revised + resized,
            removed=gone - revised,
            unchanged=len(both) - resized,
            failed=tuple(
                (one.title, one.reason) for one in failed if collections is None or one.collection in collections
            ),
            articles=len(after),
            passages=sum(after.values()),
            took_s=0.0,
        )

    async def _build(self) -> EmbeddedEngine:
        """An index of all articles, made in this process: only when there is none that could answer meanwhile."""
        fresh = EmbeddedEngine()
        fresh.built_at = datetime.now(UTC)
        async for batch in self._store.stream():
            await asyncio.to_thread(take_in, batch, fresh.gather)
        return await asyncio.to_thread(fresh.compacted)

    async def _catch_up(self, engine: EmbeddedEngine, known: Sequence[Failed] = ()) -> tuple[Failed, ...]:
        """Make the engine hold just what the store holds, but for articles that are `known` to fail.

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

    async def _save(self) -> None:
        if self._index_folder is None or not self._engine.changed:
            return
        try:
            engine = await asyncio.to_thread(self._engine.compacted)
            await asyncio.to_thread(engine.save, self._index_folder, self._store.store_id)
        except OSError as error:
            # The store is the truth: without a saved index the next start takes longer, and nothing is lost.
            log.warning("the index could not be saved in %s: %s", self._index_folder, error)
            return
        self._engine = engine


def _only_in_store(engine: EmbeddedEngine, stored: set[int], skipped: set[int]) -> list[int]:
    """Take out of an engine what the store no longer holds, and list what is in the store only, ascending."""
    held = engine.numbers()
    if held - stored:
        engine.replace([], held - stored)
    return sorted(stored - held - skipped)


def _write_lines(file: TextIO, articles: Sequence[WholeArticle]) -> None:
    file.write("".join(map(exported, articles)))


async def _remove(folder: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _sweep(index_folder: Path | None) -> None:
    """Remove what killed processes have left where this library builds."""
    if index_folder is not None:
        generations.sweep(index_folder)
    else:
        generations.sweep_temporary(Path(tempfile.gettempdir()), _TEMPORARY)
