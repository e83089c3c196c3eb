"""How sure an answer is."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from index.answering.candidates import Group, Ranking
from index.ranking.features import PASSAGE_FEATURES
from index.ranking.model import model
from index.ranking.query import highest_idf

MARGIN_WITHIN = 6.0
"""Of 227 questions of tests/quality, 71% get an answer within the right article (79% do from all articles), and 5%
within the next best one; of 297 of XQuAD, 99% (98%) and 27%. With the margin of a library of one article, 10, it would
be 53% and 81% within the next best one."""


def confidence_features(group: Group, passage: int, order: Sequence[tuple[Group, int]]) -> dict[str, float]:
    """What tells how sure an answer is, comparable between libraries; names in docs/answers.md."""
    query, table = group.query, group.table
    total = query.total_weight
    values = dict(zip(PASSAGE_FEATURES, table.passages[passage].tolist(), strict=True))
    first = int(table.first[passage])
    last = int(table.first[passage + 1]) if passage + 1 < len(table.first) else len(table.owner)
    best_sentence = first + int(np.argmax(group.sentence_scores[first:last]))
    matched_weight = sum(u.weight for u, hit in zip(query.units, table.matched[passage].tolist(), strict=True) if hit)
    article = group.keys[passage].article
    score = float(group.scores[passage])
    others = [float(g.scores[i]) for g, i in order if g.keys[i].article != article]
    margin = min(score - others[0], 10.0) if others else 10.0
    return {
        "coverage": float(table.coverage[passage]),
        "matched": float(table.matched[passage].mean()),
        "sentence_coverage": float(table.sentence_coverage[best_sentence]),
        "grams": values["grams"] + values["grams_title"],
        "adjacent": values["adjacent"],
        "capital_missing": values["capital_missing"],
        "unknown": sum(unit.weight for unit in query.units if not unit.known) / total,
        "rarity": min(matched_weight / highest_idf(query.corpus_size), 6.0) / 6,
        "margin": margin / 5,
        "terms": float(np.log(len(query.units))),
        "score": values["score"],
    }


def of_one_article(ranking: Ranking) -> Ranking:
    """A ranking of one article's passages, as sure as it would be were others ranked besides.

    No other article takes part, so the best passage seems to be far ahead; `MARGIN_WITHIN` stands in for how far.
    """
    if not ranking.confidence_features:
        return ranking
    features = ranking.confidence_features | {"margin": MARGIN_WITHIN / 5}
    weights = model().weights(ranking.candidates[0].query.language)
    return replace(ranking, confidence=weights.sure(features), confidence_features=features)
