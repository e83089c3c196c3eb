"""A process that runs jobs is killed again and again; nothing may be lost, and nothing be there twice."""

import asyncio
import random
import sqlite3
import sys
from pathlib import Path

import pytest

from index import Change, Gatherer, GatheringRules, JobState, Library
from tests.support.documents import page
from tests.support.web import Request, reply, served

KILLS = 7
PAGES = 60
FILES = 300

RUN = """
import asyncio, sys
from index import Gatherer, GatheringRules, Library

async def main():
    async with await Library.open(sys.argv[1]) as library:
        rules = GatheringRules(allowed_hosts=(sys.argv[2],), pause_s=0.0, poll_s=0.05, pages_at_once=2)
        async with await Gatherer.open(library, rules) as gatherer:
            await gatherer.start()
            print("started", flush=True)
            await asyncio.sleep(60)

asyncio.run(main())
"""


def body(number: int) -> bytes:
    lines = [f"{n}. Bridge {number} of Karrow was opened in May {1900 + number}, after {n} years." for n in range(8)]
    return reply(page(lines))


@pytest.mark.slow
async def test_jobs_of_a_killed_process_are_done_in_the_end_and_once(tmp_path: Path) -> None:
    chance = random.Random(2026)
    address = f"sqlite+aiosqlite:///{tmp_path / 'footnote.db'}"
    steps: set[int] = set()
    async with served() as web:

        async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.02)
            writer.write(body(int(request.path[1:])))

        web.routes["*"] = answer
        host = f"127.0.0.1:{web.port}"
        rules = GatheringRules(allowed_hosts=(host,), pause_s=0.0, poll_s=0.05)
        async with await Library.open(address) as library, await Gatherer.open(library, rules) as gatherer:
            links = await gatherer.submit_links([web.url(f"/{n}") for n in range(PAGES)], "docs")
            notes = [(f"{n}.md", f"# Note {n}\n\nThe tram number {n} runs since 1901.".encode()) for n in range(FILES)]
            files = await gatherer.submit_uploads(notes, "docs")

            async def done() -> int:
                return (await gatherer.job(files.id)).done + (await gatherer.job(links.id)).done

            for attempt in range(KILLS):
                before = await done()
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-c", RUN, address, host, stdout=asyncio.subprocess.PIPE
                )
                assert process.stdout is not None
                assert await process.stdout.readline() == b"started\n"
                async with asyncio.timeout(30):
                    # Every third is killed at its start, the others at work.
                    while attempt % 3 and await done() == before:  # noqa: ASYNC110 - another process works
                        await asyncio.sleep(0.01)
                await asyncio.sleep(chance.uniform(0.0, 0.15))
                process.kill()
                await process.wait()
                steps.add(await done())

            await gatherer.start()
            async with asyncio.timeout(60):
                ended = [[step async for step in gatherer.follow(job.id)][-1] for job in (links, files)]
            found = await library.articles()

    assert [(job.state, job.done) for job in ended] == [(JobState.DONE, PAGES), (JobState.DONE, FILES)]
    # What was stored just before a kill and not yet told is told as unchanged afterwards; nothing has a problem.
    assert {one.change for job in ended for one in job.additions} <= {Change.ADDED, Change.UNCHANGED}
    sources = sorted(info.source for info in found)
    assert sources == sorted([web.url(f"/{n}") for n in range(PAGES)] + [f"{n}.md" for n in range(FILES)])
    connection = sqlite3.connect(tmp_path / "footnote.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("SELECT count(*) FROM job_files").fetchall() == [(0,)]
    connection.close()
    # Otherwise hardly anything was interrupted, and this has shown nothing.
    assert len(steps) > KILLS // 2
