"""Arrays that may be mapped from a file and grow at their end, and rows of several values in such arrays."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Columns hold integers of several widths, and whoever makes one says which."""

_Scalar = TypeVar("_Scalar", bound=np.generic)


class Column:
    """An array in two parts: a base, perhaps mapped from a file, and a tail that grows."""

    __slots__ = ("_size", "_tail", "base")

    def __init__(self, base: Array) -> None:
        self.base = base
        self._tail: Array = np.empty(64, base.dtype)
        self._size = 0

    def __len__(self) -> int:
        return len(self.base) + self._size

    def extend(self, values: Array | Sequence[int] | Sequence[float]) -> None:
        """Append values."""
        need = self._size + len(values)
        if need > len(self._tail):
            bigger = np.empty(max(need, len(self._tail) * 3 // 2), self._tail.dtype)
            bigger[: self._size] = self._tail[: self._size]
            self._tail = bigger
        self._tail[self._size : need] = values
        self._size = need

    def take(self, at: NDArray[np.integer]) -> Array:
        """The values at some places."""
        edge = len(self.base)
        if not self._size:
            return self.base.take(at)
        if not edge:
            return self._tail.take(at)
        found = self.base.take(at, mode="clip")
        later = at >= edge
        if later.any():
            found[later] = self._tail.take(at[later] - edge)
        return found

    def part(self, start: int, end: int) -> Array:
        """The values from start up to end; a view where it lies in one part."""
        edge = len(self.base)
        if end <= edge:
            return self.base[start:end]
        if start >= edge:
            return self._tail[start - edge : end - edge]
        return np.concatenate([self.base[start:], self._tail[: end - edge]])

    def at(self, place: int) -> int:
        """One value."""
        edge = len(self.base)
        return int(self.base[place]) if place < edge else int(self._tail[place - edge])

    def all(self) -> Array:
        """Every value."""
        return self.part(0, len(self))


def mapped(path: Path) -> Array:
    """An array mapped from its file, as a plain ndarray: numpy's memmap class is slow at every slice."""
    array = np.load(path, mmap_mode="r" if path.stat().st_size > 4096 else None)
    plain: Array = array.view(np.ndarray)
    return plain


def ranges(start: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.int64]:
    """start[i], start[i]+1, ... start[i]+length[i]-1 for each i, one after the other."""
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(start - (ends - length), length) + np.arange(total)


def starts(lengths: Sequence[int] | NDArray[np.int64], kind: type[np.generic]) -> Array:
    """Where rows of these lengths begin when they lie one after the other, and at last where they all end."""
    found = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=found[1:])
    return found.astype(kind)


def grown(array: NDArray[_Scalar], size: int) -> NDArray[_Scalar]:
    """The array, or, where it is shorter than `size`, a copy with zeros behind it and room beyond."""
    if size <= len(array):
        return array
    bigger = np.zeros(max(size, len(array) * 3 // 2), array.dtype)
    bigger[: len(array)] = array
    return bigger


def joined(parts: Iterable[Array], kind: type[np.generic]) -> Array:
    """Arrays of one kind, one after the other."""
    return np.concatenate([np.zeros(0, kind), *parts])
