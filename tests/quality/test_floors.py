"""Our own questions in eleven languages. The floors may only rise: when a figure does, pin it."""

import json
from pathlib import Path

import pytest

from index.evaluation import evaluate, read_set

DATA = Path(__file__).parent / "data"


def test_the_set_is_as_large_as_it_says() -> None:
    own = read_set(DATA)

    assert len(own.questions) >= 200
    assert len({question.language for question in own.questions}) >= 8


async def test_no_figure_is_below_its_floor() -> None:
    (result,) = await evaluate([DATA], offtopic=DATA / "offtopic.jsonl")

    assert result.passage_at_1 >= 0.895
    assert result.passage_at_5 >= 0.965
    assert result.quote_at_1 >= 0.79
    assert result.mrr_at_10 >= 0.93
    assert result.auroc is not None
    assert result.auroc >= 0.95
    assert result.offtopic_refused is not None
    assert result.offtopic_refused >= 0.98
    assert result.refused <= 0.29


@pytest.fixture(scope="module")
def four_languages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The English, German, Russian and Chinese parts of our set, and all four of them as one."""
    folder = tmp_path_factory.mktemp("sets")
    parts: dict[str, Path] = {}
    for name in ("en", "de", "ru", "zh", "en de ru zh"):
        parts[name] = folder / name
        parts[name].mkdir()
        for file in ("articles.jsonl", "questions.jsonl"):
            lines = (DATA / file).read_text("utf-8").splitlines()
            kept = [line for line in lines if json.loads(line)["lang"] in name.split()]
            (parts[name] / file).write_text("\n".join(kept), "utf-8")
    return parts


async def test_one_library_in_four_languages_answers_as_four_libraries_would(four_languages: dict[str, Path]) -> None:
    *alone, together = await evaluate(list(four_languages.values()))

    questions = sum(result.questions for result in alone)
    found = sum(result.passage_at_1 * result.questions for result in alone)
    assert together.questions == questions
    assert together.passage_at_1 >= found / questions - 0.01
