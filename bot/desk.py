"""Who may ask what, and where: scopes, follow-ups, and whose buttons work. Knows no Discord object."""

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from bot.admission import Admission
from bot.errors import AnswerGoneError, PassageGoneError, QuestionTooLongError
from bot.records import Records
from bot.settings import Settings
from bot.state import AnswerRecord, Attempts, SavedPassage, State
from index import (
    SHARED_COLLECTION,
    Answer,
    Article,
    ArticleInfo,
    Citation,
    Library,
    Refusal,
    Status,
    UnknownArticleError,
)

MAX_QUESTION = 500
"""Characters of a question. Longer ones are pasted texts, not questions; the library itself takes any length."""

TOP_K = 5
"""Passages that can be paged through."""

_ID_LETTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 10
_MOST_ALIKE = 25
"""Articles among which a title that was typed is looked for."""


class Searched(StrEnum):
    """Where an answer was looked for, when that is not simply everything that the asker may see."""

    EVERYTHING = "everything"
    ARTICLE = "article"
    PREVIOUS_ARTICLE = "previous-article"
    WIDENED = "widened"
    """In the previous article first, where there was nothing, and then everywhere."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and from where. `guild_id` None: a direct message, which sees the shared collection only."""

    user_id: int
    guild_id: int | None
    channel_id: int | None
    locale: str

    @property
    def scope(self) -> tuple[str, ...]:
        """The collections that may be seen."""
        return scope_of(self.guild_id)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it is shown: what is kept of it, the passage at `place` (from 0), and where it was looked for.

    `timings` are those of `Answer`; there are none where nothing was searched.
    """

    record: AnswerRecord
    citation: Citation | None
    place: int
    searched: Searched
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the library said, and where it looked; `within` is the id of the one article, None for all."""

    answer: Answer
    searched: Searched
    timings: Mapping[str, float]
    within: str | None = None


