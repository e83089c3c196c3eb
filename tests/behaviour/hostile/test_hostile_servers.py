"""Servers that are slow, endless or lie: they are left in bounded time, and speak for their own site only."""

import asyncio
import gzip
import zlib
from collections.abc import Callable

import pytest

from index.ingestion.files import FileArticle
from index.ingestion.problems import Problem
from index.ingestion.reading import Reader, ReadPage
from index.ingestion.worker import Workers
from tests.behaviour.hostile.conftest import Internet, refused
from tests.behaviour.hostile.samples import BOMB, PAGE, TEXT
from tests.support.documents import page
from tests.support.web import Request, redirect, reply

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _n in range(1_000):
        writer.write(b"4000\r\n" + b"a" * 0x4000 + b"\r\n")
        await writer.drain()


async def without_length(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    for _n in range(1_000):
        writer.write(b"a" * 16_384)
        await writer.drain()


async def slow_body(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n")
    for _n in range(30):
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.1)


async def slow_head(_: Request, writer: asyncio.StreamWriter) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100:
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.1)


async def silent(_: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(5)


async def many_headers(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100_000):
        writer.write(b"X%d: a\r\n" % number)
        await writer.drain()


async def continue_for_ever(_: Request, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0)


async def redirect_for_ever(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(redirect(f"{request.path}x"))


SERVERS: dict[str, tuple[bytes | Callable[[Request, asyncio.StreamWriter], object], set[Problem]]] = {
    "a gzip bomb": (reply(gzip.compress(BOMB), headers={"Content-Encoding": "gzip"}), {Problem.TOO_LARGE}),
    "a deflate bomb": (reply(zlib.compress(BOMB), headers={"Content-Encoding": "deflate"}), {Problem.TOO_LARGE}),
    "a bomb of small size": (
        reply(gzip.compress(b"a" * 1_040_000) * 2, headers={"Content-Encoding": "gzip"}),
        {Problem.TOO_LARGE},
    ),
    "gzip within gzip": (
        reply(gzip.compress(gzip.compress(BOMB)), headers={"Content-Encoding": "gzip, gzip"}),
        {Problem.BAD_ANSWER},
    ),
    "thousands of gzip members": (
        reply(gzip.compress(b"") * 5_000, headers={"Content-Encoding": "gzip"}),
        {Problem.BAD_ANSWER},
    ),
    "gzip that is none": (reply(b"\x1f\x8b\x08junk junk", headers={"Content-Encoding": "gzip"}), {Problem.BAD_ANSWER}),
    "gzip cut off": (reply(gzip.compress(PAGE)[:-20], headers={"Content-Encoding": "gzip"}), {Problem.BAD_ANSWER}),
    "an unknown compression": (reply(b"(\xb5/\xfd", headers={"Content-Encoding": "zstd"}), {Problem.BAD_ANSWER}),
    "a large length": (reply(b"x", headers={"Content-Length": str(10**12)}), {Problem.TOO_LARGE}),
    "a negative length": (reply(b"x", headers={"Content-Length": "-1"}), {Problem.BAD_ANSWER}),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 5\r\n\r\nabcde",
        {Problem.BAD_ANSWER},
    ),
    "a body shorter than told": (
        reply(b"x", headers={"Content-Length": "10"}),
        {Problem.BAD_ANSWER, Problem.TIMED_OUT},
    ),
    "a body without end": (endless, {Problem.TOO_LARGE}),
    "a body without length and end": (without_length, {Problem.TOO_LARGE}),
    "a slow body": (slow_body, {Problem.TIMED_OUT}),
    "slow headers": (slow_head, {Problem.TIMED_OUT}),
    "silence": (silent, {Problem.TIMED_OUT}),
    "a huge header": (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", {Problem.BAD_ANSWER}),
    "a huge location": (redirect("/" + "a" * 7_000), {Problem.BAD_REDIRECT}),
    "countless headers": (many_headers, {Problem.BAD_ANSWER, Problem.UNREACHABLE, Problem.TIMED_OUT}),
    "100 Continue for ever": (continue_for_ever, {Problem.TIMED_OUT, Problem.BAD_ANSWER, Problem.UNREACHABLE}),
    "another protocol": (b"SSH-2.0-OpenSSH_9\r\n\r\n", {Problem.BAD_ANSWER}),
    "NULs for headers": (b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n", {Problem.BAD_ANSWER}),
    "a bad chunk size": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\na\r\n",
        {Problem.BAD_ANSWER, Problem.TIMED_OUT, Problem.UNREACHABLE},
    ),
    "nothing": (b"", {Problem.UNREACHABLE}),
    "redirects to itself": (redirect("/a"), {Problem.BAD_REDIRECT}),
    "redirects for ever": (redirect_for_ever, {Problem.BAD_REDIRECT}),
    "a film": (reply(b"x" * 100, headers={"Content-Type": "video/mp4"}), {Problem.UNSUPPORTED_TYPE}),
}


@pytest.mark.alone
@pytest.mark.parametrize("name", SERVERS)
async def test_a_rude_server_is_left_in_bounded_time(internet: Internet, name: str) -> None:
    answer, problems = SERVERS[name]
    internet.public.routes["*"] = answer  # type: ignore[assignment]

    assert await refused(internet.fetcher, internet.url("/a")) in problems


@pytest.mark.parametrize(
    ("body", "headers", "wanted"),
    [
        (PAGE.replace(b"Elbe", "Müritz".encode("cp1252")), {"Content-Type": "text/html; charset=utf-8"}, "Müritz"),
        (PAGE.replace(b"Elbe", "Müritz".encode()), {"Content-Type": "text/html; charset=iso-8859-1"}, "Müritz"),
        (PAGE.decode().replace("Elbe", "Müritz").encode("utf-16"), {"Content-Type": "text/html"}, "Müritz"),
        (PAGE.replace(b"Elbe", b"El\x00be"), {"Content-Type": "text/html"}, "Elbe"),
        (PAGE.replace(b"Elbe", b"+ADw-Elbe"), {"Content-Type": "text/html; charset=utf-7"}, "+ADw-Elbe"),
        (PAGE.replace(b"Elbe", b"&#0;Elbe&#xD800;"), {"Content-Type": "text/html"}, "Elbe"),
        (PAGE, {"Content-Type": "text/plain; charset=undefined"}, "Elbe"),
        (PAGE, {"Content-Type": "application/pdf"}, "Elbe"),
        (PAGE, {"Content-Type": ";;;"}, "Elbe"),
    ],
)
async def test_a_page_that_lies_about_itself_is_read_all_the_same(
    internet: Internet, workers: Workers, body: bytes, headers: dict[str, str], wanted: str
) -> None:
    internet.public.routes["/a"] = reply(body, headers=headers)

    read = await Reader(internet.fetcher, workers).page(internet.url("/a"))

    assert isinstance(read, ReadPage)
    article = read.items[0]
    assert isinstance(article, FileArticle)
    assert wanted in article.text
    assert "\x00" not in article.text


@pytest.mark.parametrize(
    "canonical", ["https://www.nytimes.com/a", "javascript:alert(1)", "http://[::1", "http://127.0.0.1/", "//evil.net/"]
)
async def test_a_page_cannot_take_the_place_of_another_sites_article(
    internet: Internet, workers: Workers, canonical: str
) -> None:
    head = f"<link rel='canonical' href='{canonical}'><meta property='og:url' content='{canonical}'>"
    internet.public.routes["/a"] = reply(page([f"{n}. {TEXT}" for n in range(8)], head=head))

    read = await Reader(internet.fetcher, workers).page(internet.url("/a"))

    assert isinstance(read, ReadPage)
    article = read.items[0]
    assert isinstance(article, FileArticle)
    assert article.source == internet.url("/a")
