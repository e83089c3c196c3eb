"""Feeds and sitemaps that are followed: what they bring, and what becomes of those that fail."""

import asyncio
from datetime import timedelta

import pytest

from index import Change, DuplicateFeedError, FeedNews, Gatherer, JobState, Library, Problem
from tests.behaviour.gathering.conftest import Clock, feed_of
from tests.support.documents import lines, page
from tests.support.web import Request, Web, reply


async def test_a_feed_brings_what_is_new_and_what_has_changed_and_nothing_else(
    web: Web, timed: Gatherer, clock: Clock
) -> None:
    told: list[FeedNews] = []

    async def listen(news: FeedNews) -> None:
        told.append(news)

    timed.on_news(listen)
    web.routes |= {
        "/": reply(page([], head="<link rel='alternate' type='application/rss+xml' href='/feed'>")),
        "/feed": reply(feed_of(web, ("/a", "x"), ("/b", "y"))),
        "/a": reply(page(lines("bridge"))),
        "/b": reply(page(lines("harbour"))),
    }
    feed = await timed.add_feed(web.url("/"), "docs", channel="7", added_by="ada")
    assert (feed.address, feed.title, feed.kind) == (web.url("/feed"), "The Gazette", "feed")

    first = await timed.check_feed(feed.id)
    web.routes["/feed"] = reply(feed_of(web, ("/a", "x"), ("/b", "z"), ("/c", "")))
    web.routes["/b"] = reply(page(lines("new harbour")))
    web.routes["/c"] = reply(page(lines("lighthouse")))
    second = await timed.check_feed(feed.id)
    third = await timed.check_feed(feed.id)

    assert [one.change for one in first.additions] == [Change.ADDED, Change.ADDED]
    assert [one.change for one in second.additions] == [Change.REVISED, Change.ADDED]
    assert third.additions == ()
    assert web.paths.count("/a") == 1
    # What was there when the feed was added is no news.
    assert [len(news.articles) for news in told] == [2]
    assert told[0].feed.channel == "7"
    assert (await timed.feed(feed.id, {"docs"})).articles == 3
    with pytest.raises(DuplicateFeedError):
        await timed.add_feed(web.url("/feed"), "docs")


async def test_an_article_that_was_removed_is_not_brought_back_until_somebody_adds_it(
    web: Web, timed: Gatherer, library: Library
) -> None:
    head = f"<link rel='canonical' href='{web.url('/a')}'>"
    web.routes |= {
        "/feed": reply(feed_of(web, ("/a?from=feed", "x"), ("/b", "x"))),
        "/a?from=feed": reply(page(lines("bridge"), head=head)),
        "/b": reply(page(lines("harbour"))),
        "/copy": reply(page(lines("harbour"))),
    }
    feed = await timed.add_feed(web.url("/feed"))
    bridge, harbour = [one.article for one in (await timed.check_feed(feed.id)).additions]
    assert bridge is not None
    assert harbour is not None
    await timed.add_links([web.url("/copy")])

    taken = await library.take_out([bridge.id, harbour.id])
    web.routes["/feed"] = reply(feed_of(web, ("/a?from=feed", "y"), ("/b", "y"), ("/copy", "y")))
    web.routes["/a?from=feed"] = reply(page(lines("new bridge"), head=head))
    changed = await timed.check_feed(feed.id)

    # By its address, by the one that its page calls its own, and by that of a copy.
    assert [one.problem_kind for one in changed.additions] == [Problem.REMOVED] * 3
    assert web.paths.count("/b") == 1
    assert await library.articles() == []

    web.routes["/a"] = web.routes["/a?from=feed"]
    [by_hand] = await timed.add_links([web.url("/a")])
    await library.put_back(taken)
    web.routes["/feed"] = reply(feed_of(web, ("/a?from=feed", "z"), ("/b", "z")))
    web.routes["/b"] = reply(page(lines("new harbour")))
    again = await timed.check_feed(feed.id)

    assert by_hand.change is Change.ADDED
    assert [one.change for one in again.additions] == [Change.UNCHANGED, Change.REVISED]


async def test_a_feed_that_is_added_later_brings_what_was_removed_before(
    web: Web, timed: Gatherer, library: Library
) -> None:
    web.routes |= {"/feed": reply(feed_of(web, ("/a", "x"))), "/a": reply(page(lines("bridge")))}
    first = await timed.add_feed(web.url("/feed"))
    [added] = (await timed.check_feed(first.id)).additions
    assert added.article is not None
    await library.remove([added.article.id])
    await timed.remove_feed(first.id)

    second = await timed.add_feed(web.url("/feed"))
    job = await timed.check_feed(second.id)

    assert [one.change for one in job.additions] == [Change.ADDED]


async def test_an_entry_that_has_no_page_is_taken_from_the_feed_itself(web: Web, timed: Gatherer) -> None:
    full = "".join(f"<p>{line}</p>" for line in lines("bridge"))
    web.routes["/feed"] = reply(feed_of(web, ("/gone", full), ("/short", "Only a beginning.")))
    feed = await timed.add_feed(web.url("/feed"))

    job = await timed.check_feed(feed.id)

    assert [one.problem_kind for one in job.additions] == [None, Problem.MISSING]
    article = job.additions[0].article
    assert article is not None
    assert (article.title, article.source) == ("News of /gone", web.url("/gone"))


