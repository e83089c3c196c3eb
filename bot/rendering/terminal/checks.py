"""What a doctor, a check or a repair found and did, for a terminal or a pipe."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from bot.findings import Finding, Level
from bot.rendering.plain import one_line
from bot.rendering.terminal.parts import counted, empty_table
from index import Checked, Repaired

_LEVELS = {Level.OK: ("✓", "green"), Level.WARNING: ("!", "yellow"), Level.FAILURE: ("✗", "red")}


def finding_parts(findings: Sequence[Finding], *, plain: bool = False) -> list[RenderableType]:
    """Render findings, each on a line with what to do below it, and their number at the end."""
    parts: list[RenderableType] = []
    for finding in findings:
        sign, style = _LEVELS[finding.level]
        if plain:
            parts.append(Text(f"{finding.level.value:<7}  {one_line(finding.topic)}: {one_line(finding.text)}"))
        else:
            parts.append(
                Text.assemble((f"{sign} ", style), (one_line(finding.topic), "bold"), f": {one_line(finding.text)}")
            )
        if finding.advice is not None:
            parts.append(Text(f"{'         ' if plain else '  '}→ {one_line(finding.advice)}", "" if plain else "dim"))
    sums = [f"{sum(one.level is level for one in findings)} {level.value}" for level in Level]
    return [*parts, Text(), Text(", ".join(sums))]


def checked_table(findings: Sequence[Checked], *, plain: bool = False) -> list[RenderableType]:
    """What a check found, a row for each thing that was looked at."""
    table = empty_table(plain)
    for heading in ("Checked", "", "Found"):
        table.add_column(heading, overflow="fold")
    for one in findings:
        state = Text("PROBLEM", "bold red") if one.is_problem else Text("good", "green")
        table.add_row(Text(one.checked), state, Text(one_line(one.detail)))
    return [table]


def repaired_lines(repaired: Repaired) -> list[str]:
    """What a repair did, a line for each thing."""
    lines = []
    if repaired.kept is not None:
        saved = counted(repaired.saved.get("articles", 0), "article")
        lines.append(f"saved {saved} of the damaged database, which is kept as {repaired.kept}")
        for table, count in repaired.lost.items():
            lines.append(f"lost {counted(count, 'row')} of {table}")
        if repaired.lost_titles:
            lines.append(f"titles of lost articles: {', '.join(repaired.lost_titles)}")
    if repaired.mended:
        lines.append(f"mended what is derived from {counted(repaired.mended, 'article')}")
    return [*lines, "built the index anew"]
