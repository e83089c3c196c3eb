"""Jobs as they are kept: every step is on disk before the next one begins."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, true, update

from index.errors import UnknownJobError
from index.gathering import outcomes
from index.gathering.models import MOST_OUTCOMES, Job, JobKind, JobState
from index.ingestion.files import one_line, storable
from index.models import Addition
from index.store import Database
from index.store.ids import free_ids, random_id
from index.store.listing import within
from index.store.tables import job_files, job_outcomes, jobs

ID_LETTERS = 5
"""Of jobs and feeds, which are far fewer than articles."""

_KEPT = timedelta(days=7)
_OPEN = (JobState.QUEUED, JobState.RUNNING)
_CHARACTERS_OF_WHAT = 300


@dataclass(frozen=True, slots=True)
class Running:
    """A job that was claimed.

    Attributes:
        payload: Addresses, or the id of a feed.
        done: How much of it was done by whoever had it before.
    """

    number: int
    id: str
    kind: JobKind
    collection: str
    payload: tuple[str, ...]
    asked_by: str | None
    done: int
    total: int
    created_at: datetime


class Jobs:
    """The jobs of a database that belongs to somebody else."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def now(self) -> datetime:
        """The time by which things are due."""
        return self._clock()

    async def submit(
        self,
        kind: JobKind,
        collection: str,
        what: str,
        payload: Sequence[str],
        asked_by: str | None,
        *,
        total: int,
        files: Sequence[tuple[str, bytes]] = (),
        running: bool = False,
    ) -> Job:
        """Keep a new job, queued or already running."""
        now = self._clock()

        def write(connection: Connection) -> str:
            [job_id] = free_ids(connection, jobs.c.id, 1, partial(random_id, ID_LETTERS))
            number = connection.execute(
                insert(jobs)
                .values(
                    id=job_id,
                    kind=kind,
                    collection=collection,
                    state=JobState.RUNNING if running else JobState.QUEUED,
                    what=one_line(what, _CHARACTERS_OF_WHAT),
                    asked_by=asked_by,
                    payload=json.dumps(list(payload)),
                    done=0,
                    total=total,
                    created_at=now,
                    started_at=now if running else None,
                )
                .returning(jobs.c.number)
            ).scalar_one()
            if files:
                connection.execute(
                    insert(job_files),
                    [
                        {"job": number, "place": place, "name": storable(name), "content": content}
                        for place, (name, content) in enumerate(files)
                    ],
                )
            return job_id

        return await self.job(await self._database.write(write), None)

    async def listed(self, scope: Collection[str] | None, most: int, *, active_only: bool) -> list[Job]:
        """Jobs of some collections, newest first."""
        wanted = within(jobs, scope)
        if active_only:
            wanted &= jobs.c.state.in_(_OPEN)
        rows = await self._database.read(select(jobs).where(wanted).order_by(jobs.c.number.desc()).limit(most))
        return await self._with_outcomes(rows)

    async def job(self, job_id: str, scope: Collection[str] | None) -> Job:
        """One job.

        Raises:
            UnknownJobError: No job of the scope has this id.
        """
        rows = await self._database.read(select(jobs).where(jobs.c.id == job_id, within(jobs, scope)))
        if not rows:
            raise UnknownJobError(job_id)
        return (await self._with_outcomes(rows))[0]

    async def _with_outcomes(self, rows: Sequence[Sequence[Any]]) -> list[Job]:
        if not rows:
            return []
        numbers = [row[0] for row in rows]
        statement = select(job_outcomes.c.job, job_outcomes.c.value).where(job_outcomes.c.job.in_(numbers))
        kept = await self._database.read(statement.order_by(job_outcomes.c.job, job_outcomes.c.place))

        def parse() -> list[Job]:
            by_job: dict[int, list[Addition]] = {}
            for number, value in kept:
                by_job.setdefault(number, []).append(outcomes.read(value))
            return [_job(row, by_job.get(row[0], [])) for row in rows]

        return await asyncio.to_thread(parse)

    async def cancel(self, job_id: str) -> None:
        """End a job unless it has ended; whoever runs it finds out at its next step."""
        now = self._clock()

        def write(connection: Connection) -> None:
            number = connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id, jobs.c.state.in_(_OPEN))
                .values(state=JobState.CANCELLED, ended_at=now)
                .returning(jobs.c.number)
            ).scalar()
            if number is not None:
                connection.execute(delete(job_files).where(job_files.c.job == number))

        await self._database.write(write)

    async def requeue(self, numbers: Collection[int] | None) -> None:
        """Put jobs that were running back into the queue; None stands for all of them."""
        which = true() if numbers is None else jobs.c.number.in_(list(numbers))
        statement = update(jobs).where(jobs.c.state == JobState.RUNNING, which).values(state=JobState.QUEUED)
        await self._database.execute(statement)

    async def waiting(self) -> list[tuple[str, int]]:
        """The collections with queued jobs, each with the number of its oldest one."""
        statement = (
            select(jobs.c.collection, func.min(jobs.c.number))
            .where(jobs.c.state == JobState.QUEUED)
            .group_by(jobs.c.collection)
        )
        return [(collection, number) for collection, number in await self._database.read(statement)]

    async def has_open(self, kind: JobKind, collection: str, payload: Sequence[str]) -> Job | None:
        """A job for just this that has not ended."""
        wanted = (
            (jobs.c.kind == kind)
            & (jobs.c.collection == collection)
            & (jobs.c.payload == json.dumps(list(payload)))
            & jobs.c.state.in_(_OPEN)
        )
        rows = await self._database.read(select(jobs).where(wanted).limit(1))
        return (await self._with_outcomes(rows))[0] if rows else None

    async def claim(self, number: int) -> Running | None:
        """Take a queued job; None if somebody else was faster."""
        now = self._clock()

        def write(connection: Connection) -> Sequence[Any] | None:
            return connection.execute(
                update(jobs)
                .where(jobs.c.number == number, jobs.c.state == JobState.QUEUED)
                .values(state=JobState.RUNNING, started_at=func.coalesce(jobs.c.started_at, now))
                .returning(*_RUNNING)
            ).first()

        row = await self._database.write(write)
        return None if row is None else _running(row)

    async def running(self, job_id: str) -> Running:
        """A job as its runner sees it."""
        [row] = await self._database.read(select(*_RUNNING).where(jobs.c.id == job_id))
        return _running(row)

    async def file(self, number: int, place: int) -> tuple[str, bytes]:
        """A file of a job that has not ended."""
        wanted = (job_files.c.job == number) & (job_files.c.place == place)
        [row] = await self._database.read(select(job_files.c.name, job_files.c.content).where(wanted))
        return row[0], row[1]

    async def step(self, number: int, done: int, added: Sequence[Addition], *, total: int | None = None) -> bool:
        """Keep how far a job is.

        Returns:
            Whether it is still to be run: somebody may have cancelled it.
        """

        def write(connection: Connection) -> bool:
            values: dict[str, int] = {"done": done} if total is None else {"done": done, "total": total}
            going_on = update(jobs).where(jobs.c.number == number, jobs.c.state == JobState.RUNNING)
            if not connection.execute(going_on.values(**values)).rowcount:
                return False
            if added:
                _keep_outcomes(connection, number, added)
            return True

        return await self._database.write(write)

    async def end(self, number: int, state: JobState, reason: str | None = None) -> None:
        """Keep how a job has ended, unless it was cancelled meanwhile."""
        now = self._clock()

        def write(connection: Connection) -> None:
            connection.execute(
                update(jobs)
                .where(jobs.c.number == number, jobs.c.state == JobState.RUNNING)
                .values(state=state, reason=reason, ended_at=now)
            )
            connection.execute(delete(job_files).where(job_files.c.job == number))

        await self._database.write(write)

    async def count(self) -> dict[JobState, int]:
        """How many jobs are in each state; states that no job is in are left out."""
        rows = await self._database.read(select(jobs.c.state, func.count()).group_by(jobs.c.state))
        return {JobState(state): int(number) for state, number in rows}

    async def forget_person(self, person: str) -> None:
        """Forget that somebody asked for jobs."""
        await self._database.execute(update(jobs).where(jobs.c.asked_by == person).values(asked_by=None))

    async def forget(self, collection: str | None = None) -> None:
        """Forget the jobs of a collection, or with None those that ended some days ago."""
        wanted = jobs.c.ended_at < self._clock() - _KEPT if collection is None else jobs.c.collection == collection
        old = select(jobs.c.number).where(wanted)

        def write(connection: Connection) -> None:
            connection.execute(delete(job_outcomes).where(job_outcomes.c.job.in_(old)))
            connection.execute(delete(job_files).where(job_files.c.job.in_(old)))
            connection.execute(delete(jobs).where(wanted))

        await self._database.write(write)


