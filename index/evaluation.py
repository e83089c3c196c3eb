"""Questions with known answers, to figures: how often the right passage and the right words are shown."""

import asyncio
import math
import re
import tempfile
import unicodedata
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.analysis.languages import language
from index.drafts import Draft
from index.errors import UnreadableFileError
from index.ingestion.problems import Problem
from index.library import Library
from index.models import Answer, Citation, Progress, Status
from index.records import Record, Shape, unreadable

_NOT_WORD = re.compile(r"\W+")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_ASKED_PASSAGES = 10

_ARTICLES = Shape("an article", ("id", "title", "text", "lang"))
_QUESTIONS = Shape("a question", ("question", "lang"))


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its gold answers, each of which stands word for word in its article."""

    question: str
    answers: tuple[str, ...]
    article: str
    language: str


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Articles with the ids that their questions name."""

    name: str
    articles: tuple[tuple[str, Draft], ...]
    questions: tuple[Question, ...]

    @property
    def answerable(self) -> list[Question]:
        """The questions that an article answers."""
        return [one for one in self.questions if one.answers]

    @property
    def unanswerable(self) -> list[Question]:
        """The others: they belong to what is to be refused."""
        return [one for one in self.questions if not one.answers]


@dataclass(frozen=True, slots=True)
class SetResult:
    """Figures of one set. Shares lie in 0..1, lengths are characters, times milliseconds.

    passage_at_1: right article, and a gold answer in the passage shown. quote_at_1: a gold answer in the quote of the
    right article. All shares, and `questions`, are of those that have an answer. `auroc` is the chance that a question
    with an answer gets a higher confidence than one without. A refusal counts as nothing found in the shares; the
    closest passages are judged before refusing, as `passage_at_1` is about ranking.
    """

    name: str
    articles: int
    passages: int
    mean_characters: float
    longest_characters: int
    questions: int
    passage_at_1: float
    passage_at_5: float
    quote_at_1: float
    article_at_1: float
    mrr_at_10: float
    refused: float
    uncertain: float
    median_ms: float
    p99_ms: float
    auroc: float | None
    offtopic_refused: float | None


def comparable(text: str) -> str:
    """Text as answers are compared: NFKC, casefolded, words separated by single spaces."""
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def holds_answer(text: str, answers: Sequence[str], code: str) -> bool:
    """Whether one of the answers stands in the text, at word boundaries.

    Where endings are glued on (`loose_endings` 1) the answer may be followed by one; where words are not separated (2)
    it may sit anywhere; digits are never cut.

    Args:
        text: Already `comparable`.
        answers: Already `comparable`.
    """
    framed = f" {text} "
    loose = language(code).loose_endings
    for answer in answers:
        if not answer:
            continue
        if f" {answer} " in framed:
            return True
        if loose == 2 and _UNSPACED.search(answer) and answer.replace(" ", "") in framed.replace(" ", ""):
            return True
        if not loose or (len(answer) == 1 and answer.isalpha()):
            continue
        sought = answer if loose == 2 else f" {answer}"
        at = framed.find(sought)
        while at >= 0:
            end = at + len(sought)
            cut = (answer[-1].isdigit() and framed[end].isdigit()) or (
                loose == 2 and answer[0].isdigit() and framed[at - 1].isdigit()
            )
            if not cut:
                return True
            at = framed.find(sought, at + 1)
    return False


