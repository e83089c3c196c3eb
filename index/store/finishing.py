"""Writes that have begun end, also when whoever waits for them is cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


async def finished(work: Coroutine[Any, Any, _T]) -> _T:
    """Await work to its end; a cancellation meanwhile is raised after it.

    A transaction that is abandoned half-way keeps its lock until its connection is collected, and a change of the store
    without that of the index leaves the two apart.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # Seen here, so that it is not reported as lost; the cancellation goes first.
        raise
