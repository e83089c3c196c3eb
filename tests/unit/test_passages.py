"""Passages are slices."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from index.models import MAX_PASSAGE_CHARACTERS
from index.passages import MERGED_CHARACTERS, split

PARAGRAPH = "The ferry left at noon. It carried forty people and their bicycles. " * 4


def test_short_paragraphs_are_merged_whole() -> None:
    text = "\n\n".join([PARAGRAPH.strip()] * 6)

    passages = split(text, "en")

    assert [text[p.start : p.end].count("\n\n") for p in passages] == [1, 1, 1]
    assert all(p.end - p.start >= MERGED_CHARACTERS for p in passages)


def test_a_long_paragraph_is_cut_at_sentence_ends() -> None:
    text = PARAGRAPH.strip() * 1 + " " + PARAGRAPH * 7

    assert all(text[p.start : p.end].endswith(".") for p in split(text, "en"))


def test_passages_of_a_long_paragraph_overlap_by_half() -> None:
    text = PARAGRAPH * 8

    passages = split(text, "en")

    assert [(p.start, p.end) for p in passages] == [(0, 975), (500, 1495), (1020, 1995), (1520, 2175)]


def test_a_heading_stays_with_the_long_paragraph_under_it() -> None:
    text = f"The ferry\n\n{PARAGRAPH * 5}".strip()

    first, second = split(text, "en")

    assert (first.start, second.start) == (0, 511)


def test_one_line_a_paragraph_when_there_are_no_blank_lines() -> None:
    text = "\n".join([PARAGRAPH.strip()] * 4)

    assert [text[p.start : p.end].count("\n") for p in split(text, "en")] == [1, 1]


def test_nothing_gives_no_passages() -> None:
    assert split(" \n\n \t", "en") == []


LONG_TEXTS = st.lists(
    st.builds(
        lambda piece, times: piece * times,
        st.text(alphabet=st.sampled_from("ab. \n!。한é"), min_size=1, max_size=40),
        st.integers(1, 100),
    ),
    max_size=12,
).map("".join)


@given(LONG_TEXTS, st.sampled_from(["en", "zh", "th"]))
def test_passages_cover_the_text_and_keep_the_limit(text: str, language: str) -> None:
    passages = split(text, language)

    last = 0
    for passage in passages:
        assert not text[last : passage.start].strip()
        assert 0 < passage.end - passage.start <= MAX_PASSAGE_CHARACTERS
        assert text[passage.start : passage.end].strip() == text[passage.start : passage.end]
        last = passage.end
    assert not text[last:].strip()
    for one, next_ in pairwise(passages):
        assert one.start < next_.start
        assert one.end < next_.end
        assert not re.search(r"\n\s*\n", text[next_.start : one.end]), "only within a paragraph"
    for one, next_but_one in zip(passages, passages[2:], strict=False):
        assert one.end <= next_but_one.start
