"""What can be seen of the process from outside: memory, open files, threads."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

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
