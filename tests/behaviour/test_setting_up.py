"""`footnote init`: a real process on a real terminal, asking a Discord on the loopback."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.discord import Discord, Fault, Intent
from tests.support.terminal import at_terminal

ROOT = Path(__file__).parents[2]
BITS = 1 << 10 | 1 << 11 | 1 << 16 | 1 << 38
"""View Channel, Send Messages, Read Message History, Send Messages in Threads."""


def surroundings(discord: Discord, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "SYSTEMROOT"}}
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm", "DISCORD_API_BASE": discord.api_base, **more}


async def by_itself(folder: Path, environment: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    """`footnote init` without a terminal: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "init", *arguments,
        cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_person_is_asked_and_gets_a_file_and_a_link(tmp_path: Path) -> None:
    async with Discord() as discord, at_terminal(tmp_path, surroundings(discord), "init") as person:
        await person.types("The bot's token (it is not shown", discord.token)
        await person.types("Where shall the articles be", "")
        await person.types("without a mention?", "n")
        await person.types("for the websites that are fetched", "")
        code = await person.ended()

    written = (tmp_path / ".env").read_text("utf-8")
    assert code == 0
    assert f"This is the bot {discord.world.bot.name}; its Message Content Intent is " in person.shown
    assert written == (
        f"DISCORD_TOKEN={discord.token}\nDATABASE_URL=sqlite+aiosqlite:///footnote.db\nMESSAGE_CONTENT=false\n"
    )
    assert mode(tmp_path / ".env") == 0o600
    assert f"client_id={discord.world.application_id}" in person.shown.replace("\r\n", "")
    assert f"permissions={BITS}" in person.shown.replace("\r\n", "")


async def test_what_is_typed_as_token_is_never_shown(tmp_path: Path) -> None:
    async with Discord() as discord, at_terminal(tmp_path, surroundings(discord), "init") as person:
        await person.types("The bot's token", "MTE.not-the-right.token")
        await person.sees("Discord refuses the token")
        await person.types("The bot's token", discord.token)
        await person.sees("Where shall the articles be")
        code = await person.gives_up()

    assert code == 130
    assert "not-the-right" not in person.shown
    assert discord.token not in person.shown
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "question",
    ["The bot's token", "Where shall the articles be", "without a mention?", "for the websites that are fetched"],
)
async def test_ctrl_c_at_any_question_leaves_nothing_behind(tmp_path: Path, question: str) -> None:
    answers = {"The bot's token": "", "Where shall the articles be": "", "without a mention?": "n"}
    async with Discord() as discord:
        environment = surroundings(discord, DISCORD_TOKEN=discord.token)
        async with at_terminal(tmp_path, environment, "init") as person:
            for one, answer in answers.items():
                if one == question:
                    break
                await person.types(one, answer)
            await person.sees(question)
            code = await person.gives_up()

    assert code == 130
    assert "Traceback" not in person.shown
    assert list(tmp_path.iterdir()) == []


async def test_the_address_for_websites_is_asked_for_until_it_can_be_told(tmp_path: Path) -> None:
    async with Discord() as discord, at_terminal(tmp_path, surroundings(discord), "init") as person:
        await person.types("The bot's token", discord.token)
        await person.types("Where shall the articles be", "")
        await person.types("without a mention?", "n")
        for unusable in ("me (at) example.org", "mé@example.org", "x" * 201):
            await person.types("for the websites that are fetched", unusable)
            await person.sees("no brackets")
        await person.types("for the websites that are fetched", " me@example.org ")
        code = await person.ended()

    assert code == 0
    assert (tmp_path / ".env").read_text("utf-8").endswith("MESSAGE_CONTENT=false\nFETCH_CONTACT=me@example.org\n")


async def test_an_address_for_websites_that_is_set_is_kept_by_enter(tmp_path: Path) -> None:
    environment = {"FETCH_CONTACT": "https://operator.example"}
    async with Discord() as discord, at_terminal(tmp_path, surroundings(discord, **environment), "init") as person:
        await person.types("The bot's token", discord.token)
        await person.types("Where shall the articles be", "")
        await person.types("without a mention?", "n")
        await person.types("(https://operator.example)", "")
        code = await person.ended()

    assert code == 0
    assert "\nFETCH_CONTACT=https://operator.example\n" in (tmp_path / ".env").read_text("utf-8")


async def test_an_intent_that_is_off_is_looked_at_again(tmp_path: Path) -> None:
    async with Discord() as discord:
        discord.gateway.allowed_intents &= ~Intent.MESSAGE_CONTENT
        async with at_terminal(tmp_path, surroundings(discord), "init") as person:
            await person.types("The bot's token", discord.token)
            await person.types("Where shall the articles be", "library/news.db")
            await person.types("without a mention?", "y")
            await person.sees("Is it on now?")
            discord.gateway.allowed_intents |= Intent.MESSAGE_CONTENT
            await person.types("Is it on now?", "y")
            await person.types("for the websites that are fetched", "")
            code = await person.ended()

    assert code == 0
    assert "MESSAGE_CONTENT=true" in (tmp_path / ".env").read_text("utf-8")
    assert "DATABASE_URL=sqlite+aiosqlite:///library/news.db" in (tmp_path / ".env").read_text("utf-8")


