"""What another process adds to a library's store or removes from it is noticed."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from index import Draft, Library, StoreError
from tests.support.drafts import BRIDGE, DAM, QUESTION, TRUCE

FERRY = Draft("Ferry", "The ferry to Aster sails at nine in the morning.", "ferry.md", "en")
LATER = Draft("Ferry", "The ferry to Aster sails at eleven in the morning.", "ferry.md", "en")
WHEN = "When does the ferry to Aster sail?"


@pytest.fixture
async def library(address: str, tmp_path: Path) -> AsyncIterator[Library]:
    """A library that looks often."""
    async with await Library.open(address, tmp_path / "index") as opened:
        keeping = asyncio.create_task(opened.keep_up(0.02))
        yield opened
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


@pytest.fixture
async def beside(address: str, library: Library) -> AsyncIterator[Library]:
    """Another process's view of the same store."""
    async with await Library.open(address) as opened:
        yield opened


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await happened():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)


async def has_dropped_all(library: Library) -> bool:
    return (await library.agreement()).surplus == 0


async def quoted(library: Library, question: str) -> str:
    best = (await library.ask(question)).best
    return "" if best is None else best.quote


async def test_what_is_added_is_answered_from(library: Library, beside: Library) -> None:
    await library.add([BRIDGE])
    await beside.add([TRUCE, DAM])

    async def is_known() -> bool:
        return "49" in await quoted(library, QUESTION)

    await until(is_known)


async def test_many_are_taken_in_while_questions_are_answered(library: Library, beside: Library) -> None:
    await library.add([TRUCE])
    await beside.add([Draft(f"Note {i}", f"Lamp {i} stands in room {i}.", f"{i}.md", "en") for i in range(60)])

    async def are_known() -> bool:
        assert "49" in await quoted(library, QUESTION)
        return (await library.agreement()).missing == 0

    await until(are_known)


async def test_what_is_removed_is_dropped(library: Library, beside: Library) -> None:
    await library.add([BRIDGE, DAM])
    [outcome] = await library.add([TRUCE])
    assert outcome.article is not None

    await beside.remove([outcome.article.id])

    await until(partial(has_dropped_all, library))


async def test_what_was_added_here_and_removed_elsewhere_before_anybody_looked_is_dropped(address: str) -> None:
    async with await Library.open(address) as library, await Library.open(address) as beside:
        await library.add([BRIDGE, DAM])
        keeping = asyncio.create_task(library.keep_up(0.2))
        await asyncio.sleep(0.5)
        [outcome] = await library.add([TRUCE])
        assert outcome.article is not None
        await beside.remove([outcome.article.id])

        await until(partial(has_dropped_all, library))
        keeping.cancel()


async def test_a_new_revision_takes_the_place_of_the_old_one(library: Library, beside: Library) -> None:
    await library.add([FERRY, BRIDGE])
    await beside.add([LATER])

    async def is_new() -> bool:
        return "eleven" in await quoted(library, WHEN)

    await until(is_new)
    assert (await library.agreement()).surplus == 0


async def test_what_it_adds_by_itself_is_no_news(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "index"):
        for draft in (FERRY, LATER, BRIDGE, TRUCE):
            await library.add([draft])
            await asyncio.sleep(0.05)

    assert not [record for record in caplog.records if "another process" in record.message]


async def test_a_database_that_fails_is_told_once_and_looked_at_again(
    library: Library, beside: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> list[str]:
        return [record.message for record in caplog.records if "cannot be seen" in record.message]

    async def is_told() -> bool:
        return bool(told())

    async def is_known() -> bool:
        return "nine" in await quoted(library, WHEN)

    with sqlite3.connect(tmp_path / "footnote.db") as connection:
        connection.execute("ALTER TABLE articles RENAME TO elsewhere")
        connection.commit()
        await until(is_told)
        await asyncio.sleep(0.1)
        connection.execute("ALTER TABLE elsewhere RENAME TO articles")
        connection.commit()
    connection.close()
    await beside.add([FERRY])

    await until(is_known)
    assert len(told()) == 1


async def test_it_ends_with_the_library(address: str) -> None:
    library = await Library.open(address)
    keeping = asyncio.create_task(library.keep_up(0.01))
    await library.close()

    with pytest.raises(StoreError, match="closed"):
        await asyncio.wait_for(keeping, 5)
