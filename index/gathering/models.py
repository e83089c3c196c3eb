"""What crosses the border of gathering: jobs, feeds, news. Frozen values, no behaviour."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from index.models import Addition, ArticleInfo

MOST_ADDITIONS = 200
"""Outcomes that are kept of a job; the numbers count all."""


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self not in {JobState.QUEUED, JobState.RUNNING}


class JobKind(StrEnum):
    """What a job does."""

    LINKS = "links"
    FILES = "files"
    FEED = "feed"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Job:
    """Work that takes long.

    Attributes:
        id: Short and typeable.
        what: What it is about, in one line: an address, a file's name, a feed's title.
        done: Addresses, files or entries that are dealt with, of `total`, which may grow.
        reason: Why it failed.
        additions: What became of each, at most `MOST_ADDITIONS`.
    """

    id: str
    kind: JobKind
    collection: str
    state: JobState
    what: str
    asked_by: str | None
    done: int
    total: int
    reason: str | None
    additions: tuple[Addition, ...]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed or a sitemap that is looked at again and again.

    Attributes:
        kind: "feed" or "sitemap".
        path_filter: Only entries whose path begins so; `*` stands for any letters.
        interval_min: Minutes between two looks.
        most: Most entries that are fetched at one look.
        language: Of its articles; None to detect it.
        channel: Whom to tell of new articles, for whoever listens.
        threads: Whether each is to have a thread there.
        failures: In a row.
        failing_since: When the first of them was.
        problem: What was wrong at the last look, in words; `problem_kind` as a value of `Problem`.
        enabled: False when it was switched off, because it was gone for a week.
        articles: How many it has brought.
    """

    id: str
    collection: str
    address: str
    kind: str
    title: str
    path_filter: str | None
    interval_min: int
    most: int
    language: str | None
    channel: str | None
    threads: bool
    added_by: str | None
    added_at: datetime
    checked_at: datetime | None
    next_check_at: datetime
    failures: int
    failing_since: datetime | None
    problem: str | None
    problem_kind: str | None
    enabled: bool
    articles: int


@dataclass(frozen=True, slots=True)
class FeedNews:
    """What a look at a feed brought: articles that are new or changed, or that the feed was switched off."""

    feed: Feed
    articles: tuple[ArticleInfo, ...]
    switched_off: bool = False
