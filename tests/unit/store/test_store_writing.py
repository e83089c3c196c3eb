"""Adding articles, revisions and copies, and removing them."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain, repeat
from pathlib import Path

import pytest

from index.errors import StoreError, UnknownArticleError
from index.models import ArticleInfo, Change, NewArticle
from index.store import Store
from index.store.fingerprints import content_hash
from tests.unit.store.samples import NOON, address_of, article


async def test_a_copy_is_a_source_until_it_or_the_article_says_something_else(store: Store) -> None:
    a, b, c = (f"https://{name}.example/" for name in "abc")
    [first, *_] = await store.add([article("tea leaves", a), article("tea leaves", b), article("Tea: leaves!", c)])
    assert await store.sources(first.info.id) == (b, c)

    await store.add([article("coffee", b)])
    assert await store.sources(first.info.id) == (c,)

    # In one batch: a copy of a text that the next article replaces.
    await store.add([article("tea leaves", c), article("green tea", a), article("tea leaves", "notes.md")])
    assert await store.sources(first.info.id) == ()


async def test_a_new_article_is_added_with_everything_that_is_known(store: Store) -> None:
    published_at = datetime(2020, 2, 29, 1, 30, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    new = NewArticle(
        title="Über Tee",
        text="Tee aus Blättern 🍵",
        source="https://example.org/tee",
        language="de",
        collection="guild-1",
        author="Ada",
        published_at=published_at,
        added_by="42",
    )

    (stored,) = await store.add([new])
    found = await store.get(stored.info.id)

    assert stored.change is Change.ADDED
    assert stored.replaced is None
    assert found.info == stored.info
    assert found.text == new.text
    assert found.info == ArticleInfo(
        number=1,
        id=stored.info.id,
        collection="guild-1",
        title="Über Tee",
        source="https://example.org/tee",
        language="de",
        author="Ada",
        published_at=datetime(2020, 2, 28, 23, 30, 0, 5, tzinfo=UTC),
        added_at=NOON,
        added_by="42",
        revision=1,
        content_hash=content_hash(new.text),
        characters=18,
    )
    assert found.info.published_at is not None
    assert found.info.published_at.tzinfo is UTC


async def test_ids_are_short_and_hard_to_misread(store: Store) -> None:
    stored = await store.add([article(f"tea {number}") for number in range(200)])

    ids = [one.info.id for one in stored]
    assert len(set(ids)) == 200
    assert {len(article_id) for article_id in ids} == {6}
    assert set("".join(ids)) <= set("abcdefghjkmnpqrstuvwxyz23456789")


async def test_an_id_that_is_taken_is_drawn_again(path: Path) -> None:
    ids = chain(["aaa", "aaa", "aaa", "bbb", "aaa", "bbb", "ccc"], repeat("aaa"))
    async with await Store.open(address_of(path), new_id=lambda: next(ids)) as store:
        first = await store.add([article("tea"), article("coffee")])
        (third,) = await store.add([article("milk")])
        with pytest.raises(RuntimeError, match="no free id"):
            await store.add([article("water")])

    assert [one.info.id for one in first] == ["aaa", "bbb"]
    assert third.info.id == "ccc"


async def test_the_same_words_are_not_stored_twice(store: Store) -> None:
    (first,) = await store.add([article("Tea leaves, dried.", source="https://a.example")])

    (again,) = await store.add([article("TEA leaves – dried!", source="https://b.example")])

    assert again.change is Change.UNCHANGED
    assert again.info == first.info
    assert again.replaced is None
    assert await store.count() == 1


async def test_another_text_from_the_same_source_is_a_revision(path: Path) -> None:
    times = iter([NOON, NOON + timedelta(days=1)])
    async with await Store.open(address_of(path), clock=lambda: next(times)) as store:
        (first,) = await store.add([article("tea leaves", source="https://a.example")])

        (second,) = await store.add([article("tea pots", source="https://a.example", title="Pots")])

        assert second.change is Change.REVISED
        assert second.replaced == first.info.number
        assert second.info == replace(
            first.info,
            number=2,
            title="Pots",
            revision=2,
            added_at=NOON + timedelta(days=1),
            content_hash=content_hash("tea pots"),
            characters=8,
        )
        assert (await store.get(first.info.id)).text == "tea pots"
        assert await store.numbers() == {2}


async def test_articles_without_a_source_revise_nothing(store: Store) -> None:
    stored = await store.add([article("tea leaves"), article("tea pots")])

    assert [one.change for one in stored] == [Change.ADDED, Change.ADDED]


async def test_collections_do_not_meet(store: Store) -> None:
    stored = await store.add(
        [
            article("tea", source="https://a.example", collection="one"),
            article("tea", source="https://a.example", collection="two"),
            article("pots", source="https://a.example", collection="three"),
        ]
    )

    assert [one.change for one in stored] == [Change.ADDED] * 3


async def test_what_stands_twice_in_a_batch_is_stored_once(store: Store) -> None:
    stored = await store.add([article("tea"), article("pots"), article("Tea!")])

    assert [one.change for one in stored] == [Change.ADDED, Change.ADDED, Change.UNCHANGED]
    assert stored[2].info == stored[0].info
    assert await store.count() == 2


async def test_a_batch_may_revise_its_own_articles(store: Store) -> None:
    source = "https://a.example"
    stored = await store.add(
        [article("tea", source), article("pots"), article("leaves", source), article("tea", source)]
    )

    assert [one.change for one in stored] == [Change.ADDED, Change.ADDED, Change.REVISED, Change.REVISED]
    assert [one.info.number for one in stored] == [1, 2, 3, 4]
    assert [one.replaced for one in stored] == [None, None, 1, 3]
    assert len({stored[place].info.id for place in (0, 2, 3)}) == 1
    assert stored[3].info.revision == 3
    assert [info.number for info in await store.infos(None)] == [4, 2]


async def test_a_text_that_was_replaced_in_the_batch_can_be_added_again(store: Store) -> None:
    (old,) = await store.add([article("tea", "https://a.example")])

    stored = await store.add(
        [article("tea", "https://x.example"), article("pots", "https://a.example"), article("tea", "https://b.example")]
    )

    assert [one.change for one in stored] == [Change.UNCHANGED, Change.REVISED, Change.ADDED]
    assert stored[0].info == old.info
    assert stored[1].info.id == old.info.id
    assert stored[2].info.id != old.info.id
    assert await store.count() == 2


async def test_an_empty_batch_is_nothing(store: Store) -> None:
    assert await store.add([]) == []


async def test_a_batch_is_stored_whole_or_not_at_all(store: Store) -> None:
    naive = datetime(2024, 1, 1)

    with pytest.raises(StoreError, match="no time zone"):
        await store.add([article("tea"), replace(article("pots"), published_at=naive)])

    assert await store.count() == 0


@pytest.mark.alone
async def test_a_thousand_articles_are_stored_within_two_seconds(store: Store) -> None:
    new = [article(f"{number} " + "tea leaves in pots " * 150, f"https://{number}.example") for number in range(1_000)]

    started = time.perf_counter()
    stored = await store.add(new)
    took_s = time.perf_counter() - started
    revised = await store.add([replace(one, text=one.text + "more") for one in new])

    assert took_s < 2
    assert [one.info.number for one in stored] == list(range(1, 1_001))
    assert [one.replaced for one in revised] == list(range(1, 1_001))
    assert await store.count() == 1_000


async def test_writers_of_one_process_take_turns(store: Store) -> None:
    await asyncio.gather(*(store.add([article(f"tea {number}")]) for number in range(20)))

    assert await store.numbers() == set(range(1, 21))


@pytest.mark.parametrize("steps", [1, 3, 10, 30])
async def test_a_cancelled_batch_is_whole_or_absent_and_the_store_goes_on(store: Store, steps: int) -> None:
    task = asyncio.create_task(store.add([article(f"{number} " + "tea " * 500) for number in range(300)]))
    for _ in range(steps):
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait([task])

    assert await store.count() in (0, 300)
    assert (await store.add([article("pots")]))[0].change is Change.ADDED


async def test_removed_articles_are_gone_and_told(store: Store) -> None:
    stored = await store.add([article("tea"), article("pots"), article("leaves")])

    removed = await store.remove([stored[2].info.id, stored[0].info.id, stored[2].info.id])

    assert removed == [stored[2].info, stored[0].info]
    assert await store.infos(None) == [stored[1].info]
    with pytest.raises(UnknownArticleError):
        await store.get(stored[0].info.id)


async def test_nothing_is_removed_if_one_id_is_unknown(store: Store) -> None:
    (stored,) = await store.add([article("tea")])

    with pytest.raises(UnknownArticleError) as caught:
        await store.remove([stored.info.id, "nope"])

    assert caught.value.article_id == "nope"
    assert await store.count() == 1


async def test_articles_outside_the_collections_are_unknown_to_remove(store: Store) -> None:
    (stored,) = await store.add([article("tea", collection="one")])

    with pytest.raises(UnknownArticleError):
        await store.remove([stored.info.id], collections={"two"})

    assert await store.remove([stored.info.id], collections={"one"}) == [stored.info]


async def test_a_number_never_comes_twice(path: Path) -> None:
    async with await Store.open(address_of(path)) as store:
        stored = await store.add([article("tea"), article("pots")])
        await store.remove([one.info.id for one in stored])

    async with await Store.open(address_of(path)) as store:
        (again,) = await store.add([article("tea")])

    assert again.info.number == 3
