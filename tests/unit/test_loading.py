"""What the bot keeps in memory for as long as it runs, and what a question at a terminal waits for."""

import asyncio
import json
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy

from index import Library

LOADED = """
import json
import sys
import bot.__main__
import bot.cli
import bot.client
from importlib import import_module
from pathlib import Path
import_module("bot.cli.serving")
for cog in bot.client.COGS:
    import_module(f"bot.cogs.{cog}")
run = list(sys.modules)
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
resident = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")]
import_module("bot.cli.asking")
print(json.dumps([run, list(sys.modules), *resident]))
"""

COMMAND = """
import sys
from bot.cli import main
code = main(sys.argv[1:])
print(*(name for name in sys.modules if name.partition(".")[0] == "discord"), file=sys.stderr)
sys.exit(code)
"""

FOR_NEITHER = {
    "aiosqlite": "nothing but tests",
    "alembic": "upgrades of the database",
    "bot.cli.articles": "other commands",
    "charset_normalizer": "guessing an encoding",
    "feedparser": "the process that reads",
    "lxml": "the process that reads",
    "markdown_it": "reading Markdown",
    "numpy.ma": "nothing",
    "numpy.testing": "nothing",
    "py3langid": "telling the language of an article or a question",
    "pypdfium2": "the process that reads",
    "sqlalchemy.ext.asyncio": "a database server",
    "sqlalchemy.orm": "nothing",
    "trafilatura": "the process that reads",
}

FOR_A_TERMINAL = {"bot.cli.console", "bot.rendering.terminal", "rich"}

MOST_MB = 104.0
"""All modules of the bot in memory: 98 MB with Python 3.11, Linux and glibc. Of the 120 MB that an idle bot with a
thousand articles may hold, the library, Discord and the first answers take up to 20."""


class Loaded(NamedTuple):
    run: set[str]
    ask: set[str]
    resident_mb: float | None


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", LOADED],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    run, ask, *resident = json.loads(ran.stdout)
    return Loaded(set(run), set(ask), *(resident or [None]))


@pytest.mark.parametrize("module", FOR_NEITHER)
def test_neither_the_bot_nor_a_question_loads_what_may_never_be_needed(module: str, loaded: Loaded) -> None:
    assert module not in loaded.run | loaded.ask, f"it is for {FOR_NEITHER[module]}"


@pytest.mark.parametrize(
    ("arguments", "code"), [(["ask", "when did the bridge open?"], 1), (["list"], 0), (["feeds", "list"], 0)]
)
def test_a_command_that_asks_discord_nothing_does_not_load_it(arguments: list[str], code: int, tmp_path: Path) -> None:
    store = f"sqlite+aiosqlite:///{tmp_path}/library.db"
    asyncio.run(_empty_library(store))
    ran = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments, "--store", store], capture_output=True, text=True, timeout=60
    )

    assert ran.returncode == code
    assert ran.stderr.strip() == ""


async def _empty_library(address: str) -> None:
    async with await Library.open(address):
        pass


def test_the_bot_does_not_load_what_is_for_a_terminal(loaded: Loaded) -> None:
    assert not FOR_A_TERMINAL & loaded.run


def test_the_bot_is_loaded(loaded: Loaded) -> None:
    assert {"bot.app", "bot.cogs.ask", "index.library"} <= loaded.run
    assert loaded.ask >= FOR_A_TERMINAL


@pytest.mark.skipif(
    not Path(cache_from_source(sqlalchemy.__file__)).exists(), reason="compiling the libraries takes 9 MB more"
)
def test_the_modules_of_the_bot_leave_room_for_its_library(loaded: Loaded) -> None:
    if loaded.resident_mb is None:
        pytest.skip("this system does not tell how much memory a process holds")
    assert loaded.resident_mb < MOST_MB
