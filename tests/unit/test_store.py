"""The store against real SQLite files."""

import asyncio
import multiprocessing
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain, repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateTable

from index.errors import NewerStoreError, StoreError, UnknownArticleError
from index.models import ArticleInfo, Change, NewArticle, Sort
from index.store import Store, connecting
from index.store.adding import content_hash
from index.store.reading import Reader, ThreadReader
from index.store.server import AsyncReader
from index.store.tables import HEAD, articles, info_columns, metadata
from index.store.upgrading import migrate

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def article(text: str, source: str = "", collection: str = "shared", title: str = "Tea") -> NewArticle:
    return NewArticle(title=title, text=text, source=source, language="en", collection=collection)


def address_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "footnote.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with await Store.open(address_of(path), clock=lambda: NOON) as opened:
        yield opened


# Copies


async def test_a_copy_is_a_source_until_it_or_the_article_says_something_else(store: Store) -> None:
    a, b, c = (f"https://{name}.example/" for name in "abc")
    [first, *_] = await store.add([article("tea leaves", a), article("tea leaves", b), article("Tea: leaves!", c)])
    assert await store.sources(first.info.id) == (b, c)

    await store.add([article("coffee", b)])
    assert await store.sources(first.info.id) == (c,)

    # In one batch: a copy of a text that the next article replaces.
    await store.add([article("tea leaves", c), article("green tea", a), article("tea leaves", "notes.md")])
    assert await store.sources(first.info.id) == ()


# Opening


async def test_a_store_keeps_its_articles_and_its_identity_when_it_is_opened_again(path: Path) -> None:
    async with await Store.open(address_of(path)) as store:
        stored = await store.add([article("tea leaves")])
        store_id = store.store_id

    async with await Store.open(f"sqlite:///{path}") as store:
        assert await store.infos(None) == [stored[0].info]
        assert store.store_id == store_id
        assert str(UUID(store_id)) == store_id


async def test_two_stores_have_two_identities(tmp_path: Path) -> None:
    async with (
        await Store.open(address_of(tmp_path / "a.db")) as one,
        await Store.open(address_of(tmp_path / "b.db")) as other,
    ):
        assert one.store_id != other.store_id


async def test_the_folder_of_the_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "100% tea" / "footnote.db"

    async with await Store.open(address_of(path)):
        pass

    assert path.exists()


def test_the_migrations_lead_to_the_tables(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "here")

        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        (created,) = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'articles'").one()
        assert "AUTOINCREMENT" in created
    engine.dispose()


