"""Measures extraction on pages of which the article is known, beside other libraries as they come.

Usage: python -m benchmarks.ingestion FOLDER... [--only NAME,...] [--json FILE]

A folder holds `truth.json` (or `ground-truth.json`), an object with one value for each page:

    {"bridge": {"url": "https://example.org/bridge",
                "articleBody": "First paragraph.\\n\\nSecond one.",
                "with": ["a fragment that must be there"], "without": ["one that must not"],
                "title": "The bridge", "author": "Jane Doe", "date": "2020-02-03"}, ...}

and the pages as `html/bridge.html` or `html/bridge.html.gz`. Every key may be missing; what is missing is not measured.
An empty `articleBody` says that the page has no article, a cookie wall for example. `--json` writes the figures.

Run it from a folder that may be read by nobody else: pages are parsed in this process, without limits.
"""

import argparse
import gzip
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.ingestion.extractors import EXTRACTORS, Extraction, Extractor
from benchmarks.ingestion.scores import breaks, f1, fragments, names_author, overlap, same_title


@dataclass(frozen=True, slots=True)
class Page:
    """A page with what is known of it; None stands for what is not."""

    content: bytes
    address: str
    body: str | None
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]
    title: str | None
    author: str | None
    date: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One extractor on one folder. Shares lie in 0..1, None was not measured; `problem` says why there are none."""

    folder: str
    extractor: str
    pages: int
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    breaks_kept: float | None = None
    wrong_breaks_in_1000_words: float | None = None
    fragments_found: float | None = None
    fragments_right: float | None = None
    titles: float | None = None
    authors: float | None = None
    dates: float | None = None
    empty: int = 0
    failed: int = 0
    ms: float | None = None
    ms_p95: float | None = None
    problem: str | None = None


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ingestion", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="NAME,...")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    names = [name for name in options.only.split(",") if name] or list(EXTRACTORS)
    rows = []
    for folder in options.folders:
        pages = list(read_pages(folder))
        rows += [measure(folder.name, name, EXTRACTORS[name], pages) for name in names]
    Console(width=160).print(_table(rows))
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


def read_pages(folder: Path) -> Iterator[Page]:
    """Read the pages of a folder that have a truth, in its order."""
    path = next(one for one in (folder / "truth.json", folder / "ground-truth.json") if one.exists())
    for name, truth in json.loads(path.read_text("utf-8")).items():
        plain = folder / "html" / f"{name}.html"
        content = plain.read_bytes() if plain.exists() else gzip.decompress(Path(f"{plain}.gz").read_bytes())
        yield Page(
            content=content,
            address=truth.get("url") or f"https://site.example/{name}",
            body=truth.get("articleBody"),
            wanted=tuple(truth.get("with", ())),
            unwanted=tuple(truth.get("without", ())),
            title=truth.get("title"),
            author=truth.get("author"),
            date=truth.get("date"),
        )


def measure(folder: str, name: str, extractor: Extractor, pages: Sequence[Page]) -> Row:
    """Run an extractor over pages; one that fails on a page has found nothing there.

    The first page is read once more before: a library is imported then, and ours already is.
    """
    try:
        extractor(pages[0].content, pages[0].address)
    except ImportError as error:
        return Row(folder, name, len(pages), problem=f"not installed ({error})")
    except Exception:  # it is told when it is counted
        pass
    found: list[tuple[Page, Extraction]] = []
    times: list[float] = []
    failed = 0
    for page in track(pages, f"{folder}: {name}", transient=True):
        began = time.perf_counter()
        try:
            extraction = extractor(page.content, page.address)
        except Exception:  # also an ImportError: some want a package more for one language alone
            failed += 1
            extraction = Extraction()
        times.append((time.perf_counter() - began) * 1e3)
        found.append((page, extraction))
    return _row(folder, name, found, times, failed)


def _row(folder: str, name: str, found: Sequence[tuple[Page, Extraction]], times: Sequence[float], failed: int) -> Row:
    overlaps = [overlap(page.body, one.text) for page, one in found if page.body is not None]
    precision, recall, together = f1(overlaps) if overlaps else (None, None, None)
    gaps = [breaks(page.body, one.text) for page, one in found if page.body]
    parts = [fragments(one.text, page.wanted, page.unwanted) for page, one in found if page.wanted or page.unwanted]
    hits = sum(one.found for one in parts)
    words = sum(one.words for one in gaps)
    return Row(
        folder=folder,
        extractor=name,
        pages=len(found),
        precision=precision,
        recall=recall,
        f1=together,
        breaks_kept=_share(sum(one.kept for one in gaps), sum(one.true for one in gaps)),
        wrong_breaks_in_1000_words=sum(one.wrong for one in gaps) * 1_000 / words if words else None,
        fragments_found=_share(hits, sum(one.wanted for one in parts)),
        fragments_right=_share(hits, hits + sum(one.unwanted for one in parts)),
        titles=_mean([same_title(page.title, one.title) for page, one in found if page.title is not None]),
        authors=_mean([names_author(page.author, one.author) for page, one in found if page.author is not None]),
        dates=_mean([page.date == one.date[:10] for page, one in found if page.date is not None]),
        empty=sum(not one.text.strip() for _, one in found),
        failed=failed,
        ms=statistics.mean(times),
        ms_p95=sorted(times)[int(len(times) * 0.95)],
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, header_style="bold")
    columns = ("P", "R", "F1", "breaks kept", "wrong breaks", "found", "right", "title", "author", "date")
    for heading in ("folder", "extractor", *columns, "empty", "failed", "ms", "p95"):
        table.add_column(heading, justify="left" if heading in {"folder", "extractor"} else "right")
    for row in rows:
        if row.problem is not None:
            table.add_row(row.folder, row.extractor, row.problem)
            continue
        figures = (
            *(row.precision, row.recall, row.f1, row.breaks_kept, row.wrong_breaks_in_1000_words, row.fragments_found),
            *(row.fragments_right, row.titles, row.authors, row.dates),
        )
        table.add_row(
            row.folder,
            row.extractor,
            *("-" if figure is None else f"{figure:.3f}" for figure in figures),
            str(row.empty),
            str(row.failed),
            f"{row.ms:.1f}",
            f"{row.ms_p95:.1f}",
        )
    return table


if __name__ == "__main__":
    main()
