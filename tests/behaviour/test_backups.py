"""Backups and restoring, with real files and a real second process."""

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from bot.state import ServerSettings, State
from index import ARTICLES, Library, StoreInUseError, UnusableBackupError, backup, restore
from index.store.sqlite_files import copy
from tests.support.command_line import EXAMPLES, QUESTION, Run, told
from tests.support.databases import change, page_of, somebody_else, spoil, titles
from tests.support.terminal import at_terminal

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(store: str) -> Mapping[str, str]:
    return {"DATABASE_URL": store, "LOG_LEVEL": "ERROR"}


# ---- backup


async def test_a_backup_while_others_write_is_whole_and_of_one_moment(store: str, tmp_path: Path) -> None:
    file, target = tmp_path / "library.db", tmp_path / "copy.db"
    async with await State.open(store), await Library.open(store):
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
        backup(store, target, lambda done, everything: heard.append((done, everything)))
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


async def test_what_the_bot_keeps_comes_back_with_the_articles(store: str, tmp_path: Path) -> None:
    async with await Library.open(store), await State.open(store) as state:
        await state.save_server(ServerSettings(7, is_private=True))
        backup(store, tmp_path / "copy.db")
        await state.save_server(ServerSettings(7, is_private=False))

    restore(store, tmp_path / "copy.db", [ARTICLES])

    async with await State.open(store) as state:
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


def test_nothing_is_restored_while_another_process_uses_the_database(filled: Run, store: str) -> None:
    assert filled("backup", "copy.db")[0] == 0
    with somebody_else(store):
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


async def test_restore_refuses_in_the_library_too(store: str, tmp_path: Path) -> None:
    async with await Library.open(store) as library:
        await library.status()
        backup(store, tmp_path / "copy.db")
        with pytest.raises(StoreInUseError):
            restore(store, tmp_path / "copy.db", [ARTICLES])
    with pytest.raises(UnusableBackupError, match="itself"):
        restore(store, tmp_path / "library.db", [ARTICLES])


# ---- check and repair


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"\xff" * 10_000)

    with pytest.raises(sqlite3.Error):
        copy(tmp_path / "broken.db", tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.db"]
