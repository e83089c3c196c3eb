"""A question to its answer: passages from the index in use, their texts from the store."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from index.answering import Candidate, Ranker, Ranking, cite, of_one_article, refusal, without_repeats
from index.engines.embedded import EmbeddedEngine
from index.engines.protocol import Scope
from index.errors import LibraryError, QuestionError, UnknownArticleError
from index.indexing import LiveIndex
from index.models import Answer, ArticleInfo, Citation, Refusal, Status
from index.ranking.model import model
from index.store import Store

_SPARE = 5
"""Candidates beyond those shown, to take the place of repeats."""

_TRIES = 3
"""How often a question is ranked when what answers it best is removed before it is read."""

_MOST_SHOWN = 50
_NEAREST = 3

_IN_ARTICLE = {
    Refusal.EMPTY_LIBRARY: "There is nothing in this article that could be searched.",
    Refusal.UNKNOWN_WORDS: "None of the words of the question stand in this article.",
    Refusal.TOO_FAR: "No passage in this article is close enough to the question to be an answer.",
}


class _GoneError(Exception):
    """The best passage's article is not in the store: another process has removed it."""


class Answerer:
    """Answers the questions that are asked of one library, one at a time."""

    def __init__(self, store: Store, index: LiveIndex, mend: Callable[[EmbeddedEngine], Awaitable[bool]]) -> None:
        """
        Args:
            mend: Called with an engine that failed; says whether its files were damaged and another one is in its
                place, see `Rebuilder.mend`.
        """
        self._store = store
        self._index = index
        self._mend = mend
        self._ranker = Ranker()
        # One question at a time, and those that wait take no thread from whoever writes or reads files.
        self._ranking = ThreadPoolExecutor(1, thread_name_prefix="ranking")

    async def close(self) -> None:
        """Finish the answers that are being given, and give no more."""
        await asyncio.to_thread(self._ranking.shutdown)

    async def prepare(self) -> None:
        """See `Library.prepare`."""
        await asyncio.get_running_loop().run_in_executor(self._ranking, self._prepare)

    def _prepare(self) -> None:
        self._ranker.prepare(self._index.engine.languages(None))

    async def ask(self, question: str, scope: Scope, top_k: int, *, article: str | None, refuse: bool) -> Answer:
        """See `Library.ask`."""
        began = time.perf_counter()
        if not question.strip():
            raise QuestionError("ask something: the question is empty")
        self._store.require_open()
        top_k = min(max(top_k, 1), _MOST_SHOWN)
        within = None if article is None else await self._store.info(article, scope)
        if article is not None and within is None:
            raise UnknownArticleError(article)
        asked = time.perf_counter()
        for tries_left in reversed(range(_TRIES)):
            ranking, started, ranked = await self._ranked(question, scope, top_k, within)
            try:
                answer = await self._answer(question, ranking, top_k, began, within=within, refuse=refuse)
                break
            except _GoneError:
                if not tries_left:
                    raise LibraryError("articles are being removed; ask again in a moment") from None
                await self._index.drop_removed()
        timings = {"queue": started - asked, "rank": ranked - started, "read": time.perf_counter() - ranked}
        answer = replace(answer, timings={stage: seconds * 1e3 for stage, seconds in timings.items()})
        if within is not None and answer.refusal in _IN_ARTICLE:
            return replace(answer, reason=_IN_ARTICLE[answer.refusal])
        return answer

    # ---- ranking

    async def _ranked(
        self, question: str, scope: Scope, top_k: int, within: ArticleInfo | None
    ) -> tuple[Ranking | None, float, float]:
        engine, loop = self._index.engine, asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._ranking, self._timed_rank, question, scope, top_k, within)
        except LibraryError:
            raise
        except Exception:
            # Numbers out of a damaged file lead anywhere. What is not damaged has a bug, which is told as ever.
            if self._index.engine is engine and not await self._mend(engine):
                raise
        return await loop.run_in_executor(self._ranking, self._timed_rank, question, scope, top_k, within)

    def _timed_rank(
        self, question: str, scope: Scope, top_k: int, within: ArticleInfo | None
    ) -> tuple[Ranking | None, float, float]:
        """The ranking, and when it began and ended: before, the question has waited for others."""
        started = time.perf_counter()
        ranking = self._rank(question, scope, top_k, within)
        return ranking, started, time.perf_counter()

    def _rank(self, question: str, scope: Scope, top_k: int, within: ArticleInfo | None) -> Ranking | None:
        engine = self._index.engine
        if within is not None:
            with engine.within(within.language, within.number) as one:
                if not one.languages(None):
                    return None
                return of_one_article(self._ranker.rank(question, one, None, top_k + _SPARE))
        with engine.lock:
            if not engine.languages(scope):
                return None
            return self._ranker.rank(question, engine, scope, top_k + _SPARE)

    # ---- answering

    async def _answer(
        self,
        question: str,
        ranking: Ranking | None,
        top_k: int,
        began: float,
        *,
        within: ArticleInfo | None,
        refuse: bool,
    ) -> Answer:
        if ranking is None:
            return refusal(question, Ranking((), 0.0, {}, (), False, ()), Refusal.EMPTY_LIBRARY, (), began)
        if not ranking.has_words:
            return refusal(question, ranking, Refusal.NO_WORDS, (), began)
        if not ranking.candidates:
            return refusal(question, ranking, Refusal.UNKNOWN_WORDS, (), began)
        # Within one article nothing is repeated, and all passages shown are to be of it.
        ranked = without_repeats(ranking.candidates) if within is None else [(one, []) for one in ranking.candidates]
        citations = await self._cite(ranked[:top_k], ranking, question)
        titles = tuple(dict.fromkeys(citation.article.title for citation in citations))[:_NEAREST]
        if ranking.confidence < model().uncertain:
            refused = refusal(question, ranking, Refusal.TOO_FAR, titles, began)
            if refuse:
                return refused
            return replace(refused, best=citations[0], alternatives=tuple(citations[1:]))
        sure = ranking.confidence >= model().answered
        return Answer(
            question=question,
            status=Status.ANSWERED if sure else Status.UNCERTAIN,
            refusal=None,
            reason="" if sure else "This is the closest passage; it may not answer the question.",
            best=citations[0],
            alternatives=tuple(citations[1:]),
            matched_terms=citations[0].matched_terms,
            unknown_terms=ranking.unknown,
            nearest_titles=titles,
            confidence=ranking.confidence,
            took_ms=(time.perf_counter() - began) * 1e3,
        )

    async def _cite(
        self, shown: Sequence[tuple[Candidate, list[Candidate]]], ranking: Ranking, question: str
    ) -> list[Citation]:
        wanted = [(c.key.article, c.start, c.end) for c, _ in shown]
        twins = [(t.key.article, t.start, t.start) for _, same in shown for t in same]
        texts = await self._store.slices([*wanted, *twins])
        if wanted[0] not in texts:
            raise _GoneError
        infos = {place[0]: info for place, (info, _) in texts.items()}
        citations: list[Citation] = []
        for place, ((candidate, same), where) in enumerate(zip(shown, wanted, strict=True)):
            if where not in texts:
                continue
            info, passage = texts[where]
            others = {infos[t.key.article].id: infos[t.key.article] for t in same if t.key.article in infos}
            others.pop(info.id, None)
            features = (ranking.confidence_features if place == 0 else {}) | candidate.features
            confidence = ranking.confidence if place == 0 else 0.0
            analyzer = self._ranker.analyzer(candidate.query.language)
            given = (candidate, question, info, passage, confidence, list(others.values()), features, analyzer)
            citations.append(cite(*given, is_best=place == 0))
        return citations
