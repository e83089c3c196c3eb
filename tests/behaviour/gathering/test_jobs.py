"""Jobs that run by themselves, wait for their turn, are cancelled and survive a restart."""

import asyncio
from dataclasses import replace

import pytest

from index import Change, Gatherer, GatheringRules, JobState, Library, Problem, UnknownJobError
from tests.behaviour.gathering.conftest import ended, feed_of
from tests.support.documents import lines, page, zip_of
from tests.support.web import Request, Web, reply


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
