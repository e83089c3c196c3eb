"""Fetches what a stranger names, without harm to us or to the server.

Only the public internet is reached, and the hosts that the operator allows by name and port; every hop is judged anew.
Time, redirects, headers and the body are bounded. A server is asked one thing at a time, by a client that tells its
name.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from index.ingestion.addresses import (
    DEFAULT_PORTS,
    AllowedHost,
    Judge,
    check_address,
    is_ip_address,
    shown,
    why_never,
    why_not_public,
)
from index.ingestion.connecting import RefusedAddressError, guarded_connector
from index.ingestion.inflating import InflatedTooLargeError, InflateError, Inflater, UnknownCompressionError
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.robots import Robots

_ACCEPT = (
    "text/html, application/xhtml+xml, application/pdf, application/feed+json, application/xml;q=0.9, "
    "text/plain;q=0.8, */*;q=0.5"
)
_LONGEST_HEADER_LINE = 8_190
_MOST_HEADERS = 128
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_USELESS_TYPES = ("image/", "video/", "audio/", "font/")
_ROBOTS_BYTES = 500 * 1024
_ROBOTS_S = 24 * 3600.0
_ROBOTS_AGAIN_S = 600.0
_MOST_REMEMBERED_HOSTS = 1_000
_LONGEST_RETRY_AFTER_S = 24 * 3600.0
_HEADER_VALUE = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,1023}")


@dataclass(frozen=True, slots=True)
class FetchRules:
    """How the web is fetched.

    Attributes:
        name: The client's name in its user agent; robots.txt is asked about it.
        contact: A web or mail address of whoever runs it, part of the user agent; "" for none.
        allowed_hosts: Hosts that may be fetched although they are not public.
        ports: Ports that any host may be fetched from.
        timeout_s: For one fetch, its redirects included, the wait for its turn not.
        connect_s: For one connection.
        idle_s: Between two pieces of an answer.
        max_bytes: Of a body, before and after decompression.
        max_redirects: For one fetch.
        at_once: Most requests at the same time, over all hosts.
        pause_s: Between the end of a request and the beginning of the next one to the same host.
        longest_pause_s: Most that a robots.txt may ask for as such a pause.
    """

    name: str = "Footnote"
    contact: str = ""
    allowed_hosts: tuple[AllowedHost, ...] = ()
    ports: frozenset[int] = DEFAULT_PORTS
    timeout_s: float = 20.0
    connect_s: float = 5.0
    idle_s: float = 8.0
    max_bytes: int = 20 * 1024 * 1024
    max_redirects: int = 5
    at_once: int = 8
    pause_s: float = 2.0
    longest_pause_s: float = 30.0

    @property
    def user_agent(self) -> str:
        """What is sent as User-Agent."""
        told = f"{self.name} (+{self.contact})" if self.contact else self.name
        return re.sub(r"[^\x20-\x7e]", "?", told)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came for an address.

    Attributes:
        address: Where it came from in the end.
        moved_to: The same if all redirects on the way were permanent: it may take the old one's place. Else None.
        content: The body, decompressed.
        media_type: As declared, in lower case and without parameters; "" if it was not.
        charset: As declared, or None.
        etag: To be sent at the next fetch, as it came.
        last_modified: The same.
        max_age_s: For how long the server calls the answer fresh, if it says so.
    """

    address: str
    moved_to: str | None
    content: bytes
    media_type: str
    charset: str | None
    etag: str | None
    last_modified: str | None
    max_age_s: int | None


@dataclass(frozen=True, slots=True)
class NotModified:
    """It is as it was when the etag or date that was sent came."""

    address: str
    moved_to: str | None
    max_age_s: int | None


