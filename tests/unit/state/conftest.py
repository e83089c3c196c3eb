"""What the bot keeps, in a real SQLite file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.state import State
from tests.unit.state.samples import address_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "footnote.db"


@pytest.fixture
async def state(path: Path) -> AsyncIterator[State]:
    async with await State.open(address_of(path)) as opened:
        yield opened
