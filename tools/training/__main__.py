"""Trains the weights of re-ranking and confidence: `python -m tools.training DATA_DIR [OUT]`, deterministic.

DATA_DIR holds folders in the format that `footnote eval` reads. Weights come from one half of each set's articles,
chosen by their titles (`index.evaluation.in_held_out_half`); the figures printed are those of the other half, which
training has not seen in any set or language. The languages of `index.ranking.model.FAMILIES` get weights of their own,
drawn towards the common ones.

`--cross` writes nothing and prints what to expect of articles that were not trained on: the articles fall into
`FOLDS` parts by their titles, translations of one article into the same part, and each part is judged by weights of
the others.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from index.ranking.features import CONFIDENCE_FEATURES, PASSAGE_FEATURES, SENTENCE_FEATURES
from index.ranking.model import Weights
from tools.training.cases import FOLDS, collected
from tools.training.fitting import Floats, train
from tools.training.judging import Judged, judged, table

MOST_QUESTIONS = 1_200


def main() -> None:
    """Train, print figures, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=Path("index/ranking/model.json"))
    parser.add_argument("--cross", action="store_true", help="cross-validate; write nothing")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="keep features here until the code changes")
    parser.add_argument("--most", type=int, default=MOST_QUESTIONS, metavar="N", help="questions of each set")
    arguments = parser.parse_args()
    folders = sorted(p.parent for p in arguments.data.glob("*/questions.jsonl"))
    cases = collected(folders, arguments.most, arguments.cache)
    if arguments.cross:
        results: list[Judged] = []
        for fold in range(FOLDS):
            model = train([case for case in cases if case.fold != fold])
            results += judged([case for case in cases if case.fold == fold], model)
        table(results)
        return
    model = train([case for case in cases if case.fold % 2 == 0])
    table(judged([case for case in cases if case.fold % 2 == 1], model))
    result = {
        "common": named(model.common),
        "own": {family: named(weights) for family, weights in model.own.items()},
        "answered": round(model.answered, 4),
        "uncertain": round(model.uncertain, 4),
    }
    arguments.out.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result))


def named(weights: Weights) -> dict[str, dict[str, float]]:
    """Weights as they stand in the file."""

    def values(names: Sequence[str], found: Floats) -> dict[str, float]:
        return {name: round(float(value), 4) for name, value in zip(names, found, strict=True)}

    bias = round(weights.confidence_bias, 4)
    return {
        "sentence": values(SENTENCE_FEATURES, weights.sentence),
        "passage": values(PASSAGE_FEATURES, weights.passage),
        "confidence": {"bias": bias, **values(CONFIDENCE_FEATURES, weights.confidence)},
    }


if __name__ == "__main__":
    main()
