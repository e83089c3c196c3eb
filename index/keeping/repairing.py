"""Mending what can be mended: a damaged database, columns that are derived from others, and the index."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, Connection, select, update
from sqlalchemy.exc import IntegrityError

from index.disk import sync
from index.engines import generations
from index.errors import StoreError
from index.keeping.checking import FILE, check
from index.keeping.copies import database_file
from index.store.connecting import connect_in_thread, is_sqlite, parse, shown, translated
from index.store.deriving import derived
from index.store.fingerprints import content_hash
from index.store.migrating import Migrations, bring_up_to_date
from index.store.opening import Connections, connected
from index.store.sqlite_files import alone, aside_of, put_in_place, reading
from index.store.tables import articles

_AT_ONCE = 100
_TRIED_BLINDLY = 1_000_000
"""Row numbers that are tried one by one where neither rows nor indexes tell which there are."""

_NAMED = 20
_NOT_COPIED = ("sqlite_sequence", "sqlite_stat1")
_DERIVED = (articles.c.characters, articles.c.title_folded, articles.c.content_hash)


@dataclass(slots=True)
class Repaired:
    """What a repair did.

    Attributes:
        kept: The damaged database, as it was; None when it was whole.
        saved: Rows that were saved from it, by table.
        lost: Rows that are known to be lost, by table: an index names them, and they cannot be read.
        lost_titles: Titles of some lost articles, folded as they are searched.
        mended: Articles of which derived columns were wrong.
    """

    kept: Path | None = None
    saved: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    lost_titles: list[str] = field(default_factory=list)
    mended: int = 0


async def repair(
    address: str,
    index_folder: Path | None,
    migrations: Sequence[Migrations],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Repaired:
    """Save all rows of a damaged SQLite file that can be read, mend derived columns, and drop the index.

    Whoever opens the library afterwards builds the index anew. The files of PostgreSQL are its own to mend.

    Raises:
        StoreInUseError: Another process uses the SQLite file; nothing was changed.
        StoreError: The database cannot be used, or is one of a newer Footnote.
    """
    url = parse(address)
    if not is_sqlite(url):
        return await _repair_on_server(url, index_folder, migrations)
    file = database_file(url)
    if not file.exists():
        raise StoreError(shown(url), "there is no such file")
    repaired = Repaired()
    with translated(shown(url)):
        is_damaged = any(one.is_problem and one.checked == FILE for one in await check(address, None, migrations))
        with alone(file, shown(url)) as is_locked:
            if is_damaged:
                fresh = file.with_name(f"{file.name}.repairing")
                fresh.unlink(missing_ok=True)
                await _make(fresh, migrations)
                repaired.kept = aside_of(file, "before-repair", now())
                await asyncio.to_thread(_salvage, file, fresh, repaired, is_locked=is_locked)
                await asyncio.to_thread(put_in_place, fresh, file, repaired.kept)
        await _make(file, migrations)
        repaired.mended = await asyncio.to_thread(_mend_file, file)
        if index_folder is not None:
            await asyncio.to_thread(generations.drop, index_folder)
    return repaired


async def _repair_on_server(url: URL, index_folder: Path | None, migrations: Sequence[Migrations]) -> Repaired:
    with translated(shown(url)):
        async with connected(url) as ways:
            await _bring_up_to_date(ways, url, migrations)
            repaired = Repaired(mended=await ways.writer.write(_mend))
        if index_folder is not None:
            await asyncio.to_thread(generations.drop, index_folder)
    return repaired


async def _make(file: Path, migrations: Sequence[Migrations]) -> None:
    """Make the tables in a file, or bring them up to date."""
    url = URL.create("sqlite+aiosqlite", database=str(file))
    async with connected(url) as ways:
        await _bring_up_to_date(ways, url, migrations)


async def _bring_up_to_date(ways: Connections, url: URL, migrations: Sequence[Migrations]) -> None:
    for one in migrations:
        await bring_up_to_date(ways.reader, ways.writer, shown(url), one)


# ---- a damaged file


def _salvage(file: Path, fresh: Path, repaired: Repaired, *, is_locked: bool) -> None:
    """Write all rows that can be read into a file with empty tables of this version."""
    with closing(sqlite3.connect(fresh)) as new:
        new.execute("PRAGMA synchronous=OFF")
        new.execute("PRAGMA foreign_keys=OFF")
        tables = [str(row[0]) for row in new.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        with suppress(sqlite3.Error), closing(reading(file, immutable=is_locked)) as old:
            # It makes SQLite read files that are shorter than they should be.
            old.execute("PRAGMA writable_schema=ON")
            # What is no UTF-8 is damaged; the rest of the text may still help whoever has to find it again.
            old.text_factory = lambda read: read.decode("utf-8", "replace")
            for table in tables:
                if table not in _NOT_COPIED and not table.endswith("alembic_version"):
                    _save_table(old, new, table, repaired)
            _keep_numbers(old, new)
        for statement in _without_parents(new):
            new.execute(statement)
        new.commit()
        new.execute("PRAGMA journal_mode=DELETE")
    sync(fresh)


def _save_table(old: sqlite3.Connection, new: sqlite3.Connection, table: str, repaired: Repaired) -> None:
    there = _columns(old, table)
    columns = [name for name in _columns(new, table) if name in there]
    if not columns:
        return
    if table == "meta":
        new.execute("DELETE FROM meta")
    names = ", ".join(f'"{name}"' for name in columns)
    into = f'INSERT OR IGNORE INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'  # noqa: S608 - as above
    numbers: set[int] = set()
    spoilt: set[int] = set()
    for number, values in _rows(old, table, names):
        if table == "articles" and not _is_as_stored(dict(zip(columns, values, strict=True))):
            # Half a page of it may be anything, and would be quoted word for word.
            spoilt.add(number)
            continue
        numbers.add(number)
        new.execute(into, values)
    repaired.saved[table] = new.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - as above
    if table == "meta" and not repaired.saved[table]:
        # Another identity: nothing that was derived from the old store fits what was saved.
        new.execute("INSERT INTO meta (key, value) VALUES ('store_id', ?)", (str(uuid4()),))
    lost = (_known_numbers(old, table) | spoilt) - numbers
    if lost:
        repaired.lost[table] = len(lost)
    if table == "articles":
        repaired.lost_titles += _titles(old, sorted(lost))


def _is_as_stored(article: Mapping[str, object]) -> bool:
    return content_hash(str(article["text"])) == article["content_hash"]


def _rows(old: sqlite3.Connection, table: str, names: str) -> Iterator[tuple[int, Sequence[object]]]:
    """All rows that can be read: upwards until that fails, downwards until that fails, and one by one in between."""
    first, last = None, None
    select_rows = f'SELECT rowid, {names} FROM "{table}"'  # noqa: S608 - names of our own tables
    try:
        for number, *values in old.execute(f"{select_rows} ORDER BY rowid"):
            yield number, values
            first = number
    except sqlite3.Error:
        pass
    else:
        return
    with suppress(sqlite3.Error):
        for number, *values in old.execute(
            f"{select_rows} WHERE rowid > ? ORDER BY rowid DESC", (-1 << 63 if first is None else first,)
        ):
            yield number, values
            last = number
    known = _known_numbers(old, table)
    low = 1 if first is None else first + 1
    high = max(known, default=low + _TRIED_BLINDLY) + 1 if last is None else last
    between = [number for number in sorted(known) if low <= number < high]
    for number in between or range(low, min(high, low + _TRIED_BLINDLY)):
        with suppress(sqlite3.Error):
            row = old.execute(f"{select_rows} WHERE rowid = ?", (number,)).fetchone()
            if row is not None:
                yield row[0], row[1:]


def _known_numbers(old: sqlite3.Connection, table: str) -> set[int]:
    """The numbers of rows as the indexes of a table have them: they lie on other pages than the rows."""
    found: set[int] = set()
    with suppress(sqlite3.Error):
        for (index,) in old.execute(f'SELECT name FROM pragma_index_list("{table}")').fetchall():  # noqa: S608 - as above
            with suppress(sqlite3.Error):
                column = old.execute("SELECT name FROM pragma_index_info(?) LIMIT 1", (index,)).fetchone()[0]
                rows = f'SELECT rowid FROM "{table}" INDEXED BY "{index}" ORDER BY "{column}"'  # noqa: S608 - as above
                for (number,) in old.execute(rows):
                    found.add(number)
    return found


def _titles(old: sqlite3.Connection, numbers: Sequence[int]) -> list[str]:
    """What the list of titles says of articles that cannot be read."""
    found: list[str] = []
    with suppress(sqlite3.Error):
        for number in numbers[:_NAMED]:
            row = old.execute(
                "SELECT title_folded FROM articles INDEXED BY ix_articles_listing WHERE number = ?", (number,)
            ).fetchone()
            found += [str(row[0])] if row is not None else []
    return found


def _keep_numbers(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """See that no number of a lost article is ever given to another one: old answers name articles by number."""
    highest = max((number for number in _known_numbers(old, "articles")), default=0)
    with suppress(sqlite3.Error):
        row = old.execute("SELECT seq FROM sqlite_sequence WHERE name = 'articles'").fetchone()
        highest = max(highest, int(row[0]) if row is not None else 0)
    highest = max(highest, int(new.execute("SELECT coalesce(max(number), 0) FROM articles").fetchone()[0]))
    new.execute("DELETE FROM sqlite_sequence WHERE name = 'articles'")
    new.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('articles', ?)", (highest,))


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [str(row[0]) for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]


def _without_parents(connection: sqlite3.Connection) -> list[str]:
    """Statements that remove rows which refer to rows that are not there."""
    tables = [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [
        f'DELETE FROM "{table}" WHERE "{key}" NOT IN (SELECT "{of}" FROM "{parent}")'  # noqa: S608 - as above
        for table in tables
        for parent, key, of in connection.execute(
            'SELECT "table", "from", "to" FROM pragma_foreign_key_list(?)', (table,)
        )
    ]


# ---- derived columns


def _mend_file(file: Path) -> int:
    engine = connect_in_thread(URL.create("sqlite", database=str(file)))
    try:
        with engine.begin() as connection:
            with closing(reading(file)) as looking:
                statements = _without_parents(looking)
            for statement in statements:
                connection.exec_driver_sql(statement)
            return _mend(connection)
    finally:
        engine.dispose()


def _mend(connection: Connection) -> int:
    """Compute again what is derived from titles and texts, and say of how many articles that was wrong."""
    mended = last = 0
    while rows := connection.execute(
        select(articles.c.number, articles.c.title, articles.c.text, *_DERIVED)
        .where(articles.c.number > last)
        .order_by(articles.c.number)
        .limit(_AT_ONCE)
    ).all():
        last = rows[-1].number
        for row in rows:
            right = derived(row.title, row.text, content_hash(row.text))
            if any(getattr(row, name) != value for name, value in right.items()):
                mended += _set(connection, row.number, right)
    return mended


def _set(connection: Connection, number: int, right: dict[str, object]) -> int:
    statement = update(articles).where(articles.c.number == number)
    try:
        with connection.begin_nested():
            connection.execute(statement.values(right))
    except IntegrityError:
        # Its collection has the same text already; two articles are better than one that is lost.
        del right["content_hash"]
        connection.execute(statement.values(right))
    return 1
