"""An answer for a terminal or a pipe, with the tables that tell how it was chosen."""

from collections.abc import Callable, Sequence

from rich.console import RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bot.rendering.plain import cleaned, one_line
from bot.rendering.terminal.articles import whereabouts
from bot.rendering.terminal.parts import date, empty_table, shortened, styled
from index import Answer, Citation, Refusal, Span, Status

_PASSAGES_IN_A_TABLE = 5

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
            parts += [styled(answer.reason, "yellow", plain), Text()]
        parts += _citation(answer.best, sources, plain)
        if answer.alternatives:
            parts += [Text(), Text("Next closest:"), *_alternatives(answer.alternatives, plain)]
    if why:
        parts += [Text(), *_why(answer, plain)]
    return parts


def _citation(citation: Citation, sources: Sequence[str], plain: bool) -> list[RenderableType]:
    info = citation.article
    source = Text(one_line(info.source))
    if citation.link is not None and not plain:
        # Where links are not shown, the address itself is.
        source.stylize(Style(link=one_line(citation.link)))
    facts = [source] if info.source else []
    if info.published_at is not None:
        facts.append(Text(date(info.published_at)))
    whence = Text(" · ", style="" if plain else "dim").join(facts)
    parts: list[RenderableType] = [styled(info.title, "bold", plain), _passage(citation, plain), Text(), whence]
    parts += [styled(f"{name}: {fact}", "dim", plain) for name, fact in whereabouts(info, sources)]
    parts += [styled(f"Also in: {other.title} · {other.source}", "dim", plain) for other in citation.other_sources]
    return parts


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
        Text(f"{rank:>3}  {shortened(one_line(citation.article.title), 50)}", no_wrap=True, overflow="ellipsis").append(
            f" · {shortened(one_line(citation.quote), 100)}", style=None if plain else "dim"
        )
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
    parts: list[RenderableType] = [styled("Why", "bold", plain)]
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
    table = empty_table(plain)
    table.add_column("Rank of the passage")
    for rank in range(before + 1, before + len(shown) + 1):
        table.add_column(str(rank), justify="right")
    table.add_row("Article", *(Text(shortened(one_line(citation.article.title), 16)) for citation in shown))
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
