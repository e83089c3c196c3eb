"""Copies of a whole database, and putting one back."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from index.engines import generations
from index.errors import StoreError, UnusableBackupError
from index.models import Progress
from index.store.connecting import connect_to_look, is_sqlite, parse, shown, translated
from index.store.migrating import Migrations, is_known, revision_of
from index.store.sqlite_files import alone, aside_of, copy, is_database, put_in_place

_DUMP = "pg_dump --format=custom --file=FILE DATABASE"
_RESTORE = "pg_restore --clean --if-exists --dbname=DATABASE FILE"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did; `kept` is the database that was there before, None when there was none."""

    kept: Path | None


def backup(address: str, target: Path, progress: Progress = lambda _done, _all: None) -> int:
    """Copy the database, with all that the bot keeps in it, as it is at one moment; it may be in use meanwhile.

    Args:
        target: Replaced if it is there; it appears when it is complete.
        progress: Hears how many pages of how many are copied.

    Returns:
        The bytes of the copy.

    Raises:
        StoreError: There is no database, or it cannot be read.
        OSError: The target cannot be written.
    """
    url = parse(address)
    file = _copied_file(url, _DUMP)
    if not file.exists():
        raise StoreError(shown(url), "there is nothing to back up: the file does not exist")
    if target.exists() and target.samefile(file):
        raise StoreError(shown(url), "it cannot be its own backup; name another file")
    with translated(shown(url)):
        return copy(file, target, progress)


def restore(
    address: str,
    source: Path,
    migrations: Sequence[Migrations],
    index_folder: Path | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    agree: Callable[[], None] = lambda: None,
) -> Restored:
    """Put a backup in the place of the database. The index is dropped: whoever opens the library builds it anew.

    Args:
        agree: Called when the file was found whole, and before anything changes; what it raises ends the restore.

    Raises:
        UnusableBackupError: The file is no whole database of Footnote, or of a newer one; nothing was changed.
        StoreInUseError: Another process uses the database; nothing was changed.
        StoreError: Another kind of database, which has tools of its own.
    """
    url = parse(address)
    file = _copied_file(url, _RESTORE)
    require_whole(source, migrations)
    if file.exists() and source.samefile(file):
        raise UnusableBackupError(str(source), "it is the database in use itself")
    agree()
    with translated(shown(url)):
        file.parent.mkdir(parents=True, exist_ok=True)
        existed = file.exists()
        with alone(file, shown(url)):
            aside = aside_of(file, "before-restore", now())
            fresh = file.with_name(f"{file.name}.restoring")
            copy(source, fresh)
            put_in_place(fresh, file, aside)
            if index_folder is not None:
                generations.drop(index_folder)
    return Restored(aside if existed else None)


def _copied_file(url: URL, otherwise: str) -> Path:
    """See `database_file`; `otherwise` is the command of PostgreSQL that does the same."""
    if not is_sqlite(url):
        raise StoreError(shown(url), f"PostgreSQL has tools of its own for this; run: {otherwise}")
    return database_file(url)


def database_file(url: URL) -> Path:
    """The file of a SQLite address.

    Raises:
        StoreError: It is no plain file.
    """
    if not url.database or url.database.startswith("file:"):
        raise StoreError(shown(url), "it names no plain file, and only such a one can be copied or replaced")
    return Path(url.database)


def require_whole(file: Path, migrations: Sequence[Migrations]) -> None:
    """See that a file is a database of Footnote that this version can use.

    Raises:
        UnusableBackupError: It is not; the message says why.
    """
    name = str(file)
    try:
        if not is_database(file):
            raise UnusableBackupError(name, "it is no SQLite database")
        engine = connect_to_look(file)
        with engine.connect() as connection:
            problems = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(3)")]
            if problems != ["ok"]:
                raise UnusableBackupError(name, f"it is damaged ({problems[0]})")
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise UnusableBackupError(name, "it is damaged (rows refer to rows that are not there)")
            tables = {str(row[0]) for row in connection.exec_driver_sql("SELECT name FROM sqlite_master")}
            if not {"articles", "meta"} <= tables:
                raise UnusableBackupError(name, "it is a database, but not one of Footnote")
            for one in migrations:
                revision = revision_of(connection, one)
                if revision is not None and not is_known(revision, one):
                    raise UnusableBackupError(
                        name,
                        f"a newer version of Footnote has written it (revision {revision}); upgrade Footnote first",
                    )
    except OSError as error:
        raise UnusableBackupError(name, f"it cannot be read ({error.strerror})") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise UnusableBackupError(name, "it is damaged, and cannot be read as a database") from error
