"""Looks at one feed: what is new in it, and what to think of a feed that fails."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from index.gathering.models import Feed, FeedNews
from index.gathering.records import Records
from index.gathering.taking import Pages
from index.ingestion.extracting.entries import FeedEntry, FeedKind
from index.ingestion.feeds import MOST_ENTRIES, CheckedFeed, Feeds
from index.ingestion.fetching import NotModified
from index.ingestion.problems import Problem, UnusableSourceError
from index.models import Addition, ArticleInfo, Change

_PASSING = frozenset(
    {
        Problem.UNKNOWN_HOST,
        Problem.UNREACHABLE,
        Problem.TIMED_OUT,
        Problem.TRY_LATER,
        Problem.HTTP_STATUS,
        Problem.BAD_ANSWER,
        Problem.CRASHED,
    }
)
"""Problems of an article's page that may be over at the next look."""

_GONE = frozenset({Problem.GONE, Problem.MISSING})
_MOST_ATTEMPTS = 5
_LONGEST_PAUSE = timedelta(days=1)
_SWITCHED_OFF_AFTER = timedelta(days=7)

Step = Callable[[Sequence[Addition], int], Awaitable[None]]
"""Called after each entry with what became of it, and with how many entries there are in all."""


class FeedReader:
    """Looks through what belongs to somebody else."""

    def __init__(self, feeds: Feeds, pages: Pages, records: Records, clock: Callable[[], datetime]) -> None:
        self._feeds = feeds
        self._pages = pages
        self._records = records
        self._clock = clock

    async def find(self, address: str, path_filter: str | None) -> CheckedFeed:
        """The feed or sitemap at an address, or of a page that names one.

        Raises:
            UnusableSourceError: There is none, or it cannot be had.
        """
        found = await self._feeds.check(address, path_filter=path_filter, most=1)
        if isinstance(found, NotModified):
            raise UnusableSourceError(address, Problem.BAD_ANSWER)
        return found

    async def check(self, feed: Feed, step: Step) -> FeedNews | None:
        """Look at a feed and take what is new, at most `feed.most` entries; the next look takes the rest.

        What went wrong with the feed itself is kept in it.

        Returns:
            What is worth telling; None if nothing.
        """
        etag, last_modified = await self._records.validators(feed.id)
        try:
            checked = await self._feeds.check(
                feed.address,
                etag=etag,
                last_modified=last_modified,
                path_filter=feed.path_filter,
                most=max(MOST_ENTRIES, feed.most),
            )
        except UnusableSourceError as error:
            return await self._failed(feed, error)
        if isinstance(checked, NotModified):
            await self._succeeded(feed, {})
            return None
        seen = await self._records.entries(feed.id)
        new = [entry for entry in checked.entries if _is_new(entry, seen)]
        some = new[: feed.most]
        brought: list[ArticleInfo] = []
        for entry in some:
            additions = await self._take(feed, entry, seen.get(entry.key, (None, 0))[1], is_crawled=_is_map(checked))
            brought += [
                one.article
                for one in additions
                if one.article is not None and one.change in {Change.ADDED, Change.REVISED}
            ]
            await step(additions, len(some))
        # With the validators of a feed whose entries were not all dealt with, the rest would never be seen.
        is_complete = len(new) == len(some) and not any(
            attempts for _, attempts in (await self._records.entries(feed.id)).values()
        )
        await self._records.forget_entries(feed.id, {entry.key for entry in checked.entries})
        changed = await self._succeeded(
            feed,
            {
                "address": checked.address,
                "title": checked.title or feed.title,
                "articles": feed.articles + len(brought),
                "etag": checked.etag if is_complete else None,
                "last_modified": checked.last_modified if is_complete else None,
            },
        )
        is_first = feed.checked_at is None
        return FeedNews(changed, tuple(brought)) if brought and not is_first else None

    async def _take(self, feed: Feed, entry: FeedEntry, attempts: int, *, is_crawled: bool) -> list[Addition]:
        now = self._clock()
        additions: list[Addition] = []
        if entry.address is not None:
            additions = await self._pages.add(
                entry.address, feed.collection, feed.added_by, now, language=feed.language, as_crawler=is_crawled
            )
        kinds = {one.problem_kind for one in additions}
        is_passing = bool(kinds & {problem.value for problem in _PASSING}) and attempts + 1 < _MOST_ATTEMPTS
        await self._records.save_entry(feed.id, entry.key, entry.changed_at, now, attempts + 1 if is_passing else 0)
        return additions

    async def _succeeded(self, feed: Feed, values: dict[str, object]) -> Feed:
        now = self._clock()
        healthy = {"failures": 0, "failing_since": None, "problem": None, "problem_kind": None}
        when = {"checked_at": now, "next_check_at": now + timedelta(minutes=feed.interval_min)}
        if values.get("address") not in {None, feed.address}:
            others = {one.address for one in await self._records.feeds([feed.collection])}
            if values["address"] in others:
                del values["address"]
        return await self._records.change_feed(feed.id, None, {**values, **healthy, **when})

    async def _failed(self, feed: Feed, error: UnusableSourceError) -> FeedNews | None:
        now = self._clock()
        since = feed.failing_since or now
        pause = min(timedelta(minutes=feed.interval_min) * 2 ** min(feed.failures, 20), _LONGEST_PAUSE)
        # An interval that is longer than a day stays as long.
        pause = max(pause, timedelta(minutes=feed.interval_min), timedelta(seconds=error.retry_after_s or 0))
        is_over = error.problem in _GONE and now - since >= _SWITCHED_OFF_AFTER
        changed = await self._records.change_feed(
            feed.id,
            None,
            {
                "checked_at": feed.checked_at,
                "next_check_at": now + pause,
                "failures": feed.failures + 1,
                "failing_since": since,
                "problem": error.reason,
                "problem_kind": error.problem.value,
                "enabled": not is_over,
            },
        )
        return FeedNews(changed, (), switched_off=True) if is_over else None


def _is_map(checked: CheckedFeed) -> bool:
    return checked.kind is not FeedKind.FEED


def _is_new(entry: FeedEntry, seen: dict[str, tuple[datetime | None, int]]) -> bool:
    """Whether it was not dealt with, or has changed since."""
    if entry.key not in seen:
        return True
    changed_at, attempts = seen[entry.key]
    if attempts:
        return True
    return entry.changed_at is not None and changed_at is not None and entry.changed_at > changed_at
