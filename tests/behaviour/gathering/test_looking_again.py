"""Pages that are looked at again: changed, gone and back."""

import asyncio

from index import Change, Gatherer, JobKind, JobState, Library, Problem
from tests.behaviour.gathering.conftest import Clock, ended
from tests.support.documents import lines, page
from tests.support.web import Web, reply


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


async def test_pages_are_looked_at_again_at_once(web: Web, timed: Gatherer, clock: Clock) -> None:
    web.routes["/a"] = reply(page(lines("bridge")))
    await timed.add_links([web.url("/a")], "docs")
    web.routes["/a"] = reply(page(lines("new bridge")))
    clock.pass_(hours=1)

    job = await timed.refresh_now("docs")

    assert job.state is JobState.DONE
    assert [one.change for one in job.additions] == [Change.REVISED]
