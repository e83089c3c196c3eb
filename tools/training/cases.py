"""Questions with their candidates and features, and what is right of these: weights are trained and judged on them."""

import hashlib
import inspect
import pickle
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.answering import Group, Ranker, Ranking
from index.engines.embedded import EmbeddedEngine
from index.engines.protocol import IndexedArticle
from index.evaluation import Question, QuestionSet, article_keys, comparable, holds_answer, read_questions, read_set
from index.passages import split
from index.ranking.features import CONFIDENCE_FEATURES, PASSAGE_FEATURES, SENTENCE_FEATURES
from index.ranking.model import Model, Weights

FOLDS = 4
"""An even number: the even parts are the half that weights come from."""

KINDS = ("asked", "other", "removed")
AWAY = 200
SMALL = 5
SMALL_LIBRARIES = 24
SMALL_QUESTIONS = 15

_ZERO = Model(
    Weights(np.zeros(len(SENTENCE_FEATURES)), np.zeros(len(PASSAGE_FEATURES)), np.zeros(len(CONFIDENCE_FEATURES)), 0.0),
    own={},
    answered=0.5,
    uncertain=0.2,
)


@dataclass(slots=True)
class Case:
    """A question with its candidates and what is right: passages, and sentences of right passages.

    Attributes:
        kind: "asked", or why there is no answer: "removed" (its article is left out) or "other" (of another set).
        spans: The sentences of each passage of each group.
        answers: As they are compared.
        texts: The right passages of each group.
    """

    name: str
    fold: int
    kind: str
    question: str
    groups: tuple[Group, ...]
    spans: list[list[list[tuple[int, int]]]]
    right: list[NDArray[np.bool_]]
    right_sentences: list[NDArray[np.bool_]]
    answers: list[str]
    texts: list[dict[int, str]]


def folds(folder: Path) -> dict[str, int]:
    """The part of each article of a set, by id."""
    return {name: key % FOLDS for name, key in article_keys(folder).items()}


def collect(folder: Path, others: Sequence[Question], most: int) -> list[Case]:
    """Cases of a set, and cases whose answer is not in the library: own article left out, or another set's question."""
    questions = read_set(folder)
    engine, texts = index(questions)
    part = folds(folder)
    random.seed(7)
    asked = [q for q in questions.questions if q.answers]
    if len(asked) > most:
        asked = random.sample(asked, most)
    place = {name: i for i, (name, _) in enumerate(questions.articles)}
    everywhere = [name for name, _ in questions.articles]
    ranker = Ranker()
    cases: list[Case] = []
    for number, question in enumerate(asked):
        fold = part[question.article]
        ranking = ranker.rank(question.question, engine, None, trained=_ZERO)
        cases.append(judge(engine, ranking, question, place[question.article], texts, fold, folder.name, "asked"))
        if number % 3 == 0:
            scope = [name for name in everywhere if name != question.article]
            without = ranker.rank(question.question, engine, scope, trained=_ZERO)
            cases.append(judge(engine, without, question, -1, texts, fold, folder.name, "removed"))
    for number, question in enumerate(others):
        ranking = ranker.rank(question.question, engine, None, trained=_ZERO)
        cases.append(judge(engine, ranking, question, -1, texts, number % FOLDS, folder.name, "other"))
    return cases


def index(questions: QuestionSet) -> tuple[EmbeddedEngine, list[str]]:
    """An engine in which each article is a collection of its own and its number is its place."""
    engine = EmbeddedEngine()
    articles: list[IndexedArticle] = []
    for number, (name, draft) in enumerate(questions.articles):
        code = draft.language or "en"
        passages = tuple((s.start, draft.text[s.start : s.end]) for s in split(draft.text, code))
        articles.append(IndexedArticle(number, code, name, -float(number), draft.title, passages))
    engine.replace(articles, [])
    return engine.compacted(), [draft.text for _, draft in questions.articles]


