"""From ranked passages to what is shown: quotes, links, repeats, and no question that breaks it."""

import asyncio
import re
import tempfile
from pathlib import Path
from random import Random
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Draft, Library, Status
from index.analysis.languages import language
from index.analysis.typed import as_typed
from index.analysis.words import Analyzer, is_wordless
from index.answering import (
    MAX_FROM_ONE_ARTICLE,
    QUOTE_CHARACTERS,
    SHOWN,
    Candidate,
    Group,
    clause,
    crowded_out,
    filled,
    link_to,
    quote_spans,
    text_fragment,
    without_repeats,
)
from index.models import Answer, PassageKey, Span
from index.ranking.features import Stage, Table
from index.ranking.query import Expected, Query, Unit, expected

# ---- words of scripts without spaces


@pytest.mark.parametrize(
    ("code", "question", "words"),
    [
        ("ja", "日本語の橋", ("日本語の橋",)),
        ("ja", "ﾆﾎﾝの Zeppelin", ("ニホン", "zeppelin")),
        ("ja", "飛行船はいつ出発しましたか", ("飛行船", "出発")),
        ("ja", "すしはどこで売られましたか", ("すし",)),
        ("zh", "飞艇是什么时候起飞的？", ("飞艇", "起飞")),
        ("zh", "目的是什么？", ("目的",)),
        ("zh", "桥", ("桥",)),
        ("th", "สะพานใหม่", ("สะพานใหม่",)),
        ("ko", "세종대왕은 비행선을", ("세종대왕은", "비행선을")),
        ("de", "Die Brücke", ("brücke",)),
    ],
)
async def test_unknown_words_are_named_as_they_were_typed(
    tmp_path: Path, code: str, question: str, words: tuple[str, ...]
) -> None:
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/a.db") as library:
        await library.add([Draft("Tea", "Tea leaves float on water.", "tea.md", code)])

        answer = await library.ask(question)

    assert answer.unknown_terms == words


@pytest.mark.parametrize(
    ("code", "held", "question", "words"),
    [
        ("ja", "憲法の条文。改正。", "飛行船法の改正はいつですか", ("飛行船",)),
        ("ja", "憲法。法。改正。", "憲法の改正", ()),
        ("ja", "東京。大学。", "東京大学の飛行船", ("飛行船",)),
        ("ja", "歴史。", "すしの歴史", ("すし",)),
        ("ja", "京大。", "飛行京大航空", ("飛行", "航空")),
        ("ja", "橋が建てられた。", "橋が壊された", ()),
        ("ja", "図書館。", "図書館で犬が飼われているのはなぜ", ()),
        ("ja", "センター。", "コンピューターは何台ですか", ("コンピューター",)),
        ("zh", "北京。地震。", "北京的飞艇", ("飞艇",)),
        ("zh", "北京发生。地震。", "北京发生了地震吗？", ()),
        ("zh", "北京。", "北京市", ()),
        ("th", "สะพาน เก่า", "สะพานใหม่", ("ใหม่",)),
        ("th", "แม่น้ำ ข้าง", "สร้าง", ()),
        ("ko", "열렸다", "언제 열렸나요", ()),
        ("ko", "세종대왕 비행", "세종대왕은 비행선을", ("비행선을",)),
        ("ko", "세종대왕", "세종대왕에게", ()),
    ],
)
async def test_only_what_reads_as_a_word_is_named(
    tmp_path: Path, code: str, held: str, question: str, words: tuple[str, ...]
) -> None:
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/a.db") as library:
        await library.add([Draft("a", held, "a.md", code)])

        answer = await library.ask(question)

    assert answer.unknown_terms == words


async def test_matched_words_lose_their_particles(tmp_path: Path) -> None:
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/a.db") as library:
        await library.add([Draft("橋", "新しい橋の開通式は1934年でした。", "a.md", "ja")])

        answer = await library.ask("橋の開通式はいつですか")

    assert answer.matched_terms == ("橋の開通式",)


