"""Values for statements, a few at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

MAX_VALUES = 500
"""Most values of one IN: databases limit the parameters of a statement."""

_T = TypeVar("_T")


def chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    """Cut values into lists that fit into one IN."""
    iterator = iter(values)
    while chunk := list(islice(iterator, MAX_VALUES)):
        yield chunk
