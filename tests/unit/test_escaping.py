"""Texts of others in Discord's markdown: shown as they are, and only that."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.rendering.escaping import (
    MOST_MARKS,
    escaped,
    escaped_line,
    is_right_to_left,
    most_when_quoted,
    quoted_passage,
    visible,
)
from bot.rendering.limits import character_end, cut, length
from index import Span
from tests.support.markdown import INVITES, PINGS, bold, kinds, parse, plain

ISOLATES = str.maketrans("", "", "\u2067\u2068\u2069\u2060")


@pytest.mark.parametrize(
    "text",
    [
        "*a* **b** _c_ __d__ ~~e~~ ||f||",
        "# a\n## b\n### c\n-# d",
        "- a\n* b\n+ c\n1. d\n  12. e",
        "> a\n>>> b",
        "`a` ``b`` ```c\nd```",
        "[a](https://example.org) <https://example.org> https://example.org",
        "<@1> <@!1> <@&1> <#1> </ask:1> <id:browse> <t:1:R> <a:b:1> <:b:1> :smile: @everyone @here",
        "a\\b \\* ¯\\_(ツ)_/¯ \\",
        "C# and C++",
        "<mail@example.org> <+4930123456>",
    ],
)
def test_markdown_is_shown_as_it_was_written(text: str) -> None:
    assert kinds(escaped(text)) == set()
    assert plain(escaped(text)).translate(ISOLATES) == text


def test_a_text_without_markdown_is_left_alone() -> None:
    assert escaped("A plain sentence, 3.5 km long – isn’t it?") == "A plain sentence, 3.5 km long – isn’t it?"


@pytest.mark.parametrize("text", ["@everyone", "@here", "x@everyone", "<@123>", "<@&123>", "@\u200beveryone"])
def test_nothing_is_left_that_the_server_takes_as_a_ping(text: str) -> None:
    assert not PINGS.search(escaped(text))


@pytest.mark.parametrize(
    "text", ["discord.gg/abc", "https://discord.com/invite/abc", "DISCORD.GG/abc", "discord.gift/a"]
)
def test_an_invite_cannot_be_followed_and_still_reads_the_same(text: str) -> None:
    assert not INVITES.search(escaped(text))
    assert plain(escaped(text)) == text


@pytest.mark.parametrize(
    "unseen",
    [
        "\u202e",
        "\u2066",
        "\u200b",
        "\u2060",
        "\ufeff",
        "\U000e0041",
        "\0",
        "\x1b",
        "\x7f",
        "\ud800",
        "\ufdd0",
        "\ufffe",
    ],
)
def test_what_cannot_be_seen_or_turns_the_text_is_dropped(unseen: str) -> None:
    assert escaped(f"be{unseen}fore") == "before"


@pytest.mark.parametrize(
    "text",
    ["👨‍👩‍👧", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "می‌خواهم", "❤️", "🇳🇴", "👍🏽", "नमस्ते", "שָׁלוֹם", "a\u200eb"],
)
def test_characters_that_scripts_and_emoji_need_stay(text: str) -> None:
    assert visible(text) == text


def test_towers_of_accents_are_cut_down() -> None:
    assert visible("Z" + "\u0301" * 50 + "a") == "Z" + "\u0301" * MOST_MARKS + "a"


def test_marks_on_no_letter_are_dropped_and_never_go_onto_markdown() -> None:
    assert visible("\u0301a \u0301b") == "a b"
    assert quoted_passage("a \u0301*b*", [Span(1, 6)]) == "> a **\\*b\\***"


def test_line_ends_are_line_feeds_and_one_blank_line_is_kept() -> None:
    assert visible("a\r\nb\rc\u2028d \n\n \n\ne\t") == "a\nb\nc\nd\n\ne"


def test_what_is_visible_does_not_change_when_it_is_looked_at_again() -> None:
    text = "a\u200b\r\n\r\n\r\n" + "b\u0301" * 3 + "\u0301" * 20 + "  \n"

    assert visible(visible(text)) == visible(text)


def test_a_quote_has_its_mark_on_each_line_and_on_blank_ones() -> None:
    assert quoted_passage("\na\n\nb\n") == "> a\n> \n> b"


def test_a_passage_that_cannot_be_seen_is_nothing() -> None:
    assert quoted_passage("\u200b\n \n", [Span(0, 3)]) == ""


@pytest.mark.parametrize(
    ("passage", "span", "shown"),
    [
        ("One. Two. Three.", Span(5, 9), "> One. **Two.** Three."),
        ("One. Two. Three.", Span(4, 10), "> One. **Two.** Three."),
        ("*One* two", Span(0, 5), "> **\\*One\\*** two"),
        ("*One*two*", Span(1, 4), "> \\***One**\\*two\\*"),
        ("One\\ two", Span(0, 4), "> **One\\\\** two"),
        ("One\ntwo", Span(0, 7), "> **One**\n> **two**"),
        ("One\n\n two", Span(0, 9), "> **One**\n> \n>  **two**"),
        ("x\n- y", Span(2, 5), "> x\n> **\\- y**"),
        ("cafe\u0301 x", Span(0, 4), "> **cafe\u0301** x"),
        ("One two", Span(3, 4), "> One two"),
    ],
)
def test_bold_begins_and_ends_with_what_is_quoted(passage: str, span: Span, shown: str) -> None:
    assert quoted_passage(passage, [span]) == shown


def test_two_sentences_that_touch_are_one_stretch_of_bold() -> None:
    assert quoted_passage("One. Two. Three.", [Span(0, 4), Span(5, 9)]) == "> **One. Two.** Three."
    assert quoted_passage("One.Two.", [Span(0, 4), Span(4, 8)]) == "> **One.Two.**"


def test_spans_that_overlap_are_one_stretch_of_bold() -> None:
    assert quoted_passage("One. Two.", [Span(5, 9), Span(0, 6)]) == "> **One. Two.**"


def test_lines_of_a_right_to_left_passage_read_from_the_right() -> None:
    assert quoted_passage("NATO قال شيئا هنا.\nثم ذهب.") == "> \u2067NATO قال شيئا هنا.\u2069\n> \u2067ثم ذهب.\u2069"


def test_a_line_with_some_right_to_left_words_is_kept_apart() -> None:
    assert quoted_passage("The word שלום is a greeting.\nSo it is.").split("\n") == [
        "> \u2068The word שלום is a greeting.\u2069",
        "> So it is.",
    ]


def test_most_letters_say_where_a_text_is_read_from() -> None:
    assert is_right_to_left("قال NATO شيئا")
    assert not is_right_to_left("The word שלום")
    assert not is_right_to_left("123")


def test_a_line_is_cut_at_a_words_end_so_that_it_fits_with_its_backslashes() -> None:
    assert escaped_line("*stars* and more *stars*", 20) == "\\*stars\\* and…"


def test_a_line_has_no_line_ends() -> None:
    assert escaped_line(" a \n\n b\u2029c ", 50) == "a b c"


def test_a_right_to_left_line_does_not_turn_what_stands_beside_it() -> None:
    assert escaped_line("مرحبا", 50) == "\u2068مرحبا\u2069"


def test_a_cut_never_parts_what_is_seen_as_one_character() -> None:
    assert cut("👨‍👩‍👧" * 5, 12) == "👨‍👩‍👧…"
    assert cut("e\u0301" * 5, 4) == "e\u0301…"
    assert cut("🇳🇴" * 5, 8) == "🇳🇴…"


def test_a_cut_text_ends_with_a_word() -> None:
    assert cut("one two three", 9) == "one two…"
    assert cut("one two", 7) == "one two"


@settings(deadline=None)
@given(st.text(st.characters(), max_size=200), st.integers(20, 100))
def test_any_line_fits_and_holds_no_markdown(text: str, longest: int) -> None:
    line = escaped_line(text, longest)

    assert length(line) <= longest
    assert "\n" not in line
    assert kinds(line) == set()
    assert visible(" ".join(plain(line).split())).removesuffix("…").rstrip() in " ".join(visible(text).split()) + "…"


@settings(deadline=None)
@given(st.text(st.characters(), max_size=200), st.integers(0, 200), st.integers(0, 200))
def test_any_passage_is_shown_word_for_word_and_within_its_bound(text: str, one: int, other: int) -> None:
    span = Span(min(one, other, len(text)), min(max(one, other), len(text)))

    shown = quoted_passage(text, [span])

    assert length(shown) <= most_when_quoted(text)
    assert kinds(shown) <= {"quote", "strong"}
    assert visible(plain(shown)) == visible(text).strip("\n")
    assert [node.kind for node in parse(shown)] == (["quote"] if shown else [])


@settings(deadline=None)
@given(st.text(st.characters(), max_size=100), st.integers(1, 100))
def test_a_cut_text_fits(text: str, longest: int) -> None:
    assert length(cut(text, longest)) <= longest


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), st.integers(0, 50))
def test_a_character_ends_at_or_before_where_it_was_asked(text: str, end: int) -> None:
    assert 0 <= character_end(text, min(end, len(text))) <= end


def test_bold_is_read_back() -> None:
    assert bold(quoted_passage("a ** b *** c", [Span(2, 4), Span(7, 10)])) == ["**", "***"]


# ---- bold by CommonMark's rules


def common_bold(source: str) -> list[str]:
    """The stretches in bold by CommonMark, which is stricter than Discord's web client."""
    found: list[str] = []
    for block in MarkdownIt("commonmark").parse(source):
        depth = 0
        for token in block.children or []:
            depth += {"strong_open": 1, "strong_close": -1}.get(token.type, 0)
            if token.type == "strong_open":
                found.append("")
            elif depth:
                found[-1] += token.content
    return found


