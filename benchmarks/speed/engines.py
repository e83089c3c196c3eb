"""The engines, each with the same few things to do: build, save, open, answer, and change where it can.

Packages are imported inside methods: peers are optional, and a process that measures memory must hold one engine only.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from benchmarks.speed.corpus import PASSAGES_OF_AN_ARTICLE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rank_bm25 import BM25Okapi

    from benchmarks.speed.corpus import Asked, Corpus
    from index.engines.embedded import EmbeddedEngine
    from index.engines.protocol import IndexedArticle
    from index.ranking.bm25 import PostingsBM25

TOP_K = 10
K1, B = 1.2, 0.75
"""tantivy's and FTS5's fixed parameters, given to the others too."""

Ready = Callable[[], int]
"""Answers one prepared question and returns how many passages were found."""

Prepare = Callable[["Asked"], Ready]

More = tuple[str, list[str], list[list[int]]]
"""An article to be added: title, passages as text, passages as term ids."""


class Clock:
    """Counts what a build costs, without what the benchmark itself does to make the input.

    Other threads are counted all the time: tantivy's writer works on while this thread makes the next input.
    """

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self._own = 0.0
        self._process, self._thread = time.process_time(), time.thread_time()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what this thread does inside, as this part."""
        own, wall = time.thread_time(), time.perf_counter()
        try:
            yield
        finally:
            self._own += time.thread_time() - own
            self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall

    def cpu_s(self) -> float:
        """CPU seconds of all parts, and of all other threads since the clock was made."""
        others = time.process_time() - self._process - (time.thread_time() - self._thread)
        return self._own + others


class Changing(Protocol):
    """An open index that takes and drops single articles; a change can be found when the call returns."""

    def add(self, number: int, article: More) -> None:
        """Add an article under a number that was not used before."""

    def remove(self, number: int, article: More) -> None:
        """Remove an article that was added."""

    def passages(self) -> int:
        """Passages that can be found now."""


class Engine(Protocol):
    """What is measured of an engine."""

    name: str
    keeps: bool
    """Whether an index can be saved; one that cannot is built anew by `open`."""

    def load_modules(self) -> None:
        """Import what `open` and answering need.

        Raises:
            ImportError: The engine is not installed.
        """

    def build(self, corpus: "Corpus", folder: Path, clock: Clock) -> None:
        """Build and save into an empty folder, as the clock's parts "build" and "save"."""

    def open(self, folder: Path, corpus: "Corpus") -> Prepare:
        """Open what `build` saved."""

    def changing(self, folder: Path, corpus: "Corpus", first: int) -> Changing | None:
        """Open for changes; None when the engine cannot do it. Passages are numbered from `first`."""


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


