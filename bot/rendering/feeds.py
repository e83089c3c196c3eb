"""Feeds: lists of them, one with all that can be changed, and what they bring."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bot.rendering.cards import Accent, Card, source_of
from bot.rendering.choices import named_apart
from bot.rendering.escaping import escaped_line, visible
from bot.rendering.limits import cut, length
from bot.rendering.lists import bold_line, language_name, problem_text, title_of
from bot.rendering.moments import from_now
from bot.rendering.words import Words
from index import ArticleInfo, Feed, FeedNews

LONGEST_TITLE = 120
INTERVALS_MIN = (15, 30, 60, 180, 360, 720, 1_440, 10_080)
"""Minutes between two checks that can be chosen."""

MOSTS = (5, 10, 20, 50, 100)
"""Articles of one check that can be chosen."""

MOST_NEWS = 20
"""Articles in one message of news; the others are counted."""

_LONGEST_FILTER = 100
_LONGEST_LINK = 200
_LONGEST_ADDRESS = 200
_WEB = re.compile(r"https?://[\x21-\x7e]+")
# What ends a link in angle brackets, or has a meaning in markdown; "@" could begin a mention.
_SAFE_IN_LINK = "-._~:/?#!$&'+,;=%"


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A page of the feeds of a server, `page` of `pages`, from 1; each with why its news cannot be told, if so."""

    items: tuple[tuple[Feed, str | None], ...]
    total: int
    page: int
    pages: int


def feed_title(feed: Feed, words: Words) -> str:
    """The title of a feed in bold, on one line."""
    return bold_line(feed.title or feed.address, LONGEST_TITLE, words)


def interval_text(minutes: int, words: Words) -> str:
    """How often a feed is checked."""
    return words.say("every {duration}", duration=words.duration(minutes * 60))


def feed_choices(feeds: Sequence[Feed], typed: str) -> list[tuple[str, str]]:
    """Titles and ids of feeds that hold what was typed; titles that would be the same get the id."""
    wanted = typed.strip().casefold()
    found = [feed for feed in feeds if wanted in f"{feed.title}\n{feed.address}\n{feed.id}".casefold()]
    return named_apart([(feed.title or feed.address, feed.id) for feed in found])


def state_lines(feed: Feed, untold: str | None, words: Words) -> list[str]:
    """How a feed stands: what is wrong with it, and when it is checked again.

    Args:
        untold: Why its news cannot be told in its channel, in the reader's language; None when they can be.
    """
    lines = []
    problem = _problem(feed, words)
    if not feed.enabled:
        lines.append(
            words.say("⏸️ It is switched off: {command} switches it on.", command=words.command("feeds change"))
        )
    if problem is not None:
        told = [problem]
        if feed.failing_since is not None:
            told.append(words.say("It began {when}.", when=from_now(feed.failing_since)))
        lines.append(f"⚠️ {words.sentences(told)}")
    if untold is not None:
        lines.append(f"⚠️ {untold}")
    if feed.enabled:
        checked = words.say("next check {when}", when=from_now(feed.next_check_at))
        if feed.checked_at is not None:
            checked = f"{words.say('checked {when}', when=from_now(feed.checked_at))} · {checked}"
        lines.append(checked)
    return lines


def _problem(feed: Feed, words: Words) -> str | None:
    """Why a feed could not be read the last time; None when it could."""
    if not feed.problem and not feed.problem_kind:
        return None
    return problem_text(feed.problem or "", words, feed.problem_kind)


def feeds_card(page: FeedPage, words: Words) -> Card:
    """A page of the feeds of a server."""
    if not page.total:
        text = words.say(
            "There are no feeds yet. {command} adds one by the address of a feed, a sitemap, or a page that names its "
            "feed.",
            command=words.command("feeds add"),
        )
        return Card((text,))
    counted = words.count(page.total, "{n} feed", "{n} feeds")
    footer = words.page(page.page, page.pages) if page.pages > 1 else None
    parts = [_listed(feed, untold, words) for feed, untold in page.items]
    return Card((f"### {counted}", "\n\n".join(parts)), footer=footer)


