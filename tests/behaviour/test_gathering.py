"""Articles from links, files and feeds, over real sockets on loopback and with real worker processes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
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
    Job,
    JobKind,
    JobState,
    Library,
    Problem,
    StoreError,
    UnknownJobError,
)
from tests.support.documents import docx, page, pdf, word_paragraph, zip_of
from tests.support.web import Request, Web, reply, served


def lines(topic: str) -> list[str]:
    """Enough sentences for an article that no other article holds."""
    return [
        f"{n}. The {topic} of Karrow was opened in May 2019, after {n + 2} years of work on the {topic}."
        for n in range(8)
    ]


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'footnote.db'}"


@pytest_asyncio.fixture
async def library(address: str) -> AsyncIterator[Library]:
    async with await Library.open(address) as library:
        yield library


@pytest_asyncio.fixture
async def web() -> AsyncIterator[Web]:
    async with served() as web:
        yield web


@pytest.fixture
def rules(web: Web) -> GatheringRules:
    return GatheringRules(allowed_hosts=(f"127.0.0.1:{web.port}",), pause_s=0.0, poll_s=0.05)


@pytest_asyncio.fixture
async def gatherer(library: Library, rules: GatheringRules) -> AsyncIterator[Gatherer]:
    async with await Gatherer.open(library, rules) as gatherer:
        yield gatherer


async def test_links_become_articles_that_answer_and_what_fails_says_why(
    web: Web, gatherer: Gatherer, library: Library
) -> None:
    web.routes["/bridge"] = reply(page(lines("bridge"), head="<title>The bridge of Karrow</title>"))

    added = await gatherer.add_links([web.url("/bridge"), web.url("/none"), "ftp://a", web.url("/bridge#top")], "docs")

    assert [(one.change, one.problem_kind) for one in added] == [
        (Change.ADDED, None),
        (None, Problem.MISSING),
        (None, Problem.BAD_ADDRESS),
        (Change.ADDED, None),
    ]
    assert web.paths.count("/bridge") == 1
    answer = await library.ask("when was the bridge opened?", {"docs"})
    assert answer.best is not None
    assert answer.best.article.source == web.url("/bridge")


async def test_a_page_whose_address_came_in_brackets_is_looked_at_again(web: Web, gatherer: Gatherer) -> None:
    web.routes["/a"] = reply(page(lines("bridge")))
    await gatherer.add_links([f" <{web.url('/a')}> "], "docs")
    web.routes["/a"] = reply(page(lines("harbour")))

    job = await gatherer.refresh_now("docs")

    assert [(one.change, one.problem) for one in job.additions] == [(Change.REVISED, None)]


async def test_a_store_that_fails_while_links_are_added_is_told_as_what_it_is(
    web: Web, gatherer: Gatherer, library: Library
) -> None:
    web.routes["/a"] = web.routes["/b"] = reply(page(lines("bridge")))
    await library.close()

    with pytest.raises(StoreError):
        await gatherer.add_links([web.url("/a"), web.url("/b")])


async def test_a_copy_elsewhere_is_one_article_with_two_sources(web: Web, gatherer: Gatherer, library: Library) -> None:
    web.routes["/a"] = web.routes["/b"] = reply(page(lines("bridge")))

    [first] = await gatherer.add_links([web.url("/a")])
    [second] = await gatherer.add_links([web.url("/b")])

    assert first.article is not None
    assert (second.change, second.duplicate_of) == (Change.UNCHANGED, first.article)
    assert await library.sources(first.article.id) == (web.url("/a"), web.url("/b"))

    web.routes["/b"] = reply(page(lines("harbour")))
    [third] = await gatherer.add_links([web.url("/b")])

    assert third.change is Change.ADDED
    assert await library.sources(first.article.id) == (web.url("/a"),)


async def test_a_page_is_known_by_its_canonical_address_and_revised(web: Web, gatherer: Gatherer) -> None:
    head = f"<link rel='canonical' href='{web.url('/bridge')}'>"
    web.routes["/bridge?page=1"] = reply(page(lines("bridge"), head=head))
    web.routes["/b"] = reply(page(lines("new bridge"), head=head))

    [first] = await gatherer.add_links([web.url("/bridge?page=1")])
    [second] = await gatherer.add_links([web.url("/b")])

    assert first.article is not None
    assert second.article is not None
    assert first.article.source == second.article.source == web.url("/bridge")
    assert (second.change, second.article.id, second.article.revision) == (Change.REVISED, first.article.id, 2)


async def test_a_line_that_stands_in_many_articles_of_a_site_is_left_out(
    web: Web, gatherer: Gatherer, library: Library
) -> None:
    notice = "The editors of the Karrow Gazette answer letters within three working days of their arrival."
    topics = ["bridge", "harbour", "lighthouse", "museum"]
    web.routes |= {f"/{topic}": reply(page([*lines(topic), notice])) for topic in topics}

    added = [(await gatherer.add_links([web.url(f"/{topic}")]))[0] for topic in topics]

    assert [notice in {left.line for left in one.left_out} for one in added] == [False, False, False, True]
    assert added[3].article is not None
    assert notice not in (await library.article(added[3].article.id)).text


async def test_files_of_every_kind_are_added_from_folders_and_archives(
    gatherer: Gatherer, library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    (folder / "sub").mkdir(parents=True)
    (folder / "notes.md").write_text("# Notes\n\nThe tram runs since 1901.")
    (folder / "sub" / "notes.md").write_text("# Notes\n\nThe ferry ran until 1950.")
    (folder / "a.pdf").write_bytes(pdf([lines("museum")]))
    (folder / "b.docx").write_bytes(docx(word_paragraph("The dam was repaired in spring.")))
    (folder / "c.zip").write_bytes(zip_of({"x.md": "# X\n\nA lighthouse stands there.", "y.exe": b"MZ"}))
    (folder / "d.jsonl").write_text('{"text": "One line."}\nnonsense\n' + json.dumps({"text": "Another line."}) + "\n")
    steps: list[tuple[int, int]] = []

    added = await gatherer.add_paths([folder, tmp_path / "none.md"], progress=lambda *step: steps.append(step))

    assert {one.article.source for one in added if one.article is not None} == {
        "notes.md", "sub/notes.md", "a.pdf", "b.docx", "c.zip/x.md", "d.jsonl#1", "d.jsonl#3",
    }  # fmt: skip
    assert {one.problem_kind for one in added if one.article is None} == {
        Problem.UNSUPPORTED_TYPE, Problem.BAD_LINE, Problem.NO_FILE,
    }  # fmt: skip
    assert steps == [(7, 7)]
    assert (await library.status()).articles == 7


async def test_a_text_file_keeps_the_line_that_became_its_title(
    gatherer: Gatherer, library: Library, tmp_path: Path
) -> None:
    text = "The ferry costs 7 euros.\n\nIt leaves at noon, and nobody has to book. It takes an hour to the island."
    (tmp_path / "ferry.txt").write_text(text)

    added = [
        *await gatherer.add_paths([tmp_path / "ferry.txt"], "one"),
        *await gatherer.add_uploads([("ferry.txt", text.encode())], "two"),
        *await gatherer.add_uploads([("ferry.jsonl", json.dumps({"text": text}).encode())], "three"),
    ]

    articles = [await library.article(one.article.id) for one in added if one.article is not None]
    assert [(one.info.title, one.text) for one in articles] == [("The ferry costs 7 euros.", text)] * 3


async def test_uploads_are_added_line_by_line(gatherer: Gatherer) -> None:
    added = await gatherer.add_uploads([("a.txt", b"The tram runs since 1901."), ("b.png", b"\x89PNG")])

    assert [(one.source, one.problem_kind) for one in added] == [("a.txt", None), ("b.png", Problem.UNSUPPORTED_TYPE)]


# ---- jobs


async def ended(gatherer: Gatherer, job: Job) -> Job:
    """The job after its end."""
    async with asyncio.timeout(30):
        return [step async for step in gatherer.follow(job.id)][-1]


async def test_a_job_runs_by_itself_and_tells_line_by_line(web: Web, gatherer: Gatherer, library: Library) -> None:
    web.routes["/bridge"] = reply(page(lines("bridge")))
    await gatherer.start()

    links = await gatherer.submit_links([web.url("/bridge"), web.url("/none")], "docs", "ada")
    files = await gatherer.submit_uploads([("a.md", b"# Tram\n\nThe tram runs since 1901."), ("b.zip", b"PK")], "docs")

    assert (links.state, links.what, links.total, links.asked_by) == (JobState.QUEUED, "2 addresses", 2, "ada")
    done = await ended(gatherer, links)
    assert (done.state, done.done, done.reason) == (JobState.DONE, 2, None)
    assert [one.problem_kind for one in done.additions] == [None, Problem.MISSING]
    assert done.additions[0].article is not None
    assert done.additions[0].article == await library.info(done.additions[0].article.id)
    assert [one.change for one in (await ended(gatherer, files)).additions] == [Change.ADDED, None]
    assert [one.id for one in await gatherer.jobs({"docs"})] == [files.id, links.id]
    assert await gatherer.jobs({"other"}) == []
    with pytest.raises(UnknownJobError):
        await gatherer.job(links.id, {"other"})


async def test_a_job_of_many_articles_counts_those_that_it_does_not_list(
    gatherer: Gatherer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.gathering.jobs.MOST_OUTCOMES", 4)
    members: dict[str, bytes | str] = {f"{n}.md": f"# Note {n}\n\nThe tram number {n} runs." for n in range(5)}
    archive = zip_of(members | {"a.exe": b"MZ", "b.exe": b"MZ"})
    await gatherer.start()

    done = await ended(gatherer, await gatherer.submit_uploads([("a.zip", archive), ("b.txt", b"\x00\x01")]))

    assert [one.outcome for one in done.additions] == ["added", "added", "added", "skipped"]
    assert done.unlisted == {"added": 2, "skipped": 2}


async def test_a_job_is_cancelled_while_it_waits_and_while_it_runs(web: Web, gatherer: Gatherer) -> None:
    asked = asyncio.Event()

    async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.sleep(60)

    web.routes["/slow"] = hang
    waiting = await gatherer.submit_uploads([("a.md", b"# Tram")])
    running = await gatherer.submit_links([web.url("/slow")])
    assert (await gatherer.cancel(waiting.id)).state is JobState.CANCELLED
    await gatherer.start()
    async with asyncio.timeout(10):
        await asked.wait()

    cancelled = await gatherer.cancel(running.id)

    assert (cancelled.state, cancelled.done) == (JobState.CANCELLED, 0)
    assert await gatherer.jobs(active_only=True) == []
    assert (await gatherer.cancel(running.id)) == cancelled


async def test_a_job_that_was_running_goes_on_after_a_restart(
    web: Web, library: Library, rules: GatheringRules
) -> None:
    asked = asyncio.Event()

    async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.sleep(60)

    web.routes |= {"/a": reply(page(lines("bridge"))), "/b": hang}
    rules = replace(rules, pages_at_once=1)
    async with await Gatherer.open(library, rules) as first:
        await first.start()
        job = await first.submit_links([web.url("/a"), web.url("/b")])
        async with asyncio.timeout(10):
            await asked.wait()
    web.routes["/b"] = reply(page(lines("harbour")))

    async with await Gatherer.open(library, rules) as second:
        assert (await second.job(job.id)).state is JobState.QUEUED
        await second.start()
        done = await ended(second, job)

    assert [one.change for one in done.additions] == [Change.ADDED, Change.ADDED]
    assert web.paths.count("/a") == 1


async def test_collections_take_turns(library: Library, rules: GatheringRules) -> None:
    async with await Gatherer.open(library, replace(rules, jobs_at_once=1, slice_s=0.0)) as gatherer:
        many = [(f"{n}.md", f"# Note {n}\n\nThe tram number {n} runs.".encode()) for n in range(6)]
        big = await gatherer.submit_uploads(many, "big")
        more = [await gatherer.submit_uploads([one], "big") for one in many[:2]]
        small = await gatherer.submit_uploads([("s.md", b"# Small\n\nThe ferry runs.")], "small")

        await gatherer.start()

        for job in [big, *more, small]:
            assert (await ended(gatherer, job)).state is JobState.DONE
        times = {job.id: (await gatherer.job(job.id)).ended_at for job in [big, *more, small]}
        assert min(times, key=lambda one: str(times[one])) == small.id
        assert len((await gatherer.job(big.id)).additions) == 6


# ---- feeds


def feed_of(web: Web, *entries: tuple[str, str]) -> str:
    """RSS of entries, each with a path and what stands in the feed itself."""
    items = "".join(
        f"<item><guid>{path}</guid><link>{web.url(path)}</link><title>News of {path}</title>"
        f"<description><![CDATA[{content}]]></description></item>"
        for path, content in entries
    )
    return f'<rss version="2.0"><channel><title>The Gazette</title>{items}</channel></rss>'


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **units: float) -> None:
        self.now += timedelta(**units)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def timed(library: Library, rules: GatheringRules, clock: Clock) -> AsyncIterator[Gatherer]:
    async with await Gatherer.open(library, rules, clock=clock) as gatherer:
        yield gatherer


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


# ---- pages that are looked at again


async def test_a_page_that_changed_is_a_new_revision_and_one_that_is_gone_is_kept_and_marked(
    web: Web, timed: Gatherer, library: Library, clock: Clock
) -> None:
    web.routes |= {"/a": reply(page(lines("bridge")), headers={"ETag": '"1"'}), "/b": reply(page(lines("harbour")))}
    await timed.add_links([web.url("/a"), web.url("/b")], "docs")
    await timed.start()
    assert await timed.refresh_every("docs") is None
    await timed.set_refresh("docs", 24)
    clock.pass_(hours=23)

    web.routes["/a"] = reply(page(lines("new bridge")))
    web.routes["/b"] = reply(b"", "404 Not Found")
    clock.pass_(hours=2)
    async with asyncio.timeout(10):
        while not (jobs := [job for job in await timed.jobs() if job.kind is JobKind.REFRESH]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    job = await ended(timed, jobs[0])

    assert {(one.change, one.problem_kind) for one in job.additions} == {
        (Change.REVISED, None), (None, Problem.MISSING),
    }  # fmt: skip
    answer = await library.ask("when was the harbour opened?", {"docs"})
    assert answer.best is not None
    assert answer.best.article.gone_since == clock.now

    web.routes["/b"] = reply(page(lines("harbour")))
    clock.pass_(hours=1)
    await ended(timed, await timed.refresh("docs"))
    answer = await library.ask("when was the harbour opened?", {"docs"})
    assert answer.best is not None
    assert answer.best.article.gone_since is None


async def test_a_removed_article_is_not_brought_back_by_its_page(
    web: Web, timed: Gatherer, library: Library, clock: Clock
) -> None:
    web.routes["/a"] = reply(page(lines("bridge")))
    [added] = await timed.add_links([web.url("/a")])
    assert added.article is not None
    await library.remove([added.article.id])
    await timed.start()
    clock.pass_(hours=1)

    job = await ended(timed, await timed.refresh("shared"))

    assert (job.state, job.additions) == (JobState.DONE, ())
    assert (await library.status()).articles == 0


# ---- a library goes on answering


@pytest.mark.alone
async def test_a_thousand_plain_articles_of_a_folder_are_searchable_in_ten_seconds(
    gatherer: Gatherer, library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(1_000):
        text = "\n\n".join(f"Line {n} of note {number}: the bridge opened in May {1000 + number}." for n in range(8))
        (folder / f"{number}.md").write_text(f"# Note {number}\n\n{text}\n")
    began = time.perf_counter()

    added = await gatherer.add_paths([folder])

    assert time.perf_counter() - began < 10
    assert {one.change for one in added} == {Change.ADDED}
    assert (await library.status()).articles == 1_000
    assert (await library.ask("when did the bridge of note 777 open?")).best is not None


async def test_who_asked_is_forgotten_and_then_all_of_a_collection(web: Web, gatherer: Gatherer) -> None:
    web.routes["/feed"] = reply(feed_of(web, ("/a", "x")))
    feed = await gatherer.add_feed(web.url("/feed"), "docs", added_by="ada")
    job = await gatherer.submit_links([web.url("/a")], "docs", "ada")
    await gatherer.set_refresh("docs", 24)

    await gatherer.forget_person("ada")

    assert (await gatherer.feed(feed.id)).added_by is None
    assert (await gatherer.job(job.id)).asked_by is None
    assert await gatherer.count_jobs() == {JobState.QUEUED: 1}

    await gatherer.forget_collection("docs")

    assert (await gatherer.feeds(), await gatherer.jobs(), await gatherer.refresh_every("docs")) == ([], [], None)


async def test_pages_are_looked_at_again_at_once(web: Web, timed: Gatherer, clock: Clock) -> None:
    web.routes["/a"] = reply(page(lines("bridge")))
    await timed.add_links([web.url("/a")], "docs")
    web.routes["/a"] = reply(page(lines("new bridge")))
    clock.pass_(hours=1)

    job = await timed.refresh_now("docs")

    assert job.state is JobState.DONE
    assert [one.change for one in job.additions] == [Change.REVISED]
