"""The weights of re-ranking and of confidence: a data file, made by `make train` and shipped."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from index.ranking.features import CONFIDENCE_FEATURES, PASSAGE_FEATURES, SENTENCE_FEATURES


@dataclass(frozen=True, slots=True)
class Model:
    """Linear models over the features of `features.py`, in their order.

    Attributes:
        answered: Confidence (0..1) from which a passage is an answer.
        uncertain: Confidence from which the closest passage is worth showing.
    """

    sentence: NDArray[np.float64]
    passage: NDArray[np.float64]
    confidence: NDArray[np.float64]
    confidence_bias: float
    answered: float
    uncertain: float


@cache
def model() -> Model:
    """The shipped weights."""
    values = json.loads(resources.files("index.ranking").joinpath("model.json").read_text("utf-8"))

    def weights(kind: str, names: Sequence[str]) -> NDArray[np.float64]:
        return np.array([values[kind].get(name, 0.0) for name in names])

    return Model(
        weights("sentence", SENTENCE_FEATURES),
        weights("passage", PASSAGE_FEATURES),
        weights("confidence", CONFIDENCE_FEATURES),
        values["confidence"]["bias"],
        values["answered"],
        values["uncertain"],
    )
