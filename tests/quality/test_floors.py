"""Our own questions in eleven languages, with floors that may only rise."""

from pathlib import Path

import pytest

from index.evaluation import SetResult, evaluate, read_set

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def event_loop_policy() -> None:
    """Nothing: the default policy serves the module's one loop."""


async def figures() -> SetResult:
    results = await evaluate([DATA], offtopic=DATA / "offtopic.jsonl")
    return results[0]


def test_the_set_is_as_large_as_it_says() -> None:
    own = read_set(DATA)

    assert len(own.questions) >= 200
    assert len({question.language for question in own.questions}) >= 8


async def test_no_figure_is_below_its_floor() -> None:
    result = await figures()
    print(result)

    assert result.passage_at_1 >= 0.9
