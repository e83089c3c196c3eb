"""One measurement in a process of its own: memory is then the engine's, and nothing is warm.

Usage: python -m benchmarks.speed.worker STAGE ENGINES CORPUS_DIR INDEX_DIR, with the engines' names joined by "|".
Prints one JSON object. Run by __main__.
"""

import gc
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.speed.corpus import Corpus
from benchmarks.speed.engines import ENGINES
from benchmarks.speed.protocol import Clock, Ready

ROUNDS = 5
"""Timed rounds of every question; the engines take turns, and one more round warms up."""

SLOW_MS = 20.0
SLOW_QUESTIONS = 30
"""An engine slower than SLOW_MS a question is asked this many questions, once."""

ALONE_QUESTIONS = 8


def main() -> None:
    """Run one stage and print its figures."""
    stage, names, corpus, index = sys.argv[1:]
    engines = names.split("|")
    run = {"build": build, "open": first_answer, "ask": ask, "change": change}[stage]
    try:
        found = run(engines, Corpus(Path(corpus)), Path(index))
    except ImportError as error:
        found = {"problem": f"not installed: {error.name or error}"}
    except Exception as error:  # A peer may fail in any way, and its failure is a result.
        found = {"problem": f"fails: {type(error).__name__}: {error}"[:200]}
    print(json.dumps(found))


def build(names: Sequence[str], corpus: Corpus, index: Path) -> dict[str, object]:
    """CPU seconds of building, wall seconds of saving, and bytes on disk."""
    engine = ENGINES[names[0]]
    engine.load_modules()
    folder = index / names[0]
    folder.mkdir(parents=True)
    clock = Clock()
    engine.build(corpus, folder, clock)
    return {
        "build_cpu_s": clock.cpu_s(),
        "save_s": clock.wall.get("save") if engine.keeps else None,
        "disk_bytes": sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) if engine.keeps else None,
    }


def first_answer(names: Sequence[str], corpus: Corpus, index: Path) -> dict[str, object]:
    """Milliseconds of importing, of opening, and of opening with the first answer; memory after all questions."""
    engine = ENGINES[names[0]]
    questions = [one for asked in corpus.questions().values() for one in asked]
    if not engine.keeps:
        questions = questions[:ALONE_QUESTIONS]
    began = time.perf_counter()
    engine.load_modules()
    imported = time.perf_counter()
    prepare = engine.open(index / names[0], corpus)
    opened = time.perf_counter()
    prepare(questions[0])()
    answered = time.perf_counter()
    for question in questions:
        prepare(question)()
    gc.collect()
    resident, anonymous = memory()
    return {
        "import_ms": (imported - began) * 1e3,
        "load_ms": (opened - imported) * 1e3 if engine.keeps else None,
        "first_answer_ms": (answered - imported) * 1e3,
        "resident_bytes": resident,
        "anonymous_bytes": anonymous,
    }


def ask(names: Sequence[str], corpus: Corpus, index: Path) -> dict[str, object]:
    """p50 and p99 of each engine and kind: CPU milliseconds of this thread, the median of rounds for each question."""
    prepared = {name: ENGINES[name].open(index / name, corpus) for name in names}
    gc.collect()
    gc.freeze()
    found: dict[str, object] = {}
    for kind, questions in corpus.questions().items():
        ready = {name: [prepare(question) for question in questions] for name, prepare in prepared.items()}
        times: dict[str, list[list[float]]] = {name: [] for name in names}
        for name, asks in ready.items():
            if not ENGINES[name].keeps:
                del asks[ALONE_QUESTIONS:]
            asks[0]()  # Numba compiles here, for seconds: that does not make it slow.
            few = one_round(asks[:SLOW_QUESTIONS], name)
            if sum(few) / len(few) > SLOW_MS:
                times[name].append(few)
                continue
            one_round(asks[SLOW_QUESTIONS:], name)
        for _ in range(ROUNDS):
            for name, asks in ready.items():
                if not times[name] or len(times[name][0]) == len(asks):
                    times[name].append(one_round(asks, name))
        for name in names:
            middle = sorted(median(each) for each in zip(*times[name], strict=True))
            found[f"{name}|{kind}"] = {
                "p50_ms": middle[len(middle) // 2],
                "p99_ms": middle[min(len(middle) - 1, math.ceil(len(middle) * 0.99) - 1)],
                "questions": len(middle),
                "rounds": len(times[name]),
            }
    return found


def one_round(asks: Sequence[Ready], name: str) -> list[float]:
    """Milliseconds of each question."""
    taken: list[float] = []
    nothing = 0
    for one in asks:
        began = time.thread_time()
        found = one()
        taken.append((time.thread_time() - began) * 1e3)
        nothing += not found
    if nothing * 10 > len(taken):
        raise RuntimeError(f"{name} found nothing for {nothing} of {len(taken)} questions: it does not do the work")
    return taken


def change(names: Sequence[str], corpus: Corpus, index: Path) -> dict[str, object]:
    """Wall milliseconds of adding and of removing one article of 15 passages, the median of all."""
    engine = ENGINES[names[0]]
    # Numbers of their own for what is added: above every article and passage of the corpus.
    changing = engine.changing(index / names[0], corpus, 10_000_000)
    if changing is None:
        return {"add_ms": None, "remove_ms": None}
    figures: dict[str, object] = {}
    before = changing.passages()
    added = sum(len(terms) for _, _, terms in corpus.more())
    for verb, act, after in (("add", changing.add, before + added), ("remove", changing.remove, before)):
        taken: list[float] = []
        for number, article in enumerate(corpus.more()):
            began = time.perf_counter()
            act(number, article)
            taken.append((time.perf_counter() - began) * 1e3)
        if changing.passages() != after:
            raise RuntimeError(f"{names[0]} holds {changing.passages()} passages after {verb}, and not {after}")
        figures[f"{verb}_ms"] = median(taken)
    return figures


def memory() -> tuple[int | None, int | None]:
    """Resident bytes of this process, and those of them that no file backs; None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    except OSError:
        return None, None
    values = {key: value for key, _, value in (line.partition(":") for line in lines)}
    return tuple(int(values[key].split()[0]) * 1024 for key in ("VmRSS", "RssAnon"))  # type: ignore[return-value]  # two keys make two


if __name__ == "__main__":
    main()
