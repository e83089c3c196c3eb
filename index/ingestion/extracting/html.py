"""The article of an HTML page: its paragraphs, lists and tables, without what the page puts around them."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path, PurePath

from trafilatura import bare_extraction
from trafilatura.settings import Document
from yarl import URL

from index.ingestion.addresses import same_page, same_site
from index.ingestion.decoding import declared_in, decode
from index.ingestion.extracting.sources import Limits, Source
from index.ingestion.files import (
    LONGEST_AUTHOR,
    LONGEST_TITLE,
    FileArticle,
    one_line,
    parse_date,
    short_first_line,
    storable,
)
from index.ingestion.joining import joined
from index.ingestion.problems import Problem, UnusableSourceError, over_characters

SHORTEST_ARTICLE = 250
"""Letters of an alphabet; what is shorter is a teaser, a wall or a menu far more often than an article."""

_LONGEST_WALL = 1_500
_WALL_SHARE = 0.3
_SYLLABLES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_LETTERS_A_SYLLABLE = 3
_LETTER_SHARE = 0.4

_WALLS = Path(__file__).parents[1] / "data" / "walls.toml"
_TABLE_RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+\s*")
_LIST_ITEM = re.compile(r"\s*- ")
_SEPARATORS = re.compile(r"\s+[|\-–—·»]\s+")
_LINKED_DATA = re.compile(r"<script[^>]{0,300}application/ld\+json[^>]{0,300}>", re.IGNORECASE)


def extract_html(source: Source, limits: Limits) -> FileArticle:
    """Extract a page's article.

    Its source is the page's canonical address, if that is of the same site as where the page came from.

    Raises:
        UnusableSourceError: The page is too large, no text, or has no article; most often it is a wall.
    """
    content = source.read(limits.text_bytes)
    html = decode(content, [source.charset, *declared_in(content)])
    if html is None:
        raise UnusableSourceError(source.name, Problem.DAMAGED, "it is not text")
    html = storable(html)
    if not html.strip():
        raise UnusableSourceError(source.name, Problem.EMPTY)
    html, is_paid = _without_paid_text(html)
    found = _extract(html, source.address, favor_recall=False)
    if found is None or _weight(found.text or "") < SHORTEST_ARTICLE:
        again = _extract(html, source.address, favor_recall=True)
        if again is not None and (found is None or len(again.text or "") > len(found.text or "")):
            found = again
    text = "" if found is None else paragraphs(found.text or "")
    title = "" if found is None else _title(found, source.address)
    _refuse_walls(source.name, html, title, text, is_paid)
    if found is None or len(text) > limits.characters:
        raise over_characters(source.name, limits.characters)
    address = _canonical(found.url, source.address)
    return FileArticle(
        title=title or short_first_line(text) or PurePath(source.name).stem,
        source=address or source.name,
        author=_author(found.author),
        published_at=_date(found.date),
        language=None,
        text=text,
    )


def _extract(html: str, address: str | None, *, favor_recall: bool) -> Document | None:
    found = bare_extraction(
        html,
        url=address,
        include_comments=False,
        with_metadata=True,
        favor_recall=favor_recall,
        date_extraction_params={"original_date": True, "extensive_search": True, "max_date": _today().isoformat()},
    )
    return found if isinstance(found, Document) else None


def _today() -> date:
    return datetime.now(UTC).date()


def paragraphs(lines: str) -> str:
    """Part blocks, which come one a line, by blank lines; the items of a list and the rows of a table stay together."""
    blocks = (_block(line) for line in lines.split("\n") if not _TABLE_RULE.fullmatch(line.strip()))
    return joined(blocks)


def _block(line: str) -> tuple[str, str | None]:
    """A line as it is stored, and the name of the group that it stands in without blank lines, None for none."""
    stripped = line.strip()
    if stripped.startswith("|") and stripped.endswith("|") and len(stripped) > 1:
        cells = [" ".join(cell.split()) for cell in stripped[1:-1].split("|")]
        return " | ".join(cells).strip(" |") and " | ".join(cells), "table"
    if _LIST_ITEM.match(line):
        return f"- {stripped.removeprefix('-').strip()}", "list"
    if line.startswith(("    ", "\t")):
        return line.rstrip(), "code"
    return " ".join(stripped.split()), None


def _weight(text: str) -> int:
    """The length of a text as if it were written in letters: a syllable sign says as much as three.

    What is mostly no letters at all, such as a page of brackets, weighs nothing.
    """
    if sum(map(str.isalnum, text)) < _LETTER_SHARE * len(text):
        return 0
    return len(text) + (_LETTERS_A_SYLLABLE - 1) * len(_SYLLABLES.findall(text))


# ---- walls


@dataclass(frozen=True, slots=True)
class _Walls:
    titles: frozenset[str]
    lines: re.Pattern[str]


@cache
def _walls() -> _Walls:
    tables: dict[str, dict[str, list[str]]] = tomllib.loads(_WALLS.read_text(encoding="utf-8"))
    lines = sorted({line for table in tables.values() for line in table["line"]})
    return _Walls(
        frozenset(title for table in tables.values() for title in table["title"]),
        re.compile("|".join(map(re.escape, lines))),
    )


def _refuse_walls(name: str, html: str, title: str, text: str, is_paid: bool) -> None:
    walls = _walls()
    weight = _weight(text)
    folded_title = _SEPARATORS.split(title.casefold().replace("’", "'"))[0].strip()
    if weight < _LONGEST_WALL:
        lines = [line.casefold() for line in text.split("\n") if line]
        wall = sum(len(line) for line in lines if walls.lines.search(line))
        if is_paid or folded_title in walls.titles or wall > _WALL_SHARE * len(text):
            raise UnusableSourceError(name, Problem.WALL)
    if weight < SHORTEST_ARTICLE:
        shows_wall = walls.lines.search(html[:2_000_000].casefold()) is not None
        raise UnusableSourceError(
            name, Problem.WALL if shows_wall else Problem.TOO_LITTLE_TEXT, f"{len(text):,} characters"
        )


def _without_paid_text(html: str) -> tuple[str, bool]:
    """Cut a hidden full text out of a page that says it must be paid for; tell whether it does."""
    if "isAccessibleForFree" not in html:
        return html, False
    kept: list[str] = []
    is_paid = False
    end = 0
    for opening in _LINKED_DATA.finditer(html):
        close = html.find("</script", opening.end())
        if close < 0:
            break
        if opening.start() < end or not _is_paid(html[opening.end() : close]):
            continue
        kept.append(html[end : opening.start()])
        end = html.find(">", close) + 1 or len(html)
        is_paid = True
    return "".join([*kept, html[end:]]), is_paid


def _is_paid(linked_data: str) -> bool:
    try:
        value = json.loads(linked_data)
    except (ValueError, RecursionError):
        return re.search(r"\"isAccessibleForFree\"\s*:\s*\"?false", linked_data, re.IGNORECASE) is not None
    return any(
        str(one.get("isAccessibleForFree", "")).casefold() in {"false", "http://schema.org/false"}
        for one in _objects(value)
        if "hasPart" in one or "articleBody" in one or "headline" in one
    )


def _objects(value: object, depth: int = 0) -> Iterator[dict[str, object]]:
    if depth > 20:
        return
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _objects(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one, depth + 1)


# ---- what is known of the article


def _title(found: Document, address: str | None) -> str:
    """The title without the name of the site, which pages glue to its end."""
    title = one_line(found.title or "", LONGEST_TITLE)
    parts = list(_SEPARATORS.finditer(title))
    if not parts:
        return title
    last = parts[-1]
    front, name = title[: last.start()].strip(), _letters(title[last.end() :])
    if not front or not name:
        return title
    host = _letters((URL(address).host or "").removeprefix("www.")) if address else ""
    site = _letters(found.sitename or "")
    # "news" stands in half of all hosts: a host's part must be a name.
    is_site = any(known and (name in known or (len(known) > 3 and known in name)) for known in (host, site))
    return front if is_site else title


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _author(author: str | None) -> str | None:
    names = [" ".join(name.split()) for name in storable(author or "").split(";")]
    return ", ".join(filter(None, names))[:LONGEST_AUTHOR] or None


def _date(text: str | None) -> datetime | None:
    found = parse_date(text)
    return None if found is None or found.date() > _today() else found


def _canonical(declared: str | None, address: str | None) -> str | None:
    """The address under which a page wants to be known.

    Believed only within its own site: else a page could take the place of another site's article. And a front page is
    the canonical address of no article, though some systems say so.
    """
    if not declared or not declared.startswith(("http://", "https://")):
        return None if address is None else same_page(address)
    if address is None:
        return same_page(declared)
    if not same_site(declared, address):
        return same_page(address)
    try:
        is_front = URL(declared).path in {"", "/"} and not URL(declared).query_string
        return same_page(address if is_front and URL(address).path not in {"", "/"} else declared)
    except ValueError:
        return same_page(address)
