"""Trains the weights of re-ranking and confidence: `python tools/train_model.py DATA_DIR [OUT]`, deterministic.

DATA_DIR holds folders in the format that `footnote eval` reads. Weights come from one half of each set's articles,
chosen by their titles (`index.evaluation.in_held_out_half`); the figures printed are those of the other half, which
training has not seen in any set or language. The languages of `index.ranking.model.FAMILIES` get weights of their own,
drawn towards the common ones.

`--cross` writes nothing and prints what to expect of articles that were not trained on: the articles fall into
`FOLDS` parts by their titles, translations of one article into the same part, and each part is judged by weights of
the others.
"""

import argparse
import hashlib
import inspect
import json
import pickle
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from index.answering import Group, Ranker, Ranking, confidence_features, crowded_out, filled, quote_spans
from index.engines.embedded import EmbeddedEngine
from index.engines.protocol import IndexedArticle
from index.evaluation import Question, QuestionSet, article_keys, comparable, holds_answer, read_questions, read_set
from index.models import Span
from index.passages import split
from index.ranking.features import CONFIDENCE_FEATURES, PASSAGE_FEATURES, SENTENCE_FEATURES
from index.ranking.model import FAMILIES, Model, Weights

MOST_QUESTIONS = 700
AWAY = 200
SMALL = 5
SMALL_LIBRARIES = 8
SMALL_QUESTIONS = 15
FOLDS = 4
"""An even number: the even parts are the half that weights come from."""

_KINDS = ("asked", "other", "removed")
_BEST = PASSAGE_FEATURES.index("best_sentence")

Floats = NDArray[np.float64]
Example = tuple[Floats, NDArray[np.bool_], float]


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


def widened(x: Floats, code: str) -> Floats:
    """Features [rows, F] beside a copy for each family [rows, F * (1 + families)], which is zero for other languages.

    Weights of a copy come on top of the common ones and are drawn towards zero as those are: a family departs from
    what all languages say only where its own questions insist.
    """
    family = FAMILIES.get(code)
    return np.concatenate([x, *(x if name == family else np.zeros_like(x) for name in _FAMILIES)], axis=1)


def summed(wide: Floats) -> dict[str, Floats]:
    """From weights of widened features: of each family, and of all others under ""."""
    common, *own = np.split(wide, 1 + len(_FAMILIES))
    return {"": common} | {name: common + more for name, more in zip(_FAMILIES, own, strict=True)}


def rescore(case: Case, sentence: Mapping[str, Floats], passage: Mapping[str, Floats] | None) -> None:
    """Give the case's groups the scores of these weights, by family."""
    for group in case.groups:
        family = FAMILIES.get(group.query.language, "")
        group.sentence_scores = group.table.sentences @ sentence[family]
        group.table.passages[:, _BEST] = np.maximum.reduceat(group.sentence_scores, group.table.first)
        if passage is not None:
            group.scores = group.table.passages @ passage[family]


def best_of(case: Case) -> list[tuple[int, int]]:
    """(group, passage) by falling score."""
    order = [(-float(g.scores[i]), n, i) for n, g in enumerate(case.groups) for i in range(len(g.scores))]
    return [(n, i) for _, n, i in sorted(order)]


def figures(case: Case) -> tuple[bool, bool, bool]:
    """passage_at_1, quote_at_1 and passage_at_5 of one case."""
    if not case.groups:
        return False, False, False
    order = best_of(case)
    among = any(bool(case.right[n][i]) for n, i in order[:5])
    n, i = order[0]
    if not case.right[n][i]:
        return False, False, among
    group, text = case.groups[n], case.texts[n][i]
    code = group.query.language
    sentences = case.spans[n][i]
    quotes = quote_spans(group, i, sentences)
    spare = crowded_out(group, i, sentences)
    if spare is not None:
        first = int(group.table.first[i])
        best = Span(*sentences[int(np.argmax(group.sentence_scores[first : first + len(sentences)]))])
        quotes, _ = filled(quotes, quotes.index(best), spare, text, group.query, _RANKER.analyzer(code))
    shown = [comparable(text[span.start : span.end]) for span in quotes]
    if len(quotes) == 2 and not text[quotes[0].end : quotes[1].start].strip():
        shown.append(comparable(text[quotes[0].start : quotes[1].end]))
    return True, any(holds_answer(one, case.answers, code) for one in shown), among


