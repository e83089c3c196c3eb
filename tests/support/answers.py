"""Articles and citations for tests that show answers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.state import AnswerRecord, SavedPassage
from index import Article, ArticleInfo, Citation, Span, Status
from index.ranking.features import CONFIDENCE_FEATURES, PASSAGE_FEATURES

INFO = ArticleInfo(
    number=1,
    id="abc123",
    collection="shared",
    title="The bridge",
    source="https://www.example.org/bridge",
    language="en",
    author="Jane Doe",
    published_at=datetime(2024, 3, 18, 9, 30, tzinfo=UTC),
    added_at=datetime(2024, 4, 1, tzinfo=UTC),
    added_by=None,
    revision=1,
    content_hash="",
    characters=60,
)
PASSAGE = "It is long. The bridge opened in May. Many came. It cost 3 million."


def citation(passage: str = PASSAGE, *quotes: str | Span, info: ArticleInfo = INFO) -> Citation:
    """A citation of a passage that begins its article; quotes are spans, or words that stand in the passage."""
    spans = [_span(passage, quote) for quote in quotes or ("The bridge opened in May.",)]
    return Citation(
        article=info,
        ordinal=0,
        start=0,
        end=len(passage),
        passage=passage,
        quotes=tuple(spans),
        link="https://www.example.org/bridge#:~:text=The%20bridge",
        score=7.25,
        confidence=0.9,
        matched_terms=("bridge", "open"),
        features=dict.fromkeys((*PASSAGE_FEATURES, *CONFIDENCE_FEATURES), 0.5),
    )


def record(cited: Citation | None = None, **changes: Any) -> AnswerRecord:
    """What is kept of an answer with five passages, all of them the cited one, with changes."""
    cited = cited if cited is not None else citation()
    saved = SavedPassage(
        article_number=cited.article.number,
        article_id=cited.article.id,
        ordinal=cited.ordinal,
        start=cited.start,
        end=cited.end,
        quotes=cited.quotes,
        better=cited.better,
        link=cited.link,
        score=cited.score,
        confidence=cited.confidence,
        matched_terms=cited.matched_terms,
        features=dict(cited.features),
        other_sources=(),
    )
    plain = AnswerRecord(
        id="0123456789",
        guild_id=1,
        channel_id=2,
        message_id=None,
        question_message_id=None,
        asker_id=3,
        question="when did the bridge open?",
        scope=("1", "shared"),
        within=None,
        status=Status.ANSWERED,
        refusal=None,
        unknown_terms=(),
        nearest_titles=(),
        confidence=cited.confidence,
        took_ms=2.5,
        asked_at=datetime(2024, 5, 1, tzinfo=UTC),
        is_private=False,
        passages=(saved,) * 5,
        locale="en-US",
    )
    return replace(plain, **changes)


def _span(passage: str, quote: str | Span) -> Span:
    return quote if isinstance(quote, Span) else Span(passage.index(quote), passage.index(quote) + len(quote))


def article(text: str = PASSAGE, info: ArticleInfo = INFO) -> Article:
    """An article with this text."""
    return Article(replace(info, characters=len(text)), text)


def others(count: int) -> Sequence[ArticleInfo]:
    """More articles, with titles and sources of their own."""
    return [
        replace(INFO, number=2 + n, id=f"other{n}", title=f"Other {n}", source=f"https://other{n}.org/a")
        for n in range(count)
    ]
