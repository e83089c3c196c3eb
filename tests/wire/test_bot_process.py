"""The bot's process starts, stops and comes back as an operator would want it to."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from discord import utils

from bot.client import FootnoteBot
from bot.responses import use_quick_responses
from bot.settings import Settings
from bot.state import State, WaitingInteraction
from index import Gatherer, GatheringRules, Library
from tests.support.discord import CloseCode, Discord, Fault, Interaction, Response
from tests.support.discord.process import BotProcess
from tests.wire.conftest import QUESTION, QUOTE, WITHOUT_LIMITS, Place, place_in
from tests.wire.sample import running


async def test_it_waits_for_a_discord_that_cannot_be_reached_and_says_so(folder: Path) -> None:
    discord = Discord()
    place = place_in(discord)
    async with BotProcess(discord, folder) as bot:
        said = await bot.says("cannot be reached")
        async with discord:
            discord.faults += [Fault("GET", "/users/@me", 503), Fault("*", "/applications/*", 429)]
            discord.faults += [Fault("GET", path, 429) for path in ("/users/@me", "/oauth2/*", "/gateway/bot")]
            await bot.ready()
            asked = await place.alice.slash(place.general, "ask", question=QUESTION)

    assert "trying again in" in said
    assert QUOTE in asked.text
    assert all(fault.happened for fault in discord.faults)


async def test_it_stops_while_discord_cannot_be_reached(tmp_path: Path) -> None:
    async with BotProcess(Discord(), tmp_path) as bot:
        await bot.says("cannot be reached")
        code = await bot.stop(3)

    assert code == 0


async def test_a_refused_token_ends_it_with_one_sentence(place: Place, tmp_path: Path) -> None:
    async with BotProcess(place.discord, tmp_path, {"DISCORD_TOKEN": "wrong", "LOG_LEVEL": "WARNING"}) as bot:
        code = await bot.ended()

    assert code == 2
    assert [line for line in bot.lines if "DISCORD_TOKEN" in line] == bot.lines[-1:]
    assert "Traceback" not in bot.log
    assert "wrong" not in bot.log


async def test_a_missing_intent_ends_it_with_one_sentence(place: Place, tmp_path: Path) -> None:
    async with BotProcess(place.discord, tmp_path, {"MESSAGE_CONTENT": "true", "LOG_LEVEL": "ERROR"}) as bot:
        code = await bot.ended()

    assert code == 2
    assert "Message Content Intent" in bot.lines[-1]
    assert len(bot.lines) == 1


async def test_a_token_is_all_that_has_to_be_set(place: Place, tmp_path: Path) -> None:
    bot = BotProcess(place.discord, tmp_path)
    # Where Discord is has to be said too, because this is not the real one.
    needed = {"DISCORD_TOKEN", "DISCORD_API_BASE", "DISCORD_GATEWAY_URL"}
    for name in Settings.model_fields:
        if name.upper() not in needed:
            bot.environment.pop(name.upper(), None)
    async with bot:
        await bot.ready()
        asked = await place.alice.slash(place.general, "ask", question=QUESTION)
        code = await bot.stop()

    assert "/articles add" in asked.text
    assert code == 0
    assert {one.name.split(".")[0] for one in tmp_path.iterdir()} == {"footnote"}


async def test_commands_are_synchronised_when_they_changed_or_when_it_is_forced(place: Place, folder: Path) -> None:
    counts = []
    for arguments, expected in (((), 1), ((), 1), (("--sync",), 2)):
        async with BotProcess(place.discord, folder, {}, *arguments) as bot:
            await bot.ready()
            # All words are read before Discord is told, and a question may be answered meanwhile.
            synchronised = partial(lambda least: place.discord.commands.puts >= least, expected)
            await place.discord.until(synchronised, "synchronised commands")
            # By the time that a question is answered it has long been decided.
            await place.alice.slash(place.general, "ask", question=QUESTION)
            counts.append(place.discord.commands.puts)
            await bot.stop()

    assert counts == [1, 1, 2]


async def test_a_new_token_while_it_runs_ends_it_with_one_sentence(place: Place, tmp_path: Path) -> None:
    async with BotProcess(place.discord, tmp_path) as bot:
        await bot.ready()
        await place.discord.gateway.close(CloseCode.AUTHENTICATION_FAILED)
        code = await bot.ended()

    assert code == 2
    assert "DISCORD_TOKEN" in bot.lines[-1]


@pytest.mark.alone
async def test_answers_in_flight_are_finished_when_it_is_told_to_stop(place: Place, folder: Path) -> None:
    async with BotProcess(place.discord, folder) as bot:
        await bot.ready()
        await place.alice.slash(place.general, "ask", question=QUESTION)
        place.discord.faults.append(Fault("POST", "/interactions/*", delay_s=1.0, times=2))
        place.discord.faults.append(Fault("POST", "/channels/*/messages", delay_s=1.0))
        asked = [await place.alice.slash(place.general, "ask", question=QUESTION, wait=False) for _ in range(2)]
        mention = await place.alice.ask(place.general, QUESTION, wait=False)
        await place.discord.until(lambda: sum(fault.happened for fault in place.discord.faults) == 3, "all in flight")
        began = time.monotonic()
        code = await bot.stop()

    assert code == 0
    assert time.monotonic() - began < 10
    assert all(QUOTE in one.text for one in asked)
    assert QUOTE in (await place.discord.reply_to(mention)).text


async def test_after_it_was_killed_old_buttons_work_and_who_waited_is_told(place: Place, folder: Path) -> None:
    async with BotProcess(place.discord, folder) as bot:
        await bot.ready()
        answer = await place.alice.slash(place.general, "ask", question=QUESTION)
        for _ in range(10):
            await place.alice.slash(place.general, "ask", question=QUESTION, wait=False)
        bot.kill()
        await bot.ended()
        waiting = await _thinking(place)
        async with await State.open(f"sqlite+aiosqlite:///{folder}/footnote.db") as state:
            application = place.discord.world.application_id
            await state.keep_waiting(WaitingInteraction(waiting.id, application, waiting.token, utils.utcnow(), "de"))
        await bot.start()
        await bot.ready()
        why = await place.alice.click(answer, "Why this?")
        await place.discord.until(lambda: waiting.is_settled, "a word to who waited")

    assert why.is_private
    assert "Frag bitte noch einmal" in waiting.text
    assert not waiting.shown.is_thinking


async def test_two_shards_serve_their_servers(place: Place, folder: Path) -> None:
    servers = [place.discord.guild(f"s{shard}", shard=(shard, 2)) for shard in (0, 1)]
    places = [(place.discord.person("carol", one), place.discord.channel(one)) for one in servers]
    place.discord.rest.recommended_shards = 2
    async with BotProcess(place.discord, folder) as bot:
        await bot.ready(shards=2)
        answers = [await who.ask(channel, QUESTION) for who, channel in places]
        asked = [await who.slash(channel, "ask", question=QUESTION) for who, channel in places]
        code = await bot.stop()

    assert all(QUOTE in answer.text for answer in answers)
    assert all(QUOTE in one.text for one in asked)
    assert code == 0


async def test_a_bot_without_zstandard_reads_zlib(place: Place, folder: Path) -> None:
    stubs = folder / "stubs"
    stubs.mkdir()
    (stubs / "zstandard.py").write_text("raise ImportError")
    bot = BotProcess(place.discord, folder)
    bot.environment["PYTHONPATH"] += f":{stubs}"
    async with bot:
        await bot.ready()
        asked = await place.alice.slash(place.general, "ask", question=QUESTION)

    assert place.discord.gateway.compressions == ["zlib-stream"]
    assert QUOTE in asked.text


async def test_a_connection_that_died_without_a_word_is_resumed(place: Place, folder: Path) -> None:
    place.discord.gateway.heartbeat_interval_ms = 300
    async with _in_this_process(folder) as bot:
        # discord.py looks for a dead connection after a minute.
        bot._connection.heartbeat_timeout = 0.5
        async with running(bot, place.discord):
            place.discord.gateway.freeze()
            asked = await place.alice.ask(place.general, QUESTION, wait=False)
            answer = await place.discord.reply_to(asked, timeout_s=8)

    assert QUOTE in answer.text
    assert len(place.discord.gateway.resumes) == 1
    assert place.discord.bot_messages(place.general) == [answer]


async def test_a_session_that_is_lost_is_begun_anew(
    place: Place, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # discord.py pauses for 5 s here.
    monkeypatch.setattr(FootnoteBot, "before_identify_hook", _no_pause)
    async with _in_this_process(folder) as bot, running(bot, place.discord):
        place.discord.gateway.forget()
        place.discord.gateway.drop()
        await place.discord.until(lambda: len(place.discord.gateway.identifies) == 2, "a new IDENTIFY")
        answer = await place.alice.ask(place.general, QUESTION)
        place.discord.gateway.invalidate(is_resumable=False)
        await place.discord.until(lambda: len(place.discord.gateway.identifies) == 3, "another IDENTIFY")
        again = await place.alice.ask(place.general, QUESTION)

    assert QUOTE in answer.text
    assert QUOTE in again.text


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PATCH", "/webhooks/*", 429),
        Fault("PATCH", "/webhooks/*", 503),
        Fault("PATCH", "/webhooks/*", is_reset=True),
        Fault("PATCH", "/webhooks/*", is_reset=True, is_after=True),
        Fault("POST", "/interactions/*", is_reset=True),
        Fault("POST", "/interactions/*", is_reset=True, is_after=True),
    ],
    ids=["429", "503", "reset", "lost", "thinking reset", "thinking lost"],
)
async def test_an_answer_that_takes_long_takes_the_place_of_thinking_in_every_weather(
    place: Place, folder: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr("bot.client.AT_ONCE_S", 0)
    place.discord.faults.append(fault)
    async with _in_this_process(folder) as bot, running(bot, place.discord):
        await place.discord.until(lambda: place.discord.commands.puts > 0, "synchronised commands")
        asked = await place.alice.slash(place.general, "ask", question=QUESTION)

    assert asked.first is Response.THINKING
    assert QUOTE in asked.text
    assert fault.happened == 1


@asynccontextmanager
async def _in_this_process(folder: Path) -> AsyncIterator[FootnoteBot]:
    use_quick_responses()
    address = f"sqlite+aiosqlite:///{folder}/footnote.db"
    async with (
        await Library.open(address, folder / "footnote.db.index") as library,
        await State.open(address) as state,
        await Gatherer.open(library, GatheringRules()) as gatherer,
    ):
        yield FootnoteBot(library, state, Settings(database_url=address), gatherer, ready_timeout_s=0.1)


async def _no_pause(_bot: FootnoteBot, _shard_id: int | None, *, initial: bool = False) -> None:
    pass


async def _thinking(place: Place) -> Interaction:
    """An interaction whose bot said that it thinks, and then ended."""
    asked = await place.alice.slash(place.general, "ask", question=QUESTION, wait=False)
    asked.sent_at = time.perf_counter()
    url = f"{place.discord.api_base}/interactions/{asked.id}/{asked.token}/callback"
    async with aiohttp.ClientSession() as session, session.post(url, json={"type": int(Response.THINKING)}) as response:
        assert response.status == 204
    await asyncio.sleep(0)
    return asked


async def test_it_answers_from_what_a_command_has_added_beside_it(folder: Path) -> None:
    note = folder / "kettle.md"
    note.write_text("# The kettle\n\nThe harbour master's kettle holds seventeen litres of tea.\n", "utf-8")
    async with Discord() as discord:
        place = place_in(discord)
        async with BotProcess(discord, folder, WITHOUT_LIMITS) as bot:
            await bot.ready()
            adding = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "add", str(note), "--store", bot.environment["DATABASE_URL"]),
                stdout=asyncio.subprocess.DEVNULL,
            )
            code = await adding.wait()
            said = await bot.says("another process has changed the articles")
            asked = await place.alice.slash(place.general, "ask", question="How much tea does the kettle hold?")

    assert code == 0
    assert "1 added, 0 removed" in said
    assert "seventeen litres" in asked.text
