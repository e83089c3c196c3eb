"""The store beside other programs, and when its disk fails."""

import sqlite3
from pathlib import Path

import pytest

from index.errors import StoreError
from index.models import Change
from index.store import Store, connecting
from tests.support.processes import run_at_once
from tests.unit.store.samples import address_of, article, execute


async def test_four_processes_open_and_write_a_new_store_at_once(path: Path) -> None:
    assert await run_at_once(write_alone, str(path), "abcd", "index.store") == [0] * 4

    async with await Store.open(address_of(path)) as store:
        assert await store.numbers() == set(range(1, 121))
        assert {info.title for info in await store.infos(None)} == set("abcd")


async def write_alone(path: str, name: str) -> None:
    async with await Store.open(address_of(Path(path))) as store:
        for number in range(30):
            await store.add([article(f"{name} {number}", title=name)])


async def test_a_locked_store_says_so(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_BUSY_TIMEOUT_MS", 50)
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    async with await Store.open(address_of(path)) as impatient:
        with pytest.raises(StoreError, match="locked by another program"):
            await impatient.add([article("tea")])
        assert await impatient.count() == 0
    other.close()

    assert (await store.add([article("tea")]))[0].change is Change.ADDED


async def test_a_full_disk_says_so_and_keeps_what_there_was(path: Path) -> None:
    async with await Store.open(address_of(path)) as store:
        await store.add([article("tea")])
        pages = execute(path, "PRAGMA page_count")
        # The pool gives the same connection to the next writer.
        await store._connections.writer.write(lambda used: used.exec_driver_sql(f"PRAGMA max_page_count={pages}"))

        with pytest.raises(StoreError, match="the disk is full"):
            await store.add([article("pots " * 100_000)])

        assert await store.count() == 1


async def test_a_store_that_became_read_only_says_so(path: Path) -> None:
    async with await Store.open(address_of(path)) as store:
        # The pool gives the same connection to the next writer.
        await store._connections.writer.write(lambda used: used.exec_driver_sql("PRAGMA query_only=ON"))

        with pytest.raises(StoreError, match="it is read-only"):
            await store.add([article("tea")])
