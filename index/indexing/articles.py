"""Stored articles as an engine takes them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.engines.protocol import IndexedArticle
from index.models import Article, ArticleInfo
from index.passages import split

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failed:
    """An article that cannot be indexed, and the reason in words."""

    number: int
    collection: str
    title: str
    reason: str


def indexed(info: ArticleInfo, text: str) -> IndexedArticle:
    """Cut an article into passages.

    Its date belongs to its title: "in September 2022" is said of what was published then, and seldom in the text.
    """
    dated = f"{info.title}\n{info.published_at:%Y-%m-%d}" if info.published_at is not None else info.title
    newness = (info.published_at or info.added_at).timestamp()
    spans = split(text, info.language)
    return IndexedArticle(
        number=info.number,
        language=info.language,
        collection=info.collection,
        newness=newness,
        title=dated,
        passages=tuple((span.start, text[span.start : span.end]) for span in spans),
    )


def take_in(articles: Sequence[Article], into: Callable[[Sequence[IndexedArticle]], None]) -> list[Failed]:
    """Index articles one by one, so that one that cannot be indexed keeps no other from it.

    Args:
        into: Takes an article into an engine; when it raises, the engine is as it was.

    Returns:
        Those that cannot be indexed.
    """
    failed: list[Failed] = []
    for article in articles:
        try:
            into([indexed(article.info, article.text)])
        except Exception as error:
            # Whatever is wrong with a row of the database or a rule of a language: everything else is to be found.
            log.warning("article %s cannot be indexed", article.info.id, exc_info=error)
            reason = f"{type(error).__name__}: {error}"
            failed.append(Failed(article.info.number, article.info.collection, article.info.title, reason))
    return failed
