"""What is known of the passages that may answer a question, from the first stage to the choice of one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.models import PassageKey, Span
from index.ranking.features import Stage, Table
from index.ranking.query import Query


@dataclass(slots=True)
class Group:
    """The candidates of one language with their features; training reads it too."""

    query: Query
    keys: list[PassageKey]
    docs: list[int]
    stage: Stage
    table: Table
    sentence_scores: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ranked passage before its text is read: where it is, and which of its sentences are the quote.

    `matched` are the terms of the question that it holds, as spelled there; in scripts without spaces, pairs of
    characters. `quotes[better]` is the best sentence, and `spare` the next best when it is too long to stand beside it.
    """

    language: str
    key: PassageKey
    start: int
    end: int
    quotes: tuple[Span, ...]
    score: float
    matched: tuple[str, ...]
    features: dict[str, float]
    fingerprint: frozenset[int]
    better: int = 0
    spare: Span | None = None
    query: Query | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates, best first, with what is known of the question."""

    candidates: tuple[Candidate, ...]
    confidence: float
    confidence_features: dict[str, float]
    unknown: tuple[str, ...]
    has_words: bool
    groups: tuple[Group, ...]


def apart(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Leave out those whose best sentence stands in a better one: the passages of a long paragraph overlap.

    Args:
        candidates: Best first.
    """
    shown: dict[int, list[Candidate]] = {}
    for candidate in candidates:
        of_article = shown.setdefault(candidate.key.article, [])
        best = candidate.quotes[candidate.better]
        start, end = candidate.start + best.start, candidate.start + best.end
        if not any(better.start <= start and end <= better.end for better in of_article):
            of_article.append(candidate)
            yield candidate
