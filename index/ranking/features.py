"""What tells a passage that answers from one that merely shares words, in numbers, for a few dozen passages at once.

All coverages are shares of the question's total idf, so they can be compared between libraries and languages. Names and
meaning of each feature: docs/answers.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.analysis.words import Flag
from index.ranking.annotations import Annotations, gram_buckets, surface_hash
from index.ranking.columns import Array, Column, ranges
from index.ranking.query import Expected, Query

SENTENCE_FEATURES = (
    "matched", "title", "before", "after", "elsewhere", "exact", "ordered", "opening", "in_both", "typed", "typed_date",
    "typed_near", "number_missing", "surface", "first_short", "position", "grams", "grams_title",
)  # fmt: skip
PASSAGE_FEATURES = (
    "score_relative", "score", "neighbour", "article", "title_asked", "article_coverage", "capital_missing",
    "number_missing", "grams", "grams_title", "best_sentence", "adjacent", "together",
)  # fmt: skip
CONFIDENCE_FEATURES = (
    "coverage", "matched", "sentence_coverage", "grams", "adjacent", "capital_missing", "unknown", "rarity", "margin",
    "terms", "score",
)  # fmt: skip

_STOP = int(Flag.STOP)
_NEAR = 15
"""How many words on each side of a word of the expected kind are looked at."""

_OPENING = 4
"""How many words count as a sentence's beginning."""

_ORDERED_WITHIN = 3
"""How far apart two words of the question may stand to count as in order."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The first stage's view of the candidates, one value each, in the order of the docs."""

    score: NDArray[np.float64]
    neighbour: NDArray[np.float64]
    article: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """Features of K passages and their R sentences.

    Attributes:
        sentences: float [R, len(SENTENCE_FEATURES)].
        sentence_coverage: float [R], idf share matched in the sentence or the title.
        first: int [K], the row of each passage's first sentence.
        owner: int [R], the passage of each row.
        passages: float [K, len(PASSAGE_FEATURES)], `best_sentence` still 0.
        coverage: float [K], idf share matched in the passage or its title.
        matched: bool [K, units].
    """

    sentences: NDArray[np.float64]
    sentence_coverage: NDArray[np.float64]
    first: NDArray[np.int64]
    owner: NDArray[np.int64]
    passages: NDArray[np.float64]
    coverage: NDArray[np.float64]
    matched: NDArray[np.bool_]