class Desk:
    """Answers people. One per process; every method may be called from many tasks at once.

    Attributes:
        records: What is kept of its answers.
    """

    def __init__(
        self,
        library: Library,
        state: State,
        settings: Settings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._library = library
        self._now = now
        attempts = Attempts()
        self._admission = Admission(state, settings, attempts, now)
        self.records = Records(state, attempts)

    async def ask(
        self,
        asker: Asker,
        question: str,
        *,
        article: str | None = None,
        previous: tuple[AnswerRecord, int] | None = None,
        question_message_id: int | None = None,
        replaces: AnswerRecord | None = None,
        is_private: bool = False,
    ) -> Reply:
        """Answer a question and keep what its buttons need: in the database, or in memory while that fails.

        Args:
            article: Only the article with this id, or with this title if it has it alone, is searched.
            previous: The answer that is followed up and the place of its passage; its article is searched first.
            question_message_id: The message that holds the question, if there is one.
            replaces: The answer to the same message before it was edited; the new one takes its place.

        Raises:
            TooManyQuestionsError: The asker or the server has asked too much.
            QuestionTooLongError: There are more than `MAX_QUESTION` characters.
            LibraryError: The question cannot be asked; see `Library.ask`.
        """
        question = " ".join(question.split())
        if len(question) > MAX_QUESTION:
            raise QuestionTooLongError(MAX_QUESTION)
        await self._admission.admit(asker.user_id, asker.guild_id)
        found = await self._search(question, asker.scope, article, previous)
        answer = found.answer
        record = AnswerRecord(
            id=replaces.id if replaces is not None else _new_id(),
            guild_id=asker.guild_id,
            channel_id=asker.channel_id,
            message_id=replaces.message_id if replaces is not None else None,
            question_message_id=question_message_id,
            asker_id=asker.user_id,
            question=question,
            scope=asker.scope,
            within=found.within,
            status=answer.status,
            refusal=answer.refusal,
            unknown_terms=answer.unknown_terms,
            nearest_titles=answer.nearest_titles,
            confidence=answer.confidence,
            took_ms=answer.took_ms,
            asked_at=self._now(),
            is_private=is_private,
            passages=tuple(_saved(one) for one in _citations(answer)),
            locale=asker.locale,
        )
        await self.records.keep(record)
        return Reply(record, answer.best, 0, found.searched, found.timings)

    async def _search(
        self, question: str, scope: tuple[str, ...], article: str | None, previous: tuple[AnswerRecord, int] | None
    ) -> _Found:
        if article is not None:
            chosen = await self.chosen(article, scope)
            within = chosen.id if chosen is not None else article
            answer = await self._library.ask(question, scope, TOP_K, article=within)
            return _Found(answer, Searched.ARTICLE, answer.timings, within)
        followed = None
        if previous is not None and previous[0].passages:
            followed = previous[0].passages[min(previous[1], len(previous[0].passages) - 1)].article_id
        if followed is not None and await self._library.info(followed, scope) is not None:
            answer = await self._library.ask(question, scope, TOP_K, article=followed)
            if answer.status is not Status.REFUSED or answer.refusal is Refusal.NO_WORDS:
                return _Found(answer, Searched.PREVIOUS_ARTICLE, answer.timings, followed)
            widened = await self._library.ask(question, scope, TOP_K)
            return _Found(widened, Searched.WIDENED, _summed(answer, widened))
        answer = await self._library.ask(question, scope, TOP_K)
        return _Found(answer, Searched.EVERYTHING, answer.timings)

    async def chosen(self, option: str, scope: tuple[str, ...]) -> ArticleInfo | None:
        """The article that was chosen by its id, or whose whole title was typed when it is the only one with it."""
        info = await self._library.info(option, scope)
        if info is not None:
            return info
        typed = " ".join(option.split()).casefold()
        found = await self._library.newest_articles(scope, option, _MOST_ALIKE)
        same = [info for info in found if info.title.casefold() == typed]
        return same[0] if len(same) == 1 else None

    async def record(self, answer_id: str, asker: Asker) -> AnswerRecord:
        """What is kept of an answer, for somebody who presses one of its buttons.

        Raises:
            AnswerGoneError: There is none, or this person cannot have seen it: it belongs to another server, to other
                direct messages, or was shown to somebody else only. Nobody learns which.
        """
        record = await self.records.find(answer_id)
        if record is None or record.guild_id != asker.guild_id:
            raise AnswerGoneError
        if record.guild_id is None and record.channel_id != asker.channel_id:
            raise AnswerGoneError
        if record.is_private and record.asker_id != asker.user_id:
            raise AnswerGoneError
        return record

    async def turn(self, record: AnswerRecord, place: int) -> Reply:
        """Show another passage of an answer; neither searches nor ranks.

        Args:
            place: From 0; the nearest place that there is, is shown.

        Raises:
            PassageGoneError: Its article was removed or changed.
        """
        if not record.passages:
            return Reply(record, None, 0, Searched.EVERYTHING)
        place = min(max(place, 0), len(record.passages) - 1)
        searched = Searched.ARTICLE if record.within is not None else Searched.EVERYTHING
        return Reply(record, await self._citation(record, record.passages[place]), place, searched)

    async def citations(self, record: AnswerRecord) -> list[Citation]:
        """All passages of an answer that are still there, best first."""
        found = []
        for saved in record.passages:
            try:
                found.append(await self._citation(record, saved))
            except PassageGoneError:
                continue
        return found

    async def article(self, record: AnswerRecord, place: int) -> tuple[Article, SavedPassage]:
        """The article that a passage comes from, as it was quoted.

        Raises:
            PassageGoneError: It was removed or changed.
        """
        if not 0 <= place < len(record.passages):
            raise PassageGoneError
        saved = record.passages[place]
        try:
            article = await self._library.article(saved.article_id, record.scope)
        except UnknownArticleError as error:
            raise PassageGoneError from error
        if article.info.number != saved.article_number:
            raise PassageGoneError
        return article, saved

    async def _citation(self, record: AnswerRecord, saved: SavedPassage) -> Citation:
        found = await self._library.passage(saved.article_number, saved.start, saved.end)
        if found is None or found[0].collection not in record.scope:
            raise PassageGoneError
        info, passage = found
        others = [await self._library.info(one, record.scope) for one in saved.other_sources]
        return Citation(
            article=info,
            ordinal=saved.ordinal,
            start=saved.start,
            end=saved.end,
            passage=passage,
            quotes=saved.quotes,
            link=saved.link,
            score=saved.score,
            confidence=saved.confidence,
            matched_terms=saved.matched_terms,
            features=saved.features,
            other_sources=tuple(one for one in others if one is not None),
            better=saved.better,
        )


def scope_of(guild_id: int | None) -> tuple[str, ...]:
    """The collections that a server sees, its own first; a direct message sees the shared one only."""
    return (SHARED_COLLECTION,) if guild_id is None else (str(guild_id), SHARED_COLLECTION)


def _summed(*answers: Answer) -> Mapping[str, float]:
    """The timings of several answers together."""
    names = dict.fromkeys(name for answer in answers for name in answer.timings)
    return {name: sum(answer.timings.get(name, 0.0) for answer in answers) for name in names}


def _citations(answer: Answer) -> tuple[Citation, ...]:
    return () if answer.best is None else (answer.best, *answer.alternatives)


def _saved(citation: Citation) -> SavedPassage:
    return SavedPassage(
        article_number=citation.article.number,
        article_id=citation.article.id,
        ordinal=citation.ordinal,
        start=citation.start,
        end=citation.end,
        quotes=citation.quotes,
        better=citation.better,
        link=citation.link,
        score=citation.score,
        confidence=citation.confidence,
        matched_terms=citation.matched_terms,
        features=dict(citation.features),
        other_sources=tuple(one.id for one in citation.other_sources),
    )


def _new_id() -> str:
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
