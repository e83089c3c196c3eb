"""What answering has to know of passages besides their scores: their words in order, sentences, titles and articles.

One object holds the passages of one language. They are numbered ("docs") in the same order as in the ranker beside it.
Words lie in a table of distinct words, and a passage is a row of numbers of that table, four bytes a word.
"""

import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.sentences import sentence_spans
from index.analysis.words import Analyzer, Flag
from index.ranking.vocabulary import Vocabulary

GRAM_LENGTH = 4
GRAM_BUCKETS = 1 << 18
"""Character 4-grams are known by a hash of 18 bits: no dictionary, and a chance hit in one sentence of a hundred."""

TITLE_WEIGHT = 2
"""How often the title's terms stand in each passage's terms."""

_NONE = -1
Array = NDArray[Any]
"""Columns hold integers of several widths; which, says the table of columns below."""


class Column:
    """An array in two parts: a base, perhaps mapped from a file, and a tail that grows."""

    __slots__ = ("_size", "_tail", "base")

    def __init__(self, base: Array) -> None:
        self.base = base
        self._tail: Array = np.empty(64, base.dtype)
        self._size = 0

    def __len__(self) -> int:
        return len(self.base) + self._size

    def extend(self, values: Array | Sequence[int] | Sequence[float]) -> None:
        """Append values."""
        need = self._size + len(values)
        if need > len(self._tail):
            bigger = np.empty(max(need, len(self._tail) * 3 // 2), self._tail.dtype)
            bigger[: self._size] = self._tail[: self._size]
            self._tail = bigger
        self._tail[self._size : need] = values
        self._size = need

    def take(self, at: NDArray[np.integer]) -> Array:
        """The values at some places."""
        edge = len(self.base)
        if not self._size:
            return self.base.take(at)
        if not edge:
            return self._tail.take(at)
        found = self.base.take(at, mode="clip")
        later = at >= edge
        if later.any():
            found[later] = self._tail.take(at[later] - edge)
        return found

    def part(self, start: int, end: int) -> Array:
        """The values from start up to end; a view where it lies in one part."""
        edge = len(self.base)
        if end <= edge:
            return self.base[start:end]
        if start >= edge:
            return self._tail[start - edge : end - edge]
        return np.concatenate([self.base[start:], self._tail[: end - edge]])

    def at(self, place: int) -> int:
        """One value."""
        edge = len(self.base)
        return int(self.base[place]) if place < edge else int(self._tail[place - edge])

    def all(self) -> Array:
        """Every value."""
        return self.part(0, len(self))


@dataclass(frozen=True, slots=True)
class Text:
    """A passage as it is indexed: its text and its place in the article's."""

    text: str
    start: int


@dataclass(slots=True)
class _NewWords:
    """Words met for the first time in an article, until they are appended to the columns all at once."""

    term: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    surface: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    grams: list[int] = field(default_factory=list)
    gram_end: list[int] = field(default_factory=list)


def gram_buckets(surface: str) -> list[int]:
    """The buckets of the character 4-grams of `^surface$`, each once, in no order."""
    framed = f"^{surface}$"
    count = max(1, len(framed) - GRAM_LENGTH + 1)
    if framed.isascii():
        # One encoding for all of them; the bytes are the same.
        data = framed.encode()
        return list({zlib.crc32(data[i : i + GRAM_LENGTH]) % GRAM_BUCKETS for i in range(count)})
    grams = (framed[i : i + GRAM_LENGTH].encode("utf-8", "replace") for i in range(count))
    return list({zlib.crc32(gram) % GRAM_BUCKETS for gram in grams})


def surface_hash(surface: str) -> int:
    """What exact matching compares: 32 bits of the casefolded word."""
    return zlib.crc32(surface.encode("utf-8", "replace"))


_COLUMNS: dict[str, type[np.generic]] = {
    "word_term": np.int32,
    "word_extra": np.int32,
    "word_surface": np.uint32,
    "word_flags": np.uint8,
    "gram_start": np.int32,
    "grams": np.int32,
    "row_start": np.int64,
    "row_words": np.int32,
    "sentence_start": np.int32,
    "sentence_word": np.uint16,
    "sentence_from": np.uint16,
    "sentence_to": np.uint16,
    "doc_article": np.int32,
    "doc_from": np.int32,
    "doc_to": np.int32,
    "article_number": np.int64,
    "article_collection": np.int32,
    "article_newness": np.float64,
    "article_doc": np.int32,
    "title_start": np.int32,
    "title_words": np.int32,
}


class Annotations:
    """The passages of one language. Not safe for several threads while something is added."""

    def __init__(
        self,
        code: str,
        vocabulary: Vocabulary | None = None,
        arrays: "dict[str, Array] | None" = None,
        collections: Sequence[str] = (),
    ) -> None:
        self.code = code
        self.vocabulary = vocabulary if vocabulary is not None else Vocabulary()
        known = arrays or {}

        def column(name: str, first: int | None = None) -> Column:
            base = known.get(name)
            if base is None:
                base = np.array([] if first is None else [first], _COLUMNS[name])
            return Column(base)

        self.word_term = column("word_term")
        self.word_extra = column("word_extra")
        self.word_surface = column("word_surface")
        self.word_flags = column("word_flags")
        self.gram_start = column("gram_start", 0)
        self.grams = column("grams")
        self.row_start = column("row_start", 0)
        self.row_words = column("row_words")
        self.sentence_start = column("sentence_start", 0)
        self.sentence_word = column("sentence_word")
        self.sentence_from = column("sentence_from")
        self.sentence_to = column("sentence_to")
        self.doc_article = column("doc_article")
        self.doc_from = column("doc_from")
        self.doc_to = column("doc_to")
        self.article_number = column("article_number")
        self.article_collection = column("article_collection")
        self.article_newness = column("article_newness")
        self.article_doc = column("article_doc", 0)
        self.title_start = column("title_start", 0)
        self.title_words = column("title_words")
        counts = known.get("gram_counts")
        # Mapped until it changes: 1 MB of memory for each language otherwise, of which a question reads a few numbers.
        self.gram_counts: NDArray[np.integer[Any]] = np.zeros(GRAM_BUCKETS, np.int64) if counts is None else counts
        self.collections = list(collections)
        self._collection_ids = {name: i for i, name in enumerate(self.collections)}
        self.articles = {int(n): i for i, n in enumerate(self.article_number.all().tolist())}
        self._analyzer: Analyzer | None = None
        self._forms: dict[str, int] = {}
        self._joined: list[tuple[int, ...]] = []
        self._new_words = _NewWords()

    @property
    def docs(self) -> int:
        """Passages ever added since the last compaction."""
        return len(self.doc_article)

    # ---- writing

    def add(self, number: int, collection: str, newness: float, title: str, passages: Sequence[Text]) -> list[int]:
        """Append an article and return its docs. Analysis happens here."""
        article = len(self.article_number)
        first = self.docs
        title_words = self._words(unicodedata.normalize("NFKC", title))
        words: list[int] = []
        row_ends: list[int] = []
        sentence_words: list[int] = []
        spans: list[tuple[int, int]] = []
        sentence_ends: list[int] = []
        row_base, sentence_base = len(self.row_words), len(self.sentence_word)
        for passage in passages:
            begun = len(words)
            text = passage.text
            for start, end in sentence_spans(text, self.code):
                sentence_words.append(len(words) - begun)
                spans.append((start, end))
                sentence = text[start:end]
                words += self._words(sentence if sentence.isascii() else unicodedata.normalize("NFKC", sentence))
            row_ends.append(row_base + len(words))
            sentence_ends.append(sentence_base + len(sentence_words))
        self._keep_new_words()
        self.row_words.extend(words)
        self.row_start.extend(row_ends)
        self.sentence_start.extend(sentence_ends)
        self.sentence_word.extend(sentence_words)
        self.sentence_from.extend([start for start, _ in spans])
        self.sentence_to.extend([end for _, end in spans])
        self.doc_article.extend([article] * len(passages))
        self.doc_from.extend([passage.start for passage in passages])
        self.doc_to.extend([passage.start + len(passage.text) for passage in passages])
        self.title_words.extend(title_words)
        self.title_start.extend([len(self.title_words)])
        self.article_number.extend([number])
        self.article_collection.extend([self._collection(collection)])
        self.article_newness.extend([newness])
        self.article_doc.extend([self.docs])
        self.articles[number] = article
        self._count_grams(np.array(words, np.int64), 1)
        return list(range(first, self.docs))

    def forget(self, number: int) -> list[int]:
        """Take an article out of the directory and return its docs; their rows stay until the next compaction."""
        article = self.articles.pop(number)
        docs = list(range(self.article_doc.at(article), self.article_doc.at(article + 1)))
        for doc in docs:
            self._count_grams(self.row(doc).astype(np.int64), -1)
        return docs

    @property
    def _analysis(self) -> Analyzer:
        # Made when something is added: an index that is only read does not need it.
        if self._analyzer is None:
            self._analyzer = Analyzer(self.code)
        return self._analyzer

    def _collection(self, name: str) -> int:
        known = self._collection_ids.get(name)
        if known is None:
            known = self._collection_ids[name] = len(self.collections)
            self.collections.append(name)
        return known

    def _words(self, text: str) -> list[int]:
        forms = self._forms
        try:
            found = [forms[form] for form in self._analysis.forms(text)]
        except KeyError:
            found = [forms[form] if form in forms else self._learn(form) for form in self._analysis.forms(text)]
        if found and min(found) < 0:
            return [word for one in found for word in ((one,) if one >= 0 else self._joined[-one - 1])]
        return found

    def _learn(self, form: str) -> int:
        numbers: list[int] = []
        new = self._new_words
        for word in self._analysis.words(form):
            numbers.append(len(self.word_term) + len(new.term))
            new.term.append(self.vocabulary.add(word.term))
            new.extra.append(_NONE if word.extra is None else self.vocabulary.add(word.extra))
            new.surface.append(surface_hash(word.surface))
            new.flags.append(word.flags)
            new.grams += gram_buckets(word.surface)
            new.gram_end.append(len(self.grams) + len(new.grams))
        if len(numbers) == 1:
            self._forms[form] = numbers[0]
        else:
            self._joined.append(tuple(numbers))
            self._forms[form] = -len(self._joined)
        return self._forms[form]

    def _keep_new_words(self) -> None:
        new, self._new_words = self._new_words, _NewWords()
        self.word_term.extend(new.term)
        self.word_extra.extend(new.extra)
        self.word_surface.extend(np.array(new.surface, np.uint32))
        self.word_flags.extend(new.flags)
        self.grams.extend(new.grams)
        self.gram_start.extend(new.gram_end)

    def _count_grams(self, words: NDArray[np.int64], sign: int) -> None:
        if not len(words):
            return
        start = self.gram_start.take(words).astype(np.int64)
        length = self.gram_start.take(words + 1).astype(np.int64) - start
        if not self.gram_counts.flags.writeable:
            self.gram_counts = self.gram_counts.astype(np.int64)
        np.add.at(self.gram_counts, self.grams.take(ranges(start, length)), sign)

    # ---- reading

    def collection_id(self, name: str) -> int | None:
        """The number that stands for a collection here, or None when none of its articles is in this language."""
        return self._collection_ids.get(name)

    def row(self, doc: int) -> NDArray[np.int32]:
        """The words of a passage."""
        return self.row_words.part(self.row_start.at(doc), self.row_start.at(doc + 1))

    def title(self, article: int) -> NDArray[np.int32]:
        """The words of an article's title."""
        return self.title_words.part(self.title_start.at(article), self.title_start.at(article + 1))

    def sentences(self, doc: int) -> list[tuple[int, int]]:
        """Where the passage's sentences begin and end, in characters of the passage."""
        start, end = self.sentence_start.at(doc), self.sentence_start.at(doc + 1)
        return list(
            zip(self.sentence_from.part(start, end).tolist(), self.sentence_to.part(start, end).tolist(), strict=True)
        )

    def terms(self, doc: int) -> NDArray[np.int32]:
        """Every term of a passage as the ranker counts them: its words without stop words, and its title's twice."""
        title = self._terms_of(self.title(self.doc_article.at(doc)))
        return np.concatenate([self._terms_of(self.row(doc)), *[title] * TITLE_WEIGHT])

    def _terms_of(self, words: NDArray[np.int32]) -> NDArray[np.int32]:
        words = words[(self.word_flags.take(words).astype(np.int64) & int(Flag.STOP)) == 0]
        extra = self.word_extra.take(words).astype(np.int32)
        return np.concatenate([self.word_term.take(words).astype(np.int32), extra[extra != _NONE]])

    def chunks(self, size: int = 20_000) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64], int]]:
        """The terms of all passages for `bm25.build_base`: (terms, passage within the chunk, passages)."""
        flags = self.word_flags.all().astype(np.int64)
        term = np.where((flags & int(Flag.STOP)) == 0, self.word_term.all().astype(np.int32), _NONE)
        extra = np.where((flags & int(Flag.STOP)) == 0, self.word_extra.all().astype(np.int32), _NONE)
        row_start = self.row_start.all().astype(np.int64)
        title_start = self.title_start.all().astype(np.int64)
        article = self.doc_article.all().astype(np.int64)
        titles = self.title_words.all().astype(np.int64)
        for first in range(0, self.docs, size):
            last = min(first + size, self.docs)
            words = self.row_words.part(int(row_start[first]), int(row_start[last])).astype(np.int64)
            doc = np.repeat(np.arange(last - first), np.diff(row_start[first : last + 1]))
            start = title_start[article[first:last]]
            length = title_start[article[first:last] + 1] - start
            title = titles.take(ranges(start, length))
            title_doc = np.repeat(np.arange(last - first), length)
            found = [(term.take(words), doc), (extra.take(words), doc)]
            found += [(column.take(title), title_doc) for column in (term, extra)] * TITLE_WEIGHT
            terms = np.concatenate([t for t, _ in found])
            docs = np.concatenate([d for _, d in found])
            held = terms != _NONE
            yield terms.compress(held), docs.compress(held), last - first

    # ---- compaction and files

    def compacted(self, progress: Callable[[int], None] = lambda _: None) -> "Annotations":
        """The same passages without removed ones and unused words, by (collection, article), with no tail."""
        order = sorted(self.articles.values(), key=lambda a: (self.article_collection.at(a), self.article_number.at(a)))
        docs = [doc for a in order for doc in range(self.article_doc.at(a), self.article_doc.at(a + 1))]
        rows = [self.row(doc) for doc in docs]
        titles = [self.title(a) for a in order]
        words = _joined(rows, np.int32)
        title_words = _joined(titles, np.int32)
        progress(len(docs) // 2)
        used = np.zeros(len(self.word_term), bool)
        used[words] = True
        used[title_words] = True
        kept_words = used.nonzero()[0]
        renumbered = np.zeros(len(used), np.int32)
        renumbered[kept_words] = np.arange(len(kept_words), dtype=np.int32)
        term = self.word_term.take(kept_words)
        extra = self.word_extra.take(kept_words)
        kept_terms = np.unique(np.concatenate([term, extra[extra != _NONE]]))
        vocabulary, new_ids = self.vocabulary.compacted(kept_terms.tolist())
        new_id = np.full(max(len(self.vocabulary), 1) + 1, _NONE, np.int32)
        new_id[kept_terms] = new_ids
        gram_from = self.gram_start.take(kept_words).astype(np.int64)
        gram_length = self.gram_start.take(kept_words + 1).astype(np.int64) - gram_from
        spans = [slice(self.sentence_start.at(doc), self.sentence_start.at(doc + 1)) for doc in docs]
        doc_array = np.array(docs, np.int64)
        order_array = np.array(order, np.int64)
        arrays: dict[str, Array] = {
            "word_term": new_id[term],
            "word_extra": new_id[extra],
            "word_surface": self.word_surface.take(kept_words),
            "word_flags": self.word_flags.take(kept_words),
            "gram_start": _starts(gram_length, np.int32),
            "grams": self.grams.take(ranges(gram_from, gram_length)),
            "row_start": _starts([len(row) for row in rows], np.int64),
            "row_words": renumbered[words],
            "sentence_start": _starts([s.stop - s.start for s in spans], np.int32),
            "doc_article": np.repeat(
                np.arange(len(order), dtype=np.int32),
                [self.article_doc.at(a + 1) - self.article_doc.at(a) for a in order],
            ),
            "doc_from": self.doc_from.take(doc_array),
            "doc_to": self.doc_to.take(doc_array),
            "article_number": self.article_number.take(order_array),
            "article_collection": self.article_collection.take(order_array),
            "article_newness": self.article_newness.take(order_array),
            "article_doc": _starts([self.article_doc.at(a + 1) - self.article_doc.at(a) for a in order], np.int32),
            "title_start": _starts([len(title) for title in titles], np.int32),
            "title_words": renumbered[title_words],
        }
        for name in ("sentence_word", "sentence_from", "sentence_to"):
            column: Column = getattr(self, name)
            arrays[name] = _joined([column.part(s.start, s.stop) for s in spans], np.uint16)
        compacted = Annotations(self.code, vocabulary, arrays, self.collections)
        compacted.gram_counts[:] = 0
        counted = np.bincount(arrays["row_words"].astype(np.int64), minlength=len(kept_words))
        weights = np.repeat(counted, gram_length)
        np.add.at(compacted.gram_counts, arrays["grams"], weights)
        progress(len(docs))
        return compacted

    def save(self, folder: Path) -> None:
        """Write every array and the vocabulary; only a compacted object can be saved."""
        self.vocabulary.save(folder)
        for name in _COLUMNS:
            np.save(folder / f"{name}.npy", getattr(self, name).all())
        np.save(folder / "gram_counts.npy", self.gram_counts.astype(np.int32))

    @classmethod
    def open(cls, folder: Path, code: str, collections: Sequence[str]) -> "Annotations":
        """Map what `save` wrote."""
        arrays = {name: mapped(folder / f"{name}.npy") for name in (*_COLUMNS, "gram_counts")}
        return cls(code, Vocabulary.open(folder), arrays, collections)


def mapped(path: Path) -> Array:
    """An array mapped from its file, as a plain ndarray: numpy's memmap class is slow at every slice."""
    array = np.load(path, mmap_mode="r" if path.stat().st_size > 4096 else None)
    plain: Array = array.view(np.ndarray)
    return plain


def ranges(start: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.int64]:
    """start[i], start[i]+1, ... start[i]+length[i]-1 for each i, one after the other."""
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(start - (ends - length), length) + np.arange(total)


def _starts(lengths: "Sequence[int] | NDArray[np.int64]", kind: type[np.generic]) -> Array:
    starts = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts.astype(kind)


def _joined(parts: Sequence[Array], kind: type[np.generic]) -> Array:
    return np.concatenate(parts) if parts else np.zeros(0, kind)
