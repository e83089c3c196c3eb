"""Secrets do not reach what is written: not by way of settings, errors, tracebacks, or logs of other people's code."""

import ast
import asyncio
import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from bot import concealment, logs
from bot.cli import main
from bot.concealment import HIDDEN, concealed, remember
from bot.doctor import surroundings
from bot.settings import Settings, SettingsError, load_settings
from bot.state import State, WaitingInteraction
from index import Library, StoreError, check
from index.rebuilding.parent import Request
from tests.support.discord import Discord, Fault
from tests.support.discord.process import BotProcess

ROOT = Path(__file__).parents[2]
PASSWORD = "p@ss/w:ord-ä"
ADDRESS = "postgresql+asyncpg://me:p%40ss%2Fw%3Aord-%C3%A4@127.0.0.1:1/footnote"
SHAPED = "A" * 24 + "." + "B" * 6 + "." + "C" * 27
"""As a bot's token looks."""


@pytest.fixture(autouse=True)
def _own_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(concealment, "_secrets", set())
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged at DEBUG."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    monkeypatch.setattr(sys, "stderr", stream)
    logs.set_up("DEBUG")
    yield stream
    logging.basicConfig(level=level, handlers=before, force=True)


def is_told(text: str) -> bool:
    return any(one in text for one in (PASSWORD, "p%40ss", "w%3Aord", "p@ss", SHAPED))


def test_known_secrets_are_hidden_however_they_are_spelled() -> None:
    remember(PASSWORD)

    for spelled in (PASSWORD, "p%40ss/w%3Aord-%C3%A4", "p%40ss%2Fw%3Aord-%C3%A4", r"p@ss/w:ord-\u00e4"):
        assert concealed(f"before {spelled} after") == f"before {HIDDEN} after"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"token {SHAPED} refused", f"token {HIDDEN} refused"),
        ("POST /api/v10/interactions/123/aW50ZXJhY3Rpb246MTIz/callback", "POST /api/v10/interactions/123/***/callback"),
        ("/webhooks/123/aW50ZXJhY3Rpb246MTIzNDU2/messages/@original", "/webhooks/123/***/messages/@original"),
        ("{'id': '1', 'token': 'aW50ZXJhY3Rpb24', 'type': 2}", "{'id': '1', 'token': '***', 'type': 2}"),
        ("at postgresql://me:s3cret@host/name", "at postgresql://me:***@host/name"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, left: str) -> None:
    assert concealed(text) == left


