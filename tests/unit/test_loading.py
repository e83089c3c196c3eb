"""What the bot keeps in memory for as long as it runs, beside what it needs."""

import subprocess
import sys

import pytest

LOADED = """
import sys
import bot.__main__
import bot.cli
import bot.client
from importlib import import_module
import_module("bot.cli.serving")
for cog in bot.client.COGS:
    import_module(f"bot.cogs.{cog}")
print(*sys.modules)
"""

FOR_OTHERS = {
    "aiosqlite": "nothing but tests",
    "alembic": "upgrades of the database",
    "bot.cli.articles": "the command line",
    "bot.cli.console": "the command line",
    "bot.rendering.terminal": "the command line",
    "charset_normalizer": "guessing an encoding",
    "feedparser": "the process that reads",
    "lxml": "the process that reads",
    "markdown_it": "reading Markdown",
    "numpy.ma": "nothing",
    "numpy.testing": "nothing",
    "py3langid": "telling the language of an article or a question",
    "pypdfium2": "the process that reads",
    "rich": "the command line",
    "sqlalchemy.ext.asyncio": "a database server",
    "sqlalchemy.orm": "nothing",
    "trafilatura": "the process that reads",
}


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", LOADED],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize("module", FOR_OTHERS)
def test_the_bot_does_not_load_what_it_may_never_need(module: str, loaded: set[str]) -> None:
    assert module not in loaded, f"it is for {FOR_OTHERS[module]}"


def test_the_bot_is_loaded(loaded: set[str]) -> None:
    assert {"bot.app", "bot.cogs.ask", "index.library"} <= loaded
