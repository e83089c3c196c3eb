"""Articles in a library: added, revised, removed and listed."""

import random
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index import (
    Change,
    Draft,
    Library,
    Status,
    UnknownArticleError,
)
from tests.support.drafts import BRIDGE, DAM, QUESTION, TRUCE
from tests.support.varied import varied_text


async def test_a_text_file_keeps_the_line_that_became_its_title(library: Library, tmp_path: Path) -> None:
    text = "The ferry costs 7 euros.\n\nIt leaves at noon, and nobody has to book. It takes an hour to the island."

    (tmp_path / "ferry.txt").write_text(text)

    (added,) = await library.add_paths([tmp_path / "ferry.txt"])
    answer = await library.ask("what does the ferry cost?")

    assert added.article is not None
    assert added.article.title == "The ferry costs 7 euros."
    assert added.left_out == ()
    assert (await library.article(added.article.id)).text == text
    assert answer.best is not None
    assert "The ferry costs 7 euros." in answer.best.quote


async def test_a_heading_is_not_repeated_in_the_text(library: Library, tmp_path: Path) -> None:
    (tmp_path / "ferry.md").write_text("# The ferry\n\nIt leaves at noon, and nobody has to book.")

    (added,) = await library.add_paths([tmp_path / "ferry.md"])

    assert added.article is not None
    assert [line.line for line in added.left_out] == ["The ferry"]


async def test_a_removed_article_is_never_quoted_again(library: Library) -> None:
    added = await library.add([TRUCE, BRIDGE])
    assert added[0].article is not None

    await library.remove([added[0].article.id])

    assert (await library.ask(QUESTION)).status is Status.REFUSED
    with pytest.raises(UnknownArticleError):
        await library.remove([added[0].article.id])


async def test_what_another_process_removed_lends_its_confidence_to_nothing(tmp_path: Path) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path / 'library.db'}"
    sunk = Draft("Ferry", "The ferry to Lindholm sank after a storm. Forty people died in it.", "one", "en")
    harbour = Draft("Harbour", "The harbour of Lindholm was rebuilt. A ferry goes there twice a day.", "two", "en")
    async with await Library.open(address) as library:
        (added, _) = await library.add([sunk, harbour])
        before = await library.ask("when did the ferry to Lindholm sink after a storm?")
        assert added.article is not None
        async with await Library.open(address) as other:
            await other.remove([added.article.id])

        after = await library.ask("when did the ferry to Lindholm sink after a storm?")

        assert before.status is Status.ANSWERED
        assert after.status is not Status.ANSWERED
        assert after.confidence < before.confidence
        assert (await library.agreement()).surplus == 0


async def test_a_revision_replaces_the_text_and_keeps_the_id(library: Library) -> None:
    first = await library.add([TRUCE])
    revised = Draft(TRUCE.title, TRUCE.text.replace("49", "105"), TRUCE.source, "en")

    second = await library.add([revised])
    answer = await library.ask(QUESTION)

    assert first[0].article is not None
    assert second[0].article is not None
    assert (second[0].change, second[0].article.id) == (Change.REVISED, first[0].article.id)
    assert answer.best is not None
    assert "105 soldiers" in answer.best.quote
    assert answer.alternatives == ()


async def test_the_same_text_twice_is_one_article(library: Library) -> None:
    await library.add([TRUCE])

    again = await library.add([TRUCE])

    assert again[0].change is Change.UNCHANGED
    assert len(await library.articles()) == 1


async def test_boilerplate_is_left_out_and_told(library: Library) -> None:
    text = "Truce on the border\n\n" + TRUCE.text + "\n\nLeave a Reply\n\nYour email address will not be published."

    added = await library.add([Draft(TRUCE.title, text, TRUCE.source, "en")])

    assert [line.line for line in added[0].left_out][:2] == ["Truce on the border", "Leave a Reply"]
    assert all(line.reason for line in added[0].left_out)


async def test_a_text_without_words_changes_nothing(library: Library) -> None:
    added = await library.add([Draft("Empty", " \n…", "e.md", "en"), BRIDGE])

    assert added[0].article is None
    assert added[0].problem
    assert added[1].article is not None


async def test_an_article_without_a_named_language_is_told_one(library: Library) -> None:
    german = Draft("Der Damm", "Der Damm bei Wellingen hielt stand, und die Feuerwehr zog am Abend wieder ab.", "d.txt")

    added = await library.add([german])

    assert added[0].article is not None
    assert added[0].article.language == "de"


