"""A store in a real SQLite file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from index.store import Store
from tests.unit.store.samples import NOON, address_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "footnote.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with await Store.open(address_of(path), clock=lambda: NOON) as opened:
        yield opened
