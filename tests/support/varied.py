"""Texts of made-up words, all different, the same for the same seed."""

import itertools
import random

_SYLLABLES = (
    "ba", "cor", "dle", "fen", "gri", "hol", "ja", "kem", "lis", "mo", "nar", "ot", "pru", "ris", "sta", "ven",
)  # fmt: skip

VOCABULARY = ["".join(word) for length in (2, 3) for word in itertools.product(_SYLLABLES, repeat=length)]
"""More than four thousand made-up words."""


def varied_text(chance: random.Random) -> str:
    """Six paragraphs of five sentences each, with words that are the rarer the later they stand in the vocabulary."""

    def sentence() -> str:
        words = [VOCABULARY[int(len(VOCABULARY) * chance.random() ** 3)] for _ in range(chance.randint(8, 18))]
        return f"The {' '.join(words)}."

    return "\n\n".join(" ".join(sentence() for _ in range(5)) for _ in range(6))
