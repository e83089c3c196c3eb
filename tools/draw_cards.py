"""Draw the cards of the bot as pictures: `python tools/draw_cards.py docs/pictures`.

The real bot answers in a Discord held in memory; Chromium draws what it sent. Needs the dependency group `pictures`,
a Chromium (CHROMIUM names it, /usr/bin/chromium is tried) and the Noto fonts.

Names are SCENE, SCENE-ja and SCENE-ar: in English, in Japanese with a Japanese article, and with Arabic articles on a
server with Arabic names; the bot has no Arabic words of its own, so that its words stay English. Each is drawn in the
dark theme and, with `-light` after the scene, in the light one. The drawing tool has a dark theme only: the light
pictures have the colours of Discord's light theme laid over it (`LIGHT`), near to it, and not measured.
"""

import argparse
import asyncio
import itertools
import json
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import discord
import playwright.async_api
import simcord
from PIL import Image

from bot.channels import untold
from bot.client import FootnoteBot
from bot.rendering.feeds import FeedPage, feeds_card, news_card
from bot.rendering.jobs import job_card
from bot.rendering.progress import Stand, rebuild_card
from bot.rendering.words import Words, words_for
from bot.settings import Settings
from bot.state import ChannelsMode, State
from bot.views.feeds import feed_view
from bot.views.jobs import job_view
from bot.views.layout import layout
from bot.views.rebuilds import running_view
from index import (
    Addition,
    ArticleInfo,
    Change,
    Draft,
    Feed,
    FeedNews,
    Gatherer,
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
class Tongue:
    """What is said in the scenes in one language; `code` is the articles' language, `locale` Discord's code for it."""

    code: str
    locale: str | None
    answered: str
    uncertain: str
    refused: str
    server: str
    channel: str
    role: str
    member: str
    feeds: tuple[str, str, str]
    file: str
    articles: tuple[Draft, ...] = ()


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
    role_id: int
    tongue: Tongue

    @property
    def words(self) -> Words:
        """The words of the bot."""
        return words_for(self.tongue.locale)

    @property
    def guild(self) -> discord.Guild:
        """The server, as the bot knows it."""
        guild = self.env.bot.get_guild(self.guild_id)
        assert guild is not None
        return guild

    async def ask(self, question: str) -> Any:
        """Ask as a member would."""
        return await self.admin.slash(self.channel, "ask", question=question)

    async def told(self) -> list[ArticleInfo]:
        """The articles, those in the language of the scene first."""
        return sorted(await self.library.articles(), key=lambda info: info.language != self.tongue.code)


async def answer(stage: Stage) -> Any:
    return await stage.ask(stage.tongue.answered)


async def uncertain(stage: Stage) -> Any:
    return await stage.ask(stage.tongue.uncertain)


async def refusal(stage: Stage) -> Any:
    return await stage.ask(stage.tongue.refused)


async def article(stage: Stage) -> Any:
    return await stage.admin.click((await answer(stage)).response, label=stage.words.say("In the article"))


async def why(stage: Stage) -> Any:
    return await stage.admin.click((await answer(stage)).response, label=stage.words.say("Why this?"))


async def articles(stage: Stage) -> Any:
    return await stage.admin.slash(stage.channel, "articles list")


async def settings(stage: Stage) -> Any:
    await stage.state.save_server(
        replace(
            await stage.state.server(stage.guild_id),
            channels_mode=ChannelsMode.SOME,
            channels=frozenset({stage.channel.id}),
            manager_roles=frozenset({stage.role_id}),
        )
    )
    return await stage.admin.slash(stage.channel, "settings")


async def rebuild(stage: Stage) -> Any:
    card = rebuild_card(Stand(0.42, 75.0, False, False), stage.words)
    return await _posted(stage, running_view(card, "0123456789abcdef", stage.words))


async def links(stage: Stage) -> Any:
    return await _job_posted(stage, replace(_JOB, state=JobState.DONE, done=3, additions=await _outcomes(stage)))


async def job(stage: Stage) -> Any:
    return await _job_posted(stage, _JOB, 75.0)


async def jobs(stage: Stage) -> Any:
    gatherer = stage.gatherer
    await gatherer.submit_links(["https://example.org/news/bridge"], str(stage.guild_id), str(stage.admin.id))
    await gatherer.submit_uploads([(stage.tongue.file, b"x")], str(stage.guild_id), str(stage.admin.id))
    over = await gatherer.submit_links(["https://example.org/a", "https://example.org/b"], str(stage.guild_id), None)
    await gatherer.cancel(over.id, None)
    return await stage.admin.slash(stage.channel, "jobs")


async def feeds(stage: Stage) -> Any:
    items = tuple((one, untold(stage.guild, one, stage.words)) for one in _feeds(stage))
    return await _posted(stage, layout(feeds_card(FeedPage(items, len(items), 1, 1), stage.words)))


async def feed(stage: Stage) -> Any:
    return await _posted(stage, feed_view(_feeds(stage)[0], stage.guild, stage.words))


async def news(stage: Stage) -> Any:
    infos = tuple(await stage.told())[:3]
    return await _posted(stage, layout(news_card(FeedNews(_feeds(stage)[0], infos, switched_off=False), stage.words)))


TONGUES = {
    "": Tongue(
        code="en",
        locale=None,
        answered="how many soldiers were killed?",
        uncertain="which minister resigned because of the tram?",
        refused="who invented the flux capacitor?",
        server="Readers",
        channel="questions",
        role="Managers",
        member="reader",
        feeds=("Village news", "Harbour bulletin", "Old mill"),
        file="minutes-2024.pdf",
    ),
    "-ja": Tongue(
        code="ja",
        locale="ja",
        answered="列車図書館の改修費はいくら?",
        uncertain="列車図書館の館長は誰ですか?",
        refused="火星の首都はどこですか?",
        server="読者",
        channel="質問",
        role="管理者",
        member="読者",
        feeds=("村のニュース", "港だより", "古い水車小屋"),
        file="議事録-2024.pdf",
    ),
    "-ar": Tongue(
        code="ar",
        locale=None,
        answered="كم بلغت تكلفة الجسر؟",
        uncertain="هل أغلقت المدينة ملعبا يوم الخميس؟",
        refused="من اخترع مكثف التدفق؟",
        server="القراء",
        channel="أسئلة",
        role="المشرفون",
        member="قارئ",
        feeds=("أخبار القرية", "نشرة الميناء", "الطاحونة القديمة"),
        file="محضر-2024.pdf",
        articles=(
            Draft(
                "المكتبة العامة تفتح أبوابها مساء",
                "تفتح المكتبة العامة أبوابها حتى العاشرة مساء ابتداء من الشهر المقبل.\n\n"
                "وقالت المديرة إن عدد الزوار تضاعف منذ ترميم قاعة القراءة.",
                "https://example.org/news/library-ar",
                language="ar",
            ),
            Draft(
                "افتتاح جسر جديد على النهر",
                "افتتحت المدينة يوم الخميس جسرا جديدا للمشاة فوق النهر، بعد عامين من العمل.\n\n"
                "بلغت تكلفة الجسر 12 مليون دينار، أي أقل بمليون مما كان مقررا. ويبلغ طوله 340 مترا.\n\n"
                "وقالت البلدية إن أكثر من ألفي شخص عبروا الجسر في يومه الأول.",
                "https://example.org/news/bridge-ar",
                language="ar",
            ),
        ),
    ),
}
"""The languages of the pictures, by what they add to a picture's name."""

_NOW = datetime(2025, 12, 31, 23, 20, tzinfo=UTC)
"""Shortly before the time of the Discord in memory: midnight of the new year."""

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
    first, second, *_ = await stage.told()
    return (
        Addition(first.source, first, Change.ADDED, 7, (RemovedLine("Share", "…"),) * 3, None),
        Addition("https://copy.example/b", second, Change.UNCHANGED, 0, (), None, duplicate_of=second),
        Addition("https://example.org/gone", None, None, 0, (), "", Problem.MISSING.value),
    )


def _feeds(stage: Stage) -> list[Feed]:
    titles = stage.tongue.feeds
    village = Feed(
        id="f3k2q7",
        collection=str(stage.guild_id),
        address="https://example.org/news/feed.xml",
        kind="feed",
        title=titles[0],
        path_filter="/news/",
        interval_min=60,
        most=20,
        language=stage.tongue.code,
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
        title=titles[1],
        address="https://harbour.example/sitemap.xml",
        kind="sitemap",
        channel="1400000000000000000",
        problem="…",
        problem_kind=Problem.TIMED_OUT.value,
        failing_since=_NOW,
    )
    return [village, failing, replace(village, id="zz81bc", title=titles[2], channel=None, enabled=False)]


async def _job_posted(stage: Stage, job: Job, left_s: float | None = None) -> discord.Message:
    running = job.id if job.state is JobState.RUNNING else None
    card = job_card(job, stage.words, left_s)
    return await _posted(stage, job_view(card, running, job_id=job.id, words=stage.words))


async def _posted(stage: Stage, view: discord.ui.LayoutView) -> discord.Message:
    channel = stage.guild.get_channel(stage.channel.id)
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
.button-style-2, .button-style-5 { color: #2f3035; }
.mention, .command-mention { color: #4752c4; }
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
}
NAMES = [f"{scene}{tongue}" for scene in SCENES for tongue in TONGUES]


async def draw(name: str, folder: Path) -> None:
    """Play one scene with a fresh library and save its pictures, in both themes."""
    scene, dash, code = name.partition("-")
    tongue = TONGUES[dash + code]
    ticks = itertools.count()
    dark, light = folder / f"{name}.png", folder / f"{scene}-light{dash}{code}.png"
    with tempfile.TemporaryDirectory() as place:
        address = f"sqlite+aiosqlite:///{place}/footnote.db"
        async with (
            await Library.open(address, Path(place, "index")) as library,
            await State.open(address) as state,
            await Gatherer.open(library, clock=lambda: _NOW + timedelta(seconds=next(ticks))) as gatherer,
        ):
            await library.add_paths([EXAMPLES])
            await library.add(tongue.articles)
            settings_ = Settings(_env_file=None, discord_shards=1)  # type: ignore[call-arg]
            bot = FootnoteBot(library, state, settings_, gatherer, ready_timeout_s=0.1)
            async with simcord.run(bot) as env:
                guild = env.create_guild(tongue.server)
                channel = guild.create_text_channel(tongue.channel)
                managing = guild.create_role(tongue.role, permissions=discord.Permissions(manage_guild=True))
                admin = guild.add_member(env.create_user(tongue.member), roles=[managing])
                await state.save_server(replace(await state.server(guild.id), language=tongue.locale))
                stage = Stage(env, channel, admin, library, state, guild.id, gatherer, managing.id, tongue)
                shown = await SCENES[scene](stage)
                async with env.preview(channel, viewers=[admin], layout="message", width=WIDTH, height=HEIGHT) as page:
                    await page.screenshot(str(dark), target=shown)
                    with colours(LIGHT):
                        await page.screenshot(str(light), target=shown)
    for picture in (dark, light):
        shrink(picture)


def shrink(picture: Path) -> None:
    """Save a picture with a palette: a third of its size."""
    with Image.open(picture) as image:
        # Coverage keeps the colours of the few pixels of an emoji, a step of k-means those of the surfaces.
        shown = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    shown.save(picture, optimize=True)


def use_chromium(executable: str) -> None:
    """Let the drawing tool use a Chromium that is installed, instead of one that Playwright downloads."""
    browser: Any = playwright.async_api.BrowserType
    launch = browser.launch

    async def launched(self: Any, **options: Any) -> Any:
        # Chromium's sandbox does not start for root, as in a container; what is drawn is our own page.
        return await launch(self, **options | {"executable_path": executable, "args": ["--no-sandbox"]})

    browser.launch = launched


@contextmanager
def colours(style: str) -> Iterator[None]:
    """Let the drawing tool lay a style sheet over its own, in the pages that it opens meanwhile."""
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
    try:
        yield
    finally:
        browser.new_context = new_context


def main() -> None:
    """Draw all scenes, or those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    arguments = parser.parse_args()
    use_chromium(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    unknown = sorted(set(arguments.names) - set(NAMES))
    if unknown:
        parser.error(f"There is no {unknown[0]!r}; there are {', '.join(NAMES)}. Each is drawn in both themes.")
    for name in arguments.names or NAMES:
        asyncio.run(draw(name, arguments.folder))
        print(name, flush=True)


if __name__ == "__main__":
    main()
