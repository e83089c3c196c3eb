"""What becomes of each question: a line of the log and figures of `bot.metrics`, without its text or its asker."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot import logs
from bot.errors import DeskError, TooManyQuestionsError
from index import QuestionError, Status, UnknownArticleError

log = logging.getLogger(__name__)

STAGES = ("queue", "rank", "read", "render", "send")
"""Waiting for earlier questions, ranking, reading passages from the store, making the card, and sending it."""


class Way(StrEnum):
    """How a question came in."""

    SLASH = "slash"
    MENU = "menu"
    MENTION = "mention"
    """A mention, or a reply that pings the bot."""
    DIRECT = "dm"
    CHANNEL = "channel"
    """In a channel where every question is answered."""
    EDIT = "edit"
    """A message that was answered, and changed."""


class Outcome(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    UNCERTAIN = "uncertain"
    REFUSED = "refused"
    LIMITED = "limited"
    """The asker or the server has asked too much."""
    INVALID = "invalid"
    """It cannot be asked: too long, empty, or in an article that is not there."""
    FAILED = "failed"
    """Something is broken, or the answer could not be sent."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question whose fate is known. Times in milliseconds; `hits` counts the passages that are shown."""

    way: Way
    outcome: Outcome
    stages: Mapping[str, float]
    took_ms: float
    hits: int
    article: str | None
    problem: str | None


class Listener(Protocol):
    """Hears of every question."""

    def asked(self, asking: Asking) -> None:
        """Take note of a question whose fate is known."""


class Asked:
    """A question on its way, from when it reached the process to when its answer is sent."""

    def __init__(self, way: Way, clock: Callable[[], float] = time.perf_counter) -> None:
        self._way = way
        self._clock = clock
        self._began = clock()
        self._stages: dict[str, float] = {}
        self._outcome: Outcome | None = None
        self._hits = 0
        self._article: str | None = None
        self._problem: str | None = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of what is done inside to a stage."""
        began = self._clock()
        try:
            yield
        finally:
            self._stages[name] = self._stages.get(name, 0.0) + (self._clock() - began) * 1e3

    def answered(self, status: Status, timings: Mapping[str, float], articles: tuple[str, ...]) -> None:
        """Take note of an answer.

        Args:
            timings: See `Answer.timings`.
            articles: The ids of the articles of the passages that are shown, best first.
        """
        self._outcome = Outcome(status.value)
        self._stages |= timings
        self._hits = len(articles)
        self._article = articles[0] if articles else None

    def failed(self, error: BaseException) -> None:
        """Take note that there is no answer, or none that reached its asker."""
        self._outcome = _outcome_of(error)
        self._problem = type(error).__name__

    def lost(self) -> None:
        """Take note that Discord did not want the answer any more, or may not be told it."""
        self._outcome = Outcome.FAILED
        self._problem = "undelivered"

    def over(self) -> Asking:
        """What became of it."""
        return Asking(
            self._way,
            self._outcome or Outcome.FAILED,
            self._stages,
            (self._clock() - self._began) * 1e3,
            self._hits,
            self._article,
            self._problem,
        )


class Questions:
    """Tells of every question.

    Args:
        shows_text: Whether the log repeats what was asked.
    """

    def __init__(self, listener: Listener | None = None, *, shows_text: bool = False) -> None:
        self._listener = listener
        self._shows_text = shows_text

    @contextmanager
    def asked(self, way: Way, question: str) -> Iterator[Asked]:
        """Follow a question; when this is left, its fate is told."""
        asked = Asked(way)
        try:
            yield asked
        except BaseException as error:
            asked.failed(error)
            raise
        finally:
            self._tell(asked.over(), question)

    def _tell(self, asking: Asking, question: str) -> None:
        if self._listener is not None:
            self._listener.asked(asking)
        log.info(
            "question",
            extra=logs.fields(
                outcome=asking.outcome.value,
                way=asking.way.value,
                took_ms=round(asking.took_ms, 1),
                ms={name: round(ms, 1) for name, ms in asking.stages.items()},
                hits=asking.hits,
                article=asking.article,
                problem=asking.problem,
                question=question if self._shows_text else None,
            ),
        )


def _outcome_of(error: BaseException) -> Outcome:
    if isinstance(error, TooManyQuestionsError):
        return Outcome.LIMITED
    if isinstance(error, DeskError | QuestionError | UnknownArticleError):
        return Outcome.INVALID
    return Outcome.FAILED
