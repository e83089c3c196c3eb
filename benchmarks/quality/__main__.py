"""Measures how often each system shows the right passage, on the same passages and questions.

Usage: python -m benchmarks.quality SET_DIR... [--limit N] [--held-out] [--titles] [--json FILE]
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.quality.peers import PEERS, SHOWN, Peer
from index.errors import UnreadableFileError
from index.evaluation import Question, QuestionSet, comparable, holds_answer, read_set
from index.library import Library
from index.passages import split

OURS = "Footnote"


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage as every system gets it: the set's name of its article, that one's title, and the passage's text."""

    article: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One system on one set. `problem` says why there are no figures; shares lie in 0..1, `ms` is wall time."""

    set: str
    system: str
    questions: int
    passages: int
    passage_at_1: float | None = None
    passage_at_5: float | None = None
    ms: float | None = None
    problem: str | None = None


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET_DIR")
    parser.add_argument("--limit", type=int, metavar="N", help="most questions of a set, taken evenly from all")
    parser.add_argument(
        "--held-out", action="store_true", help="ask only about the articles that tools/training leaves out"
    )
    parser.add_argument("--titles", action="store_true", help="peers get the article's title before each passage")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    console = Console()
    rows: list[Row] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(options.sets) * (len(PEERS) + 1))
        for folder in options.sets:
            try:
                questions = read_set(folder, options.limit, held_out=options.held_out)
            except UnreadableFileError as error:
                raise SystemExit(str(error)) from error
            progress.update(task, description=f"{questions.name}, {OURS}")
            ours, passages = asyncio.run(measure_ours(questions))
            found = [ours]
            progress.advance(task)
            for name, peer in PEERS.items():
                progress.update(task, description=f"{questions.name}, {name}")
                found.append(measure_peer(name, peer, questions, passages, with_titles=options.titles))
                progress.advance(task)
            console.print(table(found, titles=options.titles))
            rows += found
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", "utf-8")


async def measure_ours(questions: QuestionSet) -> tuple[Row, list[Passage]]:
    """Ask our library, the whole way from the question to the citations, and return its passages for the others."""
    with tempfile.TemporaryDirectory() as folder:
        async with await Library.open(f"sqlite+aiosqlite:///{folder}/library.db") as library:
            added = await library.add([draft for _, draft in questions.articles])
            names: dict[str, str] = {}
            passages: list[Passage] = []
            for (name, draft), outcome in zip(questions.articles, added, strict=True):
                if outcome.article is None or outcome.article.id in names:
                    continue
                names[outcome.article.id] = name
                # Taken from the stored text: the peers get it without boilerplate, as we do.
                article = await library.article(outcome.article.id)
                passages += [
                    Passage(name, draft.title, article.text[span.start : span.end])
                    for span in split(article.text, article.info.language)
                ]
            ranks: list[int | None] = []
            began = time.perf_counter()
            for question in questions.answerable:
                answer = await library.ask(question.question, top_k=SHOWN, refuse=False)
                cited = [] if answer.best is None else [answer.best, *answer.alternatives]
                shown = [(names.get(one.article.id, ""), one.passage) for one in cited]
                ranks.append(rank_of_answer(question, shown))
            took = time.perf_counter() - began
    return row(questions, OURS, len(passages), ranks, took), passages


def measure_peer(
    name: str, peer: Peer, questions: QuestionSet, passages: Sequence[Passage], *, with_titles: bool
) -> Row:
    """Ask a peer; whatever keeps it from answering is reported in its row."""
    language = questions.questions[0].language if questions.questions else "en"
    texts = [f"{one.title}\n{one.text}" if with_titles else one.text for one in passages]
    found: list[list[int]] = []
    try:
        ask = peer(texts, language)
        began = time.perf_counter()
        for question in questions.answerable:
            found.append(ask(question.question))  # noqa: PERF401 - a failure is told with what came before it
        took = time.perf_counter() - began
    except ImportError as error:
        return problem(questions, name, len(passages), f"not installed: {error.name or error}")
    except Exception as error:  # A peer may fail in any way, and its failure is a result of this table.
        at = f" at question {len(found) + 1}" if found else ""
        return problem(questions, name, len(passages), f"fails{at}: {type(error).__name__}: {error}"[:200])
    ranks = [
        rank_of_answer(question, [(passages[place].article, passages[place].text) for place in places])
        for question, places in zip(questions.answerable, found, strict=True)
    ]
    return row(questions, name, len(passages), ranks, took)


def rank_of_answer(question: Question, shown: Sequence[tuple[str, str]]) -> int | None:
    """The rank, from 1, of the first passage of the right article with a gold answer in it.

    Args:
        shown: Pairs (the set's name of the article, passage), best first.
    """
    answers = [comparable(answer) for answer in question.answers]
    for rank, (article, passage) in enumerate(shown[:SHOWN], 1):
        if article == question.article and holds_answer(comparable(passage), answers, question.language):
            return rank
    return None


def row(questions: QuestionSet, system: str, passages: int, ranks: Sequence[int | None], took_s: float) -> Row:
    """The figures of a system that answered every question."""
    asked = max(len(ranks), 1)
    return Row(
        set=questions.name,
        system=system,
        questions=len(ranks),
        passages=passages,
        passage_at_1=sum(rank == 1 for rank in ranks) / asked,
        passage_at_5=sum(rank is not None for rank in ranks) / asked,
        ms=took_s / asked * 1e3,
    )


def problem(questions: QuestionSet, system: str, passages: int, reason: str) -> Row:
    """The row of a system without figures."""
    return Row(questions.name, system, len(questions.answerable), passages, problem=reason)


def table(rows: Sequence[Row], *, titles: bool) -> Table:
    """One set's rows as people read them."""
    first = rows[0]
    title = f"{first.set}: {first.questions} questions, {first.passages} passages"
    made = Table(title=title + (", peers with titles" if titles else ""), title_justify="left")
    made.add_column("system")
    for name in ("passage_at_1", "passage_at_5", "ms a question"):
        made.add_column(name, justify="right")
    for one in rows:
        if one.passage_at_1 is None or one.passage_at_5 is None or one.ms is None:
            made.add_row(one.system, one.problem or "")
        else:
            style = "bold" if one.system == OURS else ""
            made.add_row(one.system, f"{one.passage_at_1:.3f}", f"{one.passage_at_5:.3f}", f"{one.ms:.2f}", style=style)
    return made


if __name__ == "__main__":
    main()
