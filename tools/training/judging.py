"""Weights on cases to figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.answering import Ranker, chosen, filled
from index.evaluation import comparable, holds_answer
from index.ranking.model import Model
from tools.training.cases import KINDS, Case
from tools.training.fitting import best_of, certainty, rescore

_RANKER = Ranker()


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
    quotes, better, spare = chosen(group, i, case.spans[n][i])
    if spare is not None:
        quotes, _ = filled(quotes, better, spare, text, group.query, _RANKER.analyzer(code))
    shown = [comparable(text[span.start : span.end]) for span in quotes]
    if len(quotes) == 2 and not text[quotes[0].end : quotes[1].start].strip():
        shown.append(comparable(text[quotes[0].start : quotes[1].end]))
    return True, any(holds_answer(one, case.answers, code) for one in shown), among


def table(results: Sequence[Judged]) -> None:
    """Print figures of each set and their means."""
    print(f"{'':26} passage@1 quote@1 passage@5 | refused at 5 %: other removed | threshold: asked other removed")
    rows: dict[str, list[float]] = {}
    for name in dict.fromkeys(one.case.name for one in results):
        mine = [one for one in results if one.case.name == name]
        asked = [one for one in mine if one.case.kind == "asked"]
        at_five = float(np.quantile([one.sure for one in asked], 0.05))

        sure = {kind: np.array([one.sure for one in mine if one.case.kind == kind]) for kind in KINDS}
        rows[name] = [
            *(float(np.mean([getattr(one, what) for one in asked])) for what in ("first", "quoted", "among")),
            *(_share(sure[kind] < at_five) for kind in ("other", "removed")),
            *(_share(np.array([one.sure < one.uncertain for one in mine if one.case.kind == kind])) for kind in KINDS),
        ]
    groups: Mapping[str, list[str]] = {
        "": list(rows),
        "mean of xquad": [name for name in rows if name.startswith("xquad-")],
        "mean of sets": [name for name in rows if not name.startswith("small ")],
        "mean of small libraries": [name for name in rows if name.startswith("small ")],
    }
    for title, names in groups.items():
        if title and names:
            _row(title, _mean([rows[name] for name in names]))
        elif not title:
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
