"""Fetches what a stranger names, without harm to us or to the server.

Only the public internet is reached, and the hosts that the operator allows by name and port; every hop is judged anew.
Time, redirects, headers and the body are bounded. A server is asked one thing at a time, by a client that tells its
name.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from aiohttp.abc import AbstractResolver
from yarl import URL

from index.ingestion.addresses import Judge, check_address, shown, why_not_public
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.queues import HostQueues
from index.ingestion.requesting import Fetched, NotModified, Redirect, Requester
from index.ingestion.robots import RobotsFiles
from index.ingestion.rules import FetchRules

_ROBOTS_BYTES = 500 * 1024
_HEADER_VALUE = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,1023}")


class Fetcher:
    """Fetches over one set of connections. Open it with `async with`; every method may be called concurrently."""

    def __init__(
        self,
        rules: FetchRules,
        resolver: AbstractResolver | None = None,
        judge: Judge = why_not_public,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            resolver: Looks names up; None takes the system's. It is closed with the fetcher.
            judge: Says which addresses are not public; only tests have a reason to give another.
            clock: Seconds that only grow.
        """
        self._rules = rules
        self._judge = judge
        self._clock = clock
        self._requester = Requester(rules, resolver, judge)
        self._queues = HostQueues(rules, clock)
        self._robots = RobotsFiles(self._read_robots, clock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._requester.close()

    async def fetch(
        self, address: str, *, etag: str | None = None, last_modified: str | None = None, as_crawler: bool = False
    ) -> Fetched | NotModified:
        """Fetch an address.

        Args:
            etag: What came with the last answer; if nothing changed since, the result is `NotModified`.
            last_modified: The same.
            as_crawler: No person named this very address, so the site's robots.txt is obeyed.

        Raises:
            UnusableSourceError: It cannot be had; the problem tells why.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in conditions.items() if value and _HEADER_VALUE.fullmatch(value)}
        try:
            return await self._follow(address, headers, as_crawler, self._rules.max_bytes, cut=False)
        except UnusableSourceError as error:
            raise error.of(shown(address)) from error.__cause__

    async def _follow(
        self, address: str, headers: Mapping[str, str], as_crawler: bool, max_bytes: int, *, cut: bool
    ) -> Fetched | NotModified:
        url = self._check(address)
        seen = {str(url)}
        permanent = True
        left_s = self._rules.timeout_s
        for _ in range(self._rules.max_redirects + 1):
            if as_crawler:
                await self._obey_robots(url)
            async with self._queues.turn(url, at_once=len(seen) > 1):
                began = self._clock()
                answer = await self._ask(url, headers, max(left_s, 0.001), max_bytes, cut=cut)
                left_s -= self._clock() - began
            if not isinstance(answer, Redirect):
                if len(seen) > 1 and permanent:
                    return replace(answer, moved_to=answer.address)
                return answer
            permanent = permanent and answer.permanent
            url = self._redirected(url, answer.location)
            if str(url) in seen:
                raise UnusableSourceError(address, Problem.BAD_REDIRECT, "they go round in a circle")
            seen.add(str(url))
        raise UnusableSourceError(address, Problem.BAD_REDIRECT, f"there are more than {self._rules.max_redirects}")

    async def _ask(
        self, url: URL, headers: Mapping[str, str], timeout_s: float, max_bytes: int, *, cut: bool
    ) -> Fetched | NotModified | Redirect:
        try:
            return await self._requester.ask(url, headers, timeout_s=timeout_s, max_bytes=max_bytes, cut=cut)
        except UnusableSourceError as error:
            if error.problem is Problem.TRY_LATER and error.retry_after_s is not None:
                self._queues.leave_alone(url, error.retry_after_s)
            raise

    def _check(self, address: str) -> URL:
        return check_address(address, self._rules.allowed_hosts, self._rules.ports, self._judge)

    def _redirected(self, url: URL, location: str) -> URL:
        location = location.strip()
        try:
            target = str(url.join(URL(location)))
        except ValueError as error:
            raise UnusableSourceError(str(url), Problem.BAD_REDIRECT, "one is malformed") from error
        try:
            # Joining drops what the check looks for: the location is judged as it came, if it is complete.
            new = self._check(location if "://" in location.split("?")[0] else target)
        except UnusableSourceError as error:
            problem = Problem.BAD_REDIRECT if error.problem is Problem.BAD_ADDRESS else error.problem
            raise UnusableSourceError(str(url), problem, f"it redirects to {shown(target)}: {error.detail}") from error
        if url.scheme == "https" and new.scheme == "http":
            raise UnusableSourceError(str(url), Problem.BAD_REDIRECT, "one leads from https to http")
        return new

    async def _obey_robots(self, url: URL) -> None:
        rules = await self._robots.of(url)
        if rules is None:
            return
        allowed, delay_s = await asyncio.to_thread(rules.judge, str(url), self._rules.name)
        self._queues.slow_down(url, delay_s)
        if not allowed:
            raise UnusableSourceError(str(url), Problem.ROBOTS)

    async def _read_robots(self, url: URL) -> bytes:
        found = await self._follow(str(url), {}, False, _ROBOTS_BYTES, cut=True)
        # Nothing was sent that it could compare with.
        return found.content if isinstance(found, Fetched) else b""
