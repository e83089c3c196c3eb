"""Trains the weights of re-ranking and confidence: `python tools/train_model.py DATA_DIR [OUT]`, deterministic.

DATA_DIR holds folders in the format that `footnote eval` reads. Weights come from one half of each set's articles,
chosen by their titles (`index.evaluation.held_out`); the figures printed are those of the other half, which training
has not seen in any set or language.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from index.answering import Group, Ranker, Ranking, confidence_features, quote_spans
from index.engines.embedded import EmbeddedEngine
from index.engines.protocol import IndexedArticle
from index.evaluation import Question, QuestionSet, comparable, held_out, holds_answer, read_questions, read_set
from index.passages import split
from index.ranking.features import CONFIDENCE_FEATURES, PASSAGE_FEATURES, SENTENCE_FEATURES
from index.ranking.model import Model

MOST_QUESTIONS = 700
AWAY = 200
SMALL = 5
SMALL_LIBRARIES = 8
SMALL_QUESTIONS = 15
_BEST = PASSAGE_FEATURES.index("best_sentence")

Floats = NDArray[np.float64]
Example = tuple[Floats, NDArray[np.bool_], float]


@dataclass(slots=True)
class Case:
    """A question with its candidates and what is right: passages, and sentences of right passages."""

    engine: EmbeddedEngine
    groups: tuple[Group, ...]
    right: list[NDArray[np.bool_]]
    right_sentences: list[NDArray[np.bool_]]
    held_out: bool
    name: str
    weight: float


def odd_places(folder: Path) -> dict[str, bool]:
    """Every second article of a set, by id: a split that others report, though squad and xquad then share articles."""
    return {name: place % 2 == 1 for place, (name, _) in enumerate(read_set(folder, 0).articles)}


def collect(
    folder: Path, kept: dict[str, bool], zero: Model, others: Sequence[Question]
) -> tuple[list[Case], list[Case]]:
    """Cases of a set, and cases whose answer is not in the library: own article left out, or another set's question."""
    questions = read_set(folder)
    engine, texts = index(questions)
    random.seed(7)
    asked = [q for q in questions.questions if q.answers]
    if len(asked) > MOST_QUESTIONS:
        asked = random.sample(asked, MOST_QUESTIONS)
    place = {name: i for i, (name, _) in enumerate(questions.articles)}
    everywhere = [name for name, _ in questions.articles]
    ranker = Ranker()
    cases: list[Case] = []
    away: list[Case] = []
    half = max(sum(not kept[q.article] for q in asked), 1)
    for number, question in enumerate(asked):
        odd = kept[question.article]
        ranking = ranker.rank(question.question, engine, None, weights=zero)
        cases.append(judge(engine, ranking, question, place[question.article], texts, odd, folder.name, half))
        if number % 3 == 0:
            scope = [name for name in everywhere if name != question.article]
            without = ranker.rank(question.question, engine, scope, weights=zero)
            away.append(judge(engine, without, question, -1, texts, odd, folder.name, half))
    for number, question in enumerate(others):
        ranking = ranker.rank(question.question, engine, None, weights=zero)
        away.append(judge(engine, ranking, question, -1, texts, number % 2 == 1, folder.name, half))
    return cases, away


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


def collect_small(folder: Path, kept: dict[str, bool], zero: Model) -> tuple[list[Case], list[Case]]:
    """The same from libraries of `SMALL` articles each, as a new library is: few passages, and most words unknown."""
    questions = read_set(folder)
    random.seed(11)
    cases: list[Case] = []
    away: list[Case] = []
    for odd in (False, True):
        half = [one for one in questions.articles if kept[one[0]] == odd]
        parts = [half[i : i + SMALL] for i in range(0, len(half), SMALL)][:SMALL_LIBRARIES]
        asked: list[list[Question]] = []
        for part in parts:
            names = {name for name, _ in part}
            own = [q for q in questions.questions if q.article in names and q.answers]
            asked.append(random.sample(own, min(len(own), SMALL_QUESTIONS)))
        for number, part in enumerate(parts):
            engine, texts = index(QuestionSet(folder.name, tuple(part), ()))
            place = {name: i for i, (name, _) in enumerate(part)}
            ranker = Ranker()
            for question in asked[number]:
                ranking = ranker.rank(question.question, engine, None, weights=zero)
                case = judge(
                    engine, ranking, question, place[question.article], texts, odd, f"small {folder.name}", 300
                )
                cases.append(case)
            for question in asked[number - 1] if len(parts) > 1 else []:
                ranking = ranker.rank(question.question, engine, None, weights=zero)
                away.append(judge(engine, ranking, question, -1, texts, odd, f"small {folder.name}", 300))
    return cases, away


