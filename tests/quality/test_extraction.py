"""Floors of extraction on ten pages made for it; they catch a change for the worse, and say little about the web."""

from pathlib import Path

import pytest

from benchmarks.ingestion.__main__ import Row, measure, read_pages
from benchmarks.ingestion.extractors import EXTRACTORS
from benchmarks.ingestion.scores import breaks, fragments, names_author, overlap, same_title

PAGES = Path(__file__).parent / "data" / "pages"


@pytest.fixture(scope="module")
def row() -> Row:
    return measure("pages", "Footnote", EXTRACTORS["Footnote"], list(read_pages(PAGES)))


def test_words_are_extracted(row: Row) -> None:
    assert row.f1 is not None
    assert row.f1 >= 0.99
    assert row.failed == 0


def test_paragraphs_survive(row: Row) -> None:
    assert row.breaks_kept is not None
    assert row.breaks_kept >= 0.99
    assert row.wrong_breaks_in_1000_words == 0


def test_what_must_be_there_is_and_what_must_not_is_not(row: Row) -> None:
    assert (row.fragments_found, row.fragments_right) == (1.0, 1.0)


def test_walls_give_no_article(row: Row) -> None:
    assert row.empty == 3


def test_titles_authors_and_dates_are_found(row: Row) -> None:
    assert (row.titles, row.authors, row.dates) == (1.0, 1.0, 1.0)


def test_overlap_counts_runs_of_four_words() -> None:
    truth = "one two three four five"

    assert overlap(truth, truth).precision == overlap(truth, truth).recall == 1.0
    assert overlap(truth, "one two three four").recall == 0.5
    assert overlap(truth, "one two three four x").precision == 0.5
    assert (overlap("", "").precision, overlap("", "x").precision, overlap("x", "").recall) == (1.0, 0.0, 0.0)


def test_breaks_are_compared_where_their_surroundings_are_found() -> None:
    truth = "a b c\n\nd e f g h i"

    assert breaks(truth, "a b c\nd e f g h i").kept == 1
    assert breaks(truth, "a b c d e f g h i").kept == 0
    assert breaks(truth, "a b c\nd e f\ng h i").wrong == 1
    assert breaks(truth, "nothing of it").true == 0


def test_fragments_titles_and_authors_are_compared_loosely() -> None:
    assert fragments("a  b\nc", ["a b", "x"], ["b c"]) == fragments("a b c", ["a b", "x"], ["b c"])
    assert same_title("The Bridge!", "the bridge")
    assert names_author("Jane Doe", "By J. Doe")
    assert not names_author("Jane Doe", "John Smith")
