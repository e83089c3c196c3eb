"""Draw the cards of the bot as pictures: `python tools/draw_cards.py docs/pictures`.

The real bot answers in a Discord held in memory; Chromium draws what it sent. Needs the dependency group `pictures`,
a Chromium (CHROMIUM names it, /usr/bin/chromium is tried) and the Noto fonts.

The drawing tool has a dark theme only, and reads markdown as CommonMark: beside Japanese or Arabic punctuation it shows
the asterisks of bold text. The rules of Discord's web client (see `tests/support/markdown.py`) read them as bold there
too. So `answer-ja` and `answer-ar` are for looking at the layout.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import discord
import playwright.async_api
import simcord

from bot.client import FootnoteBot
from bot.cogs.index import CancelButton
from bot.rendering.progress import Stand, rebuild_card
from bot.rendering.words import words_for
from bot.settings import Settings
from bot.state import State
from bot.views.layout import layout
from index import Draft, Gatherer, GatheringRules, Library

EXAMPLES = Path(__file__).parents[1] / "examples" / "articles"
WIDTH, HEIGHT = 760, 1_400


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scene plays: a server, its channel, an admin, and its library."""

    env: simcord.Env
    channel: Any
    admin: Any
    library: Library
    state: State
    guild_id: int

    async def ask(self, question: str) -> Any:
        """Ask as a member would."""
        return await self.admin.slash(self.channel, "ask", question=question)

    async def speak(self, language: str) -> None:
        """Let the bot speak another language, by Discord's code."""
        await self.state.save_server(replace(await self.state.server(self.guild_id), language=language))


async def answer(stage: Stage) -> Any:
    return await stage.ask("how many soldiers were killed?")


async def uncertain(stage: Stage) -> Any:
    return await stage.ask("which minister resigned because of the tram?")


async def refusal(stage: Stage) -> Any:
    return await stage.ask("who invented the flux capacitor?")


async def article(stage: Stage) -> Any:
    return await stage.admin.click((await answer(stage)).response, label="In the article")


async def why(stage: Stage) -> Any:
    return await stage.admin.click((await answer(stage)).response, label="Why this?")


async def articles(stage: Stage) -> Any:
    return await stage.admin.slash(stage.channel, "articles list")


async def settings(stage: Stage) -> Any:
    return await stage.admin.slash(stage.channel, "settings")


async def rebuild(stage: Stage) -> Any:
    channel = stage.env.bot.get_channel(stage.channel.id)
    assert isinstance(channel, discord.TextChannel)
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(CancelButton("0123456789abcdef"))
    return await channel.send(view=layout(rebuild_card(Stand(0.42, 75.0, False, False), words_for()), row))


async def answer_in_japanese(stage: Stage) -> Any:
    await stage.speak("ja")
    return await stage.ask(JAPANESE_QUESTION)


async def answer_in_arabic(stage: Stage) -> Any:
    await stage.library.add([ARABIC_ARTICLE])
    return await stage.ask(ARABIC_QUESTION)


JAPANESE_QUESTION = "列車図書館の改修費はいくらでしたか?"
ARABIC_QUESTION = "كم بلغت تكلفة الجسر؟"
ARABIC_ARTICLE = Draft(
    "افتتاح جسر جديد على النهر",
    "افتتحت المدينة يوم الخميس جسرا جديدا للمشاة فوق النهر، بعد عامين من العمل.\n\n"
    "بلغت تكلفة الجسر 12 مليون دينار، أي أقل بمليون مما كان مقررا. ويبلغ طوله 340 مترا.\n\n"
    "وقالت البلدية إن أكثر من ألفي شخص عبروا الجسر في يومه الأول.",
    "https://example.org/news/bridge-ar",
    language="ar",
)

SCENES: dict[str, Callable[[Stage], Awaitable[Any]]] = {
    "answer": answer,
    "uncertain": uncertain,
    "refusal": refusal,
    "article": article,
    "why": why,
    "articles": articles,
    "settings": settings,
    "rebuild": rebuild,
    "answer-ja": answer_in_japanese,
    "answer-ar": answer_in_arabic,
}


async def draw(name: str, target: Path) -> None:
    """Play one scene with a fresh library and save its picture."""
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite+aiosqlite:///{folder}/footnote.db"
        async with (
            await Library.open(address, Path(folder, "index")) as library,
            await State.open(address) as state,
            await Gatherer.open(library, GatheringRules()) as gatherer,
        ):
            await library.add_paths([EXAMPLES])
            settings_ = Settings(_env_file=None, discord_shards=1)  # type: ignore[call-arg]
            bot = FootnoteBot(library, state, settings_, gatherer, ready_timeout_s=0.1)
            async with simcord.run(bot) as env:
                guild = env.create_guild("Readers")
                channel = guild.create_text_channel("questions")
                managing = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
                admin = guild.add_member(env.create_user("reader"), roles=[managing])
                stage = Stage(env, channel, admin, library, state, guild.id)
                shown = await SCENES[name](stage)
                async with env.preview(channel, viewers=[admin], layout="message", width=WIDTH, height=HEIGHT) as page:
                    await page.screenshot(str(target), target=shown)


def use_chromium(executable: str) -> None:
    """Let the drawing tool use a Chromium that is installed, instead of one that Playwright downloads."""
    browser: Any = playwright.async_api.BrowserType
    launch = browser.launch

    async def launched(self: Any, **options: Any) -> Any:
        # Chromium's sandbox does not start for root, as in a container; what is drawn is our own page.
        return await launch(self, **options | {"executable_path": executable, "args": ["--no-sandbox"]})

    browser.launch = launched


def main() -> None:
    """Draw all scenes, or those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(SCENES))
    arguments = parser.parse_args()
    use_chromium(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    for name in arguments.scenes or SCENES:
        asyncio.run(draw(name, arguments.folder / f"{name}.png"))
        print(name)


if __name__ == "__main__":
    main()
