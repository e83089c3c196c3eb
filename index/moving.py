"""Articles as JSON Lines, with nothing lost but the number that a store gives them."""

import asyncio
import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

from index.analysis.languages import language as language_of
from index.errors import UnreadableFileError
from index.ingestion.problems import Problem
from index.models import ArticleInfo, WholeArticle
from index.store import Store


def exported(article: WholeArticle) -> str:
    """One line of JSON, with its line feed, that holds every field of an article that can be moved."""
    info = article.info
    sources = [info.source, *article.copies] if info.source else [*article.copies]
    return (
        json.dumps(
            {
                "id": info.id,
                "collection": info.collection,
                "title": info.title,
                "source": info.source,
                "sources": sources,
                "author": info.author,
                "published_at": None if info.published_at is None else info.published_at.isoformat(),
                "language": info.language,
                "added_at": info.added_at.isoformat(),
                "added_by": info.added_by,
                "revision": info.revision,
                "page": article.page,
                "gone_since": None if info.gone_since is None else info.gone_since.isoformat(),
                "text": article.text,
            },
            ensure_ascii=False,
        )
        + "\n"
    )


async def write_export(store: Store, path: Path, collections: Collection[str] | None) -> int:
    """See `Library.export`."""
    count = 0
    partial = path.with_name(path.name + ".partial")
    try:
        with await asyncio.to_thread(partial.open, "w", encoding="utf-8") as file:
            async for batch in store.stream(collections=collections):
                await asyncio.to_thread(_write_lines, file, await store.whole(batch))
                count += len(batch)
        await asyncio.to_thread(partial.replace, path)
    except BaseException:
        # What is half written takes room, and a full disk may be why.
        partial.unlink(missing_ok=True)
        raise
    return count


def _write_lines(file: TextIO, articles: Sequence[WholeArticle]) -> None:
    file.write("".join(map(exported, articles)))


def read_export(path: Path, at_once: int) -> Iterator[tuple[list[WholeArticle], int]]:
    """Read a file of lines that `exported` made, a part at a time, so that it may be larger than the memory.

    Returns:
        At most `at_once` articles, and how many bytes of the file are read by then; never an empty list.

    Raises:
        UnreadableFileError: It cannot be read, or a line is not such an article.
    """
    try:
        with path.open("rb") as file:
            some: list[WholeArticle] = []
            read = 0
            for number, line in enumerate(file, 1):
                read += len(line)
                if line.strip():
                    some.append(_article(line.decode("utf-8"), number, str(path)))
                # Lines may be long: an article has up to some megabytes.
                if len(some) == at_once:
                    yield some, read
                    some = []
            if some:
                yield some, read
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(
            str(path), f"it cannot be read as JSON Lines: {error}", Problem.NOT_READABLE
        ) from error


def parse_export(content: str, name: str) -> list[WholeArticle]:
    """Read lines that `exported` made; the numbers and hashes of the articles are given anew when they are stored.

    Args:
        name: What errors call the text.

    Raises:
        UnreadableFileError: A line is not such an article.
    """
    return [_article(line, number, name) for number, line in enumerate(content.split("\n"), 1) if line.strip()]


def _article(line: str, number: int, name: str) -> WholeArticle:
    try:
        value = json.loads(line)
        text = str(value["text"])
        # Exports of earlier versions have neither of the three.
        sources, page, gone_since = _texts(value.get("sources", [])), value.get("page"), value.get("gone_since")
        info = ArticleInfo(
            number=0,
            id=str(value["id"]),
            collection=str(value["collection"]),
            title=str(value["title"]),
            source=str(value["source"]),
            language=language_of(str(value["language"])).code,
            author=value["author"],
            published_at=_moment(value["published_at"]),
            added_at=_aware(value["added_at"]),
            added_by=value["added_by"],
            revision=int(value["revision"]),
            content_hash="",
            characters=len(text),
            gone_since=_moment(gone_since),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableFileError(
            name, f"line {number} is not an article as `footnote export` writes them ({error!r})", Problem.BAD_LINE
        ) from error
    copies = tuple(one for one in dict.fromkeys(sources) if one != info.source)
    return WholeArticle(info, text, copies, None if page is None else str(page))


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("sources is no list")
    return list(map(str, value))


def _moment(value: str | None) -> datetime | None:
    return None if value is None else _aware(value)


def _aware(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return moment
