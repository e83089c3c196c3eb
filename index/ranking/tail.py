"""The postings of what was added since the base was built."""

import numpy as np
from numpy.typing import NDArray

from index.ranking.columns import grown, ranges
from index.ranking.postings import NOTHING, Codes, Ints


class Tail:
    """Docs and codes by term, in one pool: each term has a slice with room to grow, and moves when it is full."""

    def __init__(self, vocabulary_size: int) -> None:
        self._start = np.zeros(vocabulary_size, np.int32)
        self._count = np.zeros(vocabulary_size, np.int32)
        self._room = np.zeros(vocabulary_size, np.int32)
        self._docs = np.empty(1024, np.int32)
        self._codes = np.empty(1024, np.uint32)
        self._end = 0

    def widen(self, vocabulary_size: int) -> None:
        """Take term ids up to this size."""
        self._start = grown(self._start, vocabulary_size)
        self._count = grown(self._count, vocabulary_size)
        self._room = grown(self._room, vocabulary_size)

    def of(self, term: int) -> tuple[Ints, Codes]:
        """A term's docs, ascending, and their codes; valid until the next `append`."""
        if not self._end:
            return NOTHING
        begin, count = int(self._start[term]), int(self._count[term])
        return self._docs[begin : begin + count], self._codes[begin : begin + count]

    def append(self, terms: NDArray[np.int64], added: NDArray[np.int64], docs: Ints, codes: NDArray[np.uint32]) -> None:
        """Add postings whose docs are above all that are held.

        Args:
            terms: Distinct term ids, int64 [T].
            added: Postings of each, int64 [T].
            docs: int32 [sum of added], term after term, ascending within a term.
            codes: uint32, of the same length.
        """
        have = self._count[terms]
        self._make_room(terms, have, have + added)
        target = ranges(self._start[terms].astype(np.int64) + have, added)
        self._docs[target] = docs
        self._codes[target] = codes
        self._count[terms] = have + added

    def _make_room(self, terms: NDArray[np.int64], have: Ints, need: NDArray[np.int64]) -> None:
        moved = (need > self._room[terms]).nonzero()[0]
        if not len(moved):
            return
        who = terms[moved]
        room = np.maximum(4, need[moved] + (need[moved] >> 1))
        start = self._end + np.cumsum(room) - room
        self._end += int(room.sum())
        self._docs = grown(self._docs, self._end)
        self._codes = grown(self._codes, self._end)
        counts = have[moved].astype(np.int64)
        source = ranges(self._start[who].astype(np.int64), counts)
        target = ranges(start, counts)
        self._docs[target] = self._docs[source]
        self._codes[target] = self._codes[source]
        self._start[who] = start
        self._room[who] = room
