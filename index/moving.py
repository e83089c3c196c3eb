"""Articles as JSON Lines, with nothing lost but the number that a store gives them."""

import asyncio
import json
from collections.abc import Collection, Iterator, Sequence
from errno import EEXIST
from pathlib import Path
from typing import BinaryIO

from index.analysis.languages import language as language_of
from index.errors import UnreadableFileError
from index.ingestion.problems import Problem
from index.models import ArticleInfo, WholeArticle
from index.records import Record, Shape, unreadable
from index.store import Store

# Exports of earlier versions have neither "sources" nor "page" nor "gone_since".
_SHAPE = Shape(
    "an article as `footnote export` writes it",
    ("id", "collection", "title", "source", "author", "published_at", "language", "added_at", "added_by", "revision",
     "text"),
)  # fmt: skip


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


async def write_export(store: Store, to: Path | BinaryIO, collections: Collection[str] | None) -> int:
    """See `Library.export`."""
    if not isinstance(to, Path):
        return await _write(store, to, collections)
    try:
        target = await asyncio.to_thread(_replaceable, to)
        partial = target.with_name(target.name + ".partial")
        try:
            with await asyncio.to_thread(partial.open, "wb") as file:
                count = await _write(store, file, collections)
            await asyncio.to_thread(partial.replace, target)
        except BaseException:
            # What is half written takes room, and a full disk may be why.
            partial.unlink(missing_ok=True)
            raise
    except OSError as error:
        # Nobody has heard of the file beside it.
        raise OSError(error.errno, error.strerror, str(to)) from error
    return count


def _replaceable(path: Path) -> Path:
    """What is to be written: of a link, what it leads to."""
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise FileExistsError(EEXIST, "this is no file that could be replaced; it was left alone")
    return target


async def _write(store: Store, file: BinaryIO, collections: Collection[str] | None) -> int:
    count = 0
    async for batch in store.stream(collections=collections):
        await asyncio.to_thread(_write_lines, file, await store.whole(batch))
        count += len(batch)
    return count


def _write_lines(file: BinaryIO, articles: Sequence[WholeArticle]) -> None:
    file.write("".join(map(exported, articles)).encode())


def read_export(path: Path, at_once: int) -> Iterator[tuple[list[WholeArticle], int]]:
    """Read a file of lines that `exported` made, a part at a time, so that it may be larger than the memory.

    Returns:
        At most `at_once` articles, and how many bytes of the file are read by then; never an empty list.

    Raises:
        UnreadableFileError: It cannot be read, or a line is not such an article.
    """
    number = 0
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
    except UnicodeDecodeError as error:
        raise UnreadableFileError(str(path), f"line {number} is not text in UTF-8", Problem.NOT_TEXT) from error
    except OSError as error:
        raise unreadable(path, error) from error


def parse_export(content: str, name: str) -> list[WholeArticle]:
    """Read lines that `exported` made; the numbers and hashes of the articles are given anew when they are stored.

    Args:
        name: What errors call the text.

    Raises:
        UnreadableFileError: A line is not such an article.
    """
    return [_article(line, number, name) for number, line in enumerate(content.split("\n"), 1) if line.strip()]


def _article(line: str, number: int, name: str) -> WholeArticle:
    record = Record.read(line, name, number, _SHAPE)
    text = record.text("text")
    info = ArticleInfo(
        number=0,
        id=record.text("id"),
        collection=record.text("collection"),
        title=record.text("title", may_be_empty=True),
        source=record.text("source", may_be_empty=True),
        language=language_of(record.text("language")).code,
        author=record.text_or_none("author"),
        published_at=record.moment_or_none("published_at"),
        added_at=record.moment("added_at"),
        added_by=record.text_or_none("added_by"),
        revision=record.count("revision"),
        content_hash="",
        characters=len(text),
        gone_since=record.moment_or_none("gone_since"),
    )
    sources = record.texts("sources") if "sources" in record.values else []
    copies = tuple(one for one in dict.fromkeys(sources) if one != info.source)
    return WholeArticle(info, text, copies, record.text_or_none("page"))
