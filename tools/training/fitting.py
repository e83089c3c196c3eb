"""Cases to weights."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from index.answering import confidence_features
from index.ranking.features import CONFIDENCE_FEATURES, PASSAGE_FEATURES
from index.ranking.model import FAMILIES, Model, Weights
from tools.training.cases import Case

Floats = NDArray[np.float64]
Example = tuple[Floats, NDArray[np.bool_], float]

_FAMILIES = tuple(dict.fromkeys(FAMILIES.values()))
_BEST = PASSAGE_FEATURES.index("best_sentence")


_ANSWERED, _UNCERTAIN = 0.12, 0.03
"""Shares of the questions with an answer that do not reach the confidence of an answer, and of a closest passage."""


def train(cases: Sequence[Case]) -> Model:
    """A model from these cases; leaves the cases scored by it."""
    asked = [case for case in cases if case.kind == "asked" and case.groups]
    sizes: dict[str, int] = {}
    for case in asked:
        sizes[case.name] = sizes.get(case.name, 0) + 1
    importance = {name: 1 / max(size, 100) ** 0.5 for name, size in sizes.items()}
    sentence = summed(softmax(_sentences(asked, importance)))
    for case in asked:
        rescore(case, sentence, None)
    passage = summed(softmax(_passages(asked, importance)))
    seen = [case for case in cases if case.groups]
    for case in seen:
        rescore(case, sentence, passage)
    x = np.array([widened_certainty(case) for case in seen])
    answerable = np.array([case.kind == "asked" for case in seen])
    balance = _balance(seen, answerable)
    wide, bias = logistic(x, answerable.astype(float), balance)
    confidence = summed(wide)
    sure = 1 / (1 + np.exp(-(x @ wide + bias)))
    order = np.argsort(sure[answerable], kind="stable")
    inside, below = sure[answerable][order], np.cumsum(balance[answerable][order])
    found = {
        family: Weights(
            sentence[family], passage[family], confidence[family][:-1], bias + float(confidence[family][-1])
        )
        for family in ("", *_FAMILIES)
    }
    return Model(
        common=found.pop(""),
        own=found,
        answered=float(inside[int(np.searchsorted(below, _ANSWERED))]),
        uncertain=float(inside[int(np.searchsorted(below, _UNCERTAIN))]),
    )


def _sentences(cases: Sequence[Case], importance: Mapping[str, float]) -> list[Example]:
    """The sentences of each right passage, where some hold the answer and some do not."""
    return [
        (widened(group.table.sentences[mine], group.query.language), rows[mine], importance[case.name])
        for case in cases
        for group, right, rows in zip(case.groups, case.right, case.right_sentences, strict=True)
        for mine in (group.table.owner == i for i in right.nonzero()[0])
        if 0 < rows[mine].sum() < mine.sum()
    ]


def _passages(cases: Sequence[Case], importance: Mapping[str, float]) -> list[Example]:
    """The passages of each case, where some are right and some are not."""
    examples: list[Example] = []
    for case in cases:
        right = np.concatenate(case.right)
        if right.any() and not right.all():
            wide = np.concatenate([widened(g.table.passages, g.query.language) for g in case.groups])
            examples.append((wide, right, importance[case.name]))
    return examples


def _balance(cases: Sequence[Case], answerable: NDArray[np.bool_]) -> Floats:
    """How much each case weighs: those with an answer as much as those without.

    Among each, a set weighs by the root of its questions, so that small libraries are heard.
    """
    counts: dict[tuple[str, str], int] = {}
    for case in cases:
        counts[case.name, case.kind] = counts.get((case.name, case.kind), 0) + 1
    balance = np.array([counts[case.name, case.kind] ** -0.5 for case in cases])
    for which in (answerable, ~answerable):
        balance[which] /= balance[which].sum()
    return balance


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
