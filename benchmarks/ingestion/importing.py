"""Measures a library that answers while it takes in many pages: how long each took, and whether anybody had to wait.

Usage: python -m benchmarks.ingestion.importing [--pages 1000] [--workers 1] [--json FILE]

Pages come from a server on loopback in a process of its own, through the same fetching, reading and storing as any
other, without the pause between two requests to one host. Meanwhile a question is asked ten times a second, and every
five milliseconds the event loop is asked how late it is.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path

from index import Gatherer, GatheringRules, Library

_LOOK_S = 0.005
_ASK_S = 0.1
_PARAGRAPHS = 12
_WORDS = (
    "the bridge of Karrow opened after nine years of work and the council said that a tram will cross it from May "
    "engineers found cracks in two of its arches while repairs cost four million more than planned"
)


def page(number: int) -> str:
    """A news page of some 4,000 letters, the same for the same number."""
    chance = random.Random(number)
    paragraphs = "".join(
        f"<p>{' '.join(chance.choices(_WORDS.split(), k=55)).capitalize()} in district {number}.</p>"
        for _ in range(_PARAGRAPHS)
    )
    menu = "".join(f"<li><a href='/{n}'>Section {n}</a></li>" for n in range(30))
    return (
        f"<!doctype html><html><head><title>News {number} from Karrow</title></head><body><nav><ul>{menu}</ul></nav>"
        f"<article><h1>News {number} from Karrow</h1>{paragraphs}</article><footer>All rights reserved</footer></body>"
    )


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        head = await reader.readuntil(b"\r\n\r\n")
        body = page(int(head.split()[1].strip(b"/") or 0)).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n")
        writer.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
    writer.close()


def serve(there: Connection) -> None:
    """Serve pages until the process is ended; the port is sent first."""

    async def run() -> None:
        server = await asyncio.start_server(_answer, "127.0.0.1", 0)
        there.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@asynccontextmanager
async def _served() -> AsyncIterator[int]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=serve, args=(there,), daemon=True)
    process.start()
    try:
        yield await asyncio.to_thread(here.recv)
    finally:
        process.terminate()
        await asyncio.to_thread(process.join)


async def _late(lags: list[float]) -> None:
    while True:
        due = time.perf_counter() + _LOOK_S
        await asyncio.sleep(_LOOK_S)
        lags.append(time.perf_counter() - due)


async def _ask(library: Library, times: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await library.ask("what did the repairs of the bridge in district 7 cost?")
        times.append(time.perf_counter() - began)
        await asyncio.sleep(_ASK_S)


def share(values: Sequence[float], part: float) -> float:
    """The value that so large a part of them does not exceed, in milliseconds."""
    ranked = sorted(values)
    return ranked[min(int(len(ranked) * part), len(ranked) - 1)] * 1e3


async def measure(pages: int, workers: int) -> dict[str, float]:
    """Import pages into an empty library; the figures by name, with units."""
    lags: list[float] = []
    times: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with _served() as port, await Library.open(f"sqlite+aiosqlite:///{folder}/footnote.db") as library:
            rules = GatheringRules(
                allowed_hosts=(f"127.0.0.1:{port}",), pause_s=0.0, workers=workers, poll_s=0.2, pages_at_once=4
            )
            async with await Gatherer.open(library, rules) as gatherer:
                await gatherer.start()
                watching = [asyncio.create_task(_late(lags)), asyncio.create_task(_ask(library, times))]
                began = time.perf_counter()
                job = await gatherer.submit_links([f"http://127.0.0.1:{port}/{n}" for n in range(pages)])
                async for step in gatherer.follow(job.id):
                    job = step
                took_s = time.perf_counter() - began
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)
                stored = (await library.status()).articles
    return {
        "pages": pages,
        "articles": stored,
        "seconds": round(took_s, 1),
        "pages_a_second": round(pages / took_s, 1),
        "lag_ms_p50": round(share(lags, 0.5), 2),
        "lag_ms_p99": round(share(lags, 0.99), 2),
        "lag_ms_most": round(share(lags, 1.0), 2),
        "answer_ms_p50": round(share(times, 0.5), 1),
        "answer_ms_p99": round(share(times, 0.99), 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Import pages while questions are asked.")
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    figures = asyncio.run(measure(chosen.pages, chosen.workers))
    for name, value in figures.items():
        print(f"{name:16} {value:>10,}")
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
