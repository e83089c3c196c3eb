"""Shows how far jobs are, until they are over. A job belongs to the library, and goes on although nobody watches.

Knows no Discord: where a job is shown is its `Board`.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

from bot.boards import EDIT_EVERY_S, Board
from bot.rendering.cards import Card
from bot.rendering.jobs import cancelling_card, is_over, job_card, paused_card, share_of, unknown_job_card
from bot.rendering.progress import time_left
from bot.rendering.words import Words
from bot.state import JobMessage, State
from index import Gatherer, Job, JobState, LibraryError, UnknownJobError

log = logging.getLogger(__name__)

STOP_S = 1.5
"""How long a stop of the bot waits until the messages of jobs say that it goes on afterwards."""


class Watcher:
    """The jobs of this process that somebody sees.

    Args:
        now: The clock.
    """

    def __init__(self, gatherer: Gatherer, state: State, now: Callable[[], datetime]) -> None:
        self._gatherer = gatherer
        self._state = state
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()
        self._began: dict[str, tuple[float, float]] = {}
        """Of each running job, when it was first seen to run and how much of it was done then."""
        self._cancelled: set[str] = set()

    async def ended(self, job: Job, within_s: float) -> Job | None:
        """Wait for the end of a job; None when it is not over within that time."""
        try:
            async with asyncio.timeout(within_s):
                async for latest in self._gatherer.follow(job.id, (job.collection,)):
                    job = latest
        except TimeoutError:
            return None
        return job if is_over(job) else None

    async def watch(self, job: Job, board: Board, words: Words) -> None:
        """Begin to show a job; returns when the next process would go on with it."""
        await self._keep(job, board)
        task = asyncio.create_task(self._watch(job, board, words))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def left_s(self, job: Job) -> float | None:
        """Guess how many seconds are left of a job; None before a guess makes sense."""
        if job.state is not JobState.RUNNING:
            self._began.pop(job.id, None)
            return None
        share = share_of(job)
        began, share_then = self._began.setdefault(job.id, (time.monotonic(), share))
        if share_then >= 1:
            return None
        return time_left((share - share_then) / (1 - share_then), time.monotonic() - began)

    def card(self, job: Job, words: Words) -> Card:
        """A job as its message shows it."""
        if job.id in self._cancelled and not is_over(job):
            return cancelling_card(job, words)
        return job_card(job, words, self.left_s(job))

    async def cancel(self, job_id: str, collection: str) -> Job:
        """Stop a job of a collection, soon if it runs.

        Raises:
            UnknownJobError: There is none there.
        """
        job = await self._gatherer.cancel(job_id, (collection,))
        if not is_over(job):
            self._cancelled.add(job.id)
        return job

    async def close(self) -> None:
        """Let all messages say that their jobs go on after the restart, for `STOP_S` at most."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)

    async def _watch(self, job: Job, board: Board, words: Words) -> None:
        try:
            job = await self._shown(job, board, words)
        except asyncio.CancelledError:
            await board.show(paused_card(job, words), None)
            raise
        except UnknownJobError:
            await board.show(unknown_job_card(words), None)
        except LibraryError as error:
            # The message stays as it is, and the next process goes on with it.
            log.warning("the job %s cannot be followed any more: %s", job.id, error)
            return
        except Exception:
            log.exception("the job %s cannot be followed any more", job.id)
            return
        else:
            await board.show(self.card(job, words), None)
        self._began.pop(job.id, None)
        self._cancelled.discard(job.id)
        await self._forget(job)

    async def _shown(self, job: Job, board: Board, words: Words) -> Job:
        """Show how a job goes on, once every `EDIT_EVERY_S` at most, and return its end, which is not shown yet."""
        latest = job

        async def follow() -> None:
            nonlocal latest
            async for one in self._gatherer.follow(job.id, (job.collection,)):
                latest = one

        following = asyncio.create_task(follow())
        shown = job
        try:
            while not following.done():
                await asyncio.wait({following}, timeout=EDIT_EVERY_S)
                if latest != shown and not is_over(latest):
                    shown = latest
                    await board.show(self.card(shown, words), job.id)
            await following
        finally:
            following.cancel()
            await asyncio.wait({following}, timeout=STOP_S)
        return latest

    async def _keep(self, job: Job, board: Board) -> None:
        if board.channel_id is None or board.message_id is None:
            return
        message = JobMessage(job.id, int(job.collection), board.channel_id, board.message_id, self._now())
        try:
            await self._state.keep_job_message(message)
        except LibraryError as error:
            log.warning("the message of the job %s could not be kept: %s", job.id, error)

    async def _forget(self, job: Job) -> None:
        try:
            await self._state.drop_job_message(job.id)
        except LibraryError as error:
            log.warning("the message of the job %s could not be forgotten: %s", job.id, error)
