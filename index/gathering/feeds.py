"""Feeds as they are kept, and when each is due."""

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from index.errors import DuplicateFeedError, UnknownFeedError
from index.gathering.jobs import ID_LETTERS
from index.gathering.models import Feed
from index.ingestion.problems import Problem, UnusableSourceError
from index.store import Database
from index.store.chunks import chunks
from index.store.ids import free_ids, random_id
from index.store.listing import within
from index.store.tables import feed_entries, feeds, removals

_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=24)
_GONE_FOR = timedelta(days=7)
_JITTER = 0.1
_MOVES = 3
"""Checks in a row that have to find a feed moved before its new address is kept: some redirects are mistakes."""

_MOST_SEEN = 10_000
"""Entries of one feed that are remembered: more than `MOST_LISTED` of `index.gathering.checking`."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A feed with what only its checks need."""

    number: int
    feed: Feed
    gone_since: datetime | None
    etag: str | None
    last_modified: str | None
    moved_to: str | None
    moves: int


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry that was seen; `fingerprint` None while its article could not be had."""

    fingerprint: str | None
    failures: int


class FeedTable:
    """The feeds of a database that belongs to somebody else."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], chance: Callable[[], float] = random.random
    ) -> None:
        """
        Args:
            chance: Gives 0..1, so that feeds that were added together are not checked together for ever.
        """
        self._database = database
        self._clock = clock
        self._chance = chance

    async def add(self, feed: Feed) -> Feed:
        """Keep a new feed; its id is given.

        Raises:
            DuplicateFeedError: The collection has it already.
        """

        def write(connection: Connection) -> str:
            same = (feeds.c.collection == feed.collection) & (feeds.c.address == feed.address)
            there = connection.execute(select(feeds.c.id).where(same)).scalar()
            if there is not None:
                raise DuplicateFeedError(feed.address, there)
            [feed_id] = free_ids(connection, feeds.c.id, 1, partial(random_id, ID_LETTERS))
            values = {column.name: getattr(feed, column.name) for column in _COLUMNS} | {"id": feed_id, "moves": 0}
            connection.execute(insert(feeds).values(**values))
            return feed_id

        return (await self.get(await self._database.write(write), None)).feed

    async def listed(self, scope: Collection[str] | None) -> list[Feed]:
        """The feeds of some collections, in the order in which they were added."""
        statement = select(feeds.c.number, *_COLUMNS).where(within(feeds, scope))
        rows = await self._database.read(statement.order_by(feeds.c.number))
        return [Feed(*row[1:]) for row in rows]

    async def get(self, feed_id: str, scope: Collection[str] | None) -> Followed:
        """One feed.

        Raises:
            UnknownFeedError: No feed of the scope has this id.
        """
        statement = select(feeds.c.number, *_COLUMNS, *_OWN).where(feeds.c.id == feed_id, within(feeds, scope))
        rows = await self._database.read(statement)
        if not rows:
            raise UnknownFeedError(feed_id)
        number, *values = rows[0]
        own = len(_OWN)
        return Followed(number, Feed(*values[:-own]), *values[-own:])

    async def remove(self, followed: Followed) -> None:
        """Forget a feed with the entries that were seen; its articles stay."""

        def write(connection: Connection) -> None:
            connection.execute(delete(feed_entries).where(feed_entries.c.feed == followed.number))
            connection.execute(delete(feeds).where(feeds.c.number == followed.number))
            connection.execute(_FORGET_REMOVALS)

        await self._database.write(write)

    async def forget_person(self, person: str) -> None:
        """Forget that somebody added feeds."""
        await self._database.execute(update(feeds).where(feeds.c.added_by == person).values(added_by=None))

    async def change(self, number: int, values: Mapping[str, Any]) -> None:
        """Set columns of a feed."""
        statement = update(feeds).where(feeds.c.number == number).values(**values)
        await self._database.execute(statement)

    async def due(self) -> Sequence[tuple[str, str, str]]:
        """The feeds that are to be checked now: id, collection and title."""
        wanted = feeds.c.enabled & (feeds.c.next_check_at <= self._clock())
        columns = (feeds.c.id, feeds.c.collection, feeds.c.title)
        rows = await self._database.read(select(*columns).where(wanted).order_by(feeds.c.next_check_at).limit(100))
        return [(feed_id, collection, title) for feed_id, collection, title in rows]

    async def postpone(self, feed_id: str) -> None:
        """A check of a feed has been submitted: it tells when the next one is due,
        and if it cannot, the feed is due after the longest wait."""
        statement = update(feeds).where(feeds.c.id == feed_id).values(next_check_at=self._clock() + _LONGEST_WAIT)
        await self._database.execute(statement)

    # ---- what came of a check

    async def succeeded(
        self,
        followed: Followed,
        *,
        etag: str | None,
        last_modified: str | None,
        fresh_for: timedelta,
        moved_to: str | None,
        title: str = "",
    ) -> None:
        """A check went well; `fresh_for` is how long the server says that nothing will be new."""
        now = self._clock()
        pause = max(timedelta(minutes=followed.feed.interval_min), min(fresh_for, _LONGEST_WAIT))
        values: dict[str, Any] = {
            "checked_at": now,
            "next_check_at": now + pause * (1 + _JITTER * (2 * self._chance() - 1)),
            "failures": 0,
            "failing_since": None,
            "gone_since": None,
            "problem": None,
            "problem_kind": None,
            "etag": etag,
            "last_modified": last_modified,
            "moved_to": moved_to,
            "moves": 0 if moved_to is None else followed.moves + 1 if moved_to == followed.moved_to else 1,
        }
        if title and not followed.feed.title:
            values["title"] = title

        def write(connection: Connection) -> None:
            if moved_to is not None and values["moves"] >= _MOVES:
                values.update(moved_to=None, moves=0)
                same = (feeds.c.collection == followed.feed.collection) & (feeds.c.address == moved_to)
                if connection.execute(select(feeds.c.id).where(same)).first() is None:
                    values["address"] = moved_to
            connection.execute(update(feeds).where(feeds.c.number == followed.number).values(**values))

        await self._database.write(write)

    async def failed(self, followed: Followed, error: UnusableSourceError) -> bool:
        """A check failed: the next one waits for longer.

        Returns:
            Whether the feed was switched off now, for being gone for a week.
        """
        now = self._clock()
        feed = followed.feed
        is_gone = error.problem in {Problem.GONE, Problem.MISSING}
        gone_since = (followed.gone_since or now) if is_gone else None
        # Who has too much to do, and does not say until when, is left alone for twice as long.
        doublings = feed.failures + (error.problem is Problem.TRY_LATER and error.retry_after_s is None)
        wait = min(_FIRST_WAIT * 2 ** min(doublings, 12), _LONGEST_WAIT)
        wait = max(wait, timedelta(seconds=error.retry_after_s or 0.0))
        switched_off = feed.enabled and gone_since is not None and now - gone_since >= _GONE_FOR
        await self.change(
            followed.number,
            {
                "checked_at": now,
                "next_check_at": now + wait * (1 + _JITTER * self._chance()),
                "failures": feed.failures + 1,
                "failing_since": feed.failing_since or now,
                "gone_since": gone_since,
                "problem": error.reason,
                "problem_kind": error.kind,
                "enabled": feed.enabled and not switched_off,
            },
        )
        return switched_off

    # ---- entries

    async def seen(self, number: int, keys: Sequence[str]) -> dict[str, Seen]:
        """Which entries of a feed were seen before."""
        found: dict[str, Seen] = {}
        columns = (feed_entries.c.key, feed_entries.c.fingerprint, feed_entries.c.failures)
        for some in chunks(keys):
            wanted = (feed_entries.c.feed == number) & feed_entries.c.key.in_(some)
            rows = await self._database.read(select(*columns).where(wanted))
            found |= {key: Seen(fingerprint, failures) for key, fingerprint, failures in rows}
        return found

    async def see(self, number: int, key: str, seen: Seen, *, articles: int = 0) -> None:
        """Remember an entry, with how many articles it has brought."""
        now = self._clock()

        def write(connection: Connection) -> None:
            row = {"fingerprint": seen.fingerprint, "failures": seen.failures, "seen_at": now}
            one = (feed_entries.c.feed == number) & (feed_entries.c.key == key)
            if not connection.execute(update(feed_entries).where(one).values(**row)).rowcount:
                connection.execute(insert(feed_entries).values(feed=number, key=key, **row))
            if articles:
                more = feeds.c.articles + articles
                connection.execute(update(feeds).where(feeds.c.number == number).values(articles=more))

        await self._database.write(write)

    async def kept_out(self, followed: Followed, addresses: Collection[str]) -> set[str]:
        """Which of some addresses had articles that somebody has removed since the feed was added."""
        found: set[str] = set()
        for some in chunks(addresses):
            these = removals.c.address.in_(some)
            own = (removals.c.collection == followed.feed.collection) & (removals.c.feed >= followed.number)
            found.update(row[0] for row in await self._database.read(select(removals.c.address).where(own, these)))
        return found

    async def sweep(self) -> None:
        """Forget entries that a check has kept while its feed was removed, and removals that matter to no feed."""
        followed = select(feeds.c.number)
        await self._database.execute(delete(feed_entries).where(feed_entries.c.feed.not_in(followed)))
        await self._database.execute(_FORGET_REMOVALS)

    async def still_there(self, number: int, keys: Sequence[str]) -> None:
        """Entries are still listed: forget others first, and those beyond `_MOST_SEEN`."""
        now = self._clock()

        def write(connection: Connection) -> None:
            for some in chunks(keys):
                listed = (feed_entries.c.feed == number) & feed_entries.c.key.in_(some)
                connection.execute(update(feed_entries).where(listed).values(seen_at=now))
            own = feed_entries.c.feed == number
            kept = (
                select(feed_entries.c.key)
                .where(own)
                .order_by(feed_entries.c.seen_at.desc(), feed_entries.c.key)
                .limit(_MOST_SEEN)
            )
            connection.execute(delete(feed_entries).where(own, feed_entries.c.key.not_in(kept)))

        await self._database.write(write)


_FORGET_REMOVALS = delete(removals).where(
    ~select(feeds.c.number)
    .where(feeds.c.collection == removals.c.collection, feeds.c.number <= removals.c.feed)
    .exists()
)
_COLUMNS = tuple(feeds.c[name] for name in Feed.__dataclass_fields__)
_OWN = (feeds.c.gone_since, feeds.c.etag, feeds.c.last_modified, feeds.c.moved_to, feeds.c.moves)
