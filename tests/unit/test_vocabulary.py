"""Which terms may stand for a typed one, whether they came with the index or were added since."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis.languages import language
from index.ranking.vocabulary import MAX_VARIANTS, Vocabulary, is_spelt, variants


def tail_of(*terms: str) -> Vocabulary:
    vocabulary = Vocabulary()
    for term in terms:
        vocabulary.add(term)
    return vocabulary


def base_of(*terms: str) -> Vocabulary:
    vocabulary = tail_of(*terms)
    return vocabulary.compacted(list(range(len(vocabulary))))[0]


def found(term: str, *terms: str, code: str = "xx") -> dict[str, float]:
    return dict(variants(term, language(code), tail_of(*terms)))


# ---- what may be meant


@pytest.mark.parametrize("typed", ["zepelin", "zeppellin", "zeppelim", "zepeplin", "zeplepin"])
def test_an_unknown_word_may_be_a_misspelling(typed: str) -> None:
    assert "zeppelin" in found(typed, "zeppelin", "harbour")


def test_one_edit_is_worth_more_than_two() -> None:
    assert found("ceppelin", "zeppelin") == {"zeppelin": 0.8}
    assert found("zeppilon", "zeppelin") == {"zeppelin": 0.6}


def test_a_word_that_is_held_is_not_misspelt() -> None:
    assert found("ceppelin", "ceppelin", "zeppelin") == {}


def test_a_short_word_may_have_one_edit_only() -> None:
    assert found("ferri", "berri") == {"berri": 0.8}
    assert found("ferri", "berro") == {}


def test_other_endings_stand_for_a_word_that_is_held() -> None:
    assert found("fährschiff", "fährschiff", "fährschiffes", "fährschiffern", "fähre") == {
        "fährschiffes": 0.7,
        "fährschiffern": 0.5,
    }


def test_a_compound_stands_for_its_part_and_the_parts_for_their_compound() -> None:
    assert found("brücke", "brücke", "hängebrücke", "brückenpfeiler", code="de") == {
        "hängebrücke": 0.5,
        "brückenpfeiler": 0.5,
    }
    assert found("hängebrücke", "hänge", "brücke", code="de") == {"hänge": 0.4, "brücke": 0.4}


def test_letters_that_link_a_compound_are_not_looked_for() -> None:
    assert found("rettungsboot", "rettung", "boot", code="de") == {"rettung": 0.4, "boot": 0.4}


def test_a_language_without_compounds_has_none() -> None:
    assert found("bridge", "bridge", "footbridge", "bridgehead") == {}


def test_english_words_have_related_ones_when_a_passage_holds_them() -> None:
    assert found("death", "death", "die", code="en") == {"die": 0.5}
    assert found("death", "death", "die") == {}
    assert found("death", "death", code="en") == {}


# In both scripts most vowels are marks, which are no letters to `str.isalpha`.
@pytest.mark.parametrize(("code", "typed", "held"), [("hi", "सैनिकोंं", "सैनिकों"), ("te", "సైనికుల", "సైనికులు")])
def test_words_with_marks_have_variants(code: str, typed: str, held: str) -> None:
    assert not typed.isalpha()
    assert list(found(typed, held, code=code)) == [held]


@pytest.mark.parametrize(
    "typed", ["30000", "1912.5", "12th", "a380s", "\x01m12", "\x01percent", "士兵", "四十九名", "병사", "ทหาร"]
)
def test_numbers_signs_and_pairs_of_characters_have_no_variants(typed: str) -> None:
    others = [typed[:-1], typed + typed[-1], typed[:-1] + "1", typed + "s", typed[1:] + "9"]

    assert found(typed, *others, code="de") == {}
    assert not is_spelt(typed)


def test_a_number_never_stands_for_a_word() -> None:
    assert found("boeing", "boeing7", "boeings") == {"boeings": 0.8}


def test_words_of_three_letters_have_no_variants() -> None:
    assert found("war", "wars", "warx") == {}


letters = st.text(alphabet="abcdeä", min_size=1, max_size=10)


@settings(max_examples=150, deadline=None)
@given(letters, st.sets(letters, max_size=30), st.sampled_from(["en", "de", "xx"]))
def test_variants_are_few_held_by_a_passage_and_fall_in_weight(typed: str, held: set[str], code: str) -> None:
    vocabulary = tail_of(*sorted(held))

    pairs = variants(typed, language(code), vocabulary)

    assert len(pairs) <= MAX_VARIANTS
    assert {term for term, _ in pairs} <= held - {typed}
    assert len({term for term, _ in pairs}) == len(pairs)
    assert all(0 < weight < 1 for _, weight in pairs)


# ---- base and tail

terms_of_all_kinds = st.lists(
    st.text(alphabet="abcäñक्षि士兵19.", min_size=1, max_size=9), min_size=1, max_size=40, unique=True
)


@settings(max_examples=150, deadline=None)
@given(terms_of_all_kinds, st.integers(0, 40), st.sampled_from(["en", "de", "xx"]), st.data())
def test_base_and_tail_find_the_same(terms: list[str], in_base: int, code: str, data: st.DataObject) -> None:
    typed = data.draw(st.one_of(letters, st.sampled_from(terms)))
    split = base_of(*terms[:in_base])
    for term in terms[in_base:]:
        split.add(term)
    tail, base = tail_of(*terms), base_of(*terms)
    expected = variants(typed, language(code), tail)

    assert variants(typed, language(code), base) == expected
    assert variants(typed, language(code), split) == expected
    spelt = {term for term in terms if len(term) > 2 and is_spelt(term)}
    for one in (tail, base, split):
        assert len(one) == len(terms)
        assert {term for term in one.starting_with(typed[:2]) if term in spelt} == {
            term for term in spelt if term.startswith(typed[:2])
        }
        assert set(one.ending_with(typed[-2:])) == {term for term in spelt if term.endswith(typed[-2:])}


@given(terms_of_all_kinds)
def test_an_id_is_given_once_and_leads_back_to_its_term(terms: list[str]) -> None:
    vocabulary = base_of(*terms[::2])
    numbers = {term: vocabulary.add(term) for term in terms}

    assert sorted(numbers.values()) == list(range(len(terms)))
    assert [vocabulary.add(term) for term in terms] == list(numbers.values())
    assert [vocabulary.get(term) for term in terms] == list(numbers.values())
    assert [vocabulary.term(number) for number in numbers.values()] == terms
    assert vocabulary.get("never held") is None


@settings(max_examples=60, deadline=None)
@given(terms_of_all_kinds, st.data())
def test_compacted_keeps_what_was_wanted_through_files_too(terms: list[str], data: st.DataObject) -> None:
    vocabulary = base_of(*terms[::2])
    for term in terms:
        vocabulary.add(term)
    kept = sorted(data.draw(st.sets(st.integers(0, len(terms) - 1), min_size=1)))
    names = [vocabulary.term(number) for number in kept]

    compacted, new = vocabulary.compacted(kept)
    with tempfile.TemporaryDirectory() as folder:
        compacted.save(Path(folder))
        opened = Vocabulary.open(Path(folder))

        for one in (compacted, opened):
            assert sorted(new) == list(range(len(kept)))
            assert [one.get(name) for name in names] == new
            assert [one.term(number) for number in new] == names
            assert {term for term in terms if one.get(term) is not None} == set(names)


def test_an_empty_vocabulary_holds_nothing() -> None:
    vocabulary = base_of()

    assert (len(vocabulary), vocabulary.get("ferry"), vocabulary.starting_with("f")) == (0, None, [])
    assert variants("ferry", language("en"), vocabulary) == []
