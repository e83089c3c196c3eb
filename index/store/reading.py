"""Connections kept open for the one question that every answer asks the store, and for all who read besides.

SQLAlchemy's asyncio wrapper hands each step of a statement on SQLite (cursor, execute, fetch, close) to a thread and
back. Here a statement goes there and back once. Median of `Store.slices`, articles of 15,000 characters, two cores: one
passage 0.36 ms by aiosqlite and 0.16 ms this way, ten 0.44 and 0.34, twenty 0.66 and 0.51.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, Executable

from index.store.connecting import AUTOCOMMIT

_T = TypeVar("_T")


class Reader(Protocol):
    """Reads over a connection that stays open, one statement after the other; each sees what is committed by then."""

    async def read(self, statement: Executable, parameters: Mapping[str, object]) -> Sequence[Sequence[Any]]:
        """Fetch all rows; a failed connection is opened anew the next time."""

    async def look(self, work: Callable[[Connection], _T]) -> _T:
        """Run work that reads, each of its statements by itself; otherwise like `read`."""

    async def close(self) -> None:
        """Close the connection after what is running."""


class ThreadReader:
    """Reads a SQLite file in a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-reader")

    async def read(self, statement: Executable, parameters: Mapping[str, object]) -> Sequence[Sequence[Any]]:
        return await self.look(lambda connection: connection.execute(statement, parameters).all())

    async def look(self, work: Callable[[Connection], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._look, work)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _look(self, work: Callable[[Connection], _T]) -> _T:
        try:
            if self._connection is None:
                self._connection = self._engine.connect().execution_options(**AUTOCOMMIT)
            return work(self._connection)
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()
