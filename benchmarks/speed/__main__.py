"""Measures what engines cost on the same tokens: to build, save, open, ask and change, at several sizes.

Usage: python -m benchmarks.speed --text SET_DIR... [--passages N...] [--questions N] [--json FILE] [--picture FILE]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.speed.corpus import Corpus
from benchmarks.speed.engines import ALONE, ANSWERING, BUILDING, ENGINES
from benchmarks.speed.picture import draw
from benchmarks.speed.text import KINDS, read_material, write

Figures = dict[str, object]

OURS = ("Footnote BM25", "Footnote answers")
MOST_PASSAGES_ALONE = 100_000
"""rank-bm25 is left out above this: it would need several gigabytes."""

ARTICLES_ADDED = 30
_COLUMNS_IN_A_FILE = 170
_STAGE_TIMEOUT_S = 3 * 3600


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--text", nargs="+", type=Path, required=True, metavar="SET_DIR", help="sets of one language")
    parser.add_argument("--passages", nargs="+", type=int, default=[10_000, 100_000], metavar="N")
    parser.add_argument("--questions", type=int, default=200, metavar="N", help="most questions of each kind")
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES), metavar="NAME")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="SVG or PNG")
    options = parser.parse_args()
    # The tables are wide: in a file they must not be cut to Rich's 80 columns.
    console = Console(width=None if sys.stdout.isatty() else _COLUMNS_IN_A_FILE)
    log = Console(stderr=True)
    material = read_material(options.text, options.questions)
    engines: list[Figures] = []
    asked: list[Figures] = []
    for size in sorted(options.passages):
        with tempfile.TemporaryDirectory(prefix="footnote-speed-") as folder:
            log.print(f"{size:,} passages: text", style="dim")
            corpus = write(material, size, ARTICLES_ADDED, Path(folder) / "corpus")
            rows, questions = measure(corpus, Path(folder) / "index", size, options.engines, log)
        for table in (costs(rows, size), answers(questions, size), ratios(rows, questions, size)):
            console.print(table)
        for row in rows:
            if "problem" in row:
                console.print(f"{row['engine']}: {row['problem']}")
        engines += rows
        asked += questions
    if options.json:
        found = {"machine": machine(), "engines": engines, "questions": asked}
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if options.picture:
        p50 = {
            (str(one["engine"]), str(one["kind"]), int(str(one["passages"]))): value
            for one in asked
            if (value := _number(one["p50_ms"])) is not None
        }
        names = [name for name in ENGINES if any(name == engine for engine, _, _ in p50)]
        try:
            draw(p50, names, KINDS, options.picture)
        except ImportError as error:
            raise SystemExit(f"the picture needs matplotlib, which is not installed: {error}") from error


def measure(
    corpus: Corpus, index: Path, size: int, names: Sequence[str], log: Console
) -> tuple[list[Figures], list[Figures]]:
    """All figures of one size: a row for each engine, and a row for each engine and kind of question."""
    rows: dict[str, Figures] = {}
    for name in names:
        row = rows[name] = {"engine": name, "passages": size}
        if name == ALONE.name and size > MOST_PASSAGES_ALONE:
            row["problem"] = f"left out above {MOST_PASSAGES_ALONE:,} passages"
            continue
        for stage in ("build",) if name == BUILDING.name else ("build", "open"):
            log.print(f"{size:,} passages: {name}, {stage}", style="dim")
            row |= run(stage, [name], corpus, index)
            if "problem" in row:
                break
    whole = [name for name, row in rows.items() if "problem" not in row]
    questions: list[Figures] = []
    for group in ([e.name for e in ANSWERING if e.name in whole], [ALONE.name] if ALONE.name in whole else []):
        if not group:
            continue
        log.print(f"{size:,} passages: asking {', '.join(group)}", style="dim")
        found = run("ask", group, corpus, index)
        if "problem" in found:
            for name in group:
                rows[name]["problem"] = found["problem"]
            continue
        for key, value in found.items():
            name, _, kind = key.partition("|")
            assert isinstance(value, dict)
            questions.append({"engine": name, "passages": size, "kind": kind, **value})
    for name in whole:
        if name not in (ALONE.name, BUILDING.name):
            log.print(f"{size:,} passages: {name}, change", style="dim")
            rows[name] |= run("change", [name], corpus, index)
    return list(rows.values()), questions


def run(stage: str, names: Sequence[str], corpus: Corpus, index: Path) -> Figures:
    """Run one stage in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed.worker", stage, "|".join(names), str(corpus.folder), str(index)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_STAGE_TIMEOUT_S, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {"problem": f"fails with exit code {done.returncode}: {last}"[:200]}
    found: Figures = json.loads(lines[-1])
    return found