class Scratch:
    """Tables by word and by gram that a question fills and empties again; one per language and thread."""

    def __init__(self) -> None:
        self.unit = np.zeros(0, np.int16)
        self.weight = np.zeros(0, np.float32)
        self.raw = np.zeros(0, np.int16)
        self.gram = np.zeros(1 << 18, np.int16)

    def fit(self, terms: int) -> None:
        """Make room for that many terms."""
        if terms > len(self.unit):
            self.unit = np.full(terms * 9 // 8 + 64, -1, np.int16)
            self.weight = np.zeros(len(self.unit), np.float32)
            self.raw = np.full(len(self.unit), -1, np.int16)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked for.

    Attributes:
        weights: float [U], the idf of each unit; `total` is their sum, above 0.
        capitals: float [U], the weights of units with a capital, 0 for others; `numbers` those of numbers.
        raw_ids: The term id of each word of the question, stop words included; None for one that no passage holds.
        gram_weights: float [G], the idf of each of the question's grams, as shares of their sum.
    """

    query: Query
    weights: NDArray[np.float64]
    total: float
    capitals: NDArray[np.float64]
    numbers: NDArray[np.float64]
    raw_ids: Sequence[int | None]
    gram_weights: NDArray[np.float64]

    def share(self, held: NDArray[np.float64]) -> NDArray[np.float64]:
        """The idf share of what is held [rows, U], in 0..1."""
        share: NDArray[np.float64] = held @ self.weights / self.total
        return share


@dataclass(frozen=True, slots=True)
class _Rows:
    """The words of K passages one after the other, and which of them are words of the question.

    Attributes:
        words: int [W], as numbered by the annotations; `terms` are their term ids.
        unit_of: int [W], the unit that each stands for; -1 for none.
        sentence_of: int [W], the sentence of each, of R.
        hits: int [H], places of words that stand for a unit; `hit_units` are these units, `hit_weights` float [H] how
            well each stands for it.
        begins: int [R], the place of each sentence's first word.
        owner: int [R], the passage of each sentence.
        first: int [K], the first sentence of each passage; `sizes` is how many each has.
    """

    words: NDArray[np.int32]
    terms: NDArray[np.int32]
    unit_of: NDArray[np.int16]
    sentence_of: NDArray[np.int64]
    hits: NDArray[np.int64]
    hit_units: NDArray[np.int64]
    hit_weights: NDArray[np.float32]
    begins: NDArray[np.int64]
    owner: NDArray[np.int64]
    first: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @property
    def sentences(self) -> int:
        """R."""
        return len(self.owner)

    def in_sentences(self, some: NDArray[np.integer] | NDArray[np.bool_], units: int) -> NDArray[np.float64]:
        """Which units some of the hits stand for in each sentence, as 0 and 1 [R, units]."""
        table = np.zeros(self.sentences * units)
        table[self.sentence_of[self.hits[some]] * units + self.hit_units[some]] = 1
        return table.reshape(self.sentences, units)


@dataclass(frozen=True, slots=True)
class _Titles:
    """The titles of the articles of K passages.

    Attributes:
        words: int [T], the words of all titles; `owner` is the passage of each.
        held: float [K, U], how well each unit is held.
        asked: float [K], the share of the title's words that are asked about.
        articles: int [K], the article of each passage.
    """

    words: NDArray[np.int32]
    owner: NDArray[np.int64]
    held: NDArray[np.float64]
    asked: NDArray[np.float64]
    articles: NDArray[np.int64]


def compute(notes: Annotations, docs: Sequence[int], query: Query, stage: Stage, scratch: Scratch, k1: float) -> Table:
    """Compute the features of some passages of one language.

    Args:
        docs: K >= 1 docs of `notes`.
        stage: Scores of the same docs.
    """
    scratch.fit(len(notes.vocabulary) + 1)
    weights = np.array([unit.weight for unit in query.units])
    term_ids: list[int] = []
    for place, unit in enumerate(query.units):
        for term, weight in unit.terms:
            number = notes.vocabulary.get(term)
            if number is not None and weight > scratch.weight[number]:
                scratch.unit[number], scratch.weight[number] = place, weight
                term_ids.append(number)
    raw_ids = [notes.vocabulary.get(word.term) for word in query.words]
    for place, number in enumerate(raw_ids):
        if number is not None and scratch.raw[number] < 0:
            scratch.raw[number] = place
    content = [word for word in query.words if not word.flags & _STOP] or list(query.words)
    buckets = sorted({bucket for word in content for bucket in gram_buckets(word.surface)})
    gram_counts = np.minimum(notes.gram_counts[buckets], query.corpus_size).clip(0)
    gram_weights = np.log(1 + (query.corpus_size - gram_counts + 0.5) / (gram_counts + 0.5))
    gram_weights /= max(float(gram_weights.sum()), 1e-9)
    scratch.gram[buckets] = np.arange(1, len(buckets) + 1)
    capitals = weights * np.array([unit.is_capital for unit in query.units])
    numbers = weights * np.array([unit.is_number for unit in query.units])
    asked = _Asked(query, weights, max(float(weights.sum()), 1e-9), capitals, numbers, raw_ids, gram_weights)
    try:
        return _table(notes, np.array(docs, np.int64), asked, stage, scratch, k1)
    finally:
        scratch.unit[term_ids] = -1
        scratch.weight[term_ids] = 0
        scratch.raw[[number for number in raw_ids if number is not None]] = -1
        scratch.gram[buckets] = 0


def _table(
    notes: Annotations, docs: NDArray[np.int64], asked: _Asked, stage: Stage, scratch: Scratch, k1: float
) -> Table:
    units = len(asked.weights)
    rows = _rows(notes, docs, scratch)
    titles = _titles(notes, docs, scratch, units)
    cells = np.zeros(rows.sentences * units)
    np.maximum.at(cells, rows.sentence_of[rows.hits] * units + rows.hit_units, rows.hit_weights)
    inside = cells.reshape(rows.sentences, units)
    in_passage = np.maximum.reduceat(inside, rows.first, axis=0)
    in_any = np.maximum(in_passage, titles.held)
    in_title = titles.held[rows.owner]
    known = np.maximum(inside, in_title)
    after = np.zeros_like(inside)
    after[:-1] = inside[1:]
    after[rows.first[1:] - 1] = 0
    adjacent = _adjacent(asked, rows, scratch)
    gram_in, gram_passage, gram_title = _grams(notes, scratch, rows, titles, len(asked.gram_weights))

    surfaces = np.array(sorted({surface_hash(word.surface) for word in asked.query.words}), np.uint32)
    hit_surfaces = notes.word_surface.take(rows.words[rows.hits])
    # Not np.isin, which costs ten times as much for arrays of this size.
    exactly = surfaces.take(surfaces.searchsorted(hit_surfaces), mode="clip") == hit_surfaces
    early = rows.hits - rows.begins[rows.sentence_of[rows.hits]] < _OPENING
    sentences = {
        **_held(asked, rows, inside, in_title, in_passage[rows.owner], after),
        **_typed(notes, asked, rows),
        "surface": asked.share(rows.in_sentences(exactly, units)),
        "opening": asked.share(rows.in_sentences(early, units)),
        "ordered": _ordered(asked, rows),
        "exact": adjacent,
        "grams": gram_in @ asked.gram_weights,
        "grams_title": (gram_title[rows.owner] * (1 - gram_in)) @ asked.gram_weights,
        "position": (np.arange(rows.sentences) - rows.first[rows.owner]) / np.maximum(rows.sizes[rows.owner], 1),
    }
    if units <= 2:
        sentences["first_short"] = np.bincount(rows.first, minlength=rows.sentences).astype(np.float64)

    same_article = titles.articles[:, None] == titles.articles
    in_article = np.where(same_article[:, :, None], in_any, 0).max(1)
    scale = asked.total * (k1 + 1)
    both = (np.maximum(known, after) > 0).sum(1) / max(units, 1)
    passages = {
        "score": stage.score / scale,
        "neighbour": stage.neighbour / scale,
        "article": stage.article / scale,
        "title_asked": titles.asked,
        "article_coverage": asked.share(in_article),
        "capital_missing": (1 - in_any) @ asked.capitals / asked.total,
        "number_missing": (1 - in_any) @ asked.numbers / asked.total,
        "grams": gram_passage @ asked.gram_weights,
        "grams_title": (gram_title * (1 - gram_passage)) @ asked.gram_weights,
        "adjacent": np.maximum.reduceat(adjacent, rows.first),
        "together": np.maximum.reduceat(both, rows.first),
    }
    return Table(
        _columns(SENTENCE_FEATURES, sentences, rows.sentences),
        asked.share(known),
        rows.first,
        rows.owner,
        _columns(PASSAGE_FEATURES, passages, len(docs)),
        asked.share(in_any),
        in_any > 0,
    )


def _columns(names: Sequence[str], values: Mapping[str, NDArray[np.float64]], rows: int) -> NDArray[np.float64]:
    """Features in the order of their names; those without values are 0."""
    table = np.zeros((rows, len(names)))
    for column, name in enumerate(names):
        if name in values:
            table[:, column] = values[name]
    return table


def _rows(notes: Annotations, docs: NDArray[np.int64], scratch: Scratch) -> _Rows:
    words, row_lengths = _gathered(notes.row_start, notes.row_words, docs)
    row_begin = np.cumsum(row_lengths) - row_lengths
    sentence_begins, sizes = _gathered(notes.sentence_start, notes.sentence_word, docs)
    owner = np.repeat(np.arange(len(docs)), sizes)
    begins = sentence_begins.astype(np.int64) + row_begin[owner]
    terms = notes.word_term.take(words)
    unit_of, hits, weights = _units(notes, words, scratch)
    return _Rows(
        words=words,
        terms=terms,
        unit_of=unit_of,
        sentence_of=np.repeat(np.arange(len(owner)), _steps(begins, len(words))),
        hits=hits,
        hit_units=unit_of[hits].astype(np.int64),
        hit_weights=weights,
        begins=begins,
        owner=owner,
        first=np.cumsum(sizes) - sizes,
        sizes=sizes,
    )


def _steps(begins: NDArray[np.int64], end: int) -> NDArray[np.int64]:
    """How far each place is from the next one; `np.diff` with `append` takes three times as long."""
    steps = np.empty_like(begins)
    np.subtract(begins[1:], begins[:-1], out=steps[:-1])
    steps[-1:] = end - begins[-1:]
    return steps


def _units(
    notes: Annotations, words: NDArray[np.int32], scratch: Scratch
) -> tuple[NDArray[np.int16], NDArray[np.int64], NDArray[np.float32]]:
    """The unit that each word stands for, by its term or its second one, -1 for none; where, and how well they do."""
    terms = notes.word_term.take(words)
    unit_of = scratch.unit.take(terms)
    extra = notes.word_extra.take(words)
    # In most languages few words have a second term.
    second = ((extra >= 0) & (unit_of < 0)).nonzero()[0]
    if len(second):
        terms[second] = extra[second]
        unit_of[second] = scratch.unit.take(extra[second])
    hits = (unit_of >= 0).nonzero()[0]
    return unit_of, hits, scratch.weight.take(terms[hits])


def _titles(notes: Annotations, docs: NDArray[np.int64], scratch: Scratch, units: int) -> _Titles:
    passages = len(docs)
    articles = notes.doc_article.take(docs).astype(np.int64)
    words, lengths = _gathered(notes.title_start, notes.title_words, articles)
    owner = np.repeat(np.arange(passages), lengths)
    unit_of, hits, weights = _units(notes, words, scratch)
    held = np.zeros(passages * units)
    np.maximum.at(held, owner[hits] * units + unit_of[hits], weights)
    informative = (notes.word_flags.take(words).astype(np.int64) & _STOP) == 0
    asked = np.bincount(owner[hits], minlength=passages)
    share = asked / np.maximum(np.bincount(owner[informative], minlength=passages), 1)
    return _Titles(words, owner, held.reshape(passages, units), share, articles)


def _held(
    asked: _Asked,
    rows: _Rows,
    inside: NDArray[np.float64],
    in_title: NDArray[np.float64],
    in_passage: NDArray[np.float64],
    after: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """Features of where units are held: each array [R, U] tells how well the sentence, its title and so on hold one."""
    before = np.zeros_like(inside)
    before[1:] = inside[:-1]
    before[rows.first] = 0
    known = np.maximum(inside, in_title)
    both = np.maximum(known, before)
    return {
        "matched": (inside > 0).sum(1) / max(len(asked.weights), 1),
        "title": asked.share(known - inside),
        "before": asked.share(both - known),
        "after": asked.share(np.maximum(after - both, 0)),
        "in_both": asked.share(np.minimum(inside, in_title)),
        "elsewhere": asked.share(np.maximum(in_passage - both, 0)),
        "number_missing": (1 - known) @ asked.numbers / asked.total,
    }


def _gathered(starts: Column, values: Column, rows: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64]]:
    """The values of some rows one after the other, and how many each row has."""
    begin = starts.take(rows).astype(np.int64)
    length = starts.take(rows + 1).astype(np.int64) - begin
    return values.take(ranges(begin, length)), length


def _typed(notes: Annotations, asked: _Asked, rows: _Rows) -> dict[str, NDArray[np.float64]]:
    """Features of words of the expected kind that are not asked about: where they are, and how near to those that are.

    Nothing when the question says no kind, or no sentence holds such a word.
    """
    expected = asked.query.expected
    if expected is Expected.ANY:
        return {}
    flags = notes.word_flags.take(rows.words).astype(np.int64)
    if expected is Expected.NAME:
        opening = rows.begins[rows.begins < len(rows.words)]
        flags[opening] &= ~int(Flag.CAPITAL)
    wanted = ((flags & int(expected)) != 0) & (rows.unit_of < 0) & ((flags & _STOP) == 0)
    if expected is Expected.CAUSE:
        wanted = (flags & int(Flag.CAUSE)) != 0
    at = wanted.nonzero()[0]
    if not len(at):
        return {}
    of = rows.sentence_of[at]
    held = np.zeros(rows.sentences)
    held[of] = 1
    if expected is Expected.CAUSE:
        return {"typed": held}
    strength = np.zeros(len(rows.words) + 2 * _NEAR)
    strength[rows.hits + _NEAR] = asked.weights[rows.hit_units] / max(float(asked.weights.max()), 1e-9)
    row = np.full(len(rows.words) + 2 * _NEAR, -1)
    row[_NEAR:-_NEAR] = rows.sentence_of
    distance = np.arange(1, _NEAR + 1)
    left, right = at[:, None] + _NEAR - distance, at[:, None] + _NEAR + distance
    same = of[:, None]
    near = np.maximum(strength[left] * (row[left] == same), strength[right] * (row[right] == same))
    closest = np.zeros(rows.sentences)
    np.maximum.at(closest, of, (near / (1 + distance / 3)).sum(1))
    dates = {"typed_date": held} if expected is Expected.DATE else {}
    return {"typed": held, "typed_near": closest / 2, **dates}


def _adjacent(asked: _Asked, rows: _Rows, scratch: Scratch) -> NDArray[np.float64]:
    """The idf share of neighbouring words of the question that are neighbours in the sentence, stop words included."""
    found = np.zeros(rows.sentences)
    raw_ids, words = asked.raw_ids, asked.query.words
    if len(raw_ids) < 2:
        return found
    at = (scratch.raw.take(rows.terms) >= 0).nonzero()[0]
    if len(at) < 2:
        return found
    sentences = rows.sentence_of[at]
    pairs = ((at[1:] - at[:-1] == 1) & (sentences[1:] == sentences[:-1])).nonzero()[0]
    weight_of = {unit.term: float(weight) for unit, weight in zip(asked.query.units, asked.weights, strict=True)}
    wanted: dict[int, float] = {}
    for (one, two), (a, b) in zip(pairwise(raw_ids), pairwise(words), strict=True):
        if one is not None and two is not None and not (a.flags & _STOP and b.flags & _STOP):
            wanted[one << 32 | two] = (weight_of.get(a.term, 0.0) + weight_of.get(b.term, 0.0)) / 2
    if not len(pairs) or not wanted:
        return found
    terms = rows.terms[at].astype(np.int64)
    packed = terms[pairs] << 32 | terms[pairs + 1]
    known = np.array(sorted(wanted))
    place = known.searchsorted(packed).clip(max=len(known) - 1)
    held = known[place] == packed
    cells = _distinct(sentences[pairs[held]] * len(known) + place[held])
    np.add.at(found, cells // len(known), np.array([wanted[pair] for pair in known.tolist()])[cells % len(known)])
    return found / asked.total


def _distinct(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """The values that occur, ascending, each once.

    Not np.unique, which loads numpy.ma for arrays that we do not have: 1.4 MB, and 25 ms of the first question.
    """
    cells.sort()
    first = np.empty(len(cells), bool)
    first[:1] = True
    np.not_equal(cells[1:], cells[:-1], out=first[1:])
    return cells[first]


def _ordered(asked: _Asked, rows: _Rows) -> NDArray[np.float64]:
    """The idf share of pairs of words that follow each other in the question and, with little between, here too."""
    weights, hits = asked.weights, rows.hits
    count = len(weights)
    places = {unit.term: place for place, unit in enumerate(asked.query.units)}
    order = [places[word.term] for word in asked.query.words if word.term in places]
    found = np.zeros(rows.sentences)
    sentences = rows.sentence_of[hits]
    near = (hits[1:] - hits[:-1] <= _ORDERED_WITHIN) & (sentences[1:] == sentences[:-1])
    left, right, of = rows.hit_units[:-1][near], rows.hit_units[1:][near], sentences[1:][near]
    if not len(of):
        return found
    value = np.zeros((count, count))
    for one, two in pairwise(order):
        if one != two:
            value[one, two] = (weights[one] + weights[two]) / 2
    cells = _distinct((of * count + left) * count + right)
    np.add.at(found, cells // (count * count), value.ravel()[cells % (count * count)])
    return found / asked.total


def _grams(
    notes: Annotations, scratch: Scratch, rows: _Rows, titles: _Titles, grams: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Which of the question's grams stand in each sentence, passage and title, as 0 and 1."""

    of = np.concatenate([rows.sentence_of, titles.owner + rows.sentences])
    words = np.concatenate([rows.words, titles.words])
    start = notes.gram_start.take(words).astype(np.int64)
    length = notes.gram_start.take(words + 1).astype(np.int64) - start
    which = scratch.gram.take(notes.grams.take(ranges(start, length)))
    hit = which.nonzero()[0]
    # Few are hits: the word of each is looked up, and not the word of every gram written down.
    holder = of[np.cumsum(length).searchsorted(hit, side="right")]
    cells = np.zeros((rows.sentences + len(titles.articles)) * grams)
    cells[holder * grams + which[hit] - 1] = 1
    table = cells.reshape(rows.sentences + len(titles.articles), grams)
    in_sentence, in_title = table[: rows.sentences], table[rows.sentences :]
    return in_sentence, np.maximum.reduceat(in_sentence, rows.first, axis=0), in_title
