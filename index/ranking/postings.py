"""Passages inverted into postings: for each term, which passages hold it and how much that counts.

A posting is the passage ("doc") and a code that stands for the pair (term frequency, passage length); one small table
turns codes into the saturated term frequency, so a change of the average length costs microseconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.ranking.columns import ranges
from index.ranking.pairs import Floats, PairTable, saturate

K1 = 0.9
B = 0.55
"""Chosen on the tuning sets; after re-ranking, k1 0.6-1.2 and b 0.4-0.75 are within 0.004 of each other."""

Ints = NDArray[np.int32]
Codes = NDArray[np.uint16] | NDArray[np.uint32]

NOTHING: tuple[Ints, Codes] = np.zeros(0, np.int32), np.zeros(0, np.uint32)
"""The postings of a term that no passage holds."""


@dataclass(frozen=True, slots=True)
class Base:
    """The immutable part. Arrays may be read-only views of mapped files.

    Attributes:
        pointers: int64 [V + 1], where each term's postings begin.
        docs: int32 [P], ascending within a term.
        codes: uint16 or uint32 [P], index into the pair table; 0 is never used.
        lengths: int32 [N], terms of each passage.
        pair_tf: float64 [C], term frequency of each code.
        pair_length: float64 [C], passage length of each code.
        bounds: float32 [V], highest saturated term frequency of each term at the base's own average length.
    """

    pointers: NDArray[np.int64]
    docs: Ints
    codes: Codes
    lengths: Ints
    pair_tf: Floats
    pair_length: Floats
    bounds: NDArray[np.float32]


def counted(
    terms: NDArray[np.integer], passages: NDArray[np.integer], count: int
) -> tuple[NDArray[np.int64], Ints, NDArray[np.int64]]:
    """Count each term in each passage.

    Args:
        terms: Term ids in any order, [L].
        passages: The passage of each, below `count`, [L].
        count: Passages.

    Returns:
        Terms, passages and term frequencies, a posting each, by rising term, then passage.
    """
    width = max(count, 1)
    key = terms.astype(np.int64) * width
    key += passages
    key.sort()
    starts = np.empty(len(key), bool)
    starts[:1] = True
    np.not_equal(key[1:], key[:-1], out=starts[1:])
    position = starts.nonzero()[0]
    tf = np.diff(position, append=len(key))
    key = key.take(position)
    term = key // width
    return term, (key - term * width).astype(np.int32), tf


def build_base(
    chunks: Iterable[tuple[NDArray[np.integer], NDArray[np.integer], int]],
    vocabulary_size: int,
    k1: float = K1,
    b: float = B,
) -> Base:
    """Invert passages into postings.

    Args:
        chunks: Triples (term ids in any order, the passage of each within the chunk, passages in the chunk).
        vocabulary_size: Term ids are below this.
    """
    all_lengths: list[Ints] = []
    pairs = PairTable()
    df = np.zeros(vocabulary_size, np.int64)
    runs: list[tuple[NDArray[np.int64], Ints, Codes]] = []
    first = 0
    for terms, passages, n in chunks:
        counts = np.bincount(passages, minlength=n)
        all_lengths.append(counts.astype(np.int32))
        term, local, tf = counted(terms, passages, n)
        docs_per_term = np.bincount(term, minlength=vocabulary_size)
        df += docs_per_term
        codes = pairs.codes(tf, counts.take(local))
        runs.append((docs_per_term, local + np.int32(first), codes.astype(np.uint16) if _are_few(pairs) else codes))
        first += n
    lengths = np.concatenate(all_lengths) if all_lengths else np.zeros(0, np.int32)
    pointers = np.zeros(vocabulary_size + 1, np.int64)
    np.cumsum(df, out=pointers[1:])
    docs = np.empty(int(pointers[-1]), np.int32)
    all_codes: Codes = np.empty(len(docs), np.uint16) if _are_few(pairs) else np.empty(len(docs), np.uint32)
    fill = pointers[:-1].copy()
    while runs:
        docs_per_term, run_docs, run_codes = runs.pop(0)
        held = docs_per_term.nonzero()[0]
        target = ranges(fill[held], docs_per_term[held])
        docs[target] = run_docs
        all_codes[target] = run_codes
        fill[held] += docs_per_term[held]
    bounds = np.zeros(vocabulary_size, np.float32)
    if len(docs):
        average = float(lengths.sum()) / len(lengths)
        saturated = saturate(pairs.tf, pairs.length, average, k1, b).astype(np.float32)
        held = df.nonzero()[0]
        bounds[held] = np.maximum.reduceat(saturated.take(all_codes), pointers[:-1][held])
    return Base(pointers, docs, all_codes, lengths, pairs.tf, pairs.length, bounds)


def _are_few(pairs: PairTable) -> bool:
    """Whether two bytes hold every code."""
    return len(pairs.tf) <= 65_536
