"""An answer, a list or a table for a terminal or a pipe. Nothing here prints.

Texts of articles are not trusted: what steers a terminal is taken out, and Rich's markup is never read, as all of it
goes into `Text`, which does not parse.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from rich import box
from rich.console import RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bot.findings import Finding, Level
from bot.rendering.plain import cleaned, one_line
from index import Addition, Answer, Article, ArticleInfo, Change, Checked, Citation, Refusal, Repaired, Span, Status
from index.evaluation import SetResult

_PASSAGES_IN_A_TABLE = 5
_SETS_IN_A_TABLE = 4

_NEXT_STEP = {
    Refusal.EMPTY_LIBRARY: "Add articles, then ask again: footnote add FOLDER",
    Refusal.NO_WORDS: "Ask with a name, a place or a thing.",
    Refusal.UNKNOWN_WORDS: "Ask in other words, or add an article that tells it: footnote add PATH",
    Refusal.TOO_FAR: "Ask in other words, read what `footnote list` shows, or add an article that tells it: "
    "footnote add PATH",
}


def _share(value: float) -> str:
    return f"{value:.0%}"


def _number(value: float) -> str:
    return f"{value:.2f}"


_PASSAGE_ROWS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("score", "BM25 score, of the highest possible", _share),
    ("score_relative", "BM25 score, of the best passage's", _share),
    ("neighbour", "BM25 score of the passage before or after", _share),
    ("article", "BM25 score of the article's best passage", _share),
    ("article_coverage", "Question found in the article", _share),
    ("title_asked", "Title's words that were asked for", _share),
    ("adjacent", "Words side by side, as in the question", _share),
    ("together", "Words found in two sentences side by side", _share),
    ("grams", "Letter groups shared", _share),
    ("grams_title", "More letter groups shared with the title", _share),
    ("capital_missing", "Names of the question missing here", _share),
    ("number_missing", "Numbers of the question missing here", _share),
    ("best_sentence", "Score of the best sentence", _number),
)
"""Features of `index.ranking.features.PASSAGE_FEATURES` in words."""

_CONFIDENCE_ROWS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("coverage", "Question found in the passage or its title", _share),
    ("sentence_coverage", "Question found in the best sentence or the title", _share),
    ("matched", "Words found, each counting the same", _share),
    ("unknown", "Question that no article holds", _share),
    ("rarity", "Rarity of the words found", _share),
    ("margin", "Lead over the next article", _number),
    ("terms", "Length of the question (ln of its words)", _number),
)
"""Features of `index.ranking.features.CONFIDENCE_FEATURES` in words, without those that passages have as well."""


def answer_parts(
    answer: Answer, sources: Sequence[str] = (), *, why: bool = False, plain: bool = False
) -> list[RenderableType]:
    """Render an answer, from the question to what to do next, in parts that are printed one below the other.

    Args:
        sources: All places where the text of the best article stands.
        why: Also the table that tells how it was chosen.
        plain: For a pipe: no styles and no lines; the quote stands between `**`.
    """
    parts: list[RenderableType] = [Text(one_line(answer.question), style="" if plain else "italic"), Text()]
    if answer.best is None:
        parts += _refusal(answer)
    else:
        if answer.status is Status.UNCERTAIN:
            parts += [_styled(answer.reason, "yellow", plain), Text()]
        parts += _citation(answer.best, sources, plain)
        if answer.alternatives:
            parts += [Text(), Text("Next closest:"), *_alternatives(answer.alternatives, plain)]
    if why:
        parts += [Text(), *_why(answer, plain)]
    return parts


def _styled(text: str, style: str, plain: bool) -> Text:
    return Text(one_line(text), style="" if plain else style)


def _citation(citation: Citation, sources: Sequence[str], plain: bool) -> list[RenderableType]:
    info = citation.article
    facts = [one_line(info.source)]
    if info.published_at is not None:
        facts.append(_date(info.published_at))
    parts: list[RenderableType] = [
        _styled(info.title, "bold", plain),
        _passage(citation, plain),
        Text(),
        _styled(" · ".join(fact for fact in facts if fact), "dim", plain),
    ]
    if citation.link is not None:
        link = one_line(citation.link)
        parts.append(Text(link, style="" if plain else Style(dim=True, link=link), overflow="fold"))
    parts += [_styled(f"{name}: {fact}", "dim", plain) for name, fact in _whereabouts(info, sources)]
    parts += [_styled(f"Also in: {other.title} · {other.source}", "dim", plain) for other in citation.other_sources]
    return parts


def _whereabouts(info: ArticleInfo, sources: Sequence[str]) -> list[tuple[str, str]]:
    """Where else an article's text stands, and whether its own page has gone, each with its name."""
    others = [("Also at", other) for other in sources if other != info.source]
    return others if info.gone_since is None else [*others, ("Page gone since", _date(info.gone_since))]


def _passage(citation: Citation, plain: bool) -> Text:
    text = Text()
    at = 0
    for span in _stretches(citation):
        text.append(cleaned(citation.passage[at : span.start]))
        quote = cleaned(citation.passage[span.start : span.end])
        text.append(f"**{quote}**" if plain else quote, style=None if plain else "bold")
        at = span.end
    return text.append(cleaned(citation.passage[at:]))


