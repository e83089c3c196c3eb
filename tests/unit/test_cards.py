"""Answers, refusals, reasons and articles as people read them in Discord."""

import inspect
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import index
from bot import errors as desk_errors
from bot.rendering.cards import (
    Accent,
    AnswerPage,
    Card,
    answer_card,
    article_page,
    link_of,
    notice_card,
    source_of,
)
from bot.rendering.errors import error_card, error_text, permission_name
from bot.rendering.excerpts import MOST_LINES, PAGE_CHARACTERS, excerpt, pages_of
from bot.rendering.limits import BUTTON_URL, CARD_TEXT, fits, length
from bot.rendering.moments import date_of
from bot.rendering.why import Reasons, why_card
from bot.rendering.words import words_for
from index import Refusal, Span, Status
from index import errors as library_errors
from tests.support.answers import INFO, PASSAGE, article, citation, others
from tests.support.markdown import bold, kinds, plain

ENGLISH = words_for("en-US")
ANSWERED = AnswerPage("when did the bridge open?", Status.ANSWERED, citation=citation())
REFUSED = AnswerPage("when did the tunnel open?", Status.REFUSED, Refusal.TOO_FAR)


def read(card: Card) -> str:
    return "\n---\n".join(card.texts)


# ---- answers


def test_an_answer_is_the_question_the_passage_and_its_source() -> None:
    assert read(answer_card(ANSWERED, ENGLISH)) == (
        "### when did the bridge open?\n"
        "---\n"
        "> It is long. **The bridge opened in May.** Many came. It cost 3 million.\n"
        "---\n"
        "**The bridge**\n"
        "example.org · Jane Doe · <t:1710754200:D>"
    )
    assert answer_card(ANSWERED, ENGLISH).accent is Accent.ANSWERED


def test_an_unsure_answer_says_so_in_words_and_names_what_no_article_holds() -> None:
    card = answer_card(replace(ANSWERED, status=Status.UNCERTAIN, unknown_terms=("flumph", "*x*")), ENGLISH)

    assert card.accent is Accent.UNCERTAIN
    assert card.parts[1].startswith("I am not sure. The closest passage is this:\n> It is long.")
    assert card.footer == "In no article: **flumph** and **\\*x\\***"


def test_a_further_passage_is_not_called_the_closest() -> None:
    card = answer_card(replace(ANSWERED, status=Status.UNCERTAIN, place=2), ENGLISH)

    assert card.parts[1].startswith("> It is long.")
    assert card.footer is None


def test_a_note_stands_below_as_small_text() -> None:
    card = answer_card(replace(ANSWERED, note="Only shared articles\nwere searched."), ENGLISH)

    assert card.texts[-1] == "-# Only shared articles were searched."


def test_where_the_same_words_stand_besides_is_told() -> None:
    cited = replace(citation(), other_sources=tuple(others(3)))

    footer = answer_card(replace(ANSWERED, citation=cited), ENGLISH).footer

    assert footer == "Also in: Other 0 · other0.org and Other 1 · other1.org"


def test_a_question_of_many_lines_is_one() -> None:
    assert answer_card(replace(ANSWERED, question="when\n\n# did\nit open?"), ENGLISH).parts[0] == (
        "### when \\# did it open?"
    )


def test_a_question_keeps_the_sign_at_its_end() -> None:
    assert plain(answer_card(replace(ANSWERED, question="what is C#"), ENGLISH).parts[0]) == "what is C#\u2060"


def test_a_long_question_is_bold_and_cut_at_a_words_end() -> None:
    question = answer_card(replace(ANSWERED, question="why " * 300), ENGLISH).parts[0]

    assert bold(question) == [plain(question)]
    assert question.endswith("why…**")
    assert length(question) <= 404


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("https://www.example.org/a/b?c=d", "example.org"),
        ("http://user:secret@example.org:8080/", "example.org"),
        ("/home/jane/articles/bridge.md", "bridge.md"),
        ("C:\\Users\\jane\\bridge.txt", "bridge.txt"),
        ("file:///home/jane/bridge.md", "bridge.md"),
        ("articles/bridge.md", "bridge.md"),
        ("AP/Reuters", "AP/Reuters"),
        ("The *Daily* News, p. 4", "The \\*Daily\\* News, p. 4"),
        ("https://[broken", "https\\://\\[broken"),
        ("", ""),
    ],
)
def test_a_source_is_named_without_where_it_lies_on_a_disk(source: str, shown: str) -> None:
    assert source_of(source) == shown


