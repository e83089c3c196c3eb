"""The entries of RSS, Atom and JSON feeds and of sitemaps, and the feeds that a page names."""

import calendar
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from time import struct_time
from typing import Any

import feedparser
from lxml import etree
from yarl import URL

from index.ingestion.addresses import LONGEST_ADDRESS, same_page
from index.ingestion.decoding import declared_in, decode
from index.ingestion.extracting.entries import FeedEntry, FeedKind, ParsedFeed
from index.ingestion.extracting.kinds import Kind, UnreadableKindError, kind_of
from index.ingestion.extracting.sources import Limits, Source
from index.ingestion.extracting.trees import parse_html
from index.ingestion.files import LONGEST_TITLE, one_line, parse_date, storable
from index.ingestion.inflating import BrokenCompressionError, InflateError, gunzip
from index.ingestion.problems import Problem, UnusableSourceError, over_bytes

_LONGEST_ID = 1_000
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json"})
_MOST_NAMED_FEEDS = 20
_REFERENCE = re.compile(rb"&#(?:[xX]0{0,9}([dD][0-9a-fA-F]{3})|0{0,9}(5\d{4}));")

_SITEMAP = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)\b")


def parse_feed(source: Source, limits: Limits) -> ParsedFeed:
    """Read a feed, a sitemap (compressed or not), or the feeds that an HTML page names.

    Raises:
        UnusableSourceError: It is neither, or too large.
    """
    content = source.read(limits.sitemap_bytes)
    if content.startswith(b"\x1f\x8b"):
        content = _decompressed(content, source.name, limits.sitemap_bytes)
    base = source.address or ""
    if _SITEMAP.search(content[:4_096]):
        return _sitemap(content, source.name, base, limits)
    if len(content) > limits.feed_bytes:
        raise over_bytes(source.name, limits.feed_bytes)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _json_feed(content, source.name, base, limits)
    if _is_page(content, source):
        return _named_feeds(content, source, base)
    return _xml_feed(content, source, base, limits)


def _decompressed(content: bytes, name: str, max_bytes: int) -> bytes:
    try:
        return gunzip(content, max_bytes)
    except BrokenCompressionError as error:
        raise UnusableSourceError(name, Problem.DAMAGED) from error
    except InflateError as error:
        raise over_bytes(name, max_bytes) from error


def _is_page(content: bytes, source: Source) -> bool:
    try:
        return kind_of(content[:4_096], BytesIO(content), media_type=source.media_type) is Kind.HTML
    except UnreadableKindError:
        return False


class _Entries:
    """Gathers entries, none twice, and counts those beyond the limit."""

    def __init__(self, base: str, limit: int) -> None:
        self._base = base
        self._limit = limit
        self._entries: dict[str, FeedEntry] = {}
        self.total = 0

    def add(
        self,
        identity: object,
        link: object,
        title: object,
        changed_at: datetime | None,
        content: object = "",
    ) -> None:
        address = absolute(link, self._base)
        plain = _title(title)
        told = storable(str(identity)).strip() if isinstance(identity, str | int) else ""
        if told:
            key = told if len(told) <= _LONGEST_ID else _digest(told)
        elif address is not None:
            key = same_page(address)
        elif plain:
            key = _digest(f"{plain}\n{changed_at}")
        else:
            return
        if key in self._entries:
            return
        self.total += 1
        if len(self._entries) < self._limit:
            told_content = storable(content) if isinstance(content, str) else ""
            self._entries[key] = FeedEntry(key, address, plain, changed_at, told_content)

    def __iter__(self) -> Iterator[FeedEntry]:
        return iter(self._entries.values())


def _title(value: object) -> str:
    return one_line(value, LONGEST_TITLE) if isinstance(value, str) else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def absolute(link: object, base: str) -> str | None:
    """A link as a whole http(s) address, None if it is none."""
    if not isinstance(link, str) or not link.strip() or len(link) > LONGEST_ADDRESS:
        return None
    try:
        url = URL(storable(link).strip())
        url = URL(base).join(url) if base else url
        text = str(url)
    except ValueError:
        return None
    return text if url.scheme in {"http", "https"} and url.raw_host and len(text) <= LONGEST_ADDRESS else None


# ---- RSS and Atom


