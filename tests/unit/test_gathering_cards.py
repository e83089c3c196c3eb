"""Cards of jobs and feeds, whatever websites call their pages."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.cards import AnswerPage, Card, answer_card, article_page
from bot.rendering.escaping import visible
from bot.rendering.feeds import (
    FeedPage,
    feed_card,
    feed_choices,
    feeds_card,
    link_to,
    news_card,
    switched_off_card,
    thread_name,
)
from bot.rendering.jobs import (
    details_card,
    job_card,
    job_line,
    job_name,
    outcome_card,
    outcome_page,
    with_refused,
)
from bot.rendering.limits import OWN_CARD_TEXT, length
from bot.rendering.lists import additions_card, article_card, language_of
from bot.rendering.words import words_for
from index import Addition, Change, Feed, FeedNews, Job, JobKind, JobState, RemovedLine, Span, Status
from tests.support.answers import INFO, article, citation
from tests.unit.test_hostile_cards import NASTY, check_card

ENGLISH = words_for("en-US")
OWN = {"heading", "strong", "subtext", "timestamp", "code", "mention", "list"}
WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

FEED = Feed(
    id="f3k2",
    collection="1",
    address="https://example.org/feed",
    kind="feed",
    title="Village news",
    path_filter=None,
    interval_min=60,
    most=20,
    language=None,
    channel="12345678901234567",
    threads=False,
    added_by="12345678901234568",
    added_at=WHEN,
    checked_at=None,
    next_check_at=WHEN,
    failures=0,
    failing_since=None,
    problem=None,
    problem_kind=None,
    enabled=True,
    articles=3,
)
JOB = Job(
    id="j3k2",
    kind=JobKind.LINKS,
    collection="1",
    state=JobState.RUNNING,
    what="https://example.org/a",
    asked_by="12345678901234568",
    done=3,
    total=10,
    reason=None,
    additions=(),
    created_at=WHEN,
    started_at=WHEN,
    ended_at=None,
)

anything = st.one_of(st.text(max_size=400), st.sampled_from(sorted(NASTY.values())))


def told(card: Card) -> str:
    return visible("\n".join(card.texts))


def outcome(text: str) -> tuple[Addition, ...]:
    info = replace(INFO, title=text, source=text)
    left_out = (RemovedLine(text, text),) * 3
    return (
        Addition(text, info, Change.ADDED, 12, left_out, None),
        Addition(text, info, Change.UNCHANGED, 12, (), None, duplicate_of=info),
        Addition(text, None, None, 0, (), text),
    )


# ---- hostile titles


@settings(deadline=None)
@given(anything, st.sampled_from(JobState))
def test_a_job_holds_all_limits(text: str, state: JobState) -> None:
    job = replace(JOB, what=text, state=state, asked_by=None, reason=text, additions=outcome(text) * 60)

    check_card(job_card(job, ENGLISH), OWN)
    check_card(details_card(outcome_page(job, 2, ENGLISH), ENGLISH), OWN)
    assert length(job_line(job, ENGLISH)) < 400


@settings(deadline=None)
@given(anything)
def test_feeds_hold_all_limits(text: str) -> None:
    feed = replace(FEED, title=text, address=text, path_filter=text, problem=text, failing_since=WHEN, checked_at=WHEN)

    check_card(feeds_card(FeedPage(((feed, "News cannot be told."),) * 5, 50, 2, 10), ENGLISH), OWN)
    check_card(feed_card(feed, None, ENGLISH), OWN)
    check_card(switched_off_card(feed, ENGLISH), OWN)


@pytest.mark.parametrize(("untold", "is_named"), [(None, True), ("News cannot be told: it is gone.", False)])
def test_the_channel_of_a_feed_is_listed_when_its_news_can_be_told(untold: str | None, is_named: bool) -> None:
    card = feeds_card(FeedPage(((replace(FEED, channel="42"), untold),), 1, 1, 1), ENGLISH)

    assert ("<#42>" in card.parts[1]) is is_named


@settings(deadline=None)
@given(anything)
def test_news_hold_all_limits_and_link_only_to_the_article(text: str) -> None:
    info = replace(INFO, title=text, source=text)
    news = FeedNews(replace(FEED, title=text), (info,) * 30, switched_off=False)

    check_card(news_card(news, ENGLISH), OWN)
    assert 1 <= len(thread_name(info, ENGLISH)) <= 100


@settings(deadline=None)
@given(st.lists(anything, max_size=25))
def test_choices_of_feeds_hold_all_limits_and_no_two_look_the_same(titles: list[str]) -> None:
    feeds = [replace(FEED, id=f"id{n:04}", title=title) for n, title in enumerate(titles)]

    choices = feed_choices(feeds, "")

    assert [value for _, value in choices] == [feed.id for feed in feeds]
    assert all(1 <= len(name) <= 100 and name.strip() for name, _ in choices)
    assert len({name for name, _ in choices}) == len(choices)


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("https://a.example/x?y=1#z", "[Open the page](<https://a.example/x?y=1#z>)"),
        ("https://a.example/(x)", "[Open the page](<https://a.example/%28x%29>)"),
        ("https://a.example/@everyone", "[Open the page](<https://a.example/%40everyone>)"),
        ("https://a.example/a>b", "[Open the page](<https://a.example/a%3Eb>)"),
        ("https://a.example/a b", ""),
        ("javascript:alert(1)", ""),
        ("bridge.md", ""),
        ("https://a.example/" + "x" * 300, ""),
    ],
)
def test_a_link_cannot_be_left_by_its_address(source: str, link: str) -> None:
    assert link_to(replace(INFO, source=source), ENGLISH) == link


# ---- what is told


def test_the_progress_of_a_job_is_told_with_a_bar_and_the_time_that_is_left() -> None:
    text = told(job_card(JOB, ENGLISH, 75.0))

    assert "`██████░░░░░░░░░░░░░░` 30% · 3 of 10" in text
    assert "About 75 seconds left" in text


def test_a_job_that_is_over_counts_its_articles_by_what_became_of_them() -> None:
    job = replace(JOB, state=JobState.DONE, additions=outcome("The bridge"))

    text = told(job_card(job, ENGLISH))

    assert "1 added, 1 there already, and 1 skipped" in text
    assert "3 lines were left out." in text
    assert "is there already, as **The bridge**." in text


def test_every_line_of_a_job_stands_on_one_of_its_pages() -> None:
    additions = tuple(Addition(f"https://example.org/{n}", None, None, 0, (), "x" * 150) for n in range(200))
    job = replace(JOB, state=JobState.DONE, additions=additions)
    pages = outcome_page(job, 1, ENGLISH).pages

    lines = [line for page in range(1, pages + 1) for line in outcome_page(job, page, ENGLISH).lines]

    assert len(lines) == 200
    assert outcome_page(job, pages + 5, ENGLISH).page == pages
    assert all(
        sum(map(length, details_card(outcome_page(job, page, ENGLISH), ENGLISH).texts)) <= OWN_CARD_TEXT
        for page in range(1, pages + 1)
    )


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("3 addresses", "Hinzufügen von 3 Adressen"),
        ("2 files", "Hinzufügen von 2 Dateien"),
        ("a.pdf", "Hinzufügen von a.pdf"),
    ],
)
def test_what_a_job_adds_is_named_in_the_readers_language(what: str, name: str) -> None:
    assert job_name(replace(JOB, what=what), words_for("de")) == name


def test_a_page_that_is_gone_is_told_with_the_day() -> None:
    info = replace(INFO, gone_since=WHEN)
    gone = "The page is gone since <t:1772357400:D>; this is the text as it was."

    for card in (
        answer_card(AnswerPage("When?", Status.ANSWERED, citation=citation(info=info)), ENGLISH),
        article_page(article(info=info), Span(0, 10), (), 1, 2, ENGLISH),
        article_card(info, 3, "It is long.", ENGLISH),
    ):
        assert gone in (card.footer or "")


def test_all_sources_of_an_article_are_told() -> None:
    sources = (INFO.source, "https://copy.example/a", "https://other.example/b")

    text = told(article_card(INFO, 3, "It is long.", ENGLISH, sources))

    assert r"Also from: https\://copy.example/a and https\://other.example/b" in text


def test_why_a_job_has_failed_is_told_in_the_readers_language() -> None:
    reason = "there is no such page (404); look for a typing mistake"
    job = replace(JOB, state=JobState.FAILED, reason=reason)

    assert "There is no such page. Look for a typing mistake" in told(job_card(job, ENGLISH))
    assert "typing mistake" not in told(job_card(job, words_for("de")))


def test_why_a_job_has_failed_is_told_without_what_is_for_the_log() -> None:
    job = replace(JOB, state=JobState.FAILED, reason="something went wrong (KeyError); the log tells more")

    text = told(job_card(job, ENGLISH))

    assert "Something went wrong, and it was noted down. Try again" in text
    assert "KeyError" not in text


def test_a_job_tells_how_many_articles_there_were_beyond_those_that_it_lists() -> None:
    job = replace(JOB, state=JobState.DONE, additions=outcome("The bridge")[:1], unlisted={"added": 849, "skipped": 3})

    text = told(job_card(job, ENGLISH))

    assert "850 added and 3 skipped" in text
    assert "and 852 more" in text


def test_what_did_not_come_into_a_job_is_told_line_by_line() -> None:
    refused = [Addition(f"scan-{n}.pdf", None, None, 0, (), "It is 90 MB large.") for n in range(5)]

    card = with_refused(job_card(JOB, ENGLISH), refused, ENGLISH)

    assert [f"scan-{n}" in card.parts[-1] for n in range(5)] == [True] * 5


@given(anything, st.integers(1, 10))
@settings(max_examples=50, deadline=None)
def test_what_did_not_come_into_a_job_is_counted_where_there_is_no_room_for_it(text: str, count: int) -> None:
    lines = tuple(Addition("W" * 150, None, None, 0, (), "w" * 200) for _ in range(100))
    over = replace(JOB, state=JobState.DONE, additions=lines)
    full = outcome_card(outcome_page(over, 1, ENGLISH), ENGLISH)
    refused = [Addition(text, None, None, 0, (), text) for _ in range(count)]

    card = with_refused(full, refused, ENGLISH)

    check_card(card, OWN)
    told = card.parts[-1].split("\n\n")
    assert len(told) == count or told[-1] == f"and {count - len(told) + 1} more"


def test_copies_are_told_with_the_article_that_was_there() -> None:
    text = told(additions_card(outcome("The bridge")[1:2], ENGLISH))

    assert "is there already, as **The bridge**." in text


@pytest.mark.parametrize(("typed", "code"), [("German", "de"), ("deutsch", "de"), ("DE", "de"), ("x", None)])
def test_a_language_is_known_by_its_name_and_by_its_code(typed: str, code: str | None) -> None:
    assert language_of(typed, words_for("de")) == code
