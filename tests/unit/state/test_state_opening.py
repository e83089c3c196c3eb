"""Opening what the bot keeps: its tables, beside those of the library, and databases that cannot be used."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from bot.state import State
from bot.state.tables import MIGRATIONS, metadata
from index import Library, NewerStoreError, StoreError
from index.store.tables import metadata as articles_metadata
from index.store.upgrading import migrate
from tests.unit.state.samples import address_of, answer, count, execute


def test_the_migrations_lead_to_the_tables(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "here", MIGRATIONS)

        options = {"version_table": MIGRATIONS.version_table}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_the_known_revision_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS.folder)).get_current_head() == MIGRATIONS.head


def test_the_tables_fit_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]

    created = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]

    assert all("SERIAL" not in one for one in created)


def test_no_table_has_the_name_of_one_of_the_library() -> None:
    assert all(name.startswith("discord_") for name in [*metadata.tables, MIGRATIONS.version_table])
    assert not any(name.startswith("discord_") for name in articles_metadata.tables)


@pytest.mark.parametrize("opening", ["state", "library", "both"])
async def test_a_database_is_shared_with_the_library_whoever_comes_first(path: Path, opening: str) -> None:
    if opening == "state":
        await (await State.open(address_of(path))).close()
    if opening == "library":
        await (await Library.open(address_of(path), None)).close()

    library, state = await asyncio.gather(Library.open(address_of(path), None), State.open(address_of(path)))
    async with library, state:
        await state.record(answer())
        assert (await library.status()).articles == 0

    assert execute(path, "SELECT version_num FROM discord_alembic_version") == [(MIGRATIONS.head,)]
    assert count(path, "alembic_version") == 1


async def test_several_states_may_be_opened_at_once(path: Path) -> None:
    states = await asyncio.gather(*(State.open(address_of(path)) for _ in range(5)))

    await states[0].set_value("a", "b")

    assert [await each.value("a") for each in states] == ["b"] * 5
    for each in states:
        await each.close()


async def test_a_state_of_a_newer_version_is_left_alone(path: Path) -> None:
    await (await State.open(address_of(path))).close()
    execute(path, "UPDATE discord_alembic_version SET version_num = '0999'")

    with pytest.raises(NewerStoreError, match="revision 0999"):
        await State.open(address_of(path))


async def test_a_file_that_is_no_database_is_a_store_error(path: Path) -> None:
    path.write_bytes(b"tea leaves " * 1_000)

    with pytest.raises(StoreError, match="the file is not a database"):
        await State.open(address_of(path))


async def test_a_closed_state_says_so(path: Path) -> None:
    state = await State.open(address_of(path))
    await state.close()
    await state.close()

    with pytest.raises(StoreError, match="it is closed"):
        await state.answer("a")
    with pytest.raises(StoreError, match="it is closed"):
        await state.record(answer())


async def test_opening_prints_nothing(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    await (await State.open(address_of(path))).close()

    assert capfd.readouterr() == ("", "")