class Tantivy:
    """tantivy on ready tokens: one writer thread, frequencies without positions, no stored text."""

    name = "tantivy"
    keeps = True

    def load_modules(self) -> None:
        """See `Engine.load_modules`."""
        import_module("tantivy")

    def build(self, corpus: "Corpus", folder: Path, clock: Clock) -> None:
        """See `Engine.build`."""
        self._build(corpus.lines(), folder, clock, "whitespace")

    @staticmethod
    def _build(batches: Iterator[list[str]], folder: Path, clock: Clock, tokenizer: str) -> None:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field("text", tokenizer_name=tokenizer, index_option="freq")
        builder.add_unsigned_field("article", indexed=True)
        with clock.part("build"):
            index = tantivy.Index(builder.build(), path=str(folder))
            writer = index.writer(heap_size=128_000_000, num_threads=1)
        number = 0
        for batch in batches:
            with clock.part("build"):
                for line in batch:
                    document = tantivy.Document()
                    document.add_text("text", line)
                    document.add_unsigned("article", number // PASSAGES_OF_AN_ARTICLE)
                    writer.add_document(document)
                    number += 1
        with clock.part("save"):
            writer.commit()
            writer.wait_merging_threads()

    def open(self, folder: Path, corpus: "Corpus") -> Prepare:  # noqa: ARG002 - only the unsaved need it
        """See `Engine.open`."""
        import tantivy

        index = tantivy.Index.open(str(folder))
        searcher = index.searcher()

        def prepare(question: "Asked") -> Ready:
            # Parsed before it is timed: the others get their terms ready as well.
            query = index.parse_query(_line(question.terms), ["text"])
            return lambda: len(searcher.search(query, TOP_K).hits)

        return prepare

    def changing(self, folder: Path, corpus: "Corpus", first: int) -> Changing | None:  # noqa: ARG002 - see `open`
        """See `Engine.changing`."""
        import tantivy

        index = tantivy.Index.open(str(folder))
        writer = index.writer(heap_size=50_000_000, num_threads=1)

        class Changes:
            def add(self, number: int, article: More) -> None:
                for terms in article[2]:
                    document = tantivy.Document()
                    document.add_text("text", _line(terms))
                    document.add_unsigned("article", first + number)
                    writer.add_document(document)
                self._publish()

            def remove(self, number: int, article: More) -> None:  # noqa: ARG002 - the number is enough
                # By query: deleting by term finds nothing in a field of numbers (tantivy 0.27).
                writer.delete_documents_by_query(index.parse_query(str(first + number), ["article"]))
                self._publish()

            def passages(self) -> int:
                return int(index.searcher().num_docs)

            @staticmethod
            def _publish() -> None:
                writer.commit()
                index.reload()

        return Changes()


class TantivyOnText(Tantivy):
    """tantivy from text, with its own tokenizer and stemmer: the yardstick for building from text only."""

    name = "tantivy, from text"

    def build(self, corpus: "Corpus", folder: Path, clock: Clock) -> None:
        """See `Engine.build`."""
        batches = (passages for _, passages in corpus.articles())
        self._build(batches, folder, clock, "en_stem" if corpus.language == "en" else "default")


class Fts5:
    """SQLite's FTS5, contentless, as Python brings it along."""

    name = "SQLite FTS5"
    keeps = True

    def load_modules(self) -> None:
        """See `Engine.load_modules`."""
        with sqlite3.connect(":memory:") as database:
            try:
                database.execute("CREATE VIRTUAL TABLE passages USING fts5(text)")
            except sqlite3.OperationalError as error:
                raise ImportError(f"this Python's SQLite has no FTS5: {error}") from error

    def build(self, corpus: "Corpus", folder: Path, clock: Clock) -> None:
        """See `Engine.build`."""
        database = self._connect(folder)
        with clock.part("build"):
            database.execute("CREATE VIRTUAL TABLE passages USING fts5(text, content='', tokenize='ascii')")
        number = 0
        for batch in corpus.lines():
            with clock.part("build"):
                rows = [(number + i, line) for i, line in enumerate(batch)]
                database.executemany("INSERT INTO passages(rowid, text) VALUES (?, ?)", rows)
                number += len(batch)
        with clock.part("build"):
            database.execute("INSERT INTO passages(passages) VALUES ('optimize')")
        with clock.part("save"):
            database.commit()
            database.close()

    @staticmethod
    def _connect(folder: Path) -> sqlite3.Connection:
        database = sqlite3.connect(folder / "index.db")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        return database

    def open(self, folder: Path, corpus: "Corpus") -> Prepare:  # noqa: ARG002 - only the unsaved need it
        """See `Engine.open`."""
        database = self._connect(folder)
        select = f"SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT {TOP_K}"

        def prepare(question: "Asked") -> Ready:
            line = " OR ".join(f"w{term}" for term in question.terms)
            return lambda: len(database.execute(select, (line,)).fetchall())

        return prepare

    def changing(self, folder: Path, corpus: "Corpus", first: int) -> Changing | None:  # noqa: ARG002 - see `open`
        """See `Engine.changing`."""
        database = self._connect(folder)
        begin = first * PASSAGES_OF_AN_ARTICLE

        class Changes:
            def add(self, number: int, article: More) -> None:
                self._run("INSERT INTO passages(rowid, text) VALUES (?, ?)", number, article)

            def remove(self, number: int, article: More) -> None:
                # A table without content is told what to take out.
                self._run("INSERT INTO passages(passages, rowid, text) VALUES ('delete', ?, ?)", number, article)

            def passages(self) -> int:
                return int(database.execute("SELECT count(*) FROM passages_docsize").fetchone()[0])

            @staticmethod
            def _run(statement: str, number: int, article: More) -> None:
                rows = [
                    (begin + number * PASSAGES_OF_AN_ARTICLE + i, _line(terms)) for i, terms in enumerate(article[2])
                ]
                with database:
                    database.executemany(statement, rows)

        return Changes()


class Bm25s:
    """bm25s; it cannot change an index, only build another one."""

    keeps = True

    def __init__(self, name: str, backend: str) -> None:
        self.name = name
        self._backend = backend

    def load_modules(self) -> None:
        """See `Engine.load_modules`."""
        import_module("bm25s")
        if self._backend == "numba":
            import_module("numba")

    def build(self, corpus: "Corpus", folder: Path, clock: Clock) -> None:
        """See `Engine.build`."""
        import bm25s
        import numpy as np

        flat, lengths = corpus.numbers()
        rows = [row.tolist() for row in np.split(flat, np.cumsum(lengths)[:-1])]
        vocabulary = {f"w{i}": i for i in range(int(flat.max()) + 1)}
        retriever = bm25s.BM25(k1=K1, b=B, backend=self._backend)
        with clock.part("build"):
            retriever.index((rows, vocabulary), show_progress=False)
        with clock.part("save"):
            retriever.save(str(folder), show_progress=False)

    def open(self, folder: Path, corpus: "Corpus") -> Prepare:  # noqa: ARG002 - only the unsaved need it
        """See `Engine.open`."""
        import bm25s

        retriever = bm25s.BM25.load(str(folder), show_progress=False)
        retriever.backend = self._backend

        def prepare(question: "Asked") -> Ready:
            tokens = [[f"w{term}" for term in question.terms]]
            return lambda: int((retriever.retrieve(tokens, k=TOP_K, show_progress=False, n_threads=0)[1] > 0).sum())

        return prepare

    def changing(self, folder: Path, corpus: "Corpus", first: int) -> Changing | None:  # noqa: ARG002 - it cannot
        """See `Engine.changing`."""
        return None


class RankBm25:
    """rank-bm25: scores every passage for every question, and keeps nothing on disk."""

    name = "rank-bm25"
    keeps = False

    def load_modules(self) -> None:
        """See `Engine.load_modules`."""
        import_module("rank_bm25")

    def build(self, corpus: "Corpus", folder: Path, clock: Clock) -> None:  # noqa: ARG002 - nothing is saved
        """See `Engine.build`."""
        self._built(corpus, clock)

    @staticmethod
    def _built(corpus: "Corpus", clock: Clock) -> "BM25Okapi":
        import numpy as np
        from rank_bm25 import BM25Okapi

        flat, lengths = corpus.numbers()
        rows = [row.tolist() for row in np.split(flat, np.cumsum(lengths)[:-1])]
        with clock.part("build"):
            return BM25Okapi(rows, k1=K1, b=B)

    def open(self, folder: Path, corpus: "Corpus") -> Prepare:  # noqa: ARG002 - nothing was saved
        """See `Engine.open`."""
        import numpy as np

        ranker = self._built(corpus, Clock())
        places = np.arange(ranker.corpus_size)

        def prepare(question: "Asked") -> Ready:
            return lambda: len(ranker.get_top_n(list(question.terms), places, TOP_K))

        return prepare

    def changing(self, folder: Path, corpus: "Corpus", first: int) -> Changing | None:  # noqa: ARG002 - it cannot
        """See `Engine.changing`."""
        return None


def _line(terms: Sequence[int]) -> str:
    return " ".join(f"w{term}" for term in terms)


ANSWERING: tuple[Engine, ...] = (
    FootnoteRanking(),
    FootnoteAnswers(),
    Tantivy(),
    Bm25s("bm25s Numba", "numba"),
    Bm25s("bm25s NumPy", "numpy"),
    Fts5(),
)
"""Engines that take turns in one process."""

ALONE: Engine = RankBm25()
"""So slow and so large that it is asked few questions, in a process of its own."""

BUILDING: Engine = TantivyOnText()
"""Built only."""

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (*ANSWERING, ALONE, BUILDING)}