_RUNNING = (
    jobs.c.number,
    jobs.c.id,
    jobs.c.kind,
    jobs.c.collection,
    jobs.c.payload,
    jobs.c.asked_by,
    jobs.c.done,
    jobs.c.total,
    jobs.c.created_at,
)


def _running(row: Sequence[Any]) -> Running:
    number, job_id, kind, collection, payload, *rest = row
    return Running(number, job_id, JobKind(kind), collection, tuple(json.loads(payload)), *rest)


def _job(row: Sequence[Any], additions: Sequence[Addition]) -> Job:
    _, job_id, kind, collection, state, what, asked_by, _, done, total, reason, *times, more = row
    job = Job(
        job_id,
        JobKind(kind),
        collection,
        JobState(state),
        what,
        asked_by,
        done,
        total,
        reason,
        tuple(additions),
        *times,
    )
    return job if more is None else replace(job, unlisted=_unlisted(more))


def _keep_outcomes(connection: Connection, number: int, added: Sequence[Addition]) -> None:
    """Keep what came of a step line by line while there is room for it, and how much of each kind beyond that."""
    kept = connection.execute(select(func.count()).where(job_outcomes.c.job == number)).scalar_one()
    rows = []
    unlisted: Counter[str] = Counter()
    for one in added:
        if kept < (MOST_OUTCOMES if one.problem is not None else MOST_OUTCOMES * 3 // 4):
            rows.append({"job": number, "place": kept, "value": outcomes.written(one)})
            kept += 1
        else:
            unlisted[one.outcome] += 1
    if rows:
        connection.execute(insert(job_outcomes), rows)
    if unlisted:
        one_job = jobs.c.number == number
        unlisted.update(_unlisted(connection.execute(select(jobs.c.unlisted).where(one_job)).scalar_one()))
        connection.execute(update(jobs).where(one_job).values(unlisted=json.dumps(unlisted)))


def _unlisted(kept: str | None) -> dict[str, int]:
    return {} if kept is None else json.loads(kept)
