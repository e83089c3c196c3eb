"""Articles from links, files and feeds, over real sockets on loopback and with real worker processes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from index import Gatherer, GatheringRules, Job, Library
from tests.support.web import Web


@pytest_asyncio.fixture
async def library(address: str) -> AsyncIterator[Library]:
    async with await Library.open(address) as library:
        yield library


@pytest.fixture
def rules(web: Web) -> GatheringRules:
    return GatheringRules(allowed_hosts=(f"127.0.0.1:{web.port}",), pause_s=0.0, poll_s=0.05)


@pytest_asyncio.fixture
async def gatherer(library: Library, rules: GatheringRules) -> AsyncIterator[Gatherer]:
    async with await Gatherer.open(library, rules) as gatherer:
        yield gatherer


async def ended(gatherer: Gatherer, job: Job) -> Job:
    """The job after its end."""
    async with asyncio.timeout(30):
        return [step async for step in gatherer.follow(job.id)][-1]


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
