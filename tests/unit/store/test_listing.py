"""Lists of articles, and titles that are found."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import UnknownArticleError
from index.models import Sort
from index.store import Store
from tests.unit.store.samples import article


async def test_articles_are_listed_by_collection_and_age(store: Store) -> None:
    stored = await store.add([article("tea", collection="one"), article("pots", collection="two"), article("leaves")])
    one, two, shared = (each.info for each in stored)

    assert await store.infos(None) == [shared, two, one]
    assert await store.infos({"one", "shared"}, newest_first=False) == [one, shared]
    assert await store.infos(set()) == []
    assert await store.count() == 3


async def test_titles_are_found_by_parts_of_words_whatever_their_case_and_accents(store: Store) -> None:
    titles = ["Die Brücke über die Lyn", "A bridge opens", "École 100%", "a_b"]
    stored = await store.add([article(title, title=title) for title in titles])

    async def found(search: str) -> list[str]:
        page = await store.find(None, search)
        assert page.total == len(page.items)
        return [info.title for info in page.items]

    assert await found("BRUCKE lyn") == [titles[0]]
    assert await found("  ridg ") == [titles[1]]
    assert await found("ecole") == [titles[2]]
    # Signs that mean something to LIKE mean themselves.
    assert await found("0%") == [titles[2]]
    assert await found("a_b") == [titles[3]]
    assert await found("%") == [titles[2]]
    assert await found("zeppelin") == []
    assert await found("x " * 2_000) == []
    assert (await store.find(None)).items == tuple(one.info for one in reversed(stored))


async def test_found_titles_come_in_pages_in_the_order_asked_for(store: Store) -> None:
    await store.add(
        [article(f"{title} {i}", title=title) for i, title in enumerate(["beta", "Alpha", "Émile", "delta"])]
    )

    async def titles(sort: Sort, offset: int, limit: int) -> tuple[list[str], int]:
        page = await store.find(["shared"], sort=sort, offset=offset, limit=limit)
        return [info.title for info in page.items], page.total

    assert await titles("newest", 0, 2) == (["delta", "Émile"], 4)
    assert await titles("oldest", 0, 3) == (["beta", "Alpha", "Émile"], 4)
    assert await titles("oldest", 2, 3) == (["Émile", "delta"], 4)
    assert await titles("newest", 8, 3) == ([], 4)
    assert await titles("title", 0, 4) == (["Alpha", "beta", "delta", "Émile"], 4)
    assert await titles("title", 3, 4) == (["Émile"], 4)
    assert await titles("title", 4, 4) == ([], 4)


@pytest.mark.parametrize("search", ["", "a", "alpha", "t a", "zeppelin"])
@pytest.mark.parametrize("collections", [None, [], ["one"], ["two", "one"]])
async def test_titles_to_choose_from_are_the_first_page_of_the_list(
    store: Store, search: str, collections: list[str] | None
) -> None:
    titles = ["beta", "Alpha", "delta", "Alphabet", "gamma"]
    await store.add([article(f"1 {title}", title=title, collection="one") for title in titles])
    await store.add([article(f"2 {title}", title=title, collection="two") for title in titles])

    assert await store.newest(collections, search, 3) == (await store.find(collections, search, limit=3)).items


async def test_titles_of_other_collections_are_neither_found_nor_counted(store: Store) -> None:
    await store.add([article("tea", collection="one"), article("pots", collection="two")])

    page = await store.find(["one"], "tea")

    assert [info.collection for info in page.items] == ["one"]
    both = await store.find(["two", "one", "two"], limit=1)
    assert ([info.collection for info in both.items], both.total) == (["two"], 2)
    assert (page.total, (await store.find([], "tea")).total) == (1, 0)
    assert (await store.count(["one"]), await store.characters(["one"]), await store.characters()) == (1, 3, 7)


async def test_a_revision_is_found_by_its_new_title_only(store: Store) -> None:
    await store.add([article("tea leaves", source="a", title="Leaves")])
    await store.add([article("tea pots", source="a", title="Pots")])

    assert (await store.find(None, "leaves")).total == 0
    assert (await store.find(None, "pots")).total == 1


async def test_a_title_is_found_within_the_index(store: Store, path: Path) -> None:
    await store.add([article(f"tea {i}") for i in range(50)])

    with closing(sqlite3.connect(path)) as connection, connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT number FROM articles WHERE collection IN ('one', 'shared') "
            "AND title_folded LIKE '%tea%' ORDER BY number DESC LIMIT 25"
        ).fetchall()
    connection.close()

    assert any("COVERING INDEX ix_articles_listing" in row[-1] for row in plan)


async def test_articles_are_taken_out_whole(store: Store) -> None:
    stored = await store.add([article("tea", collection="one"), article("pots", collection="two")])
    ids = [one.info.id for one in stored]
    with pytest.raises(UnknownArticleError):
        await store.take_out(ids, ["one"])

    taken = await store.take_out([ids[1], ids[0]])

    assert [(one.info, one.text) for one in taken] == [(stored[1].info, "pots"), (stored[0].info, "tea")]
    assert await store.count() == 0


async def test_an_empty_store_has_nothing(store: Store) -> None:
    assert await store.infos(None) == []
    assert await store.numbers() == set()
    assert await store.count() == 0
    assert await store.slices([]) == {}
    assert [batch async for batch in store.stream()] == []
