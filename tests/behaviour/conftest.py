"""A bot with its library in files, in front of a Discord that is held in memory; and the command line."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from simcord import Env

from bot.cli import main
from bot.client import FootnoteBot
from bot.settings import Settings
from bot.state import State
from index import Draft, Gatherer, GatheringRules, Library
from tests.support.command_line import EXAMPLES, Ran, Run
from tests.support.servers import Server
from tests.support.web import Web, served

NewBot = Callable[[], FootnoteBot]

TRUCE = """Armenia and Azerbaijan agreed on a ceasefire on Wednesday, after two days of shelling along their border.

At least 49 Armenian soldiers were killed in the fighting, the government in Yerevan said. Azerbaijan reported 50 dead.

Some 110 soldiers were wounded. Hospitals in Goris asked the population to donate blood."""

BRIDGE = """The new bridge over the Elbe opened to traffic in May 2019. It replaced a ferry after ninety years.

The work cost 84 million euros, 12 million more than planned."""

HARBOUR = """The harbour of the village freezes in most winters. Fishermen then cut channels into the ice by hand.

In 1963 the ice was 80 centimetres thick."""


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'footnote.db'}"


@pytest_asyncio.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    """A library of its own, without a bot."""
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/library.db", tmp_path / "index") as opened:
        yield opened


@pytest_asyncio.fixture
async def bot_library(address: str, tmp_path: Path) -> AsyncIterator[Library]:
    async with await Library.open(address, tmp_path / "index") as library:
        yield library


@pytest_asyncio.fixture
async def bot_state(address: str, bot_library: Library) -> AsyncIterator[State]:
    async with await State.open(address) as state:
        yield state


@pytest_asyncio.fixture
async def web() -> AsyncIterator[Web]:
    """A web server on loopback, the only host that the bot fetches."""
    async with served() as web:
        yield web


@pytest.fixture
def gathering_rules(web: Web) -> GatheringRules:
    return GatheringRules(allowed_hosts=(f"{web.address}:{web.port}",), pages_at_once=1, pause_s=0.0, poll_s=3600.0)


@pytest_asyncio.fixture
async def bot_gatherer(bot_library: Library, gathering_rules: GatheringRules) -> AsyncIterator[Gatherer]:
    async with await Gatherer.open(bot_library, gathering_rules) as gatherer:
        yield gatherer


@pytest.fixture
def bot_settings(address: str) -> Settings:
    return Settings(_env_file=None, database_url=address, discord_shards=1)  # type: ignore[call-arg]


@pytest.fixture
def simcord_bot(bot_library: Library, bot_state: State, bot_settings: Settings, bot_gatherer: Gatherer) -> FootnoteBot:
    return FootnoteBot(bot_library, bot_state, bot_settings, bot_gatherer, ready_timeout_s=0.1)


@pytest.fixture
def new_bot(bot_library: Library, bot_state: State, bot_settings: Settings, bot_gatherer: Gatherer) -> NewBot:
    """Makes the bot of the next process, for `env.restart_bot`."""
    return lambda: FootnoteBot(bot_library, bot_state, bot_settings, bot_gatherer, ready_timeout_s=0.1)


@pytest.fixture
async def gathering(simcord_env: Env, simcord_bot: FootnoteBot) -> None:
    """Lets the bot, which is there, run jobs and look at feeds."""
    await simcord_bot.gather()


@pytest.fixture
async def server(simcord_env: Env) -> Server:
    return Server(simcord_env)


@pytest.fixture
async def other(simcord_env: Env) -> Server:
    return Server(simcord_env, "Others")


@pytest.fixture
async def own(server: Server, bot_library: Library) -> str:
    """The id of an article that belongs to the server."""
    outcomes = await bot_library.add([Draft("A bridge instead of a ferry", BRIDGE, "bridge.md")], server.collection)
    assert outcomes[0].article is not None
    return outcomes[0].article.id


@pytest.fixture
def store(tmp_path: Path) -> str:
    """The address of the database that the commands use."""
    return f"sqlite+aiosqlite:///{tmp_path}/library.db"


@pytest.fixture
def environment(store: str) -> Mapping[str, str]:
    """The settings of the commands; all others are as if nobody had set them."""
    return {"DATABASE_URL": store}


@pytest.fixture
def run(
    environment: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command in this process: exit code, standard output, standard error."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def run_here(*arguments: object) -> Ran:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run_here


@pytest.fixture
def filled(run: Run) -> Run:
    """Runs a command on a library of the examples."""
    assert run("add", EXAMPLES)[0] == 0
    return run


async def add_shared(library: Library) -> None:
    """Three short articles that every server sees."""
    await library.add(
        [
            Draft("Ceasefire in the South Caucasus", TRUCE, "https://news.example/2022/ceasefire", language="en"),
            Draft("A bridge instead of a ferry", BRIDGE, "bridge.md", language="en"),
            Draft("Ice in the harbour", HARBOUR, "harbour.txt", language="en"),
        ]
    )


async def titles(library: Library, collection: str) -> list[str]:
    """The titles of the articles of a collection."""
    return [info.title for info in await library.articles([collection])]