@pytest.mark.parametrize("code", ["../../../evil", "/tmp/evil", "", "e n", "x" * 300, "\x00"])
async def test_no_language_code_leads_out_of_the_index_folder(tmp_path: Path, code: str) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path}/deep/library.db"
    async with await Library.open(address, tmp_path / "deep" / "index") as library:
        await library.add([Draft(BRIDGE.title, BRIDGE.text, BRIDGE.source, code)])

    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    async with await Library.open(address, tmp_path / "deep" / "index") as library:
        assert (await library.ask("what did the bridge cost?", refuse=False)).best is not None


@pytest.mark.alone
async def test_a_thousand_articles_of_a_folder_are_added_within_ten_seconds(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(1_000):
        chance = random.Random(number)
        text = f"The ferry carried {number} people on that day. {varied_text(chance)}"
        (folder / f"{number}.md").write_text(f"---\ntitle: Report {number}\nlanguage: en\n---\n\n{text}", "utf-8")

    began = time.perf_counter()
    added = await library.add_paths([folder])
    took_s = time.perf_counter() - began

    assert len(added) == 1_000
    assert took_s < 10
    answer = await library.ask("how many people were on the ferry in report 777?")
    assert answer.best is not None
    assert answer.best.article.title == "Report 777"


async def test_a_passage_that_was_shown_is_read_again_until_its_article_is_revised(library: Library) -> None:
    await library.add([TRUCE])
    answer = await library.ask(QUESTION)
    assert answer.best is not None
    place = (answer.best.article.number, answer.best.start, answer.best.end)

    assert await library.passage(*place) == (answer.best.article, answer.best.passage)
    await library.add([Draft(TRUCE.title, TRUCE.text + " More.", TRUCE.source, "en")])

    assert await library.passage(*place) is None


async def test_articles_are_found_by_title_within_the_scope(library: Library) -> None:
    await library.add([BRIDGE, DAM])
    await library.add([TRUCE], "server")

    page = await library.find_articles(["shared"], "HALT")

    assert [info.title for info in page.items] == ["Der Damm hält"]
    assert (await library.find_articles(["shared"], "truce")).total == 0
    assert (await library.find_articles(None)).total == 3
    assert [i.title for i in (await library.find_articles(None, sort="title", limit=2, offset=1)).items] == [
        "Der Damm hält",
        "Truce on the border",
    ]


async def test_the_figures_of_a_scope_are_of_its_articles_only(library: Library) -> None:
    before = datetime.now(UTC)
    await library.add([BRIDGE, DAM])
    await library.add([TRUCE], "server")
    await library.rebuild()

    everything, some, none = await library.status(), await library.status(["server"]), await library.status(["other"])

    assert (everything.articles, everything.passages, everything.languages) == (3, 3, ("de", "en"))
    assert (some.articles, some.passages, some.languages) == (1, 1, ("en",))
    assert (some.characters, everything.characters) == (
        len(TRUCE.text),
        sum(len(draft.text) for draft in (TRUCE, BRIDGE, DAM)),
    )
    assert (none.articles, none.passages, none.languages, none.characters) == (0, 0, (), 0)
    assert everything.engine == "embedded"
    assert everything.built_at is not None
    assert everything.built_at > before
    assert everything.index_bytes is not None
    assert everything.index_bytes > 1_000


async def test_files_are_added_and_those_that_cannot_be_read_say_why(library: Library, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    markdown = b"---\ntitle: A bridge opens\nlanguage: en\n---\n\nThe new bridge over the Lyn cost 40 million euros.\n"
    files = {
        "bridge.md": markdown,
        "photo.png": b"\x89PNG",
        "empty.txt": b" ",
        "dam.txt": "Der Damm hält".encode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    paths = [tmp_path / name for name in files]
    outcomes = await library.add_paths(paths, "server", "12", lambda done, total: seen.append((done, total)))

    known = [f"{tmp_path.name}/bridge.md", str(paths[1]), str(paths[2]), f"{tmp_path.name}/dam.txt"]
    assert [outcome.source for outcome in outcomes] == known
    assert [outcome.change for outcome in outcomes] == [Change.ADDED, None, None, Change.ADDED]
    assert outcomes[0].article is not None
    assert (outcomes[0].article.collection, outcomes[0].article.added_by) == ("server", "12")
    assert "only .md, .markdown and .txt" in str(outcomes[1].problem)
    assert "empty" in str(outcomes[2].problem)
    assert seen == [(4, 4)]
