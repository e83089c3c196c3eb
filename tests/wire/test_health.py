"""The process tells monitoring how it is, and ends when it can no longer answer."""

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from index import Gatherer, Library
from tests.support.databases import locked
from tests.support.discord import Discord, Fault
from tests.support.discord.process import BotProcess
from tests.support.ports import free_port
from tests.wire.conftest import QUESTION, Place, place_in

DEAD = {"GATEWAY_DEAD_S": "5", "LOOP_STUCK_S": "5"}

STALL = """
import asyncio, signal, threading, time
from bot import app

async def stall(*_arguments, **_options):
    asyncio.get_running_loop().call_later(1, the_culprit)
    await opened(*_arguments, **_options)

def the_culprit():
    time.sleep(60)

opened, app._serve = app._serve, stall
"""


class Endpoint:
    """What monitoring sees of a bot."""

    def __init__(self) -> None:
        self.port = free_port()
        self.environment = {"HEALTH_PORT": str(self.port)}

    async def get(self, path: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}{path}", timeout=aiohttp.ClientTimeout(5)) as response,
        ):
            return response.status, await response.text()

    async def checks(self, path: str) -> tuple[int, Mapping[str, bool], str]:
        """The status, which checks are well, and everything as text."""
        status, text = await self.get(path)
        told = json.loads(text)
        assert told["status"] == ("ok" if status == 200 else "failing")
        return status, {name: check["ok"] for name, check in told["checks"].items()}, text

    async def becomes(self, path: str, status: int, timeout_s: float = 15) -> str:
        """Wait until a path is answered with this status."""
        text = ""
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    found, text = await self.get(path)
                except aiohttp.ClientError:
                    found = 0
                if found == status:
                    return text
                await asyncio.sleep(0.1)

    async def figures(self) -> dict[str, float]:
        """All samples by name and labels."""
        _, text = await self.get("/metrics")
        return {
            sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.mark.slow
async def test_it_is_live_and_not_ready_while_discord_cannot_be_reached(folder: Path, endpoint: Endpoint) -> None:
    discord = Discord()
    place_in(discord)
    async with BotProcess(discord, folder, endpoint.environment | DEAD) as bot:
        await bot.says("cannot be reached")
        await endpoint.becomes("/livez", 200)
        # A gateway that was never there is waited for, however long it takes.
        await asyncio.sleep(6)
        live, _, _ = await endpoint.checks("/livez")
        ready, checks, told = await endpoint.checks("/readyz")
        async with discord:
            await bot.ready(timeout_s=30)
            await endpoint.becomes("/readyz", 200)

    guide = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text("utf-8")
    shown = json.loads(guide.partition("/readyz\n")[2].partition("\n```")[0])

    assert (live, ready) == (200, 503)
    assert shown["checks"].keys() == checks.keys()
    assert checks == {"gateway": False, "index": True, "store": True, "event_loop": True, "process": True}
    assert "Discord cannot be reached" in told


async def test_what_happened_is_counted(place: Place, folder: Path, endpoint: Endpoint) -> None:
    environment = endpoint.environment | {"QUESTIONS_PER_MINUTE": "3"}
    async with BotProcess(place.discord, folder, environment) as bot:
        await bot.ready()
        await endpoint.becomes("/readyz", 200)
        await place.alice.slash(place.general, "ask", question=QUESTION)
        await place.alice.ask(place.general, QUESTION)
        await place.alice.slash(place.general, "ask", question="the")
        await place.alice.slash(place.general, "ask", question=QUESTION)
        bob = place.discord.person("bob", place.docs)
        place.discord.faults.append(Fault("POST", "/channels/*/messages", 429, retry_after_s=0.2))
        place.discord.faults.append(Fault("POST", "/channels/*/messages", is_reset=True))
        await bob.ask(place.general, QUESTION)
        place.discord.gateway.drop()
        await place.discord.until(lambda: len(place.discord.gateway.resumes) == 1, "a RESUME")
        await endpoint.becomes("/readyz", 200)
        figures = await endpoint.figures()
        status, shown = await endpoint.get("/metrics")

    assert status == 200
    assert figures["footnote_questions_total outcome=answered way=slash"] == 1
    assert figures["footnote_questions_total outcome=answered way=mention"] == 2
    assert figures["footnote_questions_total outcome=refused way=slash"] == 1
    assert figures["footnote_questions_total outcome=limited way=slash"] == 1
    assert figures["footnote_question_seconds_count"] == 5
    assert all(figures[f"footnote_stage_seconds_count stage={stage}"] >= 3 for stage in ("rank", "read", "render"))
    assert figures["footnote_discord_requests_total status=429"] == 1
    assert figures["footnote_discord_requests_total status=connection"] >= 1
    assert figures["footnote_discord_rate_limits_total scope=user"] == 1
    # The header tells whole seconds.
    assert figures["footnote_discord_rate_limit_wait_seconds_total"] == 1
    assert figures["footnote_gateway_sessions_total shard=0"] == 2
    assert figures["footnote_gateway_up shard=0"] == 1
    assert figures["footnote_index_articles"] == 10
    assert figures["footnote_servers"] == 1
    assert figures["process_resident_memory_bytes"] > 1e6
    assert figures["process_open_fds"] > 10
    # A handful waits for as long as the process lives; those of questions have ended.
    assert 5 < figures["footnote_tasks"] < 40
    assert str(place.docs.id) not in shown


async def test_jobs_are_counted_by_their_state(place: Place, folder: Path, endpoint: Endpoint) -> None:
    async with (
        await Library.open(f"sqlite+aiosqlite:///{folder}/footnote.db") as library,
        await Gatherer.open(library) as gatherer,
    ):
        jobs = [await gatherer.submit_links(["https://example.org/a"]) for _ in range(2)]
        for job in jobs:
            await gatherer.cancel(job.id)
    async with BotProcess(place.discord, folder, endpoint.environment) as bot:
        await bot.ready()
        figures = await endpoint.figures()

    states = ("queued", "running", "done", "failed", "cancelled")
    assert [figures[f"footnote_jobs state={state}"] for state in states] == [0, 0, 0, 0, 2]


@pytest.mark.slow
async def test_a_gateway_that_stops_answering_ends_it(place: Place, folder: Path, endpoint: Endpoint) -> None:
    place.discord.gateway.heartbeat_interval_ms = 300
    async with BotProcess(place.discord, folder, endpoint.environment | DEAD) as bot:
        await bot.ready()
        await endpoint.becomes("/readyz", 200)
        place.discord.gateway.freeze()
        not_ready = await endpoint.becomes("/readyz", 503)
        code = await bot.ended(20)

    assert "1 of 1 shards are down" in not_ready
    assert code == 3
    assert len([line for line in bot.lines if "GATEWAY_DEAD_S" in line]) == 1
    assert "Traceback" not in bot.log


@pytest.mark.slow
async def test_a_discord_that_goes_away_for_too_long_ends_it(place: Place, folder: Path) -> None:
    async with BotProcess(place.discord, folder, DEAD) as bot:
        await bot.ready()
        await place.discord.stop()
        code = await bot.ended(20)

    assert code == 3


@pytest.mark.slow
async def test_a_discord_that_comes_back_in_time_ends_nothing(place: Place, folder: Path, endpoint: Endpoint) -> None:
    place.discord.gateway.heartbeat_interval_ms = 1_000
    async with BotProcess(place.discord, folder, endpoint.environment | {"GATEWAY_DEAD_S": "15"}) as bot:
        await bot.ready()
        await endpoint.becomes("/readyz", 200)
        gone_at = time.monotonic()
        await place.discord.stop()
        await endpoint.becomes("/readyz", 503)
        await place.discord.start()
        await endpoint.becomes("/readyz", 200, 14)
        await asyncio.sleep(max(gone_at + 17 - time.monotonic(), 0))
        live, _, _ = await endpoint.checks("/livez")
        code = await bot.stop()

    assert live == 200
    assert code == 0


async def test_every_shard_counts(place: Place, folder: Path, endpoint: Endpoint) -> None:
    async with BotProcess(place.discord, folder, endpoint.environment | {"DISCORD_SHARDS": "2"}) as bot:
        await bot.ready(shards=2)
        told = await endpoint.becomes("/readyz", 200)
        figures = await endpoint.figures()

    assert "2 of 2 shards are up" in told
    assert [figures[f"footnote_gateway_up shard={shard}"] for shard in (0, 1)] == [1, 1]


@pytest.mark.slow
async def test_an_event_loop_that_stands_still_ends_it_and_tells_where(place: Place, folder: Path) -> None:
    stubs = folder / "stubs"
    stubs.mkdir()
    (stubs / "sitecustomize.py").write_text(STALL)
    bot = BotProcess(place.discord, folder, DEAD)
    bot.environment["PYTHONPATH"] += f":{stubs}"
    async with bot:
        code = await bot.ended(30)

    told = [json.loads(line) for line in bot.lines if "has not turned" in line]
    assert code == 3
    assert len(told) == 1
    assert told[0]["level"] == "critical"
    assert "the_culprit" in told[0]["message"]


@pytest.mark.slow
async def test_a_process_that_was_stopped_and_continued_goes_on(place: Place, folder: Path) -> None:
    # A connection may be silent for two heartbeats and 5 s: less than the process is stopped for.
    place.discord.gateway.heartbeat_interval_ms = 1_500
    async with BotProcess(place.discord, folder, DEAD) as bot:
        await bot.ready()
        async with asyncio.timeout(30):
            while len(place.discord.gateway.connections[0].heartbeats) < 2:  # noqa: ASYNC110 - nobody is told of them
                await asyncio.sleep(0.02)
        # The bot looks once a second whether it has heard anything; the next heartbeat must not come before that.
        await asyncio.sleep(1.2)
        os.kill(bot.pid, signal.SIGSTOP)
        await asyncio.sleep(10)
        os.kill(bot.pid, signal.SIGCONT)
        await asyncio.sleep(2)
        await place.alice.slash(place.general, "ask", question=QUESTION)
        code = await bot.stop()

    assert code == 0


@pytest.mark.slow
async def test_a_store_that_cannot_be_written_makes_it_unready(place: Place, folder: Path, endpoint: Endpoint) -> None:
    async with BotProcess(place.discord, folder, endpoint.environment) as bot:
        await bot.ready()
        with locked(folder / "footnote.db"):
            status, checks, _ = await endpoint.checks("/readyz")

    assert status == 503
    assert checks["store"] is False


async def test_a_port_that_is_taken_is_told_and_the_bot_answers_all_the_same(
    place: Place, folder: Path, endpoint: Endpoint
) -> None:
    with socket.create_server(("127.0.0.1", endpoint.port)):
        async with BotProcess(place.discord, folder, endpoint.environment) as bot:
            told = await bot.says("HEALTH_PORT")
            await bot.ready()
            await place.alice.slash(place.general, "ask", question=QUESTION)

    assert json.loads(told)["level"] == "error"


async def test_systemd_is_told_when_it_is_started_alive_and_about_to_end(place: Place, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(folder / "notify"))
        receiver.setblocking(False)
        environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "600000"}
        async with BotProcess(place.discord, folder, environment) as bot:
            told = [(await asyncio.wait_for(loop.sock_recv(receiver, 500), 10)).decode() for _ in range(4)]
            await bot.stop()
            while "STOPPING=1" not in told:
                told.append((await asyncio.wait_for(loop.sock_recv(receiver, 500), 5)).decode())

    assert told[0].startswith("EXTEND_TIMEOUT_USEC=")
    assert "READY=1" in told[1]
    assert told[2] == "WATCHDOG=1"


async def test_a_question_is_one_line_of_the_log_without_its_text_or_its_asker(place: Place, folder: Path) -> None:
    async with BotProcess(place.discord, folder) as bot:
        await bot.ready()
        await place.alice.slash(place.general, "ask", question=QUESTION)
        line = json.loads(await bot.says('"outcome"'))
        everything = [json.loads(one) for one in bot.lines]

    assert {"time", "level", "logger", "message"} <= set.intersection(*(set(one) for one in everything))
    assert (line["outcome"], line["way"]) == ("answered", "slash")
    assert line["hits"] >= 1
    assert set(line["ms"]) == {"queue", "rank", "read", "render", "send"}
    assert sum(line["ms"].values()) <= line["took_ms"]
    assert "Odila" not in bot.log
    assert str(place.alice.id) not in bot.log


async def test_the_log_repeats_questions_only_where_it_is_set_to(place: Place, folder: Path) -> None:
    async with BotProcess(place.discord, folder, {"LOG_QUESTIONS": "true", "LOG_FORMAT": "text"}) as bot:
        await bot.ready()
        await place.alice.slash(place.general, "ask", question=QUESTION)
        line = await bot.says("outcome=answered")

    assert QUESTION in line
    assert str(place.alice.id) not in bot.log
