"""What tells a passage that answers from one that merely shares words, in numbers, for a few dozen passages at once.

All coverages are shares of the question's total idf, so they can be compared between libraries and languages. Names and
meaning of each feature: docs/answers.md.
"""

from collections.abc import Sequence
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


def compute(notes: Annotations, docs: Sequence[int], query: Query, stage: Stage, scratch: Scratch, k1: float) -> Table:
    """Compute the features of some passages of one language.

    Args:
        docs: K >= 1 docs of `notes`.
        stage: Scores of the same docs.
    """
    scratch.fit(len(notes.vocabulary) + 1)
    units = query.units
    count = len(units)
    weights = np.array([unit.weight for unit in units])
    total = max(float(weights.sum()), 1e-9)
    term_ids: list[int] = []
    for place, unit in enumerate(units):
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
    try:
        return _compute(notes, docs, query, stage, scratch, k1, weights, total, count, raw_ids, gram_weights)
    finally:
        scratch.unit[term_ids] = -1
        scratch.weight[term_ids] = 0
        scratch.raw[[number for number in raw_ids if number is not None]] = -1
        scratch.gram[buckets] = 0


def _compute(
    notes: Annotations,
    docs: Sequence[int],
    query: Query,
    stage: Stage,
    scratch: Scratch,
    k1: float,
    weights: NDArray[np.float64],
    total: float,
    count: int,
    raw_ids: Sequence[int | None],
    gram_weights: NDArray[np.float64],
) -> Table:
    passages = len(docs)
    at = np.array(docs, np.int64)
    words, row_lengths = _gathered(notes.row_start, notes.row_words, at)
    row_begin = np.cumsum(row_lengths) - row_lengths
    sentence_begins, per_passage = _gathered(notes.sentence_start, notes.sentence_word, at)
    first = np.cumsum(per_passage) - per_passage
    owner = np.repeat(np.arange(passages), per_passage)
    begins = sentence_begins.astype(np.int64) + row_begin[owner]
    sentence_count = len(owner)
    lengths = np.diff(begins, append=len(words))
    sentence_of = np.repeat(np.arange(sentence_count), lengths)
    terms = notes.word_term.take(words)
    unit_of = scratch.unit.take(terms)
    hits = (unit_of >= 0).nonzero()[0]
    hit_units = unit_of[hits].astype(np.int64)
    flat = np.zeros(sentence_count * count)
    np.maximum.at(flat, sentence_of[hits] * count + hit_units, scratch.weight.take(terms[hits]))
    inside = flat.reshape(sentence_count, count)
    in_passage = np.maximum.reduceat(inside, first, axis=0)

    articles = notes.doc_article.take(at).astype(np.int64)
    title_words, title_lengths = _gathered(notes.title_start, notes.title_words, articles)
    title_owner = np.repeat(np.arange(passages), title_lengths)
    title_terms = notes.word_term.take(title_words)
    title_units = scratch.unit.take(title_terms)
    title_hits = (title_units >= 0).nonzero()[0]
    flat = np.zeros(passages * count)
    cells = title_owner[title_hits] * count + title_units[title_hits]
    np.maximum.at(flat, cells, scratch.weight.take(title_terms[title_hits]))
    in_title = flat.reshape(passages, count)
    informative = (notes.word_flags.take(title_words).astype(np.int64) & _STOP) == 0
    asked = np.bincount(title_owner[title_hits], minlength=passages)
    title_asked = asked / np.maximum(np.bincount(title_owner[informative], minlength=passages), 1)

    before = np.zeros_like(inside)
    before[1:] = inside[:-1]
    before[first] = 0
    in_title_rows = in_title[owner]
    known = np.maximum(inside, in_title_rows)
    both = np.maximum(known, before)
    after = np.zeros_like(inside)
    after[:-1] = inside[1:]
    after[first[1:] - 1] = 0
    capitals = weights * np.array([unit.is_capital for unit in query.units])
    numbers = weights * np.array([unit.is_number for unit in query.units])
    sentence_coverage = known @ weights / total
    sentences = np.zeros((sentence_count, len(SENTENCE_FEATURES)))
    column = {name: i for i, name in enumerate(SENTENCE_FEATURES)}
    sentences[:, column["matched"]] = (inside > 0).sum(1) / max(count, 1)
    sentences[:, column["title"]] = (known - inside) @ weights / total
    sentences[:, column["before"]] = (both - known) @ weights / total
    sentences[:, column["after"]] = np.maximum(after - both, 0) @ weights / total
    sentences[:, column["in_both"]] = np.minimum(inside, in_title_rows) @ weights / total
    sentences[:, column["elsewhere"]] = np.maximum(in_passage[owner] - both, 0) @ weights / total
    sentences[:, column["number_missing"]] = (1 - known) @ numbers / total
    sentences[:, column["position"]] = (np.arange(sentence_count) - first[owner]) / np.maximum(per_passage[owner], 1)
    if count <= 2:
        sentences[first, column["first_short"]] = 1

    early = hits[hits - begins[sentence_of[hits]] < _OPENING]
    opening = np.zeros(sentence_count * count)
    opening[sentence_of[early] * count + unit_of[early]] = 1
    sentences[:, column["opening"]] = opening.reshape(sentence_count, count) @ weights / total
    sentences[:, column["ordered"]] = _ordered(query, hits, hit_units, sentence_of, sentence_count, weights, total)

    hashes = {surface_hash(word.surface) for word in query.words}
    surfaces = notes.word_surface.take(words[hits])
    surface_hit = np.isin(surfaces, np.array(sorted(hashes), np.uint32)) if len(hits) else np.zeros(0, bool)
    exactly = np.zeros(sentence_count * count)
    exactly[sentence_of[hits[surface_hit]] * count + hit_units[surface_hit]] = 1
    sentences[:, column["surface"]] = exactly.reshape(sentence_count, count) @ weights / total

    if query.expected is not Expected.ANY:
        _typed(notes, query, words, unit_of, hits, hit_units, weights, sentence_of, begins, sentences, column)

    adjacent = _adjacent(query, raw_ids, scratch, terms, sentence_of, sentence_count, weights, total)
    sentences[:, column["exact"]] = adjacent

    gram_in, gram_passage, gram_title = _grams(
        notes, scratch, words, sentence_of, sentence_count, first, title_words, title_owner, passages, len(gram_weights)
    )
    sentences[:, column["grams"]] = gram_in @ gram_weights
    sentences[:, column["grams_title"]] = (gram_title[owner] * (1 - gram_in)) @ gram_weights

    in_any = np.maximum(in_passage, in_title)
    coverage = in_any @ weights / total
    article_matched = in_any.copy()
    for article in set(articles.tolist()):
        same = articles == article
        article_matched[same] = in_any[same].max(0)
    scale = total * (k1 + 1)
    table = np.zeros((passages, len(PASSAGE_FEATURES)))
    place = {name: i for i, name in enumerate(PASSAGE_FEATURES)}
    table[:, place["score"]] = stage.score / scale
    table[:, place["neighbour"]] = stage.neighbour / scale
    table[:, place["article"]] = stage.article / scale
    table[:, place["title_asked"]] = title_asked
    table[:, place["article_coverage"]] = article_matched @ weights / total
    table[:, place["capital_missing"]] = (1 - in_any) @ capitals / total
    table[:, place["number_missing"]] = (1 - in_any) @ numbers / total
    table[:, place["grams"]] = gram_passage @ gram_weights
    table[:, place["grams_title"]] = (gram_title * (1 - gram_passage)) @ gram_weights
    table[:, place["adjacent"]] = np.maximum.reduceat(adjacent, first)
    table[:, place["together"]] = np.maximum.reduceat((np.maximum(known, after) > 0).sum(1) / max(count, 1), first)
    return Table(sentences, sentence_coverage, first, owner, table, coverage, in_any > 0)


