"""Passages are slices."""

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


def test_one_line_a_paragraph_when_there_are_no_blank_lines() -> None:
    text = "\n".join([PARAGRAPH.strip()] * 4)

    assert [text[p.start : p.end].count("\n") for p in split(text, "en")] == [1, 1]


def test_nothing_gives_no_passages() -> None:
    assert split(" \n\n \t", "en") == []


@given(st.text(alphabet=st.sampled_from("ab. \n!。한é"), max_size=6000), st.sampled_from(["en", "zh", "th"]))
def test_passages_cover_the_text_and_keep_the_limit(text: str, language: str) -> None:
    passages = split(text, language)

    last = 0
    for passage in passages:
        assert not text[last : passage.start].strip()
        assert 0 < passage.end - passage.start <= MAX_PASSAGE_CHARACTERS
        assert text[passage.start : passage.end].strip() == text[passage.start : passage.end]
        last = passage.end
    assert not text[last:].strip()
