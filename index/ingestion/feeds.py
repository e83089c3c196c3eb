"""Looks at feeds and sitemaps: what they list now, and whether that is news. When to look, others decide."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from index.ingestion.extracting.entries import FeedEntry, FeedKind, ParsedFeed
from index.ingestion.fetching import Fetcher
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.requesting import Fetched, NotModified
from index.ingestion.worker import Bytes, Workers

MOST_ENTRIES = 200
"""Of one look, unless another number is asked for."""

_MOST_SITEMAPS = 50
_SITEMAP_DEPTH = 2


@dataclass(frozen=True, slots=True)
class CheckedFeed:
    """A feed as it is now.

    Attributes:
        address: To be asked next time: that of the feed if a page was given that names one, or where it moved for good.
        kind: FEED, or SITEMAP also for an index of sitemaps.
        title: Its own title, "" if it has none.
        entries: Those that pass the path filter, newest first if it is a sitemap, else in its own order.
        total: How many there are with those beyond the limit.
        etag: To be sent with the next look; None for an index of sitemaps, whose parts change by themselves.
        last_modified: The same.
        interval_min: How often it says it changes, in minutes, if it does.
        max_age_s: For how long the server calls the answer fresh, if it says so.
    """

    address: str
    kind: FeedKind
    title: str
    entries: tuple[FeedEntry, ...]
    total: int
    etag: str | None
    last_modified: str | None
    interval_min: int | None
    max_age_s: int | None


class Feeds:
    """Looks through a fetcher and workers that belong to somebody else."""

    def __init__(self, fetcher: Fetcher, workers: Workers) -> None:
        self._fetcher = fetcher
        self._workers = workers

    async def check(
        self,
        address: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        path_filter: str | None = None,
        most: int = MOST_ENTRIES,
    ) -> CheckedFeed | NotModified:
        """Fetch a feed, a sitemap, or a page that names a feed, and list its entries.

        Args:
            etag: What came with the last look; `NotModified` if nothing changed since.
            last_modified: The same.
            path_filter: Only entries whose path begins so; `*` stands for any letters: `/blog/`, `/*/news/`.
            most: Most entries.

        Raises:
            UnusableSourceError: There is no feed, or it cannot be had; GONE says that it will not come back.
        """
        fetched = await self._fetcher.fetch(address, etag=etag, last_modified=last_modified)
        if isinstance(fetched, NotModified):
            return fetched
        own_address = fetched.moved_to or address
        parsed = await self._parse(fetched, address)
        if parsed.kind is FeedKind.PAGE:
            own_address = _first_address(parsed, address)
            fetched = await self._fetch_new(own_address)
            own_address = fetched.moved_to or own_address
            parsed = await self._parse(fetched, own_address)
            if parsed.kind is not FeedKind.FEED:
                raise UnusableSourceError(address, Problem.NO_FEED)
        conditional = parsed.kind is not FeedKind.SITEMAP_INDEX
        if parsed.kind is not FeedKind.FEED:
            parsed = await self._whole_sitemap(parsed, fetched.address, path_filter, most)
        entries = _passing(parsed.entries, path_filter)
        return CheckedFeed(
            address=own_address,
            kind=parsed.kind,
            title=parsed.title,
            entries=entries[:most],
            total=len(entries) + parsed.total - len(parsed.entries),
            etag=fetched.etag if conditional else None,
            last_modified=fetched.last_modified if conditional else None,
            interval_min=parsed.interval_min,
            max_age_s=fetched.max_age_s,
        )

    async def _fetch_new(self, address: str, *, as_crawler: bool = False) -> Fetched:
        fetched = await self._fetcher.fetch(address, as_crawler=as_crawler)
        if isinstance(fetched, NotModified):  # nothing was sent that it could compare with
            raise UnusableSourceError(address, Problem.BAD_ANSWER)
        return fetched

    async def _parse(self, fetched: Fetched, name: str) -> ParsedFeed:
        given = Bytes(name, fetched.content, fetched.address, fetched.media_type, fetched.charset)
        return await self._workers.feed(given)

    async def _whole_sitemap(self, root: ParsedFeed, address: str, path_filter: str | None, most: int) -> ParsedFeed:
        """Follow an index to its sitemaps, newest first, until there are enough entries."""
        entries: dict[str, FeedEntry] = {}
        waiting = [(root, 0)]
        looked_at = 0
        while waiting:
            sitemap, depth = waiting.pop()
            own = _within(sitemap, address)
            if sitemap.kind is FeedKind.SITEMAP:
                entries |= {one.key: one for one in _passing(own, path_filter)}
                continue
            below: list[tuple[ParsedFeed, int]] = []
            for child in own if depth < _SITEMAP_DEPTH else []:
                if looked_at == _MOST_SITEMAPS or len(entries) >= most:
                    break
                looked_at += 1
                parsed = await self._sitemap(child.address or "")
                if parsed is None:
                    continue
                if parsed.kind is FeedKind.SITEMAP_INDEX:
                    below.append((parsed, depth + 1))
                else:
                    entries |= {one.key: one for one in _passing(_within(parsed, address), path_filter)}
            waiting += reversed(below)
        newest_first = sorted(
            entries.values(), key=lambda one: one.changed_at.timestamp() if one.changed_at else 0.0, reverse=True
        )
        return replace(root, kind=FeedKind.SITEMAP, entries=tuple(newest_first), total=len(newest_first))

    async def _sitemap(self, address: str) -> ParsedFeed | None:
        """One sitemap of an index; None if it cannot be had, so that the others still count."""
        try:
            parsed = await self._parse(await self._fetch_new(address, as_crawler=True), address)
        except UnusableSourceError:
            return None
        return parsed if parsed.kind in {FeedKind.SITEMAP, FeedKind.SITEMAP_INDEX} else None


def _first_address(page: ParsedFeed, address: str) -> str:
    found = next((entry.address for entry in page.entries if entry.address is not None), None)
    if found is None:
        raise UnusableSourceError(address, Problem.NO_FEED)
    return found


def _passing(entries: Iterable[FeedEntry], path_filter: str | None) -> tuple[FeedEntry, ...]:
    if path_filter is None:
        return tuple(entries)
    pattern = re.compile(".*".join(re.escape(part) for part in re.split(r"\*+", path_filter)))
    return tuple(one for one in entries if one.address is not None and pattern.match(urlsplit(one.address).path or "/"))


def _within(sitemap: ParsedFeed, address: str) -> list[FeedEntry]:
    """The entries of a sitemap's own host, or of one below it: it speaks for no other."""
    own = (urlsplit(address).hostname or "").removeprefix("www.")
    hosts = [((urlsplit(one.address or "").hostname or "").removeprefix("www."), one) for one in sitemap.entries]
    return [one for host, one in hosts if host == own or host.endswith(f".{own}")]
