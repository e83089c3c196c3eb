"""What jobs do, each by its kind, and which of them are due."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from index.gathering.adding import Adder
from index.gathering.checking import Checker
from index.gathering.feeds import FeedTable
from index.gathering.jobs import Jobs
from index.gathering.models import FeedNews, Job, JobKind
from index.gathering.pages import PageTable, Refresher
from index.gathering.running import Turn
from index.models import Addition

log = logging.getLogger(__name__)

_T = TypeVar("_T")

Listener = Callable[[FeedNews], Awaitable[None]]

_FORGOTTEN_EVERY = 500
"""Rounds of the schedule after which ended jobs are forgotten."""


class Foreman:
    """Does jobs, and submits those that are due, with tools that belong to somebody else.

    Attributes:
        listeners: Called when a check of a feed has brought news.
    """

    def __init__(
        self,
        jobs: Jobs,
        feeds: FeedTable,
        pages: PageTable,
        adder: Adder,
        checker: Checker,
        refresher: Refresher,
        *,
        pages_at_once: int,
    ) -> None:
        self.listeners: list[Listener] = []
        self._jobs = jobs
        self._feeds = feeds
        self._pages = pages
        self._adder = adder
        self._checker = checker
        self._refresher = refresher
        self._pages_at_once = pages_at_once
        self._rounds = 0

    async def work(self, turn: Turn) -> str | None:
        """Do a job, from where it is; see `Work`."""
        match turn.job.kind:
            case JobKind.LINKS:
                await self._links(turn)
            case JobKind.FILES:
                await self._files(turn)
            case JobKind.REFRESH:
                await self._refresher.refresh(turn)
            case JobKind.FEED:
                reason, news = await self._checker.check(turn)
                if news is not None:
                    await self._tell(news)
                return reason
        return None

    async def add_link(self, address: str, collection: str, added_by: str | None) -> Sequence[Addition]:
        """Fetch an address and add its articles; its page can be looked at again.

        Args:
            address: May stand in <>, as people write it where it is to show no preview.
        """
        address = address.strip().removeprefix("<").removesuffix(">")
        added = await self._adder.link(address, collection, added_by)
        await self._pages.remember(added, address)
        return added.outcomes

    async def _links(self, turn: Turn) -> None:
        job = turn.job
        for first in range(job.done, job.total, self._pages_at_once):
            some = job.payload[first : first + self._pages_at_once]
            outcomes = await all_of(self.add_link(address, job.collection, job.asked_by) for address in some)
            await turn.keep(first + len(some), [one for of_one in outcomes for one in of_one])
            await turn.pause()

    async def _files(self, turn: Turn) -> None:
        job = turn.job
        for place in range(job.done, job.total):
            name, content = await self._jobs.file(job.number, place)
            outcomes = await self._adder.upload(name, content, job.collection, job.asked_by)
            await turn.keep(place + 1, outcomes)
            await turn.pause()

    async def _tell(self, news: FeedNews) -> None:
        for listener in self.listeners:
            try:
                await listener(news)
            except Exception:
                log.exception("somebody could not be told of news of feed %s", news.feed.id)

    async def schedule(self) -> None:
        """Submit what is due."""
        if self._rounds % _FORGOTTEN_EVERY == 0:
            await self._jobs.forget()
        self._rounds += 1
        for feed_id, collection, title in await self._feeds.due():
            if await self._jobs.has_open(JobKind.FEED, collection, [feed_id]) is None:
                await self._jobs.submit(JobKind.FEED, collection, title, [feed_id], None, total=0)
            await self._feeds.postpone(feed_id)
        for collection in await self._pages.due():
            await self.refresh(collection, None)

    async def refresh(self, collection: str, asked_by: str | None) -> Job:
        """Submit a look at all pages of a collection, unless one waits already."""
        waiting = await self._jobs.has_open(JobKind.REFRESH, collection, [])
        if waiting is not None:
            return waiting
        total = await self._pages.count(collection, self._jobs.now())
        return await self._jobs.submit(JobKind.REFRESH, collection, counted_pages(total), [], asked_by, total=total)


async def all_of(work: Iterable[Coroutine[Any, Any, _T]]) -> list[_T]:
    """Do things at the same time, and return what came of them, in order; what the first one raises ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]


def counted_pages(number: int) -> str:
    """A number of pages in words."""
    return "1 page" if number == 1 else f"{number:,} pages"
