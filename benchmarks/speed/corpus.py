"""A corpus of made text in a folder, as the processes that measure read it.

NumPy is imported where it is used: an engine that does without must not have it in its memory.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PASSAGES_OF_AN_ARTICLE = 15


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as typed, and the ids of the terms that the engines look for, each once."""

    text: str
    terms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """The files of one size, as `write` leaves them for the processes that measure."""

    folder: Path

    def numbers(self) -> "tuple[NDArray[np.int32], NDArray[np.int32]]":
        """The term ids of all passages one after the other, and how many each passage has."""
        import numpy as np

        return np.load(self.folder / "terms.npy"), np.load(self.folder / "lengths.npy")

    def lines(self, at_once: int = 2_000) -> Iterator[list[str]]:
        """The passages as "w5 w17 w5", some at a time: what engines that split text at spaces are given."""
        import numpy as np

        flat, lengths = self.numbers()
        words = np.array([f"w{i}" for i in range(int(flat.max(initial=0)) + 1)], object)
        start = 0
        for first in range(0, len(lengths), at_once):
            ends = start + np.cumsum(lengths[first : first + at_once])
            starts = [start, *ends[:-1].tolist()]
            yield [" ".join(words[flat[a:b]]) for a, b in zip(starts, ends.tolist(), strict=True)]
            start = int(ends[-1])

    def articles(self) -> Iterator[tuple[str, list[str]]]:
        """Titles and passages as text."""
        with (self.folder / "articles.jsonl").open(encoding="utf-8") as file:
            for line in file:
                value = json.loads(line)
                yield str(value["title"]), [str(text) for text in value["passages"]]

    def more(self) -> list[tuple[str, list[str], list[list[int]]]]:
        """Articles that are not in the corpus, to be added and removed: title, passages as text, and as term ids."""
        return [
            (title, texts, terms) for title, texts, terms in json.loads((self.folder / "more.json").read_text("utf-8"))
        ]

    def questions(self) -> dict[str, list[Asked]]:
        """The questions of each kind."""
        value = json.loads((self.folder / "questions.json").read_text("utf-8"))
        return {kind: [Asked(one["text"], tuple(one["terms"])) for one in asked] for kind, asked in value.items()}

    @property
    def language(self) -> str:
        """The language of the text."""
        return (self.folder / "language").read_text("utf-8")
