"""The library: the only class that `bot/` calls."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from index.analysis.detection import detect
from index.analysis.languages import language as language_of
from index.answering import Candidate, Ranker, Ranking, cite, refusal, without_repeats
from index.engines.embedded import EmbeddedEngine
from index.engines.protocol import IndexedArticle, Scope
from index.errors import CancelledBuildError, LibraryError, QuestionError, UnreadableFileError, UnusableArticleError
from index.ingestion.boilerplate import remove_boilerplate
from index.ingestion.files import article_files, read_file
from index.models import (
    SHARED_COLLECTION,
    Addition,
    Answer,
    Article,
    ArticleInfo,
    Change,
    Citation,
    NewArticle,
    Refusal,
    RemovedLine,
    Status,
    Stored,
)
from index.passages import split
from index.ranking.model import model
from index.store import Store, finished

log = logging.getLogger(__name__)

ADDED_AT_ONCE = 64
"""Articles in one transaction of the store when many are added."""

_REWRITE_SHARE = 20
"""The saved index is rewritten when a twentieth of it has changed; less is caught up with at the next start."""

_SPARE = 5
"""Candidates beyond those shown, to take the place of repeats."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as it was found, before cleaning. `language` None: it is detected."""

    title: str
    text: str
    source: str
    language: str | None = None
    author: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """Figures of a library."""

    articles: int
    passages: int
    languages: tuple[str, ...]


