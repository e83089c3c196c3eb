"""Ids that people type."""

import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, Connection, select

from index.store.chunks import chunks

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without o and 0, l, i and 1
_MAX_DRAWS = 100


def random_id(letters: int) -> str:
    """An id of so many letters and digits, which may be taken."""
    return "".join(secrets.choice(_LETTERS) for _ in range(letters))


def free_ids(connection: Connection, column: Column[Any], wanted: int, draw: Callable[[], str]) -> list[str]:
    """Draw ids that differ, and that no row of a table has.

    Of 31^6 ids, a hundred thousand articles leave a handful of collisions.

    Args:
        column: Of the ids.
        draw: Gives candidates; taken ones are drawn again.

    Raises:
        RuntimeError: `draw` keeps giving ids that are taken.
    """
    free: dict[str, None] = {}
    for _ in range(_MAX_DRAWS):
        if len(free) == wanted:
            return list(free)
        drawn = dict.fromkeys(draw() for _ in range(wanted - len(free)))
        taken: set[str] = set()
        for chunk in chunks(drawn):
            taken.update(connection.scalars(select(column).where(column.in_(chunk))))
        free |= {candidate: None for candidate in drawn if candidate not in taken}
    raise RuntimeError(f"no free id among {_MAX_DRAWS} draws")