def certainty(case: Case) -> tuple[str, dict[str, float]]:
    """The language and the confidence features of the best passage."""
    order = best_of(case)
    n, i = order[0]
    features = confidence_features(case.groups[n], i, [(case.groups[a], b) for a, b in order])
    return case.groups[n].query.language, features


def widened_certainty(case: Case) -> Floats:
    """The confidence features, then 1 for the bias of a family [F + 1], widened."""
    code, features = certainty(case)
    row = np.array([[*(features[name] for name in CONFIDENCE_FEATURES), 1.0]])
    return widened(row, code).ravel()


def train(cases: Sequence[Case]) -> Model:
    """A model from these cases; leaves the cases scored by it."""
    asked = [case for case in cases if case.kind == "asked" and case.groups]
    sizes: dict[str, int] = {}
    for case in asked:
        sizes[case.name] = sizes.get(case.name, 0) + 1
    weight = {name: 1 / max(size, 100) ** 0.5 for name, size in sizes.items()}
    examples: list[Example] = []
    for case in asked:
        for group, right, rows in zip(case.groups, case.right, case.right_sentences, strict=True):
            for i in right.nonzero()[0]:
                mine = group.table.owner == i
                if 0 < rows[mine].sum() < mine.sum():
                    wide = widened(group.table.sentences[mine], group.query.language)
                    examples.append((wide, rows[mine], weight[case.name]))
    sentence = summed(softmax(examples))
    examples = []
    for case in asked:
        rescore(case, sentence, None)
        right = np.concatenate(case.right)
        if right.any() and not right.all():
            wide = np.concatenate([widened(g.table.passages, g.query.language) for g in case.groups])
            examples.append((wide, right, weight[case.name]))
    passage = summed(softmax(examples))
    seen = [case for case in cases if case.groups]
    for case in seen:
        rescore(case, sentence, passage)
    x = np.array([widened_certainty(case) for case in seen])
    y = np.array([float(case.kind == "asked") for case in seen])
    counts: dict[tuple[str, str], int] = {}
    for case in seen:
        counts[case.name, case.kind] = counts.get((case.name, case.kind), 0) + 1
    # Questions with an answer weigh as much as those without; among each, a set by the root of its questions, so that
    # small libraries are heard.
    balance = np.array([counts[case.name, case.kind] ** -0.5 for case in seen])
    for kind in (0, 1):
        balance[y == kind] /= balance[y == kind].sum()
    wide, bias = logistic(x, y, balance)
    sure = 1 / (1 + np.exp(-(x @ wide + bias)))
    confidence = summed(wide)
    order = np.argsort(sure[y == 1], kind="stable")
    inside, below = sure[y == 1][order], np.cumsum(balance[y == 1][order])
    found = {
        family: Weights(
            sentence[family], passage[family], confidence[family][:-1], bias + float(confidence[family][-1])
        )
        for family in ("", *_FAMILIES)
    }
    return Model(
        common=found.pop(""),
        own=found,
        answered=float(inside[int(np.searchsorted(below, 0.12))]),
        uncertain=float(inside[int(np.searchsorted(below, 0.03))]),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """A case under weights that were not trained on it; shown is the text's place, sure the confidence."""

    case: Case
    first: bool
    quoted: bool
    among: bool
    sure: float
    uncertain: float


def judged(cases: Sequence[Case], model: Model) -> list[Judged]:
    """Judge cases."""
    by_family = {"": model.common, **model.own}
    sentence = {family: weights.sentence for family, weights in by_family.items()}
    passage = {family: weights.passage for family, weights in by_family.items()}
    found: list[Judged] = []
    for case in cases:
        rescore(case, sentence, passage)
        sure = 0.0
        if case.groups:
            code, features = certainty(case)
            sure = model.weights(code).sure(features)
        found.append(Judged(case, *figures(case), sure, model.uncertain))
    return found


def table(results: Sequence[Judged]) -> None:
    """Print figures of each set and their means."""
    print(f"{'':26} passage@1 quote@1 passage@5 | refused at 5 %: other removed | threshold: asked other removed")
    rows: dict[str, list[float]] = {}
    for name in dict.fromkeys(one.case.name for one in results):
        mine = [one for one in results if one.case.name == name]
        asked = [one for one in mine if one.case.kind == "asked"]
        at_five = float(np.quantile([one.sure for one in asked], 0.05))

        sure = {kind: np.array([one.sure for one in mine if one.case.kind == kind]) for kind in _KINDS}
        rows[name] = [
            *(float(np.mean([getattr(one, what) for one in asked])) for what in ("first", "quoted", "among")),
            *(_share(sure[kind] < at_five) for kind in ("other", "removed")),
            *(_share(np.array([one.sure < one.uncertain for one in mine if one.case.kind == kind])) for kind in _KINDS),
        ]
    groups: Mapping[str, list[str]] = {
        "": list(rows),
        "mean of xquad": [name for name in rows if name.startswith("xquad-")],
        "mean of sets": [name for name in rows if not name.startswith("small ")],
        "mean of small libraries": [name for name in rows if name.startswith("small ")],
    }
    for title, names in groups.items():
        if title:
            _row(title, _mean([rows[name] for name in names]))
        else:
            for name in names:
                _row(name, rows[name])


def _share(true: NDArray[np.bool_]) -> float:
    return float(true.mean()) if len(true) else float("nan")


def _mean(rows: Sequence[Sequence[float]]) -> list[float]:
    columns = np.array(rows).T
    return [
        float(np.mean(column[~np.isnan(column)])) if (~np.isnan(column)).any() else float("nan") for column in columns
    ]


def _row(name: str, v: Sequence[float]) -> None:
    print(
        f"{name:26} {v[0]:9.4f} {v[1]:7.4f} {v[2]:9.4f} | {v[3]:21.3f} {v[4]:7.3f}"
        f" | {v[5]:16.3f} {v[6]:5.3f} {v[7]:7.3f}"
    )


def source_digest() -> str:
    """What the features depend on besides the sets: the code and data of analysis and ranking."""
    root = Path(__file__).resolve().parent.parent
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


def main() -> None:
    """Train, print figures, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=Path("index/ranking/model.json"))
    parser.add_argument("--cross", action="store_true", help="cross-validate; write nothing")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keep features here until the code changes")
    parser.add_argument("--most", type=int, default=MOST_QUESTIONS, metavar="N", help="questions of each set")
    arguments = parser.parse_args()
    folders = sorted(p.parent for p in arguments.data.glob("*/questions.jsonl"))
    cases = collected(folders, arguments.most, arguments.cache)
    if arguments.cross:
        results: list[Judged] = []
        for fold in range(FOLDS):
            model = train([case for case in cases if case.fold != fold])
            results += judged([case for case in cases if case.fold == fold], model)
        table(results)
        return
    model = train([case for case in cases if case.fold % 2 == 0])
    table(judged([case for case in cases if case.fold % 2 == 1], model))
    result = {
        "common": named(model.common),
        "own": {family: named(weights) for family, weights in model.own.items()},
        "answered": round(model.answered, 4),
        "uncertain": round(model.uncertain, 4),
    }
    arguments.out.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result))


def named(weights: Weights) -> dict[str, dict[str, float]]:
    """Weights as they stand in the file."""

    def values(names: Sequence[str], found: Floats) -> dict[str, float]:
        return {name: round(float(value), 4) for name, value in zip(names, found, strict=True)}

    bias = round(weights.confidence_bias, 4)
    return {
        "sentence": values(SENTENCE_FEATURES, weights.sentence),
        "passage": values(PASSAGE_FEATURES, weights.passage),
        "confidence": {"bias": bias, **values(CONFIDENCE_FEATURES, weights.confidence)},
    }


_FAMILIES = tuple(dict.fromkeys(FAMILIES.values()))

_ZERO = Model(
    Weights(np.zeros(len(SENTENCE_FEATURES)), np.zeros(len(PASSAGE_FEATURES)), np.zeros(len(CONFIDENCE_FEATURES)), 0.0),
    own={},
    answered=0.5,
    uncertain=0.2,
)

_RANKER = Ranker()

if __name__ == "__main__":
    main()
