"""Brings a database to the tables of this version.

One database may hold the tables of several owners, each with migrations and a table for its revision of its own.
"""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from index.errors import NewerStoreError
from index.store.connecting import AUTOCOMMIT, is_passing, is_sqlite
from index.store.sqlite_files import keep_before_upgrade
from index.store.tables import HEAD

log = logging.getLogger(__name__)

_MAX_ATTEMPTS = 8


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
    options = {"version_table": migrations.version_table}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def is_known(revision: str, migrations: Migrations = ARTICLES) -> bool:
    """Whether this version has the revision; it has not those of newer versions."""
    return revision in {script.revision for script in _scripts(migrations).walk_revisions()}


def _scripts(migrations: Migrations) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(migrations))


def _config(migrations: Migrations) -> Config:
    config = Config()
    # ConfigParser, which Alembic uses, gives `%` a meaning.
    config.set_main_option("script_location", str(migrations.folder).replace("%", "%%"))
    return config


def migrate(connection: Connection, address: str, migrations: Migrations = ARTICLES) -> None:
    """Bring the database to the newest revision, within the transaction of `connection`; nothing to do is fine.

    A SQLite file that is older is copied first: see `keep_before_upgrade`.

    Raises:
        NewerStoreError: No revision here is the database's; nothing was changed.
        NoRoomError: There is no room for the copy; nothing was changed.
    """
    config = _config(migrations)
    config.attributes["connection"] = connection
    config.attributes["version_table"] = migrations.version_table
    current = revision_of(connection, migrations)
    if current is not None and not is_known(current, migrations):
        raise NewerStoreError(address, current)
    url = connection.engine.url
    if current is not None and current != migrations.head and is_sqlite(url) and url.database:
        # Within the transaction: whoever else wants to upgrade waits, and copies what is not upgraded yet.
        label = current if migrations.owner == ARTICLES.owner else f"{migrations.owner}-{current}"
        copied = keep_before_upgrade(Path(url.database), label, address)
        log.warning("upgrading the database from revision %s; %s is as it was before", current, copied)
    command.upgrade(config, "head")


async def bring_up_to_date(engine: AsyncEngine, address: str, migrations: Migrations = ARTICLES) -> None:
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
                async with engine.execution_options(**AUTOCOMMIT).connect() as connection:
                    is_current = await connection.run_sync(revision_of, migrations) == migrations.head
                if not is_current:
                    async with engine.begin() as connection:
                        await connection.run_sync(migrate, address, migrations)
            except DBAPIError as error:
                if attempt == _MAX_ATTEMPTS or not is_passing(error):
                    raise
                await asyncio.sleep(0.05 * attempt)
            else:
                return
