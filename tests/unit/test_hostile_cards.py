"""Cards of articles that were written to break them: limits hold, nothing pings, and the quote stays word for word."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.cards import AnswerPage, Card, answer_card, article_page
from bot.rendering.escaping import visible
from bot.rendering.excerpts import pages_of
from bot.rendering.limits import OWN_CARD_TEXT, character_end, fits, length
from bot.rendering.why import Reasons, why_card
from bot.rendering.words import words_for
from index import Citation, Refusal, Span, Status
from tests.support.answers import INFO, article, citation, others
from tests.support.markdown import ADDRESSES, INVITES, PINGS, Node, bold, kinds, parse, plain, walk

ENGLISH = words_for("en-US")

NASTY = {
    "all of the markdown": "*a* **b** ***c*** _d_ __e__ ___f___ ~~g~~ ||h|| `i` ``j`` > k",
    "stars only": "*" * 900,
    "stars in pairs": "** " * 300,
    "underscores": "snake_case _and_ __init__ ___",
    "backslashes": "\\" * 500,
    "backslash at the end": "It ends here\\",
    "shrug": "¯\\_(ツ)_/¯ " * 20,
    "spoiler": "||hidden|| and ||half hidden",
    "fence": "```py\nprint('a')\n```\nand ```half",
    "many fences": "```" * 300,
    "code": "`a` ``b`c`` ` d",
    "headings": "# One\n## Two\n### Three\n-# Four\n#five",
    "lists": "- a\n* b\n+ c\n1. d\n20. e\n  - f",
    "quotes": "> a\n>> b\n>>> c\n > d",
    "masked link": "[click](https://evil.example) [a](<https://evil.example>) ![b](c)",
    "addresses": "https://evil.example http://a.b/c?d=e&f=g <https://evil.example> steam://run/1",
    "invites": "discord.gg/evil https://discord.gg/evil discord.com/invite/evil DISCORDAPP.COM/INVITE/evil",
    "everyone": "@everyone @here @@everyone \\@everyone @\u200beveryone @silent",
    "mentions": "<@1> <@!12345678901234567> <@&12345678901234567> <#12345678901234567>",
    "half mentions": "<@<@1>> <<@!1> <@&<#2>",
    "commands": "</ask:12345678901234567> </index rebuild:1>",
    "navigation": "<id:customize> <id:browse> <id:guide>",
    "timestamps": "<t:1618953630> <t:1618953630:R> <t:-1:F>",
    "custom emoji": "<:a:12345678901234567> <a:wave:1> :smile: :skull::skull:",
    "mail and telephone": "<evil@example.org> <tel:+1234567890> <+4930123456> <sms:123456>",
    "arabic": "قال المتحدث إن الجسر افتتح في مايو. وحضر 3 آلاف شخص، بحسب NATO.",
    "hebrew and english": "The word שלום means peace (שלום). כך אמר: hello!",
    "niqqud": "שָׁלוֹם עֲלֵיכֶם מַלְאֲכֵי הַשָּׁרֵת",
    "persian": "می‌خواهم به خانه بروم. کتاب‌ها",
    "overrides": "abc \u202egnp.exe \u202d \u2066 \u2067 \u2068 \u2069 \u202c",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u180eh",
    "tags": "hidden\U000e0041\U000e0042\U000e0043 🏴󠁧󠁢󠁥󠁮󠁧󠁿 flag",
    "controls": "a\0b\x07c\x1b[31md\x7fe\x9bf",
    "half a pair": "a\ud800b\udfffc",
    "noncharacters": "a\ufdd0b\ufdd1c\ufffed\uffff",
    "zalgo": "Z" + "\u0301\u0323\u0334" * 60 + "algo " + "e\u0301" * 100,
    "only marks": "\u0301" * 500,
    "long word": "x" * 1000,
    "long word of stars": "x*" * 500,
    "many lines": "a\n" * 500,
    "many blank lines": "a" + "\n" * 900 + "b",
    "odd line ends": "a\r\nb\rc\u2028d\u2029e\vf\fg\x85h",
    "emoji": "👨‍👩‍👧‍👦" * 90,
    "flags": "🇳🇴🇩🇪" * 200,
    "skin tones": "👍🏽" * 400,
    "tabs": "a\tb\n\tc\n" * 100,
    "japanese": "橋は五月に開通した。多くの人が来た。費用は三百万だった。" * 20,
    "thai": "สะพานเปิดในเดือนพฤษภาคม " * 30,
    "spaces at line ends": "a  \nb \n c   ",
    "braces": "{title} {0} {x.__class__} {{}} %s %(a)s",
    "html": "<b>bold</b> <script>alert(1)</script> &lt; &amp;",
    "tables": "| a | b |\n|---|---|\n| c | d |",
    "mathematics": "$$x^2$$ and \\(y\\) and \\[z\\]",
    "numbers at line starts": "1.5 million\n1. April\n2) two\n3.",
    "separators": "---\n***\n___\n===",
    "nothing to be seen": "\u200b\u2060\u202e \n \ufeff",
    "only a dash": "-",
    "hash at the end": "C# #",
}


def thirds(text: str) -> list[Span]:
    """Two quotes: the first third and the last, of characters as they are seen."""
    first, last = character_end(text, len(text) // 3), character_end(text, 2 * len(text) // 3)
    return [span for span in (Span(0, first), Span(last, len(text))) if span.start < span.end]


def everywhere(text: str, spans: Sequence[Span], better: int = 0) -> Citation:
    """A citation in which the text stands wherever an article can put it."""
    info = replace(INFO, title=text, source=text, author=text)
    return replace(
        citation(text, *spans, info=info),
        better=better,
        matched_terms=(text, text[:30]),
        other_sources=(replace(others(1)[0], title=text, source=f"https://{text[:20]}"),),
    )


def answer(text: str, spans: Sequence[Span], better: int = 0) -> Card:
    return answer_card(
        AnswerPage(
            question=text,
            status=Status.UNCERTAIN,
            citation=everywhere(text, spans, better),
            unknown_terms=(text, "y"),
            note="Only shared articles were searched.",
        ),
        ENGLISH,
    )


def check_card(card: Card, allowed: set[str]) -> None:
    """No limit is passed, and a reader sees no markdown but what a card has by itself."""
    assert fits(card.texts), [length(text) for text in card.texts]
    assert sum(map(length, card.texts)) <= OWN_CARD_TEXT
    for text in card.texts:
        assert kinds(text) <= allowed, text
        assert not PINGS.search(text)
        assert not INVITES.search(text)
        assert not ADDRESSES.search(text)
        text.encode()
        check_directions(text)


def check_directions(text: str) -> None:
    """Each line closes the isolates that it opens, and overrides nothing."""
    for line in text.split("\n"):
        depth = 0
        for character in line:
            assert character not in "\u202a\u202b\u202c\u202d\u202e\u2066"
            depth += (character in "\u2067\u2068") - (character == "\u2069")
            assert 0 <= depth <= 2
        assert depth == 0


def quotes_of(text: str) -> list[Node]:
    return [node for node in walk(parse(text)) if node.kind == "quote"]


def flat(text: str) -> str:
    return " ".join(visible(text).split())


def check_passage(shown: str, passage: str, spans: Sequence[Span], better: int = 0) -> None:
    """What is shown of a passage is a stretch of it, and bold is what of the quotes is in that stretch."""
    read = flat(plain(shown))
    core = read.removeprefix("… ").removesuffix(" …")
    assert core in flat(passage)
    quotes = "".join(passage[span.start : span.end] for span in spans)
    stretches = bold(shown)
    assert all(stretch == stretch.strip() != "" for stretch in stretches)
    # Bold stands on each line by itself, without the white space between.
    assert "".join(flat("".join(stretches)).split()) in "".join(flat(quotes).split())
    if flat(passage[spans[better].start : spans[better].end]):
        assert stretches, "no quote is shown"


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_an_answer_holds_all_limits_and_shows_the_passage_as_it_is(text: str) -> None:
    passage = text[:1000]
    spans = thirds(passage)

    card = answer(passage, spans)

    check_card(card, {"heading", "strong", "quote", "subtext", "timestamp"})
    shown = card.parts[1].partition("\n")[2]
    check_passage(shown, passage, spans)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_a_refusal_holds_all_limits(text: str) -> None:
    page = AnswerPage(
        text, Status.REFUSED, Refusal.TOO_FAR, unknown_terms=(text,) * 12, nearest_titles=(text,) * 5, note="Note."
    )

    check_card(answer_card(page, ENGLISH), {"heading", "strong", "list", "code", "subtext"})


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_reasons_hold_all_limits(text: str) -> None:
    cited = everywhere(text[:1000], thirds(text[:1000]))

    card = why_card(Reasons(Status.ANSWERED, 0.5, (cited,) * 5, unknown_terms=(text,) * 12, took_ms=1), ENGLISH)

    check_card(card, {"heading", "strong", "list", "subtext"})


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_all_pages_of_an_article_hold_all_limits_and_show_it_as_it_is(text: str) -> None:
    long = f"{text} " * (9000 // len(text) + 1)
    quotes = [Span(3000, 3300), Span(5000, 5300)]

    pages = pages_of(long, quotes[0].start)

    assert "".join(long[page.start : page.end] for page in pages) == long
    for number, page in enumerate(pages, 1):
        card = article_page(
            article(long, replace(INFO, title=text, author=text)), page, quotes, number, len(pages), ENGLISH
        )
        check_card(card, {"strong", "quote", "subtext", "timestamp"})
        assert visible(plain(card.parts[1])).strip() in ("…", visible(long[page.start : page.end]).strip())


# Texts that are more likely to break something than letters are.
pieces = st.sampled_from(
    [
        *(piece for text in NASTY.values() for piece in text.split(" ")[:8] if len(piece) < 40),
        *"\\*_~|`<>[]()#:@-+.\n\r\t ",
        "**",
        "```",
        "||",
        "> ",
        "- ",
        "1. ",
        "\n\n",
        "@everyone",
        "<@1>",
        "discord",
        ".gg",
        "https",
        "://",
        "\u0301",
        "\u200d",
        "\u202e",
        "\u2069",
        "שלום",
        "😀",
        "Word. ",
    ]
)
hostile = st.lists(pieces | st.text(st.characters(), max_size=5), min_size=1, max_size=150).map("".join)


@st.composite
def passages(draw: st.DrawFn) -> tuple[str, list[Span], int]:
    text = (draw(hostile) * draw(st.integers(1, 5)))[:1000] or "a"
    places = draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=4))
    ends = sorted(character_end(text, place) for place in places)
    spans = [Span(a, b) for a, b in zip(ends[::2], ends[1::2], strict=False) if a < b] or [Span(0, len(text))]
    return text, spans, draw(st.integers(0, len(spans) - 1))


@settings(deadline=None)
@given(passages())
def test_any_answer_holds_all_limits_and_shows_the_passage_as_it_is(given_passage: tuple[str, list[Span], int]) -> None:
    text, spans, better = given_passage

    card = answer(text, spans, better)

    check_card(card, {"heading", "strong", "quote", "subtext", "timestamp"})
    shown = card.parts[1].partition("\n")[2]
    check_passage(shown, text, spans, better)


@settings(deadline=None)
@given(hostile, st.integers(1, 40), st.integers(0, 3000))
def test_any_article_is_covered_by_pages_that_fit(text: str, times: int, quote_start: int) -> None:
    long = text * times

    pages = pages_of(long, quote_start)

    assert "".join(long[page.start : page.end] for page in pages) == long
    for number, page in enumerate(pages, 1):
        card = article_page(article(long), page, [Span(quote_start, quote_start + 300)], number, len(pages), ENGLISH)
        check_card(card, {"strong", "quote", "subtext", "timestamp"})


@settings(deadline=None)
@given(hostile)
def test_any_question_is_one_line_that_is_a_heading_or_bold(question: str) -> None:
    first = answer_card(AnswerPage(question, Status.REFUSED, Refusal.NO_WORDS), ENGLISH).parts[0]

    assert "\n" not in first
    assert [node.kind for node in parse(first)] in (["heading"], ["strong"])
    read = visible(plain(first)).removesuffix("…").strip()
    assert read in flat(question)