@pytest.mark.parametrize(
    "text",
    ["https://example.org/a:b@c", "1.2.3", "the tram line opened at 10:30", "/webhooks/123/short", "a" * 200, ""],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    remember("", "ab")

    assert concealed(text) == text


def test_settings_show_no_secret() -> None:
    settings = Settings(database_url=ADDRESS, discord_token=SecretStr(SHAPED))

    assert not is_told(f"{settings!r} {settings} {settings.discord_token!r}")


def test_passwords_of_proxies_and_behind_a_question_mark_are_secrets_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://127.0.0.1:1/footnote?user=me&password=behind-the-mark")
    monkeypatch.setenv("DISCORD_API_BASE", "http://me:of-the-proxy@127.0.0.1:1/api")
    monkeypatch.setenv("DISCORD_GATEWAY_URL", "ws://me:of-the-gateway@127.0.0.1:1/")

    settings = load_settings()
    with pytest.raises(StoreError) as told:
        asyncio.run(check(settings.database_url, None, ()))

    (finding,) = surroundings.settings(settings)
    written = f"{settings!r} {told.value} {told.value!r} {finding}"
    assert "user=me" in finding.text
    assert not any(one in written for one in ("behind-the-mark", "of-the-proxy", "of-the-gateway"))
    assert concealed("behind-the-mark of-the-proxy of-the-gateway") == " ".join([HIDDEN] * 3)


def test_a_wrong_setting_is_told_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", SHAPED * 10)
    monkeypatch.setenv("DATABASE_URL", ADDRESS * 100)

    with pytest.raises(SettingsError) as told:
        load_settings()

    assert {variable for variable, _ in told.value.problems} == {"DISCORD_TOKEN", "DATABASE_URL"}
    assert not is_told(f"{told.value} {told.value!r} {told.value.__cause__} {told.value.__cause__!r}")


def test_a_file_of_settings_that_is_no_text_is_told_without_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(f"DISCORD_TOKEN={SHAPED}\nLOG_LEVEL=\xe4\n".encode("latin-1"))

    with pytest.raises(SettingsError, match="it cannot be read") as told:
        load_settings()

    # The repr of a UnicodeDecodeError has all that could not be decoded.
    assert not is_told(f"{told.value} {told.value!r} {told.value.__cause__!r}")


def test_no_repr_of_ours_shows_a_secret() -> None:
    fields = {
        f"{path.name}: {ast.unparse(field)}"
        for package in ("bot", "index")
        for path in (ROOT / package).rglob("*.py")
        for kind in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(kind, ast.ClassDef)
        for field in kind.body
        if isinstance(field, ast.AnnAssign)
        and re.fullmatch(r"database_url|\w*(token|secret|password)", ast.unparse(field.target))
    }

    assert len(fields) > 5
    assert {one for one in fields if "repr=False" not in one and "SecretStr" not in one} == set()
    assert not is_told(repr(Request(ADDRESS, "store", "folder")))


async def test_what_the_bot_keeps_of_interactions_is_in_no_log(written: io.StringIO, tmp_path: Path) -> None:
    token = "aW50ZXJhY3Rpb24tdG9rZW4"
    async with await State.open(f"sqlite+aiosqlite:///{tmp_path}/footnote.db") as state:
        await state.keep_waiting(WaitingInteraction(1, 2, token, datetime(2024, 5, 1, tzinfo=UTC), "de"))
        (waiting,) = await state.waiting()

    assert waiting.token == token
    assert "SELECT" in written.getvalue()
    assert token not in f"{written.getvalue()} {waiting!r}"


async def test_an_error_of_the_store_hides_the_password() -> None:
    with pytest.raises(StoreError) as told:
        await Library.open(ADDRESS)

    assert not is_told(f"{told.value} {told.value!r}")
    assert "***" in str(told.value)


def test_an_address_that_cannot_be_read_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--store", f"postgresql+asyncpg://me:{PASSWORD}@host:port/name"]) == 2

    assert not is_told("".join(capsys.readouterr()))


def test_a_log_hides_what_other_code_lets_slip(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", ADDRESS)
    monkeypatch.setenv("DISCORD_TOKEN", "short-but-secret")
    load_settings()
    log = logging.getLogger("discord.http")

    error = RuntimeError(f"cannot connect to {ADDRESS}")
    log.debug("sent %s to %s", {"Authorization": "Bot short-but-secret"}, make_url(ADDRESS).password)
    log.error("failed with %s", SHAPED, exc_info=error)

    assert "RuntimeError: cannot connect to" in written.getvalue()
    assert "short-but-secret" not in written.getvalue()
    assert not is_told(written.getvalue())


def test_an_unforeseen_error_at_a_terminal_hides_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(f"cannot connect to {ADDRESS} with {SHAPED}")

    monkeypatch.setattr(Library, "open", fail)

    assert main(["list", "--store", ADDRESS]) == 2

    told = capsys.readouterr().err
    assert "a bug, please report it" in told
    assert not is_told(told)


async def test_a_whole_life_at_debug_tells_neither_token_nor_password(tmp_path: Path) -> None:
    async with Discord() as discord:
        docs = discord.guild("Docs")
        general, alice = discord.channel(docs), discord.person("alice", docs)
        discord.faults.append(Fault("GET", "/users/@me", 503))
        async with BotProcess(discord, tmp_path, {"LOG_LEVEL": "DEBUG"}) as bot:
            await bot.ready()
            asked = await alice.slash(general, "ask", question="What is tea?")
            await bot.stop()

    assert "Traceback" in bot.log or "trying again" in bot.log
    assert "discord.http" in bot.log
    assert discord.token not in bot.log
    assert asked.token not in bot.log


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["lines", "json"])
@pytest.mark.parametrize("token", [SHAPED, None], ids=["refused", "accepted"])
async def test_the_doctor_tells_neither_token_nor_password(
    tmp_path: Path, token: str | None, options: tuple[str, ...]
) -> None:
    async with Discord() as discord:
        more = {"DATABASE_URL": ADDRESS, "LOG_LEVEL": "DEBUG"} | ({} if token is None else {"DISCORD_TOKEN": token})
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "doctor", *options),
            cwd=tmp_path,
            env=BotProcess(discord, tmp_path, more).environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await asyncio.wait_for(process.communicate(), 60)

    told = out.decode() + errors.decode()
    assert process.returncode == 1
    assert "store" in out.decode()
    assert "token" in out.decode()
    assert not is_told(told)
    assert discord.token not in told


async def test_a_refused_login_tells_neither_token_nor_password(tmp_path: Path) -> None:
    async with Discord() as discord:
        more = {"LOG_LEVEL": "DEBUG", "DISCORD_TOKEN": SHAPED}
        async with BotProcess(discord, tmp_path, more) as bot:
            code = await bot.ended(30)
        async with BotProcess(discord, tmp_path, more | {"DATABASE_URL": ADDRESS}) as other:
            await other.ended(30)

    assert code == 2
    assert not is_told(bot.log)
    assert not is_told(other.log)


def test_no_list_of_processes_shows_a_secret(tmp_path: Path) -> None:
    # A token as an option would be there for everybody on the machine to read.
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    asked = subprocess.run(
        [sys.executable, "-m", "bot", "init", "--help"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert "--token" not in asked.stdout
