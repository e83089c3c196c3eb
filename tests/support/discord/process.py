"""The real bot as a process of its own, pointed at the loopback Discord."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.support.discord.server import Discord

_ROOT = Path(__file__).parents[3]
_LONGEST_LINE = 4 * 1024 * 1024
"""At DEBUG, discord.py writes all commands in all languages in one line."""


class BotProcess:
    """`python -m bot run`, with a database in `folder`. Leaving the context kills what still runs.

    Attributes:
        lines: What it wrote to standard error so far.
        environment: What it is started with, over a nearly empty environment; may be changed before `start`.
    """

    def __init__(self, discord: Discord, folder: Path, env: Mapping[str, str] | None = None, *arguments: str) -> None:
        self.lines: list[str] = []
        self.environment: dict[str, str] = {
            **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "SYSTEMROOT"}},
            "PYTHONPATH": str(_ROOT),
            "PYTHONUNBUFFERED": "1",
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_BASE": discord.api_base,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/footnote.db",
            "LOG_LEVEL": "INFO",
            "HEALTH_PORT": "0",
            **(env or {}),
        }
        self._discord = discord
        self._folder = folder
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._watchers: list[tuple[Callable[[str], bool], asyncio.Event]] = []

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """All that it wrote to standard error so far."""
        return "\n".join(self.lines)

    async def start(self) -> None:
        """Start it, without waiting for anything."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            *self._arguments,
            cwd=self._folder,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
        )
        self._reading = asyncio.create_task(self._read())

    async def ready(self, shards: int = 1, timeout_s: float = 20) -> None:
        """Wait until it is connected with this many shards, and its commands are offered.

        Raises:
            AssertionError: It ended instead, or took too long; tells what it wrote.
        """
        assert self._process is not None
        gateway, commands = self._discord.gateway, self._discord.commands
        connected = asyncio.create_task(
            self._discord.until(
                lambda: len(gateway.connected) >= shards and commands.puts > 0, "bot that is ready", timeout_s
            )
        )
        ended = asyncio.create_task(self._process.wait())
        await asyncio.wait({connected, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not connected.done():
            connected.cancel()
            raise AssertionError(f"the bot ended with {self._process.returncode}:\n{self.log}")
        try:
            await connected
        except AssertionError as error:
            raise AssertionError(f"{error}\nthe bot wrote:\n{self.log}") from None

    async def says(self, part: str, timeout_s: float = 10) -> str:
        """Wait for a line of standard error that holds this, and return it."""
        happened = asyncio.Event()
        watcher = (lambda line: part in line, happened)
        self._watchers.append(watcher)
        try:
            if not any(part in line for line in self.lines):
                await asyncio.wait_for(happened.wait(), timeout_s)
        except TimeoutError:
            raise AssertionError(f"{part!r} was not written within {timeout_s} s, but:\n{self.log}") from None
        finally:
            self._watchers.remove(watcher)
        return next(line for line in self.lines if part in line)

    def terminate(self) -> None:
        """SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: it ends in the middle of whatever it does."""
        os.kill(self.pid, signal.SIGKILL)

    async def ended(self, timeout_s: float = 10) -> int:
        """Wait for its end.

        Returns:
            The exit code; negative for a signal.
        """
        assert self._process is not None
        try:
            code = await asyncio.wait_for(self._process.wait(), timeout_s)
        except TimeoutError:
            raise AssertionError(f"it still runs after {timeout_s} s:\n{self.log}") from None
        if self._reading is not None:
            await self._reading
        return code

    async def stop(self, timeout_s: float = 10) -> int:
        """SIGTERM, and the exit code."""
        self.terminate()
        return await self.ended(timeout_s)

    def resident_bytes(self) -> int:
        """How much memory it holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self.kill()
        await self._process.wait()
        if self._reading is not None:
            await self._reading

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.lines.append(line.decode(errors="replace").rstrip())
            for is_wanted, happened in self._watchers:
                if is_wanted(self.lines[-1]):
                    happened.set()
