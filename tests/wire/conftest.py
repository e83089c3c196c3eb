"""A loopback Discord with one server, one channel and one person; and the real bot's process beside it."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from index import Library
from tests.support.discord import Actor, Channel, Discord, Guild
from tests.support.discord.process import BotProcess

ARTICLES = Path(__file__).parents[2] / "examples" / "articles"

QUESTION = "How many homes were without power after Storm Odila?"
QUOTE = "90,000"
"""Stands in the answer to QUESTION."""

WITHOUT_LIMITS = {"QUESTIONS_PER_MINUTE": "0", "SERVER_QUESTIONS_PER_MINUTE": "0"}


@dataclass(frozen=True)
class Place:
    """Where most tests take place."""

    discord: Discord
    docs: Guild
    general: Channel
    alice: Actor


@dataclass(frozen=True)
class Home(Place):
    """A place with a bot that runs for all tests of a module."""

    bot: BotProcess


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """Discord, listening, with the server Docs, its channel general, and Alice in it."""
    async with Discord() as discord:
        yield place_in(discord)


def place_in(discord: Discord) -> Place:
    """The server Docs, its channel general, and Alice in it."""
    docs = discord.guild("Docs")
    return Place(discord, docs, discord.channel(docs), discord.person("alice", docs))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that holds the example articles; copy it."""
    folder = tmp_path_factory.mktemp("filled")
    async with await Library.open(f"sqlite+aiosqlite:///{folder}/footnote.db", folder / "footnote.db.index") as library:
        await library.add_paths([ARTICLES])
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A folder of one's own with the example articles."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_home(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    """A bot that has answered a question already."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(filled, folder, dirs_exist_ok=True)
    async with Discord() as discord:
        discord.gateway.heartbeat_interval_ms = 1_000
        place = place_in(discord)
        async with BotProcess(discord, folder, WITHOUT_LIMITS) as bot:
            await bot.ready()
            await place.alice.slash(place.general, "ask", question=QUESTION)
            yield Home(discord, place.docs, place.general, place.alice, bot)


@pytest_asyncio.fixture(loop_scope="module")
async def home(shared_home: Home) -> AsyncIterator[Home]:
    """The running bot, in fair weather when the test begins and when it is over."""
    yield shared_home
    shared_home.discord.faults.clear()
    shared_home.discord.rate_limits.clear()
    await shared_home.discord.connected()
