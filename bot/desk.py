"""Who may ask what, and where: scopes, limits, follow-ups, and what is kept of an answer. Knows no Discord object."""

import asyncio
import secrets
import string
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from bot.errors import AnswerGoneError, PassageGoneError, QuestionTooLongError, TooManyQuestionsError
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
_MINUTE = timedelta(minutes=1)
_MOST_UNSAVED = 1_000
"""Answers whose buttons work from memory while the database cannot be written."""

_MOST_ALIKE = 25
"""Articles among which a title that was typed is looked for."""

_MOST_WATCHED = 20_000
"""Askers whose last minute is remembered at most."""


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


class Window:
    """At most `most` events of one key in any minute; 0 means no limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: OrderedDict[int, deque[datetime]] = OrderedDict()

    def take(self, key: int, now: datetime) -> datetime | None:
        """Count an event, or say when there will be room for one."""
        if not self._most:
            return None
        seen = self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while len(self._seen) > _MOST_WATCHED:
            self._seen.popitem(last=False)
        if seen and seen[-1] > now:
            # The clock was put back: these moments say nothing any more.
            seen.clear()
        while seen and now - seen[0] >= _MINUTE:
            seen.popleft()
        if len(seen) >= self._most:
            return seen[0] + _MINUTE
        seen.append(now)
        return None


class Desk:
    """Answers people. One per process; every method may be called from many tasks at once."""

    def __init__(
        self,
        library: Library,
        state: State,
        settings: Settings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._library = library
        self._state = state
        self._now = now
        self._users = Window(settings.questions_per_minute)
        self._servers = Window(settings.server_questions_per_minute)
        self._attempts = Attempts()
        self._unsaved: OrderedDict[str, AnswerRecord] = OrderedDict()
        self._saving = asyncio.Lock()

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
        await self._admit(asker)
        answer, searched, within, timings = await self._search(question, asker.scope, article, previous)
        record = AnswerRecord(
            id=replaces.id if replaces is not None else _new_id(),
            guild_id=asker.guild_id,
            channel_id=asker.channel_id,
            message_id=replaces.message_id if replaces is not None else None,
            question_message_id=question_message_id,
            asker_id=asker.user_id,
            question=question,
            scope=asker.scope,
            within=within,
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
        await self._attempts.tried("an answer", self._save(record))
        return Reply(record, answer.best, 0, searched, timings)

    async def _save(self, record: AnswerRecord) -> None:
        self._unsaved[record.id] = record
        while len(self._unsaved) > _MOST_UNSAVED:
            self._unsaved.popitem(last=False)
        await self.save_rest()

    async def save_rest(self) -> None:
        """Save the answers that could not be saved when they were given.

        Raises:
            StoreError: They still cannot be saved.
        """
        for answer_id in list(self._unsaved):
            async with self._saving:
                record = self._unsaved.get(answer_id)
                if record is None:
                    continue
                await self._state.record(record)
                # What was attached meanwhile is saved the next time.
                if self._unsaved.get(answer_id) is record:
                    del self._unsaved[answer_id]

    async def attach(self, record: AnswerRecord, *, channel_id: int, message_id: int) -> None:
        """Note in which message of the bot an answer stands."""
        if record.id in self._unsaved:
            await self._attempts.tried(
                "an answer", self._save(replace(record, channel_id=channel_id, message_id=message_id))
            )
            return
        attached = self._state.attach(record.id, channel_id=channel_id, message_id=message_id)
        await self._attempts.tried("the message of an answer", attached)

    async def drop(self, record: AnswerRecord) -> None:
        """Forget an answer that was not shown."""
        if self._unsaved.pop(record.id, None) is None:
            await self._attempts.tried("that an answer was not shown", self._state.delete_answer(record.id))

    async def delete(self, record: AnswerRecord) -> None:
        """Delete an answer with its ratings.

        Raises:
            StoreError: It is still kept.
        """
        async with self._saving:
            self._unsaved.pop(record.id, None)
            await self._state.delete_answer(record.id)

    async def forget_user(self, user_id: int) -> int:
        """Delete all that is kept of a person, and tell how many questions that were; see `State.forget_user`."""
        async with self._saving:
            theirs = [record.id for record in self._unsaved.values() if record.asker_id == user_id]
            deleted = await self._state.forget_user(user_id)
            for answer_id in theirs:
                self._unsaved.pop(answer_id, None)
        return deleted + len(theirs)

    async def _search(
        self, question: str, scope: tuple[str, ...], article: str | None, previous: tuple[AnswerRecord, int] | None
    ) -> tuple[Answer, Searched, str | None, Mapping[str, float]]:
        if article is not None:
            chosen = await self.chosen(article, scope)
            within = chosen.id if chosen is not None else article
            answer = await self._library.ask(question, scope, TOP_K, article=within)
            return answer, Searched.ARTICLE, within, answer.timings
        followed = None
        if previous is not None and previous[0].passages:
            followed = previous[0].passages[min(previous[1], len(previous[0].passages) - 1)].article_id
        if followed is not None and await self._library.info(followed, scope) is not None:
            answer = await self._library.ask(question, scope, TOP_K, article=followed)
            if answer.status is not Status.REFUSED or answer.refusal is Refusal.NO_WORDS:
                return answer, Searched.PREVIOUS_ARTICLE, followed, answer.timings
            widened = await self._library.ask(question, scope, TOP_K)
            return widened, Searched.WIDENED, None, _summed(answer, widened)
        answer = await self._library.ask(question, scope, TOP_K)
        return answer, Searched.EVERYTHING, None, answer.timings

    async def chosen(self, option: str, scope: tuple[str, ...]) -> ArticleInfo | None:
        """The article that was chosen by its id, or whose whole title was typed when it is the only one with it."""
        info = await self._library.info(option, scope)
        if info is not None:
            return info
        typed = " ".join(option.split()).casefold()
        found = await self._library.newest_articles(scope, option, _MOST_ALIKE)
        same = [info for info in found if info.title.casefold() == typed]
        return same[0] if len(same) == 1 else None

    async def _admit(self, asker: Asker) -> None:
        """Count the question against every limit, or say when to come back."""
        now = self._now()
        if (retry_at := self._users.take(asker.user_id, now)) is not None:
            raise TooManyQuestionsError(retry_at, is_server=False)
        if asker.guild_id is None:
            return
        if (retry_at := self._servers.take(asker.guild_id, now)) is not None:
            raise TooManyQuestionsError(retry_at, is_server=True)
        server = await self._state.server(asker.guild_id)
        if server.user_daily_limit is None and server.server_daily_limit is None:
            return
        today = now.date()
        counting = self._state.count_question(asker.guild_id, asker.user_id, today)
        counted = await self._attempts.tried("a count of questions", counting)
        if counted is None:
            return
        of_user, of_server = counted
        over_user = server.user_daily_limit is not None and of_user > server.user_daily_limit
        over_server = server.server_daily_limit is not None and of_server > server.server_daily_limit
        if over_user or over_server:
            uncounting = self._state.uncount_question(asker.guild_id, asker.user_id, today)
            await self._attempts.tried("a count of questions", uncounting)
            tomorrow = datetime.combine(today + timedelta(days=1), time(), UTC)
            raise TooManyQuestionsError(tomorrow, is_server=not over_user)

    async def record(self, answer_id: str, asker: Asker) -> AnswerRecord:
        """What is kept of an answer, for somebody who presses one of its buttons.

        Raises:
            AnswerGoneError: There is none, or this person cannot have seen it: it belongs to another server, to other
                direct messages, or was shown to somebody else only. Nobody learns which.
        """
        record = self._unsaved.get(answer_id) or await self._state.answer(answer_id)
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
