"""The postings against rank_bm25 itself, with nothing replaced but idf."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from index.ranking.bm25 import PostingsBM25, idf
from index.ranking.postings import build_base


class PositiveIdf(BM25Okapi):  # type: ignore[misc]  # rank_bm25 has no types
    """BM25Okapi with only the idf replaced."""

    def _calc_idf(self, nd: dict[int, int]) -> None:
        for term, df in nd.items():
            self.idf[term] = math.log(1 + (self.corpus_size - df + 0.5) / (df + 0.5))


Passages = list[list[int]]
passages = st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=30), min_size=1, max_size=40)
query = st.lists(st.integers(0, 14), min_size=1, max_size=8)


def index_of(base: Passages, k1: float = 0.9, b: float = 0.55) -> PostingsBM25:
    half = len(base) // 2
    chunks = [
        (np.array([t for p in part for t in p]), np.repeat(np.arange(len(part)), [len(p) for p in part]), len(part))
        for part in (base[:half], base[half:])
        if part
    ]
    size = max((t for p in base for t in p), default=-1) + 1
    return PostingsBM25(build_base(chunks, size, k1, b), k1, b)


def best_by_hand(
    alive: dict[int, list[int]], units: Sequence[Sequence[tuple[int, float]]], k1: float, b: float
) -> list[tuple[int, float]]:
    """Every passage's sum over units of the best of its terms, from plain BM25Okapi scores of single terms."""
    plain = PositiveIdf(list(alive.values()), k1=k1, b=b)
    total = np.zeros(len(alive))
    for unit in units:
        best = np.zeros(len(alive))
        for term, weight in unit:
            scores = plain.get_scores([term])
            best = np.maximum(best, scores if weight == 1.0 else scores * weight)
        total += best
    pairs = [(doc, float(score)) for doc, score in zip(alive, total, strict=True) if score > 0]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


@settings(max_examples=150, deadline=None)
@given(passages, passages, query, st.floats(0.1, 3), st.floats(0, 1), st.integers(1, 12), st.data())
def test_scores_are_those_of_rank_bm25_to_the_last_bit(
    base: Passages, added: Passages, asked: list[int], k1: float, b: float, top_k: int, data: st.DataObject
) -> None:
    index = index_of(base, k1, b)
    alive = dict(enumerate(base))
    first = index.add([np.array(p, np.int32) for p in added])
    alive.update({first + i: p for i, p in enumerate(added)})
    gone = data.draw(st.sets(st.sampled_from(sorted(alive)), max_size=len(alive) - 1))
    index.remove(sorted(gone), [np.array(alive[doc], np.int32) for doc in sorted(gone)])
    for doc in gone:
        del alive[doc]
    index._budget = data.draw(st.sampled_from([1, 5, 50, 15_000]))

    plain = PositiveIdf(list(alive.values()), k1=k1, b=b).get_scores(asked)
    wanted = sorted(((-s, d) for d, s in zip(alive, plain.tolist(), strict=True) if s > 0))
    least = wanted[top_k - 1][0] if len(wanted) > top_k else 0.0
    docs, scores = index.search([((term, 1.0),) for term in asked], top_k)

    assert list(zip((-scores).tolist(), docs.tolist(), strict=True)) == [pair for pair in wanted if pair[0] <= least]
    assert index.get_scores(asked)[sorted(alive)].tolist() == plain.tolist()


@settings(max_examples=150, deadline=None)
@given(
    passages,
    st.lists(
        st.lists(st.tuples(st.integers(0, 14), st.sampled_from([1.0, 0.7, 0.5, 0.3])), min_size=1, max_size=4),
        min_size=1,
        max_size=5,
    ),
    st.integers(1, 10),
    st.sampled_from([1, 20, 15_000]),
)
def test_a_unit_scores_its_best_variant(
    base: Passages, units: list[list[tuple[int, float]]], top_k: int, budget: int
) -> None:
    index = index_of(base)
    index._budget = budget
    wanted = best_by_hand(dict(enumerate(base)), units, 0.9, 0.55)
    least = wanted[top_k - 1][1] if len(wanted) > top_k else 0.0

    docs, scores = index.search(units, top_k)

    assert docs.tolist() == [doc for doc, score in wanted if score >= least]
    assert scores.tolist() == pytest.approx([score for _, score in wanted if score >= least])


@settings(max_examples=60, deadline=None)
@given(passages, query, st.data())
def test_only_allowed_passages_are_found(base: Passages, asked: list[int], data: st.DataObject) -> None:
    index = index_of(base)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(base), max_size=len(base))))
    scores = index.get_scores(asked)

    docs, _ = index.search([((term, 1.0),) for term in asked], len(base), allowed)

    assert set(docs.tolist()) == {doc for doc in range(len(base)) if allowed[doc] and scores[doc] > 0}


def test_a_worked_example_by_hand() -> None:
    index = index_of([[0, 1], [0, 0, 2, 3]], k1=0.9, b=0.55)

    docs, scores = index.search([((0, 1.0),)], 2)

    rarity = math.log(1 + 0.5 / 2.5)
    assert docs.tolist() == [1, 0]
    assert scores.tolist() == pytest.approx(
        [
            rarity * 2 * 1.9 / (2 + 0.9 * (0.45 + 0.55 * 4 / 3)),
            rarity * 1 * 1.9 / (1 + 0.9 * (0.45 + 0.55 * 2 / 3)),
        ]
    )


def test_the_only_passage_scores_above_zero() -> None:
    docs, scores = index_of([[0, 1]]).search([((0, 1.0),)], 5)

    assert docs.tolist() == [0]
    assert scores[0] > 0


def test_the_rest_of_rank_bm25s_interface_gives_the_same() -> None:
    base = [[0, 1, 1], [2, 3], [0, 2, 2, 4]]
    index, plain = index_of(base), PositiveIdf(base, k1=0.9, b=0.55)

    assert index.doc_len == plain.doc_len
    assert index.get_batch_scores([0, 2], [2, 0]) == plain.get_batch_scores([0, 2], [2, 0])
    assert index.get_top_n([0, 2], ["a", "b", "c"], 2) == plain.get_top_n([0, 2], ["a", "b", "c"], 2)


def test_an_empty_index_finds_nothing_and_takes_passages() -> None:
    index = PostingsBM25(build_base([], 0))
    assert index.search([((0, 1.0),)], 5)[0].tolist() == []

    index.add([np.array([3, 4], np.int32)])

    assert index.search([((3, 1.0),)], 5)[0].tolist() == [0]


def test_idf_stays_above_zero_for_a_term_in_every_passage() -> None:
    assert 0 < idf(100, 100) < idf(100, 50) < idf(100, 1)