def test_a_day_without_an_hour_is_the_same_day_for_most_readers() -> None:
    assert date_of(datetime(2024, 3, 18, tzinfo=UTC)) == "<t:1710763200:D>"
    assert date_of(datetime(2024, 3, 18, 9, 30, tzinfo=UTC)) == "<t:1710754200:D>"


def test_what_is_not_known_of_an_article_is_left_out() -> None:
    bare = replace(INFO, title=" ", author=None, published_at=None, source="bridge.md")

    assert answer_card(replace(ANSWERED, citation=citation(info=bare)), ENGLISH).parts[2] == "**Untitled**\nbridge.md"


def test_a_right_to_left_answer_reads_from_the_right() -> None:
    passage = "قال المتحدث إن الجسر افتتح في مايو. وحضر 3 آلاف شخص."
    info = replace(INFO, title="الجسر الجديد", author=None, published_at=None)

    card = answer_card(
        AnswerPage("متى افتتح الجسر؟", Status.ANSWERED, citation=citation(passage, Span(0, 35), info=info)), ENGLISH
    )

    assert read(card) == (
        "### \u2068متى افتتح الجسر؟\u2069\n"
        "---\n"
        "> \u2067**قال المتحدث إن الجسر افتتح في مايو.** وحضر 3 آلاف شخص.\u2069\n"
        "---\n"
        "**\u2068الجسر الجديد\u2069**\n"
        "example.org"
    )


# ---- links


def test_a_link_opens_the_page_at_the_quote() -> None:
    assert link_of(citation()) == "https://www.example.org/bridge#:~:text=The%20bridge"


def test_a_link_that_is_too_long_opens_the_page() -> None:
    assert link_of(replace(citation(), link="https://example.org/" + "a" * BUTTON_URL)) == INFO.source


@pytest.mark.parametrize(
    "source", ["bridge.md", "javascript:alert(1)", "https://", "https://example.org/" + "a" * BUTTON_URL]
)
def test_there_is_no_link_to_what_is_no_page(source: str) -> None:
    assert link_of(replace(citation(info=replace(INFO, source=source)), link=None)) is None


# ---- excerpts


def sentences(count: int) -> str:
    return " ".join(f"Sentence *{n}* is here." for n in range(count))


def test_a_passage_that_fits_is_shown_whole() -> None:
    assert excerpt(citation(), 1000) == "> It is long. **The bridge opened in May.** Many came. It cost 3 million."


def test_of_a_long_passage_the_sentences_around_the_quote_are_shown() -> None:
    shown = excerpt(citation(sentences(40), "Sentence *20* is here."), 160)

    assert shown == (
        "> … Sentence \\*18\\* is here. Sentence \\*19\\* is here. **Sentence \\*20\\* is here.** "
        "Sentence \\*21\\* is here. Sentence \\*22\\* is here. …"
    )


def test_a_quote_at_the_beginning_has_nothing_left_out_before_it() -> None:
    shown = excerpt(citation(sentences(40), "Sentence *0* is here."), 80)

    assert shown == "> **Sentence \\*0\\* is here.** Sentence \\*1\\* is here. …"


def test_of_quotes_too_far_apart_the_better_is_shown() -> None:
    cited = replace(citation(sentences(40), "Sentence *2* is here.", "Sentence *30* is here."), better=1)

    assert bold(excerpt(cited, 120)) == ["Sentence *30* is here."]


def test_a_quote_that_is_too_long_is_cut_at_a_words_end() -> None:
    passage = "word " * 190 + "end."

    shown = excerpt(citation(passage, passage), 100)

    assert shown.startswith("> **word word")
    assert shown.endswith("word** …")
    assert length(shown) <= 100


def test_lines_do_not_push_the_buttons_out_of_sight() -> None:
    passage = "\n".join(f"Line {n}" for n in range(100))

    shown = excerpt(citation(passage, "Line 50"), 3000)

    assert bold(shown) == ["Line 50"]
    assert shown.count("\n") < MOST_LINES


