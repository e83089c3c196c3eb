"""Libraries of real sentences, put together anew by a seeded draw, kept in a folder between runs."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from index import Library
from index.analysis.sentences import sentence_spans
from index.evaluation import read_set
from index.models import NewArticle
from index.store import Store

PASSAGES_OF_AN_ARTICLE = 15
_WORDS_OF_A_PASSAGE = 86
_SEED = 7
_AT_ONCE = 200


async def library_of(folder: Path, sets: Sequence[Path], articles: int) -> Path:
    """Make a library of this many articles, unless the folder has it from before.

    Args:
        sets: Folders with articles.jsonl and questions.jsonl, see CONTRIBUTING.md.

    Returns:
        The database; the index stands beside it.
    """
    database = folder / f"{articles}.db"
    address, index = f"sqlite+aiosqlite:///{database}", Path(f"{database}.index")
    if await asyncio.to_thread((index / "LIVE").exists):
        # An older Footnote may have made it: tables and index are brought up to date before anything is measured.
        async with await Library.open(address, index):
            return database
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with await Store.open(address) as store:
        batch: list[NewArticle] = []
        for article in _made(sets, articles):
            batch.append(article)
            if len(batch) == _AT_ONCE:
                await store.add(batch)
                batch.clear()
        await store.add(batch)
    async with await Library.open(address, index) as library:
        await library.rebuild()
    return database


def question_of(sets: Sequence[Path]) -> str:
    """A question that the first of the sets answers."""
    return read_set(sets[0], 1).questions[0].question


def _made(sets: Sequence[Path], articles: int) -> Iterator[NewArticle]:
    draw = random.Random(_SEED)
    material = [
        (draft, [draft.text[start:end] for start, end in sentence_spans(draft.text, draft.language or "en")])
        for folder in sets
        for _, draft in read_set(folder).articles
    ]
    for number in range(articles):
        draft, sentences = draw.choice(material)
        paragraphs = []
        for _ in range(PASSAGES_OF_AN_ARTICLE):
            words, passage = 0, []
            while words < _WORDS_OF_A_PASSAGE:
                passage.append(draw.choice(sentences).strip())
                words += len(passage[-1].split()) or 1
            paragraphs.append(" ".join(passage))
        yield NewArticle(f"{draft.title} {number}", "\n\n".join(paragraphs), "", draft.language or "en")
