"""Databases for those who keep something of their own beside the articles."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, column, insert, select, table, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from index.store import Database, connecting
from index.store.migrating import ARTICLES
from index.store.server import AsyncWriter
from index.store.writing import ThreadWriter, Writer

meta = table("meta", column("key"), column("value"))


def address_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "footnote.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with await Database.open(address_of(path), ARTICLES) as opened:
        yield opened


def put(connection: Connection, key: str) -> str:
    connection.execute(insert(meta).values(key=key, value=key))
    return key


async def keys(database: Database) -> set[str]:
    return {row[0] for row in await database.read(select(meta.c.key))} - {"store_id"}


async def test_a_transaction_is_whole_or_absent(database: Database) -> None:
    def fail(connection: Connection) -> None:
        put(connection, "b")
        raise RuntimeError

    await database.write(lambda connection: put(connection, "a"))
    with pytest.raises(RuntimeError):
        await database.write(fail)

    assert await keys(database) == {"a"}


async def test_a_cancelled_write_has_ended_when_the_cancellation_arrives(database: Database) -> None:
    task = asyncio.create_task(database.write(lambda connection: put(connection, "a")))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert await keys(database) == {"a"}


async def test_what_was_begun_before_closing_is_written(path: Path) -> None:
    database = await Database.open(address_of(path), ARTICLES)
    task = asyncio.create_task(database.write(lambda connection: put(connection, "a")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # `finished` has a task of its own
    await database.close()
    await task

    async with await Database.open(address_of(path), ARTICLES) as again:
        assert await keys(again) == {"a"}


class WriterContract:
    """What both writers promise; SQLite stands for the server here."""

    async def test_it_returns_what_the_work_returns(self, database: Database, writer: Writer) -> None:
        assert await writer.write(lambda connection: put(connection, "a")) == "a"
        assert await keys(database) == {"a"}

    async def test_it_goes_on_after_a_failure(self, database: Database, writer: Writer) -> None:
        with pytest.raises(OperationalError):
            await writer.write(lambda connection: connection.execute(text("INSERT INTO nothing VALUES (1)")))

        await writer.write(lambda connection: put(connection, "a"))
        assert await keys(database) == {"a"}

    async def test_it_works_in_the_order_in_which_work_comes(self, database: Database, writer: Writer) -> None:
        order: list[str] = []

        def note(key: str) -> Callable[[Connection], None]:
            return lambda connection: order.append(put(connection, key))

        await asyncio.gather(*(writer.write(note(key)) for key in "abcdefgh"))

        assert order == list("abcdefgh")


class TestThreadWriter(WriterContract):
    @pytest.fixture
    async def writer(self, database: Database, path: Path) -> AsyncIterator[Writer]:
        writer = ThreadWriter(connecting.connect_in_thread(connecting.parse(address_of(path))))
        yield writer
        await writer.close()


class TestAsyncWriter(WriterContract):
    @pytest.fixture
    async def writer(self, database: Database, path: Path) -> AsyncIterator[Writer]:
        writer = AsyncWriter(create_async_engine(address_of(path)))
        yield writer
        await writer.close()
