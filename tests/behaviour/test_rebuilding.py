"""A rebuild in a process of its own: what it leaves behind however it ends, and how little it disturbs."""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from index import (
    CancelledBuildError,
    Draft,
    FailedBuildError,
    Library,
    RebuildProgress,
    RebuildRunningError,
    StoreError,
)

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds processes in /proc")

WORDS = ("harbour", "ferry", "island", "captain", "tide", "lighthouse", "fog", "bicycle", "tractor", "sound")


def address_in(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder}/library.db"


def report(number: int, paragraphs: int = 1) -> Draft:
    lines = [
        " ".join(f"Report{number} tells in line {line} of the {WORDS[(number + word) % 10]}." for word in range(12))
        for line in range(paragraphs)
    ]
    return Draft(f"Report {number}", "\n\n".join(lines), f"report{number}.md", "en")


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    async with await Library.open(address_in(tmp_path), tmp_path / "index") as opened:
        await opened.add([report(number, 4) for number in range(200)])
        yield opened


def children(parent: int) -> list[int]:
    """The processes that build an index for a process and have not yet ended."""
    found: list[int] = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        # A thread may end while they are read; its children, if any, are those of the others then.
        with suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, (task / "children").read_text().split())
    return [child for child in found if b"index.rebuilding" in Path(f"/proc/{child}/cmdline").read_bytes()]


def is_running(process: int) -> bool:
    try:
        # After the name, which may hold anything: the state, Z for one that has ended and that nobody has asked about.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def at_first(work: Callable[[], object]) -> Callable[[RebuildProgress], None]:
    """Do something once the process has begun to read."""
    done: list[object] = []

    def heard(_progress: RebuildProgress) -> None:
        if not done:
            done.append(work() or True)

    return heard


def kill_children() -> None:
    for child in children(os.getpid()):
        os.kill(child, signal.SIGKILL)


def buildings(folder: Path) -> list[Path]:
    return list(folder.glob("building-*"))


async def titles_for(library: Library, question: str) -> list[str]:
    answer = await library.ask(question, refuse=False)
    return [] if answer.best is None else [answer.best.article.title]


async def test_a_killed_process_leaves_the_old_index_and_nothing_else(library: Library, tmp_path: Path) -> None:
    with pytest.raises(FailedBuildError, match=r"the old one stays in use: .* was ended by SIGKILL"):
        await library.rebuild(progress=at_first(kill_children))

    assert await titles_for(library, "report7") == ["Report 7"]
    assert buildings(tmp_path / "index") == []
    assert children(os.getpid()) == []
    assert (await library.rebuild()).unchanged == 200


async def test_a_process_that_fails_says_why(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library._rebuilder, "_address", f"sqlite+aiosqlite:///{tmp_path}/index")

    with pytest.raises(FailedBuildError, match="cannot be opened"):
        await library.rebuild()

    assert await titles_for(library, "report7") == ["Report 7"]


