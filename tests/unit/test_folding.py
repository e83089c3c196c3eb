"""What titles are searched by."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.store.folding import FOLDED_CHARACTERS, folded


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Über den Fluß", "uber den fluss"),
        ("ÉCOLE à Nîmes", "ecole a nimes"),
        ("Ærø og Łódź", "aero og lodz"),
        ("  two \u00a0 words\n", "two words"),
        ("ＦＥＲＲＹ №5", "ferry no5"),
        ("İstanbul ile Diyarbakır", "istanbul ile diyarbakir"),
        ("Ёлка и йод", "елка и иод"),
        ("مَكْتَبَة", "مكتبة"),
        ("שָׁלוֹם", "שלום"),
        ("ガイド", "ガイド"),
        ("한국어 안내", "한국어 안내"),
        ("हिन्दी में", "हिन्दी में"),
        ("", ""),
    ],
)
def test_case_and_accents_do_not_count_and_other_letters_do(title: str, expected: str) -> None:
    assert folded(title) == unicodedata.normalize("NFC", expected)


@given(st.text(max_size=400))
def test_folding_twice_changes_nothing_and_the_limit_is_kept(title: str) -> None:
    once = folded(title)

    assert folded(once) == once
    assert len(once) <= FOLDED_CHARACTERS


@given(st.text(max_size=80))
def test_the_form_of_unicode_does_not_count(title: str) -> None:
    assert folded(unicodedata.normalize("NFD", title)) == folded(unicodedata.normalize("NFC", title))
