"""What strangers may hand in: every case ends as an error with a reason, in bounded time, and harms nothing.

All traffic stays on 127.0.0.0/8: 127.0.0.2 stands for a public server, and 127.0.0.1 for what must not be reached.
"""

import asyncio
import gzip
import io
import json
import struct
import time
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from index.ingestion.addresses import why_not_public
from index.ingestion.connecting import guarded_connector
from index.ingestion.extracting.sources import Limits
from index.ingestion.feeds import CheckedFeed, Feeds
from index.ingestion.fetching import Fetcher
from index.ingestion.files import FileArticle
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.reading import Item, Reader, ReadPage
from index.ingestion.requesting import Fetched
from index.ingestion.rules import FetchRules
from index.ingestion.worker import Bytes, WorkerRules, Workers
from tests.support.documents import Pdf, docx, epub, page, pdf, word_paragraph, zip_of, zip_with_link
from tests.support.web import Names, Request, Web, redirect, reply, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "The new bridge over the Elbe opened to traffic in May 2019, after nine years of work and two floods."
PAGE = page([f"{n}. {TEXT}" for n in range(8)]).encode()

NAMES: dict[str, Sequence[str] | Sequence[Sequence[str]]] = {
    "pub.site.net": ["127.0.0.2"],
    "private.site.net": ["127.0.0.1"],
    "metadata.site.net": ["169.254.169.254"],
    "six.site.net": ["::1"],
    "mapped.site.net": ["::ffff:127.0.0.1"],
    "translated.site.net": ["64:ff9b::7f00:1"],
    "tunnelled.site.net": ["2002:7f00:1::"],
    "zero.site.net": ["0.0.0.0"],
    "local6.site.net": ["fd00:ec2::254"],
    "zone.site.net": ["fe80::1%1"],
    "shared.site.net": ["100.100.100.200"],
    "multicast.site.net": ["224.0.0.251"],
    "both.site.net": ["127.0.0.2", "127.0.0.1"],
    "both-turned.site.net": ["127.0.0.1", "127.0.0.2"],
    "rebound.site.net": [["127.0.0.2"], ["127.0.0.1"]],
}


def judge(address: str) -> str | None:
    return None if address == "127.0.0.2" else why_not_public(address)


@dataclass
class Internet:
    """A public server, a private one on the same port, and a fetcher that may reach the first."""

    public: Web
    private: Web
    fetcher: Fetcher

    def url(self, path: str = "/", host: str = "pub.site.net") -> str:
        return f"http://{host}:{self.public.port}{path}"


@pytest_asyncio.fixture(loop_scope="module")
async def internet() -> AsyncIterator[Internet]:
    async with served("127.0.0.2") as public, served("127.0.0.1", public.port) as private:
        private.routes["*"] = reply("SECRET")
        public.routes["/page"] = reply(PAGE)
        rules = FetchRules(
            ports=frozenset({public.port}), timeout_s=1.5, idle_s=0.7, connect_s=0.5, max_bytes=1024 * 1024, pause_s=0.0
        )
        async with Fetcher(rules, Names(NAMES), judge) as fetcher:
            yield Internet(public, private, fetcher)
        assert private.requests == [], "something private was reached"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    rules = WorkerRules(processes=1, memory_bytes=512 * 1024 * 1024, cpu_s=4, wall_s=10.0)
    async with Workers(rules, Limits()) as workers:
        yield workers


async def refused(fetcher: Fetcher, address: str) -> Problem:
    began = time.perf_counter()
    with pytest.raises(UnusableSourceError) as caught:
        await fetcher.fetch(address)
    assert time.perf_counter() - began < 3
    return caught.value.problem


