"""A short soak: that the long one works, and finds what it is there to find."""

import random
from pathlib import Path

import pytest

from tests.soak.ledger import Ledger
from tests.soak.people import Experience
from tests.soak.run import Outcome, Plan, _judge, soak
from tests.soak.watching import Rest, Sample


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


def rest(tasks: int, files: int, sockets: int) -> Rest:
    sample = Sample(at=0.0, pid=1, resident=100_000_000, files=files, sockets=sockets, threads=9)
    return Rest(sample, tasks, files + sockets)


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (rest(tasks=14, files=22, sockets=10), []),
        (rest(tasks=80, files=20, sockets=5), ["tasks grew from 12 to 80 in the calm"]),
        (rest(tasks=12, files=30, sockets=5), ["open files grew from 20 to 30 in the calm"]),
        (
            rest(tasks=12, files=20, sockets=90),
            ["open sockets grew from 5 to 90 in the calm", "process_open_fds grew from 25 to 110 in the calm"],
        ),
    ],
)
def test_tasks_files_and_sockets_that_are_left_are_found(after: Rest, found: list[str]) -> None:
    outcome = Outcome(Plan(60), Experience(0.0), quiet=[rest(tasks=12, files=20, sockets=5), after])

    _judge(outcome)

    assert outcome.problems == found


@pytest.mark.parametrize(("seconds", "found"), [(90, ["memory grew by 60 MB in the calm"]), (30, [])])
def test_memory_that_grows_is_found_in_a_calm_that_is_long_enough(seconds: int, found: list[str]) -> None:
    outcome = Outcome(Plan(60), Experience(0.0), quiet=[rest(12, 20, 5), rest(12, 20, 5)])
    for second in range(seconds):
        grown = 100_000_000 + second * 1_000_000
        outcome.samples.append(Sample(at=second, pid=1, resident=grown, files=20, sockets=5, threads=9))

    _judge(outcome)

    assert outcome.problems == found
