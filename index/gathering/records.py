"""Reads and writes what gathering keeps in the store: pages, feeds, jobs."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Table, delete, exists, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError

from index.errors import DuplicateFeedError, UnknownFeedError, UnknownJobError
from index.gathering.models import MOST_ADDITIONS, Feed, Job, JobKind, JobState
from index.models import Addition
from index.store import Database
from index.store.migrating import ARTICLES
from index.store.tables import articles, feed_entries, feeds, job_files, jobs, pages, refreshing

_ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_ID_LENGTH = 6
_MOST_ENTRIES = 5_000
"""Entries of a feed that are remembered; the latest ones seen."""

KEPT = timedelta(days=30)
"""For so long jobs that are over can be looked at."""

_job_columns = tuple(
    jobs.c[name]
    for name in (
        "id",
        "kind",
        "collection",
        "state",
        "what",
        "asked_by",
        "done",
        "total",
        "reason",
        "additions",
        "created_at",
        "started_at",
        "ended_at",
    )
)
_feed_columns = tuple(column for column in feeds.c if column.name not in {"etag", "last_modified"})
_page_columns = tuple(column for column in pages.c if column.name != "page")
_additions = TypeAdapter(tuple[Addition, ...])


@dataclass(frozen=True, slots=True)
class Page:
    """Where an article was found.

    Attributes:
        is_own: False for a copy of its text on another page.
        etag: To be sent when it is looked at again; `last_modified` likewise.
    """

    collection: str
    address: str
    article_id: str
    is_own: bool
    etag: str | None
    last_modified: str | None
    checked_at: datetime
    gone_since: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A job that waits, with what it is to work on: addresses as JSON, or the id of a feed."""

    job: Job
    subject: str