def judge(
    engine: EmbeddedEngine,
    ranking: Ranking,
    question: Question,
    article: int,
    texts: Sequence[str],
    odd: bool,
    name: str,
    half: int,
) -> Case:
    """Mark which candidates and which of their sentences hold a gold answer."""
    answers = [comparable(text) for text in question.answers]
    right: list[NDArray[np.bool_]] = []
    sentences: list[NDArray[np.bool_]] = []
    for group in ranking.groups:
        marks = np.zeros(len(group.docs), bool)
        rows = np.zeros(len(group.table.owner), bool)
        notes = engine.annotations(group.query.language)
        for i, (key, doc) in enumerate(zip(group.keys, group.docs, strict=True)):
            if key.article != article:
                continue
            passage = texts[article][notes.doc_from.at(doc) : notes.doc_to.at(doc)]
            marks[i] = holds_answer(comparable(passage), answers, question.language)
            if marks[i]:
                first = int(group.table.first[i])
                for j, (start, end) in enumerate(notes.sentences(doc)):
                    rows[first + j] = holds_answer(comparable(passage[start:end]), answers, question.language)
        right.append(marks)
        sentences.append(rows)
    return Case(engine, ranking.groups, right, sentences, odd, name, 1 / half**0.5)


def softmax(examples: Sequence[Example], l2: float = 1e-3) -> Floats:
    """Weights that put the most probability on the right rows of each example (X, right, weight)."""
    x = np.concatenate([e[0] for e in examples])
    y = np.concatenate([e[1] for e in examples]).astype(float)
    sizes = np.array([len(e[1]) for e in examples])
    starts = np.cumsum(sizes) - sizes
    which = np.repeat(np.arange(len(sizes)), sizes)
    importance = np.array([e[2] for e in examples])
    importance /= importance.sum()
    spread = x.std(0) + 1e-6
    z = (x - x.mean(0)) / spread

    def loss(w: Floats) -> tuple[float, Floats]:
        value = z @ w
        highest = np.maximum.reduceat(value, starts)
        e = np.exp(value - highest[which])
        total = np.add.reduceat(e, starts)
        good = e * y
        mass = np.add.reduceat(good, starts) + 1e-12
        p, q = e / total[which], good / mass[which]
        gradient = z.T @ ((p - q) * importance[which]) + 2 * l2 * w
        return float(-(importance * np.log(mass / total)).sum() + l2 * (w @ w)), gradient

    found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 400})
    return np.asarray(found.x / spread, np.float64)


def logistic(x: Floats, y: Floats, importance: Floats, l2: float = 1e-3) -> tuple[Floats, float]:
    """Weights and bias of a logistic regression."""
    spread, middle = x.std(0) + 1e-6, x.mean(0)
    z = np.column_stack([(x - middle) / spread, np.ones(len(x))])
    importance = importance / importance.sum()

    def loss(w: Floats) -> tuple[float, Floats]:
        v = z @ w
        p = 1 / (1 + np.exp(-v))
        cost = -(importance * (y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12))).sum()
        return float(cost + l2 * (w[:-1] @ w[:-1])), z.T @ (importance * (p - y)) + 2 * l2 * np.r_[w[:-1], 0]

    w = np.asarray(minimize(loss, np.zeros(z.shape[1]), jac=True, method="L-BFGS-B").x)
    scaled = w[:-1] / spread
    return scaled, float(w[-1] - middle @ scaled)


def rescore(case: Case, sentence: Floats, passage: Floats | None) -> None:
    """Give the case's groups the scores of these weights."""
    for group in case.groups:
        group.sentence_scores = group.table.sentences @ sentence
        group.table.passages[:, _BEST] = np.maximum.reduceat(group.sentence_scores, group.table.first)
        if passage is not None:
            group.scores = group.table.passages @ passage


def best_of(case: Case) -> list[tuple[int, int]]:
    """(group, passage) by falling score."""
    order = [(-float(g.scores[i]), n, i) for n, g in enumerate(case.groups) for i in range(len(g.scores))]
    return [(n, i) for _, n, i in sorted(order)]


def figures(cases: Sequence[Case]) -> tuple[float, float]:
    """passage_at_1 and quote_at_1."""
    first = quoted = 0
    for case in cases:
        if not case.groups:
            continue
        n, i = best_of(case)[0]
        if not case.right[n][i]:
            continue
        first += 1
        group = case.groups[n]
        notes = case.engine.annotations(group.query.language)
        spans = notes.sentences(group.docs[i])
        start = int(group.table.first[i])
        chosen = {(s.start, s.end) for s in quote_spans(group, i, spans)}
        quoted += any(case.right_sentences[n][start + j] for j, span in enumerate(spans) if span in chosen)
    return first / len(cases), quoted / len(cases)


