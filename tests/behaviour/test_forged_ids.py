"""Buttons, selects and forms with forged ids: nothing of another server, and nothing that others saw in private."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from simcord import Env
from simcord.results import InteractionResult

from bot.client import FootnoteBot
from bot.state import State
from index import Draft, Gatherer, JobState, Library
from tests.support.cards import text_of
from tests.support.pages import OWLS, RSS, feed, page
from tests.support.servers import Server, buttons, expects_refusals, filled, posted, shown
from tests.support.web import Web, reply

pytestmark = expects_refusals

SECRET = "vault"
TOKEN = "undo-token-of-others"


@dataclass(frozen=True, slots=True)
class Theirs:
    """What another server has: an answer, a feed and a job by their ids, and an article that was removed."""

    server: Server
    answer: str
    feed: str
    job: str

    def ids(self) -> list[str]:
        """One forged id for each thing that a button or a select does."""
        return [
            *(f"f1:{action}:{self.answer}:0:0" for action in "pawynfx"),
            "list1:n:1:",
            f"list1:t:1:{SECRET}",
            f"undo1:{TOKEN}",
            *(f"job1:{action}:1:{self.job}" for action in "cdlt"),
            "jobs1",
            "jobs1-details",
            *(f"feed1:{action}:{self.feed}" for action in ("check", "threads", "nothreads", "on", "off", "form")),
            f"feed1-every:{self.feed}",
            f"feed1-most:{self.feed}",
            f"feed1-channel:{self.feed}",
            "feeds1:1",
            "rebuild1:0123456789abcdef",
            "servers1:1",
            "set1:mode",
            "set1:answered",
            "set1-limits",
            "forget1",
        ]


@pytest.fixture
async def theirs(simcord_env: Env, bot_library: Library, bot_state: State, bot_gatherer: Gatherer, web: Web) -> Theirs:
    server = Server(simcord_env, "Others")
    [kept, removed] = await bot_library.add(
        [
            Draft("Their vault", "The vault of the bank opens at nine.", "vault.md", language="en"),
            Draft("The old vault", "The old vault was closed in 1950.", "old.md", language="en"),
        ],
        server.collection,
    )
    assert kept.article is not None
    assert removed.article is not None
    payload = await bot_library.take_out([removed.article.id], [server.collection])
    await bot_state.keep_removed(TOKEN, server.guild.id, payload, datetime.now(UTC) + timedelta(hours=1))
    web.routes["/a"] = reply(page("Nine owls in the vault", OWLS))
    web.routes["/feed"] = reply(feed("News of the vault", [("Nine owls in the vault", web.url("/a"))]), headers=RSS)
    followed = await bot_gatherer.add_feed(web.url("/feed"), server.collection)
    job = await bot_gatherer.submit_links([web.url("/vault")], server.collection)
    asked = await server.member.slash(server.channel, "ask", question="when does the vault open?")
    assert "opens at nine" in shown(asked)
    return Theirs(server, str(buttons(asked)["Why this?"]["custom_id"]).split(":")[2], followed.id, job.id)


async def forged(server: Server, custom_id: str, *values: str) -> discord.Message:
    """A message of the bot with a button, or a select that offers some values."""
    item: discord.ui.Item[Any] = discord.ui.Button(label="Forged", custom_id=custom_id)
    if custom_id.startswith("feed1-channel") or custom_id == "set1:answered":
        item = discord.ui.ChannelSelect(custom_id=custom_id)
    elif values:
        options = [discord.SelectOption(label=value) for value in values]
        item = discord.ui.Select(custom_id=custom_id, options=options)
    return await posted(server, item)


async def used(server: Server, custom_id: str, theirs: Theirs) -> InteractionResult:
    """What comes back when the admin of a server presses a forged button, or chooses something in a forged select."""
    values = {"jobs1-details": theirs.job, "set1:mode": "none"}.get(custom_id, "360" if "every" in custom_id else "50")
    if not custom_id.startswith(("feed1-", "set1:", "jobs1-")):
        return await server.admin.click(await forged(server, custom_id), custom_id=custom_id)
    message = await forged(server, custom_id, values)
    is_channel = custom_id.startswith("feed1-channel") or custom_id == "set1:answered"
    return await server.admin.select(message, [server.channel if is_channel else values], custom_id=custom_id)


async def test_no_forged_id_reaches_another_server(
    simcord_env: Env,
    simcord_bot: FootnoteBot,
    bot_library: Library,
    bot_state: State,
    bot_gatherer: Gatherer,
    theirs: Theirs,
) -> None:
    ours = Server(simcord_env, "Ours")
    before = (
        await bot_state.answer(theirs.answer),
        await bot_library.articles([theirs.server.collection]),
        await bot_gatherer.feed(theirs.feed, None),
        await bot_state.server(theirs.server.guild.id),
        await bot_state.removed(TOKEN),
    )
    shown_there = [text_of(one) for one in theirs.server.messages()]

    told = [await used(ours, custom_id, theirs) for custom_id in theirs.ids()]

    patterns = simcord_bot._patterns
    assert [one.pattern for one in patterns if not any(one.fullmatch(forged) for forged in theirs.ids())] == []
    texts = [shown(one) for one in told if one.response is not None]
    texts += [str(one.modal) for one in told if one.modal is not None]
    texts += [text_of(one) for one in ours.messages()]
    assert [text for text in texts if SECRET in text.replace(f"“{SECRET}”", "") or theirs.job in text] == []
    assert [str(one.modal["title"]) for one in told if one.modal is not None] == ["Daily limits"]
    after = (
        await bot_state.answer(theirs.answer),
        await bot_library.articles([theirs.server.collection]),
        await bot_gatherer.feed(theirs.feed, None),
        await bot_state.server(theirs.server.guild.id),
        await bot_state.removed(TOKEN),
    )
    assert after == before
    assert [text_of(one) for one in theirs.server.messages()] == shown_there
    assert (await bot_gatherer.job(theirs.job, None)).state is JobState.QUEUED
    figures = await bot_state.figures(theirs.server.guild.id)
    assert (figures.helpful, figures.not_helpful) == (0, 0)


async def test_what_only_one_person_saw_no_other_reaches(simcord_env: Env, theirs: Theirs) -> None:
    server = theirs.server
    asked = await server.member.slash(server.channel, "ask", question="when does the vault open?", private=True)
    answer = str(buttons(asked)["Why this?"]["custom_id"]).split(":")[2]

    for action in "pawynfx":
        custom_id = f"f1:{action}:{answer}:0:0"
        pressed = await server.admin.click(await forged(server, custom_id), custom_id=custom_id)
        assert "not kept any more" in shown(pressed)
        assert pressed.ephemeral


async def test_a_form_changes_nothing_when_whoever_opened_it_may_no_longer_manage(
    simcord_env: Env, bot_library: Library, bot_state: State, theirs: Theirs
) -> None:
    server = theirs.server
    await server.show_commands_to_everybody()
    may = replace(await bot_state.server(server.guild.id), manager_roles=frozenset({server.helpers.id}))
    await bot_state.save_server(may)
    opened = [
        await server.helper.slash(server.channel, "articles add text"),
        await server.helper.slash(server.channel, "articles add link"),
        await server.helper.slash(server.channel, "articles add file"),
        await server.helper.click(await forged(server, "set1-limits"), custom_id="set1-limits"),
        await server.helper.click(await forged(server, f"feed1:form:{theirs.feed}"), label="Forged"),
    ]
    await bot_state.save_server(replace(may, manager_roles=frozenset()))

    sent = [
        await server.helper.submit_modal(opened[0], filled(opened[0], Title="Tea", Text="Tea is a drink.")),
        await server.helper.submit_modal(opened[1], filled(opened[1], Addresses="https://example.org/")),
        await server.helper.submit_modal(opened[2], filled(opened[2], Files=("tea.txt", b"Tea is a drink."))),
        await server.helper.submit_modal(opened[3], filled(opened[3], **{"Questions of one person a day": "1"})),
        await server.helper.submit_modal(opened[4], filled(opened[4], Language="German")),
    ]

    assert [shown(one) for one in sent if "Manage Server" not in shown(one)] == []
    assert len(await bot_library.articles([server.collection])) == 1
    assert (await bot_state.server(server.guild.id)).user_daily_limit is None
