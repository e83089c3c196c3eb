"""Articles, and what became of those that were added, for a terminal or a pipe."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from bot.rendering.plain import cleaned, one_line
from bot.rendering.terminal.parts import counted, date, empty_table, shortened, styled
from index import Addition, Article, ArticleInfo, Change


def article_list(articles: Sequence[tuple[ArticleInfo, int]], *, plain: bool = False) -> list[RenderableType]:
    """Render articles with their counts of passages: a table, or lines of fields between tabs for a pipe.

    The fields are id, title, source, date, language, collection and passages.
    """
    rows = [
        (
            info.id,
            one_line(info.title),
            one_line(info.source),
            "" if info.published_at is None else date(info.published_at),
            info.language,
            one_line(info.collection),
            str(passages),
        )
        for info, passages in articles
    ]
    if plain:
        return [Text("\t".join(row)) for row in rows]
    if not rows:
        return [Text("There are no articles yet. Add some: footnote add FOLDER")]
    # The source is left to `show` and to pipes: next to it no room is left for the title.
    table = empty_table(plain)
    table.add_column("Id", no_wrap=True)
    table.add_column("Title", overflow="fold", ratio=1)
    table.add_column("Date", no_wrap=True)
    table.add_column("Language")
    table.add_column("Collection", overflow="fold", max_width=20)
    table.add_column("Passages", justify="right")
    for article_id, title, _, *rest in rows:
        table.add_row(*map(Text, (article_id, title, *rest)))
    return [table]


def article_parts(
    article: Article, passages: int, sources: Sequence[str] = (), *, plain: bool = False
) -> list[RenderableType]:
    """Render an article with all that is known of it, and its text; `sources` are all places where that stands."""
    info = article.info
    facts = (
        ("Id", info.id),
        ("Source", info.source),
        *whereabouts(info, sources),
        ("Author", info.author or ""),
        ("Date", "" if info.published_at is None else date(info.published_at)),
        ("Language", info.language),
        ("Collection", info.collection),
        ("Added", f"{date(info.added_at)}{'' if info.added_by is None else f' by {info.added_by}'}"),
        ("Revision", str(info.revision)),
        ("Passages", str(passages)),
    )
    return [
        styled(info.title, "bold", plain),
        *(Text(f"{name}: {one_line(fact)}") for name, fact in facts if fact),
        Text(),
        Text(cleaned(article.text)),
    ]


def addition_parts(additions: Sequence[Addition], *, plain: bool = False) -> list[RenderableType]:
    """Render what adding did: a line for each article, what was left out below it, and the sum."""
    parts: list[RenderableType] = []
    for addition in additions:
        if addition.article is None or addition.change is None:
            problem = f"{one_line(addition.source)}: {one_line(addition.problem or '')}"
            parts.append(Text("not added  ", style="" if plain else "red").append(problem))
            continue
        info = addition.article
        parts.append(
            Text(f"{addition.change.value:<9}  {info.id}  {one_line(info.title)}").append(
                f" · {info.language}, {counted(addition.passages, 'passage')}", style=None if plain else "dim"
            )
        )
        if addition.duplicate_of is not None:
            parts.append(Text(f"{'':11}{one_line(addition.source)} has the same text"))
        if addition.change is not Change.UNCHANGED:
            parts += [
                Text(f"{'':11}left out “{shortened(one_line(line.line), 60)}”: {one_line(line.reason)}")
                for line in addition.left_out
            ]
    sums = [
        f"{sum(addition.change is change for addition in additions)} {change.value}"
        for change in Change
        if any(addition.change is change for addition in additions)
    ]
    failed = sum(addition.article is None for addition in additions)
    sums += [f"{failed} not added"] if failed else []
    return [*parts, Text(", ".join(sums))]


def whereabouts(info: ArticleInfo, sources: Sequence[str]) -> list[tuple[str, str]]:
    """Where else an article's text stands, and whether its own page has gone, each with its name."""
    others = [("Also at", other) for other in sources if other != info.source]
    return others if info.gone_since is None else [*others, ("Page gone since", date(info.gone_since))]
