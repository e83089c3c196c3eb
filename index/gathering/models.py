"""What is asked for and what came of it: frozen values, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from index.models import Addition, ArticleInfo

MOST_OUTCOMES = 200
"""Outcomes of a job that are kept; the last quarter of them are problems only."""


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self not in {JobState.QUEUED, JobState.RUNNING}


class JobKind(StrEnum):
    """What a job does."""

    LINKS = "links"
    FILES = "files"
    FEED = "feed"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Job:
    """Work that goes on by itself.

    Attributes:
        id: What people type.
        what: One line: the address, the file's name, "3 addresses", the feed's title.
        asked_by: None if the schedule did.
        done: Addresses, files, entries or pages so far.
        total: How many there are; of a feed that is not known before it was looked at.
        reason: Why it failed; None unless it did.
        additions: What came of it, line by line; at most `MOST_OUTCOMES`.
        unlisted: How many more there were, by `Addition.outcome`; empty if all are in `additions`.
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
    unlisted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed or a sitemap that is looked at again and again.

    Attributes:
        id: What people type.
        path_filter: Only entries whose path begins so; `*` stands for any letters.
        interval_min: Minutes between two checks, if all goes well.
        most: Most entries that one check fetches.
        language: Of its articles; None: it is detected.
        channel: Who is to be told of news; means nothing here.
        threads: Whether they want a thread for each article; means nothing here.
        failures: Checks in a row that failed.
        problem: Why the last one failed, in words; `problem_kind` is the same as a value of `Problem`.
        enabled: False: it is not checked by itself any more.
        articles: How many it has brought.
    """

    id: str
    collection: str
    address: str
    kind: Literal["feed", "sitemap"]
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
    """What a check has brought: articles that are new or revised, or that the feed was switched off for being gone."""

    feed: Feed
    articles: tuple[ArticleInfo, ...]
    switched_off: bool
