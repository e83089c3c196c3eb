"""From what was read to stored articles, in batches that bound the memory."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from index.drafts import drafted, unused
from index.gathering.lines import SiteLines
from index.ingestion.addresses import same_page
from index.ingestion.extracting.kinds import READABLE_SUFFIXES
from index.ingestion.files import FileArticle, named_files
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.reading import Item, Reader, ReadPage
from index.ingestion.requesting import NotModified
from index.library import ADDED_AT_ONCE, Library
from index.models import Addition, Change, Progress

_CHARACTERS_AT_ONCE = 4_000_000
"""Of the articles that wait to be stored together."""


@dataclass(frozen=True, slots=True)
class AddedPage:
    """What became of an address; `page` is None when it could not be had."""

    outcomes: tuple[Addition, ...]
    page: ReadPage | None


class Adder:
    """Reads and adds; what cannot be used is an outcome as well."""

    def __init__(self, library: Library, reader: Reader, lines: SiteLines) -> None:
        self._library = library
        self._reader = reader
        self._lines = lines

    async def link(
        self, address: str, collection: str, added_by: str | None, *, language: str | None = None
    ) -> AddedPage:
        """Fetch an address and add its articles; at least one outcome comes of it."""
        try:
            page = await self._reader.page(address)
        except UnusableSourceError as error:
            return AddedPage((unused(error),), None)
        if isinstance(page, NotModified):  # nothing was sent that it could compare with
            return AddedPage((unused(UnusableSourceError(address, Problem.BAD_ANSWER)),), None)
        return AddedPage(tuple(await self.items(page.items, collection, added_by, language=language)), page)

    async def items(
        self, items: Sequence[Item], collection: str, added_by: str | None, *, language: str | None = None
    ) -> list[Addition]:
        """Add what was read, in order."""
        found = [item for item in items if isinstance(item, FileArticle)]
        lean = [await self._lines.without(item, collection) for item in found]
        outcomes = await self._library.add([drafted(one.article, language) for one in lean], collection, added_by)
        new = [item for item, one in zip(found, outcomes, strict=True) if one.change is Change.ADDED]
        await self._lines.count(new, collection)
        added = iter(
            replace(outcome, left_out=(*one.removed, *outcome.left_out)) if one.removed else outcome
            for outcome, one in zip(outcomes, lean, strict=True)
        )
        return [next(added) if isinstance(item, FileArticle) else unused(item) for item in items]

    async def upload(self, name: str, content: bytes, collection: str, added_by: str | None) -> list[Addition]:
        """Add the articles of a file that came as bytes; at least one outcome comes of it."""
        async with aclosing(self._reader.upload(name, content)) as found:
            return await self._stream(found, collection, added_by)

    async def paths(
        self, paths: Sequence[Path], collection: str, added_by: str | None, progress: Progress
    ) -> list[Addition]:
        """Add files, and all readable files of folders.

        A file without a source of its own is known as `named_files` tells.
        """
        names = await asyncio.to_thread(named_files, paths, READABLE_SUFFIXES)
        outcomes: list[Addition] = []
        files = list(names)
        for first in range(0, len(files), ADDED_AT_ONCE):
            some = files[first : first + ADDED_AT_ONCE]
            async with aclosing(self._named(some, names)) as found:
                outcomes += await self._stream(found, collection, added_by)
            progress(min(first + ADDED_AT_ONCE, len(files)), len(files))
        return outcomes

    async def _named(self, files: Sequence[Path], names: dict[Path, str]) -> AsyncGenerator[Item, None]:
        async with aclosing(self._reader.files(files)) as found:
            async for path, item in found:
                if isinstance(item, FileArticle) and item.source.startswith(path.name):
                    rest = item.source.removeprefix(path.name)
                    if rest[:1] in {"", "/", "#"}:
                        yield replace(item, source=names[path] + rest)
                        continue
                yield item

    async def _stream(self, found: AsyncGenerator[Item, None], collection: str, added_by: str | None) -> list[Addition]:
        outcomes: list[Addition] = []
        waiting: list[Item] = []
        characters = 0
        async for item in found:
            waiting.append(item)
            characters += len(item.text) if isinstance(item, FileArticle) else 0
            if len(waiting) == ADDED_AT_ONCE or characters > _CHARACTERS_AT_ONCE:
                outcomes += await self.items(waiting, collection, added_by)
                waiting, characters = [], 0
        return outcomes + await self.items(waiting, collection, added_by)


def distinct(addresses: Sequence[str]) -> list[str]:
    """The addresses without those that lead to the same page, in order."""
    first: dict[str, str] = {}
    for address in addresses:
        first.setdefault(same_page(address), address)
    return list(first.values())
