"""Reads Markdown and plain text files as articles."""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from index.errors import UnreadableFileError
from index.ingestion.decoding import decode
from index.ingestion.problems import Problem

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Some 1.3 million English words: a whole shelf of books, and what one article should stay far below."""

_MARKDOWN = frozenset({".md", ".markdown"})
TEXT_SUFFIXES = _MARKDOWN | {".txt"}

# SQLite ends a text at a NUL in places, and no UTF-8 holds a lone surrogate.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?")

LONGEST_TITLE = 300
LONGEST_AUTHOR = 200
_LONGEST_TITLE_LINE = 120

_READING_MARKDOWN = "index.ingestion.markdown"
"""Loaded by name when there is something to read: a bot that answers questions has no use for its parser."""


@dataclass(frozen=True, slots=True)
class FileArticle:
    """What a file says about its article, before anything is cleaned.

    `title`, `source` and `text` are never empty. `published_at` is in UTC; a date that cannot be read is None.
    `language` is as in the front matter, in lower case and without a region ("pt" for "pt-BR").
    `is_title_in_text`: nothing but the first line of the text says what it is called.
    """

    title: str
    source: str
    author: str | None
    published_at: datetime | None
    language: str | None
    text: str
    is_title_in_text: bool = False


def article_files(paths: Iterable[Path], suffixes: Collection[str] = TEXT_SUFFIXES) -> list[Path]:
    """List the files to read.

    Args:
        paths: Files, taken as they are, and folders, of which all files with one of the suffixes are taken, also in
            folders below; what begins with a dot is skipped, links to folders are not followed.
        suffixes: In lower case, with their dots.

    Returns:
        Files in the order of `paths`, a folder's sorted by path; none twice. A path that does not exist is among them,
        so that `read_file` tells of it.
    """
    files: dict[Path, None] = {}
    for path in paths:
        files.update(dict.fromkeys(_files_in(path, suffixes) if path.is_dir() else [path]))
    return list(files)


def _files_in(folder: Path, suffixes: Collection[str]) -> list[Path]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(parent, name) for name in names if not name.startswith(".") and Path(name).suffix.lower() in suffixes
        ]
    return sorted(found)


def named_files(paths: Iterable[Path], suffixes: Collection[str] = TEXT_SUFFIXES) -> dict[Path, str]:
    """List the files to read, each with what it is known by: the source of its article, if it tells of no other.

    That is its path from the current folder, however it was named. A file that lies in this folder itself or outside of
    it, and what is below a folder outside, is known by the path from the folder above the one that was named:
    "notes/a.md" for /srv/notes. The home folder is never part of it, unless two files of `paths` would have one name
    otherwise: as much more of the path is taken as tells them apart.

    Args:
        paths: As for `article_files`.
        suffixes: The same.

    Returns:
        As `article_files`, in that order, with slashes in the names whatever the system; no two names are the same.
    """
    named: dict[Path, tuple[Path, int]] = {}
    for path in paths:
        above = _parts_above(path)
        for file in article_files([path], suffixes):
            whole = _absolute(file)
            named.setdefault(whole, (file, len(whole.parts) - above))
    while alike := _alike({whole: _last(whole, count) for whole, (_, count) in named.items()}):
        named |= {whole: (named[whole][0], named[whole][1] + 1) for whole in alike}
    return {file: _last(whole, count) for whole, (file, count) in named.items()}


def _parts_above(typed: Path) -> int:
    """How many parts of the whole paths of the files that were named so do not belong to their names."""
    whole = _absolute(typed)
    folder = whole if whole.is_dir() else whole.parent
    here, home = Path.cwd(), Path(os.path.expanduser("~"))  # noqa: PTH111 - pathlib raises where nobody has a home
    # From above the home folder, its name would be part of the path.
    if here in folder.parents and here not in home.parents:
        return len(here.parts)
    return len(folder.parts if folder == home else folder.parent.parts)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - a link keeps its name: it may lead elsewhere tomorrow


def _last(whole: Path, count: int) -> str:
    return "/".join(whole.parts[-count:])


def _alike(names: Mapping[Path, str]) -> list[Path]:
    """The files whose names are those of others as well."""
    counts = Counter(names.values())
    return [whole for whole, name in names.items() if counts[name] > 1]


def read_file(path: Path, name: str | None = None) -> FileArticle:
    """Read a Markdown (.md, .markdown) or text (.txt) file.

    Args:
        name: What it is known by; None for the last part of its path.

    Raises:
        UnreadableFileError: It is missing, a folder, of another type, empty, binary, or larger than `MAX_FILE_BYTES`,
            or the system does not let us read it.
    """
    if path.is_dir():
        raise UnreadableFileError(str(path), "it is a folder; name the files in it", Problem.NOT_A_FILE)
    if not path.exists():
        raise UnreadableFileError(str(path), "there is no such file", Problem.NO_FILE)
    if not path.is_file():
        raise UnreadableFileError(str(path), "it is not a regular file", Problem.NOT_A_FILE)
    _require_supported(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableFileError(str(path), f"it cannot be read ({error.strerror})", Problem.NOT_READABLE) from error
    return parse_file(path, content, name)


def parse_file(path: Path, content: bytes, name: str | None = None) -> FileArticle:
    """Read the content of a file that need not be on this disk; only the path's name counts.

    Args:
        name: As for `read_file`.

    Raises:
        UnreadableFileError: As for `read_file`.
    """
    _require_supported(path)
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFileError(str(path), f"it is larger than {MAX_FILE_BYTES // 1024**2} MiB", Problem.TOO_LARGE)
    decoded = decode(content)
    if decoded is None:
        raise UnreadableFileError(str(path), "it is not text", Problem.NOT_TEXT)
    article = parse_text(decoded, name or path.name, is_markdown=path.suffix.lower() in _MARKDOWN)
    if article is None:
        reason = "it is empty" if not decoded.strip() else "it holds no text"
        raise UnreadableFileError(str(path), reason, Problem.EMPTY)
    return article


def parse_text(decoded: str, name: str, *, is_markdown: bool) -> FileArticle | None:
    """Read a text that is decoded already.

    Args:
        name: What the file is called: its source, and its title without the suffix, if it tells of no others.

    Returns:
        The article, None if it holds no text.
    """
    decoded = _LINE_ENDS.sub("\n", storable(decoded))
    facts: dict[str, str] = {}
    heading, text = None, decoded.strip("\n")
    if is_markdown:
        facts, heading, text = import_module(_READING_MARKDOWN).read(decoded)
        text = storable(text)
    if not text.strip():
        return None
    title = facts.get("title") or heading
    first_line = None if title else short_first_line(text)
    return FileArticle(
        title=title or first_line or Path(name).stem,
        source=facts.get("source") or facts.get("url") or name,
        author=facts.get("author"),
        published_at=parse_date(facts.get("date")),
        language=parse_language(facts.get("language") or facts.get("lang")),
        text=text,
        is_title_in_text=first_line is not None,
    )


def _require_supported(path: Path) -> None:
    if path.suffix.lower() not in TEXT_SUFFIXES:
        raise UnreadableFileError(str(path), "only .md, .markdown and .txt files can be read", Problem.UNSUPPORTED_TYPE)


def storable(text: str) -> str:
    """A text without what no store and no UTF-8 can hold."""
    return _UNSTORABLE.sub("", text)


def one_line(text: str, longest: int) -> str:
    """At most so many characters of a text, as `storable` leaves it, on one line with single spaces."""
    return " ".join(storable(text).split())[:longest]


def short_first_line(text: str) -> str | None:
    """The first line if it is short enough for a title."""
    line = text.strip().split("\n", 1)[0].strip()
    return line if len(line) <= _LONGEST_TITLE_LINE else None


def parse_date(value: str | None) -> datetime | None:
    """Read an ISO 8601 date or time; one without an offset is taken as UTC."""
    try:
        date = datetime.fromisoformat(value or "")
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_language(value: str | None) -> str | None:
    """Read a language tag: "pt" for "pt-BR"."""
    return re.split("[-_]", value)[0].lower() or None if value else None
