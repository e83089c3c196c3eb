"""Passages cut from texts, whoever writes meanwhile, and streams of all texts."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from index.store import Store, connecting
from index.store.fingerprints import content_hash
from index.store.reading import Reader, ThreadReader
from index.store.server import AsyncReader
from tests.unit.store.samples import address_of, article


async def test_slices_are_cut_by_characters(store: Store) -> None:
    text = "Тихий чай 🍵 und Blätter"
    stored = await store.add([article(text), article("tea leaves")])
    first, second = (one.info for one in stored)

    cut = await store.slices([(1, 6, 11), (2, 4, 10), (1, 0, 5), (1, 10, 99), (2, 3, 3), (7, 0, 4), (1, 6, 11)])

    assert cut == {
        (1, 6, 11): (first, "чай 🍵"),
        (2, 4, 10): (second, "leaves"),
        (1, 0, 5): (first, "Тихий"),
        (1, 10, 99): (first, "🍵 und Blätter"),
        (2, 3, 3): (second, ""),
    }


async def test_more_slices_than_a_statement_takes_are_still_cut(store: Store) -> None:
    await store.add([article("tea leaves " * 100)])
    wanted = [(1, start, start + 10) for start in range(900)]

    cut = await store.slices(wanted)

    assert [cut[each][1] for each in wanted] == [("tea leaves " * 100)[start : start + 10] for start in range(900)]


async def test_slices_see_what_was_committed_just_before(store: Store) -> None:
    await store.add([article("tea", "https://a.example")])
    await store.slices([(1, 0, 3)])

    await store.add([article("pots", "https://a.example")])

    assert [passage for _, passage in (await store.slices([(1, 0, 3), (2, 0, 4)])).values()] == ["pots"]


async def test_slices_may_be_asked_for_at_once(store: Store) -> None:
    await store.add([article(f"tea {number}") for number in range(50)])

    cuts = await asyncio.gather(*(store.slices([(number, 0, 9)]) for number in range(1, 51)))

    assert [passage for cut in cuts for _, passage in cut.values()] == [f"tea {number}" for number in range(50)]


async def test_a_cancelled_slice_does_not_harm_the_next(store: Store) -> None:
    await store.add([article("tea")])
    task = asyncio.create_task(store.slices([(1, 0, 3)]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(await store.slices([(1, 0, 3)])) == 1


class ReaderContract:
    """What both readers promise; SQLite stands for the server here."""

    async def test_it_sees_what_is_committed(self, store: Store, reader: Reader) -> None:
        before = await reader.read(text("SELECT count(*) FROM articles WHERE number > :n"), {"n": 0})
        await store.add([article("tea")])
        after = await reader.read(text("SELECT count(*) FROM articles WHERE number > :n"), {"n": 0})

        assert (before[0][0], after[0][0]) == (0, 1)

    async def test_it_goes_on_after_a_failure(self, reader: Reader) -> None:
        with pytest.raises(OperationalError):
            await reader.read(text("SELECT nothing"), {})

        assert (await reader.read(text("SELECT 1"), {}))[0][0] == 1


class TestThreadReader(ReaderContract):
    @pytest.fixture
    async def reader(self, store: Store, path: Path) -> AsyncIterator[Reader]:
        reader = ThreadReader(connecting.connect_in_thread(connecting.parse(address_of(path))))
        yield reader
        await reader.close()


class TestAsyncReader(ReaderContract):
    @pytest.fixture
    async def reader(self, store: Store, path: Path) -> AsyncIterator[Reader]:
        engine = create_async_engine(address_of(path))
        reader = AsyncReader(engine)
        yield reader
        await reader.close()
        await engine.dispose()


@pytest.mark.alone
async def test_slices_are_quick(store: Store) -> None:
    chance = random.Random(7)
    await store.add([article(f"{number} " + "tea leaves in pots " * 300) for number in range(200)])
    times = []
    for _ in range(200):
        starts = [chance.randrange(5_000) for _ in range(10)]
        wanted = [(chance.randint(1, 200), start, start + 600) for start in starts]
        started = time.perf_counter()
        await store.slices(wanted)
        times.append(time.perf_counter() - started)

    # 0.3 ms on two slow cores; the bound leaves room for a machine that does other things, not for another query.
    assert sorted(times)[100] < 0.003


async def test_a_stream_gives_all_articles_in_batches(store: Store) -> None:
    await store.add([article(f"tea {number}") for number in range(7)])
    await store.remove([(await store.infos(None))[3].id])

    batches = [[(each.info.number, each.text) for each in batch] async for batch in store.stream(batch=4)]

    assert batches == [
        [(1, "tea 0"), (2, "tea 1"), (3, "tea 2"), (5, "tea 4")],
        [(6, "tea 5"), (7, "tea 6")],
    ]


async def test_what_is_revised_during_a_stream_comes_at_its_end(store: Store) -> None:
    await store.add([article(f"tea {number}", f"https://{number}.example") for number in range(3)])

    seen = []
    async for batch in store.stream(batch=2):
        seen += [each.text for each in batch]
        await store.add([article("pots", "https://0.example")])

    assert seen == ["tea 0", "tea 1", "tea 2", "pots"]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.integers(0, 70), st.integers(0, 70)), min_size=1, max_size=12))
def test_a_slice_is_the_slice_of_the_text(cases: list[tuple[str, int, int]]) -> None:
    texts = {content_hash(f"{place} {text}"): f"{place} {text}" for place, (text, _, _) in enumerate(cases)}

    async def cut() -> None:
        with TemporaryDirectory() as folder:
            async with await Store.open(address_of(Path(folder) / "footnote.db")) as store:
                stored = await store.add([article(text) for text in texts.values()])
                wanted = [
                    (one.info.number, min(start, end), max(start, end))
                    for one, (_, start, end) in zip(stored, cases, strict=False)
                ]
                found = await store.slices(wanted)
                streamed = [each async for batch in store.stream() for each in batch]
        by_number = {each.info.number: each.text for each in streamed}
        assert {key: passage for key, (_, passage) in found.items()} == {
            (number, start, end): by_number[number][start:end] for number, start, end in wanted
        }
        assert sorted(by_number.values()) == sorted(texts.values())
        assert all(each.info.characters == len(each.text) for each in streamed)

    asyncio.run(cut())
