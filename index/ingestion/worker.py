"""Has strangers' files and pages read in processes of their own, whose loss is an error message and no more."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import index.ingestion
from index.ingestion.extracting.entries import ParsedFeed
from index.ingestion.extracting.sources import Limits, MemberBegun
from index.ingestion.files import FileArticle
from index.ingestion.messages import (
    LENGTH,
    MAX_FRAME_BYTES,
    Done,
    MessageError,
    Reply,
    Request,
    Task,
    framed,
    read_reply,
    write_request,
)
from index.ingestion.problems import Problem, UnusableSourceError

log = logging.getLogger(__name__)

_MOST_CRASHES = 5
"""Members of one archive on which a process may be lost before the rest of it is given up."""

# Importing `index` would load the store and the engines, which take most of a second and 60 MiB and which no parser
# needs; an empty package of that name, over the same folder, stands in for it.
_START = """
import sys, types
package = types.ModuleType("index")
package.__path__ = [sys.argv[1]]
sys.modules["index"] = package
from index.ingestion.worker_process import main
main(int(sys.argv[2]))
"""


@dataclass(frozen=True, slots=True)
class WorkerRules:
    """How many processes read, and what each may take.

    Attributes:
        processes: Most at the same time.
        memory_bytes: Of each, beyond the 60 MiB or so that Python takes.
        cpu_s: Processor time for one article.
        wall_s: Time for one article.
        requests: Files that one process reads before another takes its place: libraries leak.
        idle_s: After which a process that has nothing to do is ended.
    """

    processes: int = 2
    memory_bytes: int = 1024 * 1024 * 1024
    cpu_s: int = 15
    wall_s: float = 20.0
    requests: int = 200
    idle_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Bytes:
    """A page or file as it came.

    Attributes:
        name: What it is called in messages, and the source of its articles if they name no other.
        content: Its bytes, or the path of the file that holds them, which may be of any size.
        address: Where it was fetched; None for a file.
        media_type: As the server declared it, "" if it did not.
        charset: The same, or None.
    """

    name: str
    content: bytes | Path
    address: str | None = None
    media_type: str = ""
    charset: str | None = None


class _LostError(Exception):
    """The process has ended, or speaks nonsense."""

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.detail = detail


class Workers:
    """A few processes that are started when they are needed. Open it with `async with`.

    Every method may be called concurrently; calls beyond the number of processes wait.
    """

    def __init__(self, rules: WorkerRules | None = None, limits: Limits | None = None) -> None:
        self.rules = rules if rules is not None else WorkerRules()
        self.limits = limits if limits is not None else Limits()
        self._free = asyncio.Semaphore(self.rules.processes)
        self._idle: list[_Process] = []
        self._ending: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the processes that have nothing to do; one that reads is ended by whoever waits for it."""
        while self._idle:
            self._end(self._idle.pop())
        while self._ending:
            # Taken out here: to wait for tasks that have ended gives nobody the time to run their callbacks.
            ending = list(self._ending)
            self._ending.clear()
            await asyncio.gather(*ending)

    async def articles(self, given: Bytes) -> AsyncGenerator[FileArticle | UnusableSourceError, None]:
        """Read the articles of a page or file, each as soon as it is there.

        Close the iterator (`contextlib.aclosing`) when you leave it before its end: the process is kept until then.

        Yields:
            Articles in order, and in their places the problems of what gave none: of the whole, of a member of an
            archive, of a line, of a chapter. A lost process is such a problem too. There is at least one of either.
        """
        skip = crashes = 0
        while True:
            begun: MemberBegun | None = None
            try:
                async with aclosing(self._exchange(self._request(Task.ARTICLES, given, skip), given)) as replies:
                    async for reply in replies:
                        if isinstance(reply, MemberBegun):
                            begun = reply
                        elif isinstance(reply, FileArticle | UnusableSourceError):
                            yield reply
            except _LostError as error:
                crashes += 1
                name = given.name if begun is None else begun.name
                log.warning("a reader was lost on %s: %s", name, error.problem)
                yield UnusableSourceError(name, error.problem, error.detail)
                if begun is None:
                    return
                if crashes == _MOST_CRASHES:
                    yield UnusableSourceError(given.name, Problem.CRASHED, "too often; the rest of it was not read")
                    return
                skip = begun.number + 1
            else:
                return

    async def feed(self, given: Bytes) -> ParsedFeed:
        """Read a feed, a sitemap, or the feeds that a page names.

        Raises:
            UnusableSourceError: It is none of them, or reading it took too much.
        """
        found: ParsedFeed | None = None
        problem: UnusableSourceError | None = None
        try:
            async with aclosing(self._exchange(self._request(Task.FEED, given, 0), given)) as replies:
                async for reply in replies:
                    if isinstance(reply, UnusableSourceError):
                        problem = reply
                    elif isinstance(reply, ParsedFeed):
                        found = reply
        except _LostError as error:
            raise UnusableSourceError(given.name, error.problem, error.detail) from error
        if problem is not None:
            raise problem
        if found is None:
            raise UnusableSourceError(given.name, Problem.CRASHED)
        return found

    def _request(self, task: Task, given: Bytes, skip: int) -> Request:
        path = given.content.absolute() if isinstance(given.content, Path) else None
        return Request(
            task,
            given.name,
            path,
            given.address,
            given.media_type,
            given.charset,
            self.limits,
            skip,
            self.rules.cpu_s,
        )

    async def _exchange(self, request: Request, given: Bytes) -> AsyncGenerator[Reply, None]:
        """Send a request and yield what comes, without the end; a process that did not come to it is ended."""
        async with self._free:
            process = self._idle.pop() if self._idle else await _Process.start(self.rules)
            process.keep()
            whole = False
            try:
                content = given.content if isinstance(given.content, bytes) else b""
                await process.send(framed(write_request(request)) + LENGTH.pack(len(content)), content)
                while not isinstance(reply := await process.receive(), Done):
                    yield reply
                whole = True
            finally:
                process.served += 1
                if whole and process.served < self.rules.requests:
                    self._idle.append(process)
                    process.end_later(self.rules.idle_s, self._retire)
                else:
                    self._end(process)

    def _retire(self, process: "_Process") -> None:
        if process in self._idle:
            self._idle.remove(process)
            self._end(process)

    def _end(self, process: "_Process") -> None:
        process.keep()
        task = asyncio.get_running_loop().create_task(process.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


class _Process:
    """One worker process and the way to it."""

    def __init__(self, process: asyncio.subprocess.Process, wall_s: float) -> None:
        self._process = process
        self._wall_s = wall_s
        self._timer: asyncio.TimerHandle | None = None
        self.served = 0

    @classmethod
    async def start(cls, rules: WorkerRules) -> Self:
        root = Path(index.ingestion.__file__).parents[1]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-B",
            "-c",
            _START,
            str(root),
            str(rules.memory_bytes),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # Not the environment of the bot: its token is nobody's business in there.
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            cwd="/",
            start_new_session=True,
        )
        return cls(process, rules.wall_s)

    def keep(self) -> None:
        """Do not end it later."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end_later(self, seconds: float, retire: Callable[["_Process"], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, retire, self)

    async def send(self, *pieces: bytes) -> None:
        assert self._process.stdin is not None
        try:
            async with asyncio.timeout(self._wall_s):
                for piece in pieces:
                    self._process.stdin.write(piece)
                    await self._process.stdin.drain()
        except TimeoutError as error:
            raise _LostError(Problem.TOO_SLOW) from error
        except OSError as error:
            raise await self._lost() from error

    async def receive(self) -> Reply:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(self._wall_s):
                (length,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
                if length > MAX_FRAME_BYTES:
                    raise _LostError(Problem.TOO_LARGE)
                content = await self._process.stdout.readexactly(length)
        except TimeoutError as error:
            raise _LostError(Problem.TOO_SLOW) from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise await self._lost() from error
        try:
            # Megabytes of JSON take longer than the event loop can spare.
            return await asyncio.to_thread(read_reply, content) if length > 100_000 else read_reply(content)
        except MessageError as error:
            raise _LostError(Problem.CRASHED) from error

    async def _lost(self) -> _LostError:
        """Why it has ended."""
        try:
            async with asyncio.timeout(1.0):
                code = await self._process.wait()
        except TimeoutError:
            return _LostError(Problem.CRASHED)
        if code == -signal.SIGXCPU:
            return _LostError(Problem.TOO_SLOW)
        # PDFium ends the process itself when it gets no more memory; the kernel does so when there is none.
        if -code in {signal.SIGABRT, signal.SIGTRAP, signal.SIGILL, signal.SIGKILL}:
            return _LostError(Problem.TOO_MUCH_MEMORY)
        return _LostError(Problem.CRASHED, f"signal {-code}" if code < 0 else f"status {code}")

    async def end(self) -> None:
        """End it now, and wait until it has."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
