"""Titles in memory give what the database gives."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.models import NewArticle
from index.store import Store
from index.store.titles import Titles

COLLECTIONS = ["one", "two", "three"]
WORDS = [
    "tea",
    "Teapot",
    "a",
    "Été",
    "ETE",
    "чай",
    "чайник",
    "茶",
    "緑茶",
    "ชา",
    "चाय",
    "شاي",
    "🍵",
    "100%",
    "a_b",
    "ß",
    "\\",
]

titles = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
searches = st.lists(st.sampled_from([*WORDS, "t", "ea", "ча", "pot a", "zeppelin", "%", "_", "/"]), max_size=3).map(
    " ".join
)
scopes = st.none() | st.lists(st.sampled_from([*COLLECTIONS, "empty"]), max_size=3)
limits = st.integers(1, 6)

Step = tuple[Literal["add", "revise", "remove", "put back", "ask"], int, str, str]
"""What is done, in which of two processes, and the collection and title that it is done with."""

steps = st.tuples(
    st.sampled_from(["add", "add", "revise", "remove", "put back", "ask"]),
    st.integers(0, 1),
    st.sampled_from(COLLECTIONS),
    titles,
)


def article(title: str, text: str, source: str = "", collection: str = "one") -> NewArticle:
    return NewArticle(title=title, text=text, source=source, language="en", collection=collection)


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[tuple[Store, Store]]:
    """Two ways to the same articles, as two processes have them."""
    address = f"sqlite+aiosqlite:///{tmp_path}/footnote.db"
    async with await Store.open(address) as one, await Store.open(address) as other:
        yield one, other


async def found(store: Store, search: str, limit: int = 25) -> list[str]:
    return [info.title for info in await store.newest(None, search, limit)]


@given(st.lists(st.tuples(st.sampled_from(COLLECTIONS), titles), max_size=40), searches, scopes, limits, st.data())
def test_the_newest_titles_with_all_words_are_found(
    rows: list[tuple[str, str]], search: str, scope: list[str] | None, limit: int, data: st.DataObject
) -> None:
    numbered = [(collection, number, title) for number, (collection, title) in enumerate(rows, 1)]
    gone = data.draw(st.sets(st.integers(1, 45)))
    kept, words = Titles(), search.split()

    for first in range(0, len(numbered), 7):
        kept.add(numbered[first : first + 7])
    kept.forget(gone)

    expected = [
        number
        for collection, number, title in reversed(numbered)
        if (scope is None or collection in scope) and number not in gone and all(word in title for word in words)
    ]
    assert kept.find(scope, words, limit) == expected[:limit]


def test_titles_are_found_among_many() -> None:
    kept = Titles()
    kept.add([("one", number, f"tea {number}") for number in range(1, 5_001)])
    kept.forget(range(2_000, 4_000))
    kept.add([("one", 5_001, "pots")])

    assert kept.find(None, ["tea"], 2) == [5_000, 4_999]
    assert kept.find(["one"], ["9"], 5_000) == [n for n in range(5_000, 0, -1) if "9" in str(n) and n // 2_000 != 1]
    assert kept.find(["one"], ["12", "tea", "1234"], 3) == [1_234]
    assert kept.find(["one"], ["pots"], 3) == [5_001]
    assert len(kept.find(["one", "one"], [], 9_000)) == 3_001


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=14), searches, scopes, limits)
def test_the_newest_are_those_of_the_database_whoever_changed_it(
    changes: Sequence[Step], search: str, scope: list[str] | None, limit: int
) -> None:
    async def compare(address: str) -> None:
        texts = count()
        async with await Store.open(address) as one, await Store.open(address) as other:
            for what, process, collection, title in changes:
                await change((one, other)[process], what, collection, title, next(texts))
                for store in (one, other) if what == "ask" else ():
                    page = await store.find(scope, search, limit=limit)
                    assert await store.newest(scope, search, limit) == page.items
            for store in (one, other):
                page = await store.find(scope, search, limit=limit)
                assert await store.newest(scope, search, limit) == page.items

    with TemporaryDirectory() as folder:
        asyncio.run(compare(f"sqlite+aiosqlite:///{folder}/footnote.db"))


async def change(store: Store, what: str, collection: str, title: str, text: int) -> None:
    held = await store.infos([collection])
    if what == "add":
        await store.add([article(title, f"text {text}", collection=collection)])
    elif what == "revise":
        await store.add([article(title, f"text {text}", source="a.md", collection=collection)])
    elif what == "remove":
        await store.remove([info.id for info in held[:2]])
    elif what == "put back":
        await store.restore(await store.take_out([info.id for info in held[-1:]]))


async def test_what_another_process_adds_revises_and_removes_is_seen_at_the_next_search(
    stores: tuple[Store, Store],
) -> None:
    one, other = stores
    await one.add([article("Tea", "leaves", source="a.md"), article("Tea pots", "clay")])
    assert await found(one, "tea") == ["Tea pots", "Tea"]

    await other.add([article("Green tea", "leaves of spring", source="a.md")])
    after_revision = await found(one, "tea")
    await other.remove([info.id for info in await other.infos(None)])

    assert after_revision == ["Green tea", "Tea pots"]
    assert await found(one, "tea") == []
    assert await found(one, "") == []


async def test_when_another_process_has_removed_many_the_list_is_full_all_the_same(
    stores: tuple[Store, Store],
) -> None:
    one, other = stores
    stored = await one.add([article(f"Tea {i}", f"{i}") for i in range(400)])
    assert await found(one, "tea", 3) == ["Tea 399", "Tea 398", "Tea 397"]

    await other.remove([outcome.info.id for outcome in stored[30:]])

    assert await found(one, "tea", 3) == ["Tea 29", "Tea 28", "Tea 27"]


async def test_many_searches_at_once_read_the_titles_once_and_find_the_same(stores: tuple[Store, Store]) -> None:
    one, other = stores
    await other.add([article(f"Tea {i}", f"{i}") for i in range(300)])

    first = await asyncio.gather(*(found(one, "tea 29") for _ in range(20)))
    await other.add([article(f"More tea {i}", f"more {i}") for i in range(300)])
    second = await asyncio.gather(*(found(one, "more tea 29") for _ in range(20)))

    assert {tuple(titles) for titles in first} == {tuple(f"Tea {i}" for i in [*range(299, 289, -1), 229, 129, 29])}
    assert {len(titles) for titles in second} == {13}
    assert len(set(map(tuple, second))) == 1


async def test_a_search_that_is_given_up_half_way_leaves_each_title_there_once(stores: tuple[Store, Store]) -> None:
    one, _ = stores
    await one.add([article(f"Tea {i}", f"{i}") for i in range(50)])
    for turns in range(12):
        task = asyncio.ensure_future(found(one, "tea", 100))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await one.add([article(f"More tea {turns}", f"more {turns}")])

    titles = await found(one, "tea", 100)

    assert len(titles) == len(set(titles)) == 62
