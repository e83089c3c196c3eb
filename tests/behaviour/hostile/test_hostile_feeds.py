"""Feeds and sitemaps that are bombs, damaged, without end or of other hosts."""

import asyncio
import gzip
import json

import pytest

from index.ingestion.feeds import CheckedFeed, Feeds
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.worker import Bytes, Workers
from tests.behaviour.hostile.conftest import Internet
from tests.behaviour.hostile.samples import ENTITIES, OUTSIDE, PAGE
from tests.support.web import Request, reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINK = "https://news.site.net/a"
FEED = "<rss version='2.0'><channel><title>{title}</title><item><link>{link}</link></item></channel></rss>"
FEEDS: dict[str, tuple[bytes, Problem]] = {
    "a feed that is too large": (b"<rss>" + b" " * 5_000_000, Problem.TOO_LARGE),
    "a sitemap bomb": (gzip.compress(b"<urlset>" + b" " * 50_000_000), Problem.TOO_LARGE),
    "JSON without bottom": (
        b'{"version": "https://jsonfeed.org/version/1", "items": ' + b"[" * 200_000,
        Problem.NO_FEED,
    ),
    "no feed": (b"hello", Problem.NO_FEED),
    "a page without feeds": (PAGE, Problem.NO_FEED),
    "NULs": (b"\0" * 1_000, Problem.NO_FEED),
    "a picture": (b"\x89PNG\r\n\x1a\n", Problem.NO_FEED),
}
HARMLESS: dict[str, tuple[bytes, set[Problem]]] = {
    "an outer entity": (f"{OUTSIDE}{FEED.format(title='&a;', link=LINK)}".encode(), set()),
    "a billion laughs": (
        f"{ENTITIES}{FEED.format(title='&j;', link=LINK)}".encode(),
        {Problem.TOO_SLOW, Problem.NO_FEED},
    ),
    "a feed without bottom": (b"<rss><channel>" + b"<item>" * 200_000, {Problem.NO_FEED, Problem.TOO_SLOW}),
    "a sitemap with laughs": (
        f"{ENTITIES}<urlset><url><loc>&j;</loc></url><url><loc>{LINK}</loc></url></urlset>".encode(),
        {Problem.DAMAGED},
    ),
}
"""What may be read in part, or be refused."""


@pytest.mark.parametrize("name", FEEDS)
async def test_a_hostile_feed_is_refused(workers: Workers, name: str) -> None:
    content, problem = FEEDS[name]

    with pytest.raises(UnusableSourceError) as caught:
        await workers.feed(Bytes("feed", content, "https://news.site.net/feed"))

    assert caught.value.problem is problem


@pytest.mark.parametrize("name", HARMLESS)
async def test_a_hostile_feed_is_harmless(workers: Workers, name: str) -> None:
    content, problems = HARMLESS[name]
    try:
        feed = await workers.feed(Bytes("feed", content, "https://news.site.net/feed"))
    except UnusableSourceError as error:
        assert error.problem in problems, error  # noqa: PT017
    else:
        assert "root:" not in feed.title
        assert len(feed.title) <= 300
        assert [entry.address for entry in feed.entries if entry.address != LINK] == []


async def test_a_feed_of_countless_entries_is_cut(workers: Workers) -> None:
    items = [{"id": n, "url": f"/{n}", "title": "x"} for n in range(5_000)]
    content = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()

    feed = await workers.feed(Bytes("feed", content, "https://news.site.net/feed"))

    assert (len(feed.entries), feed.total) == (1_000, 5_000)


async def test_a_sitemap_speaks_for_its_own_host_only(internet: Internet, workers: Workers) -> None:
    locations = [
        internet.url("/a"),
        "http://127.0.0.1/",
        "https://evil.net/",
        "file:///etc/passwd",
        "https://xpub.site.net/",
    ]
    body = "".join(f"<url><loc>{one}</loc></url>" for one in locations)
    internet.public.routes["/sitemap.xml"] = reply(f"<urlset>{body}</urlset>")

    checked = await Feeds(internet.fetcher, workers).check(internet.url("/sitemap.xml"))

    assert isinstance(checked, CheckedFeed)
    assert [entry.address for entry in checked.entries] == [internet.url("/a")]


async def test_an_index_of_indexes_without_end_is_left(internet: Internet, workers: Workers) -> None:
    async def index_of(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.path == "/robots.txt":
            writer.write(reply(b"", "404 Not Found"))
            return
        below = "".join(f"<sitemap><loc>{internet.url(f'{request.path}/{n}')}</loc></sitemap>" for n in range(100))
        writer.write(reply(f"<sitemapindex>{below}</sitemapindex>"))

    internet.public.routes["*"] = index_of

    checked = await Feeds(internet.fetcher, workers).check(internet.url("/s"))

    assert isinstance(checked, CheckedFeed)
    assert checked.entries == ()
    assert len(internet.public.requests) <= 52
