"""A web server on loopback whose answers are raw bytes, so that it can be as rude as the real ones."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from aiohttp.abc import AbstractResolver, ResolveResult

Handler = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Request:
    """What came: the path with its query, and the headers with names in lower case."""

    path: str
    headers: Mapping[str, str]
    host: str


@dataclass(slots=True)
class Web:
    """A server that answers by path, and remembers who asked. Paths without an answer are 404."""

    address: str
    port: int
    routes: dict[str, bytes | Handler] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.path for request in self.requests]

    def url(self, path: str = "/") -> str:
        """The address of a path."""
        return f"http://{self.address}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, IndexError, asyncio.IncompleteReadError):
            pass  # whoever asked has gone
        finally:
            self._now -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode("latin-1")
        headers: dict[str, str] = {}
        while (header := (await reader.readline()).decode("latin-1").strip()) != "":
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        request = Request(line.split()[1], headers, headers.get("host", ""))
        self.requests.append(request)
        answer = self.routes.get(request.path, self.routes.get("*", reply(b"", "404 Not Found")))
        if isinstance(answer, bytes):
            writer.write(answer)
        else:
            await answer(request, writer)
        await writer.drain()


def reply(body: bytes | str = b"", status: str = "200 OK", headers: Mapping[str, str] | None = None) -> bytes:
    """An answer; Content-Length is added if it is not among the headers."""
    content = body.encode() if isinstance(body, str) else body
    told = {"Content-Length": str(len(content)), "Content-Type": "text/html; charset=utf-8"} | dict(headers or {})
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status}\r\n{lines}Connection: close\r\n\r\n".encode() + content


def redirect(location: str, status: str = "302 Found") -> bytes:
    """An answer that names another address."""
    return reply(b"", status, {"Location": location})


@asynccontextmanager
async def served(address: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Web]:
    """Run a server while the block runs."""
    web = Web(address, 0)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(web.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, address, port)
    web.port = server.sockets[0].getsockname()[1]
    try:
        yield web
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def served_aside() -> Iterator[Web]:
    """Run a server in a thread of its own while the block runs, for what has no event loop or one that ends."""
    ready = threading.Event()
    started: list[tuple[Web, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with served() as web:
            stop = asyncio.Event()
            started.append((web, asyncio.get_running_loop(), stop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    web, loop, stop = started[0]
    try:
        yield web
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


class Names(AbstractResolver):
    """Looks names up in a table. A list of lists is one answer after another, the last one for ever."""

    def __init__(self, table: Mapping[str, Sequence[str] | Sequence[Sequence[str]]]) -> None:
        self.table = table
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if host not in self.table:
            raise OSError(f"no such name: {host}")
        answers = self.table[host]
        turn = self.asked.count(host)
        self.asked.append(host)
        now = answers if not answers or isinstance(answers[0], str) else answers[min(turn, len(answers) - 1)]
        return [
            ResolveResult(
                hostname=host,
                host=str(one),
                port=port,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for one in now
        ]

    async def close(self) -> None:
        pass