@given(st.text("日本語橋はのสะพาน세종 ab", max_size=20), st.randoms())
def test_words_as_typed_are_slices_of_the_question(question: str, random: Random) -> None:
    forms = list(dict.fromkeys(Analyzer("ja").forms(question)))
    terms = [form for form in forms if random.random() < 0.7]
    others = [form for form in forms if form not in terms]

    words = as_typed(terms, others, question, [language("ja")])

    assert all(word in question for word in words)
    assert all(len(word) > 1 or word in terms for word in words)
    assert len(words) == len(set(words))
    assert [word for word in words if not is_wordless(word)] == [term for term in terms if not is_wordless(term)]
    assert as_typed([term for term in terms if not is_wordless(term)], others, question, []) == tuple(
        term for term in terms if not is_wordless(term)
    )


# ---- links


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


# ---- repeats


def candidate(article: int, ordinal: int = 0, words: frozenset[int] | None = None) -> Candidate:
    own = frozenset(range(article * 1000 + ordinal * 50, article * 1000 + ordinal * 50 + 50))
    return Candidate("en", PassageKey(article, ordinal), 0, 10, (), 1.0, (), {}, own if words is None else words)


def keys(candidates: list[Candidate]) -> list[tuple[int, int]]:
    return [(one.key.article, one.key.ordinal) for one in candidates]


def test_different_passages_keep_their_order() -> None:
    candidates = [candidate(3), candidate(1), candidate(2)]

    assert without_repeats(candidates) == [(one, []) for one in candidates]


def test_a_near_duplicate_of_another_article_goes_with_the_first() -> None:
    words = frozenset(range(20))
    first, other, twin = candidate(1, words=words), candidate(2), candidate(3, words=words - {0, 1})

    assert without_repeats([first, other, twin]) == [(first, [twin]), (other, [])]


def test_with_less_than_nine_of_ten_words_it_is_no_duplicate() -> None:
    words = frozenset(range(20))
    first, other = candidate(1, words=words), candidate(2, words=words - {0, 1, 2})

    assert without_repeats([first, other]) == [(first, []), (other, [])]


def test_alike_passages_of_one_article_are_both_kept() -> None:
    first, second = candidate(1, 0, frozenset({1})), candidate(1, 1, frozenset({1}))

    assert without_repeats([first, second]) == [(first, []), (second, [])]


def test_a_fourth_passage_of_an_article_waits_behind_the_first_five() -> None:
    candidates = [*(candidate(1, ordinal) for ordinal in range(4)), candidate(2), candidate(3), candidate(4)]

    kept = [one for one, _ in without_repeats(candidates)]

    assert keys(kept) == [(1, 0), (1, 1), (1, 2), (2, 0), (3, 0), (1, 3), (4, 0)]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9), st.integers(0, 3)), max_size=20, unique=True))
def test_nothing_is_shown_twice_and_no_article_fills_the_first_page(places: list[tuple[int, int, int]]) -> None:
    pool = [frozenset(range(20)), frozenset(range(1, 21)), frozenset(range(40, 60)), None]
    candidates = [candidate(article, ordinal, pool[words]) for article, ordinal, words in places]

    kept = without_repeats(candidates)

    shown = [one.key.article for one, _ in kept[:SHOWN]]
    assert all(shown.count(article) <= MAX_FROM_ONE_ARTICLE for article in shown)
    everywhere = [id(one) for one, twins in kept for one in (one, *twins)]
    assert len(set(everywhere)) == len(everywhere)
    assert set(everywhere) <= {id(one) for one in candidates}
    assert all(twin.key.article != one.key.article for one, twins in kept for twin in twins)
    assert [id(one) for one, _ in kept[:1]] == [id(one) for one in candidates[:1]]


# ---- quotes


def group_of(scores: list[float]) -> Group:
    nothing = np.zeros(0)
    query = Query("en", (), (), (), Expected.ANY, 1)
    first = np.zeros(1, np.int64)
    table = Table(nothing, nothing, first, np.zeros(len(scores), np.int64), nothing, nothing, np.zeros(0, np.bool_))
    return Group(query, [], [], Stage(nothing, nothing, nothing), table, np.array(scores), nothing)


def placed(lengths: list[int], gap: int = 1) -> list[tuple[int, int]]:
    starts = [sum(lengths[:i]) + gap * i for i in range(len(lengths))]
    return [(start, start + length) for start, length in zip(starts, lengths, strict=True)]


