"""Why an address or a file gave no article, and what whoever handed it in can do about it."""

from enum import StrEnum

from index.errors import UnreadableFileError


class Problem(StrEnum):
    """What was wrong. `sentence` says it, `advice` says what to do."""

    # The address, or the way to it
    BAD_ADDRESS = "bad-address"
    FORBIDDEN_ADDRESS = "forbidden-address"
    UNKNOWN_HOST = "unknown-host"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"
    BAD_REDIRECT = "bad-redirect"
    ROBOTS = "robots"
    # What the server said
    MISSING = "missing"
    GONE = "gone"
    NOT_ALLOWED = "not-allowed"
    TRY_LATER = "try-later"
    HTTP_STATUS = "http-status"
    BAD_ANSWER = "bad-answer"
    # What it sent, or what the file holds
    TOO_LARGE = "too-large"
    UNSUPPORTED_TYPE = "unsupported-type"
    EMPTY = "empty"
    TOO_LITTLE_TEXT = "too-little-text"
    WALL = "wall"
    ENCRYPTED = "encrypted"
    SCANNED = "scanned"
    DAMAGED = "damaged"
    BAD_LINE = "bad-line"
    NO_FEED = "no-feed"
    NOT_TEXT = "not-text"
    NO_WORDS = "no-words"
    # What a path leads to
    NO_FILE = "no-file"
    NOT_A_FILE = "not-a-file"
    NOT_READABLE = "not-readable"
    # What somebody wanted
    REMOVED = "removed"
    # Our own limits
    TOO_SLOW = "too-slow"
    TOO_MUCH_MEMORY = "too-much-memory"
    CRASHED = "crashed"

    @property
    def sentence(self) -> str:
        """What was wrong, without a full stop."""
        return _WORDS[self][0]

    @property
    def advice(self) -> str:
        """What to do, without a full stop."""
        return _WORDS[self][1]


_WORDS = {
    Problem.BAD_ADDRESS: ("this is no web address that can be fetched", "give one that begins with https://"),
    Problem.FORBIDDEN_ADDRESS: (
        "the address leads into a private network",
        "the operator can allow the host in FETCH_ALLOWED_HOSTS",
    ),
    Problem.UNKNOWN_HOST: ("there is no such host", "look for a typing mistake"),
    Problem.UNREACHABLE: ("the server cannot be reached", "try again later"),
    Problem.TIMED_OUT: ("the server took too long", "try again later"),
    Problem.BAD_REDIRECT: ("the redirects lead nowhere", "open it in a browser and give the address it ends at"),
    Problem.ROBOTS: ("the site's robots.txt asks programs to stay away", "paste the text instead"),
    Problem.MISSING: ("there is no such page", "look for a typing mistake"),
    Problem.GONE: ("the page was removed", "look for the text elsewhere"),
    Problem.NOT_ALLOWED: ("the server does not let us read it", "paste the text instead"),
    Problem.TRY_LATER: ("the server asks us to come back later", "try again later"),
    Problem.HTTP_STATUS: ("the server answered with an error", "try again later"),
    Problem.BAD_ANSWER: ("the server's answer cannot be understood", "try again later"),
    Problem.TOO_LARGE: ("it is too large", "split it, or give only the part that matters"),
    Problem.UNSUPPORTED_TYPE: (
        "it is of a type that cannot be read",
        "text, Markdown, HTML, PDF, DOCX, EPUB, ZIP and JSON Lines can be",
    ),
    Problem.EMPTY: ("it holds no text", "check that it is the right one"),
    Problem.TOO_LITTLE_TEXT: ("too little text was found for an article", "paste the text instead"),
    Problem.WALL: ("the article is behind a consent, login or payment page", "paste the text instead"),
    Problem.ENCRYPTED: ("it is protected with a password", "save a copy without one"),
    Problem.SCANNED: ("its pages are pictures without text", "run text recognition (OCR) on it first"),
    Problem.DAMAGED: ("it is damaged", "save or download it again"),
    Problem.BAD_LINE: ("a line is no article", 'each line is an object with at least "text"'),
    Problem.NO_FEED: ("neither a feed nor a page that names one was found", "give the address of the feed itself"),
    Problem.NOT_TEXT: ("it is not text", "save it as plain text in UTF-8"),
    Problem.NO_WORDS: ("it holds no words", "check that it is the right one"),
    Problem.NO_FILE: ("there is no such file", "look for a typing mistake; web addresses begin with https://"),
    Problem.NOT_A_FILE: ("it is not a file", "name the files in it"),
    Problem.NOT_READABLE: ("the system does not let us read it", "look at its permissions"),
    Problem.REMOVED: ("its article was removed here by somebody", "add it by its address to have it again"),
    Problem.TOO_SLOW: ("reading it took too long", "split it, or paste the text instead"),
    Problem.TOO_MUCH_MEMORY: ("reading it took too much memory", "split it, or paste the text instead"),
    Problem.CRASHED: ("the reader failed on it", "paste the text instead"),
}


class UnusableSourceError(UnreadableFileError):
    """An address or a file gave no article; whoever handed it in can act as `problem.advice` says.

    Attributes:
        path: The address or the name of the file, of the member in an archive, or of the line.
        problem: What was wrong.
        detail: The particulars, "" if there are none: a status, a size with its limit, a host.
        retry_after_s: Seconds after which it may be tried again, if the server named a time.
    """

    def __init__(self, source: str, problem: Problem, detail: str = "", retry_after_s: float | None = None) -> None:
        particulars = f" ({detail})" if detail else ""
        super().__init__(source, f"{problem.sentence}{particulars}; {problem.advice}", problem)
        self.problem = problem
        self.detail = detail
        self.retry_after_s = retry_after_s

    def of(self, source: str) -> "UnusableSourceError":
        """The same problem of another source."""
        return UnusableSourceError(source, self.problem, self.detail, self.retry_after_s)


def too_large(source: str, detail: str) -> UnusableSourceError:
    """What exceeds a limit."""
    return UnusableSourceError(source, Problem.TOO_LARGE, detail)


def over_bytes(source: str, most: int) -> UnusableSourceError:
    """What has more bytes than may be."""
    return too_large(source, f"over {most / 1024**2:.4g} MiB")


def over_characters(source: str, most: int) -> UnusableSourceError:
    """What has more characters than may be."""
    return too_large(source, f"over {most:,} characters")
