"""Writes that no answer depends on: they are tried, and whoever asked gets the answer also when they fail."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from index import StoreError

log = logging.getLogger(__name__)

WAIT_S = 0.5
"""How long an answer waits for such a write, which may be held up by another program that has locked the database."""

_TOLD_EVERY_S = 60.0

_T = TypeVar("_T")


class Attempts:
    """Tries writes, and tells the log of failures once a minute."""

    def __init__(self) -> None:
        self._late: set[asyncio.Task[Any]] = set()
        self._told = -_TOLD_EVERY_S

    async def tried(self, what: str, write: Coroutine[Any, Any, _T]) -> _T | None:
        """Wait for a write, `WAIT_S` at most; it goes on after that.

        Args:
            what: What could not be kept, for the log.

        Returns:
            What it returned; None if it failed or took longer.
        """
        task = asyncio.ensure_future(write)
        self._late.add(task)
        task.add_done_callback(lambda done: self._ended(what, done))
        await asyncio.wait({task}, timeout=WAIT_S)
        if not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    def _ended(self, what: str, task: "asyncio.Task[Any]") -> None:
        self._late.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        if not isinstance(error, StoreError):
            log.error("%s could not be kept", what, exc_info=error)
        elif time.monotonic() - self._told >= _TOLD_EVERY_S:
            self._told = time.monotonic()
            log.error("%s could not be kept, and questions are answered all the same: %s", what, error)
