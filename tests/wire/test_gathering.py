"""The bot's process adds what is behind a link, and what a feed brings, and answers from it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.support.discord import Interaction, Permission
from tests.support.discord.process import BotProcess
from tests.support.pages import BRIDGE, ICE, OWLS, RSS, feed, page
from tests.support.web import Request, Web, reply, served
from tests.wire.conftest import Place

LONG_S = 30.0


@pytest_asyncio.fixture
async def web() -> AsyncIterator[Web]:
    async with served() as web:
        yield web


def fetching(web: Web) -> dict[str, str]:
    """Settings with which the bot may fetch from a server on loopback."""
    return {"FETCH_ALLOWED_HOSTS": f"{web.address}:{web.port}", "FETCH_CONTACT": "https://operator.example"}


async def managed(place: Place, command: str, **options: object) -> Interaction:
    """What somebody who manages the server is answered, however long it takes."""
    managing = place.discord.role(place.docs, "Managers", Permission.MANAGE_GUILD)
    admin = place.discord.person("admin", place.docs, roles=(managing,))
    asked = await admin.slash(place.general, command, wait=False, **options)  # type: ignore[arg-type] # options of commands
    await place.discord.until(lambda: asked.is_settled and bool(asked.text), "an answer", LONG_S)
    return asked


async def test_a_link_and_a_feed_are_added_and_asked(place: Place, tmp_path: Path, web: Web) -> None:
    web.routes["/ice"] = reply(page("Ice in the harbour", ICE))
    web.routes["/owls"] = reply(page("Nine owls in the mill", OWLS))
    web.routes["/bridge"] = reply(page("A bridge instead of a ferry", BRIDGE))
    old = ("A bridge instead of a ferry", web.url("/bridge"))
    web.routes["/feed"] = reply(feed("Village news", [old]), headers=RSS)
    async with BotProcess(place.discord, tmp_path, fetching(web)) as bot:
        await bot.ready()
        added = await managed(place, "articles add link", links=web.url("/ice"))
        answer = await place.alice.slash(place.general, "ask", question="How thick was the ice in 1963?")
        followed = await managed(place, "feeds add", address=web.url("/feed"), channel=place.general)
        await managed(place, "feeds check", feed="Village news")
        new = ("Nine owls in the mill", web.url("/owls"))
        web.routes["/feed"] = reply(feed("Village news", [new, old]), headers=RSS)
        await managed(place, "feeds check", feed="Village news")
        await place.discord.until(
            lambda: any("Nine owls" in one.text for one in place.discord.bot_messages(place.general)), "news", LONG_S
        )
        owls = await place.alice.slash(place.general, "ask", question="How many owls hatched in the mill?")
        code = await bot.stop()

    assert "Ice in the harbour" in added.text
    assert "80 centimetres" in answer.text
    assert "Village news" in followed.text
    assert "Nine young barn owls" in owls.text
    assert code == 0
    assert all("https://operator.example" in one.headers["user-agent"] for one in web.requests)


async def test_a_job_goes_on_after_the_process_was_killed(place: Place, tmp_path: Path, web: Web) -> None:
    came = asyncio.Event()

    async def slow(_request: Request, writer: asyncio.StreamWriter) -> None:
        if came.is_set():
            writer.write(reply(page("Ice in the harbour", ICE)))
        else:
            came.set()
            await asyncio.sleep(LONG_S)

    web.routes["/ice"] = slow
    async with BotProcess(place.discord, tmp_path, fetching(web)) as bot:
        await bot.ready()
        managing = place.discord.role(place.docs, "Managers", Permission.MANAGE_GUILD)
        admin = place.discord.person("admin", place.docs, roles=(managing,))
        asked = await admin.slash(place.general, "articles add link", wait=False, links=web.url("/ice"))
        await asyncio.wait_for(came.wait(), LONG_S)
        await place.discord.until(lambda: asked.is_settled, "word of the progress", LONG_S)
        bot.kill()
        await bot.ended()
        await bot.start()
        await bot.ready()
        (board,) = place.discord.bot_messages(place.general)
        await place.discord.until(lambda: "1 added" in board.text, "the end of the job", LONG_S)
        answer = await place.alice.slash(place.general, "ask", question="How thick was the ice in 1963?")

    assert board.text.startswith("### Adding")
    assert asked.is_private
    assert "80 centimetres" in answer.text