def _stretches(citation: Citation) -> tuple[Span, ...]:
    """The quotes, as one when only white space parts them."""
    quotes = citation.quotes
    if len(quotes) == 2 and not citation.passage[quotes[0].end : quotes[1].start].strip():
        return (Span(quotes[0].start, quotes[1].end),)
    return quotes


def _alternatives(alternatives: Sequence[Citation], plain: bool) -> list[RenderableType]:
    return [
        Text(
            f"{rank:>3}  {_shortened(one_line(citation.article.title), 50)}", no_wrap=True, overflow="ellipsis"
        ).append(f" · {_shortened(one_line(citation.quote), 100)}", style=None if plain else "dim")
        for rank, citation in enumerate(alternatives, 2)
    ]


def _refusal(answer: Answer) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(f"No answer. {one_line(answer.reason)}")]
    if answer.unknown_terms:
        parts.append(Text(f"In no article: {_words(answer.unknown_terms)}"))
    if answer.nearest_titles:
        parts.append(Text("Nearest articles:"))
        parts += [Text(f"  - {one_line(title)}") for title in answer.nearest_titles]
    if answer.refusal is not None:
        parts += [Text(), Text(_NEXT_STEP[answer.refusal])]
    return parts


def _words(words: Sequence[str]) -> str:
    return ", ".join(map(one_line, words)) or "none"


def _why(answer: Answer, plain: bool) -> list[RenderableType]:
    shown = [] if answer.best is None else [answer.best, *answer.alternatives]
    parts: list[RenderableType] = [_styled("Why", "bold", plain)]
    if answer.confidence:
        parts.append(Text(f"Confidence: {answer.confidence:.0%}"))
    parts += [
        Text(f"Words found: {_words(answer.matched_terms)}"),
        Text(f"Words in no article: {_words(answer.unknown_terms)}"),
    ]
    for first in range(0, len(shown), _PASSAGES_IN_A_TABLE):
        parts += [Text(), _features(shown[first : first + _PASSAGES_IN_A_TABLE], first, plain)]
    parts.append(Text(f"Took {answer.took_ms:.1f} ms"))
    return parts


def _features(shown: Sequence[Citation], before: int, plain: bool) -> Table:
    """A column for each passage; what is known of the best passage alone fills the first column's last rows."""
    table = _table(plain)
    table.add_column("Rank of the passage")
    for rank in range(before + 1, before + len(shown) + 1):
        table.add_column(str(rank), justify="right")
    table.add_row("Article", *(Text(_shortened(one_line(citation.article.title), 16)) for citation in shown))
    table.add_row("Score", *(_number(citation.score) for citation in shown))
    table.add_row("Words found", *(str(len(citation.matched_terms)) for citation in shown))
    for name, words, spelled in _PASSAGE_ROWS:
        _add_feature(table, shown, name, words, spelled)
    for name, words, spelled in _CONFIDENCE_ROWS:
        if any(name in citation.features for citation in shown):
            _add_feature(table, shown, name, words, spelled)
    return table


def _add_feature(
    table: Table, shown: Sequence[Citation], name: str, words: str, spelled: Callable[[float], str]
) -> None:
    table.add_row(words, *(spelled(citation.features[name]) if name in citation.features else "" for citation in shown))


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _table(plain: bool) -> Table:
    return Table(box=None if plain else box.SIMPLE_HEAD, pad_edge=False, header_style="" if plain else "bold")


def table_of(*headings: str) -> Table:
    """An empty table for a terminal, with these columns."""
    table = _table(plain=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _date(moment: datetime) -> str:
    return moment.date().isoformat()


def article_list(articles: Sequence[tuple[ArticleInfo, int]], *, plain: bool = False) -> list[RenderableType]:
    """Render articles with their counts of passages: a table, or lines of fields between tabs for a pipe.

    The fields are id, title, source, date, language, collection and passages.
    """
    rows = [
        (
            info.id,
            one_line(info.title),
            one_line(info.source),
            "" if info.published_at is None else _date(info.published_at),
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
    table = _table(plain)
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
        *_whereabouts(info, sources),
        ("Author", info.author or ""),
        ("Date", "" if info.published_at is None else _date(info.published_at)),
        ("Language", info.language),
        ("Collection", info.collection),
        ("Added", f"{_date(info.added_at)}{'' if info.added_by is None else f' by {info.added_by}'}"),
        ("Revision", str(info.revision)),
        ("Passages", str(passages)),
    )
    return [
        _styled(info.title, "bold", plain),
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
                Text(f"{'':11}left out “{_shortened(one_line(line.line), 60)}”: {one_line(line.reason)}")
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


def counted(count: int, thing: str) -> str:
    """A number with its noun."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def result_tables(results: Sequence[SetResult], *, plain: bool = False) -> list[RenderableType]:
    """Render figures: a row for each set in a pipe, a column for each set on a terminal, where lines are short."""
    if not results:
        return []
    columns = [_figures(result) for result in results]
    tables: list[RenderableType] = []
    if plain:
        table = _table(plain)
        for name in columns[0]:
            table.add_column(name, justify="left" if name == "Set" else "right")
        for figures in columns:
            table.add_row(*map(Text, figures.values()))
        return [table]
    for first in range(0, len(columns), _SETS_IN_A_TABLE):
        some = columns[first : first + _SETS_IN_A_TABLE]
        table = _table(plain)
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


def checked_table(findings: Sequence[Checked], *, plain: bool = False) -> list[RenderableType]:
    """What a check found, a row for each thing that was looked at."""
    table = _table(plain)
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