async def test_a_check_fetches_no_more_entries_than_chosen_and_the_next_one_goes_on(web: Web, timed: Gatherer) -> None:
    paths = [f"/{n}" for n in range(5)]
    feed_reply = reply(feed_of(web, *((path, "") for path in paths)), headers={"ETag": '"1"'})

    async def conditional(request: Request, writer: asyncio.StreamWriter) -> None:
        same = request.headers.get("if-none-match") == '"1"'
        writer.write(reply(b"", "304 Not Modified") if same else feed_reply)

    web.routes["/feed"] = conditional
    web.routes |= {path: reply(page(lines(f"bridge {path[1:]}"))) for path in paths}
    feed = await timed.add_feed(web.url("/feed"), most=2)

    found = [[one.source for one in (await timed.check_feed(feed.id)).additions] for _ in range(4)]

    assert found == [[web.url("/0"), web.url("/1")], [web.url("/2"), web.url("/3")], [web.url("/4")], []]


async def test_a_sitemap_brings_the_pages_below_a_path_and_obeys_robots(web: Web, timed: Gatherer) -> None:
    urls = "".join(f"<url><loc>{web.url(path)}</loc></url>" for path in ("/news/a", "/news/secret", "/shop/b"))
    web.routes |= {
        "/sitemap.xml": reply(f"<urlset>{urls}</urlset>", headers={"Content-Type": "application/xml"}),
        "/robots.txt": reply("User-agent: *\nDisallow: /news/secret", headers={"Content-Type": "text/plain"}),
        "/news/a": reply(page(lines("bridge"))),
    }
    feed = await timed.add_feed(web.url("/sitemap.xml"), path_filter="/news/")

    job = await timed.check_feed(feed.id)

    assert feed.kind == "sitemap"
    assert [(one.source, one.problem_kind) for one in job.additions] == [
        (web.url("/news/a"), None),
        (web.url("/news/secret"), Problem.ROBOTS),
    ]


async def test_a_failing_feed_waits_for_longer_each_time_and_tells_why(web: Web, timed: Gatherer, clock: Clock) -> None:
    web.routes["/feed"] = reply(feed_of(web))
    feed = await timed.add_feed(web.url("/feed"))
    web.routes["/feed"] = reply(b"", "500 Oh no")
    waits = []
    for _ in range(12):
        job = await timed.check_feed(feed.id)
        now = await timed.feed(feed.id)
        waits.append((now.next_check_at - clock.now).total_seconds() / 60)

    assert job.state is JobState.FAILED
    assert (now.failures, now.problem_kind, now.failing_since, now.enabled) == (
        12, Problem.HTTP_STATUS, clock.now, True,
    )  # fmt: skip
    assert 5 <= waits[0] <= 5.5
    assert 10 <= waits[1] <= 11
    assert 24 * 60 <= waits[-1] <= 24 * 66
    web.routes["/feed"] = reply(b"", "503 Later", headers={"Retry-After": "90000"})
    await timed.check_feed(feed.id)
    assert (await timed.feed(feed.id)).next_check_at - clock.now >= timedelta(hours=24)


async def test_a_server_that_has_too_much_to_do_is_left_alone_for_twice_as_long(
    web: Web, timed: Gatherer, clock: Clock
) -> None:
    web.routes["/feed"] = reply(feed_of(web))
    feed = await timed.add_feed(web.url("/feed"))
    web.routes["/feed"] = reply(b"", "503 Later")

    await timed.check_feed(feed.id)

    wait = (await timed.feed(feed.id)).next_check_at - clock.now
    assert timedelta(minutes=10) <= wait <= timedelta(minutes=11)


async def test_a_feed_that_is_gone_for_a_week_is_switched_off_and_somebody_is_told(
    web: Web, timed: Gatherer, clock: Clock
) -> None:
    told: list[FeedNews] = []

    async def listen(news: FeedNews) -> None:
        told.append(news)

    timed.on_news(listen)
    web.routes["/feed"] = reply(feed_of(web))
    feed = await timed.add_feed(web.url("/feed"))
    web.routes["/feed"] = reply(b"", "410 Gone")

    await timed.check_feed(feed.id)
    clock.pass_(days=6.9)
    await timed.check_feed(feed.id)
    assert (await timed.feed(feed.id)).enabled
    clock.pass_(days=0.2)
    await timed.check_feed(feed.id)

    assert not (await timed.feed(feed.id)).enabled
    assert [(news.switched_off, news.feed.problem_kind) for news in told] == [(True, Problem.GONE)]
    web.routes["/feed"] = reply(feed_of(web))
    again = await timed.change_feed(feed.id, enabled=True)
    assert (again.enabled, again.problem, again.next_check_at) == (True, None, clock.now)


async def test_feeds_are_checked_when_they_are_due(web: Web, timed: Gatherer, clock: Clock) -> None:
    web.routes["/feed"] = reply(feed_of(web))
    feed = await timed.add_feed(web.url("/feed"), interval_min=60)
    await timed.start()

    async def checks(count: int) -> None:
        async with asyncio.timeout(10):
            while web.paths.count("/feed") < count or await timed.jobs(active_only=True):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    await checks(2)
    clock.pass_(minutes=50)
    await asyncio.sleep(0.3)
    assert web.paths.count("/feed") == 2
    clock.pass_(minutes=20)
    await checks(3)
    assert (await timed.feed(feed.id)).failures == 0
    await timed.remove_feed(feed.id)
    assert await timed.feeds() == []
