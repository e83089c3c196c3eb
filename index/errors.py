"""What can go wrong in a library of articles.

LibraryError
├── UnreadableFileError      the person who adds a file has to act
│   └── UnusableSourceError  the same, with the reason as a value; in index/ingestion/problems.py
├── UnusableArticleError     the person who adds an article has to act
├── UnknownArticleError      the person who named an article has to act
├── UnknownJobError          the person who named a job has to act
├── UnknownFeedError         the person who named a feed has to act
├── DuplicateFeedError       the person who adds a feed has to act
├── QuestionError            the asker has to ask otherwise
├── StoreError               the operator has to look
│   ├── NewerStoreError      the operator has to upgrade Footnote
│   ├── NoRoomError          the operator has to make room on the disk
│   ├── StoreInUseError      the operator has to stop the bot
│   └── UnusableBackupError  the operator has to choose another file
├── CancelledBuildError      somebody stopped a build of the index; the old index stays
├── RebuildRunningError      somebody else builds the index; whoever asked can wait for it
└── FailedBuildError         the operator has to look; the old index stays
"""


class LibraryError(Exception):
    """Anything that a person can be told in one sentence."""


class UnreadableFileError(LibraryError):
    """A file could not be read as an article; nothing of it was stored.

    `kind` is a value of `Problem` in index/ingestion/problems.py, for whoever words it in another language.
    """

    def __init__(self, path: str, reason: str, kind: str | None = None) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.kind = kind


class UnusableArticleError(LibraryError):
    """A text cannot be an article: it is empty, or holds nothing that could be searched.

    `kind` is as in `UnreadableFileError`.
    """

    def __init__(self, title: str, reason: str, kind: str | None = None) -> None:
        super().__init__(f"“{title}” was not added: {reason}")
        self.title = title
        self.reason = reason
        self.kind = kind


class UnknownArticleError(LibraryError):
    """No article has this id, or it belongs to a collection outside the scope."""

    def __init__(self, article_id: str) -> None:
        super().__init__(f"there is no article with the id {article_id!r}; `footnote list` shows all of them")
        self.article_id = article_id


class UnknownJobError(LibraryError):
    """No job has this id, or it belongs to a collection outside the scope."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job with the id {job_id!r}; `footnote jobs` shows those of the last days")
        self.job_id = job_id


class UnknownFeedError(LibraryError):
    """No feed has this id, or it belongs to a collection outside the scope."""

    def __init__(self, feed_id: str) -> None:
        super().__init__(f"there is no feed with the id {feed_id!r}; `footnote feeds list` shows all of them")
        self.feed_id = feed_id


class DuplicateFeedError(LibraryError):
    """The collection has this feed already."""

    def __init__(self, address: str, feed_id: str) -> None:
        super().__init__(f"{address} is followed already, as {feed_id}; change that one, or remove it first")
        self.address = address
        self.feed_id = feed_id


class QuestionError(LibraryError):
    """A question that cannot be asked: it is empty."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StoreError(LibraryError):
    """The store cannot be read or written; the operator has to look."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"the store at {address} cannot be used: {reason}")
        self.address = address
        self.reason = reason


class NewerStoreError(StoreError):
    """The store was written by a newer Footnote; this one leaves it alone."""

    def __init__(self, address: str, revision: str) -> None:
        super().__init__(
            address, f"it was written by a newer version of Footnote (revision {revision}); upgrade Footnote to read it"
        )
        self.revision = revision


class NoRoomError(StoreError):
    """There is too little room on the disk for the copy that is made before an upgrade; nothing was changed."""

    def __init__(self, address: str, needed: int, free: int) -> None:
        super().__init__(
            address,
            f"it has to be upgraded, and a copy is made before; that takes {_megabytes(needed)} of room on its disk, "
            f"and {_megabytes(free)} are free. Nothing was changed; make room, and start again",
        )
        self.needed = needed
        self.free = free


class StoreInUseError(StoreError):
    """Another process has the store open, so that it cannot be replaced."""

    def __init__(self, address: str) -> None:
        super().__init__(address, "another process uses it; stop the bot, and every other footnote command, first")


class UnusableBackupError(StoreError):
    """A file cannot be restored; nothing was changed."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.args = (f"{path} was not restored: {reason}",)


class CancelledBuildError(LibraryError):
    """Somebody cancelled a build of the index; the index in use is unchanged."""

    def __init__(self) -> None:
        super().__init__("the build was cancelled; the index in use is unchanged")


class RebuildRunningError(LibraryError):
    """The index is being built already, by this process or by another one."""

    def __init__(self) -> None:
        super().__init__("the index is being rebuilt already; wait until that is done")


class FailedBuildError(LibraryError):
    """The process that builds the index has ended before its time; the index in use is unchanged."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the index was not rebuilt, and the old one stays in use: {reason}")
        self.reason = reason


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
