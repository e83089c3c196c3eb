"""Cards for those who manage articles, whatever the articles hold."""

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import index
from bot.rendering.addresses import for_button
from bot.rendering.cards import Card
from bot.rendering.errors import error_text
from bot.rendering.escaping import visible
from bot.rendering.lists import (
    Listed,
    ListPage,
    additions_card,
    article_card,
    choices_of,
    list_card,
    problem_text,
    reason_text,
)
from bot.rendering.problems import told_problem
from bot.rendering.progress import Stand, bar, rebuild_card, summary_card, time_left
from bot.rendering.words import LOCALES, Words, words_for
from index import Addition, Change, Problem, RebuildSummary, RemovedLine
from index.ingestion.boilerplate import Reason
from index.ingestion.problems import UnusableSourceError
from tests.support.answers import INFO
from tests.unit.test_hostile_cards import NASTY, check_card

ENGLISH = words_for("en-US")
OWN = {"heading", "strong", "subtext", "timestamp", "code", "list"}

anything = st.one_of(st.text(max_size=400), st.sampled_from(sorted(NASTY.values())))


def added(title: str, line: str, lines: int = 3, change: Change = Change.ADDED) -> Addition:
    left_out = tuple(RemovedLine(line, reason.sentence) for reason in Reason for _ in range(lines))
    return Addition(title, replace(INFO, title=title, source=title), change, 12, left_out, None)


# ---- hostile articles


@settings(deadline=None)
@given(anything)
def test_what_adding_did_holds_all_limits(text: str) -> None:
    outcomes = [
        *(added(text, text) for _ in range(9)),
        Addition(text or "x", None, None, 0, (), text),
    ]

    card = additions_card(outcomes, ENGLISH)

    check_card(card, OWN)
    assert card.parts[0].count("\n\n") == 9


@settings(deadline=None)
@given(anything)
def test_a_list_holds_all_limits(text: str) -> None:
    info = replace(INFO, title=text, source=text)
    page = ListPage((Listed(info, 1_000),) * 10, 123_456, 7, 12_346, text[:50], "title")

    check_card(list_card(page, ENGLISH), OWN)
    check_card(list_card(replace(page, items=(), total=0), ENGLISH), OWN)


@settings(deadline=None)
@given(anything)
def test_the_facts_of_an_article_hold_all_limits(text: str) -> None:
    info = replace(INFO, title=text, source=text, author=text)

    check_card(article_card(info, 3, text, ENGLISH), OWN | {"quote"})


@settings(deadline=None)
@given(anything)
def test_a_summary_of_a_rebuild_holds_all_limits(text: str) -> None:
    failed = ((text, text),) * 100

    check_card(summary_card(RebuildSummary(1, 2, 3, 4, failed, 10, 100, 61.5), ENGLISH), OWN)


@settings(deadline=None)
@given(st.lists(anything, max_size=25))
def test_choices_hold_all_limits_and_no_two_look_the_same(titles: list[str]) -> None:
    infos = [replace(INFO, id=f"id{n:04}", title=title) for n, title in enumerate(titles)]

    choices = choices_of(infos)

    assert [value for _, value in choices] == [info.id for info in infos]
    assert all(1 <= len(name) <= 100 and name.strip() and "\n" not in name for name, _ in choices)
    assert len({name for name, _ in choices}) == len(choices)


# ---- what is told


def told(card: Card) -> str:
    return visible("\n".join(card.texts))


def test_lines_that_were_left_out_are_told_by_reason_and_counted_beyond_two() -> None:
    lines = tuple(RemovedLine(f"Share {n}", Reason.SHARE.sentence) for n in range(5))
    addition = replace(added("The bridge", ""), left_out=lines)

    text = told(additions_card([addition], ENGLISH))

    assert "5 lines were left out:" in text
    assert "It is a button for sharing or counts reactions. “Share 0”, “Share 1”, and 3 more" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [(Change.ADDED, "was added: 12 passages"), (Change.REVISED, "new version"), (Change.UNCHANGED, "here already")],
)
def test_each_change_is_told(change: Change, words: str) -> None:
    assert words in told(additions_card([added("The bridge", "", 0, change)], ENGLISH))


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_for_leaving_out_a_line_can_be_translated(reason: Reason) -> None:
    class Marked(Words):
        def say(self, message: str, /, **values: object) -> str:
            return f"translated: {message}"

    marked = Marked(ENGLISH.locale, ENGLISH.catalogue)

    assert reason_text(reason.sentence, marked) == f"translated: {reason.sentence}"