class Records:
    """The rows. Every method raises StoreError if the database fails; what a method wrote is on disk when it returns.

    A scope is a collection of names of collections; None for all.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, address: str) -> Self:
        """Open those of the library at this address."""
        return cls(await Database.open(address, ARTICLES))

    async def close(self) -> None:
        """Close all connections."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ---- pages

    async def page(self, collection: str, page: str) -> Page | None:
        """What is known of a page; None if nothing, or if its article is gone."""
        statement = select(*_page_columns).where(pages.c.collection == collection, pages.c.page == page)
        rows = await self._database.read(statement.where(exists().where(articles.c.id == pages.c.article_id)))
        return Page(*rows[0]) if rows else None

    async def save_page(self, page: str, found: Page) -> None:
        """Remember a page, in the place of what was known of it."""
        values = {column.name: getattr(found, column.name) for column in _page_columns}

        def work(connection: Connection) -> None:
            key = (pages.c.collection == found.collection) & (pages.c.page == page)
            connection.execute(delete(pages).where(key))
            connection.execute(insert(pages).values(**values, page=page))

        await self._database.write(work)

    async def own_pages(self, collection: str, checked_before: datetime) -> list[Page]:
        """The pages from which a collection's articles are, last looked at before a moment, oldest look first."""
        statement = select(*_page_columns).where(pages.c.collection == collection, pages.c.is_own)
        statement = statement.where(pages.c.checked_at <= checked_before)
        statement = statement.where(exists().where(articles.c.id == pages.c.article_id))
        rows = await self._database.read(statement.order_by(pages.c.checked_at))
        return [Page(*row) for row in rows]

    # ---- feeds

    async def add_feed(self, feed: Mapping[str, object]) -> Feed:
        """Store a feed, given by its columns but the id.

        Raises:
            DuplicateFeedError: Its collection has one with the address.
        """
        feed_id = _new_id()

        def work(connection: Connection) -> None:
            same = (feeds.c.collection == feed["collection"]) & (feeds.c.address == feed["address"])
            if connection.execute(select(feeds.c.id).where(same)).first() is not None:
                raise DuplicateFeedError(str(feed["address"]))
            try:
                connection.execute(insert(feeds).values(**feed, id=feed_id))
            except IntegrityError as error:
                raise DuplicateFeedError(str(feed["address"])) from error

        await self._database.write(work)
        return await self.feed(feed_id, None)

    async def feeds(self, scope: Collection[str] | None) -> list[Feed]:
        """The feeds of a scope, by title."""
        rows = await self._database.read(select(*_feed_columns).where(_in(feeds, scope)).order_by(feeds.c.title))
        return [Feed(*row) for row in rows]

    async def feed(self, feed_id: str, scope: Collection[str] | None) -> Feed:
        """A feed.

        Raises:
            UnknownFeedError: There is none in the scope.
        """
        rows = await self._database.read(select(*_feed_columns).where(feeds.c.id == feed_id, _in(feeds, scope)))
        if not rows:
            raise UnknownFeedError(feed_id)
        return Feed(*rows[0])

    async def validators(self, feed_id: str) -> tuple[str | None, str | None]:
        """What came with the last look at a feed: etag and date."""
        rows = await self._database.read(select(feeds.c.etag, feeds.c.last_modified).where(feeds.c.id == feed_id))
        return (rows[0][0], rows[0][1]) if rows else (None, None)

    async def change_feed(self, feed_id: str, scope: Collection[str] | None, values: Mapping[str, object]) -> Feed:
        """Change columns of a feed.

        Raises:
            UnknownFeedError: There is none in the scope.
            DuplicateFeedError: Another one has the new address.
        """

        def work(connection: Connection) -> None:
            try:
                connection.execute(update(feeds).where(feeds.c.id == feed_id, _in(feeds, scope)).values(**values))
            except IntegrityError as error:
                raise DuplicateFeedError(str(values.get("address"))) from error

        if values:
            await self._database.write(work)
        return await self.feed(feed_id, scope)

    async def remove_feed(self, feed_id: str) -> None:
        """Remove a feed with what it has seen."""

        def work(connection: Connection) -> None:
            connection.execute(delete(feed_entries).where(feed_entries.c.feed_id == feed_id))
            connection.execute(delete(feeds).where(feeds.c.id == feed_id))

        await self._database.write(work)

    async def due_feeds(self, now: datetime) -> list[Feed]:
        """The feeds whose time has come, and that no job looks at already."""
        active = exists().where(jobs.c.subject == feeds.c.id, jobs.c.state.in_(_ACTIVE), jobs.c.kind == JobKind.FEED)
        statement = select(*_feed_columns).where(feeds.c.enabled, feeds.c.next_check_at <= now, ~active)
        return [Feed(*row) for row in await self._database.read(statement.order_by(feeds.c.next_check_at))]

    async def entries(self, feed_id: str) -> dict[str, tuple[datetime | None, int]]:
        """The entries that were seen: by key, when each was last changed, and how often it was tried in vain."""
        columns = (feed_entries.c.key, feed_entries.c.changed_at, feed_entries.c.attempts)
        rows = await self._database.read(select(*columns).where(feed_entries.c.feed_id == feed_id))
        return {row[0]: (row[1], row[2]) for row in rows}

    async def save_entry(
        self, feed_id: str, key: str, changed_at: datetime | None, now: datetime, attempts: int
    ) -> None:
        """Remember an entry."""

        def work(connection: Connection) -> None:
            if connection.execute(select(feeds.c.id).where(feeds.c.id == feed_id)).first() is None:
                return  # removed meanwhile
            same = (feed_entries.c.feed_id == feed_id) & (feed_entries.c.key == key)
            connection.execute(delete(feed_entries).where(same))
            connection.execute(
                insert(feed_entries).values(
                    feed_id=feed_id, key=key, changed_at=changed_at, seen_at=now, attempts=attempts
                )
            )

        await self._database.write(work)

    async def forget_entries(self, feed_id: str, listed: Collection[str]) -> None:
        """Forget entries that the feed lists no more, beyond the latest `_MOST_ENTRIES`."""
        statement = select(feed_entries.c.key).where(feed_entries.c.feed_id == feed_id)
        keys = [row[0] for row in await self._database.read(statement.order_by(feed_entries.c.seen_at.desc()))]
        old = [key for key in keys[_MOST_ENTRIES:] if key not in listed]

        def work(connection: Connection) -> None:
            for first in range(0, len(old), 500):
                some = old[first : first + 500]
                connection.execute(
                    delete(feed_entries).where(feed_entries.c.feed_id == feed_id, feed_entries.c.key.in_(some))
                )

        if old:
            await self._database.write(work)

    # ---- refreshing

    async def refresh_hours(self) -> dict[str, int]:
        """The collections whose pages are looked at again, with the hours between two looks."""
        return {row[0]: row[1] for row in await self._database.read(select(refreshing))}

    async def set_refresh(self, collection: str, hours: int | None) -> None:
        """Set the hours; None for never."""

        def work(connection: Connection) -> None:
            connection.execute(delete(refreshing).where(refreshing.c.collection == collection))
            if hours is not None:
                connection.execute(insert(refreshing).values(collection=collection, hours=hours))

        await self._database.write(work)

    async def is_refreshing(self, collection: str) -> bool:
        """Whether a job looks at a collection's pages already, or waits for it."""
        wanted = (jobs.c.kind == JobKind.REFRESH) & (jobs.c.collection == collection) & jobs.c.state.in_(_ACTIVE)
        return bool(await self._database.read(select(jobs.c.number).where(wanted).limit(1)))

    # ---- jobs

    async def add_job(
        self,
        kind: JobKind,
        collection: str,
        what: str,
        subject: str,
        asked_by: str | None,
        total: int,
        now: datetime,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Job:
        """Store a job that waits, with its files."""
        job_id = _new_id()
        values = {
            "id": job_id,
            "kind": kind.value,
            "collection": collection,
            "state": JobState.QUEUED.value,
            "what": what,
            "subject": subject,
            "asked_by": asked_by,
            "done": 0,
            "total": total,
            "additions": "[]",
            "created_at": now,
        }

        def work(connection: Connection) -> None:
            connection.execute(insert(jobs).values(**values))
            for place, (name, content) in enumerate(files):
                connection.execute(insert(job_files).values(job_id=job_id, place=place, name=name, content=content))

        await self._database.write(work)
        return await self.job(job_id, None)

    async def jobs(self, scope: Collection[str] | None, most: int, *, active_only: bool) -> list[Job]:
        """The jobs of a scope, newest first."""
        statement = select(*_job_columns).where(_in(jobs, scope))
        if active_only:
            statement = statement.where(jobs.c.state.in_(_ACTIVE))
        rows = await self._database.read(statement.order_by(jobs.c.number.desc()).limit(most))
        return [_job(row) for row in rows]

    async def job(self, job_id: str, scope: Collection[str] | None) -> Job:
        """A job.

        Raises:
            UnknownJobError: There is none in the scope.
        """
        rows = await self._database.read(select(*_job_columns).where(jobs.c.id == job_id, _in(jobs, scope)))
        if not rows:
            raise UnknownJobError(job_id)
        return _job(rows[0])

    async def count_jobs(self) -> dict[JobState, int]:
        """How many jobs are in each state."""
        rows = await self._database.read(select(jobs.c.state, func.count()).group_by(jobs.c.state))
        return {JobState(row[0]): int(row[1]) for row in rows}

    async def waiting(self) -> list[Due]:
        """For each collection the job that waits longest, oldest first."""
        first = select(func.min(jobs.c.number)).where(jobs.c.state == JobState.QUEUED.value).group_by(jobs.c.collection)
        statement = select(*_job_columns, jobs.c.subject).where(jobs.c.number.in_(first)).order_by(jobs.c.number)
        return [Due(_job(row[:-1]), row[-1]) for row in await self._database.read(statement)]

    async def subject(self, job_id: str) -> str:
        """What a job works on."""
        rows = await self._database.read(select(jobs.c.subject).where(jobs.c.id == job_id))
        return str(rows[0][0]) if rows else ""

    async def file(self, job_id: str, place: int) -> tuple[str, bytes] | None:
        """A file of a job; None if it is gone."""
        wanted = (job_files.c.job_id == job_id) & (job_files.c.place == place)
        rows = await self._database.read(select(job_files.c.name, job_files.c.content).where(wanted))
        return (rows[0][0], bytes(rows[0][1])) if rows else None

    async def begin(self, job_id: str, now: datetime) -> bool:
        """Claim a job that waits; False if somebody else has it, or it was cancelled."""
        return await self._change(job_id, (JobState.QUEUED,), {"state": JobState.RUNNING.value, "started_at": now})

    async def save_progress(self, job_id: str, done: int, total: int, additions: Sequence[Addition]) -> bool:
        """Save how far a running job is; False if it does not run any more, because it was cancelled."""
        values = {"done": done, "total": total, "additions": _dumped(additions)}
        return await self._change(job_id, (JobState.RUNNING,), values)

    async def put_back(self, job_id: str) -> None:
        """Let a running job wait again."""
        await self._change(job_id, (JobState.RUNNING,), {"state": JobState.QUEUED.value, "started_at": None})

    async def end(self, job_id: str, state: JobState, now: datetime, reason: str | None = None) -> bool:
        """End a job that is not over, and drop its files; False if it was over."""
        values = {"state": state.value, "reason": reason, "ended_at": now}
        is_changed = await self._change(job_id, (JobState.QUEUED, JobState.RUNNING), values)

        def work(connection: Connection) -> None:
            connection.execute(delete(job_files).where(job_files.c.job_id == job_id))

        await self._database.write(work)
        return is_changed

    async def put_all_back(self) -> None:
        """Let all running jobs wait again: after a start, nobody works on them."""

        def work(connection: Connection) -> None:
            running = jobs.c.state == JobState.RUNNING.value
            connection.execute(update(jobs).where(running).values(state=JobState.QUEUED.value, started_at=None))

        await self._database.write(work)

    async def forget_old_jobs(self, now: datetime) -> None:
        """Drop jobs that have been over for longer than `KEPT`."""

        def work(connection: Connection) -> None:
            old = select(jobs.c.id).where(jobs.c.ended_at < now - KEPT)
            connection.execute(delete(job_files).where(job_files.c.job_id.in_(old)))
            connection.execute(delete(jobs).where(jobs.c.ended_at < now - KEPT))

        await self._database.write(work)

    async def forget_person(self, person: str) -> None:
        """Forget who asked for jobs and added feeds."""

        def work(connection: Connection) -> None:
            connection.execute(update(jobs).where(jobs.c.asked_by == person).values(asked_by=None))
            connection.execute(update(feeds).where(feeds.c.added_by == person).values(added_by=None))

        await self._database.write(work)

    async def forget_collection(self, collection: str) -> None:
        """Remove the feeds, jobs and schedule of a collection; its articles and their pages stay."""

        def work(connection: Connection) -> None:
            own_feeds = select(feeds.c.id).where(feeds.c.collection == collection)
            own_jobs = select(jobs.c.id).where(jobs.c.collection == collection)
            connection.execute(delete(feed_entries).where(feed_entries.c.feed_id.in_(own_feeds)))
            connection.execute(delete(job_files).where(job_files.c.job_id.in_(own_jobs)))
            for table in (feeds, jobs, refreshing):
                connection.execute(delete(table).where(table.c.collection == collection))

        await self._database.write(work)

    async def _change(self, job_id: str, states: Sequence[JobState], values: Mapping[str, object]) -> bool:
        def work(connection: Connection) -> bool:
            wanted = (jobs.c.id == job_id) & jobs.c.state.in_([state.value for state in states])
            return connection.execute(update(jobs).where(wanted).values(**values)).rowcount > 0

        return await self._database.write(work)


_ACTIVE = [JobState.QUEUED.value, JobState.RUNNING.value]


def _new_id() -> str:
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))


def _in(table: Table, scope: Collection[str] | None) -> ColumnElement[bool]:
    return true() if scope is None else table.c.collection.in_(list(scope))


def _job(row: Sequence[Any]) -> Job:
    job_id, kind, collection, state, what, asked_by, done, total, reason, additions, *moments = row
    read = _additions.validate_json(additions)
    return Job(job_id, JobKind(kind), collection, JobState(state), what, asked_by, done, total, reason, read, *moments)


def _dumped(additions: Sequence[Addition]) -> str:
    return _additions.dump_json(tuple(additions[:MOST_ADDITIONS])).decode()
