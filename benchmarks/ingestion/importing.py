"""Measures a library that answers while it takes in many articles: how long that took, and whether anybody had to wait.

Usage: python -m benchmarks.ingestion.importing [--pages 1000] [--files 1000] [--workers 1] [--json FILE]

Pages come from a server on loopback in a process of its own, through the same fetching, reading and storing as any
other, without the pause between two requests to one host. Files are plain articles in a folder, added as
`footnote add FOLDER` adds them. Meanwhile a question is asked ten times a second, and every five milliseconds the event
loop is asked how late it is. Afterwards the last page and the last file are asked for.
"""

import argparse
import asyncio
import json
import multiprocessing
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
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


def _paragraphs(number: int) -> list[str]:
    chance = random.Random(number)
    return [
        f"{' '.join(chance.choices(_WORDS.split(), k=55)).capitalize()} in district {number}."
        for _ in range(_PARAGRAPHS)
    ]


def title_of(number: int) -> str:
    """The title of the article of this number."""
    return f"News {number} from Karrow"


def plain(number: int) -> str:
    """An article of some 4,000 letters in Markdown, the same for the same number."""
    return "\n\n".join([f"# {title_of(number)}", *_paragraphs(number)]) + "\n"


def page(number: int) -> str:
    """A news page with the article of this number."""
    paragraphs = "".join(f"<p>{one}</p>" for one in _paragraphs(number))
    menu = "".join(f"<li><a href='/{n}'>Section {n}</a></li>" for n in range(30))
    return (
        f"<!doctype html><html><head><title>{title_of(number)}</title></head><body><nav><ul>{menu}</ul></nav>"
        f"<article><h1>{title_of(number)}</h1>{paragraphs}</article><footer>All rights reserved</footer></body>"
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


async def measure_pages(pages: int, workers: int) -> dict[str, float]:
    """Import pages into an empty library; the figures by name, with units."""
    with tempfile.TemporaryDirectory() as folder:
        async with _served() as port, await Library.open(f"sqlite+aiosqlite:///{folder}/footnote.db") as library:
            rules = GatheringRules(
                allowed_hosts=(f"127.0.0.1:{port}",), pause_s=0.0, workers=workers, poll_s=0.2, pages_at_once=4
            )
            async with await Gatherer.open(library, rules) as gatherer:
                await gatherer.start()

                async def add() -> None:
                    job = await gatherer.submit_links([f"http://127.0.0.1:{port}/{n}" for n in range(pages)])
                    async for _ in gatherer.follow(job.id):
                        pass

                return {"pages": pages} | await _watched(library, add, pages - 1)


async def measure_files(files: int) -> dict[str, float]:
    """Add a folder of plain articles to an empty library; the figures by name, with units."""
    with tempfile.TemporaryDirectory() as folder:
        articles = Path(folder) / "articles"
        await asyncio.to_thread(_write, articles, files)
        async with (
            await Library.open(f"sqlite+aiosqlite:///{folder}/footnote.db") as library,
            await Gatherer.open(library) as gatherer,
        ):

            async def add() -> None:
                await gatherer.add_paths([articles])

            return {"files": files} | await _watched(library, add, files - 1)


def _write(folder: Path, files: int) -> None:
    folder.mkdir()
    for number in range(files):
        (folder / f"{number}.md").write_text(plain(number), "utf-8")


async def _watched(library: Library, add: Callable[[], Awaitable[None]], last: int) -> dict[str, float]:
    lags: list[float] = []
    times: list[float] = []
    watching = [asyncio.create_task(_late(lags)), asyncio.create_task(_ask(library, times))]
    began = time.perf_counter()
    await add()
    took_s = time.perf_counter() - began
    best = (await library.ask(f"what opened in district {last}?")).best
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    stored = (await library.status()).articles
    return {
        "articles": stored,
        "last_is_found": int(best is not None and best.article.title == title_of(last)),
        "seconds": round(took_s, 1),
        "articles_a_second": round(stored / took_s, 1),
        "lag_ms_p50": round(share(lags, 0.5), 2),
        "lag_ms_p99": round(share(lags, 0.99), 2),
        "lag_ms_most": round(share(lags, 1.0), 2),
        "answer_ms_p50": round(share(times, 0.5), 1),
        "answer_ms_p99": round(share(times, 0.99), 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Add pages and files while questions are asked.")
    parser.add_argument("--pages", type=int, default=1_000, help="0 for none")
    parser.add_argument("--files", type=int, default=1_000, help="0 for none")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    figures = {}
    if chosen.pages:
        figures["pages"] = asyncio.run(measure_pages(chosen.pages, chosen.workers))
    if chosen.files:
        figures["files"] = asyncio.run(measure_files(chosen.files))
    for part in figures.values():
        for name, value in part.items():
            print(f"{name:17} {value:>10,}")
        print()
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