def _xml_feed(content: bytes, source: Source, base: str, limits: Limits) -> ParsedFeed:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # feedparser finds no way into UTF-16 without a declaration
        content = re.sub(r"^\s*<\?xml[^>]*\?>", "", decode(content) or "").encode("utf-8", "replace")
    headers = {"content-type": f"{source.media_type}; charset={source.charset}"} if source.charset else {}
    # Bytes, not text or an address: feedparser must not fetch, and knows best what is declared where.
    content = _REFERENCE.sub(_whole_letter, content)
    try:
        parsed: Any = feedparser.parse(BytesIO(content), response_headers=headers, sanitize_html=False)
    except (
        ValueError,
        ArithmeticError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:  # what it raises for odd feeds is not told
        raise UnusableSourceError(source.name, Problem.DAMAGED) from error
    if not parsed.entries and not parsed.get("version"):
        raise UnusableSourceError(source.name, Problem.NO_FEED)
    entries = _Entries(base, limits.feed_entries)
    for entry in parsed.entries:
        # dict's own get: feedparser's gives the day of publication for a missing day of change, and warns of it.
        date = _time(dict.get(entry, "updated_parsed")) or _time(dict.get(entry, "published_parsed"))
        entries.add(entry.get("id"), entry.get("link"), _plain(entry.get("title")), date, _content(entry))
    title = _title(_plain(parsed.feed.get("title")))
    interval = _interval(parsed.feed.get("ttl"))
    return ParsedFeed(FeedKind.FEED, title, tuple(entries), entries.total, interval)


def _content(entry: Any) -> str:
    """The longest text that an entry has of its article."""
    texts = [part.get("value") for part in dict.get(entry, "content") or [] if isinstance(part, dict)]
    texts.append(dict.get(entry, "summary"))
    return max((text for text in texts if isinstance(text, str)), key=len, default="")


def _whole_letter(reference: re.Match[bytes]) -> bytes:
    """A reference to a letter as it is; one to half of a letter, which no text can hold, as a replacement character."""
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return b"&#xFFFD;" if 0xD800 <= code < 0xE000 else reference[0]


def _plain(title: object) -> object:
    """A title without tags: some are HTML, and say so nowhere."""
    return re.sub(r"<[^<>]{1,500}>", "", title) if isinstance(title, str) else title


def _time(value: object) -> datetime | None:
    if not isinstance(value, struct_time | tuple):
        return None
    try:
        date = datetime.fromtimestamp(calendar.timegm(tuple(value)), UTC)
    except (ValueError, OverflowError, OSError, IndexError, TypeError):
        return None
    return date if 1990 <= date.year <= datetime.now(UTC).year + 1 else None


def _interval(ttl: object) -> int | None:
    match = re.fullmatch(r"\s*(\d{1,6})\s*", ttl) if isinstance(ttl, str) else None
    return int(match[1]) if match is not None and int(match[1]) > 0 else None


# ---- JSON Feed, https://www.jsonfeed.org/version/1.1/


def _json_feed(content: bytes, name: str, base: str, limits: Limits) -> ParsedFeed:
    try:
        value = json.loads(decode(content) or "")
    except (ValueError, RecursionError) as error:
        raise UnusableSourceError(name, Problem.NO_FEED) from error
    version = value.get("version") if isinstance(value, dict) else None
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(version, str) or "jsonfeed.org" not in version or not isinstance(items, list):
        raise UnusableSourceError(name, Problem.NO_FEED)
    entries = _Entries(base, limits.feed_entries)
    for item in items:
        if isinstance(item, dict):
            dates = [item.get("date_modified"), item.get("date_published")]
            date = next(filter(None, (parse_date(one) for one in dates if isinstance(one, str))), None)
            address = item.get("url") or item.get("external_url")
            own = item.get("content_html") or item.get("content_text")
            entries.add(item.get("id"), address, item.get("title"), date, own)
    return ParsedFeed(FeedKind.FEED, _title(value.get("title")), tuple(entries), entries.total)


# ---- sitemaps, https://www.sitemaps.org/protocol.html


def _sitemap(content: bytes, name: str, base: str, limits: Limits) -> ParsedFeed:
    entries = _Entries(base, limits.sitemap_entries)
    is_index = False
    location: str | None = None
    changed: str | None = None
    walk = etree.iterparse(
        BytesIO(content),
        events=("end",),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=True,
    )
    try:
        for _, element in walk:
            match _local(element):
                case "loc" if element.getparent() is not None and _local(element.getparent()) in {"url", "sitemap"}:
                    location = element.text
                case "lastmod":
                    changed = element.text
                case "url" | "sitemap" as kind:
                    is_index = is_index or kind == "sitemap"
                    # An entry's key is its address: what has no address is no entry.
                    if absolute(location, base) is not None:
                        entries.add(None, location, None, parse_date((changed or "").strip() or None))
                    location = changed = None
                    element.clear()
                case _:
                    pass
    except (etree.XMLSyntaxError, UnicodeDecodeError) as error:
        if not entries.total:
            raise UnusableSourceError(name, Problem.DAMAGED) from error
    oldest = datetime.min.replace(tzinfo=UTC)
    newest_first = sorted(entries, key=lambda entry: entry.changed_at or oldest, reverse=True)
    found = FeedKind.SITEMAP_INDEX if is_index else FeedKind.SITEMAP
    return ParsedFeed(found, "", tuple(newest_first), entries.total)


def _local(element: Any) -> str:
    """The name without its namespace; lxml's own way to it refuses what its forgiving parser lets pass."""
    return element.tag.rpartition("}")[2].rpartition(":")[2] if isinstance(element.tag, str) else ""


# ---- autodiscovery


def _named_feeds(content: bytes, source: Source, base: str) -> ParsedFeed:
    """The feeds that a page names in its head, in order; comments' feeds come last, since nobody means those."""
    markup = storable(decode(content, [source.charset, *declared_in(content)]) or "")
    root = parse_html(markup)
    if root is None:
        raise UnusableSourceError(source.name, Problem.NO_FEED)
    named = next(iter(root.xpath("//base/@href")), None)
    entries = _Entries(absolute(named, base) or base, _MOST_NAMED_FEEDS)
    found = [
        (link.get("href"), link.get("title"))
        for link in root.iter("link", "a")
        if "alternate" in (link.get("rel") or "").lower().split()
        and (link.get("type") or "").partition(";")[0].strip().lower() in _FEED_TYPES
    ]
    for link, title in sorted(found, key=lambda one: "comment" in f"{one[0]} {one[1]}".lower()):
        entries.add(None, link, title, None)
    if not entries.total:
        raise UnusableSourceError(source.name, Problem.NO_FEED)
    return ParsedFeed(FeedKind.PAGE, "", tuple(entries), entries.total)
