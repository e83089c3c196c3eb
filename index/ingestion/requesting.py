"""Asks a server one thing, over guarded connections, and takes no more of its answer than is allowed."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from index.ingestion.addresses import AllowedHost, Judge, is_ip_address, shown, why_never
from index.ingestion.connecting import RefusedAddressError, guarded_connector
from index.ingestion.inflating import InflatedTooLargeError, InflateError, Inflater, UnknownCompressionError
from index.ingestion.problems import Problem, UnusableSourceError, over_bytes
from index.ingestion.rules import FetchRules

_ACCEPT = (
    "text/html, application/xhtml+xml, application/pdf, application/feed+json, application/xml;q=0.9, "
    "text/plain;q=0.8, */*;q=0.5"
)
_LONGEST_HEADER_LINE = 8_190
_MOST_HEADERS = 128
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_USELESS_TYPES = ("image/", "video/", "audio/", "font/")
_LONGEST_RETRY_AFTER_S = 24 * 3600.0


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


@dataclass(frozen=True, slots=True)
class Redirect:
    """It is elsewhere: at `location`, as the server wrote it."""

    location: str
    permanent: bool


class Requester:
    """Makes requests over one set of connections."""

    def __init__(self, rules: FetchRules, resolver: AbstractResolver | None, judge: Judge) -> None:
        """
        Args:
            resolver: Looks names up; None takes the system's. It is closed with the requester.
            judge: Says which addresses are not public.
        """
        self._rules = rules
        self._resolver = resolver
        self._judge = judge
        self._sessions: dict[tuple[str, int] | None, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

    async def ask(
        self, url: URL, headers: Mapping[str, str], *, timeout_s: float, max_bytes: int, cut: bool
    ) -> Fetched | NotModified | Redirect:
        """Ask for an address that was checked.

        Args:
            headers: Conditions; without any, `NotModified` does not come.
            cut: A body that is too long ends where the limit is, instead of being a problem.

        Raises:
            UnusableSourceError: It cannot be had; the problem tells why. A server that wants to be left alone for some
                time is TRY_LATER with that time.
        """
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
    ) -> Fetched | NotModified | Redirect:
        self._check_peer(response, url)
        if response.status in _REDIRECTS:
            location = response.headers.get("Location", "")
            if not location.strip():
                raise UnusableSourceError(str(url), Problem.BAD_REDIRECT, "one names no address")
            return Redirect(location, response.status in _PERMANENT)
        if response.status == 304 and conditional:
            return NotModified(str(url), None, _max_age(response.headers))
        if response.status not in {200, 203}:
            raise _status_error(response, url)
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

    def _judge_of(self, url: URL) -> Judge:
        allowed = self._allowance(url)
        if allowed is None:
            return self._judge
        return _only(allowed.host) if is_ip_address(allowed.host) else why_never

    def _allowance(self, url: URL) -> AllowedHost | None:
        return next((one for one in self._rules.allowed_hosts if one.covers(url, self._rules.ports)), None)

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
            ports = self._rules.ports if key is None else frozenset({port})
            self._sessions[key] = aiohttp.ClientSession(
                connector=guarded_connector(self._resolver, self._judge_of(url), ports, self._rules.at_once),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=_LONGEST_HEADER_LINE,
                max_field_size=_LONGEST_HEADER_LINE,
                max_headers=_MOST_HEADERS,
                timeout=aiohttp.ClientTimeout(
                    total=self._rules.timeout_s, sock_connect=self._rules.connect_s, sock_read=self._rules.idle_s
                ),
                headers={
                    "User-Agent": self._rules.user_agent,
                    "Accept": _ACCEPT,
                    "Accept-Encoding": "gzip, deflate",
                },
            )
        return self._sessions[key]


def _status_error(response: aiohttp.ClientResponse, url: URL) -> UnusableSourceError:
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
        case _:
            problem = Problem.HTTP_STATUS
    return UnusableSourceError(str(url), problem, f"HTTP {status}{_phrase(status)}", retry_after_s)


async def _read_body(response: aiohttp.ClientResponse, url: URL, max_bytes: int, cut: bool) -> bytes:
    """Read and decompress a body; with `cut`, one that is too long ends where the limit is."""
    declared = response.content_length
    if declared is not None and declared > max_bytes and not cut:
        raise over_bytes(str(url), max_bytes)
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
                raise over_bytes(str(url), max_bytes)
            body += inflater.feed(chunk)
        inflater.finish()
    except InflatedTooLargeError as error:
        raise over_bytes(str(url), max_bytes) from error
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


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""
