"""The engines that people would pick instead."""

import sqlite3
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.speed.corpus import PASSAGES_OF_AN_ARTICLE
from benchmarks.speed.protocol import K1, TOP_K, B, Changing, Clock, More, Prepare, Ready

if TYPE_CHECKING:
    from rank_bm25 import BM25Okapi

    from benchmarks.speed.corpus import Asked, Corpus


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
