"""What is the same for whoever opens a database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Protocol, cast

from sqlalchemy import URL

from index.store.connecting import connect_in_thread, is_sqlite, make_folder, parse, shown, translated
from index.store.migrating import Migrations, bring_up_to_date
from index.store.reading import Reader, ThreadReader
from index.store.writing import ThreadWriter, Writer


class Connections(Protocol):
    """The ways to one database; nothing is connected before it is used.

    Attributes:
        reader: Waits for nobody but those who read with it.
        writer: The only one.
    """

    reader: Reader
    writer: Writer

    def another_reader(self) -> Reader:
        """One for those who would keep the others waiting."""

    async def close(self) -> None:
        """Close all of them after what they do; call it once."""


class FileConnections:
    """Those to a SQLite file: a thread each. See `Connections`."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._readers: list[Reader] = []
        self.reader = self.another_reader()
        self.writer: Writer = ThreadWriter(connect_in_thread(url))

    def another_reader(self) -> Reader:
        reader = ThreadReader(connect_in_thread(self._url))
        self._readers.append(reader)
        return reader

    async def close(self) -> None:
        for reader in self._readers:
            await reader.close()
        await self.writer.close()


def _connections(url: URL) -> Connections:
    """The ways to the database at an address.

    Raises:
        StoreError: There is no driver for it.
    """
    if is_sqlite(url):
        return FileConnections(url)
    return cast("Connections", import_module("index.store.server").ServerConnections(url))


@asynccontextmanager
async def connected(url: URL) -> AsyncIterator[Connections]:
    """The ways to the database at an address, as it is, until the end of the block.

    Raises:
        StoreError: There is no driver for it.
    """
    ways = _connections(url)
    try:
        yield ways
    finally:
        await ways.close()


@asynccontextmanager
async def opened(address: str, migrations: Migrations) -> AsyncIterator[tuple[URL, Connections]]:
    """Make a database if there is none, and bring it to the newest revision; its connections close if the block raises.

    Args:
        address: `sqlite+aiosqlite:///file`, `sqlite:///file` or `postgresql+asyncpg://…`.
        migrations: With a table for their revision that no other owner of tables uses.

    Yields:
        The address with its driver, and connections, which the block keeps.

    Raises:
        StoreError: The database cannot be opened, or fails within the block.
        NewerStoreError: A newer Footnote has written it; nothing was changed.
    """
    url = parse(address)
    with translated(shown(url)):
        await asyncio.to_thread(make_folder, url)
        ways = _connections(url)
        try:
            await bring_up_to_date(ways.reader, ways.writer, shown(url), migrations)
            yield url, ways
        except BaseException:
            await ways.close()
            raise
