"""The engine in this process: per language a ranker and the annotations of the same passages."""

import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.disk import sync
from index.engines import generations
from index.engines.manifest import Manifest, checksum
from index.engines.protocol import Hits, IndexedArticle, Scope
from index.ranking.annotations import Annotations, Text
from index.ranking.bm25 import PostingsBM25
from index.ranking.columns import mapped
from index.ranking.postings import Base, build_base

_MOST_SCOPES = 64
"""Scopes whose passages a partition remembers."""

_BASE = ("pointers", "docs", "codes", "lengths", "pair_tf", "pair_length", "bounds")


@dataclass(slots=True)
class Partition:
    """One language's passages."""

    notes: Annotations
    ranker: PostingsBM25
    allowed: dict[frozenset[str], "NDArray[np.bool_] | None"] = field(default_factory=dict)
    changed: int = 0


class EmbeddedEngine:
    """See `Engine`. Calls may come from several threads; one is served at a time."""

    def __init__(self) -> None:
        self._partitions: dict[str, Partition] = {}
        self._lock = threading.RLock()
        self.built_at: datetime | None = None
        """When all articles were last analysed for this index; None: it grew from nothing."""
        self._files: dict[Path, int] = {}
        self.saved_bytes: int | None = None
        """Size of the generation that was opened or saved; None: there is none."""

    # ---- what an engine promises

    def languages(self, scope: Scope) -> list[str]:
        """See `Engine.languages`."""
        with self._lock:
            return sorted(
                code
                for code, part in self._partitions.items()
                if part.notes.articles and self._any_allowed(part, scope)
            )

    def corpus_size(self, language: str) -> int:
        """See `Engine.corpus_size`."""
        part = self._partitions.get(language)
        return part.ranker.corpus_size if part is not None else 0

    def counts(self, language: str, terms: Sequence[str], scope: Scope) -> list[int]:
        """See `Engine.counts`."""
        with self._lock:
            part = self._partitions.get(language)
            if part is None:
                return [0] * len(terms)
            return self._counts(part, terms, self._allowed(part, scope))

    def search(self, language: str, units: Sequence[Sequence[tuple[str, float]]], scope: Scope, top_k: int) -> Hits:
        """See `Engine.search`."""
        with self._lock:
            part = self._partitions.get(language)
            if part is None:
                return Hits(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
            return self._search(part, units, self._allowed(part, scope), top_k)

    def replace(self, articles: Sequence[IndexedArticle], removed: Collection[int]) -> None:
        """See `Engine.replace`."""
        with self._lock:
            for part in self._partitions.values():
                for number in removed:
                    if number in part.notes.articles:
                        self._remove(part, number)
            for article in articles:
                self._add(article)

    def gather(self, articles: Sequence[IndexedArticle]) -> None:
        """Take articles in for `compacted`; they can be found only there. Faster than `replace`."""
        with self._lock:
            for article in articles:
                part = self._partition(article.language)
                part.notes.gather(*_noted(article))
                part.changed += len(article.passages)

    # ---- what answering reads besides

    def annotations(self, language: str) -> Annotations:
        """The annotations of a language that `languages` names."""
        return self._partitions[language].notes

    def doc(self, language: str, article: int, ordinal: int) -> int:
        """The place of a passage in the annotations."""
        notes = self._partitions[language].notes
        return notes.article_doc.at(notes.articles[article]) + ordinal

    def passages_of(self, language: str, article: int) -> int:
        """How many passages an article has in the index; 0 when it is not there."""
        with self._lock:
            return len(_docs_of(self._partitions.get(language), article))

    def spans_of(self, language: str, article: int) -> list[tuple[int, int]]:
        """Where the passages of an article begin and end, in characters of its text; none when it is not there."""
        with self._lock:
            part = self._partitions.get(language)
            if part is None:
                return []
            return [(part.notes.doc_from.at(doc), part.notes.doc_to.at(doc)) for doc in _docs_of(part, article)]

    def passage_lengths(self) -> list[int]:
        """The lengths of all passages that can be found, in characters, in no particular order."""
        with self._lock:
            return [
                part.notes.doc_to.at(doc) - part.notes.doc_from.at(doc)
                for part in self._partitions.values()
                for article in part.notes.articles
                for doc in _docs_of(part, article)
            ]

    def passages_in(self, scope: Scope) -> int:
        """How many passages of some collections can be found."""
        with self._lock:
            return sum(self._size(part, scope) for part in self._partitions.values())

    def sizes(self, scope: Scope) -> dict[int, int]:
        """The passages of each article of some collections, by number."""
        found: dict[int, int] = {}
        with self._lock:
            parts = [part.notes for part in self._partitions.values() if part.notes.articles]
            # Copies, so that questions need not wait until all articles are looked at.
            columns = [
                (n.article_number.all(), np.diff(n.article_doc.all()), n.article_collection.all(), set(n.articles))
                for n in parts
            ]
        for notes, (numbers, sizes, collections, alive) in zip(parts, columns, strict=True):
            seen = np.array([scope is None or name in scope for name in notes.collections], bool).take(collections)
            pairs = zip(numbers[seen].tolist(), sizes[seen].tolist(), strict=True)
            found |= {number: size for number, size in pairs if number in alive}
        return found

    @contextmanager
    def within(self, language: str, article: int) -> Iterator["OneArticle"]:
        """What answering reads, restricted to the passages of one article, whichever collection it is in."""
        with self._lock:
            yield OneArticle(self, language, article)

    @property
    def lock(self) -> threading.RLock:
        """Held while the engine is read or changed; hold it to read several things of one state."""
        return self._lock

    def holds(self, number: int) -> bool:
        """Whether an article is in the index."""
        with self._lock:
            return any(number in part.notes.articles for part in self._partitions.values())

    def numbers(self) -> set[int]:
        """The numbers of all articles in the index."""
        with self._lock:
            return {number for part in self._partitions.values() for number in part.notes.articles}

    @property
    def articles(self) -> int:
        """Articles in the index, those without a passage included."""
        return sum(len(part.notes.articles) for part in list(self._partitions.values()))

    @property
    def passages(self) -> int:
        """Passages that can be found."""
        return sum(part.ranker.corpus_size for part in self._partitions.values())

    @property
    def changed(self) -> int:
        """Passages added or removed since the index was opened or saved."""
        return sum(part.changed for part in self._partitions.values())

    @staticmethod
    def _counts(part: Partition, terms: Sequence[str], allowed: "NDArray[np.bool_] | None") -> list[int]:
        found: list[int] = []
        for term in terms:
            number = part.notes.vocabulary.get(term)
            df = int(part.ranker.df[number]) if number is not None and number < len(part.ranker.df) else 0
            if df and number is not None and allowed is not None and not part.ranker.holds(number, allowed):
                df = 0
            found.append(df)
        return found

    @staticmethod
    def _search(
        part: Partition,
        units: Sequence[Sequence[tuple[str, float]]],
        allowed: "NDArray[np.bool_] | None",
        top_k: int,
    ) -> Hits:
        get = part.notes.vocabulary.get
        numbered = [[(n, w) for n, w in ((get(term), w) for term, w in unit) if n is not None] for unit in units]
        docs, scores = part.ranker.search([unit for unit in numbered if unit], top_k, allowed)
        notes = part.notes
        articles = notes.doc_article.take(docs).astype(np.int64)
        numbers = notes.article_number.take(articles)
        ordinals = docs.astype(np.int64) - notes.article_doc.take(articles)
        newness = notes.article_newness.take(articles)
        order = np.lexsort((ordinals, -numbers, -newness, -scores))[:top_k]
        return Hits(numbers[order], ordinals[order], scores[order])

    @staticmethod
    def _size(part: Partition, scope: Scope) -> int:
        alive = EmbeddedEngine._alive(part, scope)
        return part.ranker.corpus_size if alive is None else int(alive.sum())

    def _partition(self, language: str) -> Partition:
        part = self._partitions.get(language)
        if part is None:
            part = self._partitions[language] = Partition(Annotations(language), PostingsBM25(build_base([], 0)))
        return part

    def _add(self, article: IndexedArticle) -> None:
        part = self._partition(article.language)
        docs = part.notes.add(*_noted(article))
        part.changed += len(docs)
        part.allowed.clear()
        if docs:
            part.ranker.add_counted(*part.notes.terms_of(docs[0], docs[-1] + 1))

    @staticmethod
    def _remove(part: Partition, number: int) -> None:
        docs = part.notes.forget(number)
        part.ranker.remove(docs, [part.notes.terms(doc) for doc in docs])
        part.changed += len(docs)
        part.allowed.clear()

    @staticmethod
    def _any_allowed(part: Partition, scope: Scope) -> bool:
        alive = EmbeddedEngine._alive(part, scope)
        return alive is None or bool(alive.any())

    @staticmethod
    def _alive(part: Partition, scope: Scope) -> "NDArray[np.bool_] | None":
        """Which passages may be seen and were not removed; None stands for all that are there."""
        allowed = EmbeddedEngine._allowed(part, scope)
        if allowed is None or part.ranker.dead is None:
            return allowed
        return allowed & ~part.ranker.dead[: len(allowed)]

    @staticmethod
    def _allowed(part: Partition, scope: Scope) -> "NDArray[np.bool_] | None":
        if scope is None:
            return None
        key = frozenset(scope)
        if key not in part.allowed:
            if len(part.allowed) >= _MOST_SCOPES:
                part.allowed.clear()
            ids = [number for number in map(part.notes.collection_id, key) if number is not None]
            collections = part.notes.article_collection.all()
            mask = np.isin(collections, ids)[part.notes.doc_article.all()]
            part.allowed[key] = None if mask.all() else mask
        return part.allowed[key]

    # ---- whole indexes

    def compacted(self, progress: Callable[[int], None] = lambda _passages: None) -> "EmbeddedEngine":
        """An engine with the same articles and nothing in its tails; `progress` hears how many passages are done."""
        with self._lock:
            compact = EmbeddedEngine()
            compact.built_at, compact.saved_bytes = self.built_at, self.saved_bytes
            done = 0
            for code, part in self._partitions.items():
                part.notes.settle()
                if not part.notes.articles:
                    continue
                notes = part.notes.compacted()
                base = build_base(notes.chunks(), len(notes.vocabulary))
                compact._partitions[code] = Partition(notes, PostingsBM25(base), changed=part.changed)
                done += notes.docs
                progress(done)
            return compact

    def save(self, folder: Path, store_id: str) -> None:
        """Write a compacted engine as a new generation and make it the live one; a crash leaves the old one live."""
        folder.mkdir(parents=True, exist_ok=True)
        name = generations.next_name(folder)
        (folder / name).mkdir()
        try:
            self.write(folder / name, store_id)
            generations.make_live(folder, name)
        except BaseException:
            # What is half written takes room, and a full disk may be why.
            shutil.rmtree(folder / name, ignore_errors=True)
            raise
        for part in self._partitions.values():
            part.changed = 0

    def write(self, target: Path, store_id: str) -> None:
        """Write a compacted engine into an empty folder, and have all of it on the disk when this returns."""
        languages: dict[str, list[str]] = {}
        for code, part in self._partitions.items():
            place = target / code
            place.mkdir()
            part.notes.save(place)
            for array in _BASE:
                np.save(place / f"{array}.npy", getattr(part.ranker.base, array))
            languages[code] = part.notes.collections
        manifest = Manifest.of(target, store_id, self.built_at, languages)
        manifest.write(target)
        for path in [*target.rglob("*"), target]:
            sync(path)
        self.saved_bytes = manifest.size

    @classmethod
    def open(cls, folder: Path, store_id: str, *, verify: bool = False) -> "EmbeddedEngine | None":
        """Map the live generation; None when there is none, or it is damaged, or of another store or analysis.

        Args:
            verify: Read every file and compare its checksum, instead of its size only.
        """
        name = generations.live(folder)
        while name is not None:
            engine = cls.map(folder / name, store_id, verify=verify)
            if engine is not None or generations.live(folder) == name:
                return engine
            # Another process has saved meanwhile, and removed what was live.
            name = generations.live(folder)
        return None

    def is_damaged(self) -> bool:
        """Whether a file that this engine reads has changed; those that were removed stay as they are for readers."""
        for path, expected in self._files.items():
            try:
                if checksum(path) != expected:
                    return True
            except FileNotFoundError:
                continue
            except OSError:
                return True
        return False

    @classmethod
    def map(cls, source: Path, store_id: str, *, verify: bool = False) -> "EmbeddedEngine | None":
        """Map what `write` wrote; None when it is damaged, or of another store or analysis. See `open`."""
        try:
            manifest = Manifest.read(source)
            if manifest is None or manifest.store_id != store_id or not manifest.is_kept(source, verify=verify):
                return None
            engine = cls()
            engine.saved_bytes, engine.built_at = manifest.size, manifest.built_at
            engine._files = {source / path: expected for path, (_, expected) in manifest.files.items()}
            for code, collections in manifest.languages.items():
                notes = Annotations.open(source / code, code, collections)
                base = Base(*(mapped(source / code / f"{array}.npy") for array in _BASE))
                engine._partitions[code] = Partition(notes, PostingsBM25(base))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # Whatever stands in a damaged manifest: the store is the truth, and the index is built anew.
            return None
        return engine


def _docs_of(part: Partition | None, article: int) -> range:
    """The places of an article's passages in the annotations of a language; none when it is not there."""
    place = None if part is None else part.notes.articles.get(article)
    if part is None or place is None:
        return range(0)
    return range(part.notes.article_doc.at(place), part.notes.article_doc.at(place + 1))


def _noted(article: IndexedArticle) -> tuple[int, str, float, str, list[Text]]:
    """An article as annotations take it."""
    texts = [Text(text, start) for start, text in article.passages]
    return article.number, article.collection, article.newness, article.title, texts


class OneArticle:
    """An engine's passages of one article, ranked as in the whole: same terms, same idf, same annotations.

    It is an engine for the ranker; scopes are ignored, because who may see the article was decided before. Terms that
    the article does not hold count as unknown. Hold the engine's lock while it is used.
    """

    def __init__(self, engine: EmbeddedEngine, language: str, article: int) -> None:
        self._engine = engine
        self._language = language
        self._part = engine._partitions.get(language)
        self._allowed: NDArray[np.bool_] | None = None
        if self._part is not None and article in self._part.notes.articles:
            docs = _docs_of(self._part, article)
            self._allowed = np.zeros(self._part.ranker.docs_given, bool)
            self._allowed[docs.start : docs.stop] = True

    def languages(self, _scope: Scope) -> list[str]:
        """The article's language, when it is in the index."""
        return [] if self._allowed is None else [self._language]

    def corpus_size(self, language: str) -> int:
        """See `Engine.corpus_size`: of the whole, so that a rare word stays one."""
        return self._engine.corpus_size(language)

    def counts(self, _language: str, terms: Sequence[str], _scope: Scope) -> list[int]:
        """See `Engine.counts`."""
        if self._part is None or self._allowed is None:
            return [0] * len(terms)
        return self._engine._counts(self._part, terms, self._allowed)

    def search(self, _language: str, units: Sequence[Sequence[tuple[str, float]]], _scope: Scope, top_k: int) -> Hits:
        """See `Engine.search`."""
        if self._part is None or self._allowed is None:
            return Hits(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        return self._engine._search(self._part, units, self._allowed, top_k)

    def replace(self, _articles: Sequence[IndexedArticle], _removed: Collection[int]) -> None:
        """Nothing can be changed through this view."""
        raise NotImplementedError

    def annotations(self, language: str) -> Annotations:
        """See `EmbeddedEngine.annotations`."""
        return self._engine.annotations(language)

    def doc(self, language: str, article: int, ordinal: int) -> int:
        """See `EmbeddedEngine.doc`."""
        return self._engine.doc(language, article, ordinal)
