"""The features of passages, worked out by hand and the same wherever the passages lie."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from index.analysis.words import Analyzer
from index.ranking.annotations import Annotations, Text, gram_buckets
from index.ranking.features import PASSAGE_FEATURES, SENTENCE_FEATURES, Scratch, Stage, Table, compute
from index.ranking.query import OTHER_SPELLING_WEIGHT, Expected, Query, analyse

Article = tuple[str, tuple[str, ...]]

SINKING: Article = ("Harbour", ("The ferry sank near Aster. Eleven people drowned.",))
CROSSING: Article = ("Ferry tickets", ("The ferry crossed the bridge. It was cheap.",))
QUESTION = "How many people drowned when the ferry sank?"

# idf of a term in one of two passages, and in both.
RARE, COMMON = math.log(2), math.log(1.2)
TOTAL = 3 * RARE + COMMON


def notes_of(articles: Sequence[Article], in_base: int = 0) -> Annotations:
    notes = Annotations("en")
    for number, (title, texts) in enumerate(articles):
        if number == in_base:
            notes = notes.compacted()
        notes.add(number, "shared", 0.0, title, [Text(text, 0) for text in texts])
    return notes.compacted() if in_base >= len(articles) else notes


def query_of(question: str, notes: Annotations) -> Query:
    held = [{notes.vocabulary.term(int(term)) for term in notes.terms(doc)} for doc in range(notes.docs)]

    def counts(terms: Sequence[str]) -> list[int]:
        return [sum(term in one for one in held) for term in terms]

    return analyse(question, Analyzer("en"), notes.vocabulary, notes.docs, counts)


def stage_of(size: int) -> Stage:
    return Stage(np.arange(1.0, size + 1), np.zeros(size), np.full(size, 2.0))


def table_of(question: str, notes: Annotations, scratch: Scratch | None = None) -> Table:
    docs = range(notes.docs)
    return compute(notes, docs, query_of(question, notes), stage_of(len(docs)), scratch or Scratch(), k1=0.9)


def sentence(table: Table, name: str) -> list[float]:
    values: list[float] = table.sentences[:, SENTENCE_FEATURES.index(name)].tolist()
    return values


def passage(table: Table, name: str) -> list[float]:
    values: list[float] = table.passages[:, PASSAGE_FEATURES.index(name)].tolist()
    return values


# ---- by hand


@pytest.fixture(scope="module")
def table() -> Table:
    return table_of(QUESTION, notes_of([SINKING, CROSSING]))


def test_the_question_of_the_worked_example_has_four_units() -> None:
    query = query_of(QUESTION, notes_of([SINKING, CROSSING]))

    assert [unit.typed for unit in query.units] == ["people", "drowned", "ferry", "sank"]
    assert [unit.weight for unit in query.units] == pytest.approx([RARE, RARE, COMMON, RARE])
    assert query.expected is Expected.NUMBER


def test_rows_belong_to_passages(table: Table) -> None:
    assert table.first.tolist() == [0, 2]
    assert table.owner.tolist() == [0, 0, 1, 1]


# One value for each of: "The ferry sank near Aster." "Eleven people drowned." "The ferry crossed the bridge." "It was
# cheap." The second passage's title holds "ferry".
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("matched", [2 / 4, 2 / 4, 1 / 4, 0]),
        ("title", [0, 0, 0, COMMON / TOTAL]),
        ("before", [0, (COMMON + RARE) / TOTAL, 0, 0]),
        ("after", [2 * RARE / TOTAL, 0, 0, 0]),
        ("in_both", [0, 0, COMMON / TOTAL, 0]),
        # "people drowned" and "ferry sank" follow each other in the question; "drowned when the ferry" does too.
        ("ordered", [(COMMON + RARE) / 2 / TOTAL, RARE / TOTAL, 0, 0]),
        ("opening", [(COMMON + RARE) / TOTAL, 2 * RARE / TOTAL, COMMON / TOTAL, 0]),
        ("elsewhere", [2 * RARE / TOTAL, 0, 0, 0]),
        # "ferry sank" and "the ferry", "people drowned", "the ferry": half of what the two words weigh, stop words 0.
        ("exact", [(COMMON + RARE + COMMON) / 2 / TOTAL, RARE / TOTAL, COMMON / 2 / TOTAL, 0]),
        # "Eleven" is a number; one word on stands "people", two words on "drowned".
        ("typed", [0, 1, 0, 0]),
        ("typed_date", [0, 0, 0, 0]),
        ("typed_near", [0, (1 / (1 + 1 / 3) + 1 / (1 + 2 / 3)) / 2, 0, 0]),
        ("number_missing", [0, 0, 0, 0]),
        ("surface", [(COMMON + RARE) / TOTAL, 2 * RARE / TOTAL, COMMON / TOTAL, 0]),
        ("first_short", [0, 0, 0, 0]),
        ("position", [0, 1 / 2, 0, 1 / 2]),
    ],
)
def test_a_sentence_feature_is_what_comes_out_by_hand(table: Table, name: str, wanted: list[float]) -> None:
    assert sentence(table, name) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("score", [1 / (TOTAL * 1.9), 2 / (TOTAL * 1.9)]),
        ("neighbour", [0, 0]),
        ("article", [2 / (TOTAL * 1.9), 2 / (TOTAL * 1.9)]),
        ("title_asked", [0, 1 / 2]),
        ("article_coverage", [1, COMMON / TOTAL]),
        ("capital_missing", [0, 0]),
        ("number_missing", [0, 0]),
        ("adjacent", [RARE / TOTAL, COMMON / 2 / TOTAL]),
        ("together", [1, 1 / 4]),
        ("best_sentence", [0, 0]),
    ],
)
def test_a_passage_feature_is_what_comes_out_by_hand(table: Table, name: str, wanted: list[float]) -> None:
    assert passage(table, name) == pytest.approx(wanted)


def test_words_in_order_count_once_and_only_close_together() -> None:
    far = ("News", ("The ferry that came from Aster that day sank.", "The ferry sank. The ferry sank, the ferry sank."))
    table = table_of("the ferry sank", notes_of([far]))

    assert sentence(table, "ordered") == pytest.approx([0, 1 / 2, 1 / 2])


def test_what_a_passage_begins_with_does_not_follow_the_one_before_it() -> None:
    table = table_of("who drowned?", notes_of([("News", ("It rained.", "Eleven people drowned."))]))

    assert sentence(table, "after") == [0, 0]


def test_coverage_counts_the_title_too(table: Table) -> None:
    both = COMMON / TOTAL

    assert table.coverage.tolist() == pytest.approx([1, both])
    assert table.sentence_coverage.tolist() == pytest.approx([(COMMON + RARE) / TOTAL, 2 * RARE / TOTAL, both, both])
    assert table.matched.tolist() == [[True] * 4, [False, False, True, False]]


def test_missing_names_and_numbers_weigh_their_share() -> None:
    notes = notes_of([SINKING, CROSSING])

    table = table_of("the ferry near Aster or Orlen, 1912", notes)

    # near, Aster: one passage; Orlen, 1912: none; ferry: both.
    nowhere = math.log(1 + 2.5 / 0.5)
    total = COMMON + 2 * RARE + 2 * nowhere
    assert passage(table, "capital_missing") == pytest.approx([nowhere / total, (nowhere + RARE) / total])
    assert passage(table, "number_missing") == pytest.approx([nowhere / total] * 2)
    assert sentence(table, "number_missing") == pytest.approx([nowhere / total] * 4)


def test_the_first_sentence_is_marked_for_short_questions_only() -> None:
    notes = notes_of([SINKING, CROSSING])

    assert sentence(table_of("the ferry bridge", notes), "first_short") == [1, 0, 1, 0]
    assert sentence(table_of("the cheap ferry bridge", notes), "first_short") == [0, 0, 0, 0]


def test_passages_of_one_article_share_what_they_matched() -> None:
    notes = notes_of([("", ("A ferry sank.", "People drowned.")), ("", ("Bridges.",))])

    assert passage(table_of("people drowned ferry", notes), "article_coverage") == pytest.approx([1, 1, 0])


def test_grams_are_the_shares_that_a_slow_count_finds() -> None:
    notes = notes_of([SINKING, CROSSING])
    table = table_of(QUESTION, notes)
    sentences = [["the", "ferry", "sank", "near", "aster"], ["eleven", "people", "drowned"]]
    sentences += [["the", "ferry", "crossed", "the", "bridge"], ["it", "was", "cheap"]]
    asked = {gram for word in ("people", "drowned", "ferry", "sank") for gram in gram_buckets(word)}
    words = [word for one in sentences for word in one]
    held = {gram: min(sum(gram in gram_buckets(word) for word in words), 2) for gram in asked}
    weight = {gram: math.log(1 + (2 - n + 0.5) / (n + 0.5)) for gram, n in held.items()}

    def share(of: Sequence[str], without: Sequence[str] = ()) -> float:
        grams = asked & {g for word in of for g in gram_buckets(word)} - {g for w in without for g in gram_buckets(w)}
        return sum(weight[gram] for gram in grams) / sum(weight.values())

    assert sentence(table, "grams") == pytest.approx([share(one) for one in sentences])
    titles = [["harbour"]] * 2 + [["ferry", "tickets"]] * 2
    assert sentence(table, "grams_title") == pytest.approx(
        [share(title, one) for title, one in zip(titles, sentences, strict=True)]
    )
    wholes = [sentences[0] + sentences[1], sentences[2] + sentences[3]]
    assert passage(table, "grams") == pytest.approx([share(whole) for whole in wholes])
    assert passage(table, "grams_title") == pytest.approx([share(titles[0], wholes[0]), share(titles[2], wholes[1])])


# ---- scratch tables

QUESTIONS = [QUESTION, "Why did the ferry from Aster sink in 1912?", "???", "the the the", "zeppelin", "ferry ferries"]


def is_clean(scratch: Scratch) -> bool:
    return bool((scratch.unit == -1).all() and (scratch.raw == -1).all() and not scratch.weight.any()) and not bool(
        scratch.gram.any()
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_scratch_tables_are_clean_after_a_question(question: str) -> None:
    scratch = Scratch()

    table_of(question, notes_of([SINKING, CROSSING]), scratch)

    assert len(scratch.unit) > 0
    assert is_clean(scratch)


def test_scratch_tables_are_clean_after_an_exception() -> None:
    notes, scratch = notes_of([SINKING, CROSSING]), Scratch()

    with pytest.raises(ValueError, match="broadcast"):
        compute(notes, [0, 1], query_of(QUESTION, notes), stage_of(5), scratch, k1=0.9)

    assert is_clean(scratch)


def test_questions_leave_nothing_for_the_next_one() -> None:
    notes, scratch = notes_of([SINKING, CROSSING]), Scratch()

    one_after_another = [table_of(question, notes, scratch) for question in [*QUESTIONS, *QUESTIONS]]

    alone = [table_of(question, notes) for question in [*QUESTIONS, *QUESTIONS]]
    assert [arrays(table) for table in one_after_another] == [arrays(table) for table in alone]


def test_scratch_tables_grow_with_the_vocabulary() -> None:
    notes, scratch = notes_of([SINKING]), Scratch()
    table_of(QUESTION, notes, scratch)
    notes.add(9, "shared", 0.0, "", [Text(" ".join(f"word{i}x people" for i in range(300)), 0)])

    table = table_of(QUESTION, notes, scratch)

    assert is_clean(scratch)
    assert arrays(table) == arrays(table_of(QUESTION, notes))


# ---- base and tail

ARTICLES: list[Article] = [
    SINKING,
    CROSSING,
    ("Aster in 1912", ("Why ferries sank.\n\nBecause of fog, the captain said.", "The bridge of Aster cost $5.")),
    ("", ("No words of the question.",)),
    ("Ferry", ("The cease-fire held; the ferry, on 13 September 1912, did not.",)),
]


def arrays(table: Table) -> list[list[float]]:
    parts: list[NDArray[np.generic]] = [table.sentences, table.sentence_coverage, table.first, table.owner]
    parts += [table.passages, table.coverage, table.matched]
    return [part.ravel().tolist() for part in parts]


@pytest.mark.parametrize("question", [*QUESTIONS, "when was the cease-fire near Aster?", "who said why ferries sank"])
@pytest.mark.parametrize("in_base", [1, 3, 5])
def test_features_are_the_same_in_base_and_tail(question: str, in_base: int) -> None:
    tail = table_of(question, notes_of(ARTICLES))

    assert arrays(table_of(question, notes_of(ARTICLES, in_base))) == arrays(tail)


def test_an_ordinal_is_looked_for_in_its_other_spellings_that_passages_hold() -> None:
    notes = notes_of([("World War II", ("The second war began in 1939.",))])

    (unit,) = (unit for unit in query_of("world war 2", notes).units if unit.typed == "2")

    assert dict(unit.terms) == {"ii": OTHER_SPELLING_WEIGHT, "second": OTHER_SPELLING_WEIGHT}
