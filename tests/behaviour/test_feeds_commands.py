"""/feeds: what is read regularly for a server, and what it is told of it."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import discord
import pytest

from bot.client import FootnoteBot
from bot.state import ServerSettings, State
from bot.views.feeds import Action, FeedButton, FeedsTurn
from index import Feed, FeedNews, Gatherer, Library
from tests.support.cards import components, text_of
from tests.support.markdown import PINGS
from tests.support.pages import BRIDGE, ICE, OWLS, RSS, feed, page
from tests.support.servers import Server, buttons, card, expects_refusals, fields, filled, posted, shown, simbot
from tests.support.web import Web, reply

pytestmark = pytest.mark.usefixtures("gathering")


def published(web: Web, *articles: tuple[str, str]) -> None:
    """Let the feed at /feed hold these, the newest first; each with its title and its text."""
    items = []
    for title, text in articles:
        path = f"/{abs(hash(title))}"
        web.routes[path] = reply(page(title, text))
        items.append((title, web.url(path)))
    web.routes["/feed"] = reply(feed("Village news", items), headers=RSS)


OLD = ("Nine owls in the mill", OWLS)
NEW = ("Ice in the harbour", ICE)


@pytest.fixture
def news(web: Web) -> str:
    """The address of a feed with an article."""
    published(web, OLD)
    return web.url("/feed")


async def added(server: Server, gatherer: Gatherer, address: str, **options: Any) -> Feed:
    """A feed that the admin has added."""
    asked = await server.admin.slash(server.channel, "feeds add", address=address, **options)
    assert "was added" in shown(asked)
    return next(one for one in await gatherer.feeds((server.collection,)) if one.address == address)


async def told(server: Server, gatherer: Gatherer, web: Web, *articles: tuple[str, str], **options: Any) -> list[str]:
    """What everybody sees in the channel after a feed, whose first look is over, brought these articles."""
    published(web, OLD)
    one = await added(server, gatherer, web.url("/feed"), channel=server.channel, **options)
    await checked(server, gatherer, one)
    published(web, *articles, OLD)
    await checked(server, gatherer, one)
    return [text_of(one) for one in server.messages() if not one.flags.ephemeral]


async def checked(server: Server, gatherer: Gatherer, one: Feed) -> str:
    """What is told of a check of a feed."""
    asked = await server.admin.slash(server.channel, "feeds check", feed=one.id)
    for _ in range(100):
        if not await gatherer.jobs(None, active_only=True):
            break
        # The network is real, and the clock of the bot is not.
        await asyncio.to_thread(time.sleep, 0.02)
        await server.env.advance_time(0.5)
    return shown(asked)


# ---- adding


async def test_a_feed_is_added_and_brings_its_articles(
    server: Server, news: str, bot_gatherer: Gatherer, bot_library: Library
) -> None:
    asked = await server.admin.slash(server.channel, "feeds add", address=news)

    assert asked.ephemeral
    assert "**Village news** was added" in shown(asked)
    (one,) = await bot_gatherer.feeds((server.collection,))
    assert (one.added_by, one.interval_min, one.most, one.channel) == (str(server.admin.id), 60, 20, None)
    checked = await server.admin.slash(server.channel, "feeds check", feed=one.id)
    assert "Checking the feed Village news" in shown(checked)
    (info,) = await bot_library.articles([server.collection])
    assert info.title == "Nine owls in the mill"


async def test_every_choice_is_kept(server: Server, news: str, bot_gatherer: Gatherer) -> None:
    one = await added(
        server,
        bot_gatherer,
        news,
        every=360,
        most=5,
        language="German",
        channel=server.channel,
        threads=True,
        only="/ice",
    )

    assert (one.interval_min, one.most, one.language, one.path_filter) == (360, 5, "de", "/ice")
    assert (one.channel, one.threads) == (str(server.channel.id), True)


@expects_refusals
async def test_what_is_no_feed_is_refused_with_the_reason(server: Server, web: Web, bot_gatherer: Gatherer) -> None:
    web.routes["/page"] = reply(page("The bridge", BRIDGE))

    no_feed = await server.admin.slash(server.channel, "feeds add", address=web.url("/page"))
    missing = await server.admin.slash(server.channel, "feeds add", address=web.url("/none"))

    assert "No feed was found there." in shown(no_feed)
    assert "There is no such page." in shown(missing)
    assert await bot_gatherer.feeds((server.collection,)) == []


@expects_refusals
async def test_the_same_feed_twice_is_refused_and_an_unknown_language_too(
    server: Server, news: str, bot_gatherer: Gatherer
) -> None:
    await added(server, bot_gatherer, news)

    again = await server.admin.slash(server.channel, "feeds add", address=news)
    unknown = await server.admin.slash(server.channel, "feeds add", address=news, language="Klingonish")

    assert "already" in shown(again)
    assert "do not know this language" in shown(unknown)


async def test_languages_are_offered_by_name(server: Server) -> None:
    offered = await server.admin.autocomplete(server.channel, "feeds add", "language", "germ")

    assert offered == [{"name": "German", "value": "de"}]


@expects_refusals
@pytest.mark.parametrize("command", ["list", "add", "change", "check", "remove"])
async def test_whoever_may_not_manage_is_told_so_and_offered_nothing(
    server: Server, news: str, bot_gatherer: Gatherer, command: str
) -> None:
    one = await added(server, bot_gatherer, news)
    await server.show_commands_to_everybody()
    options = {"list": {}, "add": {"address": news}}.get(command, {"feed": one.id})

    asked = await server.member.slash(server.channel, f"feeds {command}", **options)

    assert "Manage Server" in shown(asked)
    if command in ("change", "check", "remove"):
        assert await server.member.autocomplete(server.channel, f"feeds {command}", "feed", "") == []


# ---- listing and changing


async def test_the_list_tells_how_each_feed_stands(server: Server, news: str, web: Web, bot_gatherer: Gatherer) -> None:
    empty = await server.admin.slash(server.channel, "feeds list")
    one = await added(server, bot_gatherer, news)
    web.routes["/feed"] = reply("", "404 Not Found")
    await server.admin.slash(server.channel, "feeds check", feed=one.id)
    await server.admin.slash(server.channel, "feeds check", feed=one.id)

    listed = shown(await server.admin.slash(server.channel, "feeds list"))

    assert "There are no feeds yet" in shown(empty)
    assert "1 feed" in listed
    assert "**Village news**" in listed
    assert "every 60 minutes" in listed
    assert "There is no such page." in listed
    assert "next check <t:" in listed


async def test_the_list_has_pages_and_fits_into_a_message(server: Server, news: str, web: Web) -> None:
    for n in range(7):
        web.routes[f"/feed{n}"] = reply(feed("*x* " * 200, []), headers=RSS)
        await server.admin.slash(server.channel, "feeds add", address=web.url(f"/feed{n}"))

    first = await server.admin.slash(server.channel, "feeds list")
    second = await server.admin.click(card(first), custom_id="feeds1:2")

    assert "7 feeds" in shown(first)
    assert "Page 2 of 2" in shown(second)
    assert len(shown(first)) <= 4_000


async def test_feeds_are_offered_by_title(server: Server, news: str, bot_gatherer: Gatherer) -> None:
    one = await added(server, bot_gatherer, news)

    for command in ("change", "check", "remove"):
        offered = await server.admin.autocomplete(server.channel, f"feeds {command}", "feed", "village")
        assert offered == [{"name": "Village news", "value": one.id}]
    typed = await server.admin.slash(server.channel, "feeds change", feed="village news")
    assert "Village news" in shown(typed)


async def test_everything_can_be_changed_on_the_card(server: Server, news: str, bot_gatherer: Gatherer) -> None:
    one = await added(server, bot_gatherer, news)

    async def chosen(field: str, value: Any) -> Any:
        shown_card = await server.admin.slash(server.channel, "feeds change", feed=one.id)
        return await server.admin.select(card(shown_card), custom_id=f"feed1-{field}:{one.id}", values=[value])

    await chosen("every", "1440")
    await chosen("most", "100")
    told = await chosen("channel", server.channel)
    threads = await server.admin.click(card(told), label="A thread for each article")
    form = await server.admin.click(card(threads), label="Paths and language")
    await server.admin.submit_modal(form, filled(form, **{"Only these paths": "/ice", "Language": "de"}))

    now = await bot_gatherer.feed(one.id, None)
    assert (now.interval_min, now.most, now.channel, now.threads) == (1_440, 100, str(server.channel.id), True)
    assert (now.path_filter, now.language) == ("/ice", "de")
    again = await server.admin.slash(server.channel, "feeds change", feed=one.id)
    assert sum(1 for _ in components(card(again))) <= 40


async def test_a_language_that_is_not_known_is_given_back_in_the_form(
    server: Server, news: str, bot_gatherer: Gatherer
) -> None:
    one = await added(server, bot_gatherer, news)
    shown_card = await server.admin.slash(server.channel, "feeds change", feed=one.id)
    form = await server.admin.click(card(shown_card), label="Paths and language")

    failed = await server.admin.submit_modal(form, filled(form, Language="Klingonish"))
    again = await server.admin.click(card(failed), label="Correct it")

    assert "do not know this language" in shown(failed)
    assert fields(again)["Language"]["value"] == "Klingonish"


async def test_a_feed_is_switched_off_and_on_again(server: Server, news: str, bot_gatherer: Gatherer) -> None:
    one = await added(server, bot_gatherer, news)
    shown_card = await server.admin.slash(server.channel, "feeds change", feed=one.id)

    off = await server.admin.click(card(shown_card), label="Switch off")
    assert not (await bot_gatherer.feed(one.id, None)).enabled
    assert "Check now" not in buttons(off)
    assert "switched off" in shown(await server.admin.slash(server.channel, "feeds list"))

    await server.admin.click(card(off), label="Switch on")
    assert (await bot_gatherer.feed(one.id, None)).enabled


async def test_a_feed_is_removed_after_a_question_and_its_articles_stay(
    server: Server, news: str, bot_gatherer: Gatherer, bot_library: Library
) -> None:
    one = await added(server, bot_gatherer, news)
    await server.admin.slash(server.channel, "feeds check", feed=one.id)

    asked = await server.admin.slash(server.channel, "feeds remove", feed=one.id)
    assert await bot_gatherer.feeds((server.collection,)) != []
    done = await server.admin.click(card(asked), label="Remove")

    assert "Its articles stay" in shown(done)
    assert await bot_gatherer.feeds((server.collection,)) == []
    assert len(await bot_library.articles([server.collection])) == 1


async def test_a_server_sees_and_changes_no_feed_of_another(server: Server, news: str, bot_gatherer: Gatherer) -> None:
    other = Server(server.env, "Other")
    theirs = await added(other, bot_gatherer, news)

    listed = await server.admin.slash(server.channel, "feeds list")
    assert theirs.id not in shown(listed)
    for command in ("change", "check", "remove"):
        named = await server.admin.slash(server.channel, f"feeds {command}", feed=theirs.id)
        assert "no such feed" in shown(named)
        assert await server.admin.autocomplete(server.channel, f"feeds {command}", "feed", "") == []
    for action in Action:
        forged = await posted(server, FeedButton(action, theirs.id, "Forged"))
        assert "no such feed" in shown(await server.admin.click(forged, label="Forged"))
    turned = await server.admin.click(await posted(server, FeedsTurn(1)), custom_id="feeds1:1")
    assert theirs.id not in shown(turned)
    # It is checked meanwhile.
    left = await bot_gatherer.feed(theirs.id, None)
    assert replace(left, checked_at=None, next_check_at=theirs.next_check_at, articles=0) == replace(
        theirs, checked_at=None, articles=0
    )


async def test_who_added_a_feed_is_forgotten_when_they_ask_for_it(
    server: Server, news: str, bot_gatherer: Gatherer
) -> None:
    one = await added(server, bot_gatherer, news)

    asked = await server.admin.slash(server.channel, "privacy")
    await server.admin.click(card(asked), custom_id="forget1")

    assert (await bot_gatherer.feed(one.id, None)).added_by is None


# ---- news


async def test_the_first_look_at_a_feed_is_no_news(server: Server, web: Web, bot_gatherer: Gatherer) -> None:
    assert await told(server, bot_gatherer, web) == []


async def test_new_articles_are_told_in_the_channel_with_title_and_link(
    server: Server, web: Web, bot_gatherer: Gatherer
) -> None:
    (text,) = await told(server, bot_gatherer, web, NEW, ("A bridge instead of a ferry", BRIDGE))

    assert "New in **Village news**" in text
    assert "**Ice in the harbour** · [Open the page](<http://127.0.0.1:" in text
    assert "**A bridge instead of a ferry** · [Open the page](<" in text
    assert "owls" not in text


async def test_each_article_gets_a_thread_where_that_is_wished(
    server: Server, web: Web, bot_gatherer: Gatherer
) -> None:
    texts = await told(server, bot_gatherer, web, NEW, ("A bridge instead of a ferry", BRIDGE), threads=True)

    assert sum("New in **Village news**" in text for text in texts) == 2
    guild = server.env.bot.get_guild(server.guild.id)
    assert guild is not None
    assert {thread.name for thread in guild.threads} == {"Ice in the harbour", "A bridge instead of a ferry"}


async def test_hostile_titles_ping_nobody_and_lead_nowhere(server: Server, web: Web, bot_gatherer: Gatherer) -> None:
    hostile = "@everyone **b** [a](https://evil.example) <@1>"

    (text, *_) = await told(server, bot_gatherer, web, (hostile, ICE), threads=True)

    assert not PINGS.search(text)
    assert r"\[a\](https\:" in text
    assert r"\*\*b\*\*" in text
    assert all(not one.mentions and not one.mention_everyone for one in server.messages())


async def test_news_speak_the_language_of_the_server(
    server: Server, web: Web, bot_gatherer: Gatherer, bot_state: State
) -> None:
    await bot_state.save_server(ServerSettings(server.guild.id, language="de"))
    published(web, OLD)
    await server.admin.slash(server.channel, "feeds add", address=web.url("/feed"), channel=server.channel)
    (one,) = await bot_gatherer.feeds((server.collection,))
    await checked(server, bot_gatherer, one)
    published(web, NEW, OLD)

    await checked(server, bot_gatherer, one)

    assert any("Neu in **Village news**" in text_of(message) for message in server.messages())


async def test_a_permission_that_is_missing_is_told_in_the_state_of_the_feed(
    server: Server, news: str, bot_gatherer: Gatherer
) -> None:
    mute = discord.PermissionOverwrite(send_messages=False)
    quiet = server.guild.create_text_channel("quiet", overwrites={simbot(server): mute})

    asked = await server.admin.slash(server.channel, "feeds add", address=news, channel=quiet)
    await server.env.advance_time(1)
    listed = await server.admin.slash(server.channel, "feeds list")

    for one in (asked, listed):
        assert f"in <#{quiet.id}> I need the permission **Send Messages**" in shown(one)


@pytest.mark.parametrize("has_channel", [True, False])
async def test_a_feed_that_was_switched_off_is_told_in_its_channel_or_to_who_added_it(
    server: Server, simcord_bot: FootnoteBot, news: str, bot_gatherer: Gatherer, has_channel: bool
) -> None:
    one = await added(server, bot_gatherer, news, **({"channel": server.channel} if has_channel else {}))
    off = replace(one, enabled=False, problem_kind="gone", problem="the page was removed")

    await simcord_bot._tell_news(FeedNews(off, (), switched_off=True))
    await server.env.settle()

    messages = server.messages() if has_channel else server.admin.user.dm_channel.history()
    assert any("I do not check the feed **Village news** any more" in text_of(one) for one in messages)


async def test_the_owner_of_the_server_is_told_of_a_feed_that_nobody_here_added(
    server: Server, simcord_bot: FootnoteBot, news: str, bot_gatherer: Gatherer
) -> None:
    owner = server.env.create_user("owner")
    guild = server.env.create_guild("Owned", owner=owner)
    one = await bot_gatherer.add_feed(news, str(guild.id))
    off = replace(one, enabled=False, problem_kind="gone", problem="the page was removed")
    await server.env.settle()

    await simcord_bot._tell_news(FeedNews(off, (), switched_off=True))
    await server.env.settle()

    assert any(
        "I do not check the feed **Village news** any more" in text_of(one) for one in owner.dm_channel.history()
    )
