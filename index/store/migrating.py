"""Brings a database to the tables of this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from index.errors import NewerStoreError

_FOLDER = Path(__file__).parent / "migrations"


def revision_of(connection: Connection) -> str | None:
    """Tell the revision of a database; None before the first."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(connection: Connection, address: str) -> None:
    """Bring the database to the newest revision, within the transaction of `connection`; nothing to do is fine.

    Raises:
        NewerStoreError: No revision here is the database's; nothing was changed.
    """
    config = Config()
    # ConfigParser, which Alembic uses, gives `%` a meaning.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    current = revision_of(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise NewerStoreError(address, current)
    command.upgrade(config, "head")
