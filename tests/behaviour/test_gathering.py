"""Articles from links, files and feeds, over real sockets on loopback and with real worker processes."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from index import Change, Gatherer, GatheringRules, Library, Problem
from tests.support.documents import docx, page, pdf, word_paragraph, zip_of
from tests.support.web import Web, reply, served


def lines(topic: str) -> list[str]:
    """Enough sentences for an article that no other article holds."""
    return [
        f"{n}. The {topic} of Karrow was opened in May 2019, after {n + 2} years of work on the {topic}."
        for n in range(8)
    ]


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path / 'footnote.db'}"


@pytest_asyncio.fixture
async def library(address: str) -> AsyncIterator[Library]:
    async with await Library.open(address) as library:
        yield library


@pytest_asyncio.fixture
async def web() -> AsyncIterator[Web]:
    async with served() as web:
        yield web


@pytest.fixture
def rules(web: Web) -> GatheringRules:
    return GatheringRules(allowed_hosts=(f"127.0.0.1:{web.port}",), pause_s=0.0, poll_s=0.05)


@pytest_asyncio.fixture
async def gatherer(library: Library, rules: GatheringRules) -> AsyncIterator[Gatherer]:
    async with await Gatherer.open(library, rules) as gatherer:
        yield gatherer


async def test_links_become_articles_that_answer_and_what_fails_says_why(
    web: Web, gatherer: Gatherer, library: Library
) -> None:
    web.routes["/bridge"] = reply(page(lines("bridge"), head="<title>The bridge of Karrow</title>"))

    added = await gatherer.add_links([web.url("/bridge"), web.url("/none"), "ftp://a", web.url("/bridge#top")], "docs")

    assert [(one.change, one.problem_kind) for one in added] == [
        (Change.ADDED, None),
        (None, Problem.MISSING),
        (None, Problem.BAD_ADDRESS),
        (Change.ADDED, None),
    ]
    assert web.paths.count("/bridge") == 1
    answer = await library.ask("when was the bridge opened?", {"docs"})
    assert answer.best is not None
    assert answer.best.article.source == web.url("/bridge")


async def test_a_copy_elsewhere_is_one_article_with_two_sources(web: Web, gatherer: Gatherer, library: Library) -> None:
    web.routes["/a"] = web.routes["/b"] = reply(page(lines("bridge")))

    [first] = await gatherer.add_links([web.url("/a")])
    [second] = await gatherer.add_links([web.url("/b")])

    assert first.article is not None
    assert (second.change, second.duplicate_of) == (Change.UNCHANGED, first.article)
    assert await library.sources(first.article.id) == (web.url("/a"), web.url("/b"))

    web.routes["/b"] = reply(page(lines("harbour")))
    [third] = await gatherer.add_links([web.url("/b")])

    assert third.change is Change.ADDED
    assert await library.sources(first.article.id) == (web.url("/a"),)


async def test_a_page_is_known_by_its_canonical_address_and_revised(web: Web, gatherer: Gatherer) -> None:
    head = f"<link rel='canonical' href='{web.url('/bridge')}'>"
    web.routes["/bridge?page=1"] = reply(page(lines("bridge"), head=head))
    web.routes["/b"] = reply(page(lines("new bridge"), head=head))

    [first] = await gatherer.add_links([web.url("/bridge?page=1")])
    [second] = await gatherer.add_links([web.url("/b")])

    assert first.article is not None
    assert second.article is not None
    assert first.article.source == second.article.source == web.url("/bridge")
    assert (second.change, second.article.id, second.article.revision) == (Change.REVISED, first.article.id, 2)


async def test_files_of_every_kind_are_added_from_folders_and_archives(
    gatherer: Gatherer, library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    (folder / "sub").mkdir(parents=True)
    (folder / "notes.md").write_text("# Notes\n\nThe tram runs since 1901.")
    (folder / "sub" / "notes.md").write_text("# Notes\n\nThe ferry ran until 1950.")
    (folder / "a.pdf").write_bytes(pdf([lines("museum")]))
    (folder / "b.docx").write_bytes(docx(word_paragraph("The dam was repaired in spring.")))
    (folder / "c.zip").write_bytes(zip_of({"x.md": "# X\n\nA lighthouse stands there.", "y.exe": b"MZ"}))
    (folder / "d.jsonl").write_text('{"text": "One line."}\nnonsense\n' + json.dumps({"text": "Another line."}) + "\n")
    steps: list[tuple[int, int]] = []

    added = await gatherer.add_paths([folder, tmp_path / "none.md"], progress=lambda *step: steps.append(step))

    assert {one.article.source for one in added if one.article is not None} == {
        "notes.md", "sub/notes.md", "a.pdf", "b.docx", "c.zip/x.md", "d.jsonl#1", "d.jsonl#3",
    }  # fmt: skip
    assert {one.problem_kind for one in added if one.article is None} == {
        Problem.UNSUPPORTED_TYPE, Problem.BAD_LINE, Problem.NO_FILE,
    }  # fmt: skip
    assert steps == [(7, 7)]
    assert (await library.status()).articles == 7


async def test_uploads_are_added_line_by_line(gatherer: Gatherer) -> None:
    added = await gatherer.add_uploads([("a.txt", b"The tram runs since 1901."), ("b.png", b"\x89PNG")])

    assert [(one.source, one.problem_kind) for one in added] == [("a.txt", None), ("b.png", Problem.UNSUPPORTED_TYPE)]
