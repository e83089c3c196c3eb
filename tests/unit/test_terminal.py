"""What people see of an answer in a terminal and in a pipe."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, Group, RenderableType

from bot.findings import Finding, Level
from bot.rendering.plain import cleaned, one_line
from bot.rendering.terminal import (
    addition_parts,
    answer_parts,
    article_list,
    feed_list,
    finding_parts,
    job_list,
    nothing_to_check,
    result_tables,
)
from index import Addition, Answer, ArticleInfo, Change, Citation, Refusal, RemovedLine, Status
from index.evaluation import SetResult
from index.ranking.features import CONFIDENCE_FEATURES, PASSAGE_FEATURES
from tests.support import answers
from tests.support.answers import PASSAGE, citation

INFO = replace(
    answers.INFO, source="https://example.org/bridge", author=None, published_at=datetime(2024, 3, 18, tzinfo=UTC)
)


def cite(passage: str = PASSAGE, *quotes: str, info: ArticleInfo = INFO) -> Citation:
    plain = replace(citation(passage, *quotes, info=info), link="https://example.org/bridge#:~:text=The%20bridge")
    return replace(plain, features=dict.fromkeys(PASSAGE_FEATURES, 0.5))


ANSWERED = Answer(
    question="when did the bridge open?",
    status=Status.ANSWERED,
    refusal=None,
    reason="",
    best=cite(PASSAGE, "The bridge opened in May."),
    alternatives=(),
    matched_terms=("bridge", "open"),
    unknown_terms=(),
    nearest_titles=("The bridge",),
    confidence=0.9,
    took_ms=1.5,
)
REFUSED = replace(
    ANSWERED,
    status=Status.REFUSED,
    refusal=Refusal.TOO_FAR,
    reason="No passage is close enough.",
    best=None,
    unknown_terms=("flumph",),
    nearest_titles=("The bridge", "The tunnel"),
    confidence=0.1,
)


def printed(parts: Sequence[RenderableType], *, terminal: bool = False, width: int = 80) -> str:
    out = StringIO()
    # Markup is on here, to show that texts of articles are safe even so.
    console = Console(
        file=out,
        force_terminal=terminal,
        width=width,
        color_system="standard" if terminal else None,
        legacy_windows=False,
    )
    for part in parts:
        console.print(Group(part))
    return out.getvalue()


def test_an_answer_shows_question_title_passage_source_and_date_and_the_source_once() -> None:
    text = printed(answer_parts(ANSWERED, plain=True))

    assert text.splitlines() == [
        "when did the bridge open?",
        "",
        "The bridge",
        "It is long. **The bridge opened in May.** Many came. It cost 3 million.",
        "",
        "https://example.org/bridge · 2024-03-18",
    ]


def test_the_source_in_a_terminal_leads_to_the_quote() -> None:
    text = printed(answer_parts(ANSWERED), terminal=True)

    assert re.search(r"\x1b\]8;[^;]*;https://example.org/bridge#:~:text=The%20bridge\x1b", text)
    shown = re.sub(r"\x1b(\]8;[^\x1b]*\x1b\\|\[[0-9;]*m)", "", text)
    assert shown.splitlines()[-1] == "https://example.org/bridge · 2024-03-18"
    assert "text=" not in shown


def test_an_article_without_a_source_shows_its_date_alone() -> None:
    alone = replace(ANSWERED, best=replace(cite(info=replace(INFO, source="")), link=None))

    assert printed(answer_parts(alone, plain=True)).splitlines()[-1] == "2024-03-18"


def test_a_terminal_shows_title_and_quote_in_bold() -> None:
    text = printed(answer_parts(ANSWERED), terminal=True)

    assert "\x1b[1mThe bridge\x1b[0m" in text
    assert "It is long. \x1b[1mThe bridge opened in May.\x1b[0m Many came." in text
    assert "**" not in text


def test_two_quotes_are_marked_each_and_as_one_when_they_touch() -> None:
    apart = replace(ANSWERED, best=cite(PASSAGE, "It is long.", "Many came."))
    touching = replace(ANSWERED, best=cite(PASSAGE, "It is long.", "The bridge opened in May."))

    assert "**It is long.** The bridge opened in May. **Many came.** It" in printed(answer_parts(apart, plain=True))
    assert "**It is long. The bridge opened in May.** Many" in printed(answer_parts(touching, plain=True))


def test_an_uncertain_answer_says_so_before_the_passage() -> None:
    uncertain = replace(ANSWERED, status=Status.UNCERTAIN, reason="It may not answer the question.")

    text = printed(answer_parts(uncertain, plain=True))

    assert text.index("It may not answer the question.") < text.index("It is long.")


def test_a_refusal_tells_reason_unknown_words_nearest_articles_and_what_to_do() -> None:
    text = printed(answer_parts(REFUSED, plain=True))

    assert "No answer. No passage is close enough." in text
    assert "In no article: flumph" in text
    assert "  - The bridge\n  - The tunnel\n" in text
    assert "footnote add PATH" in text


def test_every_refusal_has_a_next_step() -> None:
    ends = {
        printed(answer_parts(replace(REFUSED, refusal=refusal), plain=True)).split("\n\n")[-1] for refusal in Refusal
    }

    assert len(ends) == len(Refusal)


def test_alternatives_are_numbered_from_two() -> None:
    text = printed(answer_parts(replace(ANSWERED, alternatives=(cite(PASSAGE, "Many came."),)), plain=True))

    assert "Next closest:\n  2  The bridge · Many came.\n" in text


def test_near_duplicates_are_named() -> None:
    other = replace(INFO, title="The same bridge", source="copy.md")
    best = replace(cite(PASSAGE, "Many came."), other_sources=(other,))

    assert "Also in: The same bridge · copy.md" in printed(answer_parts(replace(ANSWERED, best=best), plain=True))


def test_why_shows_each_feature_in_words_for_each_passage() -> None:
    best = cite(PASSAGE, "Many came.")
    best = replace(best, features={**best.features, **dict.fromkeys(CONFIDENCE_FEATURES, 0.25)})
    answer = replace(ANSWERED, best=best, alternatives=(cite(PASSAGE, "It is long."),), unknown_terms=("flumph",))

    text = printed(answer_parts(answer, why=True, plain=True), width=160)

    assert "Confidence: 90%" in text
    assert "Words found: bridge, open" in text
    assert "Words in no article: flumph" in text
    # Three of the confidence's features are the passage's own.
    shared = set(PASSAGE_FEATURES) & set(CONFIDENCE_FEATURES)
    rows = len(PASSAGE_FEATURES) + len(CONFIDENCE_FEATURES) - len(shared)
    table = text[text.index("Rank of the passage") : text.index("Took")].strip().splitlines()
    assert len(table) == 4 + rows
    assert not any(name in text for name in PASSAGE_FEATURES if "_" in name)


def test_why_breaks_many_passages_into_several_tables() -> None:
    answer = replace(ANSWERED, alternatives=(cite(PASSAGE, "Many came."),) * 7)

    assert printed(answer_parts(answer, why=True, plain=True)).count("Rank of the passage") == 2


def test_why_of_a_refusal_has_no_table() -> None:
    text = printed(answer_parts(REFUSED, why=True, plain=True))

    assert "Words in no article: flumph" in text
    assert "Rank of the passage" not in text


def test_no_line_is_drawn_in_a_pipe() -> None:
    answer = replace(ANSWERED, alternatives=(cite(PASSAGE, "Many came."),))

    assert not any("\u2500" <= letter <= "\u257f" for letter in printed(answer_parts(answer, why=True, plain=True)))


def test_escapes_and_markup_of_articles_do_nothing() -> None:
    hostile = "[bold red]x[/] [link=file:///etc]y[/link] \x1b[31mred\x1b[0m \x1b]0;title\x07\x9b2J :smile: \x08\x7fend"
    info = replace(INFO, title=hostile, source=hostile)
    best = replace(cite(hostile, "red", info=info), link=f"https://example.org/{hostile}", matched_terms=(hostile,))
    answer = replace(ANSWERED, question=hostile, best=best, alternatives=(best,), unknown_terms=(hostile,))

    plain = printed(answer_parts(answer, why=True, plain=True), width=400)
    colored = printed(answer_parts(answer, why=True), terminal=True, width=400)

    assert "[bold **red**]x[/] [link=file:///etc]y[/link] red" in plain
    assert ":smile: end" in plain
    assert not set(plain) & set(map(chr, [*range(10), *range(11, 32), *range(0x7F, 0xA0)]))
    assert "\x1b[31m" not in colored
    assert "\x1b]0;" not in colored
    assert "\x07" not in colored
    assert "\x9b" not in colored
    assert colored.count("\x1b]8;") == 2


def test_a_passage_keeps_its_paragraphs() -> None:
    answer = replace(ANSWERED, best=cite("One.\n\nTwo.", "Two."))

    assert "One.\n\n**Two.**\n" in printed(answer_parts(answer, plain=True))


@given(st.text())
def test_cleaned_text_steers_nothing_and_is_stable(text: str) -> None:
    result = cleaned(text)

    assert not set(result) & set(map(chr, [*range(9), *range(11, 32), *range(0x7F, 0xA0)]))
    assert cleaned(result) == result


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs"))))
def test_letters_signs_and_spaces_are_never_lost(text: str) -> None:
    assert cleaned(text) == text


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


def test_a_list_in_a_pipe_has_fields_between_tabs() -> None:
    (line,) = article_list([(replace(INFO, title="a\tb\nc"), 3)], plain=True)

    assert str(line).split("\t") == [
        "abc123", "a b c", "https://example.org/bridge", "2024-03-18", "en", "shared", "3"
    ]  # fmt: skip


def test_a_list_on_a_terminal_keeps_id_title_and_date() -> None:
    info = replace(INFO, title="A very long title that needs more than one line of the table " * 3)

    text = printed(article_list([(info, 3)]), width=80)

    assert "abc123" in text
    assert "A very long title" in text
    assert "2024-03-18" in text


def test_an_empty_list_tells_a_person_what_to_do_and_a_program_nothing() -> None:
    assert "footnote add FOLDER" in printed(article_list([]))
    assert article_list([], plain=True) == []


def test_feeds_and_jobs_tell_a_person_what_to_do_when_there_are_none_and_a_program_nothing() -> None:
    assert "footnote feeds add ADDRESS" in printed(feed_list([]))
    assert "feeds add" in printed(nothing_to_check())
    assert "There are no jobs" in printed(job_list([]))
    assert feed_list([], plain=True) == nothing_to_check(plain=True) == job_list([], plain=True) == []


def test_additions_tell_what_was_left_out_and_what_failed() -> None:
    left_out = (RemovedLine("Leave a Reply", "a comment form"),)
    additions = [
        Addition("bridge.md", INFO, Change.ADDED, 2, left_out, None),
        Addition("copy.md", INFO, Change.UNCHANGED, 2, (), None, duplicate_of=INFO),
        Addition("bad.md", None, None, 0, (), "it is empty"),
    ]

    assert printed(addition_parts(additions, plain=True)).splitlines() == [
        "added      abc123  The bridge · en, 2 passages",
        "           left out “Leave a Reply”: a comment form",
        "unchanged  abc123  The bridge · en, 2 passages",
        "           copy.md has the same text",
        "not added  bad.md: it is empty",
        "1 added, 1 unchanged, 1 not added",
    ]


RESULT = SetResult("set-a", 10, 20, 612.4, 990, 50, 0.9, 0.98, 0.8, 0.95, 0.93, 0.02, 0.1, 1.25, 4.5, None, None)


def test_figures_in_a_pipe_are_a_row_for_each_set() -> None:
    results = [RESULT, replace(RESULT, name="set-b", auroc=0.91, offtopic_refused=0.8)]

    heading, first, second = printed(result_tables(results, plain=True), width=200).splitlines()

    assert heading.split()[:3] == ["Set", "Articles", "Passages"]
    assert first.split()[:7] == ["set-a", "10", "20", "612", "990", "50", "90.0%"]
    assert first.split()[-2:] == ["-", "-"]
    assert second.split()[-2:] == ["0.910", "80.0%"]


def test_figures_on_a_terminal_are_whole_for_many_sets() -> None:
    results = [replace(RESULT, name=f"a-set-of-questions-{number}", passage_at_1=number / 100) for number in range(9)]

    text = printed(result_tables(results), width=80)

    assert "…" not in text
    assert all(f" {number}.0%" in text for number in range(9))


def test_no_figures_are_no_table() -> None:
    assert result_tables([]) == []


def test_findings_are_told_one_a_line_with_what_to_do_and_their_number() -> None:
    findings = [
        Finding("store", Level.OK, "no damage"),
        Finding("server “\x1b[31mDocs”", Level.WARNING, "it lacks\nsomething", "allow it"),
        Finding("token", Level.FAILURE, "refused", "copy it"),
    ]

    plain = [str(part) for part in finding_parts(findings, plain=True)]

    assert plain == [
        "ok       store: no damage",
        "warning  server “Docs”: it lacks something",
        "         → allow it",
        "failure  token: refused",
        "         → copy it",
        "",
        "1 ok, 1 warning, 1 failure",
    ]
    assert [str(part) for part in finding_parts(findings)][1:3] == [
        "! server “Docs”: it lacks something",
        "  → allow it",
    ]
