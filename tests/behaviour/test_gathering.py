"""Articles from links, files, feeds and sitemaps, over real sockets, into a real library."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from index import (
    Change,
    DuplicateFeedError,
    FeedNews,
    Gatherer,
    GatheringRules,
    JobState,
    Library,
    UnknownFeedError,
    UnknownJobError,
    UnusableSourceError,
)
from tests.support.web import Handler, Request, Web, reply, served

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def page(name: str, passengers: int) -> str:
    """A page with an article that is long enough to be one."""
    return (
        f"<!doctype html><html lang=en><head><title>The ferry {name}</title></head><body><main><article>"
        f"<h1>The ferry {name}</h1><p>In its first season the ferry {name} carried {passengers} passengers between the "
        f"two shores of the lake, more than anybody on the council had expected when the ship was ordered.</p>"
        "<p>It sails at dawn, at noon and at dusk. Bicycles travel free of charge, and dogs have a deck of their own. "
        "When fog hides the far shore, the horn is sounded every two minutes, and the captain slows down to half.</p>"
        "</article></main></body></html>"
    )


def rss(*entries: tuple[str, str]) -> bytes:
    items = "".join(f"<item><link>{link}</link><title>{title}</title></item>" for link, title in entries)
    return reply(
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>The Lake</title>{items}</channel></rss>',
        headers={"Content-Type": "application/rss+xml", "ETag": f'"{len(entries)}"'},
    )


def conditional(body: bytes, etag: str) -> Handler:
    """The answer, or 304 to whoever has it already."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"", "304 Not Modified") if request.headers.get("if-none-match") == etag else body)

    return answer


