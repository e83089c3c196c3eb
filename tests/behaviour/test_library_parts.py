"""What the bot asks a library for besides answers: one article, its passages, lists, figures, and undoing a removal."""

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index import (
    Change,
    Draft,
    Library,
    QuestionError,
    Refusal,
    Status,
    StoreError,
    UnknownArticleError,
    UnreadableFileError,
)
from tests.support.drafts import BRIDGE, DAM, QUESTION, TRUCE


async def added(library: Library, draft: Draft, collection: str = "shared") -> str:
    (addition,) = await library.add([draft], collection)
    assert addition.article is not None
    return addition.article.id


# ---- asking one article


async def test_one_article_answers_although_a_hundred_others_would_come_first(library: Library) -> None:
    ferry = "The ferry to Aster left the harbour on time, and the captain of the ferry waved."
    await library.add([Draft(f"Ferry {i}", f"{ferry} It was day {i}.", f"{i}.md", "en") for i in range(150)])
    filler = "\n\n".join("The ministry of roads counted bicycles and tractors all week long. " * 8 for _ in range(4))
    text = f"{filler}\n\nOn the way home somebody saw the ferry."
    there = await added(library, Draft("Bicycles", text, "bicycles.md", "en"))

    answer = await library.ask("when did the ferry to Aster leave?", article=there, refuse=False)
    everywhere = await library.ask("when did the ferry to Aster leave?", top_k=50, refuse=False)

    assert answer.best is not None
    assert answer.best.article.id == there
    assert "saw the ferry" in answer.best.quote
    assert everywhere.best is not None
    assert there not in {c.article.id for c in [everywhere.best, *everywhere.alternatives]}


async def test_an_answer_within_an_article_is_as_sure_as_one_of_the_library(library: Library) -> None:
    await library.add([BRIDGE, DAM])
    there = await added(library, TRUCE)

    within = await library.ask(QUESTION, article=there)
    everywhere = await library.ask(QUESTION)

    assert within.status is Status.ANSWERED
    assert within.best is not None
    assert everywhere.best is not None
    assert within.best.quote == everywhere.best.quote
    assert within.best.score == pytest.approx(everywhere.best.score)


async def test_all_passages_shown_within_an_article_are_of_it(library: Library) -> None:
    paragraphs = [f"Ferry number {i} to the island left the harbour with {i * 7} people. " * 8 for i in range(1, 17)]
    there = await added(library, Draft("Ferries", "\n\n".join(p.strip() for p in paragraphs), "ferries.md", "en"))

    answer = await library.ask("which ferry left the harbour for the island?", top_k=5, article=there)

    assert answer.best is not None
    shown = [answer.best, *answer.alternatives]
    assert len(shown) == 5
    assert len({citation.ordinal for citation in shown}) == 5


async def test_a_refusal_within_an_article_says_so(library: Library) -> None:
    await library.add([TRUCE])
    there = await added(library, BRIDGE)

    unknown = await library.ask("soldiers killed", article=there)
    far = await library.ask("which zeppelin did the prosecutor of the pyramid sell on Monday?", article=there)

    assert (unknown.refusal, unknown.unknown_terms) == (Refusal.UNKNOWN_WORDS, ("soldiers", "killed"))
    assert far.refusal is Refusal.TOO_FAR
    assert "in this article" in unknown.reason
    assert "in this article" in far.reason
    assert (await library.ask("what is it?", article=there)).refusal is Refusal.NO_WORDS


async def test_an_article_outside_the_scope_is_as_unknown_as_none(library: Library) -> None:
    there = await added(library, TRUCE, "server")
    scope = ["other", "shared"]

    with pytest.raises(UnknownArticleError) as hidden:
        await library.ask(QUESTION, scope, article=there)
    with pytest.raises(UnknownArticleError) as unread:
        await library.article(there, scope)
    with pytest.raises(UnknownArticleError) as missing:
        await library.article("zzzzzz", scope)

    assert str(hidden.value) == str(unread.value) == str(missing.value).replace("zzzzzz", there)
    assert await library.info(there, scope) is None
    assert (await library.ask(QUESTION, ["server"], article=there)).best is not None
    assert (await library.article(there, ["server"])).text == TRUCE.text
    with pytest.raises(QuestionError):
        await library.ask(" ", article=there)


