"""BM25 as `rank_bm25.BM25Okapi` defines it, over postings instead of over every passage.

Two things differ from `BM25Okapi`: idf is `ln(1 + (N - df + 0.5) / (df + 0.5))`, always above zero, and term
frequencies lie in postings, so that a query touches only the passages that hold one of its terms. Returned scores are
equal to the plain class's with that idf, to the last bit (see tests/unit/test_bm25.py).

The postings lie in an immutable base (`postings.py`), which may be mapped from a file, and a growable tail for what
was added since. Passages ("docs") are numbered from 0; the tail goes on where the base ends, so a term's postings are
at most two ascending slices.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from index.ranking.columns import grown
from index.ranking.lists import Held, Part, UnitList
from index.ranking.pairs import Floats, PairTable, saturate
from index.ranking.postings import K1, NOTHING, B, Base, Codes, Ints, counted
from index.ranking.scoring import Scorer
from index.ranking.sums import SELECTS, Sums, kth
from index.ranking.tail import Tail

_PROBED = 24
"""So many passages beyond those wanted are scored to learn what a passage must reach."""

_LOWER = 0.8
"""Share of the last sum wanted that is looked at where sums are too high: mostly enough for the true scores."""

WeightedTerm = tuple[int, float]


def idf(corpus_size: int, df: int) -> float:
    """Weigh a term by its rarity.

    Args:
        corpus_size: Passages in the corpus, N >= 1.
        df: Passages that hold the term, 0 <= df <= N.

    Returns:
        ln(1 + (N - df + 0.5) / (df + 0.5)): unitless, above 0, falling as df grows.

    Source: Robertson and Zaragoza (2009); the "1 +", as in Lucene, keeps common terms above zero.
    """
    return math.log(1 + (corpus_size - df + 0.5) / (df + 0.5))


class PostingsBM25(BM25Okapi):  # type: ignore[misc]  # rank_bm25 has no types
    """Ranks passages of term ids; the same scores as `BM25Okapi` with the idf above.

    Not safe for several threads at once: a search uses one accumulator.
    """

    def __init__(self, base: Base, k1: float = K1, b: float = B) -> None:
        # BM25Okapi's own constructor counts a corpus of token lists, and divides by zero when there is none.
        self.k1, self.b, self.epsilon = k1, b, 0.0
        self.base = base
        # A memoryview gives one number in a third of the time that an array takes.
        self._pointers = base.pointers.data
        self.df: Ints = np.diff(base.pointers).astype(np.int32)
        self._bounds: NDArray[np.float32] = np.array(base.bounds)
        self._length_total = int(base.lengths.sum(dtype=np.int64))
        self._base_average = self._length_total / max(len(base.lengths), 1) or 1.0
        self.corpus_size = len(base.lengths)
        self.docs_given = len(base.lengths)
        self.dead: NDArray[np.bool_] | None = None
        self._pairs = PairTable(base.pair_tf, base.pair_length)
        self._tail = Tail(len(base.bounds))
        self._tail_lengths = np.empty(256, np.int32)
        self._sums = Sums(self._pairs, self.docs_given)
        self._scorer = Scorer(self._pairs, self.docs_given)
        self._refresh()

    def _refresh(self) -> None:
        self.avgdl = self._length_total / self.corpus_size if self.corpus_size else 1.0
        if not self.avgdl:
            self.avgdl = 1.0
        self._pairs.weigh(self.avgdl, self.k1, self.b)
        # A saturated tf grows by at most the ratio of the average lengths, so scaled bounds stay bounds.
        self._drift = max(1.0, self.avgdl / self._base_average) * 1.00001
        self._budget = max(self.docs_given * 6 // 10, 15_000)

    @property
    def vocabulary_size(self) -> int:
        """Term ids below this have been seen."""
        return len(self.df)

    @property
    def doc_len(self) -> list[int]:
        """Terms of each passage ever given out, removed ones included; `BM25Okapi` has the same name for it."""
        return [*self.base.lengths.tolist(), *self._tail_lengths[: self.docs_given - len(self.base.lengths)].tolist()]

    def idf_of(self, term: int) -> float:
        """The term's idf; an id never seen weighs as one that no passage holds."""
        return idf(max(self.corpus_size, 1), int(self.df[term]) if 0 <= term < len(self.df) else 0)

    def holds(self, term: int, allowed: NDArray[np.bool_]) -> bool:
        """Whether one of the allowed passages holds a term."""
        for docs, _ in self._slices(term):
            if self.dead is not None:
                docs = docs.compress(~self.dead.take(docs))
            if allowed.take(docs).any():
                return True
        return False

    # ---- writing

    def add(self, passages: Sequence[Ints]) -> int:
        """Add passages in place and return the first one's doc; the others follow it.

        Cost: about half a millisecond for the passages of one article. Empty passages are kept, and never found.
        """
        lengths = [len(p) for p in passages]
        flat = np.concatenate(passages) if passages else np.zeros(0, np.int32)
        return self.add_counted(flat, np.repeat(np.arange(len(passages)), lengths), len(passages))

    def add_counted(self, terms: Ints, passages: NDArray[np.int64], count: int) -> int:
        """`add` for passages as `build_base` takes them: term ids in any order, the passage of each, and passages."""
        first = self.docs_given
        lengths = np.bincount(passages, minlength=count).astype(np.int32)
        tail = first - len(self.base.lengths)
        self._tail_lengths = grown(self._tail_lengths, tail + count)
        self._tail_lengths[tail : tail + count] = lengths
        self._sums.grow(first + count)
        self._scorer.grow(first + count)
        self.docs_given += count
        self.corpus_size += count
        self._length_total += len(terms)
        if self.dead is not None:
            self.dead = grown(self.dead, self.docs_given)
        if len(terms):
            self._add_postings(terms.astype(np.int64), passages, lengths, first)
        self._refresh()
        return first

    def _add_postings(self, flat: NDArray[np.int64], passages: NDArray[np.int64], lengths: Ints, first: int) -> None:
        top = int(flat.max()) + 1
        if top > len(self.df):
            room = max(top, len(self.df) * 9 // 8)
            self.df, self._bounds = grown(self.df, room), grown(self._bounds, room)
            self._tail.widen(room)
        term, local, tf = counted(flat, passages, len(lengths))
        length = lengths[local].astype(np.int64)
        changes = np.empty(len(term), bool)
        changes[0] = True
        np.not_equal(term[1:], term[:-1], out=changes[1:])
        begin = changes.nonzero()[0]
        terms = term[begin]
        added = np.diff(begin, append=len(term))
        self._tail.append(terms, added, local + np.int32(first), self._pairs.codes(tf, length))
        self.df[terms] += added.astype(np.int32)
        saturated = saturate(tf.astype(np.float64), length.astype(np.float64), self._base_average, self.k1, self.b)
        highest = np.maximum.reduceat(saturated.astype(np.float32), begin)
        self._bounds[terms] = np.maximum(self._bounds[terms], highest)

    def remove(self, docs: Sequence[int], passages: Sequence[Ints]) -> None:
        """Take passages out in place; `passages` are their term ids, as they were added. Removed ones are skipped."""
        if self.dead is None:
            self.dead = np.zeros(self.docs_given, bool)
        for doc, terms in zip(docs, passages, strict=True):
            if self.dead[doc]:
                continue
            self.dead[doc] = True
            self.df[np.unique(terms)] -= 1
            self.corpus_size -= 1
            self._length_total -= len(terms)
        self._refresh()

    # ---- reading

    def get_scores(self, query: Sequence[int]) -> Floats:
        """Score every passage ever given out, removed ones with 0, as `BM25Okapi.get_scores` does.

        For tests and for `get_top_n`; `search` is the fast way.
        """
        scores = np.zeros(self.docs_given)
        for term in query:
            if not 0 <= term < len(self.df) or not self.df[term]:
                continue
            weight = self.idf_of(term)
            for docs, codes in self._slices(term):
                scores[docs] += weight * self._pairs.exact[codes]
        if self.dead is not None:
            scores[self.dead[: self.docs_given]] = 0
        return scores

    def get_batch_scores(self, query: Sequence[int], doc_ids: Sequence[int]) -> list[float]:
        """The scores of some passages, in the order asked for."""
        units = [((term, 1.0),) for term in query]
        docs = np.unique(np.array(doc_ids, np.int32))
        known = dict(zip(docs.tolist(), self._scorer.score(docs, self._held(units)).tolist(), strict=True))
        return [known[doc] for doc in doc_ids]

    def search(
        self, units: Sequence[Sequence[WeightedTerm]], top_k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[Ints, Floats]:
        """Find the passages with the highest sums over units of weight x idf x saturated tf of the unit's best term.

        Args:
            units: Each a typed term and its variants; a term that no passage holds adds nothing.
            top_k: Most hits wanted, >= 1. Hits with the same score as the last are all returned.
            allowed: bool [docs_given] or None: which docs may be found.

        Returns:
            Docs and scores, by falling score, then rising doc. Every score is above 0.
        """
        held = self._held(units)
        lists = self._lists(held)
        if not lists or top_k < 1:
            return np.zeros(0, np.int32), np.zeros(0)
        sums = self._sums
        sums.begin(self.docs_given, self.dead, allowed)
        candidates, scores = self._candidates(held, lists, top_k)
        sums.clear()
        if len(scores) > top_k:
            keep = scores >= kth(scores, top_k)
            candidates, scores = candidates[keep], scores[keep]
        order = (-scores).argsort(kind="stable")  # They are ascending, so equal scores stay so.
        return candidates[order], scores[order]

    def _candidates(self, held: Sequence[Sequence[Held]], lists: Sequence[UnitList], top_k: int) -> tuple[Ints, Floats]:
        """All passages that are among the `top_k` best, ascending, with others; and their scores."""
        sums, score = self._sums, self._scorer.score
        # The most that the lists from each one on can add.
        rest = [0.0] * (len(lists) + 1)
        for i in range(len(lists) - 1, -1, -1):
            rest[i] = rest[i + 1] + lists[i].bound
        done = 0
        threshold = 0.0
        limit = self._budget
        while True:
            begun, size = done, 0
            while done < len(lists) and (
                done == begun or (size + lists[done].size <= limit and rest[done] >= threshold)
            ):
                size += lists[done].size
                done += 1
            sums.add(lists[begun:done])
            if done == len(lists):
                break
            probe, _ = sums.best(top_k + _PROBED)
            if len(probe) >= top_k:
                threshold = max(threshold, kth(score(probe, held, sums.together), top_k) * SELECTS)
            if rest[done] < threshold:
                break
            limit = 2 * sums.visited
        if done < len(lists):
            candidates = sums.above((threshold - rest[done]) * SELECTS)
            candidates = sums.look_up(candidates, lists[done:], rest[done:], threshold, top_k)
            return candidates, score(candidates, held, sums.together)
        candidates, least = sums.best(top_k, _LOWER if sums.is_above else 1.0)
        scores = score(candidates, held, sums.together)
        reached = kth(scores, top_k) * SELECTS if len(scores) >= top_k else 0.0
        if sums.is_above and reached < least:
            # A passage that was left out may score as much.
            candidates = sums.above(reached)
            scores = score(candidates, held, sums.together)
        return candidates, scores

    def _slices(self, term: int) -> list[tuple[Ints, Codes]]:
        return [one for one in (self._in_base(term), self._tail.of(term)) if len(one[0])]

    def _in_base(self, term: int) -> tuple[Ints, Codes]:
        if term >= len(self._pointers) - 1:
            return NOTHING
        at = slice(self._pointers[term], self._pointers[term + 1])
        return self.base.docs[at], self.base.codes[at]

    def _held(self, units: Sequence[Sequence[WeightedTerm]]) -> list[list[Held]]:
        """The terms that passages hold, by unit; units without any are left out."""
        found: list[list[Held]] = []
        row = 0
        df, corpus_size = self.df.data, max(self.corpus_size, 1)
        for unit in units:
            terms: list[Held] = []
            for term, weight in unit:
                count = df[term] if 0 <= term < len(df) else 0
                if count > 0 and weight > 0:
                    postings = self._in_base(term), self._tail.of(term)
                    terms.append(Held(row, term, weight, idf(corpus_size, count), *postings))
                    row += 1
            if terms:
                found.append(terms)
        return found

    def _lists(self, units: Sequence[Sequence[Held]]) -> list[UnitList]:
        lists: list[UnitList] = []
        bounds = self._bounds.data
        for unit in units:
            size, bound = 0, 0.0
            parts: list[Part] = []
            for one in unit:
                scale = one.weight * one.idf
                bound = max(bound, scale * bounds[one.term])
                for docs, codes in (one.in_base, one.in_tail):
                    if len(docs):
                        size += len(docs)
                        parts.append((docs, codes, scale, one.row))
            lists.append(UnitList(size, bound * self._drift, parts, len(unit) > 1))
        lists.sort(key=lambda one: one.size)
        return lists
