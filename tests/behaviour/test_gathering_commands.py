"""/articles add link, files of every format, and /jobs: what those who manage a server can gather, and nobody else."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import discord
import pytest
from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.client import FootnoteBot
from bot.state import State
from bot.views.adding import addresses_in
from bot.views.jobs import JobButton
from index import Gatherer, Job, JobState, Library
from tests.behaviour.conftest import NewBot
from tests.support.cards import buttons_of, components, text_of
from tests.support.markdown import PINGS
from tests.support.pages import BRIDGE, ICE, OWLS, page
from tests.support.servers import Server, buttons, card, expects_refusals, filled, posted, shown, simbot
from tests.support.web import Web, reply

pytestmark = pytest.mark.usefixtures("gathering")

LONG_S = 8.0
"""Simcord lets the clock of the bot run only up to waits that are longer than 5 s."""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.views.jobs.DIRECT_S", LONG_S)
    monkeypatch.setattr("bot.watching.EDIT_EVERY_S", LONG_S)
    monkeypatch.setattr("index.gathering.gatherer._FOLLOWED_EVERY_S", LONG_S)


class SlowPage:
    """Whatever is at /slow is long in coming, and comes when `come` is set.

    The server itself cannot be slow: the clock of the bot runs ahead of the network, and it would wait in vain.
    """

    def __init__(self, link: Callable[..., Awaitable[Any]]) -> None:
        self._link = link
        self.come = asyncio.Event()

    async def __call__(self, address: str, *arguments: Any, **options: Any) -> Any:
        if address.endswith("/slow"):
            await self.come.wait()
        return await self._link(address, *arguments, **options)


@pytest.fixture
def slow(web: Web, bot_gatherer: Gatherer, monkeypatch: pytest.MonkeyPatch) -> SlowPage:
    web.routes["/slow"] = reply(page("The bridge", BRIDGE))
    slow = SlowPage(bot_gatherer._adder.link)
    monkeypatch.setattr(bot_gatherer._adder, "link", slow)
    return slow


def board(server: Server) -> discord.Message:
    """The message with the progress: the only one that everybody sees."""
    (message,) = [one for one in server.messages() if not one.flags.ephemeral]
    return message


async def later(server: Server, words: str) -> str:
    """What the message says when it says these words, or after some edits if it never does."""
    for _ in range(20):
        # The network is real, and the clock of the bot is not.
        await asyncio.to_thread(time.sleep, 0.05)
        await server.env.advance_time(LONG_S)
        if words in text_of(board(server)):
            break
    return text_of(board(server))


async def add(server: Server, *links: str, channel: ChannelHandle | None = None) -> InteractionResult:
    """What somebody who manages the server is answered to these links."""
    asked = await server.admin.slash(channel or server.channel, "articles add link", links=" ".join(links))
    for _ in range(20):
        if asked.response is not None and shown(asked):
            break
        # The network is real, and the clock of the bot is not.
        await asyncio.to_thread(time.sleep, 0.05)
        await server.env.advance_time(1)
    return asked


async def over(server: Server, gatherer: Gatherer) -> None:
    """Wait until no job runs."""
    for _ in range(100):
        if not await gatherer.jobs(None, active_only=True):
            break
        await asyncio.to_thread(time.sleep, 0.05)
        await server.env.advance_time(0.1)


async def begun(server: Server, gatherer: Gatherer, address: str) -> Job:
    """A job that runs, in a message with its progress."""
    await add(server, address)
    (job,) = await gatherer.jobs((server.collection,))
    return job


# ---- adding links


async def test_a_link_is_answered_with_what_was_added(server: Server, web: Web, bot_library: Library) -> None:
    web.routes["/ice"] = reply(page("Ice in the harbour", ICE))

    asked = await add(server, web.url("/ice"))

    assert asked.ephemeral
    assert "Ice in the harbour" in shown(asked)
    assert "1 passage, English" in shown(asked)
    (info,) = await bot_library.articles([server.collection])
    assert (info.source, info.added_by) == (web.url("/ice"), str(server.admin.id))


async def test_each_of_several_links_has_its_own_line(server: Server, web: Web) -> None:
    web.routes["/ice"] = reply(page("Ice in the harbour", ICE))
    web.routes["/gone"] = reply("", "410 Gone")
    links = f"<{web.url('/ice')}>, {web.url('/none')}\n{web.url('/gone')}"

    asked = await add(server, links)

    assert "1 added" in shown(asked)
    assert "2 skipped" in shown(asked)
    assert "There is no such page." in shown(asked)
    assert "The website has removed this page." in shown(asked)


async def test_a_form_takes_many_links(server: Server, web: Web, bot_library: Library) -> None:
    web.routes["/ice"] = reply(page("Ice in the harbour", ICE))
    web.routes["/owls"] = reply(page("Nine owls in the mill", OWLS))
    form = await server.admin.slash(server.channel, "articles add link")

    sent = await server.admin.submit_modal(
        form, filled(form, Addresses=f"{web.url('/ice')}\n\n{web.url('/owls')}\n{web.url('/ice')}")
    )

    assert "2 added" in shown(sent)
    assert len(await bot_library.articles([server.collection])) == 2


async def test_too_many_links_are_given_back_in_the_form(server: Server) -> None:
    links = " ".join(f"https://example.org/{n}" for n in range(51))

    asked = await server.admin.slash(server.channel, "articles add link", links=links)

    assert "at most 50" in shown(asked)
    assert "Correct it" in buttons(asked)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("https://a.example/x", ["https://a.example/x"]),
        ("<https://a.example>, https://b.example;", ["https://a.example", "https://b.example"]),
        ("https://a.example\nhttps://a.example", ["https://a.example"]),
        (" , ", []),
    ],
)
def test_addresses_are_found_in_what_was_typed(typed: str, found: list[str]) -> None:
    assert addresses_in(typed) == found


@expects_refusals
@pytest.mark.parametrize("command", ["articles add link", "articles add file", "jobs"])
async def test_whoever_may_not_manage_is_told_so(server: Server, command: str) -> None:
    await server.show_commands_to_everybody()

    asked = await server.member.slash(server.channel, command)

    assert asked.modal is None
    assert "Manage Server" in shown(asked)


async def test_hostile_titles_ping_nobody_and_format_nothing(server: Server, web: Web) -> None:
    web.routes["/x"] = reply(page("@everyone **bold** <@1> [a](https://evil.example)", ICE))

    asked = await add(server, web.url("/x"))

    assert not PINGS.search(shown(asked))
    assert r"\*\*bold\*\*" in shown(asked)
    assert r"\[a\]" in shown(asked)


async def test_an_archive_and_a_page_are_files_like_others(server: Server, bot_library: Library) -> None:
    form = await server.admin.slash(server.channel, "articles add file")

    sent = await server.admin.submit_modal(
        form,
        filled(form, Files=[("bridge.txt", BRIDGE.encode()), ("lines.jsonl", json.dumps({"text": ICE}).encode())]),
    )

    assert "2 added" in shown(sent)
    assert len(await bot_library.articles([server.collection])) == 2


# ---- jobs that take long


@pytest.mark.usefixtures("patient")
async def test_what_takes_long_has_its_progress_in_a_message_that_everybody_sees(
    server: Server, web: Web, slow: SlowPage, bot_gatherer: Gatherer
) -> None:
    web.routes["/ice"] = reply(page("Ice in the harbour", ICE))

    asked = await add(server, web.url("/ice"), web.url("/slow"))

    assert board(server).jump_url in shown(asked)
    assert "Adding 2 addresses" in text_of(board(server))
    assert "50" in await later(server, "1 of 2")
    slow.come.set()
    assert "2 added" in await later(server, "2 added")
    assert set(buttons_of(board(server))) == {"Details"}


@pytest.mark.usefixtures("patient")
async def test_a_job_is_cancelled_by_its_button_and_what_was_added_stays(
    server: Server, web: Web, slow: SlowPage, bot_library: Library
) -> None:
    web.routes["/ice"] = reply(page("Ice in the harbour", ICE))
    await add(server, web.url("/ice"), web.url("/slow"))
    await later(server, "1 of 2")

    await server.admin.click(board(server), label="Cancel")

    assert "It was cancelled" in await later(server, "It was cancelled")
    assert len(await bot_library.articles([server.collection])) == 1


@expects_refusals
@pytest.mark.usefixtures("patient")
async def test_only_those_who_manage_cancel_a_job(
    server: Server, web: Web, slow: SlowPage, bot_gatherer: Gatherer
) -> None:
    job = await begun(server, bot_gatherer, web.url("/slow"))

    pressed = await server.member.click(board(server), label="Cancel")

    assert "Manage Server" in shown(pressed)
    assert (await bot_gatherer.job(job.id, None)).state is JobState.RUNNING


@pytest.mark.usefixtures("patient")
async def test_a_stop_of_the_bot_is_told_in_the_message_and_the_next_process_knows_of_it(
    server: Server, web: Web, slow: SlowPage, bot_gatherer: Gatherer, bot_state: State, new_bot: NewBot
) -> None:
    job = await begun(server, bot_gatherer, web.url("/slow"))

    await server.env.restart_bot(new_bot())

    assert "goes on afterwards" in text_of(board(server))
    assert [(one.job_id, one.message_id) for one in await bot_state.job_messages()] == [(job.id, board(server).id)]


@pytest.mark.usefixtures("patient")
async def test_where_the_channel_takes_no_message_the_progress_is_private(
    server: Server, web: Web, slow: SlowPage
) -> None:
    mute = discord.PermissionOverwrite(send_messages=False)
    quiet = server.guild.create_text_channel("quiet", overwrites={simbot(server): mute})

    asked = await add(server, web.url("/slow"), channel=quiet)

    assert asked.ephemeral
    assert "Only you see this" in shown(asked)
    assert "Cancel" in buttons(asked)


# ---- /jobs


async def test_a_server_without_jobs_is_told_how_they_begin(server: Server) -> None:
    asked = await server.admin.slash(server.channel, "jobs")

    assert "There are no jobs" in shown(asked)


@pytest.mark.usefixtures("patient")
async def test_jobs_are_listed_with_their_state_and_cancelled_in_the_list(
    server: Server, web: Web, slow: SlowPage, bot_gatherer: Gatherer
) -> None:
    web.routes["/ice"] = reply(page("Ice in the harbour", ICE))
    await add(server, web.url("/ice"))
    await over(server, bot_gatherer)
    running = await begun_second(server, web)

    listed = await server.admin.slash(server.channel, "jobs")
    text = shown(listed)
    cancelled = await server.admin.click(card(listed), label="Cancel")

    assert "1 job is running or waiting" in text
    assert "1 added" in text
    assert running.id in text
    assert "No job is running" in shown(cancelled)
    assert (await bot_gatherer.job(running.id, None)).state is not JobState.RUNNING


async def begun_second(server: Server, web: Web) -> Job:
    """A job that runs, beside those that are over."""
    await add(server, web.url("/slow"))
    bot = server.env.bot
    assert isinstance(bot, FootnoteBot)
    (job,) = await bot.gatherer.jobs((server.collection,), active_only=True)
    return job


async def test_the_details_of_a_job_tell_who_asked_for_it(server: Server, web: Web, bot_gatherer: Gatherer) -> None:
    await add(server, web.url("/none"))
    (job,) = await bot_gatherer.jobs((server.collection,))

    listed = await server.admin.slash(server.channel, "jobs")
    details = await server.admin.select(card(listed), values=[job.id])
    named = await server.admin.slash(server.channel, "jobs", job=job.id)

    for one in (details, named):
        assert f"<@{server.admin.id}>" in shown(one)
        assert "There is no such page." in shown(one)
    offered = await server.admin.autocomplete(server.channel, "jobs", "job", "")
    assert [choice["value"] for choice in offered] == [job.id]


@pytest.mark.usefixtures("patient")
async def test_a_server_sees_and_cancels_no_job_of_another(
    server: Server, web: Web, slow: SlowPage, bot_gatherer: Gatherer
) -> None:
    other = Server(server.env, "Other")
    job = await begun(other, bot_gatherer, web.url("/slow"))

    listed = await server.admin.slash(server.channel, "jobs")
    named = await server.admin.slash(server.channel, "jobs", job=job.id)
    assert job.id not in shown(listed)
    assert "no such job" in shown(named)
    assert await server.admin.autocomplete(server.channel, "jobs", "job", "") == []
    for action in "cdlt":
        forged = await posted(server, JobButton(action, job.id, label=action))
        pressed = await server.admin.click(forged, label=action)
        assert "no such job" in shown(pressed)
    assert (await bot_gatherer.job(job.id, None)).state is JobState.RUNNING


async def test_a_list_of_jobs_fits_into_a_message(server: Server, web: Web) -> None:
    for _ in range(10):
        await add(server, web.url("/none"))

    listed = await server.admin.slash(server.channel, "jobs")

    assert sum(1 for _ in components(card(listed))) <= 40
    assert shown(listed).count("1 skipped") == 8
