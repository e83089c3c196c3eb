"""A database for those who keep something of their own beside the articles."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import DBAPIError, IntegrityError

from index.errors import StoreError
from index.store.connecting import is_passing, shown, translated
from index.store.finishing import finished
from index.store.migrating import Migrations
from index.store.opening import Connections, opened

_T = TypeVar("_T")
_MAX_ATTEMPTS = 3


class Database:
    """Reads and writes. Several of them, in several processes, may use the same database, a library's too.

    Every method raises StoreError if the database fails.
    """

    def __init__(self, address: str, connections: Connections) -> None:
        self._address = address
        self._connections = connections
        self._is_closed = False

    @classmethod
    async def open(cls, address: str, migrations: Migrations) -> Self:
        """Open a database; it is made if there is none, and brought to the newest revision of the migrations.

        Args:
            address: `sqlite+aiosqlite:///file`, `sqlite:///file` or `postgresql+asyncpg://…`.
            migrations: With a table for their revision that no other owner of tables uses.

        Raises:
            StoreError: The database cannot be opened.
            NewerStoreError: A newer Footnote has written it; nothing was changed.
        """
        async with opened(address, migrations) as (url, connections):
            return cls(shown(url), connections)

    async def close(self) -> None:
        """Close all connections after what is being written; closing twice is fine."""
        if self._is_closed:
            return
        self._is_closed = True
        with translated(self._address):
            await self._connections.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def read(self, statement: Executable) -> Sequence[Sequence[Any]]:
        """Fetch all rows; they show everything that is committed by then."""
        self._require_open()
        with translated(self._address):
            return await self._connections.reader.read(statement, {})

    async def write(self, work: Callable[[Connection], _T]) -> _T:
        """Run `work` in one transaction: what it does is on disk when this returns, and either all of it or nothing.

        `work` runs in another thread where the database is a file. It runs to its end also when the caller is
        cancelled, and may run again from its start, in a new transaction, when another process was in its way.
        """
        return await finished(self._write(work))

    async def execute(self, statement: Executable) -> None:
        """Run one statement in a transaction of its own, as `write` does."""

        def work(connection: Connection) -> None:
            connection.execute(statement)

        await self.write(work)

    async def _write(self, work: Callable[[Connection], _T]) -> _T:
        with translated(self._address):
            for attempt in range(1, _MAX_ATTEMPTS + 1):
                self._require_open()
                try:
                    return await self._connections.writer.write(work)
                except DBAPIError as error:
                    # A batch of many articles can keep SQLite's lock for longer than the busy timeout; on a server,
                    # somebody else may have inserted the same row between our look and our write.
                    if attempt == _MAX_ATTEMPTS or not (isinstance(error, IntegrityError) or is_passing(error)):
                        raise
        raise AssertionError("the loop returns or raises")

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreError(self._address, "it is closed")
