"""A process that writes is killed again and again; the store has to be whole each time."""

import asyncio
import random
import sqlite3
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from index.models import NewArticle
from index.store import Store
from index.store.fingerprints import content_hash
from tests.support.killing import doomed, wait_for_message

KILLS = 120

LOADED = ["index.store", "index.store.upgrading"]
"""With Alembic, which a new store loads."""


@pytest.mark.slow
def test_a_killed_writer_leaves_a_whole_store(tmp_path: Path) -> None:
    chance = random.Random(2024)
    path = tmp_path / "footnote.db"
    written = 0
    kills_after_writing = 0

    for attempt in range(KILLS):
        # Every sixth store is a new one, so that its making is interrupted as well.
        if attempt % 6 == 0:
            path = tmp_path / f"{attempt}.db"
            written = 0
        with doomed(LOADED, write_until_killed, str(path), attempt) as here:
            wait_for_message(here)
            # A new store opens within 40 ms, an older one within 20: a third of the kills fall into that. The others
            # fall between two batches or into one, after as many as were drawn, however long these take on a busy
            # machine.
            for _ in range(0 if attempt % 3 == 0 else chance.randint(1, 8)):
                wait_for_message(here)
            time.sleep(chance.uniform(0, 0.04))

        before, written = written, asyncio.run(check(path))
        kills_after_writing += written != before

    # Otherwise hardly anything was interrupted, and this has shown nothing.
    assert kills_after_writing > KILLS // 3


async def check(path: Path) -> int:
    """Look whether the store is whole; tell the highest number in it."""
    async with await Store.open(f"sqlite+aiosqlite:///{path}") as store:
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
        articles = [article async for batch in store.stream() for article in batch]
        infos = await store.infos(None, newest_first=False)
    assert [article.info for article in articles] == infos
    assert [content_hash(article.text) for article in articles] == [info.content_hash for info in infos]
    assert [len(article.text) for article in articles] == [info.characters for info in infos]
    # A batch is whole or absent: its articles come in threes, are revised in threes and are removed in threes.
    titles = [info.title for info in infos]
    assert all(titles.count(title) == 3 for title in titles)
    return max((info.number for info in infos), default=0)


def write_until_killed(path: str, attempt: int, there: Connection) -> None:
    there.send_bytes(b"started")
    asyncio.run(write(path, random.Random(attempt), there))


async def write(path: str, chance: random.Random, there: Connection) -> None:
    async with await Store.open(f"sqlite+aiosqlite:///{path}") as store:
        while True:
            by_title: dict[str, list[str]] = {}
            for info in await store.infos(None):
                by_title.setdefault(info.title, []).append(info.id)
            if len(by_title) > 20 or (by_title and chance.random() < 0.2):
                await store.remove(chance.choice(list(by_title.values())))
            # Twelve places, so that many of the batches are revisions.
            place = chance.randrange(12)
            await store.add([new_article(place, part, chance) for part in range(3)])
            there.send_bytes(b"added")


def new_article(place: int, part: int, chance: random.Random) -> NewArticle:
    words = [f"{chance.getrandbits(32):x}" for _ in range(chance.randint(1, 3_000))]
    return NewArticle(
        title=f"Place {place}", text=" ".join(words), source=f"https://{place}.example/{part}", language="en"
    )
