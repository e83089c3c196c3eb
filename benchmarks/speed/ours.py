"""Footnote, as its ranker alone and as the whole answer."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.speed.protocol import K1, TOP_K, B, Changing, Clock, More, Prepare, Ready

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.speed.corpus import Asked, Corpus
    from index.engines.embedded import EmbeddedEngine
    from index.engines.protocol import IndexedArticle
    from index.ranking.bm25 import PostingsBM25


class FootnoteRanking:
    """Our ranker alone, on term ids."""

    name = "Footnote BM25"
    keeps = True

    def load_modules(self) -> None:
        """See `Engine.load_modules`."""
        import_module("index.ranking.bm25")

    def build(self, corpus: "Corpus", folder: Path, clock: Clock) -> None:
        """See `Engine.build`."""
        import numpy as np

        from index.ranking.postings import Base, build_base

        flat, lengths = corpus.numbers()

        def chunks(size: int = 20_000) -> "Iterator[tuple[NDArray[np.int32], NDArray[np.int64], int]]":
            start = 0
            for first in range(0, len(lengths), size):
                part = lengths[first : first + size]
                end = start + int(part.sum())
                yield flat[start:end], np.repeat(np.arange(len(part)), part), len(part)
                start = end

        with clock.part("build"):
            base = build_base(chunks(), int(flat.max()) + 1, K1, B)
        with clock.part("save"):
            for one in fields(Base):
                np.save(folder / f"{one.name}.npy", getattr(base, one.name))

    def _ranker(self, folder: Path) -> "PostingsBM25":
        import numpy as np

        from index.ranking.bm25 import PostingsBM25
        from index.ranking.postings import Base

        # As annotations.mapped does; that module would bring analysis into the memory of the ranker.
        arrays = {one.name: np.load(folder / f"{one.name}.npy", mmap_mode="r").view(np.ndarray) for one in fields(Base)}
        return PostingsBM25(Base(**arrays), K1, B)

    def open(self, folder: Path, corpus: "Corpus") -> Prepare:  # noqa: ARG002 - only the unsaved need it
        """See `Engine.open`."""
        ranker = self._ranker(folder)

        def prepare(question: "Asked") -> Ready:
            units = [((term, 1.0),) for term in question.terms]
            return lambda: len(ranker.search(units, TOP_K)[0])

        return prepare

    def changing(self, folder: Path, corpus: "Corpus", first: int) -> Changing | None:  # noqa: ARG002 - see `open`
        """See `Engine.changing`."""
        import numpy as np

        ranker = self._ranker(folder)

        class Changes:
            def __init__(self) -> None:
                self.docs: dict[int, int] = {}

            def add(self, number: int, article: More) -> None:
                self.docs[number] = ranker.add([np.array(terms, np.int32) for terms in article[2]])

            def remove(self, number: int, article: More) -> None:
                begin = self.docs[number]
                passages = [np.array(terms, np.int32) for terms in article[2]]
                ranker.remove(range(begin, begin + len(passages)), passages)

            def passages(self) -> int:
                return ranker.corpus_size

        return Changes()


class FootnoteAnswers:
    """Our whole answer from the typed question: analysis, ranking, features, quotes; without reading the store."""

    name = "Footnote answers"
    keeps = True

    def load_modules(self) -> None:
        """See `Engine.load_modules`."""
        import_module("index.answering")
        import_module("index.engines.embedded")

    def build(self, corpus: "Corpus", folder: Path, clock: Clock) -> None:
        """See `Engine.build`. The time includes analysis, which the engines on ready tokens do not do."""
        from index.engines.embedded import EmbeddedEngine

        engine = EmbeddedEngine()
        for number, (title, passages) in enumerate(corpus.articles()):
            with clock.part("build"):
                engine.gather([_indexed(number, corpus.language, title, passages)])
        with clock.part("build"):
            engine = engine.compacted()
        with clock.part("save"):
            engine.save(folder, "benchmark")

    @staticmethod
    def _open(folder: Path) -> "EmbeddedEngine":
        from index.engines.embedded import EmbeddedEngine

        engine = EmbeddedEngine.open(folder, "benchmark")
        assert engine is not None
        return engine

    def open(self, folder: Path, corpus: "Corpus") -> Prepare:  # noqa: ARG002 - only the unsaved need it
        """See `Engine.open`."""
        from index.answering import Ranker

        engine = self._open(folder)
        ranker = Ranker()

        def prepare(question: "Asked") -> Ready:
            return lambda: len(ranker.rank(question.text, engine, None, TOP_K).candidates)

        return prepare

    def changing(self, folder: Path, corpus: "Corpus", first: int) -> Changing | None:
        """See `Engine.changing`."""
        engine = self._open(folder)
        language = corpus.language

        class Changes:
            def add(self, number: int, article: More) -> None:
                engine.replace([_indexed(first + number, language, article[0], article[1])], [])

            def remove(self, number: int, article: More) -> None:  # noqa: ARG002 - the number is enough
                engine.replace([], [first + number])

            def passages(self) -> int:
                return engine.passages

        return Changes()


def _indexed(number: int, language: str, title: str, passages: Sequence[str]) -> "IndexedArticle":
    from index.engines.protocol import IndexedArticle

    starts = [0]
    for text in passages:
        starts.append(starts[-1] + len(text) + 2)
    return IndexedArticle(
        number, language, "shared", float(number), title, tuple(zip(starts[:-1], passages, strict=True))
    )
