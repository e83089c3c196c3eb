"""Databases of earlier revisions, with rows in them, are upgraded after a copy; those of later ones are left alone."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from bot.state import MIGRATIONS, State
from index import ARTICLES, Draft, Library, Migrations, NewerStoreError, NoRoomError
from index.store import Store
from tests.support.databases import change

TEXT = "The bridge at Karrow was opened on 4 May 1931. It carries both the road and the railway over the river."
DRAFT = Draft("The Bridge at Kárrow", TEXT, "bridge.md", "en")


def address_of(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def downgrade(file: Path, migrations: Migrations, revision: str) -> None:
    """Bring a database to the tables of an earlier revision."""
    config = Config()
    config.set_main_option("script_location", str(migrations.folder))
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        config.attributes["version_table"] = migrations.version_table
        command.downgrade(config, revision)
    engine.dispose()


def value(file: Path, query: str) -> object:
    with closing(sqlite3.connect(file)) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row is not None else None


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    """A database with an article, and with what the bot keeps."""
    path = tmp_path / "library.db"
    async with await Library.open(address_of(path)) as library, await State.open(address_of(path)) as state:
        await library.add([DRAFT])
        await state.set_value("commands", "kept")
    return path


def copies(file: Path) -> list[str]:
    return sorted(
        path.name.removeprefix(f"{file.name}.before-upgrade-") for path in file.parent.glob("*.before-upgrade-*")
    )


async def test_each_earlier_revision_of_the_articles_is_upgraded_with_its_rows(file: Path) -> None:
    downgrade(file, ARTICLES, "0001")

    async with await Library.open(address_of(file)) as library:
        answer = await library.ask("When was the bridge opened?")
        found = await library.find_articles(None, "karrow")

    assert answer.best is not None
    assert "4 May 1931" in answer.best.passage
    assert len(found.items) == 1
    assert copies(file) == ["0001"]
    kept = file.with_name("library.db.before-upgrade-0001")
    assert value(kept, "SELECT version_num FROM alembic_version") == "0001"
    assert value(kept, "SELECT text FROM articles") == TEXT
    assert value(kept, "SELECT value FROM discord_facts") == "kept"


async def test_a_current_database_and_a_new_one_are_not_copied(file: Path, tmp_path: Path) -> None:
    for path in (file, tmp_path / "new.db"):
        async with await Library.open(address_of(path)), await State.open(address_of(path)):
            pass

    assert copies(file) == []


async def test_a_database_from_before_the_bot_gets_its_tables_without_a_copy(file: Path) -> None:
    downgrade(file, MIGRATIONS, "base")

    async with await State.open(address_of(file)) as state:
        await state.set_value("a", "b")

    assert copies(file) == []


async def test_the_last_two_copies_are_kept(file: Path) -> None:
    for number, name in enumerate(("0000-a", "0000-b", "0000-c")):
        copy = file.with_name(f"{file.name}.before-upgrade-{name}")
        copy.write_text("old")
        os.utime(copy, (number, number))
    downgrade(file, ARTICLES, "0001")

    async with await Store.open(address_of(file)):
        pass

    assert copies(file) == ["0000-c", "0001"]


async def test_processes_that_upgrade_at_once_keep_one_copy_from_before(file: Path) -> None:
    downgrade(file, ARTICLES, "0001")

    stores = await asyncio.gather(*(Store.open(address_of(file)) for _ in range(4)))
    for store in stores:
        await store.close()

    assert copies(file) == ["0001"]
    assert value(file.with_name("library.db.before-upgrade-0001"), "SELECT version_num FROM alembic_version") == "0001"
    assert value(file, "SELECT version_num FROM alembic_version") == ARTICLES.head


async def test_without_room_for_the_copy_nothing_is_changed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    downgrade(file, ARTICLES, "0001")
    before = file.read_bytes()
    usage = shutil.disk_usage(file.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1_000))

    with pytest.raises(NoRoomError, match="make room"):
        await Library.open(address_of(file))

    assert file.read_bytes() == before
    assert copies(file) == []


@pytest.mark.parametrize(
    ("table", "open_it"), [("alembic_version", Library.open), ("discord_alembic_version", State.open)]
)
async def test_a_newer_database_is_left_alone(file: Path, table: str, open_it: Callable[[str], object]) -> None:
    change(file, f"UPDATE {table} SET version_num = '9999'")
    before = value(file, "SELECT group_concat(sql) FROM sqlite_master")

    with pytest.raises(NewerStoreError, match="upgrade Footnote to read it") as raised:
        await open_it(address_of(file))  # type: ignore[misc]  # both are coroutines

    assert raised.value.revision == "9999"
    assert value(file, "SELECT group_concat(sql) FROM sqlite_master") == before
    assert copies(file) == []
