"""One look at a feed: what is new or has changed becomes articles."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from index.drafts import unused
from index.gathering.adding import Adder
from index.gathering.feeds import FeedTable, Followed, Seen
from index.gathering.jobs import Jobs
from index.gathering.models import FeedNews
from index.gathering.running import Turn
from index.ingestion.extracting.entries import FeedEntry, FeedKind
from index.ingestion.feeds import CheckedFeed, Feeds
from index.ingestion.files import FileArticle
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.reading import Item, Reader
from index.ingestion.requesting import NotModified
from index.models import Addition, Change

MOST_LISTED = 5_000
"""Entries of one feed that are looked at; a sitemap lists its newest ones first."""

_PASSING = frozenset(
    {
        Problem.UNKNOWN_HOST,
        Problem.UNREACHABLE,
        Problem.TIMED_OUT,
        Problem.TRY_LATER,
        Problem.HTTP_STATUS,
        Problem.BAD_ANSWER,
        Problem.TOO_SLOW,
        Problem.CRASHED,
    }
)
"""Problems of a page that may be others tomorrow."""

_MOST_TRIES = 3


class Checker:
    """Checks feeds with tools that belong to somebody else."""

    def __init__(self, jobs: Jobs, table: FeedTable, feeds: Feeds, reader: Reader, adder: Adder) -> None:
        self._jobs = jobs
        self._table = table
        self._feeds = feeds
        self._reader = reader
        self._adder = adder

    async def check(self, turn: Turn) -> tuple[str | None, FeedNews | None]:
        """Check the feed that a job names.

        Returns:
            Why it failed, or None; and what is to be told, if anything.

        Raises:
            UnknownFeedError: It was removed meanwhile.
        """
        followed = await self._table.get(turn.job.payload[0], None)
        feed = followed.feed
        try:
            found = await self._feeds.check(
                feed.address,
                etag=followed.etag,
                last_modified=followed.last_modified,
                path_filter=feed.path_filter,
                most=MOST_LISTED,
            )
        except UnusableSourceError as error:
            switched_off = await self._table.failed(followed, error)
            now = (await self._table.get(feed.id, None)).feed
            return error.reason, FeedNews(now, (), True) if switched_off else None
        if isinstance(found, NotModified):
            await self._table.succeeded(
                followed,
                etag=followed.etag,
                last_modified=followed.last_modified,
                fresh_for=timedelta(seconds=found.max_age_s or 0),
                moved_to=found.moved_to,
            )
            return None, None
        await self._take(turn, followed, found)
        now = (await self._table.get(feed.id, None)).feed
        # From what was kept: an earlier turn of this job, before a restart perhaps, has told nobody.
        kept = (await self._jobs.job(turn.job.id, None)).additions
        news = {one.article.id: one.article for one in kept if one.article is not None and _is_change(one)}
        # What was there when the feed was added is no news.
        is_first = feed.checked_at is None or (feed.failures > 0 and feed.articles == 0)
        return None, FeedNews(now, tuple(news.values()), False) if news and not is_first else None

    async def _take(self, turn: Turn, followed: Followed, found: CheckedFeed) -> None:
        number, feed = followed.number, followed.feed
        keys = [entry.key for entry in found.entries]
        seen = await self._table.seen(number, keys)
        fresh = [entry for entry in found.entries if _is_news(entry, seen.get(entry.key))]
        before_now = turn.job.done
        now_due = fresh[: max(feed.most - before_now, 0)]
        await self._table.still_there(number, [key for key in keys if key in seen])
        is_whole = len(now_due) == len(fresh)
        total = before_now + len(now_due)
        await turn.keep(before_now, total=total)
        for done, entry in enumerate(now_due, before_now + 1):
            outcomes, is_final = await self._entry(followed, found.kind, entry)
            before = seen.get(entry.key, Seen(None, 0))
            is_final = is_final or before.failures + 1 >= _MOST_TRIES
            is_whole = is_whole and is_final
            new = sum(one.change is Change.ADDED for one in outcomes)
            state = Seen(_fingerprint(entry), 0) if is_final else Seen(None, before.failures + 1)
            await turn.keep(done, outcomes)
            await self._table.see(number, entry.key, state, articles=new)
            await turn.pause()
        fresh_min = found.interval_min or 0
        await self._table.succeeded(
            followed,
            # While something is left to be fetched, the same answer is needed once more.
            etag=found.etag if is_whole else None,
            last_modified=found.last_modified if is_whole else None,
            fresh_for=max(timedelta(minutes=fresh_min), timedelta(seconds=found.max_age_s or 0))
            if is_whole
            else timedelta(0),
            moved_to=found.address if found.address != feed.address else None,
            title=found.title,
        )

    async def _entry(self, followed: Followed, kind: FeedKind, entry: FeedEntry) -> tuple[Sequence[Addition], bool]:
        """Fetch an entry's article; tell what came of it, and whether that is final."""
        feed = followed.feed
        source = entry.address or f"{feed.address}#{entry.key}"
        if await self._table.kept_out(followed, [source]):
            return [unused(UnusableSourceError(source, Problem.REMOVED))], True
        problem = UnusableSourceError(entry.title or entry.key, Problem.EMPTY)
        if entry.address is not None:
            try:
                page = await self._reader.page(entry.address, as_crawler=kind is not FeedKind.FEED)
                if not isinstance(page, NotModified):
                    items = await self._wanted(followed, page.items)
                    outcomes = await self._adder.items(items, feed.collection, feed.added_by, language=feed.language)
                    return outcomes, True
            except UnusableSourceError as error:
                problem = error
        if entry.content:
            try:
                own = await self._reader.entry(source, entry.title, entry.content)
            except UnusableSourceError:
                pass
            else:
                own = replace(own, title=entry.title or own.title, published_at=own.published_at or entry.changed_at)
                outcomes = await self._adder.items([own], feed.collection, feed.added_by, language=feed.language)
                return outcomes, True
        return [unused(problem)], problem.problem not in _PASSING

    async def _wanted(self, followed: Followed, items: Sequence[Item]) -> list[Item]:
        """What was read, without what somebody has removed: the source of a page may be another than its address."""
        sources = [item.source for item in items if isinstance(item, FileArticle)]
        gone = await self._table.kept_out(followed, sources)
        return [
            UnusableSourceError(item.source, Problem.REMOVED)
            if isinstance(item, FileArticle) and item.source in gone
            else item
            for item in items
        ]


def _is_news(entry: FeedEntry, seen: Seen | None) -> bool:
    return seen is None or seen.fingerprint != _fingerprint(entry)


def _is_change(outcome: Addition) -> bool:
    return outcome.change in {Change.ADDED, Change.REVISED}


def _fingerprint(entry: FeedEntry) -> str:
    """Of what an entry says: its date if it has one, for many feeds change the text of an entry with each answer."""
    told = f"{entry.address}\n{entry.title}\n"
    told += entry.content if entry.changed_at is None else entry.changed_at.isoformat()
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
