"""What all that is shown in a terminal is made of."""

from datetime import datetime

from rich import box
from rich.table import Table
from rich.text import Text

from bot.rendering.plain import one_line


def styled(text: str, style: str, plain: bool) -> Text:
    """A text of others in one line; without its style for a pipe."""
    return Text(one_line(text), style="" if plain else style)


def shortened(text: str, longest: int) -> str:
    """A text, cut to `longest` characters with "…" when it is longer."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def counted(count: int, thing: str) -> str:
    """A number with its noun."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def date(moment: datetime) -> str:
    """The day of a moment, as 2024-03-09."""
    return moment.date().isoformat()


def empty_table(plain: bool) -> Table:
    """A table without columns, for a terminal or (plain) for a pipe."""
    return Table(box=None if plain else box.SIMPLE_HEAD, pad_edge=False, header_style="" if plain else "bold")


def table_of(*headings: str) -> Table:
    """An empty table for a terminal, with these columns."""
    table = empty_table(plain=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
