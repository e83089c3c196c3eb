"""A process that changes a library is killed again and again; the saved index never says other than the store."""

import asyncio
import random
import time
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from index import SHARED_COLLECTION, Draft, Library, Refusal
from index.models import ArticleInfo
from tests.support.killing import doomed, wait_for_message

LOADED = ["index.library", "index.store.upgrading"]

SEEDS = (2024, 2025, 2026, 2027)
KILLS = 25
"""In each round, of which there is one for each seed: a hundred together."""
MOST_KILLS = 100
"""Killing goes on beyond `KILLS` until enough saves were cut off: how many are depends on the machine."""

MOMENTS = [b"started", b"opened", b"added", b"closing", b"rebuilding"]
"""What a writer tells of before it goes on: the first of these once, the others again and again."""

WORDS_OF_AN_ATTEMPT = 400
"""More than an attempt comes to write."""

SAMPLED = 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_killed_writer_leaves_an_index_that_agrees_with_the_store(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    unfinished: set[str] = set()
    found: list[int] = []

    for attempt in range(1, MOST_KILLS + 1):
        if attempt > KILLS and len(unfinished) > 2:
            break
        with doomed(LOADED, change_until_killed, str(tmp_path), attempt) as here:
            # At a time counted from here, a busy machine would kill all of them before they save anything.
            wait_for(chance.choice(MOMENTS), here)
            time.sleep(chance.uniform(0, 0.1))

        unfinished |= unfinished_saves(tmp_path / "index")
        found.append(asyncio.run(check(tmp_path, attempt, chance)))

    # Otherwise hardly anything was interrupted, and this has shown nothing.
    assert len(unfinished) > 2
    assert sum(found) > 100


def wait_for(moment: bytes, here: Connection) -> None:
    while wait_for_message(here) != moment:
        pass


def unfinished_saves(folder: Path) -> set[str]:
    """The generations that are newer than the live one, and what a rebuild has begun; both are swept later."""
    pointer = folder / "LIVE"
    live = number_of(pointer.read_text("utf-8")) if pointer.exists() else 0
    saves = {path.name for path in folder.glob("generation-*") if number_of(path.name) > live}
    return saves | {path.name for path in folder.glob("building-*")}


def number_of(generation: str) -> int:
    return int(generation.removeprefix("generation-"))


async def check(folder: Path, attempts: int, chance: random.Random) -> int:
    """Ask for every article by its word, and for words of articles that are gone; tell how many articles there are."""
    async with await opened(folder) as library:
        infos = await library.articles()
        assert library._index.engine.numbers() == await library._store.numbers()
        assert library._index.engine.numbers() == {info.number for info in infos}
        assert (await library.status()).passages == sum([await library.passages(info) for info in infos])

        held = {word_in(info): info for info in infos}
        for word, info in held.items():
            answer = await library.ask(f"who saw the {word}?", refuse=False)
            assert answer.best is not None
            assert answer.best.article == info
            assert word in answer.best.quote
        everything = [word_of(attempt, i) for attempt in range(1, attempts + 1) for i in range(WORDS_OF_AN_ATTEMPT)]
        assert set(held) <= set(everything)
        written_first = [word_of(attempt, i) for attempt in range(1, attempts + 1) for i in range(5)]
        gone = set(written_first + chance.sample(everything, SAMPLED)) - set(held)
        answers = [await library.ask(word) for word in sorted(gone)]
        expected = Refusal.UNKNOWN_WORDS if held else Refusal.EMPTY_LIBRARY
        assert {answer.refusal for answer in answers} == {expected}
    return len(infos)


async def opened(folder: Path) -> Library:
    return await Library.open(f"sqlite+aiosqlite:///{folder}/library.db", folder / "index")


@cache
def word_of(attempt: int, place: int) -> str:
    """A word that no other place of any attempt has, nor one like it."""
    chance = random.Random(attempt * 10_000 + place)
    return "".join(chance.choice("bdfgklmprstvz") + chance.choice("aiou") for _ in range(7)) + "k"


def word_in(info: ArticleInfo) -> str:
    return info.title.split()[-1].lower()


def draft(place: int, word: str, chance: random.Random) -> Draft:
    paragraphs = [
        f"The lighthouse of number {chance.getrandbits(32)} was lit. " * 9 for _ in range(chance.randint(0, 8))
    ]
    text = "\n\n".join([f"Somebody saw the {word} off the coast.", *(p.strip() for p in paragraphs)])
    return Draft(f"News of the {word}", text, f"https://{place}.example/", chance.choice(["en", "en", "nl"]))


def change_until_killed(folder: str, attempt: int, there: Connection) -> None:
    there.send_bytes(b"started")
    asyncio.run(change(Path(folder), attempt, there))


async def change(folder: Path, attempt: int, there: Connection) -> None:
    chance = random.Random(attempt)
    written = 0
    while True:
        async with await opened(folder) as library:
            there.send_bytes(b"opened")
            for _ in range(chance.randint(1, 3)):
                # Sixteen sources, so that many are revisions.
                places = chance.sample(range(16), chance.randint(1, 3))
                new = [draft(place, word_of(attempt, written + i), chance) for i, place in enumerate(places)]
                written += len(new)
                await library.add(new, chance.choice([SHARED_COLLECTION, "server"]))
                there.send_bytes(b"added")
                infos = await library.articles()
                if chance.random() < 0.5:
                    gone = chance.sample(infos, chance.randint(1, max(1, len(infos) // 3)))
                    await library.remove([info.id for info in gone])
            if chance.random() < 0.4:
                there.send_bytes(b"rebuilding")
                await library.rebuild()
            there.send_bytes(b"closing")