def test_the_two_best_sentences_are_quoted_in_the_order_of_the_text() -> None:
    spans = quote_spans(group_of([0.2, 0.1, 0.9]), 0, placed([50, 50, 50]))

    assert spans == (Span(0, 50), Span(102, 152))


def test_a_sentence_that_does_not_fit_leaves_its_place_to_the_next_best() -> None:
    spans = quote_spans(group_of([0.9, 0.8, 0.1]), 0, placed([300, 200, 60]))

    assert spans == (Span(0, 300), Span(502, 562))


def test_of_equal_sentences_the_earlier_is_quoted() -> None:
    spans = quote_spans(group_of([0.5, 0.5, 0.5]), 0, placed([390, 390, 390]))

    assert spans == (Span(0, 390),)


def test_what_stands_between_two_sentences_counts() -> None:
    assert len(quote_spans(group_of([0.9, 0.8]), 0, placed([200, 198], gap=2))) == 2
    assert len(quote_spans(group_of([0.9, 0.8]), 0, placed([200, 199], gap=2))) == 1
    assert len(quote_spans(group_of([0.9, 0.1, 0.8]), 0, placed([200, 400, 195]))) == 2
    assert len(quote_spans(group_of([0.9, 0.1, 0.8]), 0, placed([200, 400, 196]))) == 1


def test_a_second_sentence_without_room_is_kept_to_be_cut() -> None:
    assert crowded_out(group_of([0.9, 0.8, 0.1]), 0, placed([300, 200, 60])) == Span(301, 501)
    assert crowded_out(group_of([0.9, 0.1, 0.8]), 0, placed([300, 200, 60])) is None
    assert crowded_out(group_of([0.9]), 0, placed([300])) is None


# ---- a part of a sentence

CAPTAIN = (
    "She was built in 1931 at the yard of Aster, painted white and green, with a funnel of brass: the captain, who had "
    "lost his hat, steered her out of the harbour in a heavy storm, though nobody had asked him to."
)


def asking(question: str, **terms: float) -> Query:
    units = tuple(Unit(term, term, ((term, 1.0),), weight, True, False, False) for term, weight in terms.items())
    return Query("en", (), units, (), expected(question, language("en")), 10)


def cut(query: Query, room: int, text: str = CAPTAIN) -> str | None:
    part = clause("Before. " + text, Span(8, 8 + len(text)), room, query, Analyzer("en"))
    return None if part is None else ("Before. " + text)[part.start : part.end]


def test_the_part_with_most_of_the_question_is_kept_from_mark_to_mark() -> None:
    storm = asking("where was the storm", harbour=1.0, storm=2.0)

    assert cut(storm, 50) == "steered her out of the harbour in a heavy storm"
    assert cut(storm, 1_000) == CAPTAIN


def test_a_word_of_the_kind_that_answers_draws_the_part_to_it() -> None:
    assert cut(asking("storm and harbour", storm=1.0, funnel=0.1), 50) == (
        "steered her out of the harbour in a heavy storm"
    )
    assert cut(asking("how did it happen", funnel=0.5, yard=0.4), 50) == (
        "painted white and green, with a funnel of brass"
    )
    assert cut(asking("when did it happen", funnel=0.5, yard=0.4), 50) == "She was built in 1931 at the yard of Aster"


def test_a_sentence_is_not_cut_where_it_has_no_marks_or_no_room() -> None:
    assert cut(asking("storm", storm=1.0), 30) is None
    assert cut(asking("storm", storm=1.0), 60, CAPTAIN.replace(",", "").replace(":", "")) is None


@pytest.mark.parametrize("text", ["1,234,567 people and 12:30 or 3:45 " * 3, "a-b " * 30, "x" * 90])
def test_marks_within_numbers_and_words_are_no_place_to_cut(text: str) -> None:
    assert cut(asking("people", people=1.0), 60, text) is None


