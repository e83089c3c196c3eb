"""What a search reads: the postings of the terms that a question looks for, by unit."""

from dataclasses import dataclass
from typing import NamedTuple

from index.ranking.postings import Codes, Ints

Part = tuple[Ints, Codes, float, int]
"""Docs and codes of a term, the weight still to be applied, and the term's row."""


class Held(NamedTuple):
    """A term that passages hold, with the docs and codes of both its slices. `row` counts the terms of a search."""

    row: int
    term: int
    weight: float
    idf: float
    in_base: tuple[Ints, Codes]
    in_tail: tuple[Ints, Codes]


@dataclass(slots=True)
class UnitList:
    """A unit's postings, as slices with the weight still to be applied; `is_above`: their sum may be too high."""

    size: int
    bound: float
    parts: list[Part]
    is_above: bool


class Together(NamedTuple):
    """Short lists one after the other: the row and the size of each."""

    docs: Ints
    codes: Codes
    rows: list[int]
    sizes: list[int]
