"""All engines that are measured, and how."""

from benchmarks.speed.ours import FootnoteAnswers, FootnoteRanking
from benchmarks.speed.peers import Bm25s, Fts5, RankBm25, Tantivy, TantivyOnText
from benchmarks.speed.protocol import Engine

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