def costs(rows: Sequence[Figures], size: int) -> Table:
    """What an index costs beside questions."""
    columns: Mapping[str, tuple[str, Callable[[float], str]]] = {
        "build, CPU s": ("build_cpu_s", lambda v: f"{v:.2f}"),
        "save, s": ("save_s", lambda v: f"{v:.2f}"),
        "disk, MB": ("disk_bytes", lambda v: f"{v / 1e6:.1f}"),
        "import, ms": ("import_ms", lambda v: f"{v:.0f}"),
        "open, ms": ("load_ms", lambda v: f"{v:.1f}"),
        "open to first answer, ms": ("first_answer_ms", lambda v: f"{v:.0f}"),
        "memory, MB": ("resident_bytes", lambda v: f"{v / 1e6:.0f}"),
        "anonymous, MB": ("anonymous_bytes", lambda v: f"{v / 1e6:.0f}"),
        "add, ms": ("add_ms", lambda v: f"{v:.2f}"),
        "remove, ms": ("remove_ms", lambda v: f"{v:.2f}"),
    }
    table = Table("engine", title=f"{size:,} passages", title_justify="left")
    for name in columns:
        table.add_column(name, justify="right")
    for row in rows:
        if "problem" in row:
            table.add_row(f"{row['engine']}: see below")
            continue
        values = [(row.get(key), shown) for key, shown in columns.values()]
        cells = ["-" if (value := _number(raw)) is None else shown(value) for raw, shown in values]
        table.add_row(str(row["engine"]), *cells)
    return table


def answers(questions: Sequence[Figures], size: int) -> Table:
    """p50 and p99 by engine and kind."""
    table = Table("engine", title=f"{size:,} passages: CPU ms a question, p50 / p99", title_justify="left")
    for kind in KINDS:
        table.add_column(kind, justify="right")
    for name in dict.fromkeys(str(one["engine"]) for one in questions):
        cells = [_cell(questions, name, kind) for kind in KINDS]
        table.add_row(name, *cells)
    return table


def _cell(questions: Sequence[Figures], name: str, kind: str) -> str:
    p50, p99 = _of(questions, name, kind, "p50_ms"), _of(questions, name, kind, "p99_ms")
    return "-" if p50 is None or p99 is None else f"{p50:.3f} / {p99:.3f}"


def _of(questions: Sequence[Figures], name: str, kind: str, figure: str) -> float | None:
    for one in questions:
        if (one["engine"], one["kind"]) == (name, kind):
            return _number(one[figure])
    return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def ratios(rows: Sequence[Figures], questions: Sequence[Figures], size: int) -> Table:
    """Ours divided by each peer's; below 1 ours is better. Memory and disk are ratios of bytes."""
    table = Table("ours / peer", title=f"{size:,} passages: ratios, below 1 is better for ours", title_justify="left")
    for kind in KINDS:
        table.add_column(f"{kind}, p50, p99", justify="right")
    for name in ("build", "disk", "memory", "open to answer"):
        table.add_column(name, justify="right")
    by_name = {str(row["engine"]): row for row in rows}
    for ours in OURS:
        for peer in by_name:
            if peer in OURS or ours not in by_name or "problem" in by_name[peer]:
                continue
            if (peer == BUILDING.name) != (ours == OURS[1]) and peer == BUILDING.name:
                continue
            cells: list[str] = []
            for kind in KINDS:
                pairs = [(_of(questions, ours, kind, f), _of(questions, peer, kind, f)) for f in ("p50_ms", "p99_ms")]
                cells.append(", ".join(_ratio(a, b) for a, b in pairs))
            for key in ("build_cpu_s", "disk_bytes", "resident_bytes", "first_answer_ms"):
                # Ours includes analysis when it answers, so only what starts from text is comparable.
                comparable = key != "build_cpu_s" or (ours == OURS[1]) == (peer == BUILDING.name)
                cells.append(_ratio(by_name[ours].get(key), by_name[peer].get(key)) if comparable else "-")
            table.add_row(f"{ours} / {peer}", *cells)
    return table


def _ratio(ours: object, peer: object) -> str:
    above, below = _number(ours), _number(peer)
    if above is None or not below:
        return "-"
    ratio = above / below
    return f"{ratio:.2f}" if ratio >= 0.01 else f"{ratio:.4f}"


def machine() -> Figures:
    """What the figures were measured on."""
    versions: Figures = {}
    for package in ("numpy", "rank-bm25", "bm25s", "numba", "tantivy"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    return {"python": platform.python_version(), "system": system, "load_1_min": load, **versions}


if __name__ == "__main__":
    main()