async def test_titles_stored_before_they_were_folded_are_found(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "here")
        config = Config()
        config.set_main_option("script_location", str(Path(connecting.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        for number in range(2_500):
            connection.exec_driver_sql(
                "INSERT INTO articles VALUES (?, ?, 'shared', ?, '', 'en', NULL, NULL, ?, NULL, 1, ?, 3, 'tea')",
                (number + 1, f"id{number}", f"Été {number}", "2024-05-01 12:00:00", str(number)),
            )
    engine.dispose()

    async with await Store.open(address_of(path)) as store:
        assert [info.title for info in (await store.find(None, "ETE 2499")).items] == ["Été 2499"]
        assert (await store.find(None, "ete")).total == 2_500


def test_the_known_revision_is_the_newest_migration() -> None:
    folder = Path(connecting.__file__).parent / "migrations"

    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


def test_the_tables_fit_postgresql() -> None:
    created = str(CreateTable(articles).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]

    assert "number SERIAL NOT NULL" in created


def test_the_columns_are_the_fields_of_an_article() -> None:
    assert [column.name for column in info_columns] == [field.name for field in fields(ArticleInfo)]


async def test_opening_prints_nothing(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with await Store.open(address_of(path)):
        pass

    assert capfd.readouterr() == ("", "")


async def test_sqlite_is_set_up_for_readers_beside_a_writer(store: Store, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()

    assert mode == ("wal",)


async def test_a_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    async with await Store.open(address_of(path)):
        pass
    execute(path, "UPDATE alembic_version SET version_num = '0999'")

    with pytest.raises(NewerStoreError, match="revision 0999") as caught:
        await Store.open(address_of(path))

    assert caught.value.revision == "0999"


async def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    put(path, b"tea leaves " * 1_000)

    with pytest.raises(StoreError, match=r"footnote\.db cannot be used: the file is not a database"):
        await Store.open(address_of(path))

    assert content_of(path) == b"tea leaves " * 1_000


async def test_a_folder_instead_of_a_file_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        await Store.open(address_of(tmp_path))


async def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match=r"(Not a directory|File exists) \(.*file"):
        await Store.open(address_of(tmp_path / "file" / "footnote.db"))


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("footnote.db", "no address such as"),
        ("mysql://localhost/footnote", "mysql is not supported"),
        ("sqlite+aiosqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://me:p@ss/word@localhost/footnote", "%40 and %2F"),
    ],
)
async def test_an_address_that_cannot_work_is_explained(address: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        await Store.open(address)


async def test_errors_hide_the_password_of_the_address() -> None:
    with pytest.raises(StoreError) as caught:
        await Store.open("mysql://footnote:secret@localhost/footnote")

    assert "secret" not in str(caught.value)
    assert "footnote:***@localhost" in str(caught.value)


async def test_a_server_that_does_not_answer_is_a_store_error() -> None:
    with pytest.raises(StoreError):
        await Store.open("postgresql+asyncpg://footnote:secret@127.0.0.1:1/footnote")


async def test_a_closed_store_says_so(path: Path) -> None:
    store = await Store.open(address_of(path))
    await store.close()
    await store.close()

    with pytest.raises(StoreError, match="it is closed"):
        await store.slices([(1, 0, 1)])


async def test_a_damaged_file_is_a_store_error(path: Path) -> None:
    async with await Store.open(address_of(path)) as store:
        await store.add([article(f"{number} " + "tea " * 2_000) for number in range(20)])
    whole = content_of(path)
    put(path, whole[:4_096] + b"\xff" * (len(whole) - 4_096))

    with pytest.raises(StoreError, match="damaged"):
        await (await Store.open(address_of(path))).close()


# Adding


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


# Removing


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


# Reading


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

    with sqlite3.connect(path) as connection:
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


# Fingerprints


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tea leaves.", "tea_leaves"),
        ("Straße", "STRASSE"),
        ("café", "cafe\N{COMBINING ACUTE ACCENT}"),
        ("ﬁne tea", "FINE — tea 🍵"),
        ("“tea”", "tea\ud800"),
    ],
)
def test_texts_that_say_the_same_have_one_fingerprint(one: str, other: str) -> None:
    assert content_hash(one) == content_hash(other)


@pytest.mark.parametrize(("one", "other"), [("tea", "teas"), ("1.5", "1.6"), ("की", "का"), ("", "a")])
def test_texts_that_say_something_else_have_another_fingerprint(one: str, other: str) -> None:
    assert content_hash(one) != content_hash(other)


@given(st.text())
def test_case_and_spacing_do_not_change_a_fingerprint(text: str) -> None:
    assert content_hash(text) == content_hash(" ".join(text.casefold()))


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


# Beside other programs, and when the disk fails


async def test_two_processes_open_and_write_a_new_store_at_once(path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["index.store", "pytest"])
    starting = context.Barrier(4)
    processes = [context.Process(target=write_alone, args=(str(path), name, starting)) for name in "abcd"]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join, 60)

    assert [process.exitcode for process in processes] == [0] * 4
    for process in processes:
        process.close()
    async with await Store.open(address_of(path)) as store:
        assert await store.numbers() == set(range(1, 121))
        assert {info.title for info in await store.infos(None)} == set("abcd")


def write_alone(path: str, name: str, starting: "multiprocessing.synchronize.Barrier") -> None:
    async def write() -> None:
        async with await Store.open(address_of(Path(path))) as store:
            for number in range(30):
                await store.add([article(f"{name} {number}", title=name)])

    starting.wait(30)
    asyncio.run(write())


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


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def execute(path: Path, statement: str) -> object:
    connection = sqlite3.connect(path)
    with connection:
        row = connection.execute(statement).fetchone()
    connection.close()
    return row[0] if row else None