def _listed(feed: Feed, untold: str | None, words: Words) -> str:
    facts = [
        source_of(feed.address),
        interval_text(feed.interval_min, words),
        words.count(feed.articles, "{n} article", "{n} articles"),
        # Why news cannot be told names the channel, if it is still there.
        *([f"<#{feed.channel}>"] if untold is None and _is_channel(feed.channel) else []),
        f"`{feed.id}`",
    ]
    lines = [f"-# {' · '.join(facts)}", *(f"-# {line}" for line in state_lines(feed, untold, words))]
    return "\n".join([feed_title(feed, words), *lines])


def _is_channel(channel: str | None) -> bool:
    return channel is not None and channel.isascii() and channel.isdecimal()


def feed_card(feed: Feed, untold: str | None, words: Words) -> Card:
    """All that is known of a feed."""
    none = words.say("none")
    address = escaped_line(feed.address, _LONGEST_ADDRESS)
    news = words.say("in no channel")
    if _is_channel(feed.channel):
        news = f"<#{feed.channel}>"
        if feed.threads:
            news = words.say("{channel}, a thread for each article", channel=news)
    facts = [
        (words.say("From"), address),
        (words.say("Checked"), interval_text(feed.interval_min, words)),
        (words.say("Articles at a check"), words.say("{n} at most", n=words.number(feed.most))),
        (words.say("Only these paths"), escaped_line(feed.path_filter or "", _LONGEST_FILTER) or none),
        (
            words.say("Language"),
            language_name(feed.language, words) if feed.language else words.say("told by the text"),
        ),
        (words.say("News"), news),
        (words.say("Articles so far"), words.number(feed.articles)),
        (words.say("Id"), f"`{feed.id}`"),
    ]
    state = "\n".join(state_lines(feed, untold, words))
    is_well = feed.enabled and feed.problem is None and untold is None
    return Card(
        (f"### {feed_title(feed, words)}", words.facts(facts), state), Accent.PLAIN if is_well else Accent.FAILURE
    )


def unknown_feed_card(words: Words) -> Card:
    """There is no such feed, or it belongs to another server."""
    text = words.say("There is no such feed here. Type a part of its title and choose it from the list.")
    return Card((text,), Accent.FAILURE)


# ---- news


def link_to(info: ArticleInfo, words: Words) -> str:
    """A link to an article's page in Discord's markdown, "" when it has none that can be one.

    Its words are ours: brackets in a title of others would end the link where they like.
    """
    if _WEB.fullmatch(info.source) is None:
        return ""
    address = quote(info.source, safe=_SAFE_IN_LINK)
    return f"[{words.say('Open the page')}](<{address}>)" if length(address) <= _LONGEST_LINK else ""


def news_line(info: ArticleInfo, words: Words) -> str:
    """An article that a feed brought, on one line."""
    is_new = info.revision == 1
    facts = (title_of(info, words), "" if is_new else words.say("new version"), link_to(info, words))
    return " · ".join(filter(None, facts))


def news_card(news: FeedNews, words: Words) -> Card:
    """What a feed has brought."""
    title = f"-# {words.say('New in {feed}', feed=feed_title(news.feed, words))}"
    lines = [news_line(info, words) for info in news.articles[:MOST_NEWS]]
    if (more := len(news.articles) - MOST_NEWS) > 0:
        lines.append(words.count(more, "and {n} more", "and {n} more"))
    return Card((f"{title}\n" + "\n".join(lines),))


def thread_name(info: ArticleInfo, words: Words) -> str:
    """What a thread about an article is called; Discord shows it without markdown."""
    name = " ".join(visible(info.title).replace("@", "＠").split())
    return cut(name or words.say("Untitled"), 100)


def switched_off_card(feed: Feed, words: Words) -> Card:
    """A feed was switched off because it could not be read for a week."""
    problem = _problem(feed, words)
    text = words.say(
        "I do not check the feed {feed} any more: it could not be read for a week. Its articles stay.",
        feed=feed_title(feed, words),
    )
    step = words.say("{command} switches it on again.", command=words.command("feeds change"))
    return Card(tuple(filter(None, (text, problem, step))), Accent.FAILURE)
