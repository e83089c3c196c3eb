"""Articles out of a library and in again: exports, imports, and the undoing of a removal."""

import json
from pathlib import Path

import pytest

from index import (
    Change,
    Draft,
    Library,
    Refusal,
    StoreError,
    UnknownArticleError,
    UnreadableFileError,
)
from tests.support.drafts import BRIDGE, DAM, QUESTION, TRUCE, added


async def test_export_and_import_lose_nothing(library: Library, tmp_path: Path) -> None:
    await library.add([TRUCE, DAM])
    await library.add([BRIDGE], collection="server")
    count = await library.export(tmp_path / "all.jsonl")

    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/other.db") as other:
        await other.import_(tmp_path / "all.jsonl")
        again = await other.import_(tmp_path / "all.jsonl")
        await other.export(tmp_path / "again.jsonl")
        answer = await other.ask(QUESTION)

    assert count == 3
    assert again == (3, 3)
    assert (tmp_path / "again.jsonl").read_text("utf-8") == (tmp_path / "all.jsonl").read_text("utf-8")
    assert answer.best is not None


async def test_two_revisions_in_one_import_leave_the_later_one(library: Library, tmp_path: Path) -> None:
    await library.add([BRIDGE])
    await library.export(tmp_path / "one.jsonl")
    line = (tmp_path / "one.jsonl").read_text("utf-8")
    later = line.replace("40 million", "55 million").replace('"revision": 1', '"revision": 2')
    (tmp_path / "two.jsonl").write_text(line + later, "utf-8")

    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/other.db") as other:
        await other.import_(tmp_path / "two.jsonl")
        answer = await other.ask("what did the bridge cost?")
        status = await other.status()

    assert answer.best is not None
    assert "55 million" in answer.best.quote
    assert (status.articles, status.passages) == (1, 1)


async def test_an_export_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    async with await Library.open(f"sqlite+aiosqlite:///{tmp_path}/library.db") as library:
        await library.add([TRUCE])
    with pytest.raises(StoreError):
        await library.export(folder / "articles.jsonl")

    assert list(folder.iterdir()) == []


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
