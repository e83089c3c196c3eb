"""What is known of the passages that may answer a question, from the first stage to the choice of one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.models import PassageKey, Span
from index.ranking.features import PASSAGE_FEATURES, Stage, Table
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


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A ranked passage before its text is read: where it is, and which of its sentences are the quote.

    What only those that are shown need is worked out when it is asked for.

    Attributes:
        place: Which passage of the group it is.
        start, end: Where it stands, in characters of its article.
        quotes: Spans of the passage, of which `quotes[better]` is the best sentence.
        spare: The next best, when it is too long to stand beside the best.
        surfaces: uint32, the hash of each of its words.
    """

    group: Group
    place: int
    key: PassageKey
    start: int
    end: int
    quotes: tuple[Span, ...]
    better: int
    spare: Span | None
    surfaces: NDArray[np.uint32]

    @property
    def query(self) -> Query:
        """The question, in the language of the passage."""
        return self.group.query

    @property
    def score(self) -> float:
        """What it was ranked by."""
        return float(self.group.scores[self.place])

    @property
    def matched(self) -> tuple[str, ...]:
        """The terms of the question that it holds, as typed; in scripts without spaces, pairs of characters."""
        held = self.group.table.matched[self.place].tolist()
        return tuple(unit.typed for unit, hit in zip(self.query.units, held, strict=True) if hit)

    @property
    def features(self) -> dict[str, float]:
        """`PASSAGE_FEATURES` by name."""
        return dict(zip(PASSAGE_FEATURES, self.group.table.passages[self.place].tolist(), strict=True))


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
