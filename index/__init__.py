"""A library of articles that answers questions word for word. `bot` imports these names and no others."""

from index.errors import (
    CancelledBuildError,
    LibraryError,
    NewerStoreError,
    QuestionError,
    StoreError,
    UnknownArticleError,
    UnreadableFileError,
    UnusableArticleError,
)
from index.library import Draft, Library, LibraryStatus
from index.models import (
    SHARED_COLLECTION,
    Addition,
    Answer,
    Article,
    ArticleInfo,
    Change,
    Citation,
    Refusal,
    RemovedLine,
    Span,
    Status,
    Stored,
)

__all__ = [
    "SHARED_COLLECTION",
    "Addition",
    "Answer",
    "Article",
    "ArticleInfo",
    "CancelledBuildError",
    "Change",
    "Citation",
    "Draft",
    "Library",
    "LibraryError",
    "LibraryStatus",
    "NewerStoreError",
    "QuestionError",
    "Refusal",
    "RemovedLine",
    "Span",
    "Status",
    "StoreError",
    "Stored",
    "UnknownArticleError",
    "UnreadableFileError",
    "UnusableArticleError",
]