# ---- refusals


def test_a_refusal_says_why_what_is_missing_what_is_near_and_what_to_do() -> None:
    page = replace(
        REFUSED,
        unknown_terms=("tunnel",),
        nearest_titles=("The bridge", "*The ferry*"),
        note="Everything was searched.",
    )

    assert read(answer_card(page, ENGLISH)) == (
        "### when did the tunnel open?\n"
        "---\n"
        "No passage is close enough to the question to be an answer.\n"
        "In no article: **tunnel**\n"
        "---\n"
        "Closest articles:\n"
        "- The bridge\n"
        "- \\*The ferry\\*\n"
        "---\n"
        "Ask in other words, or within one article: `/ask`. "
        "Somebody who manages this server can add what is missing with `/articles add`.\n"
        "---\n"
        "-# Everything was searched."
    )


@pytest.mark.parametrize("refusal", Refusal)
def test_each_refusal_says_what_to_do_next(refusal: Refusal) -> None:
    card = answer_card(replace(REFUSED, refusal=refusal), ENGLISH)

    assert card.accent is Accent.REFUSED
    assert len(card.parts) == 3
    assert card.parts[2].startswith(("Ask", "Somebody who"))


def test_a_refusal_for_unknown_words_names_them_once() -> None:
    card = answer_card(replace(REFUSED, refusal=Refusal.UNKNOWN_WORDS, unknown_terms=("tunnel", "open")), ENGLISH)

    assert card.parts[1] == "No article holds any of these words: **tunnel** and **open**"


@pytest.mark.parametrize(("locale", "between"), [("ja", "。"), ("zh-CN", "。"), ("ko", ". "), ("de", ". ")])
def test_sentences_follow_each_other_as_the_language_wants_it(locale: str, between: str) -> None:
    *_, steps = answer_card(REFUSED, words_for(locale)).parts

    assert f"`{between}" in steps


@pytest.mark.parametrize("refusal", Refusal)
def test_in_direct_messages_nobody_is_sent_to_those_who_manage(refusal: Refusal) -> None:
    assert "manages" not in read(answer_card(replace(REFUSED, refusal=refusal, in_server=False), ENGLISH))


# ---- reasons


def test_reasons_tell_words_sureness_figures_and_other_passages() -> None:
    other = replace(citation(info=replace(INFO, title="The ferry")), score=5.125)
    reasons = Reasons(Status.ANSWERED, 0.93, (citation(), other), unknown_terms=("flumph",), took_ms=4.2)

    assert read(why_card(reasons, ENGLISH)) == (
        "### Why this?\n"
        "---\n"
        "How sure: very (93%)\n"
        "Words found here: **bridge** and **open**\n"
        "In no article: **flumph**\n"
        "---\n"
        "**How well it fits**\n"
        "- Words of the question found here or in the title: 50%\n"
        "- Words of the question found in the best sentence: 50%\n"
        "- Words of the question that no article holds: 50%\n"
        "- How rare the words found are: 50%\n"
        "- Words side by side, as in the question: 50%\n"
        "- Words of the title that were asked for: 50%\n"
        "- Names of the question missing here: 50%\n"
        "- Numbers of the question missing here: 50%\n"
        "- BM25 score, of the highest possible: 50%\n"
        "- BM25 score, of the best passage's: 50%\n"
        "- Lead over the next article: 0.5\n"
        "- Score after all of this: 7.25\n"
        "---\n"
        "**Other passages**\n"
        "2\\. **The ferry** · The bridge opened in May. · 5.12\n"
        "---\n"
        "-# Found in 5 ms."
    )


def test_reasons_of_a_further_passage_do_not_tell_how_sure_the_best_one_is() -> None:
    card = why_card(Reasons(Status.ANSWERED, 0.93, (citation(), citation()), place=2), ENGLISH)

    assert "How sure" not in read(card)
    assert "1\\. **The bridge**" in read(card)


def test_reasons_of_a_refusal_tell_what_is_known() -> None:
    card = why_card(Reasons(Status.REFUSED, 0.04, (), unknown_terms=("flumph",)), ENGLISH)

    assert read(card) == "### Why this?\n---\nHow sure: not sure enough to answer (4%)\nIn no article: **flumph**"


