"""The index of a library: built, saved, damaged, and asked meanwhile."""

import asyncio
import random
import time
from pathlib import Path

import pytest

from index import (
    CancelledBuildError,
    Draft,
    Library,
    RebuildProgress,
    Refusal,
    StoreError,
)
from tests.support.drafts import BRIDGE, DAM, QUESTION, TRUCE
from tests.support.varied import varied_text


async def test_questions_go_on_while_the_index_is_built(library: Library) -> None:
    others = [Draft(f"Report {i}", varied_text(random.Random(i)), f"{i}.md", "en") for i in range(300)]
    await library.add([TRUCE, BRIDGE, DAM, *others])
    seen: list[RebuildProgress] = []
    began = asyncio.Event()

    def heard(progress: RebuildProgress) -> None:
        seen.append(progress)
        began.set()

    building = asyncio.create_task(library.rebuild(progress=heard))
    await began.wait()
    during = []
    while not building.done():
        answer = await library.ask(QUESTION)
        if not building.done():
            during.append(answer)
    summary = await building

    assert len(during) >= 5
    assert all(answer.best is not None for answer in during)
    assert (summary.articles, summary.unchanged) == (303, 303)
    assert list(dict.fromkeys(step.stage for step in seen)) == ["reading", "sorting", "swapping"]
    assert RebuildProgress(303, 303, "reading") in seen
    assert (await library.ask(QUESTION)).best is not None


async def test_a_cancelled_build_leaves_the_index_as_it_was(library: Library) -> None:
    await library.add([TRUCE])

    with pytest.raises(CancelledBuildError):
        await library.rebuild(cancelled=lambda: True)

    assert (await library.ask(QUESTION)).best is not None


async def test_an_article_added_during_a_build_is_in_the_new_index(library: Library) -> None:
    await library.add([BRIDGE])

    building = asyncio.create_task(library.rebuild())
    await library.add([TRUCE])
    await building

    assert (await library.ask(QUESTION)).best is not None


async def test_a_saved_index_is_used_again_and_caught_up(tmp_path: Path) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/library.db"
    async with await Library.open(address, tmp_path / "index") as library:
        await library.add([BRIDGE, DAM])
    async with await Library.open(address, None) as library:
        await library.add([TRUCE])

    async with await Library.open(address, tmp_path / "index") as library:
        assert (await library.ask(QUESTION)).best is not None
        assert (await library.ask("was hielt stand?")).best is not None
        assert (await library.status()).articles == 3


@pytest.mark.parametrize("damage", ["cut", "gone", "manifest", "null", "edited", "live"])
async def test_a_damaged_index_is_rebuilt_never_trusted(tmp_path: Path, damage: str) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/library.db"
    async with await Library.open(address, tmp_path / "index") as library:
        await library.add([TRUCE, BRIDGE])
    rows = next((tmp_path / "index").rglob("row_words.npy"))
    if damage == "cut":
        rows.write_bytes(rows.read_bytes()[:-4])
    elif damage == "gone":
        rows.unlink()
    elif damage == "live":
        (tmp_path / "index" / "LIVE").write_bytes(b"\xff\xfe")
    else:
        manifest = next((tmp_path / "index").rglob("manifest.json"))
        damaged = {"manifest": "{", "null": "null", "edited": manifest.read_text("utf-8").replace("shared", "sharer")}
        manifest.write_text(damaged[damage], "utf-8")

    async with await Library.open(address, tmp_path / "index") as library:
        assert (await library.ask(QUESTION)).best is not None


async def test_an_index_of_another_store_is_not_used(tmp_path: Path) -> None:
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/one.db", tmp_path / "index") as library:
        await library.add([TRUCE])

    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/two.db", tmp_path / "index") as library:
        assert (await library.ask(QUESTION)).refusal is Refusal.EMPTY_LIBRARY


@pytest.mark.alone
async def test_two_hundred_questions_leave_the_threads_to_others(library: Library) -> None:
    await library.add([TRUCE, BRIDGE, DAM])
    await library.ask(QUESTION)

    asked = [asyncio.create_task(library.ask(QUESTION)) for _ in range(200)]
    await asyncio.sleep(0)
    began = time.perf_counter()
    await asyncio.to_thread(lambda: None)
    waited_s = time.perf_counter() - began
    still_waiting = sum(not task.done() for task in asked)
    answers = await asyncio.gather(*asked)

    assert still_waiting > 100
    assert waited_s < 0.1
    assert all(answer.best is not None for answer in answers)


async def test_closing_lets_questions_end_and_takes_no_more(tmp_path: Path) -> None:
    library = await Library.open(f"sqlite+aiosqlite:///{tmp_path}/library.db")
    await library.add([TRUCE])
    asking = asyncio.create_task(library.ask(QUESTION))
    await asyncio.sleep(0)
    await library.close()

    assert (await asking).best is not None
    with pytest.raises(StoreError, match="closed"):
        await library.ask(QUESTION)
