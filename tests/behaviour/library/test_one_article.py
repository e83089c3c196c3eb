"""Questions to one article of a library."""

from pathlib import Path

import pytest

from index import (
    Draft,
    Library,
    QuestionError,
    Refusal,
    Status,
    UnknownArticleError,
)
from tests.support.drafts import BRIDGE, DAM, QUESTION, TRUCE, added


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
