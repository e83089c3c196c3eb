"""The same library and the same bot's memory over a real PostgreSQL."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.state import State
from index import Change, Draft, Gatherer, GatheringRules, JobState, Library, Problem
from index.models import NewArticle
from index.store import Store
from index.store.adding import add
from index.store.connecting import parse
from index.store.fingerprints import content_hash
from index.store.server import ServerConnections
from index.store.store import _alone
from tests.support import postgresql
from tests.support.command_line import QUESTION, Run, as_json, told
from tests.support.documents import page
from tests.support.web import reply, served

pytestmark = pytest.mark.skipif(postgresql.programs() is None, reason="PostgreSQL's programs are not installed")

TEA = "Tea is made of leaves. The leaves are dried for two days and then rolled by hand."
COFFEE = "Coffee is made of roasted beans. The beans are roasted for twelve minutes."


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with postgresql.server() as at:
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


async def test_titles_are_found_as_they_are_whichever_process_added_or_removed_them(address: str) -> None:
    scope = ("9",)
    async with await Library.open(address) as one, await Library.open(address) as other:

        async def add(library: Library, name: str) -> None:
            for i in range(12):
                await library.add([Draft(f"Café {name} {i}", f"{TEA} {name} {i}", f"{name}-{i % 8}.md")], "9")
                await library.newest_articles(scope, "cafe")

        # A number that is committed later than a higher one would never be looked for.
        await asyncio.gather(add(one, "one"), add(other, "other"))
        together = [await library.newest_articles(scope, "cafe", 50) for library in (one, other)]
        listed = await one.find_articles(scope, "cafe", limit=50)
        await other.remove([info.id for info in listed.items if "other" in info.title])
        left = [await library.newest_articles(scope, "cafe", 50) for library in (one, other)]
        await one.remove([info.id for info in left[0]])

    assert together == [listed.items] * 2
    assert listed.total == 16
    assert left == [tuple(info for info in listed.items if "one" in info.title)] * 2


async def test_a_search_misses_nothing_that_two_processes_add_at_the_same_time(address: str) -> None:
    async with await Store.open(address) as one, await Store.open(address) as other:
        first, second = (NewArticle("Café", text, "", "en", "10") for text in (TEA, COFFEE))
        now = datetime(2024, 5, 1, tzinfo=UTC)
        work = partial(add, batch=[(first, content_hash(first.text))], now=now, new_id=lambda: "twelve")
        writing = ServerConnections(parse(address))
        async with writing.writer._engine.begin() as connection:
            await connection.run_sync(partial(_alone, work))
            later = asyncio.ensure_future(other.add([second]))
            # Were it committed before the first one, whose number is lower, the search would go on behind both.
            await asyncio.wait([later], timeout=0.3)
            before = await other.newest(["10"], "cafe", 5)
        await later
        await writing.close()
        after = await other.newest(["10"], "cafe", 5)
        listed = await other.find(["10"], "cafe", limit=5)
        await one.remove([info.id for info in listed.items])

    assert before == ()
    assert after == listed.items
    assert len(after) == 2


async def test_what_two_processes_add_at_the_same_time_is_stored_once(address: str) -> None:
    async with await Store.open(address) as one, await Store.open(address) as other:
        for i in range(20):
            article = NewArticle("Café", f"{TEA} {i}", "", "en", "11")
            both = await asyncio.gather(one.add([article]), other.add([article]))
            assert {stored.change for [stored] in both} == {Change.ADDED, Change.UNCHANGED}
        listed = await one.infos(["11"])
        await one.remove([info.id for info in listed])

    assert len(listed) == 20


async def test_articles_are_read_after_the_server_has_closed_the_connections(address: str) -> None:
    others = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    other = ServerConnections(parse(address))
    async with await Store.open(address) as store:
        await store.infos(None)
        closed = await other.reader.read(others, {})
        found = await store.infos(None), await store.count()
        await other.close()

    assert closed
    assert found == ([], 0)


async def test_articles_are_gathered_by_jobs_feeds_and_looks_at_pages(address: str) -> None:
    lines = [f"{n}. The bridge of Karrow opened in May 2019, after {n + 2} years of work on it." for n in range(8)]
    async with served() as web, await Library.open(address) as library:
        item = f"<item><guid>1</guid><link>{web.url('/b')}</link></item>"
        feed_reply = reply(f'<rss version="2.0"><channel><title>Gazette</title>{item}</channel></rss>')
        web.routes |= {
            "/a": reply(page(lines)),
            "/b": reply(page([line.replace("bridge", "harbour") for line in lines])),
            "/feed": feed_reply,
        }
        rules = GatheringRules(allowed_hosts=(f"127.0.0.1:{web.port}",), pause_s=0.0, poll_s=0.05)
        async with await Gatherer.open(library, rules) as gatherer:
            await gatherer.start()
            jobs = [
                await gatherer.submit_links([web.url("/a")], "8"),
                await gatherer.submit_uploads([("a.md", b"# Tram\n\nThe tram runs since 1901.")], "8"),
            ]
            ended = [[step async for step in gatherer.follow(job.id)][-1] for job in jobs]
            feed = await gatherer.add_feed(web.url("/feed"), "8")
            checked = await gatherer.check_feed(feed.id)
            web.routes["/a"] = reply(b"", "410 Gone")
            await gatherer.set_refresh("8", 24)
            looked = await gatherer.refresh("8")
            looked = [step async for step in gatherer.follow(looked.id)][-1]
            articles = await library.articles({"8"})
            removed = await library.take_out([info.id for info in articles])
            web.routes["/feed"] = feed_reply.replace(b"<guid>1", b"<guid>2")
            kept_out = await gatherer.check_feed(feed.id)
            await library.put_back(removed)
            put_back = await library.articles({"8"})
            await library.remove([info.id for info in articles])
            await gatherer.remove_feed(feed.id)

    assert [job.state for job in (*ended, checked, looked)] == [JobState.DONE] * 4
    assert [job.additions[0].change for job in ended] == [Change.ADDED, Change.ADDED]
    assert {info.source: info.gone_since is not None for info in articles} == {
        web.url("/a"): True,
        web.url("/b"): False,
        "a.md": False,
    }
    assert [one.problem_kind for one in kept_out.additions] == [Problem.REMOVED]
    assert {(info.id, info.gone_since) for info in put_back} == {(info.id, info.gone_since) for info in articles}


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


# ---- the commands that keep a library


@pytest.fixture
def environment(address: str) -> Mapping[str, str]:
    return {"DATABASE_URL": address, "INDEX_FOLDER": "index", "LOG_LEVEL": "ERROR", "HEALTH_PORT": "0"}


@pytest.fixture
def filled(filled: Run, address: str) -> Iterator[Run]:
    """The same, and the articles are gone afterwards."""
    yield filled
    change(address, "TRUNCATE articles CASCADE")


def change(address: str, statement: str) -> None:
    """Change the tables as another program does."""

    async def execute() -> None:
        connections = ServerConnections(parse(address))
        await connections.writer.write(lambda connection: connection.exec_driver_sql(statement))
        await connections.close()

    asyncio.run(execute())


def test_a_check_finds_what_is_not_whole_and_a_repair_mends_it(filled: Run, address: str) -> None:
    whole = filled("check")
    change(address, f"UPDATE articles SET text = text || ' Changed.' WHERE id = '{first(filled)}'")
    found = filled("check", "--json")
    mended = filled("check", "--repair", "--json")

    assert whole[0] == 0
    assert "pg_amcheck" in whole[1]
    assert re.search(r"articles of the index +good +the same", whole[1])
    assert found[0] == 1
    assert {one["checked"] for one in json.loads(found[1])["findings"] if one["is_problem"]} == {
        "texts of the articles",
        "what is derived from the articles",
        "passages of the index",
    }
    assert mended[0] == 0
    assert as_json(mended)["repaired"]["mended"] == 1
    assert filled("ask", QUESTION)[0] == 0


def first(run: Run) -> str:
    return str(json.loads(run("list", "--json")[1])[0]["id"])


def test_copies_are_left_to_the_tools_of_the_server(run: Run, tmp_path: Path) -> None:
    assert "run: pg_dump --format=custom" in told(run("backup", "copy.db"))
    # Nobody is asked whether to do what cannot be done.
    assert "run: pg_restore --clean" in told(run("restore", "copy.db"))
    assert not (tmp_path / "copy.db").exists()


def test_a_collection_moves_to_a_file_and_to_another_collection(filled: Run) -> None:
    assert filled("export", "all.jsonl", "--collection", "shared")[0] == 0
    assert "read 10 articles" in filled("import", "all.jsonl", "--into", "4242")[1]
    assert filled("check")[0] == 0


def test_the_doctor_leaves_the_servers_files_to_the_server(filled: Run) -> None:
    code, out, _ = filled("doctor")

    assert code == 0
    assert "it cannot be checked from here" in out
    assert "10 articles in the store and in the index" in out


def test_what_the_guide_says_of_dump_and_restore_brings_everything_back(filled: Run, address: str) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "keeping.md").read_text("utf-8")
    dump, restore = re.findall(r"(?m)^pg_(?:dump|restore) .*$", guide)
    before = filled("list", "--json")[1]

    def run(command: str) -> None:
        subprocess.run(command.split(), env=postgresql.surroundings(address), check=True)

    run(dump)
    assert filled("remove", first(filled))[0] == 0
    run(restore)
    assert filled("reindex")[0] == 0

    assert filled("list", "--json")[1] == before
    assert filled("ask", QUESTION)[0] == 0
    assert filled("check")[0] == 0
