"""The sentences of a passage that are quoted, and the part of one that is too long."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.languages import language
from index.analysis.words import Analyzer
from index.answering import QUOTE_CHARACTERS, Group, chosen, clause, filled
from index.models import Span
from index.ranking.features import Stage, Table
from index.ranking.query import Expected, Query, Unit, expected

# ---- quotes


def group_of(scores: list[float]) -> Group:
    nothing = np.zeros(0)
    query = Query("en", (), (), (), Expected.ANY, 1)
    first = np.zeros(1, np.int64)
    table = Table(nothing, nothing, first, np.zeros(len(scores), np.int64), nothing, nothing, np.zeros(0, np.bool_))
    return Group(query, [], [], Stage(nothing, nothing, nothing), table, np.array(scores), nothing)


def placed(lengths: list[int], gap: int = 1) -> list[tuple[int, int]]:
    starts = [sum(lengths[:i]) + gap * i for i in range(len(lengths))]
    return [(start, start + length) for start, length in zip(starts, lengths, strict=True)]


def test_the_two_best_sentences_are_quoted_in_the_order_of_the_text() -> None:
    spans = chosen(group_of([0.2, 0.1, 0.9]), 0, placed([50, 50, 50])).quotes

    assert spans == (Span(0, 50), Span(102, 152))


def test_a_sentence_that_does_not_fit_leaves_its_place_to_the_next_best() -> None:
    spans = chosen(group_of([0.9, 0.8, 0.1]), 0, placed([300, 200, 60])).quotes

    assert spans == (Span(0, 300), Span(502, 562))


def test_of_equal_sentences_the_earlier_is_quoted() -> None:
    spans = chosen(group_of([0.5, 0.5, 0.5]), 0, placed([390, 390, 390])).quotes

    assert spans == (Span(0, 390),)


def test_what_stands_between_two_sentences_counts() -> None:
    assert len(chosen(group_of([0.9, 0.8]), 0, placed([200, 198], gap=2)).quotes) == 2
    assert len(chosen(group_of([0.9, 0.8]), 0, placed([200, 199], gap=2)).quotes) == 1
    assert len(chosen(group_of([0.9, 0.1, 0.8]), 0, placed([200, 400, 195])).quotes) == 2
    assert len(chosen(group_of([0.9, 0.1, 0.8]), 0, placed([200, 400, 196])).quotes) == 1


def test_a_second_sentence_without_room_is_kept_to_be_cut() -> None:
    assert chosen(group_of([0.9, 0.8, 0.1]), 0, placed([300, 200, 60])).spare == Span(301, 501)
    assert chosen(group_of([0.9, 0.1, 0.8]), 0, placed([300, 200, 60])).spare is None
    assert chosen(group_of([0.9]), 0, placed([300])).spare is None


# ---- a part of a sentence


CAPTAIN = (
    "She was built in 1931 at the yard of Aster, painted white and green, with a funnel of brass: the captain, who had "
    "lost his hat, steered her out of the harbour in a heavy storm, though nobody had asked him to."
)


def asking(question: str, **terms: float) -> Query:
    units = tuple(Unit(term, term, ((term, 1.0),), weight, True, False, False) for term, weight in terms.items())
    return Query("en", (), units, (), expected(question, language("en")), 10)


def cut(query: Query, room: int, text: str = CAPTAIN) -> str | None:
    part = clause("Before. " + text, Span(8, 8 + len(text)), room, query, Analyzer("en"))
    return None if part is None else ("Before. " + text)[part.start : part.end]


def test_the_part_with_most_of_the_question_is_kept_from_mark_to_mark() -> None:
    storm = asking("where was the storm", harbour=1.0, storm=2.0)

    assert cut(storm, 50) == "steered her out of the harbour in a heavy storm"
    assert cut(storm, 1_000) == CAPTAIN


def test_a_word_of_the_kind_that_answers_draws_the_part_to_it() -> None:
    assert cut(asking("storm and harbour", storm=1.0, funnel=0.1), 50) == (
        "steered her out of the harbour in a heavy storm"
    )
    assert cut(asking("how did it happen", funnel=0.5, yard=0.4), 50) == (
        "painted white and green, with a funnel of brass"
    )
    assert cut(asking("when did it happen", funnel=0.5, yard=0.4), 50) == "She was built in 1931 at the yard of Aster"


def test_a_sentence_is_not_cut_where_it_has_no_marks_or_no_room() -> None:
    assert cut(asking("storm", storm=1.0), 30) is None
    assert cut(asking("storm", storm=1.0), 60, CAPTAIN.replace(",", "").replace(":", "")) is None


@pytest.mark.parametrize("text", ["1,234,567 people and 12:30 or 3:45 " * 3, "a-b " * 30, "x" * 90])
def test_marks_within_numbers_and_words_are_no_place_to_cut(text: str) -> None:
    assert cut(asking("people", people=1.0), 60, text) is None


def test_quotes_stay_within_their_limit_and_in_the_order_of_the_text() -> None:
    best = "The storm broke over the harbour of Aster and " + "roared on " * 24 + "for days."
    passage = f"{CAPTAIN} {best} It rained."
    spare = Span(0, len(CAPTAIN))
    at = passage.index(best)
    quotes = (Span(at, at + len(best)), Span(at + len(best) + 1, len(passage)))

    spans, better = filled(quotes, 0, spare, passage, asking("harbour", harbour=1.0, storm=1.0), Analyzer("en"))

    assert spans[better] == quotes[0]
    assert better == 1
    assert passage[spans[0].start : spans[0].end] == (
        "the captain, who had lost his hat, steered her out of the harbour in a heavy storm"
    )
    assert sum(span.end - span.start for span in spans) + len(" […] ") <= QUOTE_CHARACTERS


@given(st.text(alphabet="ab ,;:–،、1", max_size=300), st.integers(0, 300))
def test_a_part_lies_within_its_sentence_and_its_room(text: str, room: int) -> None:
    part = clause(text, Span(0, len(text)), room, asking("when", a=1.0, ab=2.0), Analyzer("en"))

    assert part is None or (0 <= part.start < part.end <= len(text) and part.end - part.start <= room)


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(-3, 3)), min_size=1, max_size=8), st.integers(1, 3))
def test_a_quote_keeps_its_limit_and_holds_the_best_sentence(sentences: list[tuple[int, int]], gap: int) -> None:
    spans = placed([length for length, _ in sentences], gap)
    scores = [float(score) for _, score in sentences]

    quoted = [(span.start, span.end) for span in chosen(group_of(scores), 0, spans).quotes]

    assert len(quoted) in (1, 2)
    assert quoted == sorted(quoted)
    assert set(quoted) <= set(spans)
    assert spans[scores.index(max(scores))] in quoted
    between = " " * (quoted[-1][0] - quoted[0][1])
    if len(quoted) == 2 and spans.index(quoted[1]) - spans.index(quoted[0]) > 1:
        between = " […] "
    assert sum(end - start for start, end in quoted) + len(between) <= QUOTE_CHARACTERS
