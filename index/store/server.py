"""Connections to a database server, whose drivers wait without a thread.

Loaded by name when the address is a server's: SQLAlchemy's asyncio part brings all of its ORM along, 7 MB that a bot
with a SQLite file never needs.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from index.errors import StoreError
from index.store.connecting import AUTOCOMMIT, shown

_T = TypeVar("_T")


class AsyncReader:
    """See `Reader`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._turn = asyncio.Lock()

    async def read(self, statement: Executable, parameters: Mapping[str, object]) -> Sequence[Sequence[Any]]:
        return await self.look(lambda connection: connection.execute(statement, parameters).all())

    async def look(self, work: Callable[[Connection], _T]) -> _T:
        async with self._turn:
            was_kept = self._connection is not None
            try:
                return await self._look(work)
            except DBAPIError as error:
                # The server may have been restarted since the connection was last used.
                if not (was_kept and error.connection_invalidated):
                    raise
                return await self._look(work)

    async def close(self) -> None:
        async with self._turn:
            await self._close()

    async def _look(self, work: Callable[[Connection], _T]) -> _T:
        try:
            if self._connection is None:
                self._connection = await self._engine.connect()
                await self._connection.execution_options(**AUTOCOMMIT)
            return await self._connection.run_sync(work)
        except BaseException:
            await self._close()
            raise

    async def _close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()


class AsyncWriter:
    """See `Writer`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._turn = asyncio.Lock()

    async def write(self, work: Callable[[Connection], _T]) -> _T:
        async with self._turn, self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        async with self._turn:
            await self._engine.dispose()


class ServerConnections:
    """See `index.store.opening.Connections`.

    Raises:
        StoreError: There is no driver for the address.
    """

    def __init__(self, url: URL) -> None:
        try:
            self._engine = create_async_engine(
                url, hide_parameters=True, pool_pre_ping=True, connect_args={"timeout": 10, "command_timeout": 60}
            )
        except ImportError as error:
            raise StoreError(shown(url), "the driver asyncpg is missing; run: pip install asyncpg") from error
        self._readers: list[AsyncReader] = []
        self.reader = self.another_reader()
        self.writer = AsyncWriter(self._engine)

    def another_reader(self) -> AsyncReader:
        reader = AsyncReader(self._engine)
        self._readers.append(reader)
        return reader

    async def close(self) -> None:
        for reader in self._readers:
            await reader.close()
        await self.writer.close()
