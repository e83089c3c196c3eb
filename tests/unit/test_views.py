"""Whole messages and forms, with their buttons and selects: within Discord's limits in every language.


`tests/unit/test_hostile_cards.py` looks at their texts.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from discord import ui

from bot.desk import Reply, Searched
from bot.rendering.cards import Card
from bot.rendering.jobs import outcome_card, outcome_page
from bot.rendering.limits import AUTOCOMPLETE_CHOICES, AUTOCOMPLETE_NAME, length
from bot.rendering.lists import choices_of, language_choices
from bot.rendering.words import LOCALES, Words, words_for
from bot.state import ChannelsMode, ServerSettings
from bot.views.adding import ArticleForm, FilesForm, LinksForm, TypedArticle
from bot.views.answers import FollowUpForm, answer_view
from bot.views.articles import LONGEST_SEARCH, Listing, TurnButton, UndoButton, searched_for
from bot.views.feeds import FeedForm, feed_view
from bot.views.forms import correction
from bot.views.jobs import job_view
from bot.views.layout import layout
from bot.views.rebuilds import CancelButton
from bot.views.settings import LimitsForm, settings_view
from index import Addition, Refusal, Status
from tests.support.answers import INFO, citation, record
from tests.support.discord.state import MessageFlag
from tests.support.discord.validation import check_message, check_modal
from tests.unit.test_gathering_cards import FEED, JOB
from tests.unit.test_hostile_cards import NASTY, everywhere, thirds

ENGLISH = words_for("en-US")


def check_view(view: ui.LayoutView) -> None:
    """Discord takes this message: 40 components, 4,000 characters of texts, unique ids of at most 100 characters …"""
    components: Any = view.to_components()  # type: ignore[no-untyped-call] # discord.py does not type it
    check_message({"components": components}, flags=MessageFlag.COMPONENTS_V2, file_names=(), is_empty=False)
    for one in view.walk_children():
        if isinstance(one, ui.Button):
            # As Discord's client counts, which is stricter.
            assert length(one.label or "") <= 80
            assert length(one.custom_id or "") <= 100
            assert length(one.url or "") <= 512


def check_form(form: ui.Modal) -> None:
    """Discord takes this form."""
    check_modal(form.to_dict())


def answers(text: str, words: Words) -> Iterator[ui.LayoutView]:
    """An answer with everything that it can have, and a refusal, made of a text."""
    cited = everywhere(text[:1000], thirds(text[:1000]))
    cited = replace(cited, link=text, article=replace(cited.article, source=f"https://{text}"))
    kept = record(cited, question=text, unknown_terms=(text,) * 12, nearest_titles=(text,) * 5, status=Status.UNCERTAIN)
    for searched in Searched:
        yield answer_view(Reply(kept, cited, 2, searched), words, note=text)
    refused = replace(kept, status=Status.REFUSED, refusal=Refusal.UNKNOWN_WORDS, passages=(), guild_id=None)
    yield answer_view(Reply(refused, None, 0, Searched.EVERYTHING), words, note=text)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_an_answer_with_its_buttons_holds_all_limits(text: str) -> None:
    for view in answers(text, ENGLISH):
        check_view(view)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_what_somebody_typed_comes_back_in_a_form_that_holds_all_limits(text: str) -> None:
    typed = TypedArticle(text[:300], text[:1000], text[:20], (text * 9)[:4000])

    check_form(ArticleForm(ENGLISH, typed))
    check_form(LinksForm(ENGLISH, text))
    check_form(FeedForm(ENGLISH, FEED.id, text[:100], text[:60]))
    check_form(LimitsForm(ENGLISH, text[:12], text[:12]))
    check_view(correction(typed.problems(ENGLISH) or [text[:200]], ENGLISH, lambda: ArticleForm(ENGLISH, typed)))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_what_is_searched_for_fits_into_the_ids_of_buttons(text: str) -> None:
    search = searched_for(text)

    assert length(search) <= LONGEST_SEARCH
    row: ui.ActionRow[Any] = ui.ActionRow(
        TurnButton(Listing(search, "newest", 9_999_999), emoji="◀️"),
        TurnButton(Listing(search, "newest", 1), emoji="▶️"),
    )
    check_view(layout(Card(("1 article",)), row))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_what_is_offered_holds_all_limits(text: str) -> None:
    offered = choices_of([replace(INFO, id=f"id{n}", title=text) for n in range(AUTOCOMPLETE_CHOICES)])

    assert len(offered) <= AUTOCOMPLETE_CHOICES
    assert [
        name for name, value in offered if not (1 <= length(name) <= AUTOCOMPLETE_NAME and 1 <= len(value) <= 100)
    ] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_all_messages_and_forms_hold_all_limits_in_every_language(locale: str) -> None:
    words = words_for(locale)
    many = frozenset(range(10**18, 10**18 + 25))
    server = ServerSettings(1, ChannelsMode.SOME, many, many, many, user_daily_limit=1, server_daily_limit=1_000_000)
    additions = (Addition("a", INFO, None, 1, (), "x" * 300),) * 60

    for view in answers("how many? " * 50, words):
        check_view(view)
    check_view(answer_view(Reply(record(), citation(), 0, Searched.WIDENED), words))
    for message_content in (True, False):
        check_view(settings_view(server, None, words, message_content, 24))
    for threads in (True, False):
        for enabled in (True, False):
            check_view(feed_view(replace(FEED, threads=threads, enabled=enabled, problem="x" * 300), None, words))
    check_view(
        job_view(
            outcome_card(outcome_page(replace(JOB, additions=additions), 1, words), words),
            None,
            job_id="a",
            words=words,
        )
    )
    check_view(layout(Card(("x",)), ui.ActionRow(UndoButton("a" * 16, words.say("Undo")))))
    check_view(layout(Card(("x",)), ui.ActionRow(CancelButton("0" * 16, words.say("Cancel")))))
    for form in (
        ArticleForm(words),
        LinksForm(words),
        FilesForm(words, 10 * 1024 * 1024),
        FeedForm(words, FEED.id, "", "de"),
        LimitsForm(words, "", ""),
        FollowUpForm(record(), 0, words),
    ):
        check_form(form)
    assert all(length(name) <= AUTOCOMPLETE_NAME for name, _ in language_choices("", words))


def test_a_view_that_is_too_large_is_found() -> None:
    row: ui.ActionRow[Any] = ui.ActionRow(ui.Button(label="x", custom_id="y" * 101))

    with pytest.raises(Exception, match="custom_id"):
        check_view(ui.LayoutView().add_item(row))
