"""A library's files, the database and the index, as others see, hold, change and damage them."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

PAGE = 4096
"""Bytes of a page, SQLite's own unit."""


def titles(file: Path) -> list[str]:
    """The titles of the articles, in the order in which they were added."""
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT title FROM articles ORDER BY number")]


def change(file: Path, statement: str) -> None:
    """Change a database as another program does; one that does not exist is made."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


def page_of(file: Path, text: str) -> int:
    """The page of a database that holds a text, 0 for the first."""
    found = file.read_bytes().find(text.encode())
    assert found > 0
    return found // PAGE


def spoil(file: Path, page: int) -> None:
    """Overwrite a page with what is no page."""
    with file.open("r+b") as opened:
        opened.seek(page * PAGE)
        opened.write(b"\xff" * PAGE)


def settle(file: Path) -> None:
    """Bring what waits beside a database into it."""
    change(file, "PRAGMA wal_checkpoint(TRUNCATE)")


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


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process holds the lock of the database."""
    code = (
        f"import sqlite3, sys; c = sqlite3.connect({str(file)!r})\n"
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        yield
        process.communicate()


def answers_kept(file: Path) -> int:
    """How many answers the bot keeps."""
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM discord_answers").fetchone()[0])


def live_files(index: Path) -> list[Path]:
    """The files of an index that are large enough to be mapped, and not read."""
    return sorted(path for path in index.rglob("*.npy") if path.stat().st_size > PAGE)


def scribble(path: Path) -> None:
    """Overwrite a file in its place, so that those who have mapped it see that."""
    with path.open("r+b") as file:
        file.seek(128)
        file.write(b"\x7f" * (path.stat().st_size - 128))
