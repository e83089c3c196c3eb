"""What must be equal to match, and where it stood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis.words import Analyzer, Flag, normalised


def terms(code: str, text: str) -> set[str]:
    analyzer = Analyzer(code)
    found: set[str] = set()
    for token in analyzer.tokens(text):
        found.add(token.word.term)
        if token.word.extra is not None:
            found.add(token.word.extra)
    return found


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("en", "soldiers", "soldier"),
        ("en", "6,000", "6000"),
        ("fr", "6 000", "6000"),
        ("de", "6.000", "6000"),
        ("en", "25%", "25 percent"),
        ("de", "25 %", "25 Prozent"),
        ("en", "$5", "5 dollars"),
        ("en", "4th", "4"),
        ("en", "cease-fire", "ceasefire"),
        ("en", "Armenia's", "Armenia"),
        ("fr", "l’armée", "armée"),
        ("en", "U.S.", "US"),
        ("en", "2022-09-13", "13 September 2022"),
        ("de", "13.09.2022", "13. September 2022"),
        ("no", "13.09.2022", "13. september 2022"),
        ("ru", "солдаты", "солдат"),
        ("el", "πόλεμος", "πολεμος"),
        ("en", "ｆｕｌｌｗｉｄｔｈ", "fullwidth"),
        ("en", "3,5", "3.5"),
        ("hi", "२०२२", "2022"),
        ("en", "25 per cent", "25%"),
        ("zh", "9月", "2022-09-13"),
        ("ja", "09月", "9月"),
        ("ko", "9월", "13.09.2022"),
    ],
)
def test_other_spellings_match(code: str, one: str, other: str) -> None:
    assert terms(code, other) <= terms(code, one) or terms(code, one) <= terms(code, other)


def test_a_question_finds_both_parts_of_a_word_in_its_joined_spelling() -> None:
    assert {word.extra for word in Analyzer("en").question("cease-fire")} == {"ceasefir"}


def test_letters_and_their_marks_stay_together() -> None:
    assert [t.word.surface for t in Analyzer("hi").tokens("पैंथर्स डिफ़ेंस")] == ["पैंथर्स", "डिफ़ेंस"]


@pytest.mark.parametrize(
    ("code", "text"), [("zh", "四十九名士兵"), ("th", "ทหารเสีย"), ("ko", "병사들이"), ("ja", "兵士たち")]
)
def test_scripts_without_words_are_cut_into_overlapping_pairs(code: str, text: str) -> None:
    tokens = Analyzer(code).tokens(text)

    assert [(t.start, t.end) for t in tokens] == [(i, i + 2) for i in range(len(text) - 1)]


def test_may_is_a_month_and_may_is_not() -> None:
    month, verb = (token.word for token in Analyzer("en").tokens("May may"))

    assert month.flags & Flag.DATE
    assert verb.flags & Flag.STOP


@given(st.text(max_size=80), st.sampled_from(["en", "ar", "zh", "hi", "tr", "vi", "xx"]))
def test_every_token_names_its_place_in_the_original_text(text: str, code: str) -> None:
    last = 0
    for token in Analyzer(code).tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert token.start >= last or token.end - token.start > 0
        last = max(last, token.start)
        assert token.word.term


@given(st.text(alphabet="aé\u0301ﬁ①가각 ㅏ\u1161ü\u0308", max_size=30))
def test_normalised_text_keeps_the_way_back(text: str) -> None:
    normal, places = normalised(text)

    if places is None:
        assert normal == text
    else:
        assert len(places) == len(normal) + 1
        assert sorted(places) == list(places)
        assert places[-1] == len(text)


@given(st.text(max_size=200), st.sampled_from(["en", "zh", "th", "de"]))
def test_no_text_breaks_analysis(text: str, code: str) -> None:
    analyzer = Analyzer(code)

    for word in analyzer.question(text.encode("utf-8", "replace").decode()):
        assert word.term


@pytest.mark.parametrize(
    ("code", "word", "flag"),
    [
        ("en", "forty", Flag.NUMBER),
        ("fr", "seize", Flag.NUMBER),
        ("da", "halvtreds", Flag.NUMBER),
        ("ru", "двадцати", Flag.NUMBER),
        ("fa", "بیست", Flag.NUMBER),
        ("fr", "peuvent", Flag.STOP),
        ("de", "müssen", Flag.STOP),
        ("pl", "może", Flag.STOP),
        ("ru", "должны", Flag.STOP),
    ],
)
def test_numbers_in_words_and_auxiliary_verbs_are_known(code: str, word: str, flag: Flag) -> None:
    (found,) = Analyzer(code).tokens(word)

    assert found.word.flags & flag
