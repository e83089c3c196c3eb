import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

import pytest
import pytest_asyncio

from index.ingestion.addresses import AllowedHost
from index.ingestion.extracting.entries import FeedEntry, FeedKind, ParsedFeed
from index.ingestion.extracting.feed import parse_feed
from index.ingestion.extracting.sources import Limits, Source
from index.ingestion.feeds import CheckedFeed, Feeds
from index.ingestion.fetching import Fetcher
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.requesting import NotModified
from index.ingestion.rules import FetchRules
from index.ingestion.worker import Workers
from tests.support.web import Web, redirect, reply, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

BASE = "https://news.example.org/feeds/all"


def parse(content: str | bytes, media_type: str = "", charset: str | None = None) -> ParsedFeed:
    raw = content.encode() if isinstance(content, str) else content
    return parse_feed(Source("feed", BytesIO(raw), len(raw), BASE, media_type, charset), Limits())


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>The  Gazette</title><ttl>90</ttl>
<item><guid isPermaLink="false">tag:1</guid><link>/a</link><title>A &amp; &lt;b&gt;B&lt;/b&gt;</title>
<pubDate>Mon, 03 Feb 2020 05:05:06 +0100</pubDate></item>
<item><link>https://news.example.org/b?utm_source=rss#x</link><title>Second</title></item>
<item><title>Without a link</title></item>
<item><guid isPermaLink="false">tag:1</guid><link>/again</link></item><item/></channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Gazette</title><entry><id>urn:1</id>
<link rel="alternate" href="https://news.example.org/a"/><title>A</title><published>2020-01-01T00:00:00Z</published>
<updated>2020-02-03T04:05:06Z</updated></entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
<channel><title>Gazette</title></channel><item rdf:about="https://news.example.org/a"><title>A</title>
<link>https://news.example.org/a</link></item></rdf:RDF>"""

JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Gazette",
        "items": [
            {"id": 1, "url": "/a", "title": "A", "date_published": "2020-02-03T05:05:06+01:00"},
            {"id": "2", "external_url": "https://other.net/b", "content_text": "x"},
            "nothing",
            {},
        ],
    }
)


async def test_rss_is_read() -> None:
    assert parse(RSS) == ParsedFeed(
        kind=FeedKind.FEED,
        title="The Gazette",
        entries=(
            FeedEntry("tag:1", "https://news.example.org/a", "A & B", datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)),
            FeedEntry("https://news.example.org/b", "https://news.example.org/b?utm_source=rss#x", "Second", None),
            FeedEntry(parse(RSS).entries[2].key, None, "Without a link", None),
        ),
        total=3,
        interval_min=90,
    )


async def test_atom_is_read_with_the_date_of_the_last_change() -> None:
    assert parse(ATOM).entries == (
        FeedEntry("urn:1", "https://news.example.org/a", "A", datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)),
    )


async def test_rdf_is_read() -> None:
    assert [(entry.address, entry.title) for entry in parse(RDF).entries] == [("https://news.example.org/a", "A")]


async def test_a_json_feed_is_read() -> None:
    assert parse(JSON) == ParsedFeed(
        kind=FeedKind.FEED,
        title="Gazette",
        entries=(
            FeedEntry("1", "https://news.example.org/a", "A", datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)),
            FeedEntry("2", "https://other.net/b", "", None, "x"),
        ),
        total=2,
    )


@pytest.mark.parametrize(
    "damaged",
    [
        RSS.replace("&amp;", "&"),
        RSS.replace("Second", "Second\x0b"),
        "\n\n" + RSS,
        "\ufeff" + RSS,
        RSS.replace("<ttl>", "<x:y>a</x:y><ttl>"),
        RSS[: RSS.index("<item><title>Without")],
        RSS.replace("<channel>", "<channel>&nbsp;"),
    ],
)
async def test_a_damaged_feed_is_read_all_the_same(damaged: str) -> None:
    assert [entry.address for entry in parse(damaged).entries[:2]] == [
        "https://news.example.org/a",
        "https://news.example.org/b?utm_source=rss#x",
    ]


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (RSS.replace("?>", " encoding='windows-1251'?>", 1).replace("Second", "Мост").encode("cp1251"), None),
        (RSS.replace("Second", "Мост").encode("utf-16"), None),
        (RSS.replace("Second", "Мост").encode(), None),
        (RSS.replace("Second", "Мост").encode("koi8-r"), "koi8-r"),
    ],
)
async def test_a_feed_is_read_in_its_encoding(content: bytes, charset: str | None) -> None:
    assert parse(content, "application/rss+xml", charset).entries[1].title == "Мост"


async def test_a_sitemap_is_read_newest_first() -> None:
    content = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
    xmlns:image="x"><url><loc> https://news.example.org/old </loc><lastmod>2019-01-01</lastmod></url>
    <url><loc>https://news.example.org/none</loc><image:image><image:loc>https://x.org/i.png</image:loc></image:image></url>
    <url><loc>https://news.example.org/new</loc><lastmod>2020-02-03T04:05:06+00:00</lastmod></url></urlset>"""

    found = parse(gzip.compress(content.encode()))

    assert (found.kind, found.total) == (FeedKind.SITEMAP, 3)
    assert [entry.address for entry in found.entries] == [
        "https://news.example.org/new",
        "https://news.example.org/old",
        "https://news.example.org/none",
    ]


