"""What every engine promises, in this process or in a cluster."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Scope = Collection[str] | None
"""Names of the collections that may be seen; None for all."""


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    """An article as an engine takes it. `newness` breaks ties: a higher one comes first. Passages are (start, text)."""

    number: int
    language: str
    collection: str
    newness: float
    title: str
    passages: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """Passages that were found, best first, three arrays of one length.

    Attributes:
        articles: int64, numbers of the articles.
        ordinals: int64, place of the passage in its article, from 0.
        scores: float64, above 0, falling.
    """

    articles: NDArray[np.int64]
    ordinals: NDArray[np.int64]
    scores: NDArray[np.float64]


class Engine(Protocol):
    """Ranks passages. Terms are those of `index.analysis`; each language is a corpus of its own."""

    def languages(self, scope: Scope) -> list[str]:
        """Languages of the articles in the scope, sorted."""

    def corpus_size(self, language: str) -> int:
        """Passages of a language, N of its idf."""

    def counts(self, language: str, terms: Sequence[str], scope: Scope) -> list[int]:
        """df of each term; 0 for a term that no passage of the scope holds, whatever other collections hold."""

    def search(self, language: str, units: Sequence[Sequence[tuple[str, float]]], scope: Scope, top_k: int) -> Hits:
        """Passages with the highest sums over units of the best weight x BM25 of the unit's terms.

        Returns:
            At most `top_k` hits; ties: newer article first, then passage order.
        """

    def replace(self, articles: Sequence[IndexedArticle], removed: Collection[int]) -> None:
        """Take out articles by number and put others in; both are searchable or gone when this returns."""
