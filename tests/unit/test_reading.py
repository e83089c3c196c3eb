import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from index.errors import UnreadableFileError
from index.ingestion.addresses import AllowedHost
from index.ingestion.extracting.kinds import READABLE_SUFFIXES
from index.ingestion.fetching import Fetcher
from index.ingestion.files import FileArticle, article_files
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.reading import Reader, ReadPage
from index.ingestion.requesting import NotModified
from index.ingestion.rules import FetchRules
from index.ingestion.worker import WorkerRules, Workers
from tests.support.documents import docx, page, pdf, word_paragraph, zip_of
from tests.support.web import Web, redirect, reply, served

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINES = [
    f"{n}. The new bridge over the Elbe opened to traffic in May 2019, after nine years of work." for n in range(8)
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def web() -> AsyncIterator[Web]:
    async with served() as web:
        yield web


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def workers() -> AsyncIterator[Workers]:
    async with Workers(WorkerRules(processes=1)) as workers:
        yield workers


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def reader(web: Web, workers: Workers) -> AsyncIterator[Reader]:
    rules = FetchRules(allowed_hosts=(AllowedHost("127.0.0.1", web.port),), pause_s=0.0)
    async with Fetcher(rules) as fetcher:
        yield Reader(fetcher, workers)


def sources(items: list[FileArticle | UnreadableFileError]) -> list[str]:
    return [item.source if isinstance(item, FileArticle) else f"! {item.path}" for item in items]


async def test_an_address_gives_its_article(web: Web, reader: Reader) -> None:
    web.routes |= {
        "/old": redirect("/bridge", "301 Moved"),
        "/bridge": reply(page(LINES), headers={"ETag": '"1"'}),
    }

    read = await reader.page(web.url("/old"))

    assert isinstance(read, ReadPage)
    assert (sources(list(read.items)), read.moved_to, read.etag) == (
        [web.url("/bridge")],
        web.url("/bridge"),
        '"1"',
    )


async def test_an_address_of_a_document_gives_its_article(web: Web, reader: Reader) -> None:
    web.routes["/a?id=1"] = reply(pdf([LINES]), headers={"Content-Type": "application/octet-stream"})
    web.routes["/b/News%20of%20May.docx"] = reply(docx(word_paragraph("It opened.")), headers={"Content-Type": "x/y"})
    web.routes["/c.zip"] = reply(zip_of({"a.md": "# A", "b.exe": b"MZ"}), headers={"Content-Type": "application/zip"})

    found = [await reader.page(web.url(path)) for path in ("/a?id=1", "/b/News%20of%20May.docx", "/c.zip")]

    assert [sources(list(one.items)) for one in found if isinstance(one, ReadPage)] == [
        [web.url("/a?id=1")],
        [web.url("/b/News%20of%20May.docx")],
        ["c.zip/a.md", "! c.zip/b.exe"],
    ]


async def test_a_page_without_an_article_is_a_problem_of_its_address(web: Web, reader: Reader) -> None:
    web.routes["/a"] = reply("<html><p>Hello")

    with pytest.raises(UnusableSourceError) as caught:
        await reader.page(web.url("/a"))

    assert (caught.value.path, caught.value.problem) == (web.url("/a"), Problem.TOO_LITTLE_TEXT)


async def test_a_page_that_did_not_change_is_not_read(web: Web, reader: Reader) -> None:
    web.routes["/a"] = reply(b"", "304 Not Modified")

    assert isinstance(await reader.page(web.url("/a"), etag='"1"'), NotModified)


async def test_uploads_of_all_kinds_are_read(reader: Reader) -> None:
    uploads: dict[str, bytes] = {
        "a.txt": b"It opened.",
        "b.md": b"# It opened.",
        "c.html": page(LINES).encode(),
        "d.txt": page(LINES).encode(),
        "e.pdf": pdf([LINES]),
        "f.txt": pdf([LINES]),
        "g.png": b"\x89PNG",
        "h.txt": b"",
    }

    found = {name: [item async for item in reader.upload(name, content)] for name, content in uploads.items()}

    assert [sources(items) for items in found.values()] == [
        ["a.txt"], ["b.md"], ["c.html"], ["d.txt"], ["e.pdf"], ["f.txt"], ["! g.png"], ["! h.txt"],
    ]  # fmt: skip
    assert isinstance(found["d.txt"][0], FileArticle)
    assert "<p>" not in found["d.txt"][0].text


async def test_a_folder_is_read_in_order(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    files = {
        "a.md": b"# It opened.",
        "b/c.html": page(LINES).encode(),
        "b/d.jsonl": b'{"text": "One."}\n{"text": "Two."}\n',
        "e.pdf": b"no PDF",
        "f.png": b"\x89PNG",
        "g.txt": b"It opened.",
        ".hidden.txt": b"no",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    named = article_files([tmp_path, tmp_path / "nothing.txt"], READABLE_SUFFIXES)
    found = [item async for _, item in reader.files(named)]

    assert sources(found) == [
        "a.md", "c.html", "d.jsonl#1", "d.jsonl#2", "! e.pdf", "g.txt", f"! {tmp_path / 'nothing.txt'}",
    ]  # fmt: skip


async def test_a_thousand_plain_articles_are_read_in_a_moment(reader: Reader, tmp_path: Path) -> None:
    for number in range(1_000):
        (tmp_path / f"{number}.md").write_text(f"# Note {number}\n\n" + "\n\n".join(LINES))
    began = time.perf_counter()

    found = [item async for _, item in reader.files(article_files([tmp_path], READABLE_SUFFIXES))]

    assert len(found) == 1_000
    assert time.perf_counter() - began < 5
