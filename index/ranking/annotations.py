"""What answering has to know of passages besides their scores: their words in order, sentences, titles and articles.

One object holds the passages of one language. They are numbered ("docs") in the same order as in the ranker beside it.
Words lie in a table of distinct words, and a passage is a row of numbers of that table, four bytes a word.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.sentences import sentence_spans
from index.analysis.words import Analyzer, Flag, Word
from index.ranking.columns import Array, Column, joined, mapped, ranges, starts
from index.ranking.forms import Forms, Reader
from index.ranking.vocabulary import Vocabulary

GRAM_LENGTH = 4
GRAM_BUCKETS = 1 << 18
"""Character 4-grams are known by a hash of 18 bits: no dictionary, and a chance hit in one sentence of a hundred."""

TITLE_WEIGHT = 2
"""How often the title's terms stand in each passage's terms."""

_NONE = -1
_GATHERED = 64
"""Articles that are appended at once when many are gathered: NumPy's calls cost little only for long arrays."""


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


@dataclass(slots=True)
class _Batch:
    """Articles that were read, until they are appended to the columns all at once.

    Attributes:
        codes: What the reader gave for all sentences, one after the other.
        sentence_at: How many codes come before each sentence.
        passage_end: How many codes come before the end of each passage.
        passage_sentences: How many sentences each passage has.
        title_codes: What the reader gave for all titles, and in `title_end` where each ends.
        article_passages: How many passages each article has.
    """

    codes: list[int] = field(default_factory=list)
    sentence_at: list[int] = field(default_factory=list)
    sentence_from: list[int] = field(default_factory=list)
    sentence_to: list[int] = field(default_factory=list)
    passage_end: list[int] = field(default_factory=list)
    passage_sentences: list[int] = field(default_factory=list)
    passage_from: list[int] = field(default_factory=list)
    passage_to: list[int] = field(default_factory=list)
    title_codes: list[int] = field(default_factory=list)
    title_end: list[int] = field(default_factory=list)
    article_number: list[int] = field(default_factory=list)
    article_collection: list[int] = field(default_factory=list)
    article_newness: list[float] = field(default_factory=list)
    article_passages: list[int] = field(default_factory=list)


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
        forms: Forms | None = None,
    ) -> None:
        self.code = code
        self.vocabulary = vocabulary if vocabulary is not None else Vocabulary()
        self.forms = forms if forms is not None else Forms()
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
        self._reader: Reader | None = None
        self._new_words = _NewWords()
        self._batch = _Batch()

    @property
    def docs(self) -> int:
        """Passages ever added since the last compaction."""
        return len(self.doc_article)

    # ---- writing

    def add(self, number: int, collection: str, newness: float, title: str, passages: Sequence[Text]) -> list[int]:
        """Append an article and return its docs. Analysis happens here."""
        self.settle()
        first = self.docs
        self.gather(number, collection, newness, title, passages)
        self.settle()
        self._count_grams(self.row_words.part(self.row_start.at(first), len(self.row_words)), 1)
        return list(range(first, self.docs))

    def gather(self, number: int, collection: str, newness: float, title: str, passages: Sequence[Text]) -> None:
        """Read an article for `settle` or `compacted`, which append what was gathered. Letter groups are not counted.

        When it raises, the passages are as they were.
        """
        if self._reader is None:
            # Made when something is added: an index that is only read does not need it.
            self._reader = Reader(Analyzer(self.code), self.forms, self._learn)
        read = self._reader.read
        batch = self._batch
        title_codes = read(title)
        codes: list[int] = []
        before = len(batch.codes)
        sentence_at: list[int] = []
        spans: list[tuple[int, int]] = []
        passage_end: list[int] = []
        sentences: list[int] = []
        for passage in passages:
            text = passage.text
            found = sentence_spans(text, self.code)
            for start, end in found:
                sentence_at.append(before + len(codes))
                codes += read(text[start:end])
            spans += found
            sentences.append(len(found))
            passage_end.append(before + len(codes))
        batch.codes += codes
        batch.sentence_at += sentence_at
        batch.sentence_from += [start for start, _ in spans]
        batch.sentence_to += [end for _, end in spans]
        batch.passage_end += passage_end
        batch.passage_sentences += sentences
        batch.passage_from += [passage.start for passage in passages]
        batch.passage_to += [passage.start + len(passage.text) for passage in passages]
        batch.title_codes += title_codes
        batch.title_end.append(len(batch.title_codes))
        batch.article_number.append(number)
        batch.article_collection.append(self._collection(collection))
        batch.article_newness.append(newness)
        batch.article_passages.append(len(passages))
        if len(batch.article_number) >= _GATHERED:
            self.settle()

    def settle(self) -> None:
        """Append what was gathered."""
        batch, new = self._batch, self._new_words
        self._batch, self._new_words = _Batch(), _NewWords()
        # Also those of an article that could not be read to its end: their forms are known from now on.
        self.word_term.extend(new.term)
        self.word_extra.extend(new.extra)
        self.word_surface.extend(np.array(new.surface, np.uint32))
        self.word_flags.extend(new.flags)
        self.grams.extend(new.grams)
        self.gram_start.extend(new.gram_end)
        if self._reader is None or not batch.article_number:
            return

        # In one call, after which codes are no longer good.
        codes = batch.title_codes + batch.codes
        every_word, words_before = self._reader.words(codes)
        titles = len(batch.title_codes)
        title_words = int(words_before[titles])
        before = words_before[titles:] - title_words
        row_end = before.take(np.array(batch.passage_end, np.int64))
        row_begin = np.concatenate([[0], row_end[:-1]]) if len(row_end) else row_end
        sentence_begin = before.take(np.array(batch.sentence_at, np.int64))
        sentences = np.array(batch.passage_sentences, np.int64)
        first_article, first_doc = len(self.article_number), self.docs
        passages = np.array(batch.article_passages, np.int64)
        self.row_start.extend(row_end + len(self.row_words))
        self.row_words.extend(every_word[title_words:])
        self.sentence_start.extend(np.cumsum(sentences) + len(self.sentence_word))
        self.sentence_word.extend(sentence_begin - np.repeat(row_begin, sentences))
        self.sentence_from.extend(batch.sentence_from)
        self.sentence_to.extend(batch.sentence_to)
        self.doc_article.extend(np.repeat(np.arange(first_article, first_article + len(passages)), passages))
        self.doc_from.extend(batch.passage_from)
        self.doc_to.extend(batch.passage_to)
        self.title_start.extend(words_before.take(np.array(batch.title_end, np.int64)) + len(self.title_words))
        self.title_words.extend(every_word[:title_words])
        self.article_number.extend(batch.article_number)
        self.article_collection.extend(batch.article_collection)
        self.article_newness.extend(batch.article_newness)
        self.article_doc.extend(np.cumsum(passages) + first_doc)
        self.articles.update((number, first_article + i) for i, number in enumerate(batch.article_number))

    def forget(self, number: int) -> list[int]:
        """Take an article out of the directory and return its docs; their rows stay until the next compaction."""
        article = self.articles.pop(number)
        first, last = self.article_doc.at(article), self.article_doc.at(article + 1)
        self._count_grams(self.row_words.part(self.row_start.at(first), self.row_start.at(last)), -1)
        return list(range(first, last))

    def _collection(self, name: str) -> int:
        known = self._collection_ids.get(name)
        if known is None:
            known = self._collection_ids[name] = len(self.collections)
            self.collections.append(name)
        return known

    def _learn(self, words: Sequence[Word]) -> range:
        new = self._new_words
        first = len(self.word_term) + len(new.term)
        for word in words:
            new.term.append(self.vocabulary.add(word.term))
            new.extra.append(_NONE if word.extra is None else self.vocabulary.add(word.extra))
            new.surface.append(surface_hash(word.surface))
            new.flags.append(word.flags)
            new.grams += gram_buckets(word.surface)
            new.gram_end.append(len(self.grams) + len(new.grams))
        return range(first, first + len(words))

    def _count_grams(self, words: NDArray[np.int32], sign: int) -> None:
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
        return self.terms_of(doc, doc + 1)[0]

    def terms_of(self, first: int, last: int) -> tuple[NDArray[np.int32], NDArray[np.int64], int]:
        """The terms of some passages in a row: terms, the place of each one's passage among them, and passages."""
        rows = self.row_start.part(first, last + 1).astype(np.int64)
        article = self.doc_article.part(first, last).astype(np.int64)
        title_start = self.title_start.take(article).astype(np.int64)
        title_length = self.title_start.take(article + 1) - title_start
        here = np.arange(last - first)
        words = self.row_words.part(int(rows[0]), int(rows[-1]))
        title = self.title_words.take(ranges(title_start, title_length))
        found = self._counted(words, here.repeat(np.diff(rows)))
        found += self._counted(title, here.repeat(title_length)) * TITLE_WEIGHT
        return np.concatenate([t for t, _ in found]), np.concatenate([doc for _, doc in found]), last - first

    def _counted(
        self, words: NDArray[np.int32], docs: NDArray[np.int64]
    ) -> list[tuple[NDArray[np.int32], NDArray[np.int64]]]:
        """The first and the further terms of words, without those of stop words, each with its word's passage."""
        informative = (self.word_flags.take(words) & np.uint8(Flag.STOP)) == 0
        words, docs = words.compress(informative), docs.compress(informative)
        extra = self.word_extra.take(words)
        held = extra != _NONE
        return [(self.word_term.take(words), docs), (extra.compress(held), docs.compress(held))]

    def chunks(self, size: int = 20_000) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64], int]]:
        """`terms_of` for all passages, some at a time, as `build_base` takes them."""
        for first in range(0, self.docs, size):
            yield self.terms_of(first, min(first + size, self.docs))

    # ---- compaction and files

    def compacted(self, progress: Callable[[int], None] = lambda _: None) -> "Annotations":
        """The same passages without removed ones and unused words, by (collection, article), with no tail."""
        self.settle()
        alive = np.array(sorted(self.articles.values()), np.int64)
        numbers, collections = self.article_number.take(alive), self.article_collection.take(alive)
        order = alive[np.lexsort((numbers, collections))]
        first_doc = self.article_doc.take(order).astype(np.int64)
        passages = self.article_doc.take(order + 1) - first_doc
        docs = ranges(first_doc, passages)
        row_start, sentence_start = self.row_start.all(), self.sentence_start.all()
        title_from = self.title_start.take(order).astype(np.int64)
        title_length = self.title_start.take(order + 1) - title_from
        runs = _runs(docs)
        words = joined((self.row_words.part(int(row_start[a]), int(row_start[b])) for a, b in runs), np.int32)
        title_words = self.title_words.take(ranges(title_from, title_length))
        progress(len(docs) // 2)
        used = np.zeros(len(self.word_term), bool)
        used[words] = True
        used[title_words] = True
        kept_words = used.nonzero()[0]
        renumbered = np.full(len(used), _NONE, np.int32)
        renumbered[kept_words] = np.arange(len(kept_words), dtype=np.int32)
        term = self.word_term.take(kept_words)
        extra = self.word_extra.take(kept_words)
        kept_terms = np.unique(np.concatenate([term, extra[extra != _NONE]]))
        vocabulary, new_ids = self.vocabulary.compacted(kept_terms.tolist())
        new_id = np.full(max(len(self.vocabulary), 1) + 1, _NONE, np.int32)
        new_id[kept_terms] = new_ids
        gram_from = self.gram_start.take(kept_words).astype(np.int64)
        gram_length = self.gram_start.take(kept_words + 1).astype(np.int64) - gram_from
        arrays: dict[str, Array] = {
            "word_term": new_id[term],
            "word_extra": new_id[extra],
            "word_surface": self.word_surface.take(kept_words),
            "word_flags": self.word_flags.take(kept_words),
            "gram_start": starts(gram_length, np.int32),
            "grams": self.grams.take(ranges(gram_from, gram_length)),
            "row_start": starts(np.diff(row_start).take(docs), np.int64),
            "row_words": renumbered.take(words),
            "sentence_start": starts(np.diff(sentence_start).take(docs), np.int32),
            "doc_article": np.repeat(np.arange(len(order), dtype=np.int32), passages),
            "doc_from": self.doc_from.take(docs),
            "doc_to": self.doc_to.take(docs),
            "article_number": self.article_number.take(order),
            "article_collection": self.article_collection.take(order),
            "article_newness": self.article_newness.take(order),
            "article_doc": starts(passages, np.int32),
            "title_start": starts(title_length, np.int32),
            "title_words": renumbered.take(title_words),
        }
        for name in ("sentence_word", "sentence_from", "sentence_to"):
            column: Column = getattr(self, name)
            parts = (column.part(int(sentence_start[a]), int(sentence_start[b])) for a, b in runs)
            arrays[name] = joined(parts, np.uint16)
        forms = self.forms.compacted(renumbered.tolist())
        compacted = Annotations(self.code, vocabulary, arrays, self.collections, forms)
        compacted.gram_counts[:] = 0
        counted = np.bincount(arrays["row_words"], minlength=len(kept_words))
        weights = np.repeat(counted, gram_length)
        np.add.at(compacted.gram_counts, arrays["grams"], weights)
        progress(len(docs))
        return compacted

    def save(self, folder: Path) -> None:
        """Write every array and the vocabulary; only a compacted object can be saved."""
        self.vocabulary.save(folder)
        self.forms.save(folder)
        for name in _COLUMNS:
            np.save(folder / f"{name}.npy", getattr(self, name).all())
        np.save(folder / "gram_counts.npy", self.gram_counts.astype(np.int32))

    @classmethod
    def open(cls, folder: Path, code: str, collections: Sequence[str]) -> "Annotations":
        """Map what `save` wrote."""
        arrays = {name: mapped(folder / f"{name}.npy") for name in (*_COLUMNS, "gram_counts")}
        return cls(code, Vocabulary.open(folder), arrays, collections, Forms.open(folder))


def _runs(docs: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The half-open ranges of docs that follow each other: mostly one for each collection."""
    if not len(docs):
        return []
    breaks = (np.diff(docs) != 1).nonzero()[0]
    begins = docs[np.concatenate([[0], breaks + 1])]
    ends = docs[np.concatenate([breaks, [len(docs) - 1]])] + 1
    return list(zip(begins.tolist(), ends.tolist(), strict=True))