def test_quotes_stay_within_their_limit_and_in_the_order_of_the_text() -> None:
    best = "The storm broke over the harbour of Aster and " + "roared on " * 24 + "for days."
    passage = f"{CAPTAIN} {best} It rained."
    spare = Span(0, len(CAPTAIN))
    at = passage.index(best)
    quotes = (Span(at, at + len(best)), Span(at + len(best) + 1, len(passage)))

    spans, better = filled(quotes, 0, spare, passage, asking("harbour", harbour=1.0, storm=1.0), Analyzer("en"))

    assert spans[better] == quotes[0]
    assert better == 1
    assert passage[spans[0].start : spans[0].end] == (
        "the captain, who had lost his hat, steered her out of the harbour in a heavy storm"
    )
    assert sum(span.end - span.start for span in spans) + len(" […] ") <= QUOTE_CHARACTERS


@given(st.text(alphabet="ab ,;:–،、1", max_size=300), st.integers(0, 300))
def test_a_part_lies_within_its_sentence_and_its_room(text: str, room: int) -> None:
    part = clause(text, Span(0, len(text)), room, asking("when", a=1.0, ab=2.0), Analyzer("en"))

    assert part is None or (0 <= part.start < part.end <= len(text) and part.end - part.start <= room)


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(-3, 3)), min_size=1, max_size=8), st.integers(1, 3))
def test_a_quote_keeps_its_limit_and_holds_the_best_sentence(sentences: list[tuple[int, int]], gap: int) -> None:
    spans = placed([length for length, _ in sentences], gap)
    scores = [float(score) for _, score in sentences]

    quoted = [(span.start, span.end) for span in quote_spans(group_of(scores), 0, spans)]

    assert len(quoted) in (1, 2)
    assert quoted == sorted(quoted)
    assert set(quoted) <= set(spans)
    assert spans[scores.index(max(scores))] in quoted
    between = " " * (quoted[-1][0] - quoted[0][1])
    if len(quoted) == 2 and spans.index(quoted[1]) - spans.index(quoted[0]) > 1:
        between = " […] "
    assert sum(end - start for start, end in quoted) + len(between) <= QUOTE_CHARACTERS


# ---- any question to any library

PIECES = (
    *("The ferry sank.", "Eleven people drowned", "on 13 September 2022", "Aster", "cease-fire", "25%", "U.S.", "why"),
    *(
        "\n",
        "\n\n",
        " ",
        "…",
        "?",
        "四十九名士兵被打死。",
        "ทหารเสียชีวิต",
        "병사들이",
        "सैनिकों",
        "l’armée",
        "ﷺ",
        "é",
        "🙂",
    ),
    *("\x00", "\ud800", "\u200b", "x" * 450, "(", "It was cheap. " * 20, "٣٤", "½", "_", "-", "ß", "İ"),
)
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=25).map(" ".join)
drafts = st.builds(
    Draft,
    title=texts,
    text=texts,
    source=st.sampled_from(["a.md", "b.md", "https://c.example", "https://d.example/#e"]),
    language=st.sampled_from([None, "en", "de", "zh", "th", "hi", "ar"]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(drafts, min_size=1, max_size=4), st.lists(texts.filter(lambda text: text.strip() != ""), max_size=5))
def test_no_question_breaks_an_answer_and_every_quote_is_a_slice(articles: list[Draft], questions: list[str]) -> None:
    asyncio.run(ask_all(articles, questions))


async def ask_all(articles: list[Draft], questions: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with await Library.open(f"sqlite+aiosqlite:///{Path(folder)}/library.db") as library:
            await library.add(articles)
            for question in questions:
                for refuse in (True, False):
                    await check(library, await library.ask(question, top_k=50, refuse=refuse))


async def check(library: Library, answer: Answer) -> None:
    assert 0 <= answer.confidence <= 1
    assert (answer.refusal is None) == (answer.status is not Status.REFUSED)
    shown = [answer.best, *answer.alternatives] if answer.best is not None else []
    for citation in shown:
        stored = await library.article(citation.article.id)
        assert stored.info == citation.article
        assert stored.text[citation.start : citation.end] == citation.passage
        assert 1 <= len(citation.quotes) <= 2
        for span in citation.quotes:
            assert 0 <= span.start < span.end <= len(citation.passage)
        assert all(piece in stored.text for piece in citation.quote.split(" […] "))
        assert len(citation.quote) <= QUOTE_CHARACTERS
        assert (citation.link is not None) == citation.article.source.startswith("https://")
