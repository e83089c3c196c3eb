from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.sentences import MAX_SENTENCE_CHARACTERS, MAX_UNPUNCTUATED_CHARACTERS, sentence_spans

LANGUAGES = ["en", "de", "no", "fi", "tr", "th", "km", "zh", "ja", "hi", "ar", "ka", "unknown"]
TRICKY = st.text(st.sampled_from(list("aBé.?!…。।۔．Iv17([)]”»\"'  \n\t-•ก漢")) | st.characters(), max_size=300)
LONG = st.lists(
    st.sampled_from(["word", "ก" * 90, "A.", "(", ")", ", ", "; ", " ", "  ", "\n", "x" * 450]), max_size=60
)


def sentences(text: str, language: str = "en") -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


def test_each_sentence_ends_with_its_mark() -> None:
    assert sentences("It rained. Did it? It did! Well … Yes.") == ["It rained.", "Did it?", "It did!", "Well …", "Yes."]


@pytest.mark.parametrize("text", ["", " ", "\n\n \t"])
def test_white_space_holds_no_sentence(text: str) -> None:
    assert sentence_spans(text, "en") == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Mr. Smith met Dr. J. R. R. Tolkien in Oxford."),
        ("en", "The U.S. Congress paid $3.14 on Jan. 5 (see No. 5 of example.org)."),
        ("en", "Apple Inc. Chief Tim Cook was shown by Smith et al. (2001) to agree."),
        ("en", "It weighs approx. five tons ... or more."),
        ("en", "The end (of it. All of it.) was near."),
        ("en", "“Why?” he asked."),
        ("de", "Am 17. Mai 1990 begann im XX. Jahrhundert z. B. der 2. Weltkrieg, d.h. nichts."),
        ("no", "17. mai kom bl.a. den 2. Verdenskrig i det 20. Århundre."),
        ("da", "Den 5. Juni mødtes Kong Christian IX. Knudsen og hans mænd."),
        ("fi", "Itsenäisyyspäivä on 6. Joulukuuta esim. Helsingissä."),
        ("tr", "2. Dünya Savaşı vb. şeyler 20. Yüzyılda oldu."),
        ("cs", "Dne 17. Listopadu se to stalo např. Karlovi."),
        ("zh", "圆周率是３．１４"),
        ("ja", "「はい。」と言った。"),
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(language: str, text: str) -> None:
    assert sentences(text, language) == [text]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["He works for Apple Inc.", "The firm is in the U.S.", "It makes phones, etc.", "Peter has one."]),
        ("en", ["They found vitamin C.", "The dose was small."]),
        ("en", ["She was 17.", "Peter was not."]),
        ("en", ["It is so.[3]", "Some deny it.[4][5]", "Others do not."]),
        ("de", ["Er sagte: „Ende.“", "Dann ging er am 17.", "Der Rest blieb."]),
        ("fr", ["« C’est fini. »", "Puis il partit."]),
        ("ru", ["Это было в 1990 г. в Москве и др. городах.", "Он уехал."]),
        ("ka", ["ეს არის.", "ის წავიდა."]),
    ],
)
def test_what_only_looks_like_an_abbreviation_ends_a_sentence(language: str, expected: list[str]) -> None:
    assert sentences(" ".join(expected), language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", ["他来了。", "“你好。”", "真的吗？！", "是。"]),
        ("ja", ["「はい。」", "次の日。"]),
        ("hi", ["यह है।", "वह गया॥", "ठीक"]),
        ("ur", ["یہ ہے۔", "وہ گیا۔"]),
        ("my", ["ဟုတ်ကဲ့။", "မဟုတ်ဘူး။"]),
    ],
)
def test_some_marks_need_no_space(language: str, expected: list[str]) -> None:
    assert sentences("".join(expected), language) == expected


def test_arabic_question_marks_end_sentences() -> None:
    assert sentences("هل جاء؟ نعم.", "ar") == ["هل جاء؟", "نعم."]


def test_a_blank_line_always_ends_a_sentence() -> None:
    assert sentences("Dr.\n \nsmall letters\r\n\r\n5 apples") == ["Dr.", "small letters", "5 apples"]


def test_a_line_break_ends_a_sentence_only_between_lines_of_their_own() -> None:
    text = "Heading\nA line without a full stop\nAnother line that was wrapped at\nits end and in\n1999 stopped."

    assert sentences(text) == [
        "Heading\nA line without a full stop",
        "Another line that was wrapped at\nits end and in\n1999 stopped.",
    ]


def test_each_list_item_is_a_sentence() -> None:
    assert sentences("Buy:\n- tea\n- two pots\n1. First point. Second.") == [
        "Buy:",
        "- tea",
        "- two pots",
        "1. First point.",
        "Second.",
    ]


def test_a_long_sentence_is_cut_at_the_best_separator() -> None:
    text = "a, " * 100 + "b; " + "c, " * 60 + "d."

    assert sentences(text) == [("a, " * 100 + "b;"), ("c, " * 60 + "d.")]


def test_thai_is_cut_at_spaces() -> None:
    assert sentences("ก" * 100 + " " + "ข" * 50 + " " + "ค" * 50, "th") == ["ก" * 100 + " " + "ข" * 50, "ค" * 50]


def test_a_cut_without_spaces_keeps_marks_with_their_letter() -> None:
    text = "กิ" * 200

    assert all(not piece.startswith("ิ") for piece in sentences(text, "th"))


@pytest.mark.parametrize(
    "text", ["." * 200_000 + "x", "(a. " * 50_000, "\n" * 200_000, "a" * 300_000, "a. [1" * 50_000]
)
def test_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    spans = sentence_spans(text, "en")

    assert sum(end - start for start, end in spans) <= len(text)


@given(TRICKY | LONG.map("".join), st.sampled_from(LANGUAGES))
def test_spans_hold_all_that_is_no_white_space_in_order(text: str, language: str) -> None:
    spans = sentence_spans(text, language)

    assert "".join("".join(text[start:end] for start, end in spans).split()) == "".join(text.split())
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(TRICKY | LONG.map("".join), st.sampled_from(LANGUAGES))
def test_spans_are_stripped_and_short(text: str, language: str) -> None:
    limit = MAX_UNPUNCTUATED_CHARACTERS if language in {"th", "km"} else MAX_SENTENCE_CHARACTERS
    found = sentences(text, language)

    assert all(sentence == sentence.strip() for sentence in found)
    assert all(len(sentence) <= limit for sentence in found)