def certainty(case: Case) -> Floats:
    """The confidence features of the best passage."""
    order = best_of(case)
    n, i = order[0]
    values = confidence_features(case.groups[n], i, [(case.groups[a], b) for a, b in order])
    return np.array([values[name] for name in CONFIDENCE_FEATURES])


def main() -> None:
    """Train, print figures, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=Path("index/ranking/model.json"))
    parser.add_argument("--by-place", action="store_true", help="train on even articles, judge on odd ones")
    arguments = parser.parse_args()
    folders = sorted(p.parent for p in arguments.data.glob("*/questions.jsonl"))
    zero = Model(np.zeros(len(SENTENCE_FEATURES)), np.zeros(len(PASSAGE_FEATURES)), np.zeros(11), 0.0, 0.5, 0.2)
    cases: list[Case] = []
    away: list[Case] = []
    names: list[str] = []
    for folder in folders:
        codes = {q.language for q in read_questions(folder / "questions.jsonl")[:1]}
        others: list[Question] = []
        if not folder.name.startswith("squad"):
            for other in folders:
                related = {other.name[:5], folder.name[:5]} == {"squad", "xquad"} or other == folder
                if not related and read_questions(other / "questions.jsonl")[0].language in codes:
                    others += read_questions(other / "questions.jsonl")[:AWAY]
        kept = odd_places(folder) if arguments.by_place else held_out(folder)
        found, without = collect(folder, kept, zero, others)
        small, small_without = collect_small(folder, kept, zero)
        names += [folder.name, f"small {folder.name}"]
        cases += found + small
        away += [case for case in [*without, *small_without] if case.groups]
        print(folder.name, len(found), len(without), flush=True)
    train = [c for c in cases if not c.held_out and c.groups]
    examples: list[Example] = []
    for case in train:
        for group, right, rows in zip(case.groups, case.right, case.right_sentences, strict=True):
            for i in right.nonzero()[0]:
                mine = group.table.owner == i
                if 0 < rows[mine].sum() < mine.sum():
                    examples.append((group.table.sentences[mine], rows[mine], case.weight))
    sentence = softmax(examples)
    examples = []
    for case in train:
        rescore(case, sentence, None)
        right = np.concatenate(case.right)
        if right.any() and not right.all():
            examples.append((np.concatenate([g.table.passages for g in case.groups]), right, case.weight))
    passage = softmax(examples)
    for case in [*cases, *away]:
        rescore(case, sentence, passage)
    known = [c for c in cases if c.groups]
    x = np.array([certainty(c) for c in [*known, *away]])
    y = np.r_[np.ones(len(known)), np.zeros(len(away))]
    held = np.array([c.held_out for c in [*known, *away]])
    balance = np.where(y == 1, 1 / (y == 1).sum(), 1 / (y == 0).sum())
    confidence, bias = logistic(x[~held], y[~held], balance[~held])
    sure = 1 / (1 + np.exp(-(x @ confidence + bias)))
    inside = np.sort(sure[(y == 1) & ~held])
    uncertain = float(inside[int(len(inside) * 0.04)])
    answered = float(inside[int(len(inside) * 0.12)])
    table = []
    for name in names:
        odd = [c for c in cases if c.name == name and c.held_out]
        first, quoted = figures(odd)
        sub_in = np.array([s for s, c in zip(sure, [*known, *away], strict=True) if c.name == name and c.held_out])
        sub_y = np.array([v for v, c in zip(y, [*known, *away], strict=True) if c.name == name and c.held_out])
        at_five = np.quantile(sub_in[sub_y == 1], 0.05)
        refused = float((sub_in[sub_y == 0] < at_five).mean())
        fixed = float((sub_in[sub_y == 1] < uncertain).mean()), float((sub_in[sub_y == 0] < uncertain).mean())
        table.append((first, quoted, refused, *fixed))
        print(
            f"{name:26} passage@1 {first:.3f} quote@1 {quoted:.3f} away refused at 5 % {refused:.3f}"
            f" | threshold: refused {fixed[0]:.3f}, away refused {fixed[1]:.3f}"
        )
    print("mean", *(round(float(v), 4) for v in np.mean(table, axis=0)))

    def named(names: Sequence[str], values: Floats) -> dict[str, float]:
        return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}

    result = {
        "sentence": named(SENTENCE_FEATURES, sentence),
        "passage": named(PASSAGE_FEATURES, passage),
        "confidence": {"bias": round(bias, 4), **named(CONFIDENCE_FEATURES, confidence)},
        "answered": round(answered, 4),
        "uncertain": round(uncertain, 4),
    }
    arguments.out.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
