"""BM25 as `rank_bm25.BM25Okapi` defines it, over postings instead of over every passage.

Two things differ from `BM25Okapi`: idf is `ln(1 + (N - df + 0.5) / (df + 0.5))`, always above zero, and term
frequencies lie in postings, so that a query touches only the passages that hold one of its terms. Returned scores are
equal to the plain class's with that idf, to the last bit (see tests/unit/test_bm25.py).

The postings lie in an immutable base (`postings.py`), which may be mapped from a file, and a growable tail for what
was added since. Passages ("docs") are numbered from 0; the tail goes on where the base ends, so a term's postings are
at most two ascending slices.
"""

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from index.ranking.columns import grown
from index.ranking.pairs import Floats, PairTable, saturate
from index.ranking.postings import K1, B, Base, Codes, Ints, counted
from index.ranking.tail import Tail

_SELECTS = 0.99999
"""float32 sums only select candidates: they are trusted to this ratio, and float64 decides."""

_CLEARED_WHOLE = 32
"""Above one posting for so many passages, the sums of all are cleared, and not each posting's."""

_LOOKED_THROUGH_WHOLE = 8
"""Above one posting for so many passages, the sums of all are looked through, and not each posting's."""

_SHORT_LIST = 8_000
"""Lists below this are summed up together, as each call costs as much as some hundred postings."""

_PROBED = 24
"""So many passages beyond those wanted are scored to learn what a passage must reach."""

_LOWER = 0.8
"""Share of the last sum wanted that is looked at where sums are too high: mostly enough for the true scores."""

_LOOKED_UP = 64
"""So few candidates are scored at once; among more, the longest lists are looked up one by one."""

_TABULATED = 4_000
"""Of so many candidates the impacts are written into one table, a row for each term."""

_LEAST = np.float32(1e-30)
"""Sums below this are those of no term."""

