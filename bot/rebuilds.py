"""Rebuilds of the index: one for each server, one at a time, and none that says "in progress" for ever.

The library does one after the other, so those of other servers wait. Knows no Discord: where a rebuild shows how far it
is, is its `Board`.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from bot.boards import EDIT_EVERY_S, Board
from bot.rendering.cards import Card
from bot.rendering.errors import error_text
from bot.rendering.progress import (
    Stand,
    cancelled_card,
    failed_card,
    interrupted_card,
    rebuild_card,
    summary_card,
    time_left,
)
from bot.rendering.words import Words
from bot.state import RebuildRecord, RebuildState, State
from index import CancelledBuildError, Library, LibraryError, RebuildProgress, RebuildRunningError

log = logging.getLogger(__name__)

STOP_S = 1.5
"""How long a stop of the bot waits until rebuilds have told that they were interrupted."""


_END_S = 0.5

_SHARES = {"reading": (0.0, 0.9), "sorting": (0.9, 0.98), "swapping": (0.98, 1.0)}
"""From where to where in the whole work each of its stages leads, as measured with 100,000 passages."""


class Rebuild:
    """A rebuild that was asked for, from when it waits for its turn to when it is over."""

    def __init__(self, guild_id: int, words: Words) -> None:
        self.id = secrets.token_hex(8)
        self.guild_id = guild_id
        self.words = words
        self.board: Board | None = None
        self.is_waiting = False
        self.is_cancelled = False
        self._began = time.monotonic()
        self._share = 0.0

    def advance(self, progress: RebuildProgress) -> None:
        """Take note of how far it is; may be called from any thread."""
        if self.is_waiting:
            self.is_waiting = False
            self._began = time.monotonic()
        share = progress.done / progress.total if progress.total else 1.0
        begin, end = _SHARES[progress.stage]
        self._share = begin + (end - begin) * min(share, 1.0)

    def record(self, board: Board, started_at: datetime) -> RebuildRecord:
        """What a later process has to know of it."""
        return RebuildRecord(
            id=self.id,
            guild_id=self.guild_id,
            channel_id=board.channel_id,
            message_id=board.message_id,
            asked_by=None,
            started_at=started_at,
            state="running",
            detail="",
        )

    @property
    def stand(self) -> Stand:
        """How far it is."""
        left_s = None if self.is_waiting else time_left(self._share, time.monotonic() - self._began)
        return Stand(self._share, left_s, self.is_waiting, self.is_cancelled)


class Rebuilds:
    """The rebuilds of this process.

    Args:
        now: The clock.
    """

    def __init__(self, library: Library, state: State, now: Callable[[], datetime]) -> None:
        self._library = library
        self._state = state
        self._now = now
        self._of: dict[int, Rebuild] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, guild_id: int) -> Rebuild | None:
        """The rebuild that runs, or waits, for a server."""
        return self._of.get(guild_id)

    def counts(self) -> Mapping[str, int]:
        """How many run, and how many wait for their turn."""
        waiting = sum(rebuild.is_waiting for rebuild in self._of.values())
        return {"running": len(self._of) - waiting, "waiting": waiting}

    def reserve(self, guild_id: int, words: Words) -> Rebuild | None:
        """Take the place of a server's one rebuild, to be started soon or released; None when it is taken."""
        if guild_id in self._of:
            return None
        rebuild = self._of[guild_id] = Rebuild(guild_id, words)
        return rebuild

    def release(self, rebuild: Rebuild) -> None:
        """Give the place of a server's one rebuild free."""
        if self._of.get(rebuild.guild_id) is rebuild:
            del self._of[rebuild.guild_id]

    def start(self, rebuild: Rebuild, board: Board) -> None:
        """Begin a rebuild that was reserved, or let it wait for its turn; returns at once."""
        rebuild.board = board
        task = asyncio.create_task(self._run(rebuild, board))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self, rebuild_id: str, guild_id: int) -> Rebuild | None:
        """Stop a rebuild of a server; None when there is no such rebuild there (any more)."""
        rebuild = self.of(guild_id)
        if rebuild is None or rebuild.id != rebuild_id:
            return None
        rebuild.is_cancelled = True
        return rebuild

    async def close(self) -> None:
        """Interrupt all rebuilds and let them say so, for `STOP_S` at most."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)

    # ---- running

    async def _run(self, rebuild: Rebuild, board: Board) -> None:
        record = rebuild.record(board, self._now())
        try:
            await self._keep(record)
            card, state, detail = await self._built(rebuild, board)
        except asyncio.CancelledError:
            # The bot stops, and what the worker does ends with it.
            await board.show(interrupted_card(rebuild.words), None)
            await self._keep(replace(record, state="interrupted"))
            raise
        finally:
            self.release(rebuild)
        await board.show(card, None)
        # Should the process end before this, the next one says that it was interrupted.
        await self._keep(replace(record, state=state, detail=detail))

    async def _keep(self, record: RebuildRecord) -> None:
        try:
            await self._state.save_rebuild(record)
        except LibraryError as error:
            log.warning("the state of a rebuild could not be kept: %s", error)

    async def _built(self, rebuild: Rebuild, board: Board) -> tuple[Card, RebuildState, str]:
        words = rebuild.words
        work = asyncio.create_task(self._rebuild(rebuild))
        shown = rebuild.stand
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=EDIT_EVERY_S)
                if rebuild.is_cancelled and rebuild.is_waiting:
                    return cancelled_card(words), "cancelled", ""
                if not work.done() and rebuild.stand != shown:
                    shown = rebuild.stand
                    await board.show(rebuild_card(shown, words), rebuild.id)
            return work.result(), "done", ""
        except CancelledBuildError:
            return cancelled_card(words), "cancelled", ""
        except LibraryError as error:
            return failed_card(error_text(error, words), words), "failed", str(error)
        except Exception as error:
            log.exception("a rebuild failed")
            return failed_card(error_text(error, words), words), "failed", type(error).__name__
        finally:
            await _ended(work)

    async def _rebuild(self, rebuild: Rebuild) -> Card:
        while True:
            if rebuild.is_cancelled:
                raise CancelledBuildError
            try:
                summary = await self._library.rebuild(
                    [str(rebuild.guild_id)], rebuild.advance, lambda: rebuild.is_cancelled
                )
            except RebuildRunningError:
                rebuild.is_waiting = True
                await asyncio.sleep(EDIT_EVERY_S)
            else:
                return summary_card(summary, rebuild.words)


async def _ended(work: "asyncio.Task[Card]") -> None:
    """Stop what still works, for `_END_S` at most."""
    work.cancel()
    await asyncio.wait({work}, timeout=_END_S)
    if work.done() and not work.cancelled():
        # Whatever it is, asyncio would complain that nobody looked at it.
        work.exception()
