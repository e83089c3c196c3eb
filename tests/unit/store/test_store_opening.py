"""Opening a store: its tables, its identity, and addresses and files that cannot be used."""

import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from index.errors import NewerStoreError, StoreError
from index.models import ArticleInfo
from index.store import Store, connecting
from index.store.tables import HEAD, articles, info_columns, metadata
from index.store.upgrading import migrate
from tests.unit.store.samples import address_of, article, execute


async def test_a_store_keeps_its_articles_and_its_identity_when_it_is_opened_again(path: Path) -> None:
    async with await Store.open(address_of(path)) as store:
        stored = await store.add([article("tea leaves")])
        store_id = store.store_id

    async with await Store.open(f"sqlite:///{path}") as store:
        assert await store.infos(None) == [stored[0].info]
        assert store.store_id == store_id
        assert str(UUID(store_id)) == store_id


async def test_two_stores_have_two_identities(tmp_path: Path) -> None:
    async with (
        await Store.open(address_of(tmp_path / "a.db")) as one,
        await Store.open(address_of(tmp_path / "b.db")) as other,
    ):
        assert one.store_id != other.store_id


async def test_the_folder_of_the_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "100% tea" / "footnote.db"

    async with await Store.open(address_of(path)):
        pass

    assert path.exists()


def test_the_migrations_lead_to_the_tables(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "here")

        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        (created,) = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'articles'").one()
        assert "AUTOINCREMENT" in created
    engine.dispose()


async def test_titles_stored_before_they_were_folded_are_found(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "here")
        config = Config()
        config.set_main_option("script_location", str(Path(connecting.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        for number in range(2_500):
            connection.exec_driver_sql(
                "INSERT INTO articles VALUES (?, ?, 'shared', ?, '', 'en', NULL, NULL, ?, NULL, 1, ?, 3, 'tea')",
                (number + 1, f"id{number}", f"Été {number}", "2024-05-01 12:00:00", str(number)),
            )
    engine.dispose()

    async with await Store.open(address_of(path)) as store:
        assert [info.title for info in (await store.find(None, "ETE 2499")).items] == ["Été 2499"]
        assert (await store.find(None, "ete")).total == 2_500


def test_the_known_revision_is_the_newest_migration() -> None:
    folder = Path(connecting.__file__).parent / "migrations"

    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


def test_the_tables_fit_postgresql() -> None:
    created = str(CreateTable(articles).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]

    assert "number SERIAL NOT NULL" in created


def test_the_columns_are_the_fields_of_an_article() -> None:
    assert [column.name for column in info_columns] == [field.name for field in fields(ArticleInfo)]


async def test_opening_prints_nothing(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with await Store.open(address_of(path)):
        pass

    assert capfd.readouterr() == ("", "")


async def test_sqlite_is_set_up_for_readers_beside_a_writer(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()

    assert mode == ("wal",)


async def test_a_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    async with await Store.open(address_of(path)):
        pass
    execute(path, "UPDATE alembic_version SET version_num = '0999'")

    with pytest.raises(NewerStoreError, match="revision 0999") as caught:
        await Store.open(address_of(path))

    assert caught.value.revision == "0999"


async def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    put(path, b"tea leaves " * 1_000)

    with pytest.raises(StoreError, match=r"footnote\.db cannot be used: the file is not a database"):
        await Store.open(address_of(path))

    assert content_of(path) == b"tea leaves " * 1_000


async def test_a_folder_instead_of_a_file_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        await Store.open(address_of(tmp_path))


async def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match=r"(Not a directory|File exists) \(.*file"):
        await Store.open(address_of(tmp_path / "file" / "footnote.db"))


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("footnote.db", "no address such as"),
        ("mysql://localhost/footnote", "mysql is not supported"),
        ("sqlite+aiosqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://me:p@ss/word@localhost/footnote", "%40 and %2F"),
    ],
)
async def test_an_address_that_cannot_work_is_explained(address: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        await Store.open(address)


async def test_errors_hide_the_password_of_the_address() -> None:
    with pytest.raises(StoreError) as caught:
        await Store.open("mysql://footnote:secret@localhost/footnote")

    assert "secret" not in str(caught.value)
    assert "footnote:***@localhost" in str(caught.value)


async def test_a_server_that_does_not_answer_is_a_store_error() -> None:
    with pytest.raises(StoreError):
        await Store.open("postgresql+asyncpg://footnote:secret@127.0.0.1:1/footnote")


async def test_a_closed_store_says_so(path: Path) -> None:
    store = await Store.open(address_of(path))
    await store.close()
    await store.close()

    with pytest.raises(StoreError, match="it is closed"):
        await store.slices([(1, 0, 1)])


async def test_a_damaged_file_is_a_store_error(path: Path) -> None:
    async with await Store.open(address_of(path)) as store:
        await store.add([article(f"{number} " + "tea " * 2_000) for number in range(20)])
    whole = content_of(path)
    put(path, whole[:4_096] + b"\xff" * (len(whole) - 4_096))

    with pytest.raises(StoreError, match="damaged"):
        await (await Store.open(address_of(path))).close()


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def content_of(path: Path) -> bytes:
    return path.read_bytes()