class Library:
    """Articles that can be asked. Open it with `Library.open`; every method may be called from one event loop."""

    def __init__(self, store: Store, engine: EmbeddedEngine, index_folder: Path | None) -> None:
        self._store = store
        self._engine = engine
        self._index_folder = index_folder
        self._ranker = Ranker()
        self._ranking = threading.Lock()
        self._writing = asyncio.Lock()

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
            engine: EmbeddedEngine | None = None
            if index_folder is not None:
                engine = await asyncio.to_thread(EmbeddedEngine.open, index_folder, store.store_id)
            library = cls(store, engine if engine is not None else EmbeddedEngine(), index_folder)
            if engine is None:
                library._engine = await library._build()
            await library._catch_up(library._engine)
        except BaseException:
            await store.close()
            raise
        return library

    async def close(self) -> None:
        """Save the index if much of it changed, and close the store."""
        try:
            async with self._writing:
                if self._engine.changed * _REWRITE_SHARE > self._engine.passages or not self._engine.passages:
                    await self._save()
        finally:
            await self._store.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ---- asking

    async def ask(self, question: str, scope: Scope = None, top_k: int = 5, *, refuse: bool = True) -> Answer:
        """Answer a question from the articles of the scope.

        Args:
            scope: Names of the collections that may be seen; None for all.
            top_k: Most passages shown, the best one included, 1..50.
            refuse: False gives the closest passages along with a refusal that is due to low confidence; only
                evaluation wants to see them.

        Raises:
            QuestionError: The question is empty.
        """
        began = time.perf_counter()
        if not question.strip():
            raise QuestionError("ask something: the question is empty")
        top_k = min(max(top_k, 1), 50)
        ranking = await asyncio.to_thread(self._rank, question, scope, top_k)
        if ranking is None:
            return refusal(question, Ranking((), 0.0, {}, (), False, ()), Refusal.EMPTY_LIBRARY, (), began)
        if not ranking.has_units:
            return refusal(question, ranking, Refusal.NO_WORDS, (), began)
        if not ranking.candidates:
            return refusal(question, ranking, Refusal.UNKNOWN_WORDS, (), began)
        shown = without_repeats(ranking.candidates)[:top_k]
        citations = await self._cite(shown, ranking)
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

    def _rank(self, question: str, scope: Scope, top_k: int) -> Ranking | None:
        engine = self._engine
        with self._ranking, engine.lock:
            if not engine.languages(scope):
                return None
            return self._ranker.rank(question, engine, scope, top_k + _SPARE)

    async def _cite(self, shown: Sequence[tuple[Candidate, list[Candidate]]], ranking: Ranking) -> list[Citation]:
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
            citations.append(cite(candidate, info, passage, confidence, list(others.values()), features))
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
            prepared = await asyncio.to_thread(_prepare_all, batch, collection, added_by)
            outcomes += await finished(self._store_batch(batch, prepared))
            progress(min(first + ADDED_AT_ONCE, len(drafts)), len(drafts))
        return outcomes

    async def _store_batch(
        self, batch: Sequence[Draft], prepared: Sequence["_Prepared | LibraryError"]
    ) -> list[Addition]:
        async with self._writing:
            new = [item.article for item in prepared if not isinstance(item, LibraryError)]
            stored = iter(await self._store.add(new))
            done: list[tuple[Stored, str]] = []
            outcomes: list[Addition] = []
            for draft, item in zip(batch, prepared, strict=True):
                if isinstance(item, LibraryError):
                    outcomes.append(Addition(draft.source, None, None, 0, (), str(item)))
                    continue
                result = next(stored)
                outcomes.append(Addition(draft.source, result.info, result.change, item.passages, item.left_out, None))
                done.append((result, item.article.text))
            await self._index(done)
            return outcomes

    async def _index(self, stored: Sequence[tuple[Stored, str]]) -> None:
        """Bring what was just stored, with its texts, into the index; a batch may revise its own articles."""
        changed = [(one, text) for one, text in stored if one.change is not Change.UNCHANGED]
        gone = {one.replaced for one, _ in changed if one.replaced is not None}
        latest = {one.info.number: (one.info, text) for one, text in changed if one.info.number not in gone}
        indexed = await asyncio.to_thread(_index_all, list(latest.values()))
        await asyncio.to_thread(self._engine.replace, indexed, gone)

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
            read = await asyncio.to_thread(_read_all, batch)
            added = iter(await self.add([one for one in read if isinstance(one, Draft)], collection, added_by))
            for path, one in zip(batch, read, strict=True):
                if isinstance(one, Draft):
                    outcomes.append(next(added))
                else:
                    outcomes.append(Addition(str(path), None, None, 0, (), one.reason))
            progress(min(first + ADDED_AT_ONCE, len(files)), len(files))
        return outcomes

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

    async def article(self, article_id: str) -> Article:
        """One article with its text.

        Raises:
            UnknownArticleError: No article has this id.
        """
        return await self._store.get(article_id)

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

    async def status(self) -> LibraryStatus:
        """Counts of what can be asked."""
        engine = self._engine
        # The engine may be locked by a thread that indexes: never wait for it on the event loop.
        languages = await asyncio.to_thread(engine.languages, None)
        return LibraryStatus(await self._store.count(), engine.passages, tuple(languages))

    # ---- moving

    async def export(self, path: Path, collections: Collection[str] | None = None) -> int:
        """Write articles as JSON Lines, one object each, and return how many. The file appears when it is complete."""
        count = 0
        partial = path.with_name(path.name + ".partial")
        with await asyncio.to_thread(partial.open, "w", encoding="utf-8") as file:
            async for batch in self._store.stream():
                chosen = [a for a in batch if collections is None or a.info.collection in collections]
                await asyncio.to_thread(file.write, "".join(_exported(article) for article in chosen))
                count += len(chosen)
        await asyncio.to_thread(partial.replace, path)
        return count

    async def import_(self, path: Path, progress: Progress = lambda _done, _all: None) -> list[Stored]:
        """Read what `export` wrote, every field of it. An article that is there already is left as it is.

        Raises:
            UnreadableFileError: The file is missing, or a line is not such an object; lines before it were read.
        """
        outcomes: list[Stored] = []
        lines = await asyncio.to_thread(_import_lines, path)
        for first in range(0, len(lines), ADDED_AT_ONCE):
            outcomes += await finished(self._restore(lines[first : first + ADDED_AT_ONCE]))
            progress(min(first + ADDED_AT_ONCE, len(lines)), len(lines))
        return outcomes

    async def _restore(self, exported: Sequence[Article]) -> list[Stored]:
        async with self._writing:
            stored = await self._store.restore(exported)
            await self._index([(one, article.text) for one, article in zip(stored, exported, strict=True)])
            return stored

    # ---- the index

    async def reindex(
        self, progress: Progress = lambda _done, _all: None, cancelled: Callable[[], bool] = lambda: False
    ) -> LibraryStatus:
        """Build the index anew from the store, save it, and swap it in at once; questions go on meanwhile.

        Args:
            progress: Called with articles read and articles in all.
            cancelled: Asked after each batch; True ends the build and leaves everything as it was.

        Raises:
            CancelledBuildError: It was cancelled.
        """
        fresh = await self._build(progress, cancelled)
        async with self._writing:
            await self._catch_up(fresh)
            self._engine = fresh
            await self._save()
        return await self.status()

    async def _build(
        self, progress: Progress = lambda _done, _all: None, cancelled: Callable[[], bool] = lambda: False
    ) -> EmbeddedEngine:
        total = await self._store.count()
        fresh = EmbeddedEngine()
        done = 0
        async for batch in self._store.stream():
            if cancelled():
                raise CancelledBuildError
            await asyncio.to_thread(_gather_batch, fresh, batch)
            done += len(batch)
            progress(done, max(total, done))
        fresh = await asyncio.to_thread(fresh.compacted)
        if cancelled():
            raise CancelledBuildError
        return fresh

    async def _catch_up(self, engine: EmbeddedEngine) -> None:
        """Make the engine hold just what the store holds."""
        stored = {number for number, _ in await self._store.numbers()}
        indexed = engine.numbers()
        if stored == indexed:
            return
        await asyncio.to_thread(engine.replace, [], indexed - stored)
        missing = sorted(stored - indexed)
        for first in range(0, len(missing), 200):
            batch = await self._store.articles(missing[first : first + 200])
            await asyncio.to_thread(_index_batch, engine, batch)

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


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A draft after cleaning, with what was left out and the number of its passages."""

    article: NewArticle
    left_out: tuple[RemovedLine, ...]
    passages: int


def _prepare_all(drafts: Sequence[Draft], collection: str, added_by: str | None) -> list["_Prepared | LibraryError"]:
    prepared: list[_Prepared | LibraryError] = []
    for draft in drafts:
        try:
            prepared.append(_prepare(draft, collection, added_by))
        except UnusableArticleError as error:
            prepared.append(error)
    return prepared


def _prepare(draft: Draft, collection: str, added_by: str | None) -> _Prepared:
    text = draft.text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    title = " ".join(draft.title.encode("utf-8", "replace").decode("utf-8").replace("\x00", "").split())[:300]
    if not any(c.isalnum() for c in text):
        raise UnusableArticleError(title or draft.source, "it holds no words")
    cleaned = remove_boilerplate(text, title)
    code = language_of(draft.language).code if draft.language else detect(cleaned.text)
    article = NewArticle(
        title=title or cleaned.text.splitlines()[0][:120],
        text=cleaned.text,
        source=draft.source.encode("utf-8", "replace").decode("utf-8").replace("\x00", ""),
        language=code,
        collection=collection,
        author=draft.author,
        published_at=draft.published_at,
        added_by=added_by,
    )
    removed = tuple(RemovedLine(line.line, line.reason.sentence) for line in cleaned.removed)
    return _Prepared(article, removed, len(split(article.text, code)))


def _read_all(paths: Sequence[Path]) -> list[Draft | UnreadableFileError]:
    found: list[Draft | UnreadableFileError] = []
    for path in paths:
        try:
            read = read_file(path)
        except UnreadableFileError as error:
            found.append(error)
        else:
            found.append(Draft(read.title, read.text, read.source, read.language, read.author, read.published_at))
    return found


def _indexed(info: ArticleInfo, text: str) -> IndexedArticle:
    newness = (info.published_at or info.added_at).timestamp()
    spans = split(text, info.language)
    return IndexedArticle(
        number=info.number,
        language=info.language,
        collection=info.collection,
        newness=newness,
        title=info.title,
        passages=tuple((span.start, text[span.start : span.end]) for span in spans),
    )


def _index_all(articles: Sequence[tuple[ArticleInfo, str]]) -> list[IndexedArticle]:
    return [_indexed(info, text) for info, text in articles]


def _index_batch(engine: EmbeddedEngine, batch: Sequence[Article]) -> None:
    engine.replace([_indexed(article.info, article.text) for article in batch], [])


def _gather_batch(engine: EmbeddedEngine, batch: Sequence[Article]) -> None:
    engine.gather([_indexed(article.info, article.text) for article in batch])


def _exported(article: Article) -> str:
    info = article.info
    return (
        json.dumps(
            {
                "id": info.id,
                "collection": info.collection,
                "title": info.title,
                "source": info.source,
                "author": info.author,
                "published_at": None if info.published_at is None else info.published_at.isoformat(),
                "language": info.language,
                "added_at": info.added_at.isoformat(),
                "added_by": info.added_by,
                "revision": info.revision,
                "text": article.text,
            },
            ensure_ascii=False,
        )
        + "\n"
    )


def _import_lines(path: Path) -> list[Article]:
    try:
        content = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(str(path), f"it cannot be read as JSON Lines: {error}") from error
    found: list[Article] = []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            published = value["published_at"]
            text = str(value["text"])
            info = ArticleInfo(
                number=0,
                id=str(value["id"]),
                collection=str(value["collection"]),
                title=str(value["title"]),
                source=str(value["source"]),
                language=language_of(str(value["language"])).code,
                author=value["author"],
                published_at=None if published is None else datetime.fromisoformat(published),
                added_at=datetime.fromisoformat(value["added_at"]),
                added_by=value["added_by"],
                revision=int(value["revision"]),
                content_hash="",
                characters=len(text),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableFileError(
                str(path), f"line {number} is not an article as `footnote export` writes them ({error!r})"
            ) from error
        found.append(Article(info, text))
    return found
