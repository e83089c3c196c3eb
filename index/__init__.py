"""A library of articles that answers questions word for word. `bot` imports these names and no others."""

from index.analysis.languages import known_languages
from index.drafts import Draft
from index.errors import (
    CancelledBuildError,
    DuplicateFeedError,
    FailedBuildError,
    LibraryError,
    NewerStoreError,
    QuestionError,
    RebuildRunningError,
    StoreError,
    UnknownArticleError,
    UnknownFeedError,
    UnknownJobError,
    UnreadableFileError,
    UnusableArticleError,
)
from index.gathering.gatherer import Gatherer
from index.gathering.models import Feed, FeedNews, Job, JobKind, JobState
from index.gathering.rules import GatheringRules
from index.ingestion.files import MAX_FILE_BYTES
from index.ingestion.problems import Problem, UnusableSourceError
from index.library import Library, LibraryStatus
from index.models import (
    SHARED_COLLECTION,
    Addition,
    Answer,
    Article,
    ArticleInfo,
    ArticlePage,
    Change,
    Citation,
    RebuildProgress,
    RebuildSummary,
    Refusal,
    RemovedLine,
    Sort,
    Span,
    Status,
    Stored,
)
from index.store import Database, Migrations, UtcDateTime

__all__ = [
    "MAX_FILE_BYTES",
    "SHARED_COLLECTION",
    "Addition",
    "Answer",
    "Article",
    "ArticleInfo",
    "ArticlePage",
    "CancelledBuildError",
    "Change",
    "Citation",
    "Database",
    "Draft",
    "DuplicateFeedError",
    "FailedBuildError",
    "Feed",
    "FeedNews",
    "Gatherer",
    "GatheringRules",
    "Job",
    "JobKind",
    "JobState",
    "Library",
    "LibraryError",
    "LibraryStatus",
    "Migrations",
    "NewerStoreError",
    "Problem",
    "QuestionError",
    "RebuildProgress",
    "RebuildRunningError",
    "RebuildSummary",
    "Refusal",
    "RemovedLine",
    "Sort",
    "Span",
    "Status",
    "StoreError",
    "Stored",
    "UnknownArticleError",
    "UnknownFeedError",
    "UnknownJobError",
    "UnreadableFileError",
    "UnusableArticleError",
    "UnusableSourceError",
    "UtcDateTime",
    "known_languages",
]
