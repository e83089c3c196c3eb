"""A person at a real terminal, in front of a real process of the command line."""

import asyncio
import os
import pty
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_ON_A_TERMINAL_OF_ITS_OWN = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "bot", *sys.argv[1:]])
"""
"""As a shell's is: passwords are asked for there, and Ctrl-C comes from there."""


class Terminal:
    """A person at a terminal. `shown` is everything that stood on the screen."""

    def __init__(self, controller: int, process: asyncio.subprocess.Process) -> None:
        self.shown = ""
        self._answered = 0
        self._controller = controller
        self._ending = asyncio.ensure_future(process.wait())
        self._news = asyncio.Event()
        os.set_blocking(controller, False)
        asyncio.get_running_loop().add_reader(controller, self._read)

    async def sees(self, part: str) -> None:
        """Wait until this stands on the screen after the last answer, however its lines are broken."""
        async with asyncio.timeout(30):
            while part not in " ".join(self.shown[self._answered :].split()):
                self._news.clear()
                await self._news.wait()

    async def types(self, question: str, answer: str) -> None:
        """Wait for a question, and answer it."""
        await self.sees(question)
        self._answered = len(self.shown)
        os.write(self._controller, answer.encode() + b"\n")

    async def gives_up(self) -> int:
        """Press Ctrl-C, and again after a while, as people do; the exit code.

        The first one may come between two steps of Python's: it is heeded at the next key then.
        """
        for _ in range(6):
            os.write(self._controller, b"\x03")
            with suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(self._ending), 10)
        raise AssertionError(f"Ctrl-C does not end it:\n{self.shown}")

    async def ended(self) -> int:
        """The exit code."""
        code = await asyncio.wait_for(asyncio.shield(self._ending), 60)
        # What came just before the end.
        self._read()
        return code

    def _read(self) -> None:
        try:
            read = os.read(self._controller, 65_536)
        except BlockingIOError:
            return
        except OSError:
            # Linux says so when the other side is closed.
            read = b""
        if not read:
            asyncio.get_running_loop().remove_reader(self._controller)
        self.shown += read.decode(errors="replace")
        self._news.set()


@asynccontextmanager
async def at_terminal(folder: Path, environment: Mapping[str, str], *arguments: str) -> AsyncIterator[Terminal]:
    """`footnote` with these arguments, at a terminal of its own; leaving the block ends it."""
    controller, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _ON_A_TERMINAL_OF_ITS_OWN, *arguments,
        cwd=folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    person = Terminal(controller, process)
    try:
        yield person
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(controller)
        os.close(controller)
