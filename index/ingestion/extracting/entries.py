"""What feeds and sitemaps hold."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FeedKind(StrEnum):
    """What was found at an address."""

    FEED = "feed"
    SITEMAP = "sitemap"
    SITEMAP_INDEX = "sitemap-index"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry of a feed or sitemap.

    Attributes:
        key: Equal for the same entry of later fetches: its id, else its address, else a digest of title and date.
        address: Where its article is; None if it names none.
        title: "" if it has none.
        changed_at: When it was last changed, else published, in UTC; None if it does not say, or nothing readable.
        content: The article as the feed has it, in HTML, "" if it is not there; often only its beginning.
    """

    key: str
    address: str | None
    title: str
    changed_at: datetime | None
    content: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What an address holds that is asked for a feed.

    Attributes:
        kind: FEED and SITEMAP have entries; of a SITEMAP_INDEX they are the sitemaps, of a PAGE the feeds it names.
        title: The feed's own title, "" if it has none.
        entries: In the feed's order, a sitemap's newest first; none twice.
        total: How many there are; more than `len(entries)` if the limit cut some off.
        interval_min: How often the feed says it changes, in minutes (`ttl`), if it does.
    """

    kind: FeedKind
    title: str
    entries: tuple[FeedEntry, ...]
    total: int
    interval_min: int | None = None