_NOTHING: tuple[Ints, Codes] = np.zeros(0, np.int32), np.zeros(0, np.uint32)

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
        self._accumulator = np.zeros(self.docs_given + 256, np.float32)
        self._place = np.full(self.docs_given + 256, -1, np.int32)
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
        self._accumulator = grown(self._accumulator, first + count)
        if len(self._place) < len(self._accumulator):
            self._place = np.full(len(self._accumulator), -1, np.int32)
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
            self.dead = np.zeros(len(self._accumulator), bool)
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
        known = dict(zip(docs.tolist(), self._score(docs, self._held(units)).tolist(), strict=True))
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
        rest = [0.0] * (len(lists) + 1)
        for i in range(len(lists) - 1, -1, -1):
            rest[i] = rest[i + 1] + lists[i].bound
        touched: list[Ints] = []
        together: list[_Together] = []
        done = visited = 0
        threshold = 0.0
        limit = self._budget
        while True:
            before = visited
            begun = done
            while done < len(lists) and (
                done == begun or (visited - before + lists[done].size <= limit and rest[done] >= threshold)
            ):
                visited += lists[done].size
                done += 1
            self._accumulate(lists[begun:done], touched, together)
            if done == len(lists):
                break
            probe, _ = self._best(touched, visited, top_k + _PROBED, allowed)
            if len(probe) >= top_k:
                exact = self._score(probe, held, together)
                threshold = max(threshold, _kth(exact, top_k) * _SELECTS)
            if rest[done] < threshold:
                break
            limit = 2 * visited
        above = any(one.is_above for one in lists[:done])
        if done == len(lists):
            candidates, least = self._best(touched, visited, top_k, allowed, _LOWER if above else 1.0)
            scores = self._score(candidates, held, together)
            reached = _kth(scores, top_k) * _SELECTS if len(scores) >= top_k else 0.0
            if above and reached < least:
                # A passage that was left out may score as much.
                candidates = self._above(*self._sums(touched, visited), np.float32(reached), allowed)
                scores = self._score(candidates, held, together)
        else:
            need = np.float32((threshold - rest[done]) * _SELECTS)
            candidates = self._above(*self._sums(touched, visited), need, allowed)
            candidates = self._look_up(candidates, lists[done:], rest[done:], threshold, None if above else top_k)
            scores = self._score(candidates, held, together)
        self._clear(self._accumulator, touched, visited)
        if len(scores) > top_k:
            keep = scores >= _kth(scores, top_k)
            candidates, scores = candidates[keep], scores[keep]
        order = (-scores).argsort(kind="stable")  # They are ascending, so equal scores stay so.
        return candidates[order], scores[order]

    def _slices(self, term: int) -> list[tuple[Ints, Codes]]:
        return [one for one in (self._in_base(term), self._tail.of(term)) if len(one[0])]

    def _in_base(self, term: int) -> tuple[Ints, Codes]:
        if term >= len(self._pointers) - 1:
            return _NOTHING
        at = slice(self._pointers[term], self._pointers[term + 1])
        return self.base.docs[at], self.base.codes[at]

    def _held(self, units: Sequence[Sequence[WeightedTerm]]) -> list[list["_Held"]]:
        """The terms that passages hold, by unit; units without any are left out."""
        found: list[list[_Held]] = []
        row = 0
        df, corpus_size = self.df.data, max(self.corpus_size, 1)
        for unit in units:
            terms: list[_Held] = []
            for term, weight in unit:
                count = df[term] if 0 <= term < len(df) else 0
                if count > 0 and weight > 0:
                    postings = self._in_base(term), self._tail.of(term)
                    terms.append(_Held(row, term, weight, idf(corpus_size, count), *postings))
                    row += 1
            if terms:
                found.append(terms)
        return found

    def _lists(self, units: Sequence[Sequence["_Held"]]) -> list["_UnitList"]:
        lists: list[_UnitList] = []
        bounds = self._bounds.data
        for unit in units:
            size, bound = 0, 0.0
            parts: list[_Part] = []
            for one in unit:
                scale = one.weight * one.idf
                bound = max(bound, scale * bounds[one.term])
                for docs, codes in (one.in_base, one.in_tail):
                    if len(docs):
                        size += len(docs)
                        parts.append((docs, codes, scale, one.row))
            lists.append(_UnitList(size, bound * self._drift, parts, len(unit) > 1))
        lists.sort(key=lambda one: one.size)
        return lists

    def _accumulate(self, lists: Sequence["_UnitList"], touched: list[Ints], together: list["_Together"]) -> None:
        """Add up impacts.

        Of a unit with variants all are added, not only the best: such sums are too high, and never too low.
        """
        accumulator = self._accumulator
        short: list[_Part] = []
        for one in lists:
            for docs, codes, weight, row in one.parts:
                if len(docs) < _SHORT_LIST:
                    short.append((docs, codes, weight, row))
                    continue
                impacts = self._pairs.rough.take(codes, mode="clip")
                impacts *= np.float32(weight)
                np.add.at(accumulator, docs, impacts)
                touched.append(docs)
        if short:
            docs = np.concatenate([part[0] for part in short])
            codes = np.concatenate([part[1] for part in short])
            sizes = [len(part[0]) for part in short]
            impacts = self._pairs.rough.take(codes, mode="clip")
            impacts *= np.array([part[2] for part in short], np.float32).repeat(sizes)
            np.add.at(accumulator, docs, impacts)
            touched.append(docs)
            together.append(_Together(docs, codes, [part[3] for part in short], sizes))

    def _clear(self, values: NDArray[np.float32], touched: list[Ints], visited: int) -> None:
        """Set the values of all docs that were touched to 0."""
        if visited > self.docs_given // _CLEARED_WHOLE:
            values[: self.docs_given].fill(0)
        else:
            for docs in touched:
                values[docs] = 0

    def _sums(self, touched: list[Ints], visited: int) -> tuple[Ints | None, NDArray[np.float32]]:
        """Docs, perhaps repeated, and their sums; None for all docs in order."""
        if visited > self.docs_given // _LOOKED_THROUGH_WHOLE:
            return None, self._accumulator[: self.docs_given]
        docs = touched[0] if len(touched) == 1 else np.concatenate(touched)
        return docs, self._accumulator.take(docs)

    def _above(
        self, docs: Ints | None, sums: NDArray[np.float32], least: np.float32, allowed: NDArray[np.bool_] | None
    ) -> Ints:
        """The docs whose sum is `least` or more, and above 0: ascending, each once."""
        at = (sums >= max(least, _LEAST)).nonzero()[0]
        return self._permitted(at.astype(np.int32) if docs is None else _distinct(docs.take(at)), allowed)

    def _permitted(self, docs: Ints, allowed: NDArray[np.bool_] | None) -> Ints:
        if self.dead is not None:
            docs = docs.compress(~self.dead.take(docs))
        if allowed is not None:
            docs = docs.compress(allowed.take(docs))
        return docs

    def _best(
        self,
        touched: list[Ints],
        visited: int,
        top_k: int,
        allowed: NDArray[np.bool_] | None,
        lower: float = 1.0,
    ) -> tuple[Ints, float]:
        """At least the `top_k` docs with the highest sums so far, ties included, ascending.

        Args:
            lower: Take those in too whose sum is at least this share of the last one's, 0..1.

        Returns:
            The docs, and the sum that all others are below.
        """
        held, all_sums = self._sums(touched, visited)
        highest = float(all_sums.max())
        docs = np.zeros(0, np.int32)
        least = 0.0
        for share in (0.65, 0.4, 0.2, 0.0):
            least = highest * share
            docs = self._above(held, all_sums, np.float32(least), allowed)
            if len(docs) >= top_k:
                break
        if len(docs) > top_k:
            sums = self._accumulator.take(docs)
            wanted = _kth(sums, top_k) * _SELECTS * lower
            if wanted >= least:
                docs = docs.compress(sums >= np.float32(wanted))
            else:
                docs = self._above(held, all_sums, np.float32(wanted), allowed)
            least = wanted
        return docs, least

    def _look_up(
        self, candidates: Ints, lists: Sequence["_UnitList"], rest: list[float], threshold: float, top_k: int | None
    ) -> Ints:
        """Finish the sums of the candidates only, by binary search in the long lists, dropping who cannot win.

        Args:
            top_k: None when the sums so far are too high to tell what the last of so many passages reaches.
        """
        sums = self._accumulator.take(candidates)
        for i, one in enumerate(lists):
            if len(candidates) <= _LOOKED_UP:
                break
            best = np.zeros(len(candidates), np.float32)
            for docs, codes, weight, _ in one.parts:
                at = docs.searchsorted(candidates)
                found = self._pairs.rough.take(codes.take(at, mode="clip")) * np.float32(weight)
                np.maximum(best, found * (docs.take(at, mode="clip") == candidates), out=best)
            sums += best
            if top_k is not None and len(sums) >= top_k:
                threshold = max(threshold, _kth(sums, top_k) * _SELECTS)
            keep = sums >= np.float32((threshold - rest[i + 1]) * _SELECTS)
            candidates, sums = candidates.compress(keep), sums.compress(keep)
        return candidates

    def _score(self, docs: Ints, units: Sequence[Sequence["_Held"]], together: Sequence["_Together"] = ()) -> Floats:
        """Exact scores of ascending docs, in float64 and in the order of the units, as rank_bm25 adds them up."""
        total = np.zeros(len(docs))
        if not len(docs) or not units:
            return total
        in_base = len(self.base.lengths)
        edge = len(docs) if docs[-1] < in_base else int(docs.searchsorted(in_base))
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

    def _impacts(self, term: "_Held", docs: Ints, edge: int) -> Floats:
        """Weight x idf x saturated tf of a term in each of the docs."""
        value = self._saturated(term, docs, edge)
        value *= term.idf
        if term.weight != 1.0:
            value *= term.weight
        return value

    def _tabulated(
        self, docs: Ints, terms: Sequence["_Held"], together: Sequence["_Together"], table: Floats
    ) -> Set[int]:
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

    def _saturated(self, term: "_Held", docs: Ints, edge: int) -> Floats:
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


_Part = tuple[Ints, Codes, float, int]
"""Docs and codes of a term, the weight still to be applied, and the term's row."""


class _Held(NamedTuple):
    """A term that passages hold, with the docs and codes of both its slices. `row` counts the terms of a search."""

    row: int
    term: int
    weight: float
    idf: float
    in_base: tuple[Ints, Codes]
    in_tail: tuple[Ints, Codes]


@dataclass(slots=True)
class _UnitList:
    """A unit's postings, as slices with the weight still to be applied; `is_above`: their sum may be too high."""

    size: int
    bound: float
    parts: list[_Part]
    is_above: bool


class _Together(NamedTuple):
    """Short lists one after the other: the row and the size of each."""

    docs: Ints
    codes: Codes
    rows: list[int]
    sizes: list[int]


def _kth(values: NDArray[np.floating], k: int) -> float:
    """The k-th highest of at least k values."""
    place = len(values) - k
    return float(np.partition(values, place)[place])


def _distinct(docs: Ints) -> Ints:
    docs.sort()
    first = np.empty(len(docs), bool)
    first[:1] = True
    np.not_equal(docs[1:], docs[:-1], out=first[1:])
    return docs.compress(first)
