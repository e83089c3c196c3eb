"""Which passages may win: sums in float32, of which the highest are looked at closely (`scoring.py`)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.ranking.columns import grown
from index.ranking.lists import Part, Together, UnitList
from index.ranking.pairs import PairTable
from index.ranking.postings import Ints

SELECTS = 0.99999
"""float32 sums only select candidates: they are trusted to this ratio, and float64 decides."""

_CLEARED_WHOLE = 32
"""Above one posting for so many passages, the sums of all are cleared, and not each posting's."""

_LOOKED_THROUGH_WHOLE = 8
"""Above one posting for so many passages, the sums of all are looked through, and not each posting's."""

_SHORT_LIST = 8_000
"""Lists below this are summed up together, as each call costs as much as some hundred postings."""

_LOOKED_UP = 64
"""So few candidates are scored at once; among more, the longest lists are looked up one by one."""

_LEAST = np.float32(1e-30)
"""Sums below this are those of no term."""


class Sums:
    """The sums of one search after the other: `begin`, `add`, ask for the best, `clear`.

    Attributes:
        visited: Postings added up so far.
        is_above: Whether sums may be too high, because all variants of a unit are added up and not only the best; they
            are never too low.
        together: The short lists that were added up.
    """

    def __init__(self, pairs: PairTable, docs: int) -> None:
        self._pairs = pairs
        self._values = np.zeros(docs + 256, np.float32)
        self.begin(docs, None, None)

    def grow(self, docs: int) -> None:
        """Make room for that many passages."""
        self._values = grown(self._values, docs)

    def begin(self, docs: int, dead: NDArray[np.bool_] | None, allowed: NDArray[np.bool_] | None) -> None:
        """Begin a search among so many docs, of which those that are dead or not allowed cannot win."""
        self._docs, self._dead, self._allowed = docs, dead, allowed
        self._touched: list[Ints] = []
        self.together: list[Together] = []
        self.visited = 0
        self.is_above = False

    def add(self, lists: Sequence[UnitList]) -> None:
        """Add up the impacts of some lists."""
        values = self._values
        short: list[Part] = []
        for one in lists:
            self.visited += one.size
            self.is_above = self.is_above or one.is_above
            for docs, codes, weight, row in one.parts:
                if len(docs) < _SHORT_LIST:
                    short.append((docs, codes, weight, row))
                    continue
                impacts = self._pairs.rough.take(codes, mode="clip")
                impacts *= np.float32(weight)
                np.add.at(values, docs, impacts)
                self._touched.append(docs)
        if short:
            docs = np.concatenate([part[0] for part in short])
            codes = np.concatenate([part[1] for part in short])
            sizes = [len(part[0]) for part in short]
            impacts = self._pairs.rough.take(codes, mode="clip")
            impacts *= np.array([part[2] for part in short], np.float32).repeat(sizes)
            np.add.at(values, docs, impacts)
            self._touched.append(docs)
            self.together.append(Together(docs, codes, [part[3] for part in short], sizes))

    def clear(self) -> None:
        """Set the sums of all docs that were touched to 0, and keep none of the lists, which may be mapped files."""
        if self.visited > self._docs // _CLEARED_WHOLE:
            self._values[: self._docs].fill(0)
        else:
            for docs in self._touched:
                self._values[docs] = 0
        self._touched, self.together = [], []

    def best(self, top_k: int, lower: float = 1.0) -> tuple[Ints, float]:
        """At least the `top_k` docs with the highest sums so far, ties included, ascending.

        Args:
            lower: Take those in too whose sum is at least this share of the last one's, 0..1.

        Returns:
            The docs, and the sum that all others are below.
        """
        held, all_sums = self._all()
        highest = float(all_sums.max())
        docs = np.zeros(0, np.int32)
        least = 0.0
        for share in (0.65, 0.4, 0.2, 0.0):
            least = highest * share
            docs = self._above(held, all_sums, least)
            if len(docs) >= top_k:
                break
        if len(docs) > top_k:
            sums = self._values.take(docs)
            wanted = kth(sums, top_k) * SELECTS * lower
            if wanted < least:
                return self._above(held, all_sums, wanted), wanted
            docs, least = docs.compress(sums >= np.float32(wanted)), wanted
        return docs, least

    def above(self, least: float) -> Ints:
        """The docs whose sum is `least` or more, and above 0: ascending, each once."""
        return self._above(*self._all(), least)

    def look_up(
        self, candidates: Ints, lists: Sequence[UnitList], rest: Sequence[float], threshold: float, top_k: int
    ) -> Ints:
        """Finish the sums of the candidates only, by binary search in the long lists, dropping who cannot win.

        Args:
            rest: The most that the lists from each one on can add.
            threshold: What is reached by `top_k` passages at least.
        """
        sums = self._values.take(candidates)
        for i, one in enumerate(lists):
            if len(candidates) <= _LOOKED_UP:
                break
            best = np.zeros(len(candidates), np.float32)
            for docs, codes, weight, _ in one.parts:
                at = docs.searchsorted(candidates)
                found = self._pairs.rough.take(codes.take(at, mode="clip")) * np.float32(weight)
                np.maximum(best, found * (docs.take(at, mode="clip") == candidates), out=best)
            sums += best
            # Sums that may be too high do not tell what is reached.
            if not self.is_above and len(sums) >= top_k:
                threshold = max(threshold, kth(sums, top_k) * SELECTS)
            keep = sums >= np.float32((threshold - rest[i + 1]) * SELECTS)
            candidates, sums = candidates.compress(keep), sums.compress(keep)
        return candidates

    def _all(self) -> tuple[Ints | None, NDArray[np.float32]]:
        """Docs, perhaps repeated, and their sums; None for all docs in order."""
        if self.visited > self._docs // _LOOKED_THROUGH_WHOLE:
            return None, self._values[: self._docs]
        docs = self._touched[0] if len(self._touched) == 1 else np.concatenate(self._touched)
        return docs, self._values.take(docs)

    def _above(self, docs: Ints | None, sums: NDArray[np.float32], least: float) -> Ints:
        at = (sums >= max(np.float32(least), _LEAST)).nonzero()[0]
        found = at.astype(np.int32) if docs is None else _distinct(docs.take(at))
        if self._dead is not None:
            found = found.compress(~self._dead.take(found))
        if self._allowed is not None:
            found = found.compress(self._allowed.take(found))
        return found


def kth(values: NDArray[np.floating], k: int) -> float:
    """The k-th highest of at least k values."""
    place = len(values) - k
    return float(np.partition(values, place)[place])


def _distinct(docs: Ints) -> Ints:
    docs.sort()
    first = np.empty(len(docs), bool)
    first[:1] = True
    np.not_equal(docs[1:], docs[:-1], out=first[1:])
    return docs.compress(first)
