"""Links to the place in a page where a quote stands."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.answering import link_to, text_fragment
from index.models import Span


def span_of(text: str, part: str) -> Span:
    return Span(text.index(part), text.index(part) + len(part))


def fragment(text: str, *parts: str) -> str:
    return text_fragment(text, [span_of(text, part) for part in parts]).removeprefix(":~:text=")


LONG = (
    "The ferry to the island left the harbour on Monday before dawn, with forty people and their bicycles, a brass "
    "band from Wellingen, two vets, the mayor of Aster and her dog, nine crates of lemons, a piano that nobody had "
    "asked for, and a captain who had never been as far as the lighthouse, though he had often said at home that he "
    "had seen it."
)


def test_a_short_quote_is_given_whole() -> None:
    text = "It rained. The ferry left at noon. Nobody knew why."

    assert fragment(text, "The ferry left at noon.") == "The%20ferry%20left%20at%20noon"


@pytest.mark.parametrize(
    ("quoted", "wanted"),
    [
        ("a cease-fire", "a%20cease%2Dfire"),
        ("one, two & three", "one%2C%20two%20%26%20three"),
        ("“Never!” he said.", "Never%21%E2%80%9D%20he%20said"),
        ("(all of 25%)", "all%20of%2025"),
        ("Fähre", "F%C3%A4hre"),
        ("3.14 ~ pi", "3%2E14%20%7E%20pi"),
        ("¿Dónde está?", "D%C3%B3nde%20est%C3%A1"),
        ("«सैनिकों»", "%E0%A4%B8%E0%A5%88%E0%A4%A8%E0%A4%BF%E0%A4%95%E0%A5%8B%E0%A4%82"),
        ("(ห้ามแพ้)", "%E0%B8%AB%E0%B9%89%E0%B8%B2%E0%B8%A1%E0%B9%81%E0%B8%9E%E0%B9%89"),
    ],
)
def test_all_but_letters_and_digits_is_encoded_and_marks_at_the_ends_are_dropped(quoted: str, wanted: str) -> None:
    assert fragment(quoted, quoted) == wanted


def test_a_long_quote_is_given_by_its_ends() -> None:
    assert fragment(LONG, LONG) == "The%20ferry%20to%20the,he%20had%20seen%20it"


def test_the_beginning_of_a_long_quote_grows_until_it_stands_only_once() -> None:
    text = "The ferry to the mainland sank. " + LONG

    assert fragment(text, LONG).split(",")[0] == "The%20ferry%20to%20the%20island"


def test_a_quote_of_several_lines_is_given_by_its_ends() -> None:
    text = "The ferry left at noon.\nIt carried forty people and their bicycles."

    assert fragment(text, text) == "The%20ferry%20left%20at,people%20and%20their%20bicycles"


def test_of_a_few_words_on_two_lines_the_first_line_is_given() -> None:
    text = "Ferry,  sunk\nat noon"

    assert fragment(text, text) == "Ferry%2C%20sunk"


def test_words_without_letters_at_the_ends_of_a_long_quote_are_dropped() -> None:
    text = f"– – – – {LONG} … … … …"

    assert fragment(text, text) == fragment(LONG, LONG)


def test_of_two_quotes_that_do_not_touch_the_first_is_given() -> None:
    text = "The ferry sank. It was cheap. Eleven people drowned."

    assert fragment(text, "The ferry sank.", "Eleven people drowned.") == "The%20ferry%20sank"
    assert (
        fragment(text, "It was cheap.", "Eleven people drowned.") == "It%20was%20cheap%2E%20Eleven%20people%20drowned"
    )


def test_beginning_and_end_never_share_a_word() -> None:
    # The first four words stand twice, so the beginning grows towards the end, which is not far.
    text = "one two three four five six\nseven eight nine\n\none two three four five six seven eight, once more"

    start, end = (unquote(part).split() for part in fragment(text, text[: text.index("nine") + 4]).split(","))

    assert len(start) + len(end) <= 9


several_lines = st.lists(
    st.sampled_from(["one", "two", "cease-fire", "a,b", "–", "\n", "  ", "\n\n", "4.5", "é", "四十九", "…", "x" * 90]),
    min_size=1,
    max_size=40,
).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(several_lines, several_lines)
def test_a_fragment_is_in_the_text_in_order_without_overlap(quoted: str, rest: str) -> None:
    quoted = f"An {quoted} end"
    text = f"{quoted} {rest}"

    directive, _, value = text_fragment(text, [Span(0, len(quoted))]).partition("=")

    assert directive == ":~:text"
    assert re.fullmatch(r"(?:\w|%[0-9A-F]{2})+(?:,(?:\w|%[0-9A-F]{2})+)?", value, re.ASCII)
    place = 0
    one_line = " ".join(text.split())
    for part in value.split(","):
        place = one_line.index(unquote(part), place) + len(unquote(part))


def test_a_link_keeps_the_place_in_the_page() -> None:
    spans = [Span(0, 9)]

    assert link_to("https://a.example/b", "The ferry", spans) == "https://a.example/b#:~:text=The%20ferry"
    assert link_to("http://a.example/b#c", "The ferry", spans) == "http://a.example/b#c:~:text=The%20ferry"


@pytest.mark.parametrize(
    "source",
    ["", "ferry.md", "/tmp/https://a.example", "ftp://a.example/b", "file:///b", "javascript:alert(1)", "https://a b"],
)
def test_only_web_pages_are_linked(source: str) -> None:
    assert link_to(source, "The ferry", [Span(0, 9)]) is None
