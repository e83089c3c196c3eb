"""Figures of a server's library."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.rendering.cards import Card
from bot.rendering.lists import language_names
from bot.rendering.moments import from_now
from bot.rendering.words import Words


@dataclass(frozen=True, slots=True)
class Figures:
    """What `/index status` tells. `shared_articles` are the operator's, which every server can ask.

    `median_ms` is None before the first question; `index_bytes` and `built_at` are None when the engine does not know.
    """

    engine: str
    articles: int
    passages: int
    characters: int
    languages: Collection[str]
    shared_articles: int
    index_bytes: int | None
    built_at: datetime | None
    questions: int
    median_ms: float | None
    helpful: int
    not_helpful: int
    rebuild: str | None = None


def status_card(figures: Figures, words: Words) -> Card:
    """The figures, one a line."""
    own = words.list(
        [
            words.count(figures.articles, "{n} article", "{n} articles"),
            words.count(figures.passages, "{n} passage", "{n} passages"),
            words.count(figures.characters, "{n} character", "{n} characters"),
        ]
    )
    built = from_now(figures.built_at) if figures.built_at is not None else None
    library = [
        (words.say("This server"), own),
        (words.say("Languages"), language_names(figures.languages, words) if figures.languages else None),
        (words.say("Shared"), words.count(figures.shared_articles, "{n} article", "{n} articles")),
    ]
    index = [
        (words.say("Engine"), figures.engine),
        (words.say("Size of the index"), words.bytes(figures.index_bytes) if figures.index_bytes is not None else None),
        (words.say("Built"), built),
        (words.say("Rebuild"), figures.rebuild),
    ]
    ratings = words.list(
        [
            words.count(figures.helpful, "{n} helpful", "{n} helpful"),
            words.count(figures.not_helpful, "{n} not helpful", "{n} not helpful"),
        ]
    )
    questions = [
        (words.say("Questions answered"), words.number(figures.questions)),
        (
            words.say("Median time"),
            words.duration(figures.median_ms / 1000) if figures.median_ms is not None else None,
        ),
        (words.say("Ratings"), ratings if figures.helpful or figures.not_helpful else None),
    ]
    groups = (library, index, questions)
    return Card((f"### {words.say('Status of the index')}", *map(words.facts, groups)))
