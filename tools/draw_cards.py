"""Draw the cards of the bot as pictures: `python tools/draw_cards.py docs/pictures`.

The real bot answers in a Discord held in memory; Chromium draws what it sent. Needs the dependency group `pictures`,
a Chromium (CHROMIUM names it, /usr/bin/chromium is tried) and the Noto fonts.

The drawing tool has a dark theme only. Pictures whose names end with `-light` have the colours of Discord's light theme
laid over it (`LIGHT`): near to it, and not measured.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import discord
import playwright.async_api
import simcord

from bot.channels import untold
from bot.client import FootnoteBot
from bot.cogs.index import CancelButton
from bot.rendering.feeds import FeedPage, feeds_card, news_card
from bot.rendering.jobs import job_card
from bot.rendering.progress import Stand, rebuild_card
from bot.rendering.words import words_for
from bot.settings import Settings
from bot.state import State
from bot.views.feeds import feed_view
from bot.views.jobs import job_view
from bot.views.layout import layout
from index import (
    Addition,
    Change,
    Draft,
    Feed,
    FeedNews,
    Gatherer,
    GatheringRules,
    Job,
    JobKind,
    JobState,
    Library,
    Problem,
    RemovedLine,
)

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
    gatherer: Gatherer

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
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(CancelButton("0123456789abcdef"))
    return await _posted(stage, layout(rebuild_card(Stand(0.42, 75.0, False, False), words_for()), row))


async def links(stage: Stage) -> Any:
    job = replace(_JOB, state=JobState.DONE, done=3, additions=await _outcomes(stage))
    return await _posted(stage, job_view(job_card(job, words_for()), None, job_id=job.id, words=words_for()))


async def job(stage: Stage) -> Any:
    return await _posted(stage, job_view(job_card(_JOB, words_for(), 75.0), _JOB.id, job_id=_JOB.id, words=words_for()))


async def jobs(stage: Stage) -> Any:
    gatherer = stage.gatherer
    await gatherer.submit_links(["https://example.org/news/bridge"], str(stage.guild_id), str(stage.admin.id))
    await gatherer.submit_uploads([("minutes-2024.pdf", b"x")], str(stage.guild_id), str(stage.admin.id))
    over = await gatherer.submit_links(["https://example.org/a", "https://example.org/b"], str(stage.guild_id), None)
    await gatherer.cancel(over.id, None)
    return await stage.admin.slash(stage.channel, "jobs")


async def feeds(stage: Stage) -> Any:
    words, guild = words_for(), stage.env.bot.get_guild(stage.guild_id)
    items = tuple((one, untold(guild, one, words)) for one in _feeds(stage))
    return await _posted(stage, layout(feeds_card(FeedPage(items, len(items), 1, 1), words)))


async def feed(stage: Stage) -> Any:
    guild = stage.env.bot.get_guild(stage.guild_id)
    return await _posted(stage, feed_view(_feeds(stage)[0], guild, words_for()))


async def news(stage: Stage) -> Any:
    infos = tuple(await stage.library.articles())[:3]
    return await _posted(stage, layout(news_card(FeedNews(_feeds(stage)[0], infos, switched_off=False), words_for())))


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

_NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
_JOB = Job(
    id="k7f3q2",
    kind=JobKind.LINKS,
    collection="1",
    state=JobState.RUNNING,
    what="3 addresses",
    asked_by=None,
    done=1,
    total=3,
    reason=None,
    additions=(),
    created_at=_NOW,
    started_at=_NOW,
    ended_at=None,
)


async def _outcomes(stage: Stage) -> tuple[Addition, ...]:
    first, second, *_ = await stage.library.articles()
    return (
        Addition(first.source, first, Change.ADDED, 7, (RemovedLine("Share", "…"),) * 3, None),
        Addition("https://copy.example/b", second, Change.UNCHANGED, 0, (), None, duplicate_of=second),
        Addition("https://example.org/gone", None, None, 0, (), "", Problem.MISSING.value),
    )


def _feeds(stage: Stage) -> list[Feed]:
    village = Feed(
        id="f3k2q7",
        collection=str(stage.guild_id),
        address="https://example.org/news/feed.xml",
        kind="feed",
        title="Village news",
        path_filter="/news/",
        interval_min=60,
        most=20,
        language="en",
        channel=str(stage.channel.id),
        threads=True,
        added_by=None,
        added_at=_NOW,
        checked_at=_NOW,
        next_check_at=_NOW + timedelta(hours=1),
        failures=0,
        failing_since=None,
        problem=None,
        problem_kind=None,
        enabled=True,
        articles=128,
    )
    failing = replace(
        village,
        id="m2x9aa",
        title="Harbour bulletin",
        address="https://harbour.example/sitemap.xml",
        kind="sitemap",
        channel="1",
        problem="…",
        problem_kind=Problem.TIMED_OUT.value,
        failing_since=_NOW,
    )
    return [village, failing, replace(village, id="zz81bc", title="Old mill", channel=None, enabled=False)]


async def _posted(stage: Stage, view: discord.ui.LayoutView) -> discord.Message:
    channel = stage.env.bot.get_channel(stage.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return await channel.send(view=view)


LIGHT = """
:root {
  color-scheme: light; background: #fbfbfb; color: #2f3035;
  --discord-bg: #fbfbfb; --discord-surface: #f3f3f4; --discord-elevated: #fff; --discord-control: #ebebed;
  --discord-hover: #e4e4e7; --discord-text: #2f3035; --discord-muted: #6b6c75; --discord-subtle: #4d4f58;
  --discord-border: #dcdce0; --component-surface: #fff; --component-border: #dcdce0; --control-border: #dcdce0;
  --list-surface: #fff; --input-surface: #fff; --input-placeholder: #75767e; --entity-text: #4d4f58;
  --entity-dim: #6b6c75; --chip-surface: #ebebed; --subtle-surface: #e4e4e7; --subtle-surface-text: #2f3035;
  --button-secondary-surface: #ebebed; --button-alt: #ebebed; --code-surface: #f3f3f4; --code-border: #dcdce0;
  --code-text: #2f3035; --link-text: #0067e0;
}
.component-button { color: #2f3035; }
"""
"""Colours of Discord's light theme for the variables of the drawing tool."""

SCENES: dict[str, Callable[[Stage], Awaitable[Any]]] = {
    "answer": answer,
    "uncertain": uncertain,
    "refusal": refusal,
    "article": article,
    "why": why,
    "articles": articles,
    "settings": settings,
    "rebuild": rebuild,
    "links": links,
    "job": job,
    "jobs": jobs,
    "feeds": feeds,
    "feed": feed,
    "news": news,
    "answer-light": answer,
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
                stage = Stage(env, channel, admin, library, state, guild.id, gatherer)
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


def use_colours(style: str) -> None:
    """Let the drawing tool lay a style sheet over its own in every page it opens from now on."""
    browser: Any = playwright.async_api.Browser
    new_context = browser.new_context
    # A sheet made by a script, since the tool's page allows none of others.
    script = f"""
        const sheet = new CSSStyleSheet();
        sheet.replaceSync({json.dumps(style)});
        document.addEventListener("DOMContentLoaded", () => {{ document.adoptedStyleSheets = [sheet]; }});
    """

    async def with_colours(self: Any, **options: Any) -> Any:
        context = await new_context(self, **options)
        await context.add_init_script(script)
        return context

    browser.new_context = with_colours


def main() -> None:
    """Draw all scenes, or those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("scenes", nargs="*", metavar="SCENE", help=", ".join(SCENES))
    arguments = parser.parse_args()
    use_chromium(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    # Those in other colours come last: what is laid over the tool's pages stays.
    for name in sorted(arguments.scenes or SCENES, key=lambda name: name.endswith("-light")):
        if name.endswith("-light"):
            use_colours(LIGHT)
        asyncio.run(draw(name, arguments.folder / f"{name}.png"))
        print(name)


if __name__ == "__main__":
    main()