@pytest.mark.parametrize("code", LOCALES)
@pytest.mark.parametrize("problem", Problem)
def test_every_problem_is_told_in_every_language_with_what_to_do(problem: Problem, code: str) -> None:
    told = told_problem(problem, words_for(code))

    assert len(re.findall(r"[.。，]|https://", told)) >= 2
    assert told == visible(told)
    assert (told == told_problem(problem, ENGLISH)) == code.startswith("en-")


def test_no_two_problems_are_told_alike() -> None:
    assert len({told_problem(problem, ENGLISH) for problem in Problem}) == len(Problem)


def test_a_problem_is_told_by_its_kind_whatever_its_particulars() -> None:
    error = UnusableSourceError("a.pdf", Problem.SCANNED, "page 3")
    outcome = Addition(error.path, None, None, 0, (), error.reason, error.kind)

    assert told(additions_card([outcome], words_for("de"))) == (
        "**a.pdf** wurde nicht hinzugefügt. Die Seiten sind Bilder ohne Text. "
        "Lass zuerst eine Texterkennung (OCR) darüber laufen."
    )
    assert "Texterkennung" in error_text(error, words_for("de"))


def test_a_problem_of_no_known_kind_is_told_in_the_words_of_the_library() -> None:
    assert problem_text("it is too *blue*", ENGLISH, "too-blue") == r"it is too \*blue\*"


@pytest.mark.parametrize("file", sorted(Path(index.__file__).parent.rglob("*.py")), ids=lambda file: file.name)
def test_every_file_and_text_that_the_library_refuses_has_a_kind(file: Path) -> None:
    raised = [
        node
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("UnreadableFileError", "UnusableArticleError")
    ]

    assert [node.lineno for node in raised if not ast.unparse(node.args[-1]).startswith("Problem.")] == []


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("https://www.example.org/bridge", "https://www.example.org/bridge"),
        ("bridge.md", None),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("https://[broken", None),
        ("https://example.org/" + "x" * 500, None),
        ("https://example.org/\u202egnp", None),
        ("https://example.org/a b", None),
        ("https://exa mple.org/", None),
        ("https://example.org\\evil/", None),
        ("https://example.org:port/", None),
        ("https://[::1]/", "https://[::1]/"),
        ("https://Brücke.example/ä", "https://Brücke.example/ä"),
    ],
)
def test_only_web_addresses_that_fit_become_buttons(source: str, address: str | None) -> None:
    assert for_button(source) == address


# ---- progress


def test_a_bar_is_full_only_when_all_is_done() -> None:
    assert bar(0) == f"`{'░' * 20}`"
    assert bar(0.999) == f"`{'█' * 19}░`"
    assert bar(1) == f"`{'█' * 20}`"


def test_the_time_left_is_told_when_it_can_be_guessed() -> None:
    assert time_left(0.5, 1.0) is None
    assert time_left(0.001, 60.0) is None
    assert time_left(0.25, 60.0) == 180.0
    assert "About 3 minutes left" in told(rebuild_card(Stand(0.25, 180.0), ENGLISH))


def test_a_rebuild_that_waits_or_is_being_cancelled_shows_no_bar() -> None:
    for stand in (Stand(0.5, None, is_waiting=True), Stand(0.5, None, is_cancelling=True)):
        assert "█" not in told(rebuild_card(stand, ENGLISH))


def test_a_summary_leaves_out_what_did_not_happen() -> None:
    summary = RebuildSummary(0, 2, 0, 1_234, (), 1_236, 9_000, 61.0)

    assert "Articles of this server: 2 changed and 1,234 unchanged." in told(summary_card(summary, ENGLISH))