async def test_a_process_that_cannot_be_started_is_told(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    with pytest.raises(FailedBuildError, match="no process could be started"):
        await library.rebuild()


async def test_a_cancelled_rebuild_ends_its_process_and_removes_its_folder(library: Library, tmp_path: Path) -> None:
    stop = asyncio.Event()

    with pytest.raises(CancelledBuildError):
        await library.rebuild(progress=at_first(stop.set), cancelled=stop.is_set)

    assert children(os.getpid()) == []
    assert buildings(tmp_path / "index") == []
    assert await titles_for(library, "report7") == ["Report 7"]


async def test_a_task_that_is_cancelled_takes_its_process_along(library: Library, tmp_path: Path) -> None:
    began = asyncio.Event()
    rebuilding = asyncio.create_task(library.rebuild(progress=at_first(began.set)))
    await began.wait()

    rebuilding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rebuilding

    assert children(os.getpid()) == []
    assert buildings(tmp_path / "index") == []
    assert (await library.rebuild()).unchanged == 200


@pytest.mark.parametrize("error", [ZeroDivisionError, ValueError])
async def test_a_progress_that_fails_ends_the_process(library: Library, error: type[Exception]) -> None:
    def fail(progress: RebuildProgress) -> None:
        if progress.stage == "reading":
            raise error

    with pytest.raises(error):
        await library.rebuild(progress=fail)

    assert children(os.getpid()) == []


async def test_a_second_rebuild_is_refused_while_one_runs(library: Library) -> None:
    first = asyncio.create_task(library.rebuild())
    await asyncio.sleep(0)

    with pytest.raises(RebuildRunningError):
        await library.rebuild()

    assert (await first).unchanged == 200


async def test_two_processes_do_not_build_one_index_at_once(library: Library, tmp_path: Path) -> None:
    async with await Library.open(address_in(tmp_path), tmp_path / "index") as other:
        began = asyncio.Event()
        first = asyncio.create_task(library.rebuild(progress=at_first(began.set)))
        await began.wait()

        with pytest.raises(RebuildRunningError):
            await other.rebuild()

        assert (await first).unchanged == 200
        assert (await other.rebuild()).unchanged == 200


async def test_opening_leaves_alone_what_another_process_builds(library: Library, tmp_path: Path) -> None:
    began = asyncio.Event()
    first = asyncio.create_task(library.rebuild(progress=at_first(began.set)))
    await began.wait()

    async with await Library.open(address_in(tmp_path), tmp_path / "index"):
        pass

    assert (await first).unchanged == 200


async def test_only_the_new_generation_stays_and_is_opened_next(library: Library, tmp_path: Path) -> None:
    await library.rebuild()
    await library.rebuild()
    built_at = (await library.status()).built_at
    generations = [path.name for path in (tmp_path / "index").glob("generation-*")]

    async with await Library.open(address_in(tmp_path), tmp_path / "index") as other:
        assert (await other.status()).built_at == built_at
        assert await titles_for(other, "report7") == ["Report 7"]
    assert len(generations) == 1
    assert (tmp_path / "index" / "LIVE").read_text("utf-8") == generations[0]
    assert built_at is not None


async def test_what_came_and_went_during_a_rebuild_is_in_the_new_index(library: Library) -> None:
    began = asyncio.Event()
    rebuilding = asyncio.create_task(library.rebuild(progress=at_first(began.set)))
    await began.wait()
    gone = next(info for info in await library.articles() if info.title == "Report 7")
    await library.remove([gone.id])
    await library.add([report(500)])

    summary = await rebuilding

    assert (summary.added, summary.removed, summary.unchanged) == (0, 0, 200)
    assert await titles_for(library, "report500") == ["Report 500"]
    assert await titles_for(library, "report7") != ["Report 7"]


async def test_the_summary_counts_what_another_process_has_changed(library: Library, tmp_path: Path) -> None:
    await library.add([report(300), report(301)], "server")
    async with await Library.open(address_in(tmp_path)) as other:
        first = next(info for info in await other.articles(["server"]) if info.title == "Report 300")
        await other.remove([first.id])
        revised = report(301)
        await other.add([Draft(revised.title, revised.text + " And more.", revised.source, "en")], "server")
        await other.add([report(302), report(303)], "server")
        await other.add([report(400)])

    summary = await library.rebuild(["server"])

    assert (summary.added, summary.changed, summary.removed, summary.unchanged) == (2, 1, 1, 0)
    assert (summary.articles, summary.passages) == (3, 3)
    assert summary.took_s > 0
    assert await titles_for(library, "report400") == ["Report 400"]


async def test_an_article_that_cannot_be_indexed_is_listed_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with await Library.open(address_in(tmp_path), tmp_path / "index") as library:
        await library.add([report(1), report(2)], "one")
        await library.add([report(3)], "two")
        connection = sqlite3.connect(tmp_path / "library.db")
        connection.execute("UPDATE articles SET text = x'00ff' WHERE title = 'Report 2'")
        connection.commit()
        connection.close()

        summary = await library.rebuild(["one"])
        of_the_other = await library.rebuild(["two"])

        assert [title for title, _ in summary.failed] == ["Report 2"]
        assert "TypeError" in summary.failed[0][1]
        assert (summary.articles, summary.removed) == (1, 1)
        assert of_the_other.failed == ()
        assert await titles_for(library, "report3") == ["Report 3"]
    # Neither does it keep a library from being opened, with a saved index or without.
    for folder in (tmp_path / "index", None):
        async with await Library.open(address_in(tmp_path), folder) as library:
            assert await titles_for(library, "report1") == ["Report 1"]


async def test_an_index_in_memory_is_rebuilt_in_a_folder_that_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    async with await Library.open(address_in(tmp_path)) as library:
        await library.add([report(1), report(2)])

        summary = await library.rebuild()

        assert summary.unchanged == 2
        assert list((tmp_path / "temporary").iterdir()) == []
        assert await titles_for(library, "report2") == ["Report 2"]
        await library.add([report(3)])
        assert await titles_for(library, "report3") == ["Report 3"]


async def test_a_folder_that_cannot_be_written_is_told(library: Library, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "index", ignore_errors=True)
    (tmp_path / "index").write_text("in the way")

    with pytest.raises(FailedBuildError, match="cannot be written"):
        await library.rebuild()

    assert await titles_for(library, "report7") == ["Report 7"]


async def test_closing_ends_a_rebuild_and_saves(tmp_path: Path) -> None:
    library = await Library.open(address_in(tmp_path), tmp_path / "index")
    await library.add([report(number) for number in range(200)])
    began = asyncio.Event()
    rebuilding = asyncio.create_task(library.rebuild(progress=at_first(began.set)))
    await began.wait()

    await library.close()

    with pytest.raises(CancelledBuildError):
        await rebuilding
    with pytest.raises(StoreError, match="closed"):
        await library.rebuild()
    assert children(os.getpid()) == []
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == ["LIVE", "building.lock", "generation-1"]


STARTER = """
import asyncio, sys
from pathlib import Path
from index import Library

async def rebuild(address, folder):
    async with await Library.open(address, Path(folder) if folder else None) as library:
        await library.rebuild(progress=lambda step: print(step, flush=True))

asyncio.run(rebuild(*sys.argv[1:]))
"""


@pytest.mark.parametrize("place", ["index", ""])
async def test_a_killed_parent_leaves_no_process_and_its_leftovers_go_at_the_next_opening(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    async with await Library.open(address_in(tmp_path)) as library:
        await library.add([report(number, 6) for number in range(400)])
    folder = tmp_path / place if place else None
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STARTER, address_in(tmp_path), str(folder or "")),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary"), "PYTHONPATH": str(Path.cwd())},
    )
    assert parent.stdout is not None
    await parent.stdout.readline()
    (child,) = children(parent.pid)
    parent.kill()
    await parent.wait()

    async with asyncio.timeout(5):
        while is_running(child):  # noqa: ASYNC110 - another process ends
            await asyncio.sleep(0.01)
    left = buildings(folder) if folder is not None else list((tmp_path / "temporary").iterdir())
    assert len(left) == 1
    async with await Library.open(address_in(tmp_path), folder) as library:
        assert not left[0].exists()
        assert await titles_for(library, "report7") == ["Report 7"]


async def test_the_password_of_an_address_stands_in_no_list_of_processes(library: Library) -> None:
    seen: list[bytes] = []

    def look() -> None:
        for child in children(os.getpid()):
            seen.append(Path(f"/proc/{child}/cmdline").read_bytes())
            seen.append(Path(f"/proc/{child}/environ").read_bytes())

    await library.rebuild(progress=at_first(look))

    assert len(seen) == 2
    assert all(b"library.db" not in one for one in seen)


@pytest.mark.alone
async def test_the_event_loop_is_free_and_questions_are_answered_during_a_rebuild(library: Library) -> None:
    await library.add([report(number, 11) for number in range(1_000, 1_600)])
    await titles_for(library, "report7")

    # Other programs may hold a core for a while; what we do to the loop, we do each time.
    lags_ms = [await longest_lag_ms(library) for _ in range(3)]

    assert (await library.status()).passages > 6_600
    assert min(lags_ms) < 50


async def longest_lag_ms(library: Library) -> float:
    """Rebuild the index and ask meanwhile; tell the longest time for which nothing else could run."""
    rebuilding = asyncio.create_task(library.rebuild())
    longest_s = 0.0
    answers = 0
    while not rebuilding.done():
        asking = asyncio.create_task(titles_for(library, f"report{1_000 + answers}"))
        while not asking.done():
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            longest_s = max(longest_s, time.perf_counter() - began - 0.005)
        assert await asking == [f"Report {1_000 + answers}"]
        answers += 1
    await rebuilding
    assert answers > 20
    return longest_s * 1e3