# ---- where an address leads


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"pub.site.net", "rebound.site.net"}])
async def test_a_name_that_leads_inside_is_refused(internet: Internet, name: str) -> None:
    assert await refused(internet.fetcher, internet.url("/page", name)) is Problem.FORBIDDEN_ADDRESS


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://private.site.net:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::1]:{port}/",
        "http://[fe80::1%25lo]:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://127.1:{port}/",
        "http://localhost:{port}/",
        "http://pub.site.net@127.0.0.1:{port}/",
        "http://user:pass@pub.site.net:{port}/page",
        "http://pub.site.net:{port}\\@127.0.0.1:{port}/",
        "http://pub.site.net:22/",
        "http://①②⑦.⓪.⓪.①:{port}/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,hello",
        "gopher://127.0.0.1:{port}/_x",
        "http://[::1",
        "",
        "   ",
    ],
)
async def test_a_redirect_leads_nowhere_else(internet: Internet, target: str) -> None:
    internet.public.routes["/a"] = redirect(target.format(port=internet.public.port))

    problem = await refused(internet.fetcher, internet.url("/a"))

    assert problem in {Problem.FORBIDDEN_ADDRESS, Problem.BAD_REDIRECT}


async def test_a_name_that_changes_its_address_is_judged_each_time(internet: Internet) -> None:
    address = internet.url("/page", "rebound.site.net")

    assert isinstance(await internet.fetcher.fetch(address), Fetched)
    assert await refused(internet.fetcher, address) is Problem.FORBIDDEN_ADDRESS


async def test_a_redirect_to_a_name_that_has_changed_is_judged(internet: Internet) -> None:
    internet.public.routes["/a"] = redirect(internet.url("/page", "rebound.site.net"))

    assert isinstance(await internet.fetcher.fetch(internet.url("/a")), Fetched)
    assert await refused(internet.fetcher, internet.url("/a")) is Problem.FORBIDDEN_ADDRESS


async def test_the_connection_itself_is_judged_when_a_resolver_is_fooled(internet: Internet) -> None:
    """Rebinding attacks the look-up between judgement and connection; here nothing judges any look-up."""
    await internet.fetcher.fetch(internet.url("/page"))
    for session in internet.fetcher._requester._sessions.values():
        session.connector._resolver = Names(NAMES)  # type: ignore[union-attr]  # the guarded one is put aside

    assert await refused(internet.fetcher, internet.url("/page", "private.site.net")) in {
        Problem.FORBIDDEN_ADDRESS,
        Problem.UNREACHABLE,
    }


async def test_a_connector_opens_no_socket_of_another_family_or_port() -> None:
    connector = guarded_connector(Names({}), judge, frozenset({80}), 1)
    make = connector._socket_factory
    assert make is not None

    for info in (
        (1, 1, 0, "", ("/var/run/docker.sock",)),
        (2, 1, 6, "", ("127.0.0.2", 6379)),
        (2, 1, 6, "", ("127.0.0.1", 80)),
    ):
        with pytest.raises(OSError, match=r"internet|port|127"):
            make(info)
    await connector.close()


# ---- what a server sends


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


BOMB = b"<p>" + b"a" * 50_000_000
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


# ---- what a file holds


async def items_of(workers: Workers, name: str, content: bytes | Path) -> list[Item]:
    began = time.perf_counter()
    async with aclosing(workers.articles(Bytes(name, content))) as found:
        items: list[Item] = [item async for item in found]
    assert time.perf_counter() - began < 20
    return items