async def until(is_true: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what nobody tells."""
    async with asyncio.timeout(20):
        while not await is_true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Desk:
    library: Library
    gatherer: Gatherer
    web: Web
    clock: Clock
    address: str
    rules: GatheringRules
    news: list[FeedNews] = field(default_factory=list)

    async def quoted(self, name: str, scope: frozenset[str] | None = None) -> str:
        best = (await self.library.ask(f"How many passengers did the ferry {name} carry?", scope)).best
        return "" if best is None else best.quote

    async def ended(self, job_id: str) -> JobState:
        async with asyncio.timeout(20):
            return [job async for job in self.gatherer.follow(job_id, None)][-1].state


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    address = f"sqlite+aiosqlite:///{tmp_path}/footnote.db"
    clock = Clock()
    async with served() as web, await Library.open(address) as library:
        rules = GatheringRules(
            allowed_hosts=(f"127.0.0.1:{web.port}",), pause_s=0, pages_at_once=2, poll_s=0.1, schedule_s=0.1
        )
        async with await Gatherer.open(library, rules, clock=clock) as gatherer:
            made = Desk(library, gatherer, web, clock, address, rules)

            async def told(news: FeedNews) -> None:
                made.news.append(news)

            gatherer.on_news(told)
            yield made


# ---- links


async def test_what_a_link_leads_to_can_be_asked_at_once(desk: Desk) -> None:
    desk.web.routes["/nori"] = reply(page("Nori", 4711))

    (added,) = await desk.gatherer.add_links([desk.web.url("/nori")], "7")

    assert added.change is Change.ADDED
    assert added.article is not None
    assert (added.article.title, added.article.language) == ("The ferry Nori", "en")
    assert added.article.source == desk.web.url("/nori")
    assert "4711" in await desk.quoted("Nori", frozenset({"7"}))
    assert await desk.quoted("Nori", frozenset({"8"})) == ""


async def test_some_links_fail_and_the_others_are_added(desk: Desk) -> None:
    desk.web.routes["/nori"] = reply(page("Nori", 4711))
    desk.web.routes["/image"] = reply(b"GIF89a", headers={"Content-Type": "image/gif"})

    outcomes = await desk.gatherer.add_links(
        [desk.web.url("/missing"), desk.web.url("/nori"), desk.web.url("/image"), "http://127.0.0.1/", "ftp://x/y"]
    )

    assert [one.problem_kind for one in outcomes] == [
        "missing",
        None,
        "unsupported-type",
        "forbidden-address",
        "bad-address",
    ]
    assert all(one.problem for one in outcomes if one.problem_kind)
    assert len(await desk.library.articles()) == 1


async def test_a_page_that_did_not_change_is_not_sent_again(desk: Desk) -> None:
    body = reply(page("Nori", 4711), headers={"ETag": '"a"'})
    desk.web.routes["/nori"] = conditional(body, '"a"')
    await desk.gatherer.add_links([desk.web.url("/nori")])

    (again,) = await desk.gatherer.add_links([desk.web.url("/nori")])

    assert again.change is Change.UNCHANGED
    assert desk.web.requests[-1].headers["if-none-match"] == '"a"'


async def test_addresses_of_one_page_are_one_article(desk: Desk) -> None:
    desk.web.routes["*"] = reply(page("Nori", 4711))
    await desk.gatherer.add_links([desk.web.url("/nori")])

    (again,) = await desk.gatherer.add_links([desk.web.url("/nori?utm_source=mail#top")])

    assert again.change is Change.UNCHANGED
    assert len(await desk.library.articles()) == 1


async def test_a_copy_on_another_page_is_one_article_with_two_sources(desk: Desk) -> None:
    desk.web.routes["/nori"] = desk.web.routes["/copy"] = reply(page("Nori", 4711))
    (first,) = await desk.gatherer.add_links([desk.web.url("/nori")])

    (copy,) = await desk.gatherer.add_links([desk.web.url("/copy")])

    assert copy.duplicate_of is not None
    assert first.article is not None
    assert copy.duplicate_of.id == first.article.id
    assert await desk.library.sources(first.article.id) == (desk.web.url("/nori"), desk.web.url("/copy"))


async def test_a_changed_page_is_a_revision_of_its_article(desk: Desk) -> None:
    desk.web.routes["/nori"] = reply(page("Nori", 4711))
    (first,) = await desk.gatherer.add_links([desk.web.url("/nori")])
    desk.web.routes["/nori"] = reply(page("Nori", 4712))

    (second,) = await desk.gatherer.add_links([desk.web.url("/nori")])

    assert second.change is Change.REVISED
    assert first.article is not None
    assert second.article is not None
    assert (second.article.id, second.article.revision) == (first.article.id, 2)
    assert "4712" in await desk.quoted("Nori")


async def test_what_is_known_of_a_page_goes_with_its_article(desk: Desk) -> None:
    desk.web.routes["/nori"] = conditional(reply(page("Nori", 4711), headers={"ETag": '"a"'}), '"a"')
    (first,) = await desk.gatherer.add_links([desk.web.url("/nori")])
    assert first.article is not None
    await desk.library.remove([first.article.id])

    (again,) = await desk.gatherer.add_links([desk.web.url("/nori")])

    assert again.change is Change.ADDED


# ---- files


async def test_files_of_several_kinds_are_added_from_a_folder(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.md").write_text("# The ferry Nori\n\nThe ferry Nori carried 4711 passengers in its first season.")
    (folder / "b.html").write_text(page("Tavo", 815))
    lines = [{"title": f"The ferry {name}", "text": f"The ferry {name} carried {n} passengers last year."}
             for name, n in (("Muri", 12), ("Sabe", 13))]  # fmt: skip
    (folder / "c.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (folder / "d.pdf").write_bytes(b"%PDF-1.4 nonsense")

    outcomes = await desk.gatherer.add_paths([folder])

    assert [one.change for one in outcomes] == [Change.ADDED] * 4 + [None]
    assert outcomes[-1].problem_kind == "damaged"
    for name, passengers in (("Nori", "4711"), ("Tavo", "815"), ("Muri", "12"), ("Sabe", "13")):
        assert passengers in await desk.quoted(name)


async def test_a_thousand_plain_files_are_added_in_ten_seconds(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(1_000):
        text = f"The ferry number {number} carried {10_000 + number} passengers. " * 3
        (folder / f"{number}.txt").write_text(f"Ferry {number}\n\n{text}")
    began = asyncio.get_running_loop().time()

    outcomes = await desk.gatherer.add_paths([folder])

    assert len(outcomes) == 1_000
    assert asyncio.get_running_loop().time() - began < 10


# ---- jobs


async def test_a_job_adds_links_and_tells_line_by_line(desk: Desk) -> None:
    desk.web.routes["/nori"] = reply(page("Nori", 4711))
    job = await desk.gatherer.submit_links([desk.web.url("/nori"), desk.web.url("/missing")], "7", "ada")
    desk.gatherer.start()

    assert await desk.ended(job.id) is JobState.DONE
    job = await desk.gatherer.job(job.id, ["7"])
    assert (job.done, job.total, job.asked_by) == (2, 2, "ada")
    assert [one.problem_kind for one in job.additions] == [None, "missing"]
    assert job.started_at == job.ended_at == NOON
    assert "4711" in await desk.quoted("Nori", frozenset({"7"}))


async def test_files_of_a_job_survive_a_restart(desk: Desk) -> None:
    job = await desk.gatherer.submit_uploads([("nori.html", page("Nori", 4711).encode())], "7", "ada")
    await desk.gatherer.close()

    async with await Gatherer.open(desk.library, desk.rules, clock=desk.clock) as later:
        later.start()
        async with asyncio.timeout(20):
            states = [stand.state async for stand in later.follow(job.id, None)]

    assert states[-1] is JobState.DONE
    assert "4711" in await desk.quoted("Nori")


async def test_a_job_that_ran_when_the_process_ended_goes_on(desk: Desk) -> None:
    arrived = asyncio.Event()

    async def never(_request: Request, _writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await asyncio.sleep(60)

    for number in range(6):
        desk.web.routes[f"/{number}"] = reply(page(f"Nori{number}", 4711))
    desk.web.routes["/4"] = never
    job = await desk.gatherer.submit_links([desk.web.url(f"/{number}") for number in range(6)], "7", None)
    desk.gatherer.start()
    await asyncio.wait_for(arrived.wait(), 20)
    await desk.gatherer.close()
    desk.web.routes["/4"] = reply(page("Tavo", 815))
    asked_before = desk.web.paths.count("/0")

    async with await Gatherer.open(desk.library, desk.rules, clock=desk.clock) as later:
        assert (await later.job(job.id, None)).state is JobState.QUEUED
        later.start()
        async with asyncio.timeout(20):
            last = [stand async for stand in later.follow(job.id, None)][-1]

    assert (last.state, last.done) == (JobState.DONE, 6)
    assert desk.web.paths.count("/0") == asked_before
    assert "815" in await desk.quoted("Tavo")


async def test_a_cancelled_job_stops_and_keeps_what_it_has_added(desk: Desk) -> None:
    arrived = asyncio.Event()

    async def never(_request: Request, _writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await asyncio.sleep(60)

    desk.web.routes["/0"] = desk.web.routes["/1"] = reply(page("Nori", 4711))
    desk.web.routes["/2"] = never
    job = await desk.gatherer.submit_links([desk.web.url(f"/{number}") for number in range(3)], "7", None)
    desk.gatherer.start()
    await asyncio.wait_for(arrived.wait(), 20)

    cancelled = await desk.gatherer.cancel(job.id, ["7"])

    assert cancelled.state is JobState.CANCELLED
    assert await desk.ended(job.id) is JobState.CANCELLED
    assert "4711" in await desk.quoted("Nori")
    other = await desk.gatherer.submit_links([desk.web.url("/0")], "7", None)
    assert await desk.ended(other.id) is JobState.DONE


async def test_jobs_of_one_collection_do_not_keep_another_waiting(desk: Desk) -> None:
    desk.web.routes["*"] = reply(page("Nori", 4711))
    many = [await desk.gatherer.submit_links([desk.web.url(f"/{n}")], "big", None) for n in range(12)]
    small = await desk.gatherer.submit_links([desk.web.url("/small")], "small", None)
    desk.gatherer.start()

    assert await desk.ended(small.id) is JobState.DONE
    assert desk.web.paths.index("/small") <= 3
    assert [await desk.ended(job.id) for job in many] == [JobState.DONE] * 12


async def test_jobs_and_feeds_of_others_are_not_there(desk: Desk) -> None:
    desk.web.routes["/feed"] = rss()
    job = await desk.gatherer.submit_links([desk.web.url("/nori")], "7", None)
    feed = await desk.gatherer.add_feed(desk.web.url("/feed"), "7")

    with pytest.raises(UnknownJobError):
        await desk.gatherer.job(job.id, ["8"])
    with pytest.raises(UnknownJobError):
        await desk.gatherer.cancel(job.id, ["8"])
    with pytest.raises(UnknownFeedError):
        await desk.gatherer.change_feed(feed.id, ["8"], most=1)
    with pytest.raises(UnknownFeedError):
        await desk.gatherer.remove_feed(feed.id, ["8"])
    with pytest.raises(UnknownFeedError):
        await desk.gatherer.check_feed(feed.id, ["8"])
    assert await desk.gatherer.jobs(["8"]) == []
    assert await desk.gatherer.feeds(["8"]) == []


# ---- feeds


async def test_a_feed_brings_articles_and_tells_only_of_later_ones(desk: Desk) -> None:
    desk.web.routes["/feed"] = rss((desk.web.url("/nori"), "Nori"))
    desk.web.routes["/nori"] = reply(page("Nori", 4711))
    feed = await desk.gatherer.add_feed(desk.web.url("/feed"), "7", channel="c", language="en")
    first = await desk.gatherer.check_feed(feed.id, None)
    desk.web.routes["/feed"] = rss((desk.web.url("/tavo"), "Tavo"), (desk.web.url("/nori"), "Nori"))
    desk.web.routes["/tavo"] = reply(page("Tavo", 815))

    second = await desk.gatherer.check_feed(feed.id, None)

    assert [one.change for one in first.additions] == [Change.ADDED]
    assert (second.done, second.total) == (1, 1)
    assert desk.web.paths.count("/nori") == 1
    assert [[info.title for info in news.articles] for news in desk.news] == [["The ferry Tavo"]]
    stand = await desk.gatherer.feed(feed.id, ["7"])
    assert (stand.title, stand.kind, stand.articles, stand.failures) == ("The Lake", "feed", 2, 0)
    assert stand.next_check_at == NOON + timedelta(hours=1)
    assert "815" in await desk.quoted("Tavo", frozenset({"7"}))


async def test_a_feed_that_did_not_change_is_not_read_again(desk: Desk) -> None:
    desk.web.routes["/feed"] = conditional(rss((desk.web.url("/nori"), "Nori")), '"1"')
    desk.web.routes["/nori"] = reply(page("Nori", 4711))
    feed = await desk.gatherer.add_feed(desk.web.url("/feed"))
    await desk.gatherer.check_feed(feed.id, None)

    again = await desk.gatherer.check_feed(feed.id, None)

    assert again.state is JobState.DONE
    assert desk.web.requests[-1].headers["if-none-match"] == '"1"'


async def test_what_is_beyond_the_limit_comes_with_the_next_look(desk: Desk) -> None:
    names = ["Nori", "Tavo", "Muri"]
    desk.web.routes["/feed"] = rss(*((desk.web.url(f"/{name}"), name) for name in names))
    for number, name in enumerate(names):
        desk.web.routes[f"/{name}"] = reply(page(name, 100 + number))
    feed = await desk.gatherer.add_feed(desk.web.url("/feed"), most=2)

    looks = [await desk.gatherer.check_feed(feed.id, None) for _ in range(3)]

    assert [look.done for look in looks] == [2, 1, 0]


async def test_an_article_that_could_not_be_had_is_tried_again(desk: Desk) -> None:
    desk.web.routes["/feed"] = conditional(rss((desk.web.url("/nori"), "Nori")), '"1"')
    desk.web.routes["/nori"] = reply(b"", "503 Service Unavailable")
    feed = await desk.gatherer.add_feed(desk.web.url("/feed"))
    failed = await desk.gatherer.check_feed(feed.id, None)
    desk.web.routes["/nori"] = reply(page("Nori", 4711))

    again = await desk.gatherer.check_feed(feed.id, None)

    assert failed.additions[0].problem is not None
    assert [one.change for one in again.additions] == [Change.ADDED]


async def test_a_page_that_names_its_feed_is_enough(desk: Desk) -> None:
    desk.web.routes["/"] = reply(
        "<!doctype html><head><link rel=alternate type=application/rss+xml href=/feed></head><body>News</body>"
    )
    desk.web.routes["/feed"] = rss()

    feed = await desk.gatherer.add_feed(desk.web.url("/"))

    assert feed.address == desk.web.url("/feed")
    with pytest.raises(DuplicateFeedError):
        await desk.gatherer.add_feed(desk.web.url("/feed"))


async def test_what_is_no_feed_is_refused_with_the_reason(desk: Desk) -> None:
    desk.web.routes["/"] = reply(page("Nori", 1))

    with pytest.raises(UnusableSourceError) as caught:
        await desk.gatherer.add_feed(desk.web.url("/"))

    assert caught.value.kind == "no-feed"
    assert await desk.gatherer.feeds(None) == []


async def test_a_sitemap_is_read_where_the_filter_says(desk: Desk) -> None:
    places = "".join(f"<url><loc>{desk.web.url(path)}</loc></url>" for path in ("/news/nori", "/shop/tavo"))
    desk.web.routes["/sitemap.xml"] = reply(
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>',
        headers={"Content-Type": "application/xml"},
    )
    desk.web.routes["/news/nori"] = reply(page("Nori", 4711))
    desk.web.routes["/shop/tavo"] = reply(page("Tavo", 815))

    feed = await desk.gatherer.add_feed(desk.web.url("/sitemap.xml"), path_filter="/news/")
    job = await desk.gatherer.check_feed(feed.id, None)

    assert feed.kind == "sitemap"
    assert job.done == 1
    assert "/shop/tavo" not in desk.web.paths


async def test_a_feed_that_fails_is_looked_at_less_often_and_tells_why(desk: Desk) -> None:
    desk.web.routes["/feed"] = rss()
    feed = await desk.gatherer.add_feed(desk.web.url("/feed"))
    desk.web.routes["/feed"] = reply(b"", "500 Internal Server Error")
    pauses = []
    for _ in range(7):
        job = await desk.gatherer.check_feed(feed.id, None)
        stand = await desk.gatherer.feed(feed.id, None)
        pauses.append((stand.next_check_at - desk.clock.now) / timedelta(hours=1))
        desk.clock.now = stand.next_check_at

    assert job.state is JobState.FAILED
    assert job.reason == stand.problem
    assert stand.problem_kind == "http-status"
    assert stand.failures == 7
    assert pauses == [1, 2, 4, 8, 16, 24, 24]
    desk.web.routes["/feed"] = rss()
    await desk.gatherer.check_feed(feed.id, None)
    assert (await desk.gatherer.feed(feed.id, None)).problem is None


async def test_a_feed_that_is_gone_for_a_week_is_switched_off_and_told(desk: Desk) -> None:
    desk.web.routes["/feed"] = rss()
    feed = await desk.gatherer.add_feed(desk.web.url("/feed"))
    desk.web.routes["/feed"] = reply(b"", "410 Gone")
    await desk.gatherer.check_feed(feed.id, None)
    desk.clock.now += timedelta(days=6, hours=23)
    await desk.gatherer.check_feed(feed.id, None)
    before = await desk.gatherer.feed(feed.id, None)
    desk.clock.now += timedelta(hours=1)

    await desk.gatherer.check_feed(feed.id, None)

    assert before.enabled
    assert not (await desk.gatherer.feed(feed.id, None)).enabled
    assert [news.switched_off for news in desk.news] == [True]
    back = await desk.gatherer.change_feed(feed.id, None, enabled=True)
    assert (back.enabled, back.problem, back.next_check_at) == (True, None, desk.clock.now)


async def test_feeds_are_looked_at_when_their_time_has_come(desk: Desk) -> None:
    desk.web.routes["/feed"] = rss()
    feed = await desk.gatherer.add_feed(desk.web.url("/feed"), interval_min=30)
    desk.gatherer.start()

    async def is_checked() -> bool:
        return (await desk.gatherer.feed(feed.id, None)).checked_at is not None

    async def is_asked_again() -> bool:
        return desk.web.paths.count("/feed") > looks

    await until(is_checked)
    looks = desk.web.paths.count("/feed")
    await asyncio.sleep(0.5)
    assert desk.web.paths.count("/feed") == looks
    desk.clock.now += timedelta(minutes=30)
    await until(is_asked_again)


async def test_a_removed_feed_leaves_its_articles(desk: Desk) -> None:
    desk.web.routes["/feed"] = rss((desk.web.url("/nori"), "Nori"))
    desk.web.routes["/nori"] = reply(page("Nori", 4711))
    feed = await desk.gatherer.add_feed(desk.web.url("/feed"))
    await desk.gatherer.check_feed(feed.id, None)

    await desk.gatherer.remove_feed(feed.id, None)

    assert await desk.gatherer.feeds(None) == []
    assert len(await desk.library.articles()) == 1


# ---- looking at pages again


async def test_a_page_that_is_gone_is_kept_and_told_until_it_is_back(desk: Desk) -> None:
    desk.web.routes["/nori"] = reply(page("Nori", 4711))
    (added,) = await desk.gatherer.add_links([desk.web.url("/nori")], "7")
    assert added.article is not None
    desk.web.routes["/nori"] = reply(b"", "404 Not Found")
    desk.clock.now += timedelta(days=1)
    gone = await desk.gatherer.refresh_now("7")
    answer = await desk.library.ask("How many passengers did the ferry Nori carry?")

    assert gone.additions[0].problem_kind == "missing"
    assert answer.best is not None
    assert "4711" in answer.best.quote
    assert answer.best.article.gone_since == desk.clock.now
    async with await Library.open(desk.address) as other:
        info = await other.info(added.article.id)
        assert info is not None
        assert info.gone_since == desk.clock.now

    desk.web.routes["/nori"] = reply(page("Nori", 4712))
    back = await desk.gatherer.refresh_now("7")
    answer = await desk.library.ask("How many passengers did the ferry Nori carry?")

    assert [one.change for one in back.additions] == [Change.REVISED]
    assert answer.best is not None
    assert "4712" in answer.best.quote
    assert answer.best.article.gone_since is None


async def test_pages_are_looked_at_again_only_where_it_is_wanted(desk: Desk) -> None:
    desk.web.routes["/nori"] = desk.web.routes["/tavo"] = reply(page("Nori", 4711))
    await desk.gatherer.add_links([desk.web.url("/nori")], "7")
    await desk.gatherer.add_links([desk.web.url("/tavo")], "8")
    await desk.gatherer.set_refresh("7", 24)
    desk.clock.now += timedelta(hours=24)
    desk.gatherer.start()

    async def is_asked_again() -> bool:
        return desk.web.paths.count("/nori") == 2

    await until(is_asked_again)
    await asyncio.sleep(0.5)

    assert (await desk.gatherer.refresh_every("7"), await desk.gatherer.refresh_every("8")) == (24, None)
    assert (desk.web.paths.count("/nori"), desk.web.paths.count("/tavo")) == (2, 1)


async def test_old_jobs_and_people_are_forgotten(desk: Desk) -> None:
    desk.web.routes["/feed"] = rss()
    feed = await desk.gatherer.add_feed(desk.web.url("/feed"), "7", added_by="ada")
    job = await desk.gatherer.submit_links([desk.web.url("/nori")], "7", "ada")
    await desk.gatherer.forget_person("ada")
    assert (await desk.gatherer.feed(feed.id, None)).added_by is None
    assert (await desk.gatherer.job(job.id, None)).asked_by is None

    await desk.gatherer.forget_collection("7")

    assert await desk.gatherer.feeds(None) == []
    assert await desk.gatherer.jobs(None) == []
