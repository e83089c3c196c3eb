"""A short soak: that the long one works, and finds what it is there to find."""

import random
from pathlib import Path

import pytest

from tests.soak.ledger import Ledger
from tests.soak.run import Plan, soak


@pytest.mark.alone
async def test_a_short_soak_finds_nothing(tmp_path: Path) -> None:
    outcome = await soak(Plan(12, per_s=5, burst=20, burst_s=4, kills=1, weather_s=1.5, quiet_s=1), tmp_path)

    assert outcome.problems == []
    assert len(outcome.seen.asked) > 40
    assert len(outcome.restarts) == 1
    assert outcome.seen.done["add"] >= 30


def test_an_answer_from_a_removed_article_is_found() -> None:
    ledger = Ledger(random.Random(1))
    ferry = ledger.new_ferry()
    number = ledger.new_number(ferry)
    with ferry.changing(number):
        pass
    before = ledger.moments()
    with ferry.changing(None):
        pass

    assert ledger.wrong(ferry, f"It carried {number} passengers.", ledger.moments()) is not None
    assert ledger.wrong(ferry, f"It carried {number} passengers.", before) is None


def test_an_acknowledged_article_that_is_not_in_the_answer_is_found() -> None:
    ledger = Ledger(random.Random(1))
    ferry = ledger.new_ferry()
    with ferry.changing(ledger.new_number(ferry)):
        pass

    assert ledger.wrong(ferry, "I do not know.", ledger.moments()) is not None
