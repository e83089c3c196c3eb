"""Queues in front of hosts: each is asked one thing at a time, with a pause in between, and left alone when it asks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from yarl import URL

from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.rules import FetchRules

_MOST_REMEMBERED = 1_000


@dataclass(slots=True)
class _Queue:
    """The queue in front of one host."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    free_at: float = 0.0
    closed_until: float = 0.0
    pause_s: float = 0.0


class HostQueues:
    """All queues of one fetcher, which makes so many requests at once as its rules say."""

    def __init__(self, rules: FetchRules, clock: Callable[[], float]) -> None:
        self._rules = rules
        self._clock = clock
        self._queues: dict[str, _Queue] = {}
        self._slots = asyncio.Semaphore(rules.at_once)

    @asynccontextmanager
    async def turn(self, url: URL, *, at_once: bool) -> AsyncIterator[None]:
        """Wait until the host may be asked, and keep others from asking meanwhile.

        Args:
            at_once: Leave out the pause, for a redirect is the same request to who made it.

        Raises:
            UnusableSourceError: The host is to be left alone (TRY_LATER).
        """
        queue = self._queue(url)
        queue.waiting += 1
        try:
            async with queue.lock:
                closed_s = queue.closed_until - self._clock()
                if closed_s > 0:
                    detail = f"in {_duration(closed_s)}"
                    raise UnusableSourceError(str(url), Problem.TRY_LATER, detail, closed_s)
                pause_s = queue.free_at - self._clock()
                if pause_s > 0 and not at_once:
                    await asyncio.sleep(pause_s)
                try:
                    async with self._slots:
                        yield
                finally:
                    queue.free_at = self._clock() + max(self._rules.pause_s, queue.pause_s)
        finally:
            queue.waiting -= 1

    def leave_alone(self, url: URL, seconds: float) -> None:
        """Give nobody a turn at a host for some time."""
        queue = self._queue(url)
        queue.closed_until = max(queue.closed_until, self._clock() + seconds)

    def slow_down(self, url: URL, pause_s: float) -> None:
        """Pause for so long between two requests to a host, if that is longer than usual and within the rules."""
        self._queue(url).pause_s = min(pause_s, self._rules.longest_pause_s)

    def _queue(self, url: URL) -> _Queue:
        host = url.raw_host or ""
        if host not in self._queues:
            if len(self._queues) >= _MOST_REMEMBERED:
                now = self._clock()
                self._queues = {
                    name: queue
                    for name, queue in self._queues.items()
                    if queue.waiting or queue.free_at > now or queue.closed_until > now
                }
            self._queues[host] = _Queue()
        return self._queues[host]


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
