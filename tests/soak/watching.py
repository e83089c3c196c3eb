"""What can be seen of the process from outside: memory, open files, threads; and what it tells of itself."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.support.discord.process import BotProcess

EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A look at the process: `at` in seconds from the beginning, `resident` in bytes, `files` without sockets."""

    at: float
    pid: int
    resident: int
    files: int
    sockets: int
    threads: int


@dataclass(frozen=True, slots=True)
class Rest:
    """The process when nothing is under way: a look at it, and its own figures of tasks and of files with sockets."""

    sample: Sample
    tasks: int
    open_fds: int


async def at_rest(bot: BotProcess, began: float) -> Rest:
    """Look, and ask the process itself at its HEALTH_PORT.

    Raises:
        AssertionError: It is gone.
    """
    sample = await asyncio.to_thread(look, bot, began)
    assert sample is not None, "the bot is gone"
    address = f"http://127.0.0.1:{bot.environment['HEALTH_PORT']}/metrics"
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        families = text_string_to_metric_families(await response.text())
        told = {one.name: int(one.value) for family in families for one in family.samples if not one.labels}
    return Rest(sample, told["footnote_tasks"], told["process_open_fds"])


def look(bot: BotProcess, began: float) -> Sample | None:
    """Look once; None when the process is gone."""
    try:
        folder = Path(f"/proc/{bot.pid}")
        opened = [str(one.readlink()) for one in (folder / "fd").iterdir()]
        sockets = sum(one.startswith("socket:") for one in opened)
        threads = sum(1 for _ in (folder / "task").iterdir())
        return Sample(time.monotonic() - began, bot.pid, bot.resident_bytes(), len(opened) - sockets, sockets, threads)
    except (OSError, IndexError, ValueError):
        return None


async def watch(bot: BotProcess, began: float, samples: list[Sample]) -> None:
    """Look every second until it is cancelled."""
    while True:
        sample = await asyncio.to_thread(look, bot, began)
        if sample is not None and sample.resident:
            samples.append(sample)
        await asyncio.sleep(EVERY_S)