def _gathered(starts: Column, values: Column, rows: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64]]:
    """The values of some rows one after the other, and how many each row has."""
    begin = starts.take(rows).astype(np.int64)
    length = starts.take(rows + 1).astype(np.int64) - begin
    return values.take(ranges(begin, length)), length


def _typed(
    notes: Annotations,
    query: Query,
    words: NDArray[np.int32],
    unit_of: NDArray[np.int16],
    hits: NDArray[np.int64],
    hit_units: NDArray[np.int64],
    weights: NDArray[np.float64],
    sentence_of: NDArray[np.int64],
    begins: NDArray[np.int64],
    sentences: NDArray[np.float64],
    column: dict[str, int],
) -> None:
    flags = notes.word_flags.take(words).astype(np.int64)
    if query.expected is Expected.NAME:
        opening = begins[begins < len(words)]
        flags[opening] &= ~int(Flag.CAPITAL)
    wanted = ((flags & int(query.expected)) != 0) & (unit_of < 0) & ((flags & _STOP) == 0)
    if query.expected is Expected.CAUSE:
        wanted = (flags & int(Flag.CAUSE)) != 0
    at = wanted.nonzero()[0]
    if not len(at):
        return
    rows = sentence_of[at]
    sentences[rows, column["typed"]] = 1
    if query.expected is Expected.CAUSE:
        return
    if query.expected is Expected.DATE:
        sentences[rows, column["typed_date"]] = 1
    strength = np.zeros(len(words) + 2 * _NEAR)
    strength[hits + _NEAR] = weights[hit_units] / max(float(weights.max()), 1e-9)
    row = np.full(len(words) + 2 * _NEAR, -1)
    row[_NEAR:-_NEAR] = sentence_of
    distance = np.arange(1, _NEAR + 1)
    left, right = at[:, None] + _NEAR - distance, at[:, None] + _NEAR + distance
    same = rows[:, None]
    near = np.maximum(strength[left] * (row[left] == same), strength[right] * (row[right] == same))
    closest = np.zeros(len(sentences))
    np.maximum.at(closest, rows, (near / (1 + distance / 3)).sum(1))
    sentences[:, column["typed_near"]] = closest / 2


