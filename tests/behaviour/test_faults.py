"""Full, read-only and damaged disks, locked databases and clocks that go back: real ones."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.admission import Window
from bot.cli import main
from bot.desk import Asker, Desk
from bot.settings import Settings
from bot.state import ServerSettings, State, attempts
from index import Draft, Library, StoreError
from index.models import NewArticle
from index.store import Store, connecting
from tests.behaviour.conftest import BRIDGE, TRUCE, add_shared
from tests.support.databases import answers_kept, live_files, locked, page_of, scribble, settle, spoil
from tests.support.disks import fill, read_only, small_disk

QUESTION = "How many Armenian soldiers were killed?"
QUOTE = "49 Armenian soldiers"
MORE = Draft(
    "Tea", "Tea is grown in the hills of Sylhet. The harvest of 2021 came to 96 million kilograms.", "tea.md", "en"
)
ALICE = Asker(1, 7, 3, "en-US")


def address_of(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/library.db"


@asynccontextmanager
async def home(folder: Path) -> AsyncIterator[tuple[Library, State, Desk]]:
    """A library and what the bot keeps, as the bot has them open."""
    settings = Settings(_env_file=None, questions_per_minute=0, server_questions_per_minute=0)  # type: ignore[call-arg]
    async with (
        await Library.open(address_of(folder), folder / "index") as library,
        await State.open(address_of(folder)) as state,
    ):
        yield library, state, Desk(library, state, settings)


@pytest.fixture
async def made(tmp_path: Path) -> Path:
    """A folder with a library of three articles, its index saved."""
    folder = tmp_path / "made"
    folder.mkdir()
    async with home(folder) as (library, _, _):
        await add_shared(library)
    return folder


# ---- a full disk


async def test_on_a_full_disk_questions_are_answered_and_nothing_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        async with home(disk) as (library, state, desk):
            await add_shared(library)
            await state.save_server(ServerSettings(7, user_daily_limit=1_000))
            filler = fill(disk)

            replies = [await desk.ask(ALICE, QUESTION) for _ in range(40)]
            with pytest.raises(StoreError, match="the disk is full; make room"):
                await library.add([Draft("Long", "Tea and pots. " * 20_000, "long.md", "en")])
            again = await desk.turn(await desk.record(replies[-1].record.id, ALICE), 0)
            listed = len(await library.articles())

            filler.unlink()
            (added,) = await library.add([MORE])
            await desk.ask(ALICE, QUESTION)
            last = await desk.ask(ALICE, "How much tea was harvested in 2021?")

        kept = answers_kept(disk / "library.db")
        async with await Library.open(address_of(disk), disk / "index") as library:
            reopened = len(await library.articles())

    assert all(reply.citation is not None and QUOTE in reply.citation.passage for reply in replies)
    assert again.citation is not None
    assert listed == 3
    assert added.problem is None
    assert last.citation is not None
    assert "96 million" in last.citation.passage
    assert kept == 42
    assert reopened == 4


async def test_an_index_that_cannot_be_saved_leaves_nothing_half_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        async with home(disk) as (library, _, _):
            await add_shared(library)
            filler = fill(disk)
        left = list((disk / "index").glob("generation-*"))
        filler.unlink()
        async with home(disk) as (library, _, _):
            answer = await library.ask(QUESTION)

    assert left == []
    assert answer.best is not None


def test_a_backup_to_a_full_disk_says_so_and_leaves_nothing(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        filler = fill(disk)
        code = main(["backup", str(disk / "copy.db"), "--store", address_of(made)])
        left = [path for path in disk.iterdir() if path != filler]

    assert code == 2
    assert "the disk is full" in capsys.readouterr().err
    assert left == []


# ---- a read-only disk


async def test_from_a_read_only_disk_questions_are_answered(made: Path) -> None:
    with read_only(made):
        async with home(made) as (library, state, desk):
            reply = await desk.ask(ALICE, QUESTION)
            turned = await desk.turn(await desk.record(reply.record.id, ALICE), 0)
            with pytest.raises(StoreError, match="it is read-only; let the user"):
                await library.add([MORE])
            with pytest.raises(StoreError, match="it is read-only"):
                await state.save_server(ServerSettings(7, is_private=True))

    assert reply.citation is not None
    assert QUOTE in reply.citation.passage
    assert turned.citation is not None


def test_commands_on_a_read_only_disk(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", address_of(made)]
    # It leaves SQLite's companions beside the file.
    assert main(["check", *store]) == 0
    with read_only(made):
        assert main(["ask", QUESTION, *store]) == 0
        assert main(["check", *store]) == 0
        assert main(["backup", str(made.parent / "copy.db"), *store]) == 0
        assert main(["restore", str(made.parent / "copy.db"), "--yes", *store]) == 2
    err = capsys.readouterr().err

    assert "read-only" in err.lower()
    assert "Traceback" not in err


# ---- a locked database


@pytest.mark.alone
async def test_while_another_program_holds_the_lock_questions_are_answered(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "_BUSY_TIMEOUT_MS", 500)
    monkeypatch.setattr(attempts, "WAIT_S", 0.1)
    async with home(made) as (library, state, desk):
        await state.save_server(ServerSettings(7, user_daily_limit=1_000))
        with locked(made / "library.db"):
            began = asyncio.get_running_loop().time()
            reply = await desk.ask(ALICE, QUESTION)
            took = asyncio.get_running_loop().time() - began
            turned = await desk.turn(await desk.record(reply.record.id, ALICE), 0)
            await desk.ask(Asker(2, 7, 3, "en-US"), QUESTION)
            unwanted = await desk.ask(ALICE, QUESTION)
            with pytest.raises(StoreError, match="locked by another program"):
                await library.add([MORE])
        (added,) = await library.add([MORE])
        await desk.records.delete(unwanted.record)
        forgotten = await desk.records.forget_user(2)
        await desk.ask(ALICE, QUESTION)
        await desk.records.save_rest()

    assert forgotten == 1
    assert took < 2
    assert reply.citation is not None
    assert turned.citation is not None
    assert added.problem is None
    assert answers_kept(made / "library.db") == 2


# ---- a damaged index


async def test_an_index_that_is_damaged_while_it_is_read_is_built_anew(made: Path) -> None:
    async with home(made) as (library, _, _):
        for path in live_files(made / "index"):
            scribble(path)
        # As for long articles: these files are small enough to be read whole.
        library._index.engine._partitions["en"].notes.doc_article.base = (
            library._index.engine._partitions["en"].notes.doc_article.base + 1_000_000
        )
        answer = await library.ask(QUESTION)
        is_damaged = await library.mend_index()

    assert answer.best is not None
    assert QUOTE in answer.best.passage
    assert not is_damaged


async def test_damage_is_found_before_a_question_meets_it(made: Path) -> None:
    async with home(made) as (library, _, _):
        scribble(live_files(made / "index")[0])
        found = await library.mend_index()
        again = await library.mend_index()
        answer = await library.ask(QUESTION)

    assert (found, again) == (True, False)
    assert answer.best is not None


async def test_questions_at_once_that_meet_damage_build_the_index_once(made: Path) -> None:
    async with home(made) as (library, _, _):
        scribble(live_files(made / "index")[0])
        del library._index.engine._partitions["en"].notes.articles
        answers = await asyncio.gather(*(library.ask(QUESTION) for _ in range(5)))
        generations = sorted(path.name for path in (made / "index").glob("generation-*"))

    assert all(answer.best is not None for answer in answers)
    assert generations == ["generation-2"]


async def test_a_bug_is_not_taken_for_damage(made: Path) -> None:
    async with home(made) as (library, _, _):
        del library._index.engine._partitions["en"].notes.articles
        with pytest.raises(AttributeError):
            await library.ask(QUESTION)


@pytest.mark.parametrize("place", range(0, 24, 3))
async def test_an_index_without_one_of_its_files_is_built_anew_and_its_readers_keep_it(made: Path, place: int) -> None:
    files = sorted(path for path in (made / "index").rglob("*") if path.is_file() and path.name != "building.lock")
    async with home(made) as (library, _, _):
        files[place % len(files)].unlink()
        answer = await library.ask(QUESTION)
    async with home(made) as (library, _, _):
        later = await library.ask(QUESTION)

    assert answer.best is not None
    assert later.best is not None


async def test_an_index_cut_short_under_a_process_ends_it_and_the_next_one_answers(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    async with home(folder) as (library, _, _):
        await library.add([Draft(f"Report {n}", f"{TRUCE}\n\n{BRIDGE}\n\n{n}", f"{n}.md", "en") for n in range(200)])
    code = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from index import Library\n"
        "async def main():\n"
        f"    folder = Path({str(folder)!r})\n"
        f"    async with await Library.open({address_of(folder)!r}, folder / 'index') as library:\n"
        "        for path in (folder / 'index').rglob('*.npy'):\n"
        "            os.truncate(path, 0)\n"
        f"        await library.ask({QUESTION!r})\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    ended = await process.wait()
    async with home(folder) as (library, _, _):
        answer = await library.ask(QUESTION)

    assert ended == -signal.SIGBUS
    assert answer.best is not None


# ---- a damaged database


async def test_a_damaged_page_fails_only_the_questions_that_need_it(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    long = "\n\n".join(
        f"In the year {1800 + n} the harvest of tea was {n} tonnes, the chronicle says." for n in range(200)
    )
    async with home(folder) as (library, _, _):
        await add_shared(library)
        await library.add([Draft("Chronicle of tea", long, "tea.md", "en")])
    settle(folder / "library.db")
    spoil(folder / "library.db", page_of(folder / "library.db", "In the year 1990"))

    async with home(folder) as (library, _, desk):
        reply = await desk.ask(ALICE, QUESTION)
        with pytest.raises(StoreError, match="footnote check"):
            await desk.ask(ALICE, "How much tea was harvested in the year 1995?")

    assert reply.citation is not None


# ---- a clock that goes back


async def test_articles_stay_in_order_when_the_clock_goes_back(tmp_path: Path) -> None:
    moments = iter([datetime(2024, 5, day, tzinfo=UTC) for day in (9, 3, 6)])
    async with await Store.open(address_of(tmp_path), clock=lambda: next(moments)) as store:
        for name in ("first", "second", "first again"):
            source = name.split()[0]
            await store.add([NewArticle(name, f"The {name} text.", source, "en")])
        infos = await store.infos(None)

    assert [info.title for info in infos] == ["first again", "second"]
    assert infos[0].revision == 2


def test_a_clock_that_goes_back_locks_nobody_out() -> None:
    window, now = Window(2), datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert window.take(1, now) is None
    assert window.take(1, now) is None
    assert window.take(1, now) is not None

    earlier = now - timedelta(hours=1)

    assert window.take(1, earlier) is None
    assert window.take(1, earlier) is None
    assert window.take(1, earlier) == earlier + timedelta(minutes=1)


async def test_generations_and_copies_do_not_ask_the_clock(made: Path) -> None:
    for path in sorted((made / "index").rglob("*")):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    async with home(made) as (library, _, _):
        await library.rebuild()
        await library.add([MORE])
        answer = await library.ask("How much tea was harvested in 2021?")

    assert answer.best is not None
    assert [path.name for path in (made / "index").glob("generation-*")] == ["generation-3"]
