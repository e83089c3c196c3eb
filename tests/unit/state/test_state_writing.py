"""Writing beside other connections and processes, and writes that are cut off."""

import asyncio
import multiprocessing
import multiprocessing.connection
import random
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bot.state import AnswerRecord, State
from index import Draft, Library, StoreError
from index.store import connecting
from tests.support.processes import run_at_once
from tests.unit.state.samples import ADA, BOB, ONE, PASSAGE, TODAY, address_of, answer, execute


async def test_writers_on_one_file_never_find_it_locked(path: Path) -> None:
    """Two states and a library, as in one process; the library's batches hold the lock for a while each."""
    async with (
        await Library.open(address_of(path), None) as library,
        await State.open(address_of(path)) as one,
        await State.open(address_of(path)) as other,
    ):
        drafts = [Draft(f"Tea {number}", f"Tea number {number}. " * 50, "") for number in range(10)]
        await library.add([drafts.pop()])  # the first one loads what is known of languages
        writing = [
            *(one.record(answer(f"a{number}")) for number in range(40)),
            *(other.record(answer(f"b{number}")) for number in range(40)),
            *(state.count_question(ONE, ADA, TODAY) for state in (one, other) for _ in range(30)),
            *(library.add([each]) for each in drafts),
        ]
        await asyncio.gather(*writing)

        assert (await one.figures(ONE)).questions == 80
        assert await other.count_question(ONE, ADA, TODAY) == (61, 61)
        assert (await library.status()).articles == 10


async def test_processes_open_and_write_a_new_file_at_once(path: Path) -> None:
    assert await run_at_once(write_alone, str(path), "abc", "bot.state") == [0] * 3

    async with await State.open(address_of(path)) as state:
        assert (await state.figures(ONE)).questions == 90
        assert await state.count_question(ONE, ADA, TODAY) == (91, 91)


async def write_alone(path: str, name: str) -> None:
    async with await State.open(address_of(Path(path))) as state:
        for number in range(30):
            await state.record(answer(f"{name}{number}"))
            await state.count_question(ONE, ADA, TODAY)


async def test_a_write_waits_for_a_lock_that_is_held_beyond_the_busy_timeout(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "_BUSY_TIMEOUT_MS", 300)
    async with await State.open(address_of(path)) as state:
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.create_task(state.record(answer()))
            await asyncio.sleep(0.5)
            other.rollback()
            await writing

        assert await state.answer("a") == answer()


async def test_others_go_on_and_read_while_a_write_waits(path: Path, state: State) -> None:
    await state.record(answer())
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(state.delete_answer("a"))
        for _ in range(20):
            await asyncio.sleep(0.005)
            assert await state.answer("a") == answer()

        assert not writing.done()
        other.rollback()
        assert await writing


async def test_a_lock_that_is_never_released_is_a_store_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_BUSY_TIMEOUT_MS", 20)
    async with await State.open(address_of(path)) as state:
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked by another program"):
                await state.record(answer())
            assert await state.answer("a") is None

        await state.record(answer())


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13])
async def test_a_cancelled_write_is_whole_or_absent_and_the_state_goes_on(path: Path, state: State, steps: int) -> None:
    await state.record(answer(message_id=301))
    await state.rate("a", BOB, True)
    newer = answer(question="Pots?", message_id=302)

    task = asyncio.create_task(state.record(newer))
    for _ in range(steps):
        await asyncio.sleep(0.0002)
    task.cancel()
    await asyncio.wait([task])

    assert (await state.answer("a"), await state.ratings(ONE)) in (
        (answer(message_id=301), (1, 0)),
        (newer, (0, 0)),
    )
    await state.record(answer("b"))
    assert await state.answer("b") == answer("b")


async def test_a_cancelled_reader_does_not_harm_the_next(state: State) -> None:
    await state.record(answer())
    task = asyncio.create_task(state.answer("a"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert await state.answer("a") == answer()


async def test_closing_waits_for_what_is_being_written(path: Path) -> None:
    state = await State.open(address_of(path))
    task = asyncio.create_task(state.record(answer()))
    await asyncio.sleep(0.0005)
    await state.close()
    await asyncio.wait([task])

    async with await State.open(address_of(path)) as again:
        assert (await again.answer("a") == answer()) is (task.exception() is None)


@pytest.mark.slow
def test_a_killed_writer_leaves_rows_whole_or_absent(path: Path) -> None:
    chance = random.Random(4)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bot.state", "pytest"])
    for _ in range(20):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=write_for_ever, args=(str(path), sender))
        process.start()
        sender.close()
        assert receiver.poll(60)
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        process.join(60)
        process.close()
        told = received(receiver)

        kept, newest, counted = asyncio.run(read_what_was_killed(path))
        # What was told is there, and the write that was on its way is there or is not.
        assert kept is not None
        assert told <= int(kept.question) <= told + 1
        assert newest in (None, replace(kept, id=f"a{kept.question}"))
        assert told <= counted <= told + 1


def received(receiver: "multiprocessing.connection.Connection") -> int:
    """The last number that a killed process has sent."""
    last = 0
    with closing(receiver), suppress(EOFError):
        while True:
            last = receiver.recv()
    return last


async def read_what_was_killed(path: Path) -> tuple[AnswerRecord | None, AnswerRecord | None, int]:
    async with await State.open(address_of(path)) as state:
        kept = await state.answer("kept")
        newest = await state.answer(f"a{kept.question}") if kept is not None else None
        ((counted,),) = execute(path, "SELECT questions FROM discord_usage")
        return kept, newest, counted


def write_for_ever(path: str, sender: "multiprocessing.connection.Connection") -> None:
    """Replace one row, add another and count, by turns, and tell the number of each turn that is done."""

    async def write() -> None:
        async with await State.open(address_of(Path(path))) as state:
            kept = await state.answer("kept")
            number, _ = await state.count_question(ONE, ADA, TODAY)
            if kept is not None and int(kept.question) == number - 1:
                await state.uncount_question(ONE, ADA, TODAY)
                number -= 1
            while True:
                full = answer("kept", question=str(number), passages=(PASSAGE,) * 20)
                await state.record(full)
                await state.record(replace(full, id=f"a{number}"))
                sender.send(number)
                number, _ = await state.count_question(ONE, ADA, TODAY)

    asyncio.run(write())