async def test_an_old_file_keeps_its_other_lines_and_is_changed_only_after_a_yes(tmp_path: Path) -> None:
    old = "# mine\nLOG_LEVEL=DEBUG\n\nexport DISCORD_TOKEN='old'\nOTHER=\"two\nlines\"\n"
    (tmp_path / ".env").write_text(old, "utf-8")
    (tmp_path / ".env").chmod(0o644)
    async with Discord() as discord:
        for answer in ("n", "y"):
            async with at_terminal(tmp_path, surroundings(discord, LOG_LEVEL="INFO"), "init") as person:
                await person.types("Enter keeps the one that is set", discord.token)
                await person.types("Where shall the articles be", "")
                await person.types("without a mention?", "")
                await person.types("for the websites that are fetched", "")
                await person.types("Change DISCORD_TOKEN in it?", answer)
                code = await person.ended()
            if answer == "n":
                assert code == 2
                assert (tmp_path / ".env").read_text("utf-8") == old

    assert code == 0
    assert (tmp_path / ".env").read_text("utf-8") == (
        f'# mine\nLOG_LEVEL=DEBUG\n\nDISCORD_TOKEN={discord.token}\nOTHER="two\nlines"\n'
        "DATABASE_URL=sqlite+aiosqlite:///footnote.db\nMESSAGE_CONTENT=false\n"
    )
    assert mode(tmp_path / ".env") == 0o600


async def test_without_a_person_the_environment_and_the_options_answer(tmp_path: Path) -> None:
    async with Discord() as discord:
        environment = surroundings(discord, DISCORD_TOKEN=discord.token, FETCH_CONTACT="me@example.org")
        code, out, err = await by_itself(tmp_path, environment, "--yes", "--database", "articles.db")

    assert (code, err) == (0, "")
    written = (tmp_path / ".env").read_text("utf-8")
    assert "DATABASE_URL=sqlite+aiosqlite:///articles.db\n" in written
    assert "FETCH_CONTACT=me@example.org\n" in written
    assert f"permissions={BITS}" in out
    assert "Administrator" not in out
    assert discord.token not in out


async def test_without_a_person_a_file_that_says_something_else_needs_force(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite+aiosqlite:///mine.db\n", "utf-8")
    async with Discord() as discord:
        environment = surroundings(discord, DISCORD_TOKEN=discord.token)
        refused = await by_itself(tmp_path, environment, "--yes", "--database", "other.db")
        kept = (tmp_path / ".env").read_text("utf-8")
        forced = await by_itself(tmp_path, environment, "--yes", "--database", "other.db", "--force")

    assert refused[0] == 2
    assert "--force" in refused[2]
    assert kept == "DATABASE_URL=sqlite+aiosqlite:///mine.db\n"
    assert forced[0] == 0
    assert "other.db" in (tmp_path / ".env").read_text("utf-8")


async def test_without_a_terminal_it_says_how_to_answer(tmp_path: Path) -> None:
    async with Discord() as discord:
        code, _, err = await by_itself(tmp_path, surroundings(discord))

    assert code == 2
    assert err == "footnote: there is nobody to ask; footnote init --yes takes the answers from the environment\n"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("GET", "/users/@me", 503), "it is in trouble (status 503); try again later"),
        (Fault("GET", "/users/@me", 429), "it was asked too often"),
        (Fault("GET", "/applications/@me", 404), "is DISCORD_API_BASE right?"),
        (Fault("GET", "/users/@me", is_reset=True, times=None), "no connection"),
    ],
    ids=["503", "429", "404", "reset"],
)
async def test_a_discord_in_trouble_is_told_and_nothing_is_written(tmp_path: Path, fault: Fault, told: str) -> None:
    async with Discord() as discord:
        discord.faults.append(fault)
        code, out, err = await by_itself(tmp_path, surroundings(discord, DISCORD_TOKEN=discord.token), "--yes")

    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


async def test_a_missing_network_a_refused_token_and_a_missing_intent_are_told(tmp_path: Path) -> None:
    discord = Discord()
    unreachable = await by_itself(tmp_path, surroundings(discord, DISCORD_TOKEN=discord.token), "--yes")
    async with discord:
        wrong = "MTE0.other.token-of-nobody"
        refused = await by_itself(tmp_path, surroundings(discord, DISCORD_TOKEN=wrong), "--yes")
        none = await by_itself(tmp_path, surroundings(discord), "--yes")
        discord.gateway.allowed_intents &= ~Intent.MESSAGE_CONTENT
        wanted = surroundings(discord, DISCORD_TOKEN=discord.token, MESSAGE_CONTENT="true")
        missing = await by_itself(tmp_path, wanted, "--yes")

    assert [one[0] for one in (unreachable, refused, none, missing)] == [2, 2, 2, 2]
    assert "no connection" in unreachable[2]
    assert "Discord refuses the token" in refused[2]
    assert wrong not in refused[2]
    assert "DISCORD_TOKEN is not set" in none[2]
    assert "--no-message-content" in missing[2]
    assert list(tmp_path.iterdir()) == []


async def test_a_process_that_is_killed_while_it_asks_discord_leaves_nothing_behind(tmp_path: Path) -> None:
    async with Discord() as discord:
        asking = Fault("GET", "/users/@me", delay_s=30)
        discord.faults.append(asking)
        async with at_terminal(tmp_path, surroundings(discord), "init") as person:
            await person.types("The bot's token", discord.token)
            await discord.until(lambda: asking.happened > 0, "a question to Discord")
            code = await person.gives_up()
        discord.faults.clear()

    assert code in {130, -signal.SIGINT}
    assert list(tmp_path.iterdir()) == []
