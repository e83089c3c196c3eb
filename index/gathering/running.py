"""Runs jobs: a few at a time, and collections in turns."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from index.errors import LibraryError, StoreError
from index.gathering.jobs import Jobs, Running
from index.gathering.models import JobState
from index.models import Addition

log = logging.getLogger(__name__)

_AFTER_FAILURE_S = 5.0


class GoneJobError(Exception):
    """Somebody has cancelled the job that is running."""


class TurnOverError(Exception):
    """The job has had its time, and others wait."""


class Turn:
    """What a job may do while it runs."""

    def __init__(self, jobs: Jobs, job: Running, is_over: Callable[[], Awaitable[bool]]) -> None:
        self.job = job
        self._jobs = jobs
        self._is_over = is_over

    async def keep(self, done: int, added: Sequence[Addition] = (), total: int | None = None) -> None:
        """Keep what was done so far.

        Raises:
            GoneJobError: The job was cancelled.
        """
        if not await self._jobs.step(self.job.number, done, added, total=total):
            raise GoneJobError

    async def pause(self) -> None:
        """Let others go first if it is their turn.

        Raises:
            TurnOverError: It is; the job goes on later from what was kept.
        """
        if await self._is_over():
            raise TurnOverError


Work = Callable[[Turn], Awaitable[str | None]]
"""Does a job, from where it is; returns why it failed, or None."""


class Runner:
    """Runs the queued jobs of a database until it is closed."""

    def __init__(
        self,
        jobs: Jobs,
        work: Work,
        schedule: Callable[[], Awaitable[None]],
        *,
        at_once: int,
        slice_s: float,
        poll_s: float,
    ) -> None:
        self._jobs = jobs
        self._work = work
        self._schedule = schedule
        self._at_once = at_once
        self._slice_s = slice_s
        self._poll_s = poll_s
        self._running: dict[int, tuple[str, asyncio.Task[None]]] = {}
        # When each collection had its last turn; it is forgotten when nobody waits, so that it stays small.
        self._turns: dict[str, int] = {}
        self._turn = 0
        self._woken = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; jobs that a process left behind are taken up again."""
        if self._loop is None:
            await self._jobs.requeue(None)
            self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Look for jobs at once."""
        self._woken.set()

    async def close(self) -> None:
        """Stop; what was running waits for the next start."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
            self._loop = None
        running = dict(self._running)
        for _, task in running.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in running.values()), return_exceptions=True)
        if running:
            await self._jobs.requeue(running)

    def stop(self, number: int) -> None:
        """Stop a job that was cancelled, if it runs here."""
        if number in self._running:
            self._running[number][1].cancel()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            wait_s = self._poll_s
            try:
                await self._schedule()
                await self._launch()
            except StoreError as error:
                # The database may come back, and the jobs are in it.
                log.warning("jobs cannot be looked at: %s", error)
                wait_s = _AFTER_FAILURE_S
            except Exception:
                log.exception("the schedule failed")
                wait_s = _AFTER_FAILURE_S
            try:
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _launch(self) -> None:
        while len(self._running) < self._at_once:
            waiting = await self._jobs.waiting()
            if not waiting:
                self._turns.clear()
                return
            busy = [collection for collection, _ in self._running.values()]
            collection, number = min(waiting, key=lambda one: (busy.count(one[0]), self._turns.get(one[0], 0), one[1]))
            self._turn += 1
            self._turns[collection] = self._turn
            job = await self._jobs.claim(number)
            if job is not None:
                task = asyncio.create_task(self._run_one(job))
                self._running[job.number] = (collection, task)
                task.add_done_callback(partial(self._ended, job.number))

    def _ended(self, number: int, _task: asyncio.Task[None]) -> None:
        self._running.pop(number, None)
        self._woken.set()

    async def _run_one(self, job: Running) -> None:
        began = time.monotonic()

        async def is_over() -> bool:
            if time.monotonic() - began < self._slice_s:
                return False
            busy = {collection for collection, _ in self._running.values()}
            return any(collection not in busy for collection, _ in await self._jobs.waiting())

        try:
            await run(self._jobs, job, self._work, is_over)
        except TurnOverError:
            await self._jobs.requeue([job.number])
        except StoreError as error:
            log.warning("job %s waits for the database: %s", job.id, error)
            await asyncio.sleep(_AFTER_FAILURE_S)
            try:
                await self._jobs.requeue([job.number])
            except StoreError:
                log.warning("job %s is taken up at the next start", job.id)


async def run(jobs: Jobs, job: Running, work: Work, is_over: Callable[[], Awaitable[bool]]) -> None:
    """Do a job and keep how it ended.

    Raises:
        TurnOverError: It has not ended: others are to go first.
        StoreError: It has not ended: the database fails.
    """
    try:
        reason = await work(Turn(jobs, job, is_over))
    except GoneJobError:
        return
    except (TurnOverError, StoreError):
        raise
    except LibraryError as error:
        reason = str(error)
    except Exception as error:
        log.exception("job %s failed", job.id)
        reason = f"something went wrong ({type(error).__name__}); the log tells more"
    await jobs.end(job.number, JobState.DONE if reason is None else JobState.FAILED, reason)
