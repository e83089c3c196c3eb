"""`footnote doctor` finds what is wrong, and says what to do."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.state import ServerSettings, State
from tests.support.discord import Discord, Permission
from tests.support.discord.gateway import Intent
from tests.support.discord.process import BotProcess
from tests.support.ports import free_port
from tests.wire.conftest import Place, place_in

OK, WARNING, FAILURE = "ok", "warning", "failure"


@dataclass(frozen=True)
class Visit:
    """What the doctor found: exit code, findings by topic, and all that was written."""

    code: int
    levels: Mapping[str, str]
    texts: Mapping[str, str]
    written: str


async def visit(discord: Discord, folder: Path, env: Mapping[str, str] | None = None) -> Visit:
    """Let the doctor come, into a process of its own."""
    environment = BotProcess(discord, folder, env).environment
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor", "--json"),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert errors == b""
    assert process.returncode is not None
    found = json.loads(out)
    levels: dict[str, str] = {}
    texts: dict[str, str] = {}
    for one in found:
        # The worst and all of what is found under one topic.
        levels[one["topic"]] = max(levels.get(one["topic"], OK), one["level"], key=(OK, WARNING, FAILURE).index)
        texts[one["topic"]] = f"{texts.get(one['topic'], '')} {one['text']} {one['advice'] or ''}"
        assert one["level"] == OK or one["advice"]
    return Visit(process.returncode, levels, texts, out.decode())


async def test_a_bot_that_is_well(place: Place, folder: Path) -> None:
    port = {"HEALTH_PORT": str(free_port())}
    async with BotProcess(place.discord, folder, port) as bot:
        await bot.ready()
        await bot.says("connected as")
        # The commands are told, and then it is noted that they are.
        await bot.says("told Discord of")
        found = await visit(place.discord, folder, port)
        code = await bot.stop()

    assert {topic: found.texts[topic] for topic, level in found.levels.items() if level != OK} == {}
    assert set(found.levels) == {
        *("settings", "process", "store", "migrations", "disk", "writing", "index", "answer", "token", "gateway"),
        *("sessions", "intents", "commands", "server “Docs”", "clock"),
    }
    assert found.code == 0
    assert "10 articles" in found.texts["index"]
    assert place.discord.token not in found.written
    # Nobody else identified, and nothing was told to Discord anew.
    assert (len(place.discord.gateway.identifies), place.discord.commands.puts) == (1, 1)
    assert code == 0


async def test_without_a_bot_that_runs_the_commands_are_not_known(place: Place, folder: Path) -> None:
    found = await visit(place.discord, folder)

    assert found.code == 0
    assert {topic for topic, level in found.levels.items() if level != OK} == {"commands"}
    assert "no bot" in found.texts["process"] or "HEALTH_PORT is 0" in found.texts["process"]


async def test_without_a_token_this_machine_is_looked_at(place: Place, folder: Path) -> None:
    found = await visit(place.discord, folder, {"DISCORD_TOKEN": ""})

    assert (found.code, found.levels["token"]) == (0, WARNING)
    assert "gateway" not in found.levels
    assert found.levels["index"] == OK
    assert place.discord.requests == []


async def test_a_refused_token(place: Place, folder: Path) -> None:
    found = await visit(place.discord, folder, {"DISCORD_TOKEN": "wr0ng"})

    assert (found.code, found.levels["token"]) == (1, FAILURE)
    assert "wr0ng" not in found.written


async def test_a_discord_that_cannot_be_reached(folder: Path) -> None:
    discord = Discord()
    place_in(discord)

    found = await visit(discord, folder)

    assert (found.code, found.levels["discord"]) == (1, FAILURE)
    assert "firewall" in found.texts["discord"]


async def test_missing_permissions_and_intents_of_a_server(place: Place, folder: Path) -> None:
    bot = place.discord.world.bot
    mute, hidden = place.discord.channel(place.docs, "mute"), place.discord.channel(place.docs, "hidden")
    chosen = place.discord.channel(place.docs, "chosen")
    place.discord.deny(mute, bot, Permission.SEND_MESSAGES, Permission.READ_MESSAGE_HISTORY)
    place.discord.deny(hidden, bot, Permission.VIEW_CHANNEL)
    place.discord.deny(chosen, bot, Permission.VIEW_CHANNEL)
    async with await State.open(f"sqlite+aiosqlite:///{folder}/footnote.db") as state:
        await state.save_server(ServerSettings(place.docs.id, answered_channels=frozenset({chosen.id})))

    found = await visit(place.discord, folder)

    told = found.texts["server “Docs”"]
    assert (found.code, found.levels["server “Docs”"]) == (0, WARNING)
    assert "Send Messages (to answer messages) in #mute" in told
    assert "Read Message History" in told
    assert "View Channel (to see the messages that ask) in #chosen" in told
    assert "#hidden" not in told
    assert "MESSAGE_CONTENT" in told


async def test_an_intent_that_is_needed_and_switched_off(place: Place, folder: Path) -> None:
    off = await visit(place.discord, folder, {"MESSAGE_CONTENT": "true"})
    place.discord.gateway.allowed_intents = Intent.MESSAGE_CONTENT
    on = await visit(place.discord, folder, {"MESSAGE_CONTENT": "true"})

    assert (off.code, off.levels["intents"]) == (1, FAILURE)
    assert (on.code, on.levels["intents"]) == (0, OK)


async def test_a_clock_that_is_wrong_and_starts_that_are_used_up(place: Place, folder: Path) -> None:
    place.discord.listener.ahead_s = 90
    place.discord.rest.session_starts = 0

    found = await visit(place.discord, folder)

    assert (found.levels["clock"], found.levels["sessions"]) == (FAILURE, FAILURE)
    assert "behind" in found.texts["clock"]


async def test_a_store_that_is_not_there_and_stays_so(place: Place, tmp_path: Path) -> None:
    found = await visit(place.discord, tmp_path)

    assert (found.code, found.levels["store"]) == (0, WARNING)
    assert list(tmp_path.iterdir()) == []


async def test_a_damaged_store(place: Place, folder: Path) -> None:
    file = folder / "footnote.db"
    content = bytearray(file.read_bytes())
    content[8_192:20_000] = b"\xa5" * (20_000 - 8_192)
    file.write_bytes(content)

    found = await visit(place.discord, folder)

    assert (found.code, found.levels["store"]) == (1, FAILURE)


@pytest.mark.parametrize(("revision", "level"), [("9999", FAILURE), ("0001", WARNING)])
async def test_tables_of_another_version_are_told_and_left_alone(
    place: Place, folder: Path, revision: str, level: str
) -> None:
    with closing(sqlite3.connect(folder / "footnote.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))

    found = await visit(place.discord, folder, {"DISCORD_TOKEN": ""})

    with closing(sqlite3.connect(folder / "footnote.db")) as connection, connection:
        kept = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    assert found.levels["migrations"] == level
    assert kept == revision


async def test_an_empty_library_is_told(place: Place, tmp_path: Path) -> None:
    async with BotProcess(place.discord, tmp_path) as bot:
        await bot.ready()
        await bot.says("told Discord of")
        found = await visit(place.discord, tmp_path)

    assert (found.code, found.levels["answer"]) == (0, WARNING)
    assert "how many soldiers were killed?" in found.texts["answer"]


async def test_something_else_at_the_port_is_told(place: Place, folder: Path) -> None:
    port = place.discord.api_base.split(":")[2].split("/")[0]

    found = await visit(place.discord, folder, {"HEALTH_PORT": port})

    assert found.levels["process"] == WARNING


async def test_it_is_told_in_lines_for_people(place: Place, folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "doctor"),
        cwd=folder,
        env=BotProcess(place.discord, folder, {"DATABASE_URL": "postgresql://me:s3cret@127.0.0.1:1/x"}).environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)

    lines = out.decode().splitlines()
    assert process.returncode == 1
    assert "s3cret" not in out.decode() + errors.decode()
    assert any(line.startswith("failure  store: ") for line in lines)
    assert any(line.startswith("ok       gateway: ") for line in lines)
    assert lines[-1].endswith("1 failure")
