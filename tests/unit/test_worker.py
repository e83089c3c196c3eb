import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from index.ingestion.extracting.entries import FeedEntry, FeedKind, ParsedFeed
from index.ingestion.extracting.sources import Limits, MemberBegun
from index.ingestion.files import FileArticle
from index.ingestion.messages import (
    Done,
    MessageError,
    Reply,
    Request,
    Task,
    read_reply,
    read_request,
    write_reply,
    write_request,
)
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.worker import Bytes, WorkerRules, Workers
from tests.support.documents import page, zip_of

PAGE = page(
    [f"{n}. The new bridge over the Elbe opened to traffic in May 2019, after nine years." for n in range(8)]
).encode()


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with Workers(WorkerRules(processes=1, cpu_s=5, wall_s=8.0)) as workers:
        yield workers


async def read(workers: Workers, name: str, content: bytes | Path) -> list[FileArticle | UnusableSourceError]:
    async with aclosing(workers.articles(Bytes(name, content))) as found:
        return [item async for item in found]


def pid_of(workers: Workers) -> int:
    return workers._idle[0]._process.pid


async def test_one_process_reads_file_after_file(workers: Workers) -> None:
    await read(workers, "a.html", PAGE)
    first = pid_of(workers)

    (found,) = await read(workers, "b.html", PAGE)

    assert isinstance(found, FileArticle)
    assert found.source == "b.html"
    assert pid_of(workers) == first


async def test_a_file_is_read_from_its_path(workers: Workers, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(PAGE)

    (found,) = await read(workers, "a.html", tmp_path / "a.html")
    (missing,) = await read(workers, "b.html", tmp_path / "b.html")

    assert isinstance(found, FileArticle)
    assert isinstance(missing, UnusableSourceError)


async def test_a_process_that_dies_is_replaced(workers: Workers) -> None:
    await read(workers, "a.html", PAGE)
    os.kill(pid_of(workers), signal.SIGSEGV)

    (lost,) = await read(workers, "b.html", PAGE)
    (found,) = await read(workers, "c.html", PAGE)

    assert isinstance(lost, UnusableSourceError)
    assert (lost.path, lost.problem) == ("b.html", Problem.CRASHED)
    assert isinstance(found, FileArticle)


async def test_a_process_that_stands_still_is_ended(workers: Workers) -> None:
    await read(workers, "a.html", PAGE)
    pid = pid_of(workers)
    os.kill(pid, signal.SIGSTOP)
    workers._idle[0]._wall_s = 0.3

    (lost,) = await read(workers, "b.html", PAGE)
    await workers.close()

    assert isinstance(lost, UnusableSourceError)
    assert lost.problem is Problem.TOO_SLOW
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_whoever_leaves_early_leaves_no_process_behind(workers: Workers) -> None:
    content = zip_of({f"{n}.txt": f"note {n}" for n in range(500)})

    async with aclosing(workers.articles(Bytes("a.zip", content))) as found:
        async for _ in found:
            break
    (after,) = await read(workers, "b.html", PAGE)

    assert isinstance(after, FileArticle)


async def test_whoever_is_cancelled_leaves_no_process_behind(workers: Workers) -> None:
    task = asyncio.create_task(read(workers, "a.html", PAGE))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    (after,) = await read(workers, "b.html", PAGE)

    assert isinstance(after, FileArticle)


async def test_a_process_is_replaced_after_so_many_files() -> None:
    async with Workers(WorkerRules(processes=1, requests=2)) as workers:
        await read(workers, "a.txt", b"x")
        first = pid_of(workers)
        await read(workers, "b.txt", b"x")
        assert workers._idle == []
        await read(workers, "c.txt", b"x")
        assert pid_of(workers) != first


async def test_a_process_without_work_is_ended() -> None:
    async with Workers(WorkerRules(processes=1, idle_s=0.05)) as workers:
        await read(workers, "a.txt", b"x")
        pid = pid_of(workers)
        await asyncio.sleep(0.5)
        assert workers._idle == []
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_the_reading_process_knows_nothing_of_the_environment(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")

    await read(workers, "a.txt", b"x")

    assert b"secret" not in Path(f"/proc/{pid_of(workers)}/environ").read_bytes()


async def test_the_event_loop_is_free_while_files_are_read(workers: Workers) -> None:
    await read(workers, "a.html", PAGE)
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - began - 0.005)

    watching = asyncio.create_task(watch())
    await read(workers, "a.zip", zip_of({f"{n}.html": PAGE for n in range(100)}))
    watching.cancel()

    assert longest < 0.25  # other processes want the processors too


REPLIES: list[Reply] = [
    FileArticle("T", "s", None, datetime(2020, 2, 3, tzinfo=UTC), "en", "Text \U0001f309"),
    FileArticle("T", "s", "A", None, None, "T\nText", is_title_in_text=True),
    ParsedFeed(FeedKind.SITEMAP, "T", (FeedEntry("k", None, "t", datetime(2020, 2, 3, tzinfo=UTC)),), 7, 60),
    MemberBegun(3, "a.zip/b"),
    Done(),
]


@pytest.mark.parametrize("reply", REPLIES)
def test_a_reply_arrives_as_it_was_sent(reply: Reply) -> None:
    assert read_reply(write_reply(reply)) == reply


def test_a_problem_arrives_as_it_was_sent() -> None:
    sent = UnusableSourceError("a.pdf", Problem.TOO_LARGE, "301 pages")

    arrived = read_reply(write_reply(sent))

    assert isinstance(arrived, UnusableSourceError)
    assert (arrived.path, arrived.problem, arrived.detail) == (sent.path, sent.problem, sent.detail)


def test_a_request_arrives_as_it_was_sent() -> None:
    request = Request(Task.FEED, "n", Path("/a"), None, "text/html", "utf-8", Limits(pdf_pages=3), 5, 9)

    assert read_request(write_request(request)) == request


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"reply": "article"}',
        b'{"reply": "article", "title": 1, "source": "", "author": null, "published_at": null, "language": null}',
        b'{"reply": "problem", "source": "", "problem": "unheard-of", "detail": ""}',
        b'{"reply": "feed", "kind": "feed", "title": "", "entries": [[1]], "total": 1, "interval_min": null}',
        b'{"reply": "launch"}',
        b"[" * 100_000,
    ],
)
def test_what_a_broken_worker_says_is_no_reply(content: bytes) -> None:
    with pytest.raises(MessageError):
        read_reply(content)


def test_every_problem_says_what_was_wrong_and_what_to_do() -> None:
    for problem in Problem:
        assert problem.sentence
        assert problem.advice
        assert not f"{problem.sentence}{problem.advice}".endswith(".")
    assert asdict(Limits())
