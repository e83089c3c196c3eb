"""Reads articles from wherever they are: addresses, files, folders, uploads."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from html import escape
from io import BytesIO
from pathlib import Path, PurePath
from urllib.parse import unquote, urlsplit

from index.errors import UnreadableFileError
from index.ingestion.extracting.kinds import Kind, UnreadableKindError, kind_of
from index.ingestion.fetching import Fetcher
from index.ingestion.files import MAX_FILE_BYTES, TEXT_SUFFIXES, FileArticle, parse_file
from index.ingestion.problems import Problem, UnusableSourceError, over_bytes
from index.ingestion.requesting import NotModified
from index.ingestion.worker import Bytes, Workers

_READ_AT_ONCE = 64
"""Text files that one thread reads in a row: a switch of threads takes as long as a short file."""

Item = FileArticle | UnreadableFileError
"""An article, or why there is none."""


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What an address gave.

    Attributes:
        items: The article; several if the address leads to an archive, a book or JSON Lines. Problems are those of
            single members.
        moved_to: The address that takes the place of the one that was asked for, if it moved for good.
        etag: To be sent when the page is looked at again.
        last_modified: The same.
        max_age_s: For how long the server calls the page fresh, if it says so.
    """

    items: tuple[Item, ...]
    moved_to: str | None
    etag: str | None
    last_modified: str | None
    max_age_s: int | None


class Reader:
    """Reads through a fetcher and workers that belong to somebody else."""

    def __init__(self, fetcher: Fetcher, workers: Workers) -> None:
        self._fetcher = fetcher
        self._workers = workers

    async def page(
        self, address: str, *, etag: str | None = None, last_modified: str | None = None, as_crawler: bool = False
    ) -> ReadPage | NotModified:
        """Fetch an address and read what is there.

        Args:
            etag: What came with the last answer; `NotModified` if nothing changed since.
            last_modified: The same.
            as_crawler: No person named this very address (a sitemap did), so robots.txt is obeyed.

        Raises:
            UnusableSourceError: It cannot be had, or holds no article.
        """
        fetched = await self._fetcher.fetch(address, etag=etag, last_modified=last_modified, as_crawler=as_crawler)
        if isinstance(fetched, NotModified):
            return fetched
        name = unquote(PurePath(urlsplit(fetched.address).path).name) or fetched.address
        given = Bytes(name, fetched.content, fetched.address, fetched.media_type, fetched.charset)
        items: list[Item] = []
        async with aclosing(self._workers.articles(given)) as found:
            async for item in found:
                items.append(item)  # noqa: PERF401 - an async comprehension cannot be closed early
        only = items[0] if len(items) == 1 else None
        if isinstance(only, UnusableSourceError):
            raise only.of(address)
        return ReadPage(tuple(items), fetched.moved_to, fetched.etag, fetched.last_modified, fetched.max_age_s)

    async def entry(self, address: str, title: str, content: str) -> FileArticle:
        """Read what a feed itself has of an article.

        Args:
            address: The source of the article.
            content: HTML.

        Raises:
            UnusableSourceError: It is no article; most often only the beginning of one.
        """
        page = f"<html><head><title>{escape(title)}</title></head><body><article>{content}</article></body></html>"
        given = Bytes(address, page.encode("utf-8", "replace"), address, "text/html", "utf-8")
        async with aclosing(self._workers.articles(given)) as found:
            async for item in found:
                if isinstance(item, UnreadableFileError):
                    raise item
                # What the feed has may name another page as its own.
                return replace(item, source=address)
        raise UnusableSourceError(address, Problem.EMPTY)

    async def upload(self, name: str, content: bytes) -> AsyncGenerator[Item, None]:
        """Read a file that came as bytes, an attachment for example.

        Yields:
            At least one item.
        """
        if _is_plain(content, name):
            yield await asyncio.to_thread(_parse_plain, Path(name), content)
            return
        async with aclosing(self._workers.articles(Bytes(name, content))) as found:
            async for item in found:
                yield item

    async def files(self, files: Sequence[Path]) -> AsyncGenerator[tuple[Path, Item], None]:
        """Read files in order; archives and JSON Lines are streamed.

        Plain text is read in this process, since nothing in it is interpreted; everything else in a worker.

        Yields:
            Items, at least one for each file, with the file that they are of.
        """
        for first in range(0, len(files), _READ_AT_ONCE):
            batch = files[first : first + _READ_AT_ONCE]
            plain = await asyncio.to_thread(_read_plain, batch)
            for path, item in zip(batch, plain, strict=True):
                if item is not None:
                    yield path, item
                    continue
                async with aclosing(self._workers.articles(Bytes(path.name, path))) as found:
                    async for one in found:
                        yield path, one


def _is_plain(content: bytes, name: str) -> bool:
    """Whether it is text or Markdown by its name, and by its first bytes nothing else."""
    if PurePath(name).suffix.lower() not in TEXT_SUFFIXES:
        return False
    try:
        return kind_of(content[:4_096], BytesIO(content), name) in {Kind.TEXT, Kind.MARKDOWN}
    except UnreadableKindError:
        return False


def _read_plain(paths: Sequence[Path]) -> list[Item | None]:
    """Read what is plain text; None for what is something else."""
    return [_read_one_plain(path) for path in paths]


def _read_one_plain(path: Path) -> Item | None:
    # Devices and pipes have no end and may block at the opening.
    if path.is_dir() or (path.exists() and not path.is_file()):
        return UnusableSourceError(str(path), Problem.UNSUPPORTED_TYPE, "it is not a regular file")
    try:
        with path.open("rb") as file:
            head = file.read(4_096)
            if not head:
                return UnusableSourceError(str(path), Problem.EMPTY)
            if path.suffix.lower() not in TEXT_SUFFIXES or not _is_plain(head, path.name):
                return None
            content = head + file.read(MAX_FILE_BYTES + 1 - len(head))
    except FileNotFoundError:
        return UnusableSourceError(str(path), Problem.NO_FILE)
    except OSError as error:
        return UnusableSourceError(str(path), Problem.NOT_READABLE, error.strerror or "")
    return _parse_plain(path, content)


def _parse_plain(path: Path, content: bytes) -> Item:
    try:
        return parse_file(path, content)
    except UnreadableFileError as error:
        # The same as of any other kind of file, with what to do.
        problem = Problem(error.kind or Problem.DAMAGED)
        if problem is Problem.TOO_LARGE:
            return over_bytes(str(path), MAX_FILE_BYTES)
        return UnusableSourceError(str(path), problem)
