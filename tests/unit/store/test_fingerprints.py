"""Texts that say the same have one fingerprint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.store.fingerprints import content_hash


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tea leaves.", "tea_leaves"),
        ("Straße", "STRASSE"),
        ("café", "cafe\N{COMBINING ACUTE ACCENT}"),
        ("ﬁne tea", "FINE — tea 🍵"),
        ("“tea”", "tea\ud800"),
    ],
)
def test_texts_that_say_the_same_have_one_fingerprint(one: str, other: str) -> None:
    assert content_hash(one) == content_hash(other)


@pytest.mark.parametrize(("one", "other"), [("tea", "teas"), ("1.5", "1.6"), ("की", "का"), ("", "a")])
def test_texts_that_say_something_else_have_another_fingerprint(one: str, other: str) -> None:
    assert content_hash(one) != content_hash(other)


@given(st.text())
def test_case_and_spacing_do_not_change_a_fingerprint(text: str) -> None:
    assert content_hash(text) == content_hash(" ".join(text.casefold()))
