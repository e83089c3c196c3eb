"""Looking at a store changes nothing in it."""

import hashlib
from pathlib import Path

import pytest

from bot.state import State
from bot.state.tables import MIGRATIONS
from index import Draft, Library, StoreError, backup, examine


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "footnote.db"


def address(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


async def test_a_file_that_is_not_there_is_not_made(file: Path) -> None:
    found = await examine(address(file), MIGRATIONS)

    assert not found.exists
    assert not file.exists()


async def test_a_store_of_this_version(file: Path) -> None:
    async with await Library.open(address(file)), await State.open(address(file)):
        pass
    before = hashlib.sha256(file.read_bytes()).digest()

    found = await examine(address(file), MIGRATIONS)

    assert found.exists
    assert [revision == wanted for revision, wanted in found.revisions] == [True, True]
    assert (found.damages, found.file, found.size) == ((), file, file.stat().st_size)
    assert hashlib.sha256(file.read_bytes()).digest() == before


async def test_a_backup_is_looked_at_and_stays_as_it_is(file: Path, tmp_path: Path) -> None:
    async with await Library.open(address(file)):
        pass
    copied = tmp_path / "backup.db"
    backup(address(file), copied)
    before = hashlib.sha256(copied.read_bytes()).digest()

    found = await examine(address(copied))

    assert found.damages == ()
    assert hashlib.sha256(copied.read_bytes()).digest() == before


async def test_the_tables_of_a_bot_that_never_ran_are_not_there(file: Path) -> None:
    async with await Library.open(address(file)):
        pass

    found = await examine(address(file), MIGRATIONS)

    assert [revision for revision, _ in found.revisions][1] is None


async def test_what_is_no_database_is_told(file: Path) -> None:
    file.write_text("no database, but a text that is long enough for it" * 100)

    with pytest.raises(StoreError, match="not a database"):
        await examine(address(file))


async def test_store_and_index_are_compared_by_collection(file: Path) -> None:
    async with await Library.open(address(file)) as library:
        await library.add([Draft("One", "The first harbour froze in winter.", "one", language="en")])
        await library.add([Draft("Two", "The second harbour never froze.", "two", language="en")], "7")
        first = min(library._index.engine.numbers())
        library._index.engine.replace([], [first])

        whole, shared, seven = [await library.agreement(scope) for scope in (None, ["shared"], ["7"])]

    assert (whole.stored, whole.indexed, whole.missing, whole.surplus) == (2, 1, 1, 0)
    assert (shared.missing, seven.missing) == (1, 0)


async def test_an_answer_tells_what_its_time_was_spent_on(file: Path) -> None:
    async with await Library.open(address(file)) as library:
        await library.add([Draft("One", "The first harbour froze in winter.", "one", language="en")])

        answer = await library.ask("When did the harbour freeze?")

    assert set(answer.timings) == {"queue", "rank", "read"}
    assert all(ms >= 0 for ms in answer.timings.values())
