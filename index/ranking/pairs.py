"""BM25's saturation of term frequencies, and the table that turns a posting's code into its saturated frequency."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def saturate(tf: Floats, length: Floats, average: float, k1: float, b: float) -> Floats:
    """BM25's saturated term frequency, tf (k1 + 1) / (tf + k1 (1 - b + b length / average)): 0 up to k1 + 1.

    The order of the operations is rank_bm25's: only so are the floats equal.
    """
    return tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average))


class PairTable:
    """Pairs of a term frequency and a passage's length, each with a code; it grows with what is added.

    Attributes:
        tf: float64 [C], the term frequency of each code; 0 for code 0, which stands for nothing.
        length: float64 [C], the passage's length of each code.
        exact: float64 [C], the saturated term frequency of each code, 0 up to k1 + 1.
        rough: float32 [C], the same, to select by.
    """

    exact: Floats
    rough: NDArray[np.float32]

    def __init__(self, tf: Floats | None = None, length: Floats | None = None) -> None:
        self.tf = np.zeros(1) if tf is None else tf
        self.length = np.ones(1) if length is None else length
        self._code_of: NDArray[np.uint32] | None = None

    def weigh(self, average: float, k1: float, b: float) -> None:
        """Compute `exact` and `rough`, in microseconds: after each change of the average length or of the codes."""
        self.exact = saturate(self.tf, self.length, average, k1, b)
        self.rough = self.exact.astype(np.float32)

    def codes(self, tf: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.uint32]:
        """The code of each pair; new ones are given out, and are in `exact` after the next `weigh`."""
        code_of = self._with_room(int(tf.max(initial=0)), int(length.max(initial=0)))
        width = code_of.shape[1]
        flat = code_of.reshape(-1)
        cells = tf * width + length
        codes: NDArray[np.uint32] = flat.take(cells)
        new = np.array(sorted(set(cells[codes == 0].tolist())), np.int64)
        if len(new):
            flat[new] = np.arange(len(self.tf), len(self.tf) + len(new))
            self.tf = np.concatenate([self.tf, (new // width).astype(np.float64)])
            self.length = np.concatenate([self.length, (new % width).astype(np.float64)])
            codes = flat.take(cells)
        return codes

    def _with_room(self, tf: int, length: int) -> NDArray[np.uint32]:
        """The codes by pair, uint32 [tf + 1 or more, length + 1 or more]; 0 for a pair without a code."""
        table = self._code_of
        if table is None:
            # Made when something is added: an index that is only read does not need it.
            at = self.tf[1:].astype(np.int64), self.length[1:].astype(np.int64)
            table = np.zeros((int(self.tf.max()) + 1, int(self.length.max()) + 1), np.uint32)
            table[at] = np.arange(1, len(self.tf))
        rows, width = max(tf + 1, table.shape[0]), max(length + 1, table.shape[1])
        if (rows, width) != table.shape:
            table = np.pad(table, ((0, rows - table.shape[0]), (0, width - table.shape[1])))
        self._code_of = table
        return table