@dataclass(slots=True)
class _Turns:
    """The queue in front of one host."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    free_at: float = 0.0
    closed_until: float = 0.0
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _KnownRobots:
    """A site's robots.txt; `rules` None allows everything."""

    rules: Robots | None
    good_until: float


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str
    permanent: bool


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
        self.rules = rules
        self._resolver = resolver
        self._judge = judge
        self._clock = clock
        self._sessions: dict[tuple[str, int] | None, aiohttp.ClientSession] = {}
        self._turns: dict[str, _Turns] = {}
        self._robots: dict[str, _KnownRobots] = {}
        self._slots = asyncio.Semaphore(rules.at_once)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

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
            return await self._follow(address, headers, as_crawler, self.rules.max_bytes, cut=False)
        except UnusableSourceError as error:
            raise error.of(shown(address)) from error.__cause__

    async def _follow(
        self, address: str, headers: dict[str, str], as_crawler: bool, max_bytes: int, *, cut: bool
    ) -> Fetched | NotModified:
        url = self._check(address)
        seen = {str(url)}
        permanent = True
        left_s = self.rules.timeout_s
        for _ in range(self.rules.max_redirects + 1):
            if as_crawler:
                await self._obey_robots(url)
            async with self._turn(url, at_once=len(seen) > 1):
                began = self._clock()
                answer = await self._ask(url, headers, max(left_s, 0.001), max_bytes, cut)
                left_s -= self._clock() - began
            if not isinstance(answer, _Redirect):
                if len(seen) > 1 and permanent:
                    return replace(answer, moved_to=answer.address)
                return answer
            permanent = permanent and answer.permanent
            url = self._redirected(url, answer.location)
            if str(url) in seen:
                raise UnusableSourceError(address, Problem.BAD_REDIRECT, "they go round in a circle")
            seen.add(str(url))
        raise UnusableSourceError(address, Problem.BAD_REDIRECT, f"there are more than {self.rules.max_redirects}")

    def _check(self, address: str) -> URL:
        return check_address(address, self.rules.allowed_hosts, self.rules.ports, self._judge)

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

    # ---- one request

    async def _ask(
        self, url: URL, headers: dict[str, str], timeout_s: float, max_bytes: int, cut: bool
    ) -> Fetched | NotModified | _Redirect:
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._session(url).get(url, allow_redirects=False, headers=headers) as response,
            ):
                return await self._read(response, url, bool(headers), max_bytes, cut)
        except TimeoutError as error:
            raise UnusableSourceError(str(url), Problem.TIMED_OUT) from error
        except aiohttp.InvalidURL as error:
            raise UnusableSourceError(str(url), Problem.BAD_ADDRESS, "it is malformed") from error
        except aiohttp.ClientSSLError as error:
            raise UnusableSourceError(str(url), Problem.UNREACHABLE, "its certificate is not valid") from error
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, RefusedAddressError):
                raise UnusableSourceError(str(url), Problem.FORBIDDEN_ADDRESS, error.os_error.reason) from error
            if isinstance(error, aiohttp.ClientConnectorDNSError):
                raise UnusableSourceError(str(url), Problem.UNKNOWN_HOST, url.host or "") from error
            raise UnusableSourceError(str(url), Problem.UNREACHABLE) from error
        except (aiohttp.ClientResponseError, aiohttp.ClientPayloadError) as error:
            raise UnusableSourceError(str(url), Problem.BAD_ANSWER) from error
        except (aiohttp.ClientError, OSError) as error:
            raise UnusableSourceError(str(url), Problem.UNREACHABLE, "it hung up") from error

    async def _read(
        self, response: aiohttp.ClientResponse, url: URL, conditional: bool, max_bytes: int, cut: bool
    ) -> Fetched | NotModified | _Redirect:
        self._check_peer(response, url)
        if response.status in _REDIRECTS:
            location = response.headers.get("Location", "")
            if not location.strip():
                raise UnusableSourceError(str(url), Problem.BAD_REDIRECT, "one names no address")
            return _Redirect(location, response.status in _PERMANENT)
        if response.status == 304 and conditional:
            return NotModified(str(url), None, _max_age(response.headers))
        if response.status not in {200, 203}:
            raise self._status_error(response, url)
        if response.content_type.startswith(_USELESS_TYPES) and "Content-Type" in response.headers:
            raise UnusableSourceError(str(url), Problem.UNSUPPORTED_TYPE, shown(response.content_type))
        content = await _read_body(response, url, max_bytes, cut)
        return Fetched(
            address=str(url),
            moved_to=None,
            content=content,
            media_type=response.content_type.lower() if "Content-Type" in response.headers else "",
            charset=response.charset,
            etag=response.headers.get("ETag"),
            last_modified=response.headers.get("Last-Modified"),
            max_age_s=_max_age(response.headers),
        )

    def _check_peer(self, response: aiohttp.ClientResponse, url: URL) -> None:
        """A last look at who answered; `guarded_connector` lets nobody else through as it is."""
        transport = None if response.connection is None else response.connection.transport
        peer = None if transport is None else transport.get_extra_info("peername")
        reason = None if peer is None else self._judge_of(url)(peer[0])
        if reason is not None:
            raise UnusableSourceError(str(url), Problem.FORBIDDEN_ADDRESS, reason)

    def _status_error(self, response: aiohttp.ClientResponse, url: URL) -> UnusableSourceError:
        status = response.status
        retry_after_s = _retry_after(response.headers.get("Retry-After"))
        match status:
            case 404:
                problem = Problem.MISSING
            case 410:
                problem = Problem.GONE
            case 402:
                problem = Problem.WALL
            case 401 | 403 | 407 | 451:
                problem = Problem.NOT_ALLOWED
            case 429 | 503:
                problem = Problem.TRY_LATER
                if retry_after_s is not None:
                    turns = self._turns_of(url)
                    turns.closed_until = max(turns.closed_until, self._clock() + retry_after_s)
            case _:
                problem = Problem.HTTP_STATUS
        return UnusableSourceError(str(url), problem, f"HTTP {status}{_phrase(status)}", retry_after_s)

    def _judge_of(self, url: URL) -> Judge:
        allowed = self._allowance(url)
        if allowed is None:
            return self._judge
        return _only(allowed.host) if is_ip_address(allowed.host) else why_never

    def _allowance(self, url: URL) -> AllowedHost | None:
        return next((one for one in self.rules.allowed_hosts if one.covers(url, self.rules.ports)), None)

    def _session(self, url: URL) -> aiohttp.ClientSession:
        """The session for an address: one for all public hosts, and one for each allowed host and port.

        They are apart so that a public name which suddenly points at an allowed host's address finds it closed.
        """
        allowed = self._allowance(url)
        port = url.port or 0
        key = None if allowed is None else (allowed.host, port)
        if key not in self._sessions:
            if self._resolver is None:
                self._resolver = aiohttp.ThreadedResolver()
            ports = self.rules.ports if key is None else frozenset({port})
            self._sessions[key] = aiohttp.ClientSession(
                connector=guarded_connector(self._resolver, self._judge_of(url), ports, self.rules.at_once),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=_LONGEST_HEADER_LINE,
                max_field_size=_LONGEST_HEADER_LINE,
                max_headers=_MOST_HEADERS,
                timeout=aiohttp.ClientTimeout(
                    total=self.rules.timeout_s, sock_connect=self.rules.connect_s, sock_read=self.rules.idle_s
                ),
                headers={
                    "User-Agent": self.rules.user_agent,
                    "Accept": _ACCEPT,
                    "Accept-Encoding": "gzip, deflate",
                },
            )
        return self._sessions[key]

    # ---- politeness

    @asynccontextmanager
    async def _turn(self, url: URL, *, at_once: bool) -> AsyncIterator[None]:
        """Wait until the host may be asked, and keep others from asking meanwhile.

        Args:
            at_once: Leave out the pause, for a redirect is the same request to who made it.
        """
        turns = self._turns_of(url)
        turns.waiting += 1
        try:
            async with turns.lock:
                closed_s = turns.closed_until - self._clock()
                if closed_s > 0:
                    detail = f"in {_duration(closed_s)}"
                    raise UnusableSourceError(str(url), Problem.TRY_LATER, detail, closed_s)
                pause_s = turns.free_at - self._clock()
                if pause_s > 0 and not at_once:
                    await asyncio.sleep(pause_s)
                try:
                    async with self._slots:
                        yield
                finally:
                    turns.free_at = self._clock() + max(self.rules.pause_s, turns.pause_s)
        finally:
            turns.waiting -= 1

    def _turns_of(self, url: URL) -> _Turns:
        host = url.raw_host or ""
        if host not in self._turns:
            if len(self._turns) >= _MOST_REMEMBERED_HOSTS:
                now = self._clock()
                self._turns = {
                    name: turns
                    for name, turns in self._turns.items()
                    if turns.waiting or turns.free_at > now or turns.closed_until > now
                }
            self._turns[host] = _Turns()
        return self._turns[host]

    async def _obey_robots(self, url: URL) -> None:
        origin = str(url.origin())
        known = self._robots.get(origin)
        if known is None or known.good_until <= self._clock():
            known = await self._fetch_robots(url.origin())
            if len(self._robots) >= _MOST_REMEMBERED_HOSTS:
                del self._robots[next(iter(self._robots))]
            self._robots[origin] = known
        if known.rules is None:
            return
        allowed, delay_s = await asyncio.to_thread(known.rules.judge, str(url), self.rules.name)
        self._turns_of(url).pause_s = min(delay_s, self.rules.longest_pause_s)
        if not allowed:
            raise UnusableSourceError(str(url), Problem.ROBOTS)

    async def _fetch_robots(self, origin: URL) -> _KnownRobots:
        """RFC 9309: no such file allows everything; a server in trouble allows nothing until it can be asked again."""
        try:
            fetched = await self._follow(str(origin / "robots.txt"), {}, False, _ROBOTS_BYTES, cut=True)
        except UnusableSourceError as error:
            if error.problem in {Problem.MISSING, Problem.GONE, Problem.NOT_ALLOWED, Problem.WALL}:
                return _KnownRobots(None, self._clock() + _ROBOTS_S)
            if error.problem is Problem.HTTP_STATUS and error.detail.startswith("HTTP 4"):
                return _KnownRobots(None, self._clock() + _ROBOTS_S)
            if error.problem is Problem.FORBIDDEN_ADDRESS:
                raise
            raise UnusableSourceError(
                str(origin),
                Problem.TRY_LATER,
                "its robots.txt cannot be read now",
                error.retry_after_s or _ROBOTS_AGAIN_S,
            ) from error
        if isinstance(fetched, NotModified):
            return _KnownRobots(None, self._clock() + _ROBOTS_AGAIN_S)
        return _KnownRobots(await asyncio.to_thread(Robots, fetched.content), self._clock() + _ROBOTS_S)


