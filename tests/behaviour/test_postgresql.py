"""The same library and the same bot's memory over a real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.state import State
from index import Change, Draft, Library
from tests.support import postgresql

pytestmark = pytest.mark.skipif(postgresql.programs() is None, reason="PostgreSQL's programs are not installed")

TEA = "Tea is made of leaves. The leaves are dried for two days and then rolled by hand."
COFFEE = "Coffee is made of roasted beans. The beans are roasted for twelve minutes."


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgresql.server(tmp_path_factory.mktemp("postgresql")) as at:
        yield at


async def test_articles_are_added_asked_revised_found_removed_and_moved(address: str, tmp_path: Path) -> None:
    file = tmp_path / "moved.jsonl"
    async with await Library.open(address) as library:
        added = await library.add([Draft("Tea", TEA, "tea.md"), Draft("Café", COFFEE, "coffee.md")], "7")
        revised = await library.add([Draft("Tea", TEA.replace("two", "three"), "tea.md")], "7")
        again = await library.add([Draft("Tea", TEA.replace("two", "three"), "tea.md")], "7")
        answer = await library.ask("How long are the leaves dried?", frozenset({"7"}))
        found = await library.find_articles(("7",), "cafe")
        payload = await library.take_out([found.items[0].id], ["7"])
        gone = await library.find_articles(("7",), "cafe")
        await library.put_back(payload)
        summary = await library.rebuild()
        exported = await library.export(file)
        await library.import_(file)

    async with await Library.open(address) as library:
        after_restart = await library.ask("How long are the beans roasted?")
        await library.remove([info.id for info in await library.articles()])
        left = await library.articles()

    assert [one.change for one in (*added, *revised, *again)] == [
        Change.ADDED,
        Change.ADDED,
        Change.REVISED,
        Change.UNCHANGED,
    ]
    assert answer.best is not None
    assert "three days" in answer.best.quote
    assert (found.total, gone.total) == (1, 0)
    assert (summary.articles, summary.failed, exported) == (2, (), 2)
    assert after_restart.best is not None
    assert "twelve minutes" in after_restart.best.quote
    assert left == []


async def test_the_bot_keeps_its_settings_counts_and_undo(address: str) -> None:
    now = datetime(2024, 5, 1, 12, tzinfo=UTC)
    async with await Library.open(address), await State.open(address) as state:
        await state.save_server(await state.server(101))
        await state.set_value("commands", "abc")
        counted = [await state.count_question(101, 11, now.date()) for _ in range(2)]
        await state.keep_removed("token", 101, "payload", now)

    async with await State.open(address) as state:
        kept = await state.value("commands")
        removed = await state.removed("token")
        purged = await state.purge(datetime(2024, 5, 2, tzinfo=UTC), 30)

    assert counted == [(1, 1), (2, 2)]
    assert kept == "abc"
    assert removed is not None
    assert purged > 0
