"""Links, files, folders and archives become articles, and what fails says why."""

import json
import time
from pathlib import Path

import pytest

from index import Change, Gatherer, Library, Problem, StoreError
from tests.support.documents import docx, lines, page, pdf, word_paragraph, zip_of
from tests.support.web import Web, reply


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


async def test_a_page_whose_address_came_in_brackets_is_looked_at_again(web: Web, gatherer: Gatherer) -> None:
    web.routes["/a"] = reply(page(lines("bridge")))
    await gatherer.add_links([f" <{web.url('/a')}> "], "docs")
    web.routes["/a"] = reply(page(lines("harbour")))

    job = await gatherer.refresh_now("docs")

    assert [(one.change, one.problem) for one in job.additions] == [(Change.REVISED, None)]


async def test_a_store_that_fails_while_links_are_added_is_told_as_what_it_is(
    web: Web, gatherer: Gatherer, library: Library
) -> None:
    web.routes["/a"] = web.routes["/b"] = reply(page(lines("bridge")))
    await library.close()

    with pytest.raises(StoreError):
        await gatherer.add_links([web.url("/a"), web.url("/b")])


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


async def test_a_line_that_stands_in_many_articles_of_a_site_is_left_out(
    web: Web, gatherer: Gatherer, library: Library
) -> None:
    notice = "The editors of the Karrow Gazette answer letters within three working days of their arrival."
    topics = ["bridge", "harbour", "lighthouse", "museum"]
    web.routes |= {f"/{topic}": reply(page([*lines(topic), notice])) for topic in topics}

    added = [(await gatherer.add_links([web.url(f"/{topic}")]))[0] for topic in topics]

    assert [notice in {left.line for left in one.left_out} for one in added] == [False, False, False, True]
    assert added[3].article is not None
    assert notice not in (await library.article(added[3].article.id)).text


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
        "articles/notes.md", "articles/sub/notes.md", "articles/a.pdf", "articles/b.docx", "articles/c.zip/x.md",
        "articles/d.jsonl#1", "articles/d.jsonl#3",
    }  # fmt: skip
    assert {one.problem_kind for one in added if one.article is None} == {
        Problem.UNSUPPORTED_TYPE, Problem.BAD_LINE, Problem.NO_FILE,
    }  # fmt: skip
    assert steps == [(7, 7)]
    assert (await library.status()).articles == 7


async def test_a_text_file_keeps_the_line_that_became_its_title(
    gatherer: Gatherer, library: Library, tmp_path: Path
) -> None:
    text = "The ferry costs 7 euros.\n\nIt leaves at noon, and nobody has to book. It takes an hour to the island."
    (tmp_path / "ferry.txt").write_text(text)

    added = [
        *await gatherer.add_paths([tmp_path / "ferry.txt"], "one"),
        *await gatherer.add_uploads([("ferry.txt", text.encode())], "two"),
        *await gatherer.add_uploads([("ferry.jsonl", json.dumps({"text": text}).encode())], "three"),
    ]

    articles = [await library.article(one.article.id) for one in added if one.article is not None]
    assert [(one.info.title, one.text) for one in articles] == [("The ferry costs 7 euros.", text)] * 3


async def test_uploads_are_added_line_by_line(gatherer: Gatherer) -> None:
    added = await gatherer.add_uploads([("a.txt", b"The tram runs since 1901."), ("b.png", b"\x89PNG")])

    assert [(one.source, one.problem_kind) for one in added] == [("a.txt", None), ("b.png", Problem.UNSUPPORTED_TYPE)]


@pytest.mark.alone
async def test_a_thousand_plain_articles_of_a_folder_are_searchable_in_ten_seconds(
    gatherer: Gatherer, library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(1_000):
        text = "\n\n".join(f"Line {n} of note {number}: the bridge opened in May {1000 + number}." for n in range(8))
        (folder / f"{number}.md").write_text(f"# Note {number}\n\n{text}\n")
    began = time.perf_counter()

    added = await gatherer.add_paths([folder])

    assert time.perf_counter() - began < 10
    assert {one.change for one in added} == {Change.ADDED}
    assert (await library.status()).articles == 1_000
    assert (await library.ask("when did the bridge of note 777 open?")).best is not None
