"""What a robots.txt says: https://www.rfc-editor.org/rfc/rfc9309."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from protego import Protego
from yarl import URL

from index.ingestion.problems import Problem, UnusableSourceError

_GOOD_FOR_S = 24 * 3600.0
_AGAIN_S = 600.0
_MOST_REMEMBERED = 1_000


class Robots:
    """The rules of a robots.txt. Thousands of them take a noticeable part of a second: make and ask it in a thread.

    No text is wrong: what is no rule says nothing.
    """

    def __init__(self, content: bytes) -> None:
        self._rules = Protego.parse(content.decode("utf-8", "replace"))

    def judge(self, address: str, name: str) -> tuple[bool, float]:
        """Tell whether a client may fetch an address, and the seconds, 0 or more, that it is to wait in between."""
        delay_s = self._rules.crawl_delay(name) or 0.0
        return self._rules.can_fetch(address, name), max(delay_s, 0.0) if math.isfinite(delay_s) else 0.0


@dataclass(frozen=True, slots=True)
class _Known:
    """A site's robots.txt; `rules` None allows everything."""

    rules: Robots | None
    good_until: float


class RobotsFiles:
    """The robots.txt files of the sites that were visited lately."""

    def __init__(self, read: Callable[[URL], Awaitable[bytes]], clock: Callable[[], float]) -> None:
        """
        Args:
            read: Fetches a robots.txt; raises UnusableSourceError when it cannot be had.
            clock: Seconds that only grow.
        """
        self._read = read
        self._clock = clock
        self._known: dict[URL, _Known] = {}

    async def of(self, url: URL) -> Robots | None:
        """The rules of the site of an address, read at most once a day; None allows everything.

        Raises:
            UnusableSourceError: The site is not to be visited now, since its robots.txt cannot be read (TRY_LATER), or
                leads to an address that is forbidden.
        """
        origin = url.origin()
        known = self._known.get(origin)
        if known is None or known.good_until <= self._clock():
            known = _Known(await self._fetch(origin), self._clock() + _GOOD_FOR_S)
            if len(self._known) >= _MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[origin] = known
        return known.rules

    async def _fetch(self, origin: URL) -> Robots | None:
        """RFC 9309: no such file allows everything; a server in trouble allows nothing until it can be asked again."""
        try:
            content = await self._read(origin / "robots.txt")
        except UnusableSourceError as error:
            if error.problem in {Problem.MISSING, Problem.GONE, Problem.NOT_ALLOWED, Problem.WALL}:
                return None
            if error.problem is Problem.HTTP_STATUS and error.detail.startswith("HTTP 4"):
                return None
            if error.problem is Problem.FORBIDDEN_ADDRESS:
                raise
            detail = "its robots.txt cannot be read now"
            raise UnusableSourceError(
                str(origin), Problem.TRY_LATER, detail, error.retry_after_s or _AGAIN_S
            ) from error
        return await asyncio.to_thread(Robots, content)