def _adjacent(
    query: Query,
    raw_ids: Sequence[int | None],
    scratch: Scratch,
    terms: NDArray[np.int32],
    sentence_of: NDArray[np.int64],
    sentence_count: int,
    weights: NDArray[np.float64],
    total: float,
) -> NDArray[np.float64]:
    """The idf share of neighbouring words of the question that are neighbours in the sentence, stop words included."""
    found = np.zeros(sentence_count)
    if len(raw_ids) < 2:
        return found
    at = (scratch.raw.take(terms) >= 0).nonzero()[0]
    if len(at) < 2:
        return found
    pairs = at[:-1][(at[1:] - at[:-1] == 1) & (sentence_of[at[1:]] == sentence_of[at[:-1]])]
    if not len(pairs):
        return found
    left, right = terms[pairs].astype(np.int64), terms[pairs + 1].astype(np.int64)
    packed = left << 32 | right
    counted: set[tuple[int, int]] = set()
    weight_of = {unit.term: float(weights[place]) for place, unit in enumerate(query.units)}
    for place in range(len(raw_ids) - 1):
        one, two = raw_ids[place], raw_ids[place + 1]
        a, b = query.words[place], query.words[place + 1]
        if one is None or two is None or (a.flags & _STOP and b.flags & _STOP) or (one, two) in counted:
            continue
        counted.add((one, two))
        same = packed == (one << 32 | two)
        if same.any():
            present = np.zeros(sentence_count, bool)
            present[sentence_of[pairs[same]]] = True
            found += present * ((weight_of.get(a.term, 0.0) + weight_of.get(b.term, 0.0)) / 2)
    return found / total


def _ordered(
    query: Query,
    hits: NDArray[np.int64],
    hit_units: NDArray[np.int64],
    sentence_of: NDArray[np.int64],
    sentence_count: int,
    weights: NDArray[np.float64],
    total: float,
) -> NDArray[np.float64]:
    """The idf share of pairs of words that follow each other in the question and, with little between, here too."""
    count = len(weights)
    places = {unit.term: place for place, unit in enumerate(query.units)}
    asked = [places[word.term] for word in query.words if word.term in places]
    found = np.zeros(sentence_count)
    near = (np.diff(hits) <= _ORDERED_WITHIN) & (np.diff(sentence_of[hits]) == 0)
    left, right, rows = hit_units[:-1][near], hit_units[1:][near], sentence_of[hits[1:][near]]
    if not len(rows):
        return found
    value = np.zeros((count, count))
    for one, two in pairwise(asked):
        if one != two:
            value[one, two] = (weights[one] + weights[two]) / 2
    # Not np.unique, which loads numpy.ma for arrays that we do not have: 1.4 MB, and 25 ms of the first question.
    cells = np.sort((rows * count + left) * count + right)
    cells = cells[np.diff(cells, prepend=-1) != 0]
    np.add.at(found, cells // (count * count), value.ravel()[cells % (count * count)])
    return found / total


def _grams(
    notes: Annotations,
    scratch: Scratch,
    words: NDArray[np.int32],
    sentence_of: NDArray[np.int64],
    sentence_count: int,
    first: NDArray[np.int64],
    title_words: NDArray[np.int32],
    title_owner: NDArray[np.int64],
    passages: int,
    grams: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Which of the question's grams stand in each sentence, passage and title, as 0 and 1."""

    def present(of: NDArray[np.int32], rows: NDArray[np.int64], count: int) -> NDArray[np.float64]:
        start = notes.gram_start.take(of).astype(np.int64)
        length = notes.gram_start.take(of + 1).astype(np.int64) - start
        which = scratch.gram.take(notes.grams.take(ranges(start, length)))
        hit = (which > 0).nonzero()[0]
        table = np.zeros(count * grams)
        table[np.repeat(rows, length)[hit] * grams + which[hit] - 1] = 1
        return table.reshape(count, grams)

    in_sentence = present(words, sentence_of, sentence_count)
    in_passage = np.maximum.reduceat(in_sentence, first, axis=0)
    return in_sentence, in_passage, present(title_words, title_owner, passages)
