"""Reads Markdown and plain text files as articles."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

from charset_normalizer import from_bytes
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from index.errors import UnreadableFileError

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Some 1.3 million English words: a whole shelf of books, and what one article should stay far below."""

_MARKDOWN = frozenset({".md", ".markdown"})
_SUPPORTED = _MARKDOWN | {".txt"}

_BYTE_ORDER_MARKS = (
    # UTF-32's little-endian mark begins with UTF-16's, so it is asked first.
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_CONTROL_BYTES = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_MAX_CONTROL_SHARE = 0.01
_GUESSED_FROM_BYTES = 256 * 1024

# SQLite ends a text at a NUL in places, and no UTF-8 holds a lone surrogate.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?")
_LONGEST_TITLE_LINE = 120


@dataclass(frozen=True, slots=True)
class FileArticle:
    """What a file says about its article, before anything is cleaned.

    `title`, `source` and `text` are never empty. `published_at` is in UTC; a date that cannot be read is None.
    `language` is as in the front matter, in lower case and without a region ("pt" for "pt-BR").
    """

    title: str
    source: str
    author: str | None
    published_at: datetime | None
    language: str | None
    text: str


def article_files(paths: Iterable[Path]) -> list[Path]:
    """List the files to read.

    Args:
        paths: Files, taken as they are, and folders, of which all Markdown and text files are taken, also in folders
            below; what begins with a dot is skipped, links to folders are not followed.

    Returns:
        Files in the order of `paths`, a folder's sorted by path; none twice. A path that does not exist is among them,
        so that `read_file` tells of it.
    """
    files: dict[Path, None] = {}
    for path in paths:
        files.update(dict.fromkeys(_files_in(path) if path.is_dir() else [path]))
    return list(files)


def _files_in(folder: Path) -> list[Path]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(parent, name) for name in names if not name.startswith(".") and Path(name).suffix.lower() in _SUPPORTED
        ]
    return sorted(found)


