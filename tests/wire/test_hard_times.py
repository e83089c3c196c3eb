"""The bot's process on full and read-only disks, beside a program that holds the lock, and with a damaged index."""

import shutil
from pathlib import Path

from tests.support.databases import answers_kept, live_files, locked, scribble
from tests.support.discord.process import BotProcess
from tests.support.disks import fill, read_only, small_disk
from tests.wire.conftest import QUESTION, QUOTE, WITHOUT_LIMITS, Place


async def test_on_a_full_disk_it_answers_and_keeps_the_answers_when_there_is_room(place: Place, folder: Path) -> None:
    with small_disk(folder / "disk", 32) as disk:
        for path in folder.glob("footnote.db*"):
            shutil.move(path, disk)
        async with BotProcess(place.discord, disk, WITHOUT_LIMITS) as bot:
            await bot.ready()
            await place.alice.slash(place.general, "ask", question=QUESTION)
            filler = fill(disk)
            full = [await place.alice.slash(place.general, "ask", question=QUESTION) for _ in range(15)]
            mentioned = await place.alice.ask(place.general, QUESTION)
            said = await bot.says("could not be kept")
            filler.unlink()
            after = await place.alice.slash(place.general, "ask", question=QUESTION)
            code = await bot.stop()
        kept = answers_kept(disk / "footnote.db")

    assert all(QUOTE in text for text in [*(one.text for one in (*full, after)), mentioned.text])
    assert "the disk is full; make room" in said
    assert code == 0
    assert kept == 18
    assert "Traceback" not in bot.log


async def test_from_a_read_only_disk_it_answers(place: Place, folder: Path) -> None:
    async with BotProcess(place.discord, folder, WITHOUT_LIMITS) as bot:
        await bot.ready()
        await place.alice.slash(place.general, "ask", question=QUESTION)
        await bot.stop()
    with read_only(folder):
        async with BotProcess(place.discord, folder, WITHOUT_LIMITS) as bot:
            await bot.ready()
            asked = [await place.alice.slash(place.general, "ask", question=QUESTION) for _ in range(3)]
            code = await bot.stop()

    assert all(QUOTE in one.text for one in asked)
    assert code == 0
    assert "read-only" in bot.log


async def test_while_another_program_holds_the_lock_it_answers(place: Place, folder: Path) -> None:
    async with BotProcess(place.discord, folder, WITHOUT_LIMITS) as bot:
        await bot.ready()
        await place.alice.slash(place.general, "ask", question=QUESTION)
        with locked(folder / "footnote.db"):
            asked = [await place.alice.slash(place.general, "ask", question=QUESTION) for _ in range(4)]
        asked.append(await place.alice.slash(place.general, "ask", question=QUESTION))
        await bot.stop()

    assert all(QUOTE in one.text for one in asked)
    assert answers_kept(folder / "footnote.db") == 6


async def test_a_damaged_index_is_built_anew_while_it_runs(place: Place, folder: Path) -> None:
    async with BotProcess(place.discord, folder, WITHOUT_LIMITS) as bot:
        await bot.ready()
        for path in live_files(folder / "footnote.db.index"):
            scribble(path)
        asked = [await place.alice.slash(place.general, "ask", question=QUESTION, wait=False) for _ in range(3)]
        # They wait until a process has been started and has built it.
        await place.discord.until(
            lambda: all(one.message is not None and QUOTE in one.text for one in asked), "answers", 60
        )
        code = await bot.stop()

    assert "built anew" in bot.log
    assert code == 0
