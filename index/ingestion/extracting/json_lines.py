"""Articles of JSON Lines: one object a line, as `footnote export` writes them or as anybody else does."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from index.ingestion.decoding import decode
from index.ingestion.extracting.sources import Extracted, Limits, Source
from index.ingestion.files import (
    LONGEST_TITLE,
    FileArticle,
    one_line,
    parse_date,
    parse_language,
    short_first_line,
    storable,
)
from index.ingestion.problems import Problem, UnusableSourceError, over_bytes, over_characters

_TEXTS = ("text", "content", "body")
_SOURCES = ("source", "url", "link", "address")
_AUTHORS = ("author", "authors")
_DATES = ("published_at", "date", "published", "date_published")
_LANGUAGES = ("language", "lang")


def extract_json_lines(source: Source, limits: Limits) -> Iterator[Extracted]:
    """Extract the articles line by line; a bad line is a problem of its own, and those after it are read.

    Known fields: text (or content, body), title, source (or url, link, address), id, author, published_at (or date),
    language (or lang).
    """
    source.stream.seek(0)
    number = found = 0
    while line := source.stream.readline(limits.text_bytes + 1):
        number += 1
        name = f"{source.name}, line {number}"
        if len(line) > limits.text_bytes:
            found += 1
            yield over_bytes(name, limits.text_bytes)
            while line and not line.endswith(b"\n"):
                line = source.stream.readline(limits.text_bytes)
            continue
        if line.strip(b" \t\r\n\xef\xbb\xbf"):
            found += 1
            yield _article(line, name, f"{source.name}#{number}", limits)
    if not found:
        yield UnusableSourceError(source.name, Problem.EMPTY)


def _article(line: bytes, name: str, default_source: str, limits: Limits) -> Extracted:
    decoded = decode(line)
    try:
        value = json.loads(decoded.lstrip("\ufeff")) if decoded is not None else None
    except (ValueError, RecursionError):
        return UnusableSourceError(name, Problem.BAD_LINE, "it is not JSON")
    if not isinstance(value, dict):
        return UnusableSourceError(name, Problem.BAD_LINE, "it is not an object")
    text = _first(value, _TEXTS).strip()
    if not text:
        return UnusableSourceError(name, Problem.BAD_LINE, "it has no text")
    if len(text) > limits.characters:
        return over_characters(name, limits.characters)
    identity = _text(value.get("id"))
    base = default_source.rpartition("#")[0]
    title = one_line(_first(value, ("title", "headline")), LONGEST_TITLE)
    first_line = None if title else short_first_line(text)
    return FileArticle(
        title=title or first_line or identity or name,
        source=_first(value, _SOURCES) or (f"{base}#{identity}" if identity else default_source),
        author=_first(value, _AUTHORS) or None,
        published_at=_date(value),
        language=parse_language(_first(value, _LANGUAGES)),
        text=text,
        is_title_in_text=first_line is not None,
    )


def _first(value: dict[str, object], names: tuple[str, ...]) -> str:
    return next(filter(None, (_text(value.get(name)) for name in names)), "")


def _text(value: object) -> str:
    """A text as it is, a number as one, a list of texts with commas; else ""."""
    if isinstance(value, str):
        return storable(value).strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**20 else ""
    if isinstance(value, list):
        return ", ".join(storable(one).strip() for one in value if isinstance(one, str))
    return ""


def _date(value: dict[str, object]) -> datetime | None:
    for name in _DATES:
        found = value.get(name)
        if isinstance(found, str) and (date := parse_date(found)) is not None:
            return date
        if isinstance(found, int | float) and not isinstance(found, bool) and 0 < found < 4e9:
            return datetime.fromtimestamp(found, UTC)
    return None