def read_file(path: Path) -> FileArticle:
    """Read a Markdown (.md, .markdown) or text (.txt) file.

    Raises:
        UnreadableFileError: It is missing, a folder, of another type, empty, binary, or larger than `MAX_FILE_BYTES`,
            or the system does not let us read it.
    """
    if path.is_dir():
        raise UnreadableFileError(str(path), "it is a folder; name the files in it")
    if not path.exists():
        raise UnreadableFileError(str(path), "there is no such file")
    if not path.is_file():
        raise UnreadableFileError(str(path), "it is not a regular file")
    _require_supported(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableFileError(str(path), f"it cannot be read ({error.strerror})") from error
    return parse_file(path, content)


def parse_file(path: Path, content: bytes) -> FileArticle:
    """Read the content of a file that need not be on this disk; only the path's name counts.

    Raises:
        UnreadableFileError: As for `read_file`.
    """
    _require_supported(path)
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFileError(str(path), f"it is larger than {MAX_FILE_BYTES // 1024**2} MiB")
    decoded = _decode(content)
    if decoded is None:
        raise UnreadableFileError(str(path), "it is not text")
    decoded = _LINE_ENDS.sub("\n", _UNSTORABLE.sub("", decoded))
    if path.suffix.lower() in _MARKDOWN:
        facts, heading, text = _read_markdown(decoded)
    else:
        facts, heading, text = {}, None, decoded.strip("\n")
    if not text.strip():
        raise UnreadableFileError(str(path), "it is empty" if not decoded.strip() else "it holds no text")
    return FileArticle(
        title=facts.get("title") or heading or _short_first_line(text) or path.stem,
        source=facts.get("source") or facts.get("url") or path.name,
        author=facts.get("author"),
        published_at=_parse_date(facts.get("date")),
        language=_parse_language(facts.get("language") or facts.get("lang")),
        text=text,
    )


def _require_supported(path: Path) -> None:
    if path.suffix.lower() not in _SUPPORTED:
        raise UnreadableFileError(str(path), "only .md, .markdown and .txt files can be read")


def _decode(content: bytes) -> str | None:
    """Turn bytes into text: by byte order mark, else as UTF-8, else by a guess; None if they are no text."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    controls = len(content) - len(content.translate(None, _CONTROL_BYTES))
    if controls > len(content) * _MAX_CONTROL_SHARE:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # The guess needs no more than a part, which ends with a line so that no letter is cut in two.
    sample = content[:_GUESSED_FROM_BYTES]
    guess = from_bytes(sample[: sample.rfind(b"\n") + 1] or sample).best()
    return None if guess is None else content.decode(guess.encoding, "replace")


def _short_first_line(text: str) -> str | None:
    line = text.strip().split("\n", 1)[0].strip()
    return line if len(line) <= _LONGEST_TITLE_LINE else None


def _parse_date(value: str | None) -> datetime | None:
    """Read an ISO 8601 date or time; one without an offset is taken as UTC."""
    try:
        date = datetime.fromisoformat(value or "")
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parse_language(value: str | None) -> str | None:
    return re.split("[-_]", value)[0].lower() or None if value else None


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").use(front_matter_plugin)


def _read_markdown(markdown: str) -> tuple[dict[str, str], str | None, str]:
    """Return the front matter, the first heading if there is one, and the text."""
    tokens = _markdown().parse(markdown)
    facts = _read_front_matter(tokens[0].content) if tokens and tokens[0].type == "front_matter" else {}
    headings = (
        " ".join(_inline_text(inline).split()) for opening, inline in pairwise(tokens) if opening.type == "heading_open"
    )
    return facts, next(filter(None, headings), None), _UNSTORABLE.sub("", _plain_text(tokens))


def _read_front_matter(content: str) -> dict[str, str]:
    """Read lines of `key: value`; what is nested or empty is left out.

    Not YAML: that would need a library, and could hold anything but the five texts we look for.
    """
    facts = {}
    for line in content.split("\n"):
        key, colon, value = line.partition(":")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1].strip()
        if colon and value and not key[:1].isspace():
            facts[key.strip().lower()] = value
    return facts


def _plain_text(tokens: list[Token]) -> str:
    """Write blocks with a blank line between them; the lines of one list or table follow each other directly."""
    pieces: list[str] = []
    previous_group = None
    for block, group in _blocks(tokens):
        if block.strip():
            if pieces:
                pieces.append("\n" if group == previous_group is not None else "\n\n")
            pieces.append(block)
            previous_group = group
    return "".join(pieces)


def _blocks(tokens: list[Token]) -> Iterator[tuple[str, int | None]]:
    """Yield each block with the number of the outermost list or table around it, None outside."""
    group = depth = 0
    bullet = ""
    cells: list[str] | None = None
    for token in tokens:
        match token.type:
            case "bullet_list_open" | "ordered_list_open" | "table_open":
                group += depth == 0
                depth += 1
            case "bullet_list_close" | "ordered_list_close" | "table_close":
                depth -= 1
            case "list_item_open":
                bullet = "- "
            case "list_item_close":
                bullet = ""
            case "tr_open":
                cells = []
            case "tr_close":
                yield bullet + " | ".join(cells or []), group
                cells, bullet = None, ""
            case "inline" if cells is not None:
                cells.append(_inline_text(token))
            case "inline":
                yield bullet + _inline_text(token), group if depth else None
                bullet = ""
            case "fence" | "code_block":
                yield token.content.strip("\n"), group if depth else None
            case _:
                pass


def _inline_text(inline: Token) -> str:
    pieces = []
    for token in inline.children or []:
        match token.type:
            case "text" | "code_inline":
                pieces.append(token.content)
            case "image":
                pieces.append(_inline_text(token))
            case "softbreak":
                pieces.append(" ")
            case "hardbreak":
                pieces.append("\n")
            case _:
                pass
    return "".join(pieces).strip()
