"""What crosses the borders between the parts of the library: frozen values, no behaviour."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

SHARED_COLLECTION = "shared"
"""The operator's collection: every scope may read it."""

MAX_PASSAGE_CHARACTERS = 1_000

Progress = Callable[[int, int], None]
"""Hears how much is done, and of how much."""


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article as somebody hands it in, already cleaned.

    `published_at` is aware (UTC) or None. `language` is a code of `index.analysis.languages`. `text` holds no NUL.
    """

    title: str
    text: str
    source: str
    language: str
    collection: str = SHARED_COLLECTION
    author: str | None = None
    published_at: datetime | None = None
    added_by: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleInfo:
    """What is known of a stored article, without its text.

    `number` counts revisions of all articles in the order in which they were stored: it never comes twice, and a higher
    number is newer. `id` is what people type; it stays the same over revisions. `gone_since` is when its page was found
    to be no longer there; the text is kept.
    """

    number: int
    id: str
    collection: str
    title: str
    source: str
    language: str
    author: str | None
    published_at: datetime | None
    added_at: datetime
    added_by: str | None
    revision: int
    content_hash: str
    characters: int
    gone_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """A stored article with its text."""

    info: ArticleInfo
    text: str


@dataclass(frozen=True, slots=True)
class WholeArticle:
    """A stored article with all that is kept of it: what is exported, and put back.

    `copies` are the addresses where its text stands besides its own source. `page` is the address that is looked at
    again for it; None if it was not added by link.
    """

    info: ArticleInfo
    text: str
    copies: tuple[str, ...] = ()
    page: str | None = None


Sort = Literal["newest", "oldest", "title"]
"""Orders of a list of articles: by when they were stored, or by title."""


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """A part of a list of articles; `total` is the length of the whole list."""

    items: tuple[ArticleInfo, ...]
    total: int


class Change(StrEnum):
    """What storing an article did."""

    ADDED = "added"
    REVISED = "revised"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Stored:
    """The outcome of storing one article; `replaced` is the number of the revision that is gone, if any."""

    change: Change
    info: ArticleInfo
    replaced: int | None = None


@dataclass(frozen=True, slots=True)
class RemovedLine:
    """A line that was left out of an article, with the reason in words."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class Addition:
    """What the person who added an article is told.

    `article` is None when nothing was stored; then `problem` says why in words, and `problem_kind` is the same as a
    value of `Problem`, None if it is none of them. `duplicate_of` is the article whose text this is, when that stands
    there already under another source.
    """

    source: str
    article: ArticleInfo | None
    change: Change | None
    passages: int
    left_out: tuple[RemovedLine, ...]
    problem: str | None
    problem_kind: str | None = None
    duplicate_of: ArticleInfo | None = None

    @property
    def outcome(self) -> Literal["added", "revised", "unchanged", "skipped"]:
        """What became of it, in a word: of a duplicate, "unchanged"; with a problem, "skipped"."""
        if self.duplicate_of is not None or self.change is Change.UNCHANGED:
            return "unchanged"
        if self.article is None or self.change is None:
            return "skipped"
        return "added" if self.change is Change.ADDED else "revised"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters, 0 <= start <= end, in the text that the holder names."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PassageKey:
    """Which passage: the article's number and the passage's place in it, from 0."""

    article: int
    ordinal: int


class Status(StrEnum):
    """How an answer is to be read."""

    ANSWERED = "answered"
    UNCERTAIN = "uncertain"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why there is no answer."""

    EMPTY_LIBRARY = "empty-library"
    NO_WORDS = "no-words"
    UNKNOWN_WORDS = "unknown-words"
    TOO_FAR = "too-far"


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage with the place in its article, and the quote in it.

    `passage` is `text[start:end]` of the article, and `quotes` are one or two spans within `passage`, in order, of
    which `quotes[better]` answers best.
    `other_sources` are where the same words stand besides (near-duplicates are shown once).
    """

    article: ArticleInfo
    ordinal: int
    start: int
    end: int
    passage: str
    quotes: tuple[Span, ...]
    link: str | None
    score: float
    confidence: float
    matched_terms: tuple[str, ...]
    features: Mapping[str, float]
    other_sources: tuple[ArticleInfo, ...] = ()
    better: int = 0

    @property
    def stretch(self) -> Span:
        """The quote as one slice of the passage: both sentences when only white space parts them, else the better."""
        first, last = self.quotes[0], self.quotes[-1]
        if self.passage[first.end : last.start].strip():
            return self.quotes[self.better]
        return Span(first.start, last.end)

    @property
    def quote(self) -> str:
        """The quoted words, a slice of the passage: `passage[stretch.start:stretch.end]`."""
        return self.passage[self.stretch.start : self.stretch.end]

    @property
    def bold(self) -> str:
        """All words shown in bold; an ellipsis in brackets stands between two sentences that do not touch."""
        if self.stretch == Span(self.quotes[0].start, self.quotes[-1].end):
            return self.quote
        return " […] ".join(self.passage[span.start : span.end] for span in self.quotes)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a question.

    `best` is None exactly when `status` is REFUSED; then `refusal` says why. `alternatives` are the next passages, best
    first. `unknown_terms` are words of the question that no article in the scope holds, as typed. `confidence` lies in
    0..1. `nearest_titles` are the articles that came closest, best first, at most three. `timings` tells what `took_ms`
    was spent on, in milliseconds: "queue", waiting for earlier questions; "rank"; and "read", fetching passages.
    """

    question: str
    status: Status
    refusal: Refusal | None
    reason: str
    best: Citation | None
    alternatives: tuple[Citation, ...]
    matched_terms: tuple[str, ...]
    unknown_terms: tuple[str, ...]
    nearest_titles: tuple[str, ...]
    confidence: float
    took_ms: float
    timings: Mapping[str, float] = field(default_factory=dict, compare=False)


Stage = Literal["reading", "sorting", "swapping"]
"""What a rebuild does: reads and analyses articles, writes the index, puts it in the place of the old one."""


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """How far a rebuild is in its stage: `done` of `total` articles when it reads, else passages."""

    done: int
    total: int
    stage: Stage


@dataclass(frozen=True, slots=True)
class RebuildSummary:
    """What a rebuild has changed in what can be found, in the collections that were asked about.

    Articles that came or went with the library's own `add` and `remove` meanwhile are `unchanged` or gone without
    being counted; the others were changed in the store by another process. `failed` are titles of articles that cannot
    be indexed, each with the reason in words.
    """

    added: int
    changed: int
    removed: int
    unchanged: int
    failed: tuple[tuple[str, str], ...]
    articles: int
    passages: int
    took_s: float


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """Figures of a library, or of some of its collections.

    Attributes:
        characters: Of all texts together.
        index_bytes: Size of the saved index, of all collections; None while none is saved.
        engine: Which engine ranks the passages.
        built_at: When the index was last built from all articles.
    """

    articles: int
    passages: int
    languages: tuple[str, ...]
    characters: int
    index_bytes: int | None
    engine: str
    built_at: datetime | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How store and index compare, in articles. `missing` are in the store only, `surplus` in the index only."""

    stored: int
    indexed: int
    missing: int
    surplus: int
