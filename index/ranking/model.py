"""The weights of re-ranking and of confidence: a data file, made by `make train` and shipped."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.ranking.features import CONFIDENCE_FEATURES, PASSAGE_FEATURES, SENTENCE_FEATURES

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "en": "english",
        "zh": "chinese",
        "ja": "chinese",
        "ko": "korean",
        "th": "thai",
        "lo": "thai",
        "km": "thai",
        "my": "thai",
    }
)
"""Languages with weights of their own, by the language that these come from.

The terms of most of them are runs of characters instead of words. English alone has word relations, and by far the most
questions to train on.
"""


@dataclass(frozen=True, slots=True)
class Weights:
    """Linear models over the features of `features.py`, in their order."""

    sentence: NDArray[np.float64]
    passage: NDArray[np.float64]
    confidence: NDArray[np.float64]
    confidence_bias: float

    def sure(self, features: Mapping[str, float]) -> float:
        """The confidence, in 0..1, that confidence features by their names give."""
        values = np.array([features[name] for name in CONFIDENCE_FEATURES])
        z = float(values @ self.confidence) + self.confidence_bias
        return 1 / (1 + float(np.exp(-np.clip(z, -40, 40))))


@dataclass(frozen=True, slots=True)
class Model:
    """Weights, and what to make of the confidence that they give.

    Attributes:
        common: Of all languages that have no others.
        own: Of the languages of `FAMILIES`, by family.
        answered: Confidence (0..1) from which a passage is an answer.
        uncertain: Confidence from which the closest passage is worth showing.
    """

    common: Weights
    own: Mapping[str, Weights]
    answered: float
    uncertain: float

    def weights(self, code: str) -> Weights:
        """The weights for candidates in a language."""
        return self.own.get(FAMILIES.get(code, ""), self.common)


@cache
def model() -> Model:
    """The shipped model."""
    values = json.loads(resources.files("index.ranking").joinpath("model.json").read_text("utf-8"))
    own = {family: _weights(values["own"][family]) for family in values["own"]}
    return Model(_weights(values["common"]), MappingProxyType(own), values["answered"], values["uncertain"])


def _weights(values: Mapping[str, Any]) -> Weights:
    def array(kind: str, names: Sequence[str]) -> NDArray[np.float64]:
        return np.array([values[kind].get(name, 0.0) for name in names])

    return Weights(
        array("sentence", SENTENCE_FEATURES),
        array("passage", PASSAGE_FEATURES),
        array("confidence", CONFIDENCE_FEATURES),
        values["confidence"]["bias"],
    )
