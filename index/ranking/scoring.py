"""Exact scores of chosen passages: in float64 and in the order of operations of rank_bm25."""

from collections.abc import Sequence, Set

import numpy as np

from index.ranking.lists import Held, Together
from index.ranking.pairs import Floats, PairTable
from index.ranking.postings import Codes, Ints

_TABULATED = 4_000
"""Of so many candidates the impacts are written into one table, a row for each term."""


class Scorer:
    """Scores docs, of which the first `in_base` are in the base."""

    def __init__(self, pairs: PairTable, in_base: int) -> None:
        self._pairs = pairs
        self._in_base = in_base
        self._place = np.full(in_base + 256, -1, np.int32)

    def grow(self, docs: int) -> None:
        """Make room for that many passages."""
        if len(self._place) < docs:
            self._place = np.full(docs * 3 // 2, -1, np.int32)

    def score(self, docs: Ints, units: Sequence[Sequence[Held]], together: Sequence[Together] = ()) -> Floats:
        """The scores of ascending docs: the sum over the units of the best of their terms.

        Args:
            together: Lists of some of the terms, which need not be looked up one by one.
        """
        total = np.zeros(len(docs))
        if not len(docs) or not units:
            return total
        edge = len(docs) if docs[-1] < self._in_base else int(docs.searchsorted(self._in_base))
        terms = [one for unit in units for one in unit]
        if len(terms) == len(units):
            # Without variants a table takes more time than it saves.
            for one in terms:
                total += self._impacts(one, docs, edge)
            return total
        table = np.zeros((len(terms), len(docs)))
        known = self._tabulated(docs, terms, together, table) if len(docs) <= _TABULATED else frozenset()
        for one in terms:
            if one.row not in known:
                table[one.row] = self._impacts(one, docs, edge)
        for best in np.maximum.reduceat(table, [unit[0].row for unit in units], axis=0):
            total += best
        return total

    def _impacts(self, term: Held, docs: Ints, edge: int) -> Floats:
        """Weight x idf x saturated tf of a term in each of the docs."""
        value = self._saturated(term, docs, edge)
        value *= term.idf
        if term.weight != 1.0:
            value *= term.weight
        return value

    def _tabulated(self, docs: Ints, terms: Sequence[Held], together: Sequence[Together], table: Floats) -> Set[int]:
        """Write the impacts of lists that lie together into the rows of the table, and say which rows these are."""
        known: set[int] = set()
        place = self._place
        place[docs] = np.arange(len(docs), dtype=np.int32)
        for lists in together:
            at = place.take(lists.docs)
            hits = (at >= 0).nonzero()[0]
            rows = np.array(lists.rows).take(np.cumsum(lists.sizes).searchsorted(hits, side="right"))
            values = self._pairs.exact.take(lists.codes.take(hits))
            values *= np.array([one.idf for one in terms]).take(rows)
            values *= np.array([one.weight for one in terms]).take(rows)
            table[rows, at.take(hits)] = values
            known.update(lists.rows)
        place[docs] = -1
        return known

    def _saturated(self, term: Held, docs: Ints, edge: int) -> Floats:
        """The term's exact saturated frequency in each of the docs, of which the first `edge` are in the base."""
        if edge == len(docs):
            return self._looked_up(*term.in_base, docs)
        if not edge:
            return self._looked_up(*term.in_tail, docs)
        return np.concatenate(
            [self._looked_up(*term.in_base, docs[:edge]), self._looked_up(*term.in_tail, docs[edge:])]
        )

    def _looked_up(self, held: Ints, codes: Codes, docs: Ints) -> Floats:
        if not len(held):
            return np.zeros(len(docs))
        at = held.searchsorted(docs)
        found = self._pairs.exact.take(codes.take(at, mode="clip"))
        found *= held.take(at, mode="clip") == docs
        return found
