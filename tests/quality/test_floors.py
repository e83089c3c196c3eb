"""Our own questions in eleven languages. The floors may only rise: when a figure does, pin it."""

from pathlib import Path

from index.evaluation import evaluate, read_set

DATA = Path(__file__).parent / "data"


def test_the_set_is_as_large_as_it_says() -> None:
    own = read_set(DATA)

    assert len(own.questions) >= 200
    assert len({question.language for question in own.questions}) >= 8


async def test_no_figure_is_below_its_floor() -> None:
    (result,) = await evaluate([DATA], offtopic=DATA / "offtopic.jsonl")

    assert result.passage_at_1 >= 0.885
    assert result.passage_at_5 >= 0.965
    assert result.quote_at_1 >= 0.775
    assert result.mrr_at_10 >= 0.925
    assert result.auroc is not None
    assert result.auroc >= 0.94
    assert result.offtopic_refused is not None
    assert result.offtopic_refused >= 0.97
    assert result.refused <= 0.29