# ---- articles


def test_pages_are_slices_that_cover_the_article() -> None:
    text = "\n\n".join(sentences(20) for _ in range(30))

    pages = pages_of(text)

    assert "".join(text[page.start : page.end] for page in pages) == text
    assert len(pages) > 3
    assert all(text[page.start : page.end].endswith(("here.\n\n", "here. ", "here.")) for page in pages)
    assert max(page.end - page.start for page in pages) <= PAGE_CHARACTERS + 2


def test_a_quote_is_not_parted_by_the_end_of_a_page() -> None:
    text = "a " * 950 + "b. " + "The quote is " + "long " * 60 + "indeed. " + "c " * 900
    quote_start = text.index("The quote")

    assert quote_start in [page.start for page in pages_of(text, quote_start)]


def test_an_article_of_nothing_has_no_pages() -> None:
    assert pages_of("") == []


def test_white_space_is_no_page_of_its_own() -> None:
    assert len(pages_of("a\n" + "\n" * 5000 + " " * 5000)) == 1


def test_a_page_shows_its_part_of_the_quotes_in_bold() -> None:
    card = article_page(article(), Span(12, 48), [Span(0, 20), Span(40, 44)], 2, 3, ENGLISH)

    assert read(card) == (
        "**The bridge**\n"
        "example.org · Jane Doe · <t:1710754200:D>\n"
        "---\n"
        "> **The brid**ge opened in May. Ma**ny c**ame.\n"
        "---\n"
        "-# Page 2 of 3"
    )


def test_a_page_on_which_nothing_can_be_seen_says_at_least_that_something_was() -> None:
    text = "\u200b" * 10

    assert fits(article_page(article(text), Span(0, 10), [], 1, 1, ENGLISH).texts)


# ---- errors


def classes(module: object, base: type[Exception]) -> list[type[Exception]]:
    return [one for _, one in inspect.getmembers(module, inspect.isclass) if issubclass(one, base) and one is not base]


def made(error: type[Exception]) -> Exception:
    """An error with values for what its constructor asks for."""
    values = {
        "reason": "it is empty",
        "title": "A *title*",
        "retry_at": datetime(2026, 1, 1, tzinfo=UTC),
        "is_server": True,
        "longest": 300,
        "needed": 2_000_000,
        "free": 1_000,
    }
    names = [name for name in inspect.signature(error.__init__).parameters if name not in ("self", "args", "kwargs")]
    return error(**{name: values.get(name, f"/secret/{name}*") for name in names})


@pytest.mark.parametrize(
    "error", [*classes(library_errors, index.LibraryError), *classes(desk_errors, desk_errors.DeskError)]
)
def test_each_error_says_what_to_do_and_no_secret(error: type[Exception]) -> None:
    text = error_text(made(error), ENGLISH)

    assert text != error_text(RuntimeError(), ENGLISH)
    assert "secret" not in text
    assert kinds(text) <= {"strong", "code", "timestamp"}


def test_of_an_unexpected_error_nothing_is_told() -> None:
    card = error_card(RuntimeError("password=1234"), ENGLISH)

    assert card.accent is Accent.FAILURE
    assert "1234" not in read(card)
    assert "noted down" in read(card)


def test_a_missing_permission_is_named_as_discord_names_it() -> None:
    assert permission_name("send_messages_in_threads", ENGLISH) == "Send Messages in Threads"
    assert permission_name("view_channel", words_for("de")) == "Kanal ansehen"
    assert permission_name("create_polls", ENGLISH) == "create polls"


def test_a_notice_is_a_card() -> None:
    assert notice_card("Done.", Accent.SUCCESS) == Card(("Done.",), Accent.SUCCESS)


def test_no_text_and_too_much_text_do_not_fit() -> None:
    assert fits(["a" * CARD_TEXT])
    assert not fits(["a" * CARD_TEXT, "b"])
    assert not fits(["😀" * (CARD_TEXT // 2 + 1)])
    assert not fits(["a", " "])


def test_the_passage_of_these_tests_has_its_quote() -> None:
    assert citation().quote in PASSAGE
