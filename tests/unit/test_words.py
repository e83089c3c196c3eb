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


def looked_for(code: str, asked: str) -> set[str]:
    analyzer = Analyzer(code)
    words = analyzer.question(asked)
    found = {word.term for word in words} | {word.extra for word in words if word.extra is not None}
    return found.union(*(analyzer.other_spellings(word) for word in words))


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
        ("en", "9/13/2022", "13 September 2022"),
        ("en", "2022/09/13", "13 September 2022"),
        ("hu", "2022. 9. 13.", "2022-09-13"),
        ("cs", "13. 9. 2022", "13.09.2022"),
        ("nl", "13-09-2022", "13 september 2022"),
        ("de", "03.10.", "3 Oktober"),
        ("no", "3.10.", "3 oktober"),
    ],
)
def test_other_spellings_match(code: str, one: str, other: str) -> None:
    assert terms(code, other) <= terms(code, one) or terms(code, one) <= terms(code, other)


@pytest.mark.parametrize(
    ("code", "spellings"),
    [
        ("en", "4th fourth FOURTH IV"),
        ("en", "21st twenty-first XXI"),
        ("en", "2nd second II"),
        ("de", "3 3. dritte dritten drittes III"),
        ("de", "21. einundzwanzigsten XXI"),
        ("no", "17. syttende"),
        ("sv", "4:e fjärde"),
        ("nl", "4e 4de vierde"),
        ("fr", "1er 1re 1ère premier première"),
        ("fr", "19e 19ème dix-neuvième XIX"),
        ("es", "4º 4.º 4ª cuarto cuarta IV"),
        ("it", "3º 3ª terzo terza III"),
        ("pt", "3.º terceiro terceira"),
        ("ca", "4t 4a quart quarta"),
        ("ro", "doilea doua II"),
        ("ru", "4-й 4-го четвёртый четвертая четвёртого"),
        ("uk", "2-й 2-га другий другого"),
        ("bg", "1-ви първи първата"),
        ("pl", "5. piąty piąta piątego"),
        ("cs", "2. druhý druhého"),
        ("hu", "4. 4-ik negyedik negyediket"),
        ("fi", "3. kolmas kolmannen"),
        ("tr", "3. 3'üncü üçüncü"),
        ("el", "4ος τέταρτος τέταρτη"),
        ("id", "ke-4 keempat"),
        ("hi", "दूसरा दूसरी"),
        ("ar", "الرابع الرابعة"),
        ("fa", "چهارم چهارمین"),
        ("zh", "第四 第4 4"),
        ("ja", "第九 第9"),
    ],
)
def test_a_question_finds_all_spellings_of_an_ordinal(code: str, spellings: str) -> None:
    for asked in spellings.split():
        for written in spellings.split():
            assert looked_for(code, asked) & terms(code, written), (asked, written)


@pytest.mark.parametrize(
    ("code", "asked", "written"),
    [
        ("en", "world war 2", "World War II"),
        ("en", "Super Bowl 20", "Super Bowl XX"),
        ("en", "Louis the fourteenth", "Louis XIV"),
    ],
)
def test_a_number_finds_roman_ones(code: str, asked: str, written: str) -> None:
    assert looked_for(code, asked.split()[-1]) & terms(code, written.split()[-1])


@pytest.mark.parametrize(
    ("code", "asked", "written"),
    [("en", "Xi", "11"), ("sv", "vi", "6"), ("sv", "sjätte", "vi"), ("en", "fourth", "four")],
)
def test_a_word_is_not_taken_for_an_ordinal(code: str, asked: str, written: str) -> None:
    assert not looked_for(code, asked) & terms(code, written)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "at 3.10."),
        ("en", "1990-1995"),
        ("en", "192.168.1.12"),
        ("en", "10:30"),
        ("de", "3.50 Euro"),
        ("de", "3.13."),
    ],
)
def test_what_looks_like_a_date_is_none(code: str, text: str) -> None:
    assert not {term for term in terms(code, text) if term.startswith("\x01m")}


def test_a_date_that_may_mean_two_days_is_found_by_both() -> None:
    assert terms("en", "3/10/2022") >= terms("en", "3 October 2022") | terms("en", "March 10, 2022")


@pytest.mark.parametrize(
    ("code", "text", "found"),
    [
        ("de", "35. 14. 2022", {"35", "14", "2022"}),
        ("de", "3.15.", {"3.15"}),
        ("en", "20/30/1999", {"20", "30", "1999"}),
        ("en", "2022/13/40", {"2022", "13", "40"}),
        ("en", "99-99-2022", {"99", "2022"}),
    ],
)
def test_numbers_that_are_no_date_are_found_one_by_one(code: str, text: str, found: set[str]) -> None:
    assert found <= terms(code, text)


def test_a_number_at_the_end_of_a_sentence_is_found_though_it_looks_like_a_date() -> None:
    assert terms("de", "3.10 Euro") - {"\x01euro"} <= terms("de", "für 3.10.")


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