def bomb(size: int = 300_000_000) -> bytes:
    deflate = zlib.compressobj(9)
    piece = b"<p>" + b"a" * 999_997
    return b"".join(deflate.compress(piece) for _ in range(size // 1_000_000)) + deflate.flush()


def lying_zip(name: str, content: bytes, told_size: int) -> bytes:
    """A ZIP file of which both headers tell another size of its member."""
    real = zip_of({name: content})
    return real.replace(struct.pack("<I", len(content)), struct.pack("<I", told_size))


def overlapping_zip() -> bytes:
    """Thousands of members that are all one and the same data: small outside, terabytes inside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"a" * 7_000_000)
        first = archive.infolist()[0]
        for _ in range(2_000):
            archive.filelist.append(first)
    return buffer.getvalue()


def encrypted_zip() -> bytes:
    content = bytearray(zip_of({"a.txt": TEXT}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    return bytes(content)


def recursive_form_pdf() -> bytes:
    out = Pdf()
    root = out.add("<< /Type /Catalog /Pages 2 0 R >>")
    out.add("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    out.add(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>"
    )
    out.stream(b"/F Do")
    out.stream(b"/F Do /F Do", "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >>")
    return out.written(root)


def looping_pages_pdf() -> bytes:
    out = Pdf()
    root = out.add("<< /Type /Catalog /Pages 2 0 R >>")
    out.add("<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 100 >>")
    return out.written(root)


def flooding_pdf(size: int = 200_000_000) -> bytes:
    deflate = zlib.compressobj(9)
    line = b"BT /F1 9 Tf 1 0 0 1 9 9 Tm (" + b"word " * 2_000 + b") Tj ET\n"
    stream = deflate.compress(line * 100)
    for _ in range(size // (len(line) * 100)):
        stream += deflate.compress(line * 100)
    stream += deflate.flush()
    out = Pdf()
    root = out.add("<< /Type /Catalog /Pages 2 0 R >>")
    out.add("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    out.add(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
    )
    out.stream(stream, "/Filter /FlateDecode")
    return out.written(root)


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 20}">' for n in range(9))
    + "]>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
FRONT = "The text of this note, which is long enough to be kept. " * 6

FILES: dict[str, tuple[str, bytes, set[Problem]]] = {
    # archives
    "a zip bomb": ("a.zip", zip_of({"a.html": BOMB}), {Problem.TOO_LARGE}),
    "a zip bomb that lies": ("a.zip", lying_zip("a.html", BOMB, 900), {Problem.TOO_LARGE, Problem.DAMAGED}),
    "a zip bomb of zips": (
        "a.zip",
        zip_of({"b.zip": zip_of({"c.zip": zip_of({"d.txt": BOMB})})}),
        {Problem.UNSUPPORTED_TYPE},
    ),
    "members that overlap": ("a.zip", overlapping_zip(), {Problem.TOO_LARGE, Problem.DAMAGED}),
    "countless members": ("a.zip", zip_of({f"{n}.txt": "" for n in range(10_001)}), {Problem.TOO_LARGE}),
    "a way out of the zip": ("a.zip", zip_of({"../../etc/cron.d/x.txt": TEXT}), {Problem.DAMAGED}),
    "an absolute way": ("a.zip", zip_of({"/etc/passwd.txt": TEXT}), {Problem.DAMAGED}),
    "a way with backslashes": ("a.zip", zip_of({"..\\..\\x.txt": TEXT}), {Problem.DAMAGED}),
    "a drive": ("a.zip", zip_of({"C:\\x.txt": TEXT}), {Problem.DAMAGED}),
    "a link in a zip": ("a.zip", zip_with_link("a.txt", "/etc/passwd"), {Problem.UNSUPPORTED_TYPE}),
    "an encrypted zip": ("a.zip", encrypted_zip(), {Problem.ENCRYPTED}),
    "lzma in a zip": ("a.zip", zip_of({"a.txt": TEXT}, zipfile.ZIP_LZMA), {Problem.UNSUPPORTED_TYPE}),
    "an empty zip": ("a.zip", zip_of({}), {Problem.EMPTY}),
    "a zip cut off": ("a.zip", zip_of({"a.txt": TEXT * 99})[:-30], {Problem.DAMAGED}),
    "a zip of a NUL name": ("a.zip", zip_of({"a.txt": TEXT}).replace(b"a.txt", b"\x00.txt"), {Problem.DAMAGED}),
    "a zip with damaged data": (
        "a.zip",
        zip_of({"a.txt": bytes(range(256)) * 50}, zipfile.ZIP_STORED).replace(bytes(range(256)), b"x" * 256, 1),
        {Problem.DAMAGED},
    ),
    # DOCX
    "a docx bomb": (
        "a.docx",
        docx("<w:p/>", {"word/document.xml": b"<a>" + b" " * 60_000_000 + b"</a>"}),
        {Problem.TOO_LARGE},
    ),
    "a docx with a billion laughs": ("a.docx", docx(word_paragraph("&j;"), prologue=ENTITIES), {Problem.DAMAGED}),
    "a docx with an outer entity": ("a.docx", docx(word_paragraph("&a;"), prologue=OUTSIDE), {Problem.DAMAGED}),
    "a docx with laughs in its properties": (
        "a.docx",
        docx(word_paragraph(TEXT), {"docProps/core.xml": f"{ENTITIES}<x>&j;</x>"}),
        {Problem.DAMAGED},
    ),
    "a deep docx": ("a.docx", docx("<w:sdt>" * 5_000 + "</w:sdt>" * 5_000), {Problem.TOO_LARGE}),
    "a docx of broken XML": ("a.docx", docx("<w:p><w:p>"), {Problem.DAMAGED}),
    "a docx without words": ("a.docx", docx("<w:p/>"), {Problem.EMPTY}),
    "a docx of unknown encoding": (
        "a.docx",
        docx("", {"word/document.xml": b'<?xml version="1.0" encoding="x-none"?><a/>'}),
        {Problem.DAMAGED},
    ),
    "a docx with countless parts": (
        "a.docx",
        docx(word_paragraph(TEXT), {f"x/{n}": "" for n in range(2_001)}),
        {Problem.TOO_LARGE},
    ),
    "an old Word file": ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, {Problem.UNSUPPORTED_TYPE}),
    # EPUB
    "an epub with laughs": (
        "a.epub",
        epub({"a.xhtml": f"<p>{TEXT}</p>"}, more={"OEBPS/book.opf": f"{ENTITIES}<package>&j;</package>"}),
        {Problem.DAMAGED},
    ),
    "a protected epub": (
        "a.epub",
        epub(
            {"a.xhtml": f"<p>{TEXT}</p>"},
            more={
                "META-INF/encryption.xml": '<e><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128"/></e>'
            },
        ),
        {Problem.ENCRYPTED},
    ),
    "an epub without a list of contents": ("a.epub", epub({}, more={"OEBPS/book.opf": ""}), {Problem.DAMAGED}),
    "an epub whose book is outside": (
        "a.epub",
        epub({}, more={"META-INF/container.xml": '<c><rootfile full-path="../../../etc/passwd"/></c>'}),
        {Problem.DAMAGED},
    ),
    "an epub of a bomb": ("a.epub", epub({"a.xhtml": "<p>" + "a" * 40_000_000}), {Problem.TOO_LARGE}),
    # PDF
    "a PDF bomb": (
        "a.pdf",
        flooding_pdf(),
        {Problem.TOO_LARGE, Problem.TOO_SLOW, Problem.TOO_MUCH_MEMORY, Problem.CRASHED},
    ),
    "a PDF with many pages": ("a.pdf", pdf([["x"]] * 301), {Problem.TOO_LARGE}),
    "a PDF whose pages go round": ("a.pdf", looping_pages_pdf(), {Problem.DAMAGED, Problem.SCANNED}),
    "a PDF that draws itself": (
        "a.pdf",
        recursive_form_pdf(),
        {Problem.SCANNED, Problem.DAMAGED, Problem.TOO_MUCH_MEMORY},
    ),
    "a PDF without text": ("a.pdf", pdf([["1"], ["2"]]), {Problem.SCANNED}),
    "a PDF cut off": ("a.pdf", pdf([[TEXT] * 20])[:300], {Problem.DAMAGED, Problem.SCANNED}),
    "a PDF of nothing": ("a.pdf", b"%PDF-1.7\n%%EOF", {Problem.DAMAGED}),
    "a PDF of NULs": ("a.pdf", b"%PDF-1.7\n" + b"\0" * 100_000, {Problem.DAMAGED}),
    # pages
    "a page of tags": ("a.html", b"<div>" * 400_000, {Problem.TOO_LITTLE_TEXT, Problem.TOO_SLOW, Problem.EMPTY}),
    "a page of brackets": ("a.html", b"<html>" + b"<" * 1_000_000, {Problem.TOO_LITTLE_TEXT, Problem.TOO_SLOW}),
    "a page of NULs": ("a.html", b"<html>" + b"\0" * 1_000_000, {Problem.DAMAGED, Problem.UNSUPPORTED_TYPE}),
    "a page of open scripts": (
        "a.html",
        b"<html>isAccessibleForFree" + b'<script type="application/ld+json">' * 100_000,
        {Problem.TOO_LITTLE_TEXT, Problem.WALL, Problem.TOO_SLOW},
    ),
    "linked data without bottom": (
        "a.html",
        b'<html><script type="application/ld+json">{"isAccessibleForFree":' + b"[" * 100_000 + b"</script><p>x</p>",
        {Problem.TOO_LITTLE_TEXT, Problem.WALL, Problem.TOO_SLOW},
    ),
    "a page that is too large": ("a.html", b"<html><p>" + b"a " * 4_200_000, {Problem.TOO_LARGE}),
    "an empty page": ("a.html", b"", {Problem.EMPTY}),
    # other kinds
    "a picture called a page": ("a.html", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, {Problem.UNSUPPORTED_TYPE}),
    "a program called a text": ("a.txt", b"\x7fELF" + b"\0" * 99, {Problem.UNSUPPORTED_TYPE}),
    "bytes called a text": ("a.txt", bytes(range(256)) * 40, {Problem.UNSUPPORTED_TYPE}),
    "a spreadsheet": ("a.xlsx", zip_of({"xl/workbook.xml": "<x/>"}), {Problem.UNSUPPORTED_TYPE}),
    "an RTF file": ("a.rtf", rb"{\rtf1 hello}", {Problem.UNSUPPORTED_TYPE}),
    "a line of JSON without bottom": ("a.jsonl", b"[" * 200_000, {Problem.BAD_LINE}),
    "a line of JSON without end": ("a.jsonl", b'{"text": "' + b"a" * 9_000_000, {Problem.TOO_LARGE}),
    "JSON of no articles": ("a.jsonl", b'{"a": 1}\n[]\n"x"\nnull\n1e999\n', {Problem.BAD_LINE}),
    "a feed": ("a.xml", b"<rss version='2.0'><channel/></rss>", {Problem.UNSUPPORTED_TYPE}),
}


@pytest.mark.parametrize("name", FILES)
async def test_a_hostile_file_is_an_error_message(workers: Workers, name: str) -> None:
    file, content, problems = FILES[name]

    items = await items_of(workers, file, content)

    assert items
    for item in items:
        assert isinstance(item, UnusableSourceError)
        assert item.problem in problems, item
        assert "passwd" not in item.detail


async def test_files_are_read_after_all_of_that(workers: Workers) -> None:
    assert [type(item) for item in await items_of(workers, "a.html", PAGE)] == [FileArticle]


async def test_good_members_beside_bad_ones_are_read(workers: Workers) -> None:
    """The reading process is lost on the second and fourth member, and everything else is there."""
    content = zip_of(
        {
            "1.html": PAGE,
            "2.pdf": flooding_pdf(),
            "3.md": "# Note\n\n" + FRONT,
            "4.pdf": flooding_pdf(),
            "5.html": PAGE,
            "__MACOSX/._5.html": b"\0",
            ".DS_Store": b"\0",
            "6.exe": b"MZ\0\0",
        }
    )

    items = await items_of(workers, "news.zip", content)

    names = [item.source if isinstance(item, FileArticle) else item.path for item in items]
    assert names == [f"news.zip/{name}" for name in ("1.html", "2.pdf", "3.md", "4.pdf", "5.html", "6.exe")]
    assert [isinstance(item, FileArticle) for item in items] == [True, False, True, False, True, False]


# ---- feeds


LINK = "https://news.site.net/a"
FEED = "<rss version='2.0'><channel><title>{title}</title><item><link>{link}</link></item></channel></rss>"
FEEDS: dict[str, tuple[bytes, set[Problem]]] = {
    "an outer entity": (f"{OUTSIDE}{FEED.format(title='&a;', link=LINK)}".encode(), set()),
    "a billion laughs": (
        f"{ENTITIES}{FEED.format(title='&j;', link=LINK)}".encode(),
        {Problem.TOO_SLOW, Problem.NO_FEED},
    ),
    "a feed without bottom": (b"<rss><channel>" + b"<item>" * 200_000, {Problem.NO_FEED, Problem.TOO_SLOW}),
    "a feed that is too large": (b"<rss>" + b" " * 5_000_000, {Problem.TOO_LARGE}),
    "a sitemap bomb": (gzip.compress(b"<urlset>" + b" " * 50_000_000), {Problem.TOO_LARGE}),
    "a sitemap with laughs": (
        f"{ENTITIES}<urlset><url><loc>&j;</loc></url><url><loc>{LINK}</loc></url></urlset>".encode(),
        {Problem.DAMAGED},
    ),
    "JSON without bottom": (
        b'{"version": "https://jsonfeed.org/version/1", "items": ' + b"[" * 200_000,
        {Problem.NO_FEED},
    ),
    "no feed": (b"hello", {Problem.NO_FEED}),
    "a page without feeds": (PAGE, {Problem.NO_FEED}),
    "NULs": (b"\0" * 1_000, {Problem.NO_FEED}),
    "a picture": (b"\x89PNG\r\n\x1a\n", {Problem.NO_FEED}),
}


@pytest.mark.parametrize("name", FEEDS)
async def test_a_hostile_feed_is_harmless(workers: Workers, name: str) -> None:
    content, problems = FEEDS[name]
    try:
        feed = await workers.feed(Bytes("feed", content, "https://news.site.net/feed"))
    except UnusableSourceError as error:
        assert error.problem in problems, error  # noqa: PT017
    else:
        assert "root:" not in feed.title
        assert len(feed.title) <= 300
        assert [entry.address for entry in feed.entries if entry.address != LINK] == []


async def test_a_feed_of_countless_entries_is_cut(workers: Workers) -> None:
    items = [{"id": n, "url": f"/{n}", "title": "x"} for n in range(5_000)]
    content = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()

    feed = await workers.feed(Bytes("feed", content, "https://news.site.net/feed"))

    assert (len(feed.entries), feed.total) == (1_000, 5_000)


async def test_a_sitemap_speaks_for_its_own_host_only(internet: Internet, workers: Workers) -> None:
    locations = [
        internet.url("/a"),
        "http://127.0.0.1/",
        "https://evil.net/",
        "file:///etc/passwd",
        "https://xpub.site.net/",
    ]
    body = "".join(f"<url><loc>{one}</loc></url>" for one in locations)
    internet.public.routes["/sitemap.xml"] = reply(f"<urlset>{body}</urlset>")

    checked = await Feeds(internet.fetcher, workers).check(internet.url("/sitemap.xml"))

    assert isinstance(checked, CheckedFeed)
    assert [entry.address for entry in checked.entries] == [internet.url("/a")]


async def test_an_index_of_indexes_without_end_is_left(internet: Internet, workers: Workers) -> None:
    async def index_of(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.path == "/robots.txt":
            writer.write(reply(b"", "404 Not Found"))
            return
        below = "".join(f"<sitemap><loc>{internet.url(f'{request.path}/{n}')}</loc></sitemap>" for n in range(100))
        writer.write(reply(f"<sitemapindex>{below}</sitemapindex>"))

    internet.public.routes["*"] = index_of

    checked = await Feeds(internet.fetcher, workers).check(internet.url("/s"))

    assert isinstance(checked, CheckedFeed)
    assert checked.entries == ()
    assert len(internet.public.requests) <= 52
