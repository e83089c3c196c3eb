"""The gatherer: adds articles from links, files and feeds, now or as jobs, and keeps them fresh."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp.abc import AbstractResolver

from index.errors import LibraryError, UnknownFeedError
from index.gathering.feeding import FeedReader
from index.gathering.models import MOST_ADDITIONS, Feed, FeedNews, Job, JobKind, JobState
from index.gathering.records import Due, Records
from index.gathering.rules import GatheringRules
from index.gathering.taking import Pages, take
from index.ingestion.addresses import Judge, why_not_public
from index.ingestion.extracting.kinds import READABLE_SUFFIXES
from index.ingestion.feeds import Feeds
from index.ingestion.fetching import Fetcher
from index.ingestion.files import article_files
from index.ingestion.reading import Item, Reader
from index.ingestion.worker import Workers
from index.library import Library, Progress
from index.models import SHARED_COLLECTION, Addition, Change

log = logging.getLogger(__name__)

_T = TypeVar("_T")

_TAKEN_AT_ONCE = 64
"""Articles of files in one transaction."""

_FOLLOWED_S = 0.5
_RETRIED_S = 5.0

_FORGOTTEN = timedelta(hours=1)
"""Between two cleanings."""

Listener = Callable[[FeedNews], Awaitable[None]]


class _CancelledJobError(Exception):
    """Somebody has cancelled the job that runs."""


@dataclass(slots=True)
class _Work:
    """A running job: how far it is, and what became of what it worked on."""

    job: Job
    subject: str
    done: int
    total: int
    additions: list[Addition] = field(default_factory=list)


def _now() -> datetime:
    return datetime.now(UTC)


class Gatherer:
    """Adds articles to a library from everywhere. Open it with `async with await Gatherer.open(library)`.

    A scope is a collection of names of collections that may be seen; None for all. Every method may be called from the
    event loop of the library, and raises StoreError if the database fails. Nothing is fetched and no process is started
    before it is needed.
    """

    def __init__(
        self,
        library: Library,
        records: Records,
        fetcher: Fetcher,
        workers: Workers,
        rules: GatheringRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._library = library
        self._records = records
        self._fetcher = fetcher
        self._workers = workers
        self._rules = rules
        self._clock = clock
        self._reader = Reader(fetcher, workers)
        self._pages = Pages(library, records, self._reader)
        self._feeds = FeedReader(Feeds(fetcher, workers), self._pages, records, clock)
        self._listeners: list[Listener] = []
        self._running: dict[str, asyncio.Task[None]] = {}
        self._served: dict[str, int] = {}
        self._turn = 0
        self._loops: list[asyncio.Task[None]] = []
        self._is_wanted = asyncio.Event()

    @classmethod
    async def open(
        cls,
        library: Library,
        rules: GatheringRules | None = None,
        *,
        clock: Callable[[], datetime] = _now,
        resolver: AbstractResolver | None = None,
        judge: Judge = why_not_public,
    ) -> Self:
        """Open the gatherer of a library; whoever calls closes it before the library.

        Args:
            clock: Gives the moments that are kept, aware.
            resolver: Looks names up; None takes the system's.
            judge: Says which addresses are not public; only tests have a reason to give another.

        Raises:
            StoreError: The database cannot be used.
            ValueError: A host of the rules is none.
        """
        rules = rules if rules is not None else GatheringRules()
        fetcher = Fetcher(rules.fetching, resolver, judge)
        workers = Workers(rules.reading)
        records = await Records.open(library.address)
        return cls(library, records, fetcher, workers, rules, clock)

    async def close(self) -> None:
        """Stop; jobs that run wait for the next start."""
        for task in (*self._loops, *self._running.values()):
            task.cancel()
        await asyncio.gather(*self._loops, *self._running.values(), return_exceptions=True)
        await self._fetcher.close()
        await self._workers.close()
        await self._records.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ---- adding now

    async def add_links(
        self,
        addresses: Sequence[str],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> list[Addition]:
        """Fetch addresses and add what is there; at least one outcome for each, in order."""
        additions: list[Addition] = []
        for some in _batched(addresses, self._rules.pages_at_once):
            additions += await self._add_pages(some, collection, added_by)
            progress(len(additions), len(addresses))
        return additions

    async def _add_pages(self, addresses: Sequence[str], collection: str, added_by: str | None) -> list[Addition]:
        """Fetch several addresses at the same time; the outcomes are in their order."""
        now = self._clock()
        outcomes = await asyncio.gather(*(self._pages.add(address, collection, added_by, now) for address in addresses))
        return [addition for one in outcomes for addition in one]

    async def add_paths(
        self,
        paths: Iterable[Path],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> list[Addition]:
        """Add files, and all readable files of folders, of any size; see `Reader.paths`. No files give no outcome."""
        wanted = list(paths)
        total = len(await asyncio.to_thread(article_files, wanted, READABLE_SUFFIXES))
        additions: list[Addition] = []
        async for batch in _batches(self._reader.paths(wanted)):
            additions += await take(self._library, batch, collection, added_by)
            progress(len(additions), max(total, len(additions)))
        return additions

    async def add_uploads(
        self,
        files: Sequence[tuple[str, bytes]],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> list[Addition]:
        """Add files that came as name and content; at least one outcome for each, in order."""
        additions: list[Addition] = []
        for done, (name, content) in enumerate(files, 1):
            async for batch in _batches(self._reader.upload(name, content)):
                additions += await take(self._library, batch, collection, added_by)
            progress(done, len(files))
        return additions

    # ---- jobs

    async def submit_links(self, addresses: Sequence[str], collection: str, asked_by: str | None) -> Job:
        """Store a job that adds what is behind addresses."""
        what = addresses[0] if len(addresses) == 1 else f"{len(addresses)} addresses"
        return await self._submit(
            JobKind.LINKS, collection, what, json.dumps(list(addresses)), asked_by, len(addresses)
        )

    async def submit_uploads(self, files: Sequence[tuple[str, bytes]], collection: str, asked_by: str | None) -> Job:
        """Store a job that adds files; their content is kept until it is over."""
        what = files[0][0] if len(files) == 1 else f"{len(files)} files"
        return await self._submit(JobKind.FILES, collection, what, "", asked_by, len(files), files)

    async def jobs(self, scope: Collection[str] | None, most: int = 20, *, active_only: bool = False) -> list[Job]:
        """The jobs of a scope, newest first."""
        return await self._records.jobs(scope, most, active_only=active_only)

    async def job(self, job_id: str, scope: Collection[str] | None) -> Job:
        """A job.

        Raises:
            UnknownJobError: There is none in the scope.
        """
        return await self._records.job(job_id, scope)

    async def count_jobs(self) -> dict[JobState, int]:
        """How many jobs are in each state."""
        return await self._records.count_jobs()

    async def cancel(self, job_id: str, scope: Collection[str] | None) -> Job:
        """Cancel a job; what it has added stays. One that is over stays as it is.

        Raises:
            UnknownJobError: There is none in the scope.
        """
        await self._records.job(job_id, scope)
        await self._records.end(job_id, JobState.CANCELLED, self._clock())
        task = self._running.get(job_id)
        if task is not None:
            task.cancel()
        return await self._records.job(job_id, scope)

    async def follow(self, job_id: str, scope: Collection[str] | None) -> AsyncIterator[Job]:
        """The job as it is now, and again when it has changed, at most twice a second; ends after its end.

        Raises:
            UnknownJobError: There is none in the scope.
        """
        last: Job | None = None
        while True:
            job = await self._records.job(job_id, scope)
            if job != last:
                yield job
                last = job
            if job.state.has_ended:
                return
            await asyncio.sleep(_FOLLOWED_S)

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
        """Look for a feed at an address, and add it; its articles come with the first check.

        Raises:
            UnusableSourceError: There is no feed, or it cannot be had.
            DuplicateFeedError: The collection has it already.
        """
        found = await self._feeds.find(address, path_filter)
        now = self._clock()
        feed = await self._records.add_feed(
            {
                "collection": collection,
                "address": found.address,
                "kind": found.kind.value,
                "title": found.title or found.address,
                "path_filter": path_filter,
                "interval_min": interval_min,
                "most": most,
                "language": language,
                "channel": channel,
                "threads": threads,
                "added_by": added_by,
                "added_at": now,
                "next_check_at": now,
                "failures": 0,
                "enabled": True,
                "articles": 0,
            }
        )
        self._is_wanted.set()
        return feed

    async def feeds(self, scope: Collection[str] | None) -> list[Feed]:
        """The feeds of a scope, by title."""
        return await self._records.feeds(scope)

    async def feed(self, feed_id: str, scope: Collection[str] | None) -> Feed:
        """A feed.

        Raises:
            UnknownFeedError: There is none in the scope.
        """
        return await self._records.feed(feed_id, scope)

    async def remove_feed(self, feed_id: str, scope: Collection[str] | None) -> Feed:
        """Remove a feed; its articles stay.

        Raises:
            UnknownFeedError: There is none in the scope.
        """
        feed = await self._records.feed(feed_id, scope)
        await self._records.remove_feed(feed_id)
        return feed

    async def change_feed(self, feed_id: str, scope: Collection[str] | None, **fields: Any) -> Feed:
        """Change fields of a feed: path_filter, interval_min, most, language, channel, threads, enabled.

        Raises:
            UnknownFeedError: There is none in the scope.
            TypeError: A field cannot be changed.
        """
        unknown = fields.keys() - {
            "path_filter", "interval_min", "most", "language", "channel", "threads", "enabled", "problem"
        }  # fmt: skip
        if unknown:
            raise TypeError(f"{sorted(unknown)} of a feed cannot be changed")
        if fields.get("enabled"):
            fields |= {"failures": 0, "failing_since": None, "problem": None, "problem_kind": None}
            fields["next_check_at"] = self._clock()
        if "path_filter" in fields:
            # What did not pass before may pass now.
            fields |= {"etag": None, "last_modified": None}
        changed = await self._records.change_feed(feed_id, scope, fields)
        self._is_wanted.set()
        return changed

    async def check_feed(self, feed_id: str, scope: Collection[str] | None) -> Job:
        """Look at a feed now, and add what is new; returns when that is done.

        Raises:
            UnknownFeedError: There is none in the scope.
        """
        feed = await self._records.feed(feed_id, scope)
        return await self._run_now(JobKind.FEED, feed.collection, feed.title, feed.id)

    async def submit_check(self, feed_id: str, scope: Collection[str] | None, asked_by: str | None) -> Job:
        """Store a job that looks at a feed.

        Raises:
            UnknownFeedError: There is none in the scope.
        """
        feed = await self._records.feed(feed_id, scope)
        return await self._submit(JobKind.FEED, feed.collection, feed.title, feed.id, asked_by, 0)

    def on_news(self, listener: Listener) -> None:
        """Tell somebody when a look at a feed has brought articles, or a feed was switched off; the first look at a
        feed, which brings what is there already, is no news."""
        self._listeners.append(listener)

    # ---- refreshing

    async def refresh_every(self, collection: str) -> int | None:
        """After how many hours a collection's pages are looked at again; None for never."""
        return (await self._records.refresh_hours()).get(collection)

    async def set_refresh(self, collection: str, hours: int | None) -> None:
        """Set the hours, >= 1; None for never."""
        await self._records.set_refresh(collection, hours)
        self._is_wanted.set()

    async def refresh(self, collection: str, asked_by: str | None = None) -> Job:
        """Store a job that looks again at all pages of a collection."""
        return await self._submit(JobKind.REFRESH, collection, "pages", "all", asked_by, 0)

    async def refresh_now(self, collection: str) -> Job:
        """Look again at all pages of a collection; returns when that is done."""
        return await self._run_now(JobKind.REFRESH, collection, "pages", "all")

    # ---- forgetting

    async def forget_person(self, person: str) -> None:
        """Forget who asked for jobs and added feeds."""
        await self._records.forget_person(person)

    async def forget_collection(self, collection: str) -> None:
        """Remove the feeds, jobs and schedule of a collection; its articles stay."""
        for job in await self._records.jobs([collection], 1_000, active_only=True):
            await self.cancel(job.id, [collection])
        await self._records.forget_collection(collection)

    # ---- running

    def start(self) -> None:
        """Begin to run jobs, and to look at feeds and pages when their time has come. One process of a library does."""
        self._loops += [asyncio.create_task(self._run_jobs()), asyncio.create_task(self._keep_schedule())]

    async def _submit(
        self,
        kind: JobKind,
        collection: str,
        what: str,
        subject: str,
        asked_by: str | None,
        total: int,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Job:
        job = await self._records.add_job(kind, collection, what, subject, asked_by, total, self._clock(), files)
        self._is_wanted.set()
        return job

    async def _run_now(self, kind: JobKind, collection: str, what: str, subject: str) -> Job:
        job = await self._records.add_job(kind, collection, what, subject, None, 0, self._clock())
        # A running bot may have taken it already: then it is done there.
        if await self._records.begin(job.id, self._clock()):
            try:
                await self._work(Due(await self._records.job(job.id, None), subject))
            except asyncio.CancelledError:
                await self._records.end(job.id, JobState.CANCELLED, self._clock())
                raise
        return [stand async for stand in self.follow(job.id, None)][-1]

    async def _run_jobs(self) -> None:
        await self._retried(self._records.put_all_back)
        while True:
            self._is_wanted.clear()
            with contextlib.suppress(LibraryError):
                await self._start_waiting()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_wanted.wait(), self._rules.poll_s)

    async def _retried(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it until the database lets us: a locked one is free again some time."""
        while True:
            try:
                await work()
            except LibraryError as error:
                log.warning("jobs wait: %s", error)
                await asyncio.sleep(_RETRIED_S)
            else:
                return

    async def _start_waiting(self) -> None:
        """Start what may run: the collection that was served longest ago comes first."""
        while len(self._running) < self._rules.jobs_at_once:
            busy = [due for due in await self._records.waiting() if due.job.id not in self._running]
            busy.sort(key=lambda due: self._served.get(due.job.collection, 0))
            if not busy:
                return
            due = busy[0]
            self._turn += 1
            self._served[due.job.collection] = self._turn
            if await self._records.begin(due.job.id, self._clock()):
                self._running[due.job.id] = asyncio.create_task(self._work_and_leave(due))

    async def _work_and_leave(self, due: Due) -> None:
        try:
            await self._work(due)
        finally:
            self._running.pop(due.job.id, None)
            self._is_wanted.set()

    async def _work(self, due: Due) -> None:
        job = due.job
        work = _Work(job, due.subject, job.done, job.total, list(job.additions))
        try:
            await self._do(work)
            await self._save(work)
            await self._records.end(job.id, JobState.DONE, self._clock())
        except _CancelledJobError:
            pass
        except asyncio.CancelledError:
            # Either somebody cancelled it, and it is over, or we are closing, and it waits for the next start.
            await self._records.put_back(job.id)
            raise
        except LibraryError as error:
            log.info("job %s has failed: %s", job.id, error)
            await self._fail(job.id, str(error))
        except Exception as error:
            log.exception("job %s has failed", job.id)
            await self._fail(job.id, f"a bug, please report it: {type(error).__name__}")

    async def _fail(self, job_id: str, reason: str) -> None:
        with contextlib.suppress(LibraryError):
            await self._records.end(job_id, JobState.FAILED, self._clock(), reason)

    async def _do(self, work: _Work) -> None:
        match work.job.kind:
            case JobKind.LINKS:
                await self._do_links(work)
            case JobKind.FILES:
                await self._do_files(work)
            case JobKind.FEED:
                await self._do_feed(work)
            case JobKind.REFRESH:
                await self._do_refresh(work)

    async def _do_links(self, work: _Work) -> None:
        for some in _batched(json.loads(work.subject)[work.done :], self._rules.pages_at_once):
            await self._step(work, await self._add_pages(some, work.job.collection, work.job.asked_by), len(some))

    async def _do_files(self, work: _Work) -> None:
        while work.done < work.total:
            file = await self._records.file(work.job.id, work.done)
            additions: list[Addition] = []
            if file is not None:
                async for batch in _batches(self._reader.upload(*file)):
                    additions += await take(self._library, batch, work.job.collection, work.job.asked_by)
            await self._step(work, additions)

    async def _do_feed(self, work: _Work) -> None:
        try:
            feed = await self._records.feed(work.subject, None)
        except UnknownFeedError:
            return  # removed meanwhile

        async def step(additions: Sequence[Addition], total: int) -> None:
            work.total = total
            await self._step(work, additions)

        news = await self._feeds.check(feed, step)
        if news is not None:
            await self._announce(news)
        feed = await self._records.feed(feed.id, None)
        if feed.problem is not None:
            raise _FeedFailedError(feed.problem)

    async def _do_refresh(self, work: _Work) -> None:
        now = self._clock()
        hours = await self.refresh_every(work.job.collection)
        before = now if work.subject == "all" or hours is None else now - timedelta(hours=hours)
        due = await self._records.own_pages(work.job.collection, before)
        work.done, work.total = 0, len(due)
        for some in _batched([page.address for page in due], self._rules.pages_at_once):
            additions = await self._add_pages(some, work.job.collection, None)
            # What is as it was is counted, and not listed.
            news = [one for one in additions if one.change is not Change.UNCHANGED]
            await self._step(work, news, len(some))

    async def _step(self, work: _Work, additions: Sequence[Addition], steps: int = 1) -> None:
        work.done += steps
        work.additions += [_short(one) for one in additions]
        await self._save(work)

    async def _save(self, work: _Work) -> None:
        saved = work.additions[:MOST_ADDITIONS]
        if not await self._records.save_progress(work.job.id, work.done, max(work.total, work.done), saved):
            raise _CancelledJobError

    async def _announce(self, news: FeedNews) -> None:
        for listener in self._listeners:
            try:
                await listener(news)
            except Exception:
                # The articles are there, whoever was not told of them.
                log.exception("news of the feed %s could not be told", news.feed.id)

    async def _keep_schedule(self) -> None:
        cleaned: datetime | None = None
        while True:
            try:
                await self._submit_due()
                if cleaned is None or self._clock() - cleaned >= _FORGOTTEN:
                    cleaned = self._clock()
                    await self._records.forget_old_jobs(cleaned)
            except LibraryError as error:
                log.warning("what is due was not looked at: %s", error)
            await asyncio.sleep(self._rules.schedule_s)

    async def _submit_due(self) -> None:
        now = self._clock()
        for feed in await self._records.due_feeds(now):
            await self._submit(JobKind.FEED, feed.collection, feed.title, feed.id, None, 0)
        for collection, hours in (await self._records.refresh_hours()).items():
            due = await self._records.own_pages(collection, now - timedelta(hours=hours))
            if due and not await self._records.is_refreshing(collection):
                await self._submit(JobKind.REFRESH, collection, "pages", "due", None, len(due))


class _FeedFailedError(LibraryError):
    """A look at a feed has failed; the feed tells the reason."""


def _short(addition: Addition) -> Addition:
    """An outcome as it is kept: without the lines that were left out."""
    return replace(addition, left_out=())


def _batched(values: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """Cut a sequence into parts of `size`; the last one may be shorter."""
    return (values[first : first + size] for first in range(0, len(values), size))


async def _batches(items: "AsyncIterator[Item]") -> AsyncIterator[list[Item]]:
    """Up to `_TAKEN_AT_ONCE` items at once."""
    batch: list[Item] = []
    async with contextlib.aclosing(items) as each:  # type: ignore[type-var]
        async for item in each:
            batch.append(item)
            if len(batch) == _TAKEN_AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch
