"""Backups, restoring, checks and repairs, with real files and a real second process."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.state import ServerSettings, State
from index import ARTICLES, Library, StoreInUseError, UnusableBackupError, backup, restore
from index.store.sqlite_files import copy
from tests.support.command_line import EXAMPLES, QUESTION, Ran, Run, as_json, told
from tests.support.databases import PAGE, change, page_of, settle, spoil, titles
from tests.support.terminal import at_terminal

ROOT = Path(__file__).parents[2]
ADDRESS = "sqlite+aiosqlite:///{}/library.db"


@pytest.fixture
def environment(store: str) -> Mapping[str, str]:
    return {"DATABASE_URL": store, "LOG_LEVEL": "ERROR"}


@contextmanager
def somebody_else(address: str) -> Iterator[None]:
    """Another process that has the library open."""
    code = (
        "import asyncio, sys\n"
        "from index.store import Store\n"
        "async def main():\n"
        f"    async with await Store.open({address!r}) as store:\n"
        "        await store.count(); print('open', flush=True); await asyncio.to_thread(sys.stdin.read)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        try:
            yield
        finally:
            assert process.stdin is not None
            process.stdin.close()


# ---- backup


async def test_a_backup_while_others_write_is_whole_and_of_one_moment(tmp_path: Path) -> None:
    file, target = tmp_path / "library.db", tmp_path / "copy.db"
    async with await State.open(ADDRESS.format(tmp_path)), await Library.open(ADDRESS.format(tmp_path)):
        pass
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "CREATE TABLE pair (a INTEGER, b INTEGER, filler TEXT); INSERT INTO pair VALUES (0, 0, '')"
        )
        connection.executemany("INSERT INTO pair VALUES (-1, -1, ?)", [("x" * 3_000,)] * 20_000)
        connection.commit()
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=30)) as connection:
            while not stop.is_set():
                connection.execute("UPDATE pair SET a = a + 1 WHERE a >= 0")
                connection.execute("UPDATE pair SET b = b + 1 WHERE b >= 0")
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    heard: list[tuple[int, int]] = []
    try:
        backup(ADDRESS.format(tmp_path), target, lambda done, everything: heard.append((done, everything)))
    finally:
        stop.set()
        writer.join()

    with closing(sqlite3.connect(target)) as connection:
        a, b = connection.execute("SELECT a, b FROM pair WHERE a >= 0").fetchone()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert a == b
    assert heard[-1][0] == heard[-1][1]
    assert len(heard) > 3
    assert sorted(path.name for path in tmp_path.glob("copy.db*")) == ["copy.db"]


def test_a_backup_replaces_nothing_without_being_told(filled: Run, tmp_path: Path) -> None:
    assert filled("backup", "copy.db")[0] == 0
    before = (tmp_path / "copy.db").stat().st_ino

    assert "--yes" in told(filled("backup", "copy.db"))
    assert (tmp_path / "copy.db").stat().st_ino == before
    assert filled("backup", "copy.db", "--yes")[0] == 0


def test_a_backup_can_be_read_by_nobody_else(filled: Run, tmp_path: Path) -> None:
    assert filled("backup", "copy.db")[0] == 0

    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0


def test_a_backup_of_nothing_or_onto_itself_is_refused(run: Run, tmp_path: Path) -> None:
    assert "does not exist" in told(run("backup", "copy.db"))
    assert run("add", EXAMPLES)[0] == 0
    assert "its own backup" in told(run("backup", "library.db", "--yes"))
    assert "No such file" in told(run("backup", "missing/copy.db"))


def test_postgresql_is_told_its_own_tools(run: Run) -> None:
    address = "postgresql+asyncpg://someone:secret@127.0.0.1/footnote"

    assert "pg_dump" in told(run("backup", "copy.db", "--store", address))
    line = told(run("restore", "copy.db", "--yes", "--store", address))
    assert "pg_restore" in line
    assert "secret" not in line


# ---- restore


def test_what_was_backed_up_comes_back_whole(filled: Run, tmp_path: Path) -> None:
    before = filled("list", "--json")[1]
    assert filled("backup", "copy.db")[0] == 0
    for article in json.loads(before):
        assert filled("remove", article["id"])[0] == 0

    code, out, _ = filled("restore", "copy.db", "--yes")

    assert code == 0
    assert "10 articles" in out
    assert filled("list", "--json")[1] == before
    assert filled("ask", QUESTION)[0] == 0
    (kept,) = tmp_path.glob("library.db.before-restore-*")
    assert titles(kept) == []


async def test_what_the_bot_keeps_comes_back_with_the_articles(tmp_path: Path) -> None:
    address = ADDRESS.format(tmp_path)
    async with await Library.open(address), await State.open(address) as state:
        await state.save_server(ServerSettings(7, is_private=True))
        backup(address, tmp_path / "copy.db")
        await state.save_server(ServerSettings(7, is_private=False))

    restore(address, tmp_path / "copy.db", [ARTICLES])

    async with await State.open(address) as state:
        assert (await state.server(7)).is_private


def test_restoring_asks_and_nobody_is_there_to_answer(filled: Run, tmp_path: Path) -> None:
    assert filled("backup", "copy.db")[0] == 0

    assert "--yes" in told(filled("restore", "copy.db"))
    assert not list(tmp_path.glob("*before-restore*"))


def asked(folder: Path, key: str) -> tuple[int, str]:
    """The exit code, and what stood on the terminal, of somebody who restores copy.db and presses a key when asked."""

    async def sit() -> tuple[int, str]:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "DATABASE_URL"}}
        async with at_terminal(
            folder, {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm"}, "restore", "copy.db"
        ) as person:
            question = "Replace all articles and settings by those of copy.db? [y/N]"
            if key == "Ctrl-C":
                await person.sees(question)
                code = await person.gives_up()
            else:
                await person.types(question, key)
                code = await person.ended()
            return code, person.shown

    return asyncio.run(sit())


def test_restoring_asks_and_replaces_only_after_a_yes(filled: Run, tmp_path: Path) -> None:
    assert filled("backup", "copy.db")[0] == 0
    before = titles(tmp_path / "library.db")
    assert filled("remove", json.loads(filled("list", "--json")[1])[0]["id"])[0] == 0
    changed = titles(tmp_path / "library.db")

    for key, ending in (("n", 1), ("Ctrl-C", 130)):
        code, shown = asked(tmp_path, key)
        assert code == ending, shown
        assert ("nothing was changed" if ending == 1 else "interrupted") in shown
        assert titles(tmp_path / "library.db") == changed
        assert not list(tmp_path.glob("*before-restore*"))
    code, shown = asked(tmp_path, "y")

    assert code == 0, shown
    assert "restored 10 articles from copy.db" in shown
    assert titles(tmp_path / "library.db") == before


def test_nobody_is_asked_about_a_file_that_cannot_be_restored(filled: Run, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("hello")

    # Without a terminal it would say that nobody can be asked.
    assert "it is no SQLite database" in told(filled("restore", "copy.db"))


def test_restoring_into_an_empty_folder(filled: Run, tmp_path: Path) -> None:
    assert filled("backup", "copy.db")[0] == 0
    (tmp_path / "new").mkdir()
    address = f"sqlite+aiosqlite:///{tmp_path}/new/library.db"

    assert filled("restore", "copy.db", "--yes", "--store", address)[0] == 0
    assert filled("ask", QUESTION, "--store", address)[0] == 0


def test_nothing_is_restored_while_another_process_uses_the_database(filled: Run, tmp_path: Path) -> None:
    assert filled("backup", "copy.db")[0] == 0
    with somebody_else(ADDRESS.format(tmp_path)):
        assert "stop the bot" in told(filled("restore", "copy.db", "--yes"))
        assert "stop the bot" in told(filled("check", "--repair"))
    assert filled("restore", "copy.db", "--yes")[0] == 0


@pytest.mark.parametrize("kind", ["text", "other", "short", "page", "newer", "newer bot", "missing"])
def test_what_is_no_whole_database_of_this_version_is_not_restored(filled: Run, tmp_path: Path, kind: str) -> None:
    copied = tmp_path / "copy.db"
    assert filled("backup", copied)[0] == 0
    match kind:
        case "text":
            copied.write_text("hello")
        case "other":
            copied.unlink()
            change(copied, "CREATE TABLE notes (a)")
        case "short":
            os.truncate(copied, copied.stat().st_size // 2)
        case "page":
            spoil(copied, page_of(copied, "Odila"))
        case "newer":
            change(copied, "UPDATE alembic_version SET version_num = '9999'")
        case "newer bot":
            change(copied, "CREATE TABLE discord_alembic_version (version_num TEXT)")
            change(copied, "INSERT INTO discord_alembic_version VALUES ('9999')")
        case "missing":
            copied.unlink()
    before = (tmp_path / "library.db").read_bytes()

    line = told(filled("restore", copied, "--yes"))

    assert "was not restored" in line
    assert (tmp_path / "library.db").read_bytes() == before
    assert not list(tmp_path.glob("*before-restore*"))


def test_a_damaged_database_is_replaced_and_kept(filled: Run, tmp_path: Path) -> None:
    assert filled("backup", "copy.db")[0] == 0
    (tmp_path / "library.db").write_bytes(b"\xff" * 100_000)

    assert filled("restore", "copy.db", "--yes")[0] == 0
    assert filled("ask", QUESTION)[0] == 0
    (kept,) = tmp_path.glob("library.db.before-restore-????????-??????")
    assert kept.read_bytes() == b"\xff" * 100_000


async def test_restore_refuses_in_the_library_too(tmp_path: Path) -> None:
    address = ADDRESS.format(tmp_path)
    async with await Library.open(address) as library:
        await library.status()
        backup(address, tmp_path / "copy.db")
        with pytest.raises(StoreInUseError):
            restore(address, tmp_path / "copy.db", [ARTICLES])
    with pytest.raises(UnusableBackupError, match="itself"):
        restore(address, tmp_path / "library.db", [ARTICLES])


# ---- check and repair


def problems(ran: Ran) -> dict[str, str]:
    findings = json.loads(ran[1])["findings"]
    return {one["checked"]: one["detail"] for one in findings if one["is_problem"]}


def test_a_whole_library_has_no_problems(filled: Run) -> None:
    code, out, _ = filled("check")

    assert code == 0
    assert "PROBLEM" not in out
    assert as_json(filled("check", "--json"))["problems"] == 0


def test_a_check_while_another_process_uses_the_database(filled: Run, tmp_path: Path) -> None:
    with somebody_else(ADDRESS.format(tmp_path)):
        assert filled("check")[0] == 0


def test_a_text_that_was_changed_from_outside_is_found_and_kept_by_a_repair(filled: Run, tmp_path: Path) -> None:
    change(tmp_path / "library.db", "UPDATE articles SET text = text || ' Changed.' WHERE number = 1")

    found = filled("check", "--json")
    mended = filled("check", "--repair", "--json")

    assert found[0] == 1
    assert set(problems(found)) >= {"texts of the articles", "what is derived from the articles"}
    assert mended[0] == 0
    assert as_json(mended)["repaired"]["mended"] == 1


def test_derived_columns_are_computed_anew(filled: Run, tmp_path: Path) -> None:
    change(tmp_path / "library.db", "UPDATE articles SET title_folded = 'x', characters = 1 WHERE number < 3")

    assert set(problems(filled("check", "--json"))) == {"what is derived from the articles"}
    assert as_json(filled("check", "--repair", "--json"))["repaired"]["mended"] == 2
    assert filled("check")[0] == 0


@pytest.mark.parametrize("harm", ["flip", "truncate", "delete", "manifest"])
def test_a_damaged_index_is_found_and_built_anew(filled: Run, tmp_path: Path, harm: str) -> None:
    file = next((tmp_path / "library.db.index").rglob("row_words.npy"))
    match harm:
        case "flip":
            content = bytearray(file.read_bytes())
            content[-1] ^= 0xFF
            file.write_bytes(content)
        case "truncate":
            os.truncate(file, file.stat().st_size // 2)
        case "delete":
            file.unlink()
        case "manifest":
            next((tmp_path / "library.db.index").rglob("manifest.json")).write_text("{}")

    assert set(problems(filled("check", "--json"))) == {"files of the index"}
    assert filled("check", "--repair")[0] == 0
    assert filled("check")[0] == 0
    assert filled("ask", QUESTION)[0] == 0


def test_an_index_of_another_text_is_found(filled: Run, tmp_path: Path) -> None:
    change(
        tmp_path / "library.db", "UPDATE articles SET text = substr(text, 1, 300), characters = 300 WHERE number = 1"
    )

    assert "passages of the index" in problems(filled("check", "--json"))


def test_a_check_of_nothing_says_so_and_makes_nothing(run: Run, tmp_path: Path) -> None:
    assert "no such file" in told(run("check"))
    assert list(tmp_path.iterdir()) == []
    change(tmp_path / "library.db", "CREATE TABLE notes (a)")
    assert run("check")[0] == 1


def test_newer_tables_are_a_problem_and_not_looked_into(filled: Run, tmp_path: Path) -> None:
    change(tmp_path / "library.db", "UPDATE alembic_version SET version_num = '9999'")

    assert set(problems(filled("check", "--json"))) == {"tables of the articles"}
    assert "newer" in told(filled("check", "--repair"))


@pytest.mark.parametrize("harm", ["text", "list", "head", "short"])
def test_what_can_be_read_of_a_damaged_database_is_saved(filled: Run, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "library.db"
    settle(file)
    before = titles(file)
    match harm:
        case "text":
            spoil(file, page_of(file, "Storm Odila"))
        case "list":
            spoil(file, page_of(file, "storm odila"))
        case "head":
            with file.open("r+b") as opened:
                opened.seek(100)
                opened.write(b"\0" * 40)
        case "short":
            os.truncate(file, page_of(file, "Storm Odila") * PAGE)
    damaged = file.read_bytes()

    found = filled("check", "--json")
    code, out, err = filled("check", "--repair")

    assert set(problems(found)) == {"database file"}
    assert (code, err) == (0, "")
    (kept,) = tmp_path.glob("library.db.before-repair-????????-??????")
    if harm == "list":
        assert titles(file) == before
    elif harm != "head":
        # But for the mode of its journal.
        assert kept.read_bytes()[100:] == damaged[100:]
        assert 0 < len(titles(file)) < len(before)
        assert "lost" in out
    assert set(titles(file)) <= set(before)
    assert filled("check")[0] == 0
    assert filled("add", EXAMPLES)[0] == 0
    assert sorted(titles(file)) == sorted(before)


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"\xff" * 10_000)

    with pytest.raises(sqlite3.Error):
        copy(tmp_path / "broken.db", tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.db"]


# ---- moving


def test_a_collection_moves_into_another_one_of_another_library(filled: Run, tmp_path: Path) -> None:
    other = f"sqlite+aiosqlite:///{tmp_path}/other.db"
    assert filled("export", "all.jsonl")[0] == 0

    assert filled("import", "all.jsonl", "--into", "4242", "--store", other)[0] == 0
    again = filled("import", "all.jsonl", "--into", "4242", "--store", other)

    moved, here = (
        json.loads(filled("list", "--json", "--store", store)[1]) for store in (other, ADDRESS.format(tmp_path))
    )
    assert {one.pop("collection") for one in moved} == {"4242"}
    assert {one.pop("collection") for one in here} == {"shared"}
    assert moved == here
    assert "were there already" in again[1]
    assert "empty" in told(filled("import", "all.jsonl", "--into", " "))


def test_a_large_file_is_read_a_part_at_a_time(filled: Run, tmp_path: Path) -> None:
    assert filled("export", "all.jsonl")[0] == 0
    line = json.loads((tmp_path / "all.jsonl").read_text("utf-8").splitlines()[0])
    with (tmp_path / "large.jsonl").open("w", encoding="utf-8") as file:
        for number in range(400):
            text = f"Report {number} tells of tea. " + f"{number} " * 60_000
            file.write(json.dumps({**line, "id": f"x{number}", "source": f"s{number}", "text": text}) + "\n")
    code = (
        "import resource, sys\n"
        "from index.moving import read_export\n"
        "from pathlib import Path\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"count = sum(len(part) for part, _ in read_export(Path({str(tmp_path / 'large.jsonl')!r}), 8))\n"
        "print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    count, kilobytes = map(int, ran.stdout.split())

    assert count == 400
    assert (tmp_path / "large.jsonl").stat().st_size > 80_000_000
    assert kilobytes < 30_000


def test_lines_before_a_broken_one_are_read(filled: Run, tmp_path: Path) -> None:
    assert filled("export", "all.jsonl")[0] == 0
    shutil.copy(tmp_path / "all.jsonl", tmp_path / "broken.jsonl")
    with (tmp_path / "broken.jsonl").open("a") as file:
        file.write("{}\n")

    assert "line 11" in told(filled("import", "broken.jsonl", "--into", "x"))
    assert "No such file" in told(filled("import", "missing.jsonl"))
