"""Addresses, connections and what the database complains about."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from index.errors import StoreError
from index.store.sqlite_files import is_left_alone, reading

AUTOCOMMIT: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}
"""Execution options for reading: no transaction is opened, and none has to be ended."""

_BUSY_TIMEOUT_MS = 5_000
# A file has threads instead of an asyncio driver; the names of both in addresses are kept.
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_REASONS = (
    (
        ("disk is full", "no space left", "file too large"),
        "the disk is full; make room on it, and nothing has to be restarted",
    ),
    (
        ("readonly", "read-only"),
        "it is read-only; let the user that runs Footnote write the file and its folder",
    ),
    (("permission denied",), "Footnote may not write there (permission denied)"),
    (("is locked", "is busy"), "it is locked by another program; try again when that has finished"),
    (("not a database",), "the file is not a database"),
    (
        ("malformed", "disk i/o error", "could not decode to utf-8"),
        "the file is damaged, or its disk is; run `footnote check`, and restore a backup or `footnote check --repair`",
    ),
    (("unable to open database file",), "the file cannot be opened; look whether Footnote may write there"),
)


def parse(address: str) -> URL:
    """Read an address and choose its driver.

    Raises:
        StoreError: It is no address, or no file for SQLite: each connection would see an empty store of its own.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        # The text itself is not repeated: what cannot be parsed may still hold a password.
        raise StoreError("DATABASE_URL", "it is no address such as sqlite+aiosqlite:///footnote.db") from error
    if url.host and "@" in (url.database or ""):
        # The password holds an @ and a / that are not escaped: a part of it is taken for the host's name and shown.
        raise StoreError("DATABASE_URL", "its user or password has an @ or a /; write %40 and %2F for them")
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.drivername not in _DRIVERS.values():
        raise StoreError(shown(url), f"{url.drivername} is not supported; use sqlite+aiosqlite or postgresql+asyncpg")
    if is_sqlite(url) and (url.database or ":memory:") == ":memory:":
        raise StoreError(shown(url), "it names no file")
    return url


def shown(url: URL) -> str:
    """Spell an address for people, with its password hidden."""
    # asyncpg takes it behind the "?" as well.
    return url.difference_update_query(["password"]).render_as_string(hide_password=True)


def is_sqlite(url: URL) -> bool:
    """Tell whether an address leads to a SQLite file."""
    return url.get_backend_name() == "sqlite"


def make_folder(url: URL) -> None:
    """Make the folder of a SQLite file, with its parents."""
    if is_sqlite(url) and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def _as_it_lies(url: URL) -> URL:
    """The address of a SQLite file; where nothing can be written, one by which SQLite tries not to."""
    if not url.database or url.database.startswith("file:") or not is_left_alone(Path(url.database)):
        return url
    query = {"immutable": "1", "uri": "true"}
    return url.set(database=Path(url.database).absolute().as_uri(), query=query)


def connect_in_thread(url: URL) -> Engine:
    """Prepare connections to a SQLite file for a thread that uses them by itself; none is opened yet."""
    engine = create_engine(_as_it_lies(url).set(drivername="sqlite+pysqlite"), hide_parameters=True)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _take_write_lock)
    return engine


def connect_to_look(file: Path) -> Engine:
    """Prepare connections to a SQLite file that read only, wherever it lies, and change nothing about it."""
    return create_engine(
        "sqlite+pysqlite://", creator=lambda: reading(file), hide_parameters=True, poolclass=NullPool, **AUTOCOMMIT
    )


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Turn what the database and its driver raise into StoreError."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreError(address, _reason(error)) from error


def is_passing(error: DBAPIError) -> bool:
    """Tell whether another process is in the way only for now: it writes, or it makes the same tables."""
    message = str(error.orig).lower()
    return "is locked" in message or "already exists" in message or "duplicate key" in message


def _reason(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    message = str(cause)
    for signs, reason in _REASONS:
        if any(sign in message.lower() for sign in signs):
            return reason
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror} ({cause.filename})" if cause.filename else cause.strerror
    return (message or type(cause).__name__).splitlines()[0]


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    try:
        # First, because the switch to WAL may have to wait for another process that does the same.
        connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        # In WAL mode, NORMAL survives a crash of the process; a power cut may cost the last commits, no more.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
    except BaseException:
        # SQLAlchemy forgets a connection whose listener failed.
        connection.close()
        raise


def _take_write_lock(connection: Connection) -> None:
    # Python's sqlite3 begins at the first INSERT only. A transaction that has read by then and finds another writer
    # before it fails at once, however long the busy timeout is: https://sqlite.org/isolation.html
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
