"""Brings a database to the tables of this version.

One database may hold the tables of several owners, each with migrations and a table for its revision of its own.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, column, inspect, select, table
from sqlalchemy.exc import DBAPIError

from index.store.connecting import is_passing
from index.store.reading import Reader
from index.store.tables import HEAD
from index.store.writing import Writer

_MAX_ATTEMPTS = 8
_UPGRADING = "index.store.upgrading"
"""Loaded by name when there is something to do, which is rare: Alembic takes 0.3 s and 12 MB."""


@dataclass(frozen=True, slots=True)
class Migrations:
    """The way to some tables: an Alembic environment, its newest revision, and the table for a database's own revision.

    `env.py` in the folder gets the connection as `config.attributes["connection"]`, and `version_table` likewise.
    `owner` names the tables for people.
    """

    folder: Path
    head: str
    version_table: str = "alembic_version"
    owner: str = "articles"


ARTICLES = Migrations(Path(__file__).parent / "migrations", HEAD)
"""The way to `index.store.tables`."""

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def revision_of(connection: Connection, migrations: Migrations = ARTICLES) -> str | None:
    """Tell the revision of a database; None before the first."""
    if not inspect(connection).has_table(migrations.version_table):
        return None
    version = table(migrations.version_table, column("version_num"))
    return connection.execute(select(version.c.version_num)).scalar_one_or_none()


def is_known(revision: str, migrations: Migrations = ARTICLES) -> bool:
    """Whether this version has the revision; it has not those of newer versions."""
    return any(path.name.startswith(f"{revision}_") for path in (migrations.folder / "versions").glob("*.py"))


async def bring_up_to_date(reader: Reader, writer: Writer, address: str, migrations: Migrations = ARTICLES) -> None:
    """Migrate if there is something to do.

    Processes that open a new database at once make its tables once: the first has the write lock, and the others find
    them, or come back later. Each attempt waits for the busy timeout besides.

    Raises:
        NewerStoreError: See `migrate`.
        DBAPIError: The database fails.
    """
    # Alembic keeps the migration that runs in a global, and two that run in turns on one loop would mix.
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            try:
                if await reader.look(partial(revision_of, migrations=migrations)) != migrations.head:
                    migrate = import_module(_UPGRADING).migrate
                    await writer.write(partial(migrate, address=address, migrations=migrations))
            except DBAPIError as error:
                if attempt == _MAX_ATTEMPTS or not is_passing(error):
                    raise
                await asyncio.sleep(0.05 * attempt)
            else:
                return
