"""Runs migrations by Alembic; see `migrating`, which loads this module when it is needed."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from index.errors import NewerStoreError
from index.store.connecting import is_sqlite
from index.store.migrating import ARTICLES, Migrations, is_known, revision_of
from index.store.sqlite_files import keep_before_upgrade

log = logging.getLogger(__name__)


def migrate(connection: Connection, address: str, migrations: Migrations = ARTICLES) -> None:
    """Bring the database to the newest revision, within the transaction of `connection`; nothing to do is fine.

    A SQLite file that is older is copied first: see `keep_before_upgrade`.

    Raises:
        NewerStoreError: No revision here is the database's; nothing was changed.
        NoRoomError: There is no room for the copy; nothing was changed.
    """
    config = Config()
    # ConfigParser, which Alembic uses, gives `%` a meaning.
    config.set_main_option("script_location", str(migrations.folder).replace("%", "%%"))
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
