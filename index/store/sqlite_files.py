"""SQLite files as wholes: copying one that is in use, being alone with one, and putting one in the place of another."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from index.disk import sync
from index.errors import NoRoomError, StoreInUseError
from index.models import Progress

MAGIC = b"SQLite format 3\0"
"""How every SQLite file begins: https://sqlite.org/fileformat.html#magic_header_string"""

KEPT_COPIES = 2
"""Copies from before upgrades that stay; older ones are removed."""

_PAGES_AT_ONCE = 2_000
_BUSY_S = 5.0
_ALONE_S = 1.0
_BESIDE = ("-wal", "-shm", "-journal")


def reading(file: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """Open a file that stays as it is.

    Args:
        immutable: Read without locks what nobody else can write meanwhile.

    Raises:
        sqlite3.Error: It cannot be opened; that it is no database shows itself at the first statement.
    """
    address = file.absolute().as_uri()
    if immutable or is_left_alone(file):
        # Where nothing can be written, SQLite cannot make the file in which readers and writers find each other.
        return sqlite3.connect(f"{address}?immutable=1", uri=True, timeout=_BUSY_S)
    return sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=_BUSY_S)


def copy(source: Path, target: Path, progress: Progress = lambda _done, _all: None) -> int:
    """Copy a database that may be in use, as it is at one moment; the target appears when it is complete.

    Args:
        progress: Hears how many pages of how many are copied.

    Returns:
        The bytes of the copy.

    Raises:
        sqlite3.Error, OSError: It cannot be read or written; nothing is left of the copy.
    """
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        # What people asked is nobody else's business.
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(reading(source)) as old, closing(sqlite3.connect(partial)) as new:
            # One transaction for the whole: otherwise the copy begins again whenever somebody writes.
            old.execute("BEGIN")
            old.execute("SELECT count(*) FROM sqlite_master").fetchone()
            old.backup(new, pages=_PAGES_AT_ONCE, progress=lambda _s, left, pages: progress(pages - left, pages))
            # One file without companions.
            new.execute("PRAGMA journal_mode=DELETE")
        sync(partial)
        partial.replace(target)
    except BaseException:
        for ending in ("", *_BESIDE):
            partial.with_name(partial.name + ending).unlink(missing_ok=True)
        raise
    sync(target.parent)
    return target.stat().st_size


def size(file: Path) -> int:
    """Bytes of a database with what waits beside it; 0 when it is not there."""
    parts = (file, file.with_name(file.name + "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def keep_before_upgrade(file: Path, label: str, address: str) -> Path:
    """Copy a database to FILE.before-upgrade-LABEL, and remove all but the last two of such copies.

    Raises:
        NoRoomError: There is too little room for the copy and the upgrade.
    """
    # The upgrade itself may write every page once more.
    needed, free = 2 * size(file), shutil.disk_usage(file.parent).free
    if free < needed:
        raise NoRoomError(address, needed, free)
    target = file.with_name(f"{file.name}.before-upgrade-{label}")
    copy(file, target)
    copies = sorted(file.parent.glob(f"{file.name}.before-upgrade-*"), key=lambda path: path.stat().st_mtime)
    for old in [path for path in copies if path != target][: -(KEPT_COPIES - 1)]:
        old.unlink()
    return target


@contextmanager
def alone(file: Path, address: str) -> Iterator[bool]:
    """Be the only one who uses a database, until the end of the block; a missing one is nobody's.

    Returns:
        Whether it is locked, and all of it in its one file: read it with `immutable`. A file that is too damaged for
        that is not locked, and may be read as ever.

    Raises:
        StoreInUseError: Another process has it open.
    """
    if not file.exists():
        yield False
        return
    with closing(sqlite3.connect(file, timeout=_ALONE_S, isolation_level=None)) as connection:
        try:
            # SQLite leaves this mode only when nobody else has the database open.
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise StoreInUseError(address) from error
        except sqlite3.DatabaseError:
            # Who wants to put a good database in the place of this one is not to be kept from it.
            pass
        yield connection.in_transaction


def put_in_place(new: Path, file: Path, aside: Path) -> None:
    """Put a new file in the place of a database, and keep the old one under another name; be `alone` with it."""
    for ending in _BESIDE:
        # They are there only if the old one is too damaged for SQLite to take them in.
        beside = file.with_name(file.name + ending)
        if beside.exists():
            beside.replace(aside.with_name(aside.name + ending))
    if file.exists():
        try:
            # There is no moment without a database.
            os.link(file, aside)
        except OSError:
            file.replace(aside)
    new.replace(file)
    sync(file.parent)


def aside_of(file: Path, event: str, now: datetime) -> Path:
    """A free name for a database that is replaced: FILE.EVENT-DATE."""
    name = f"{file.name}.{event}-{now.astimezone(UTC):%Y%m%d-%H%M%S}"
    number, found = 1, file.with_name(name)
    while found.exists():
        number += 1
        found = file.with_name(f"{name}-{number}")
    return found


def is_database(file: Path) -> bool:
    """Whether a file begins as SQLite's do."""
    with file.open("rb") as opened:
        return opened.read(len(MAGIC)) == MAGIC


def is_left_alone(file: Path) -> bool:
    """Whether nobody can write a file, so that it may be read without locks."""
    # They are there while another user's process has it open.
    is_in_use = any(file.with_name(file.name + ending).exists() for ending in _BESIDE)
    return file.exists() and not os.access(file.parent, os.W_OK) and not is_in_use