async def _read_body(response: aiohttp.ClientResponse, url: URL, max_bytes: int, cut: bool) -> bytes:
    """Read and decompress a body; with `cut`, one that is too long ends where the limit is."""

    def too_large() -> UnusableSourceError:
        return UnusableSourceError(str(url), Problem.TOO_LARGE, f"over {max_bytes / 1024**2:.4g} MiB")

    declared = response.content_length
    if declared is not None and declared > max_bytes and not cut:
        raise too_large()
    encoding = ",".join(response.headers.getall("Content-Encoding", []))
    read = 0
    body = bytearray()
    try:
        inflater = Inflater(encoding, max_bytes)
        async for chunk in response.content.iter_chunked(16 * 1024):
            read += len(chunk)
            if cut and not encoding and read > max_bytes:
                body += chunk[: max_bytes - len(body)]
                return bytes(body)
            if read > max_bytes:
                raise too_large()
            body += inflater.feed(chunk)
        inflater.finish()
    except InflatedTooLargeError as error:
        raise too_large() from error
    except UnknownCompressionError as error:
        raise UnusableSourceError(
            str(url), Problem.BAD_ANSWER, "it is compressed in a way we did not ask for"
        ) from error
    except InflateError as error:
        raise UnusableSourceError(str(url), Problem.BAD_ANSWER, "its compression is damaged") from error
    return bytes(body)


def _only(literal: str) -> Judge:
    return lambda address: None if ip_address(address) == ip_address(literal) else f"{address} is not {literal}"


def _max_age(headers: Mapping[str, str]) -> int | None:
    match = re.search(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", headers.get("Cache-Control", ""), re.IGNORECASE)
    return None if match is None else int(match[1])


def _retry_after(value: str | None) -> float | None:
    """Seconds, from a number of seconds or a date; at most a day."""
    if value is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", value):
        seconds = float(value)
    else:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        date = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
        seconds = (date - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""
