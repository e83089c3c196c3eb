"""Looking whether the articles and their index are whole. Nothing is changed."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from index.analysis.languages import language
from index.engines.embedded import EmbeddedEngine
from index.engines.generations import live
from index.models import Progress
from index.passages import split
from index.store.connecting import connect_to_look, is_sqlite, parse, shown, translated
from index.store.deriving import derived
from index.store.fingerprints import content_hash
from index.store.migrating import ARTICLES, Migrations, is_known, revision_of
from index.store.opening import connected
from index.store.tables import articles, info_columns, meta

FILE = "database file"
_AT_ONCE = 100
_NAMED = 3
"""Most articles that a finding names."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check found.

    Attributes:
        checked: What was looked at, in a few words.
        is_problem: Something has to be done.
        detail: What was found, and what to do if that is a problem.
    """

    checked: str
    is_problem: bool
    detail: str


_REPAIR = "`footnote check --repair` mends it"
_SALVAGE = "restore a backup, or `footnote check --repair` saves what can be read"


async def check(
    address: str,
    index_folder: Path | None,
    migrations: Sequence[Migrations],
    progress: Progress = lambda _done, _all: None,
) -> list[Checked]:
    """Look at everything, also while the bot runs.

    Args:
        migrations: Those of all who keep tables in the database, the articles' first.
        progress: Hears how many articles of how many were read.

    Raises:
        StoreError: The database is not there, or cannot be read at all.
    """
    url = parse(address)
    with translated(shown(url)):
        if is_sqlite(url) and url.database:
            return await asyncio.to_thread(_check_file, Path(url.database), index_folder, migrations, progress)
        async with connected(url) as ways:
            found = await ways.reader.look(
                lambda connection: _check_tables(connection, index_folder, migrations, progress)
            )
    return [Checked(FILE, False, "not looked at: PostgreSQL's files are for its own pg_amcheck"), *found]


def _check_file(
    file: Path, index_folder: Path | None, migrations: Sequence[Migrations], progress: Progress
) -> list[Checked]:
    if not file.exists():
        raise FileNotFoundError(2, "there is no such file", str(file))
    engine = connect_to_look(file)
    try:
        with engine.connect() as connection:
            try:
                found = _integrity(connection)
                if found[0].is_problem:
                    return found
                return [*found, *_check_tables(connection, index_folder, migrations, progress)]
            except DBAPIError as error:
                if "malformed" not in str(error.orig) and "not a database" not in str(error.orig):
                    raise
                return [Checked(FILE, True, f"damaged ({error.orig}); {_SALVAGE}")]
    finally:
        engine.dispose()


def _integrity(connection: Connection) -> list[Checked]:
    problems = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
    if problems != ["ok"]:
        return [Checked(FILE, True, f"damaged ({'; '.join(problems[:_NAMED])}); {_SALVAGE}")]
    lonely = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    rows = f"{len(lonely):,} rows refer to rows that are not there; {_REPAIR}" if lonely else "whole"
    return [Checked(FILE, False, "whole"), Checked("references between tables", bool(lonely), rows)]


def _check_tables(
    connection: Connection, index_folder: Path | None, migrations: Sequence[Migrations], progress: Progress
) -> list[Checked]:
    found = [_revision(connection, one) for one in migrations]
    if any(one.is_problem for one in found) or revision_of(connection, ARTICLES) != ARTICLES.head:
        # Tables of another shape cannot be looked into.
        return found
    engine, index = _open_index(connection, index_folder)
    return [*found, *index, *_articles(connection, engine, progress)]


def _revision(connection: Connection, migrations: Migrations) -> Checked:
    checked = f"tables of the {migrations.owner}"
    revision = revision_of(connection, migrations)
    if revision is None:
        if migrations.owner == ARTICLES.owner:
            return Checked(checked, True, "not there: this is no database of Footnote; look at DATABASE_URL")
        return Checked(checked, False, "not made yet: `footnote run` makes them")
    if revision == migrations.head:
        return Checked(checked, False, f"revision {revision}, the newest")
    if is_known(revision, migrations):
        return Checked(checked, False, f"revision {revision}; the next start upgrades them to {migrations.head}")
    return Checked(checked, True, f"revision {revision} is of a newer version of Footnote; upgrade Footnote")


def _open_index(connection: Connection, folder: Path | None) -> tuple[EmbeddedEngine | None, list[Checked]]:
    checked = "files of the index"
    if folder is None or live(folder) is None:
        return None, [Checked(checked, False, "none is saved; the next start builds it")]
    store_id = str(connection.execute(select(meta.c.value).where(meta.c.key == "store_id")).scalar_one())
    engine = EmbeddedEngine.open(folder, store_id, verify=True)
    if engine is None:
        return None, [
            Checked(
                checked, True, f"damaged, or of another database or version of Footnote; {_REPAIR}, and so does a start"
            )
        ]
    return engine, [Checked(checked, False, f"whole, {(engine.saved_bytes or 0) / 1e6:,.1f} MB")]


def _articles(connection: Connection, engine: EmbeddedEngine | None, progress: Progress) -> list[Checked]:
    total = connection.execute(select(func.count()).select_from(articles)).scalar_one()
    wrong: dict[str, list[str]] = {"text": [], "columns": [], "language": []}
    missing: list[str] = []
    otherwise: list[str] = []
    held = engine.sizes(None) if engine is not None else {}
    numbers: set[int] = set()
    done = last = 0
    columns = (*info_columns, articles.c.text, articles.c.title_folded)
    while rows := connection.execute(
        select(*columns).where(articles.c.number > last).order_by(articles.c.number).limit(_AT_ONCE)
    ).all():
        for row in rows:
            numbers.add(row.number)
            if content_hash(row.text) != row.content_hash:
                wrong["text"].append(row.id)
            right = derived(row.title, row.text, row.content_hash)
            if any(getattr(row, column) != value for column, value in right.items()):
                wrong["columns"].append(row.id)
            if language(row.language).code != row.language:
                wrong["language"].append(row.id)
            if engine is None:
                continue
            if row.number not in held:
                missing.append(row.id)
            elif engine.spans_of(row.language, row.number) != [
                (span.start, span.end) for span in split(row.text, row.language)
            ]:
                otherwise.append(row.id)
        last = rows[-1].number
        done += len(rows)
        progress(done, total)
    found = [
        _listed("texts of the articles", wrong["text"], f"{total:,} articles, each as it was stored",
                f"not as they were stored; restore a backup, or keep them as they are: {_REPAIR}"),
        _listed("what is derived from the articles", wrong["columns"], "right", f"wrong; {_REPAIR}"),
        _listed("languages of the articles", wrong["language"], "known", "unknown to this version; upgrade Footnote"),
    ]  # fmt: skip
    if engine is not None:
        found += [
            _listed("passages of the index", otherwise, "as the articles have them", f"of another text; {_REPAIR}"),
            _behind(len(missing), len(set(held) - numbers)),
        ]
    return found


def _listed(checked: str, wrong: Sequence[str], good: str, bad: str) -> Checked:
    if not wrong:
        return Checked(checked, False, good)
    return Checked(checked, True, f"{len(wrong):,} articles ({_named(wrong)}): {bad}")


def _named(ids: Iterable[str]) -> str:
    every = list(ids)
    return ", ".join(every[:_NAMED]) + (", …" if len(every) > _NAMED else "")


def _behind(missing: int, surplus: int) -> Checked:
    if not missing and not surplus:
        return Checked("articles of the index", False, "the same as in the database")
    # No problem: docs/decisions/0005.
    return Checked(
        "articles of the index",
        False,
        f"{missing:,} not in the saved index yet, {surplus:,} in it that are gone; each start catches up with that",
    )