def collect_small(folder: Path) -> list[Case]:
    """The same from libraries of `SMALL` articles each, as a new library is: few passages, and most words unknown."""
    questions = read_set(folder)
    part = folds(folder)
    random.seed(11)
    name = f"small {folder.name}"
    cases: list[Case] = []
    for fold in range(FOLDS):
        mine = [one for one in questions.articles if part[one[0]] == fold]
        libraries = [mine[i : i + SMALL] for i in range(0, len(mine), SMALL)][: SMALL_LIBRARIES * 2 // FOLDS]
        asked: list[list[Question]] = []
        for library in libraries:
            names = {one for one, _ in library}
            own = [q for q in questions.questions if q.article in names and q.answers]
            asked.append(random.sample(own, min(len(own), SMALL_QUESTIONS)))
        for number, library in enumerate(libraries):
            engine, texts = index(QuestionSet(folder.name, tuple(library), ()))
            place = {one: i for i, (one, _) in enumerate(library)}
            ranker = Ranker()
            for question in asked[number]:
                ranking = ranker.rank(question.question, engine, None, trained=_ZERO)
                cases.append(judge(engine, ranking, question, place[question.article], texts, fold, name, "asked"))
            for question in asked[number - 1] if len(libraries) > 1 else []:
                ranking = ranker.rank(question.question, engine, None, trained=_ZERO)
                cases.append(judge(engine, ranking, question, -1, texts, fold, name, "other"))
    return cases


def judge(
    engine: EmbeddedEngine,
    ranking: Ranking,
    question: Question,
    article: int,
    texts: Sequence[str],
    fold: int,
    name: str,
    kind: str,
) -> Case:
    """Mark which candidates and which of their sentences hold a gold answer."""
    answers = [comparable(text) for text in question.answers]
    right: list[NDArray[np.bool_]] = []
    sentences: list[NDArray[np.bool_]] = []
    spans: list[list[list[tuple[int, int]]]] = []
    kept: list[dict[int, str]] = []
    for group in ranking.groups:
        marks = np.zeros(len(group.docs), bool)
        rows = np.zeros(len(group.table.owner), bool)
        notes = engine.annotations(group.query.language)
        kept.append({})
        spans.append([notes.sentences(doc) for doc in group.docs])
        for i, (key, doc) in enumerate(zip(group.keys, group.docs, strict=True)):
            if key.article != article:
                continue
            passage = texts[article][notes.doc_from.at(doc) : notes.doc_to.at(doc)]
            marks[i] = holds_answer(comparable(passage), answers, question.language)
            if marks[i]:
                kept[-1][i] = passage
                first = int(group.table.first[i])
                for j, (start, end) in enumerate(spans[-1][i]):
                    rows[first + j] = holds_answer(comparable(passage[start:end]), answers, question.language)
        right.append(marks)
        sentences.append(rows)
    return Case(name, fold, kind, question.question, ranking.groups, spans, right, sentences, answers, kept)


def source_digest() -> str:
    """What the features depend on besides the sets: the code and data of analysis and ranking."""
    root = Path(__file__).resolve().parent.parent.parent
    files = [p for p in (root / "index").rglob("*") if p.is_file() and p.suffix != ".pyc" and p.name != "model.json"]
    digest = hashlib.sha256()
    for function in (collect, collect_small, index, judge):
        digest.update(inspect.getsource(function).encode())
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def collected(folders: Sequence[Path], most: int, cache: Path | None) -> list[Case]:
    """The cases of all sets, out of the cache where it has them for this code."""
    digest = source_digest()
    cases: list[Case] = []
    for folder in folders:
        kept = cache / f"{folder.name}-{most}-{digest}.pickle" if cache is not None else None
        began = time.perf_counter()
        if kept is not None and kept.exists():
            found: list[Case] = pickle.loads(kept.read_bytes())
        else:
            found = collect(folder, off_topic(folder, folders), most) + collect_small(folder)
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(pickle.dumps(found))
        cases += found
        print(f"{folder.name}: {len(found)} cases, {time.perf_counter() - began:.0f} s", flush=True)
    return cases


def off_topic(folder: Path, folders: Sequence[Path]) -> list[Question]:
    """Questions of other sets in the same language; not of sets about the same articles."""
    codes = {q.language for q in read_questions(folder / "questions.jsonl")[:1]}
    others: list[Question] = []
    if not folder.name.startswith("squad"):
        for other in folders:
            related = {other.name[:5], folder.name[:5]} == {"squad", "xquad"} or other == folder
            if not related and read_questions(other / "questions.jsonl")[0].language in codes:
                others += read_questions(other / "questions.jsonl")[:AWAY]
    return others
