"""For all tests."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def log_level() -> Iterator[None]:
    """A command that runs in this process sets up logging: the tests after it see as much as those before."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
