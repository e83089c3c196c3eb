"""The gatherer: the only class of this package that `bot/` calls."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from index.gathering.adding import Adder, Progress, distinct
from index.gathering.rules import GatheringRules
from index.ingestion.addresses import same_page
from index.ingestion.fetching import Fetcher
from index.ingestion.reading import Reader
from index.ingestion.worker import Workers
from index.library import Library
from index.models import SHARED_COLLECTION, Addition


def _silent(_done: int, _all: int) -> None:
    pass


class Gatherer:
    """Adds articles from anywhere to a library that belongs to somebody else.

    Nothing is connected and no process is started before it is needed.
    """

    def __init__(self, rules: GatheringRules, adder: Adder, stack: AsyncExitStack) -> None:
        self._rules = rules
        self._adder = adder
        self._stack = stack

    @classmethod
    async def open(cls, library: Library, rules: GatheringRules | None = None) -> Self:
        """Prepare everything; `close` it before the library.

        Raises:
            StoreError: The database cannot be used.
            ValueError: An allowed host of the rules is malformed.
        """
        rules = rules if rules is not None else GatheringRules()
        async with AsyncExitStack() as stack:
            fetcher = await stack.enter_async_context(Fetcher(rules.fetching))
            workers = await stack.enter_async_context(Workers(rules.reading))
            return cls(rules, Adder(library, Reader(fetcher, workers)), stack.pop_all())

    async def close(self) -> None:
        """End what runs."""
        await self._stack.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # ---- in the foreground

    async def add_links(
        self,
        addresses: Sequence[str],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = _silent,
    ) -> list[Addition]:
        """Fetch addresses and add their articles.

        Returns:
            At least one outcome for each address, in order; an address that stands there twice is fetched once.
        """
        slots = asyncio.Semaphore(self._rules.pages_at_once)
        found: dict[str, tuple[Addition, ...]] = {}
        wanted = distinct(addresses)

        async def add(address: str) -> None:
            async with slots:
                added = await self._adder.link(address, collection, added_by)
            found[same_page(address)] = added.outcomes
            progress(len(found), len(wanted))

        async with asyncio.TaskGroup() as group:
            for address in wanted:
                group.create_task(add(address))
        return [outcome for address in addresses for outcome in found[same_page(address)]]

    async def add_paths(
        self,
        paths: Sequence[Path],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = _silent,
    ) -> list[Addition]:
        """Add files of any size and kind, and all readable files of folders, in order.

        Returns:
            At least one outcome for each file. A file without a source of its own is known by its name, in a folder by
            its path from there.
        """
        return await self._adder.paths(paths, collection, added_by, progress)

    async def add_uploads(
        self,
        files: Sequence[tuple[str, bytes]],
        collection: str = SHARED_COLLECTION,
        added_by: str | None = None,
        progress: Progress = _silent,
    ) -> list[Addition]:
        """Add files that were sent as name and content; at least one outcome for each, in order."""
        outcomes: list[Addition] = []
        for done, (name, content) in enumerate(files, 1):
            outcomes += await self._adder.upload(name, content, collection, added_by)
            progress(done, len(files))
        return outcomes