def read_set(folder: Path, limit: int | None = None, *, held_out: bool = False) -> QuestionSet:
    """Read `articles.jsonl` and `questions.jsonl` of a folder.

    Args:
        limit: Most questions; they are taken evenly from those that may be asked.
        held_out: All articles, but only the questions about those that the shipped weights were not trained on.

    Raises:
        UnreadableFileError: A file is missing or a line is not in the format.
    """
    articles = [
        (
            one.text("id"),
            Draft(one.text("title", may_be_empty=True), one.text("text"), one.text("id"), one.text("lang")),
        )
        for one in _records(folder / "articles.jsonl", _ARTICLES)
    ]
    questions = read_questions(folder / "questions.jsonl")
    if held_out:
        keys = article_keys(folder)
        questions = [question for question in questions if in_held_out_half(keys.get(question.article, 0))]
    if limit is not None and limit < len(questions):
        questions = [questions[i * len(questions) // limit] for i in range(limit)]
    name = f"{folder.name}, held out" if held_out else folder.name
    return QuestionSet(name, tuple(articles), tuple(questions))


def read_questions(path: Path) -> list[Question]:
    """Read questions; those that say `answerable: false` have no answers and belong to no article.

    Public sets have a few questions without text: nothing is asked, so they are left out.

    Raises:
        UnreadableFileError: The file is missing or a line is not in the format.
    """
    questions = [_question(one) for one in _records(path, _QUESTIONS)]
    return [one for one in questions if one.question.strip()]


def _question(record: Record) -> Question:
    has_answers = bool(record.values.get("answerable", True))
    return Question(
        record.text("question", may_be_empty=True),
        tuple(record.texts("answers")) if has_answers else (),
        record.text("article_id") if has_answers else "",
        record.text("lang"),
    )


def article_keys(folder: Path) -> dict[str, int]:
    """A number for each article of a set, by id; translations of one article have the same.

    xquad sets are translations of the same articles in the same order, which stand in squad too: the English title
    decides for all of them.
    """
    names = [name for name, _ in read_set(folder, 0).articles]
    english = folder.parent / "xquad-en"
    titled = english if folder.name.startswith("xquad-") and english.is_dir() else folder
    titles = [draft.title for _, draft in read_set(titled, 0).articles]
    return {name: zlib.crc32(title.encode()) for name, title in zip(names, titles, strict=True)}


def in_held_out_half(key: int) -> bool:
    """Whether `tools/training` leaves out the articles with a number of `article_keys`."""
    return key % 2 == 1


async def evaluate(
    folders: Sequence[Path],
    *,
    limit: int | None = None,
    held_out: bool = False,
    offtopic: Path | None = None,
    progress: Progress = lambda _done, _all: None,
) -> list[SetResult]:
    """Measure sets, each in a temporary library of its own.

    Args:
        limit: As in `read_set`, for each set.
        held_out: As in `read_set`.
        offtopic: Questions that none of the articles answers, in the same format.

    Raises:
        UnreadableFileError: A set is not in the format.
    """
    sets = [await asyncio.to_thread(read_set, folder, limit, held_out=held_out) for folder in folders]
    others = [] if offtopic is None else await asyncio.to_thread(read_questions, offtopic)
    if limit is not None:
        others = others[:limit]
    total = sum(len(one.questions) + len(others) for one in sets)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    return [await _evaluate(one, others, step) for one in sets]


async def _evaluate(questions: QuestionSet, offtopic: Sequence[Question], step: Callable[[], None]) -> SetResult:
    with tempfile.TemporaryDirectory() as folder:
        async with await Library.open(f"sqlite+aiosqlite:///{folder}/library.db") as library:
            added = await library.add([draft for _, draft in questions.articles])
            ids = {
                name: outcome.article.id
                for (name, _), outcome in zip(questions.articles, added, strict=True)
                if outcome.article is not None
            }
            lengths = library.passage_lengths()

            async def ask(question: Question, top_k: int) -> Answer:
                answer = await library.ask(question.question, top_k=top_k, refuse=False)
                step()
                return answer

            results = [(question, await ask(question, _ASKED_PASSAGES)) for question in questions.answerable]
            away = [await ask(question, 1) for question in (*questions.unanswerable, *offtopic)]
    return _figures(questions.name, ids, lengths, results, away)


def _figures(
    name: str,
    ids: Mapping[str, str],
    lengths: Sequence[int],
    results: Sequence[tuple[Question, Answer]],
    away: Sequence[Answer],
) -> SetResult:
    """The figures of a set.

    Args:
        ids: Of the articles in the library, by their ids in the set.
        lengths: Of the passages, in characters.
        results: The questions that have an answer, with what was said to them.
        away: What was said to questions that have none.
    """
    asked = max(len(results), 1)
    ranks = [(_rank(question, answer, ids), question, answer) for question, answer in results]
    first = [(q, a) for rank, q, a in ranks if rank == 1]
    times = sorted(answer.took_ms for _, answer in results) or [0.0]
    sure = [answer.confidence for _, answer in results]
    return SetResult(
        name=name,
        articles=len(ids),
        passages=len(lengths),
        mean_characters=sum(lengths) / max(len(lengths), 1),
        longest_characters=max(lengths, default=0),
        questions=len(results),
        passage_at_1=len(first) / asked,
        passage_at_5=sum(rank is not None and rank <= 5 for rank, _, _ in ranks) / asked,
        quote_at_1=sum(_quotes(question, answer, ids) for question, answer in results) / asked,
        article_at_1=sum(
            answer.best is not None and answer.best.article.id == ids.get(question.article)
            for question, answer in results
        )
        / asked,
        mrr_at_10=sum(1 / rank for rank, _, _ in ranks if rank is not None) / asked,
        refused=sum(answer.status is Status.REFUSED for _, answer in results) / asked,
        uncertain=sum(answer.status is Status.UNCERTAIN for _, answer in results) / asked,
        median_ms=times[len(times) // 2],
        p99_ms=times[min(len(times) - 1, math.ceil(len(times) * 0.99) - 1)],
        auroc=_auroc(sure, [answer.confidence for answer in away]) if away else None,
        offtopic_refused=sum(answer.status is Status.REFUSED for answer in away) / len(away) if away else None,
    )


def _citations(answer: Answer) -> list[Citation]:
    return [] if answer.best is None else [answer.best, *answer.alternatives]


def _rank(question: Question, answer: Answer, ids: Mapping[str, str]) -> int | None:
    answers = [comparable(text) for text in question.answers]
    for rank, citation in enumerate(_citations(answer), 1):
        if citation.article.id == ids.get(question.article) and holds_answer(
            comparable(citation.passage), answers, question.language
        ):
            return rank
    return None


def _quotes(question: Question, answer: Answer, ids: Mapping[str, str]) -> bool:
    best = answer.best
    if best is None or best.article.id != ids.get(question.article):
        return False
    return holds_answer(comparable(best.bold), [comparable(text) for text in question.answers], question.language)


def _auroc(inside: Sequence[float], outside: Sequence[float]) -> float:
    ranked = sorted([(value, 1) for value in inside] + [(value, 0) for value in outside])
    total = 0.0
    below = 0.0
    at = 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        tied = ranked[at:end]
        missing = sum(1 for _, kind in tied if kind == 0)
        total += (len(tied) - missing) * (below + missing / 2)
        below += missing
        at = end
    return total / max(len(inside) * len(outside), 1)


def _records(path: Path, shape: Shape) -> list[Record]:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(str(path), "it is not text in UTF-8", Problem.NOT_TEXT) from error
    except OSError as error:
        raise unreadable(path, error) from error
    return [
        Record.read(line, str(path), number, shape) for number, line in enumerate(text.split("\n"), 1) if line.strip()
    ]
