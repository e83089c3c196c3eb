"""Figures of an evaluation for a terminal or a pipe."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from bot.rendering.plain import one_line
from bot.rendering.terminal.parts import empty_table
from index.evaluation import SetResult

_SETS_IN_A_TABLE = 4


def result_tables(results: Sequence[SetResult], *, plain: bool = False) -> list[RenderableType]:
    """Render figures: a row for each set in a pipe, a column for each set on a terminal, where lines are short."""
    if not results:
        return []
    columns = [_figures(result) for result in results]
    tables: list[RenderableType] = []
    if plain:
        table = empty_table(plain)
        for name in columns[0]:
            table.add_column(name, justify="left" if name == "Set" else "right")
        for figures in columns:
            table.add_row(*map(Text, figures.values()))
        return [table]
    for first in range(0, len(columns), _SETS_IN_A_TABLE):
        some = columns[first : first + _SETS_IN_A_TABLE]
        table = empty_table(plain)
        table.add_column("Set")
        for figures in some:
            table.add_column(Text(figures["Set"]), justify="right", overflow="fold")
        for name in list(columns[0])[1:]:
            table.add_row(name, *(Text(figures[name]) for figures in some))
        tables.append(table)
    return tables


def _figures(result: SetResult) -> dict[str, str]:
    """The figures of a set by their headings, the same headings for each set."""
    return {
        "Set": one_line(result.name),
        "Articles": f"{result.articles}",
        "Passages": f"{result.passages}",
        "Mean length": f"{result.mean_characters:.0f}",
        "Longest": f"{result.longest_characters}",
        "Questions": f"{result.questions}",
        "Passage@1": f"{result.passage_at_1:.1%}",
        "Passage@5": f"{result.passage_at_5:.1%}",
        "Quote@1": f"{result.quote_at_1:.1%}",
        "Article@1": f"{result.article_at_1:.1%}",
        "MRR@10": f"{result.mrr_at_10:.3f}",
        "Refused": f"{result.refused:.1%}",
        "Uncertain": f"{result.uncertain:.1%}",
        "Median ms": f"{result.median_ms:.2f}",
        "p99 ms": f"{result.p99_ms:.2f}",
        "AUROC": "-" if result.auroc is None else f"{result.auroc:.3f}",
        "Off-topic refused": "-" if result.offtopic_refused is None else f"{result.offtopic_refused:.1%}",
    }
