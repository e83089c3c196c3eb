"""Why a passage was chosen, as a card."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.rendering.cards import Accent, Card, terms_text
from bot.rendering.escaping import escaped_line
from bot.rendering.words import Words
from index import Citation, Status

_TITLE = 120
_QUOTE = 160
_VERY_SURE = 0.9


@dataclass(frozen=True, slots=True)
class Reasons:
    """What `why_card` tells: the passages of an answer, best first, and which of them is shown (`place`, from 1)."""

    status: Status
    confidence: float
    citations: tuple[Citation, ...]
    place: int = 1
    unknown_terms: tuple[str, ...] = ()
    took_ms: float | None = None


def why_card(reasons: Reasons, words: Words) -> Card:
    """Tell why a passage was chosen: matched words, how sure, scores in words and figures, the runners-up."""
    parts = [f"### {words.say('Why this?')}"]
    shown = reasons.citations[reasons.place - 1] if reasons.citations else None
    parts.append("\n".join(_how_sure(reasons, shown, words)))
    if shown is not None:
        parts.append("\n".join([f"**{words.say('How well it fits')}**", *_figures(shown, words)]))
    others = [
        f"{words.number(rank)}\\. {_runner_up(citation, words)}"
        for rank, citation in enumerate(reasons.citations, 1)
        if rank != reasons.place
    ]
    if others:
        parts.append("\n".join([f"**{words.say('Other passages')}**", *others]))
    took = None
    if reasons.took_ms is not None:
        took = words.say("Found in {time}.", time=words.duration(reasons.took_ms / 1000))
    return Card(tuple(part for part in parts if part), Accent.PLAIN, took)


def _how_sure(reasons: Reasons, shown: Citation | None, words: Words) -> list[str]:
    lines: list[str] = []
    if reasons.place == 1:
        lines.append(_sureness(reasons.status, reasons.confidence, words))
    if shown is not None:
        found = terms_text(shown.matched_terms, words)
        lines.append(
            words.say("Words found here: {terms}", terms=found) if found else words.say("No words found here.")
        )
    if reasons.unknown_terms:
        lines.append(words.say("In no article: {terms}", terms=terms_text(reasons.unknown_terms, words)))
    return lines


def _sureness(status: Status, confidence: float, words: Words) -> str:
    percent = words.percent(confidence)
    if status is Status.REFUSED:
        return words.say("How sure: not sure enough to answer ({percent})", percent=percent)
    if status is Status.UNCERTAIN:
        return words.say("How sure: not very ({percent})", percent=percent)
    if confidence < _VERY_SURE:
        return words.say("How sure: quite ({percent})", percent=percent)
    return words.say("How sure: very ({percent})", percent=percent)


def _figures(citation: Citation, words: Words) -> list[str]:
    """The features that people can make sense of, in words; docs/answers.md tells what each is."""
    rows: list[tuple[str, str, Callable[[float], str]]] = [
        ("coverage", words.say("Words of the question found here or in the title"), words.percent),
        ("sentence_coverage", words.say("Words of the question found in the best sentence"), words.percent),
        ("unknown", words.say("Words of the question that no article holds"), words.percent),
        ("rarity", words.say("How rare the words found are"), words.percent),
        ("adjacent", words.say("Words side by side, as in the question"), words.percent),
        ("title_asked", words.say("Words of the title that were asked for"), words.percent),
        ("capital_missing", words.say("Names of the question missing here"), words.percent),
        ("number_missing", words.say("Numbers of the question missing here"), words.percent),
        ("score", words.say("BM25 score, of the highest possible"), words.percent),
        ("score_relative", words.say("BM25 score, of the best passage's"), words.percent),
        ("margin", words.say("Lead over the next article"), _two_decimals(words)),
    ]
    figures = [
        f"- {words.fact(label, spelled(citation.features[name]))}"
        for name, label, spelled in rows
        if name in citation.features
    ]
    return [*figures, f"- {words.fact(words.say('Score after all of this'), _two_decimals(words)(citation.score))}"]


def _two_decimals(words: Words) -> Callable[[float], str]:
    return lambda value: words.number(round(value, 2))


def _runner_up(citation: Citation, words: Words) -> str:
    quote = escaped_line(citation.quote, _QUOTE)
    return f"**{escaped_line(citation.article.title, _TITLE)}** · {quote} · {_two_decimals(words)(citation.score)}"
