"""The gatherer: the only class of this package that `bot/` calls."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict, Unpack

from index.gathering.adding import Adder, distinct
from index.gathering.checking import Checker
from index.gathering.feeds import FeedTable
from index.gathering.jobs import Jobs
from index.gathering.lines import SiteLines
from index.gathering.models import Feed, Job, JobKind, JobState
from index.gathering.pages import PageTable, Refresher
from index.gathering.rules import GatheringRules
from index.gathering.running import Runner, run
from index.gathering.working import Foreman, Listener, all_of, counted_pages
from index.ingestion.addresses import same_page, shown
from index.ingestion.extracting.entries import FeedKind
from index.ingestion.feeds import Feeds
from index.ingestion.fetching import Fetcher
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.reading import Reader
from index.ingestion.requesting import NotModified
from index.ingestion.worker import Workers
from index.library import Library
from index.models import SHARED_COLLECTION, Addition, Progress

SHORTEST_INTERVAL_MIN = 15
"""Minutes between two checks of one feed, at least: more often is not polite."""

LONGEST_INTERVAL_MIN = 7 * 24 * 60
MOST_ENTRIES_A_CHECK = 100
LONGEST_REFRESH_H = 24 * 366

_MOST_OPEN = 10_000
_FOLLOWED_EVERY_S = 0.5


def _silent(_done: int, _all: int) -> None:
    pass


def _now() -> datetime:
    return datetime.now(UTC)


class FeedChanges(TypedDict, total=False):
    """What can be changed of a feed."""

    title: str
    path_filter: str | None
    interval_min: int
    most: int
    language: str | None
    channel: str | None
    threads: bool
    enabled: bool


class Gatherer:
    """Adds articles from anywhere to a library that belongs to somebody else.

    Nothing is connected and no process is started before it is needed. Every method may be called concurrently.
    """

    def __init__(
        self,
        library: Library,
        rules: GatheringRules,
        reading: tuple[Fetcher, Workers],
        jobs: Jobs,
        tables: tuple[FeedTable, PageTable, SiteLines],
        stack: AsyncExitStack,
    ) -> None:
        fetcher, workers = reading
        reader = Reader(fetcher, workers)
        self._rules = rules
        self._stack = stack
        self._jobs = jobs
        self._feed_table, self._pages, self._lines = tables
        self._feeds = Feeds(fetcher, workers)
        self._adder = Adder(library, reader, self._lines)
        self._foreman = Foreman(
            jobs,
            self._feed_table,
            self._pages,
            self._adder,
            Checker(jobs, self._feed_table, self._feeds, reader, self._adder),
            Refresher(library, self._pages, reader, self._adder),
            pages_at_once=rules.pages_at_once,
        )
        self._runner = Runner(
            jobs,
            self._foreman.work,
            self._foreman.schedule,
            at_once=rules.jobs_at_once,
            slice_s=rules.slice_s,
            poll_s=rules.poll_s,
        )

    @classmethod
    async def open(
        cls, library: Library, rules: GatheringRules | None = None, *, clock: Callable[[], datetime] = _now
    ) -> Self:
        """Prepare everything; `close` it before the library.

        Args:
            clock: Gives the time, aware, by which feeds and pages are due.

        Raises:
            StoreError: The database cannot be used.
            ValueError: An allowed host of the rules is malformed.
        """
        rules = rules if rules is not None else GatheringRules()
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(await library.database())
            fetcher = await stack.enter_async_context(Fetcher(rules.fetching))
            workers = await stack.enter_async_context(Workers(rules.reading))
            tables = (FeedTable(database, clock), PageTable(database, clock), SiteLines(database, clock))
            return cls(library, rules, (fetcher, workers), Jobs(database, clock), tables, stack.pop_all())

    async def start(self) -> None:
        """Begin to run jobs, to check feeds and to look at pages again when they are due.

        Jobs that another process left behind are taken up: only one process of an installation may do this.
        """
        await self._pages.sweep()
        await self._lines.sweep()
        await self._feed_table.sweep()
        await self._runner.start()

    async def close(self) -> None:
        """End what runs; jobs that have not ended wait for the next start."""
        try:
            await self._runner.close()
        finally:
            await self._stack.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def on_news(self, listener: Listener) -> None:
        """Call a listener when a check has brought articles, or has switched a feed off.

        The first check of a feed, which brings what was there already, is no news.
        """
        self._foreman.listeners.append(listener)

    # ---- in the foreground

    async def add_links(
        self,
        addresses: Sequence[str],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = _silent,
    ) -> list[Addition]:
        """Fetch addresses and add their articles.

        Returns:
            At least one outcome for each address, in order; an address that stands there twice is fetched once.
        """
        slots = asyncio.Semaphore(self._rules.pages_at_once)
        found: dict[str, Sequence[Addition]] = {}
        wanted = distinct(addresses)

        async def add(address: str) -> None:
            async with slots:
                added = await self._foreman.add_link(address, collection, added_by)
            found[same_page(address)] = added
            progress(len(found), len(wanted))

        await all_of(map(add, wanted))
        return [outcome for address in addresses for outcome in found[same_page(address)]]

    async def add_paths(
        self,
        paths: Sequence[Path],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = _silent,
    ) -> list[Addition]:
        """Add files of any size and kind, and all readable files of folders, in order.

        Returns:
            At least one outcome for each file. A file without a source of its own is known by its path from the
            current folder, or from the folder above the one that was named.
        """
        return await self._adder.paths(paths, collection, added_by, progress)

    async def add_uploads(
        self,
        files: Sequence[tuple[str, bytes]],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = _silent,
    ) -> list[Addition]:
        """Add files that were sent as name and content; at least one outcome for each, in order."""
        outcomes: list[Addition] = []
        for done, (name, content) in enumerate(files, 1):
            outcomes += await self._adder.upload(name, content, collection, added_by)
            progress(done, len(files))
        return outcomes

    # ---- jobs

    async def submit_links(
        self, addresses: Sequence[str], collection: str = SHARED_COLLECTION, asked_by: str | None = None
    ) -> Job:
        """Have addresses fetched by whoever runs the jobs; they are on disk when this returns."""
        wanted = distinct(addresses)
        what = shown(wanted[0]) if len(wanted) == 1 else f"{len(wanted):,} addresses"
        return await self._submit(JobKind.LINKS, collection, what, wanted, asked_by, total=len(wanted))

    async def submit_uploads(
        self, files: Sequence[tuple[str, bytes]], collection: str = SHARED_COLLECTION, asked_by: str | None = None
    ) -> Job:
        """Have files read by whoever runs the jobs; they are on disk when this returns."""
        what = files[0][0] if len(files) == 1 else f"{len(files):,} files"
        return await self._submit(JobKind.FILES, collection, what, (), asked_by, total=len(files), files=files)

    async def _submit(
        self,
        kind: JobKind,
        collection: str,
        what: str,
        payload: Sequence[str],
        asked_by: str | None,
        *,
        total: int,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Job:
        job = await self._jobs.submit(kind, collection, what, payload, asked_by, total=total, files=files)
        self._runner.wake()
        return job

    async def jobs(
        self, scope: Collection[str] | None = None, most: int = 20, *, active_only: bool = False
    ) -> list[Job]:
        """Jobs of some collections, or all, newest first; ended ones are forgotten after a week."""
        return await self._jobs.listed(scope, most, active_only=active_only)

    async def job(self, job_id: str, scope: Collection[str] | None = None) -> Job:
        """One job.

        Raises:
            UnknownJobError: No job of the scope has this id.
        """
        return await self._jobs.job(job_id, scope)

    async def count_jobs(self) -> dict[JobState, int]:
        """How many jobs are in each state; states that no job is in are left out."""
        return await self._jobs.count()

    async def cancel(self, job_id: str, scope: Collection[str] | None = None) -> Job:
        """End a job; what it has added stays. One that has ended is left as it is.

        Raises:
            UnknownJobError: No job of the scope has this id.
        """
        await self._jobs.job(job_id, scope)
        await self._jobs.cancel(job_id)
        self._runner.stop((await self._jobs.running(job_id)).number)
        return await self._jobs.job(job_id, scope)

    async def follow(self, job_id: str, scope: Collection[str] | None = None) -> AsyncIterator[Job]:
        """Tell of a job now, each time it has changed, twice a second at most, and when it has ended.

        Raises:
            UnknownJobError: No job of the scope has this id.
        """
        last: Job | None = None
        while last is None or not last.state.has_ended:
            job = await self._jobs.job(job_id, scope)
            if job != last:
                yield job
            last = job
            if not job.state.has_ended:
                await asyncio.sleep(_FOLLOWED_EVERY_S)

    # ---- feeds

    async def add_feed(
        self,
        address: str,
        collection: str = SHARED_COLLECTION,
        *,
        path_filter: str | None = None,
        interval_min: int = 60,
        most: int = 20,
        language: str | None = None,
        channel: str | None = None,
        threads: bool = False,
        added_by: str | None = None,
    ) -> Feed:
        """Follow a feed, a sitemap, or the feed that a page names; it is looked at first, and its articles come soon.

        Args:
            path_filter: Only entries whose path begins so; `*` stands for any letters.
            interval_min: 15 minutes to a week; what is outside is brought inside.
            most: 1..100, likewise.

        Raises:
            UnusableSourceError: There is no feed, or it cannot be had.
            DuplicateFeedError: The collection has it already.
        """
        found = await self._feeds.check(address.strip(), path_filter=path_filter or None, most=1)
        if isinstance(found, NotModified):  # nothing was sent that it could compare with
            raise UnusableSourceError(address, Problem.BAD_ANSWER)
        now = self._jobs.now()
        feed = Feed(
            id="",
            collection=collection,
            address=found.address,
            kind="feed" if found.kind is FeedKind.FEED else "sitemap",
            title=found.title or shown(found.address),
            path_filter=path_filter or None,
            interval_min=_interval(interval_min),
            most=_most(most),
            language=language,
            channel=channel,
            threads=threads,
            added_by=added_by,
            added_at=now,
            checked_at=None,
            next_check_at=now,
            failures=0,
            failing_since=None,
            problem=None,
            problem_kind=None,
            enabled=True,
            articles=0,
        )
        added = await self._feed_table.add(feed)
        self._runner.wake()
        return added

    async def feeds(self, scope: Collection[str] | None = None) -> list[Feed]:
        """The feeds of some collections, or all, in the order in which they were added."""
        return await self._feed_table.listed(scope)

    async def feed(self, feed_id: str, scope: Collection[str] | None = None) -> Feed:
        """One feed.

        Raises:
            UnknownFeedError: No feed of the scope has this id.
        """
        return (await self._feed_table.get(feed_id, scope)).feed

    async def remove_feed(self, feed_id: str, scope: Collection[str] | None = None) -> Feed:
        """Follow a feed no longer; its articles stay.

        Raises:
            UnknownFeedError: No feed of the scope has this id.
        """
        followed = await self._feed_table.get(feed_id, scope)
        await self._feed_table.remove(followed)
        running = await self._jobs.has_open(JobKind.FEED, followed.feed.collection, [feed_id])
        if running is not None:
            await self.cancel(running.id)
        return followed.feed

    async def change_feed(
        self, feed_id: str, scope: Collection[str] | None = None, **changes: Unpack[FeedChanges]
    ) -> Feed:
        """Change what was chosen of a feed; `enabled=True` switches it on again, and it is checked soon.

        Raises:
            UnknownFeedError: No feed of the scope has this id.
        """
        followed = await self._feed_table.get(feed_id, scope)
        values: dict[str, object] = dict(changes)
        if "interval_min" in changes:
            values["interval_min"] = _interval(changes["interval_min"])
        if "most" in changes:
            values["most"] = _most(changes["most"])
        if "path_filter" in changes:
            # What did not pass before may pass now, though the feed is as it was.
            values |= {"path_filter": changes["path_filter"] or None, "etag": None, "last_modified": None}
        if changes.get("enabled") and not followed.feed.enabled:
            values |= {"failures": 0, "failing_since": None, "gone_since": None, "problem": None, "problem_kind": None}
            values["next_check_at"] = self._jobs.now()
        if values:
            await self._feed_table.change(followed.number, values)
        self._runner.wake()
        return await self.feed(feed_id, scope)

    async def check_feed(self, feed_id: str, scope: Collection[str] | None = None) -> Job:
        """Check a feed at once, in this process, and return the job when it has ended.

        Raises:
            UnknownFeedError: No feed of the scope has this id.
        """
        feed = await self.feed(feed_id, scope)
        return await self._run_now(JobKind.FEED, feed.collection, feed.title, [feed.id], total=0)

    async def submit_check(
        self, feed_id: str, scope: Collection[str] | None = None, asked_by: str | None = None
    ) -> Job:
        """Have a feed checked by whoever runs the jobs; a check that waits already is returned.

        Raises:
            UnknownFeedError: No feed of the scope has this id.
        """
        feed = await self.feed(feed_id, scope)
        waiting = await self._jobs.has_open(JobKind.FEED, feed.collection, [feed.id])
        if waiting is not None:
            return waiting
        return await self._submit(JobKind.FEED, feed.collection, feed.title, [feed.id], asked_by, total=0)

    # ---- pages

    async def refresh_every(self, collection: str) -> int | None:
        """Hours after which the pages of a collection are looked at again by themselves; None: not at all."""
        return await self._pages.every(collection)

    async def set_refresh(self, collection: str, hours: int | None) -> None:
        """Choose these hours, 1..8,784; what is outside is brought inside. None switches it off."""
        await self._pages.set_every(collection, None if hours is None else min(max(hours, 1), LONGEST_REFRESH_H))

    async def refresh(self, collection: str, asked_by: str | None = None) -> Job:
        """Have all pages of a collection that were added by link looked at; a look that waits already is returned."""
        job = await self._foreman.refresh(collection, asked_by)
        self._runner.wake()
        return job

    async def refresh_now(self, collection: str) -> Job:
        """Look at all these pages at once, in this process, and return the job when it has ended."""
        total = await self._pages.count(collection, self._jobs.now())
        return await self._run_now(JobKind.REFRESH, collection, counted_pages(total), [], total=total)

    async def _run_now(self, kind: JobKind, collection: str, what: str, payload: Sequence[str], *, total: int) -> Job:
        job = await self._jobs.submit(kind, collection, what, payload, None, total=total, running=True)
        await run(self._jobs, await self._jobs.running(job.id), self._foreman.work, _never)
        return await self._jobs.job(job.id, None)

    # ---- forgetting

    async def forget_person(self, person: str) -> None:
        """Forget who asked for jobs and added feeds."""
        await self._jobs.forget_person(person)
        await self._feed_table.forget_person(person)

    async def forget_collection(self, collection: str) -> None:
        """Remove the feeds and jobs of a collection, and look at its pages no more; its articles stay."""
        await self.set_refresh(collection, None)
        for feed in await self.feeds([collection]):
            await self.remove_feed(feed.id, [collection])
        for job in await self._jobs.listed([collection], _MOST_OPEN, active_only=True):
            await self.cancel(job.id, [collection])
        await self._jobs.forget(collection)


async def _never() -> bool:
    return False


def _interval(minutes: int) -> int:
    return min(max(minutes, SHORTEST_INTERVAL_MIN), LONGEST_INTERVAL_MIN)


def _most(entries: int) -> int:
    return min(max(entries, 1), MOST_ENTRIES_A_CHECK)
