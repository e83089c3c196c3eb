"""Passages that repeat each other, and articles that would fill the first page."""

from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.answering import MAX_FROM_ONE_ARTICLE, SHOWN, Candidate, Group, apart, without_repeats
from index.models import PassageKey, Span
from index.ranking.features import Stage, Table
from index.ranking.query import Expected, Query

NOTHING = np.zeros(0)
NO_ROWS = np.zeros(0, np.int64)
GROUP = Group(
    Query("en", (), (), (), Expected.ANY, 1),
    [],
    [],
    Stage(NOTHING, NOTHING, NOTHING),
    Table(NOTHING, NOTHING, NO_ROWS, NO_ROWS, NOTHING, NOTHING, np.zeros(0, bool)),
    NOTHING,
    NOTHING,
)


def candidate(article: int, ordinal: int = 0, words: Iterable[int] | None = None) -> Candidate:
    own = range(article * 1000 + ordinal * 50, article * 1000 + ordinal * 50 + 50)
    surfaces = np.array(sorted(own if words is None else words), np.uint32)
    return Candidate(GROUP, 0, PassageKey(article, ordinal), 0, 10, (), 0, None, surfaces)


def of_long_paragraph(article: int, start: int, best: tuple[int, int]) -> Candidate:
    """A passage of 1,000 characters and the best of its sentences, both as places in the article."""
    quote = Span(best[0] - start, best[1] - start)
    key = PassageKey(article, start // 500)
    return Candidate(GROUP, 0, key, start, start + 1000, (quote,), 0, None, np.zeros(0, np.uint32))


def keys(candidates: list[Candidate]) -> list[tuple[int, int]]:
    return [(one.key.article, one.key.ordinal) for one in candidates]


def test_different_passages_keep_their_order() -> None:
    candidates = [candidate(3), candidate(1), candidate(2)]

    assert without_repeats(candidates) == [(one, []) for one in candidates]


def test_a_near_duplicate_of_another_article_goes_with_the_first() -> None:
    words = frozenset(range(20))
    first, other, twin = candidate(1, words=words), candidate(2), candidate(3, words=words - {0, 1})

    assert without_repeats([first, other, twin]) == [(first, [twin]), (other, [])]


def test_with_less_than_nine_of_ten_words_it_is_no_duplicate() -> None:
    words = frozenset(range(20))
    first, other = candidate(1, words=words), candidate(2, words=words - {0, 1, 2})

    assert without_repeats([first, other]) == [(first, []), (other, [])]


def test_alike_passages_of_one_article_are_both_kept() -> None:
    first, second = candidate(1, 0, frozenset({1})), candidate(1, 1, frozenset({1}))

    assert without_repeats([first, second]) == [(first, []), (second, [])]


def test_a_fourth_passage_of_an_article_waits_behind_the_first_five() -> None:
    candidates = [*(candidate(1, ordinal) for ordinal in range(4)), candidate(2), candidate(3), candidate(4)]

    kept = [one for one, _ in without_repeats(candidates)]

    assert keys(kept) == [(1, 0), (1, 1), (1, 2), (2, 0), (3, 0), (1, 3), (4, 0)]


def test_a_passage_whose_best_sentence_is_shown_already_is_left_out() -> None:
    first, again = of_long_paragraph(1, 500, (600, 700)), of_long_paragraph(1, 0, (600, 700))
    next_, elsewhere = of_long_paragraph(1, 1000, (1450, 1550)), of_long_paragraph(2, 0, (600, 700))

    assert list(apart([first, again, next_, elsewhere])) == [first, next_, elsewhere]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9), st.integers(0, 3)), max_size=20, unique=True))
def test_nothing_is_shown_twice_and_no_article_fills_the_first_page(places: list[tuple[int, int, int]]) -> None:
    pool = [frozenset(range(20)), frozenset(range(1, 21)), frozenset(range(40, 60)), None]
    candidates = [candidate(article, ordinal, pool[words]) for article, ordinal, words in places]

    kept = without_repeats(candidates)

    shown = [one.key.article for one, _ in kept[:SHOWN]]
    assert all(shown.count(article) <= MAX_FROM_ONE_ARTICLE for article in shown)
    everywhere = [id(one) for one, twins in kept for one in (one, *twins)]
    assert len(set(everywhere)) == len(everywhere)
    assert set(everywhere) <= {id(one) for one in candidates}
    assert all(twin.key.article != one.key.article for one, twins in kept for twin in twins)
    assert [id(one) for one, _ in kept[:1]] == [id(one) for one in candidates[:1]]


def test_words_that_are_repeated_count_once() -> None:
    first, twin = candidate(1, words=[*range(20)]), candidate(2, words=[*range(19), *[3] * 50])

    assert without_repeats([first, twin]) == [(first, [twin])]
