"""Ends a process that can no longer answer, so that whatever supervises it starts it anew.

Two things are watched. A gateway that was up and has been dead for GATEWAY_DEAD_S: the process ends in order. And an
event loop that has not turned for LOOP_STUCK_S, which only another thread can see: the process ends at once, after
telling where each thread is.
"""

import asyncio
import faulthandler
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from bot.vitals import LOOK_S, Vitals

log = logging.getLogger(__name__)

EXIT_CODE = 3
"""Of a process that its watchdog has ended."""

CHECK_S = 1.0
CLOSE_S = 30.0
"""How long a process with a dead gateway may take to end in order."""

_TELL_S = 2.0
_SPARE_S = 10.0


class DeadGatewayError(Exception):
    """A connection to Discord has been dead for too long; the process has to be started anew."""

    def __init__(self, dead_s: float) -> None:
        super().__init__(
            f"the connection to Discord has been dead for {dead_s:.0f} s, longer than GATEWAY_DEAD_S allows; ending, "
            "so that a supervisor starts the bot anew"
        )


async def dead_gateway(vitals: Vitals, limit_s: float) -> None:
    """Wait until the gateway has been dead for too long. A gateway that was never up is waited for without an end."""
    while vitals.dead_s < limit_s:  # noqa: ASYNC110 - it grows by itself, and nothing happens at that moment
        await asyncio.sleep(LOOK_S)


class Watchdog:
    """A thread that ends the process when its event loop does not turn. Use it as a context.

    Args:
        limit_s: For how long the loop may stand still. The time in which the whole process slept does not count.
        end: Ends the process at once.
    """

    def __init__(self, vitals: Vitals, limit_s: float, end: Callable[[int], object] = os._exit) -> None:
        self._vitals = vitals
        self._limit_s = limit_s
        self._end = end
        self._stop = threading.Event()
        self._closing_since: float | None = None
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def expect_end(self) -> None:
        """The process is about to end; in `CLOSE_S` it has to be over."""
        self._closing_since = time.monotonic()

    def _watch(self) -> None:
        seen, stuck_s, looked = -1, 0.0, time.monotonic()
        try:
            while not self._stop.wait(CHECK_S):
                # Should code that holds Python's lock keep even this thread from running, C code ends the process.
                faulthandler.dump_traceback_later(self._limit_s + _SPARE_S, exit=True)
                now = time.monotonic()
                stuck_s = 0.0 if self._vitals.turns != seen else stuck_s + min(now - looked, 2 * CHECK_S)
                seen, looked = self._vitals.turns, now
                if stuck_s >= self._limit_s:
                    self._tell(f"the event loop has not turned for {stuck_s:.0f} s; ending. The threads are at: ")
                    return
                if self._closing_since is not None and now - self._closing_since > CLOSE_S:
                    self._tell(f"it could not be closed within {CLOSE_S:.0f} s; ending. The threads are at: ")
                    return
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _tell(self, why: str) -> None:
        # The thread that is stuck may hold the lock of the log, or nobody reads standard error: do not wait for it.
        telling = threading.Thread(target=log.critical, args=("%s%s", why, _stacks()), daemon=True)
        telling.start()
        telling.join(_TELL_S)
        self._end(EXIT_CODE)


def _stacks() -> str:
    """Where each thread is."""
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        return file.read()
