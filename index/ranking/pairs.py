"""The table that turns a posting's code into its saturated term frequency."""

import numpy as np
from numpy.typing import NDArray

from index.ranking.postings import Floats, saturate


class PairTable:
    """Pairs of a term frequency and a passage's length, each with a code; it grows with what is added.

    Attributes:
        exact: float64 [C], the saturated term frequency of each code, 0 up to k1 + 1; code 0 stands for nothing.
        rough: float32 [C], the same, to select by.
    """

    exact: Floats
    rough: NDArray[np.float32]

    def __init__(self, tf: Floats, length: Floats) -> None:
        self._tf, self._length = tf, length
        self._known: dict[tuple[int, int], int] | None = None

    def weigh(self, average: float, k1: float, b: float) -> None:
        """Compute `exact` and `rough`, in microseconds: after each change of the average length or of the codes."""
        self.exact = saturate(self._tf, self._length, average, k1, b)
        self.rough = self.exact.astype(np.float32)

    def codes(self, tf: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.uint32]:
        """The code of each pair; new ones are given out, and are in `exact` after the next `weigh`."""
        if self._known is None:
            pairs = zip(self._tf.astype(int).tolist(), self._length.astype(int).tolist(), strict=True)
            self._known = {pair: code for code, pair in enumerate(pairs) if code}
        distinct, inverse = np.unique(tf << 32 | length, return_inverse=True)
        codes: list[int] = []
        new: list[tuple[int, int]] = []
        for packed in distinct.tolist():
            pair = packed >> 32, packed & 0xFFFFFFFF
            code = self._known.get(pair)
            if code is None:
                code = self._known[pair] = len(self._tf) + len(new)
                new.append(pair)
            codes.append(code)
        if new:
            table = np.array(new, np.float64)
            self._tf = np.concatenate([self._tf, table[:, 0]])
            self._length = np.concatenate([self._length, table[:, 1]])
        return np.array(codes, np.uint32)[inverse]
