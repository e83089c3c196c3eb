"""Any question to any library: no question breaks an answer, and every quote is a slice."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from index import Draft, Library, Status
from index.answering import QUOTE_CHARACTERS
from index.models import Answer

PIECES = (
    *("The ferry sank.", "Eleven people drowned", "on 13 September 2022", "Aster", "cease-fire", "25%", "U.S.", "why"),
    *(
        "\n",
        "\n\n",
        " ",
        "…",
        "?",
        "四十九名士兵被打死。",
        "ทหารเสียชีวิต",
        "병사들이",
        "सैनिकों",
        "l’armée",
        "ﷺ",
        "é",
        "🙂",
    ),
    *("\x00", "\ud800", "\u200b", "x" * 450, "(", "It was cheap. " * 20, "٣٤", "½", "_", "-", "ß", "İ"),
)
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=25).map(" ".join)
drafts = st.builds(
    Draft,
    title=texts,
    text=texts,
    source=st.sampled_from(["a.md", "b.md", "https://c.example", "https://d.example/#e"]),
    language=st.sampled_from([None, "en", "de", "zh", "th", "hi", "ar"]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(drafts, min_size=1, max_size=4), st.lists(texts.filter(lambda text: text.strip() != ""), max_size=5))
def test_no_question_breaks_an_answer_and_every_quote_is_a_slice(articles: list[Draft], questions: list[str]) -> None:
    asyncio.run(ask_all(articles, questions))


async def ask_all(articles: list[Draft], questions: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with await Library.open(f"sqlite+aiosqlite:///{Path(folder)}/library.db") as library:
            await library.add(articles)
            for question in questions:
                for refuse in (True, False):
                    await check(library, await library.ask(question, top_k=50, refuse=refuse))


async def check(library: Library, answer: Answer) -> None:
    assert 0 <= answer.confidence <= 1
    assert (answer.refusal is None) == (answer.status is not Status.REFUSED)
    shown = [answer.best, *answer.alternatives] if answer.best is not None else []
    for citation in shown:
        stored = await library.article(citation.article.id)
        assert stored.info == citation.article
        assert stored.text[citation.start : citation.end] == citation.passage
        assert 1 <= len(citation.quotes) <= 2
        for span in citation.quotes:
            assert 0 <= span.start < span.end <= len(citation.passage)
        assert all(piece in stored.text for piece in citation.quote.split(" […] "))
        assert len(citation.quote) <= QUOTE_CHARACTERS
        assert (citation.link is not None) == citation.article.source.startswith("https://")