async def test_a_removed_article_answers_nothing(library: Library) -> None:
    there = await added(library, TRUCE)
    await library.remove([there])

    with pytest.raises(UnknownArticleError):
        await library.ask(QUESTION, article=there)


async def test_an_article_is_asked_after_changes_and_after_a_restart(library: Library, tmp_path: Path) -> None:
    there = await added(library, TRUCE)
    await library.rebuild()
    gone = await added(library, BRIDGE)
    await library.add([DAM])
    await library.remove([gone])
    revised = Draft(TRUCE.title, TRUCE.text.replace("49", "105"), TRUCE.source, "en")
    await library.add([revised])

    answer = await library.ask(QUESTION, article=there)
    await library.close()
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/library.db", tmp_path / "index") as again:
        restarted = await again.ask(QUESTION, article=there)

    assert answer.best is not None
    assert "105 soldiers" in answer.best.quote
    assert restarted.best == answer.best


# ---- many at once


@pytest.mark.alone
async def test_two_hundred_questions_leave_the_threads_to_others(library: Library) -> None:
    await library.add([TRUCE, BRIDGE, DAM])
    await library.ask(QUESTION)

    asked = [asyncio.create_task(library.ask(QUESTION)) for _ in range(200)]
    await asyncio.sleep(0)
    began = time.perf_counter()
    await asyncio.to_thread(lambda: None)
    waited_s = time.perf_counter() - began
    still_waiting = sum(not task.done() for task in asked)
    answers = await asyncio.gather(*asked)

    assert still_waiting > 100
    assert waited_s < 0.1
    assert all(answer.best is not None for answer in answers)


async def test_closing_lets_questions_end_and_takes_no_more(tmp_path: Path) -> None:
    library = await Library.open(f"sqlite+aiosqlite:///{tmp_path}/library.db")
    await library.add([TRUCE])
    asking = asyncio.create_task(library.ask(QUESTION))
    await asyncio.sleep(0)
    await library.close()

    assert (await asking).best is not None
    with pytest.raises(StoreError, match="closed"):
        await library.ask(QUESTION)


# ---- reading


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


async def test_an_export_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/library.db") as library:
        await library.add([TRUCE])
    with pytest.raises(StoreError):
        await library.export(folder / "articles.jsonl")

    assert list(folder.iterdir()) == []


# ---- adding files


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


# ---- taking out and putting back


async def test_what_was_taken_out_is_put_back_as_it_was(library: Library, tmp_path: Path) -> None:
    first, second = await added(library, TRUCE, "server"), await added(library, BRIDGE, "server")
    await library.add([Draft(TRUCE.title, TRUCE.text + " More.", TRUCE.source, "en")], "server", "12")
    await library.export(tmp_path / "before.jsonl")

    payload = await library.take_out([second, first], ["server"])

    assert (await library.status()).articles == 0
    assert (await library.ask(QUESTION)).refusal is Refusal.EMPTY_LIBRARY
    outcomes = await library.put_back(payload)
    again = await library.put_back(payload)
    await library.export(tmp_path / "after.jsonl")
    assert [one.change for one in outcomes] == [Change.ADDED, Change.ADDED]
    assert {one.change for one in again} == {Change.UNCHANGED}
    before, after = ((tmp_path / name).read_text("utf-8").splitlines() for name in ("before.jsonl", "after.jsonl"))
    assert sorted(before) == sorted(after)
    assert (await library.ask(QUESTION)).best is not None


async def test_nothing_is_taken_out_when_one_of_them_is_not_in_the_collections(library: Library) -> None:
    ours, theirs = await added(library, TRUCE, "server"), await added(library, BRIDGE, "other")

    with pytest.raises(UnknownArticleError):
        await library.take_out([ours, theirs], ["server"])

    assert (await library.status()).articles == 2
    assert (await library.ask(QUESTION)).best is not None


async def test_what_was_never_taken_out_is_not_put_back(library: Library) -> None:
    there = await added(library, TRUCE)
    payload = await library.take_out([there])
    broken = payload + json.dumps({"id": "x"})

    with pytest.raises(UnreadableFileError, match="line 2"):
        await library.put_back(broken)

    assert (await library.status()).articles == 0
