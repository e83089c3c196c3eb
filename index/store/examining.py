"""Looks at a database without changing it: neither made, nor migrated, nor written to."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection

from index.store.connecting import (
    AUTOCOMMIT,
    connect_in_thread,
    connect_to_look,
    is_sqlite,
    parse,
    shown,
    translated,
)
from index.store.migrating import ARTICLES, Migrations, revision_of
from index.store.opening import connected
from index.store.sqlite_files import size

_MOST_DAMAGES = 5


@dataclass(frozen=True, slots=True)
class StoreExamination:
    """What was found of a database.

    Attributes:
        address: Where it is, with its password hidden.
        exists: False for a SQLite file that is not there; then there is nothing else to tell.
        revisions: Each owner's revision in the database (None: no tables yet) and the one of this version.
        damages: What SQLite's own check complains about, at most five; None where the database cannot be checked so.
        file: The SQLite file; None for a database server.
        size: Bytes of the file and of what is not yet written into it.
    """

    address: str
    exists: bool
    revisions: tuple[tuple[str | None, str], ...] = ()
    damages: tuple[str, ...] | None = None
    file: Path | None = None
    size: int | None = None


async def examine(address: str, *others: Migrations) -> StoreExamination:
    """Look at the database of a library; with a SQLite file that takes about a second for each 500 MB.

    Args:
        others: Of those who keep tables of their own beside the articles.

    Raises:
        StoreError: It cannot be read.
    """
    url = parse(address)
    with translated(shown(url)):
        if is_sqlite(url):
            return await asyncio.to_thread(_examine_file, url, (ARTICLES, *others))
        async with connected(url) as ways:
            revisions = await ways.reader.look(lambda connection: _revisions(connection, (ARTICLES, *others)))
    return StoreExamination(shown(url), exists=True, revisions=revisions)


def _examine_file(url: URL, owners: tuple[Migrations, ...]) -> StoreExamination:
    file = Path(url.database or "")
    # SQLite's own addresses ("file:…?mode=ro") name a file only to SQLite.
    is_known = not str(file).startswith("file:")
    if is_known and not file.exists():
        return StoreExamination(shown(url), exists=False, file=file)
    engine = connect_to_look(file) if is_known else connect_in_thread(url)
    try:
        with engine.connect().execution_options(**AUTOCOMMIT) as connection:
            revisions = _revisions(connection, owners)
            checked = connection.exec_driver_sql(f"PRAGMA quick_check({_MOST_DAMAGES})").scalars().all()
    finally:
        engine.dispose()
    damages = tuple(str(one) for one in checked if one != "ok")
    if not is_known:
        return StoreExamination(shown(url), True, revisions, damages)
    return StoreExamination(shown(url), True, revisions, damages, file, size(file))


def _revisions(connection: Connection, owners: tuple[Migrations, ...]) -> tuple[tuple[str | None, str], ...]:
    return tuple((revision_of(connection, one), one.head) for one in owners)