@pytest.mark.parametrize(
    ("before", "quote", "after"),
    [
        ("", "改修費は9,600万円だった。", "半分は国の補助金で、"),
        ("町は", "「列車図書館」", "を開いた。"),
        ("", "飞艇于1903年起飞。", "它很大。"),
        ("", "بلغت تكلفة الجسر 12 مليون دينار.", ""),
        ("It", "(really)", "opened."),
        ("It opened. ", "It cost 40 million.", " Nobody knew."),
    ],
)
def test_bold_beside_punctuation_is_bold_for_every_reader(before: str, quote: str, after: str) -> None:
    passage = before + quote + after

    card = quoted_passage(passage, [Span(len(before), len(before) + len(quote))])

    assert [visible(one) for one in common_bold(card)] == [quote]
    assert [visible(one) for one in bold(card)] == [quote]
    assert visible(plain(card)) == passage


@given(
    st.text("あ語。「」a.1*\\_ ا؟", max_size=8),
    st.text("あ。「」a.*( ا", min_size=1, max_size=8),
    st.text("あ。」a. ا", max_size=8),
)
def test_bold_is_the_same_by_both_rules(before: str, quote: str, after: str) -> None:
    card = quoted_passage(f"{before}{quote}{after}", [Span(len(before), len(before) + len(quote))])

    assert list(map(visible, common_bold(card))) == list(map(visible, bold(card)))