async def test_an_index_of_sitemaps_is_known() -> None:
    found = parse("<sitemapindex><sitemap><loc>https://news.example.org/s1.xml</loc></sitemap></sitemapindex>")

    assert (found.kind, found.entries[0].address) == (FeedKind.SITEMAP_INDEX, "https://news.example.org/s1.xml")


async def test_a_page_names_its_feeds_that_of_the_comments_last() -> None:
    found = parse(
        "<!doctype html><head><link rel='alternate' type='application/rss+xml' title='Comments' href='/comments/feed'>"
        "<link rel='ALTERNATE home' type='application/atom+xml; charset=utf-8' title='News' href='atom.xml'>"
        "<link rel='alternate' type='text/html' hreflang='de' href='/de'></head><body>"
    )

    assert found.kind is FeedKind.PAGE
    assert [entry.address for entry in found.entries] == [
        "https://news.example.org/feeds/atom.xml",
        "https://news.example.org/comments/feed",
    ]


@pytest.mark.parametrize("content", ["", "words", "<html><body>", "{}", '{"items": []}', "<svg/>", "\x00"])
async def test_what_is_no_feed_is_refused(content: str) -> None:
    with pytest.raises(UnusableSourceError) as caught:
        parse(content)

    assert caught.value.problem is Problem.NO_FEED


# ---- over the web


@dataclass
class Site:
    web: Web
    feeds: Feeds


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def workers() -> AsyncIterator[Workers]:
    async with Workers() as workers:
        yield workers


@pytest_asyncio.fixture(loop_scope="module")
async def site(workers: Workers) -> AsyncIterator[Site]:
    async with served() as web:
        rules = FetchRules(allowed_hosts=(AllowedHost("127.0.0.1", web.port),), pause_s=0.0)
        async with Fetcher(rules) as fetcher:
            yield Site(web, Feeds(fetcher, workers))


async def checked(site: Site, path: str, **options: object) -> CheckedFeed:
    found = await site.feeds.check(site.web.url(path), **options)  # type: ignore[arg-type]
    assert isinstance(found, CheckedFeed)
    return found


async def test_a_feed_is_looked_at_again_for_nothing(site: Site) -> None:
    site.web.routes["/feed"] = reply(RSS, headers={"ETag": '"1"', "Cache-Control": "max-age=60"})
    first = await checked(site, "/feed")
    assert (first.address, first.etag, first.max_age_s, first.interval_min) == (site.web.url("/feed"), '"1"', 60, 90)

    site.web.routes["/feed"] = reply(b"", "304 Not Modified")

    assert isinstance(await site.feeds.check(site.web.url("/feed"), etag=first.etag), NotModified)


async def test_a_page_leads_to_its_feed(site: Site) -> None:
    site.web.routes |= {
        "/": reply("<html><link rel=alternate type=application/rss+xml href=/moved>"),
        "/moved": redirect("/feed", "301 Moved"),
        "/feed": reply(RSS),
    }

    found = await checked(site, "/")

    assert (found.address, found.title, found.total) == (site.web.url("/feed"), "The Gazette", 3)


async def test_a_path_filter_leaves_out_the_rest(site: Site) -> None:
    paths = ["/blog/a", "/blog/b", "/shop/c", "/en/blog/d"]
    body = "".join(f"<url><loc>{site.web.url(path)}</loc></url>" for path in paths)
    site.web.routes["/sitemap.xml"] = reply(f"<urlset>{body}</urlset>")

    async def found(path_filter: str | None, most: int = 200) -> list[str]:
        entries = (await checked(site, "/sitemap.xml", path_filter=path_filter, most=most)).entries
        return sorted(str(entry.address).removeprefix(site.web.url("")) for entry in entries)

    assert await found(None) == sorted(paths)
    assert await found("/blog/") == ["/blog/a", "/blog/b"]
    assert await found("/*/blog/") == ["/en/blog/d"]
    assert len(await found(None, most=2)) == 2


async def test_an_index_is_followed_as_robots_txt_allows(site: Site) -> None:
    def sitemap(*paths: str) -> bytes:
        return reply(
            "<urlset>" + "".join(f"<url><loc>{site.web.url(path)}</loc></url>" for path in paths) + "</urlset>"
        )

    children = "".join(
        f"<sitemap><loc>{site.web.url(path)}</loc></sitemap>" for path in ("/1.xml", "/2.xml", "/no.xml")
    )
    site.web.routes |= {
        "/robots.txt": reply("User-agent: *\nDisallow: /no.xml\n"),
        "/index.xml": reply(f"<sitemapindex>{children}</sitemapindex>"),
        "/1.xml": sitemap("/a", "/b"),
        "/2.xml": sitemap("/c"),
        "/no.xml": sitemap("/d"),
    }

    found = await checked(site, "/index.xml")

    assert {str(entry.address) for entry in found.entries} == {site.web.url(path) for path in ("/a", "/b", "/c")}
    assert "/no.xml" not in site.web.paths
    assert (found.kind, found.etag) == (FeedKind.SITEMAP, None)


async def test_a_feed_that_is_gone_is_told(site: Site) -> None:
    site.web.routes["/feed"] = reply(b"", "410 Gone")

    with pytest.raises(UnusableSourceError) as caught:
        await site.feeds.check(site.web.url("/feed"))

    assert caught.value.problem is Problem.GONE
