"""What is kept, as frozen values. Moments are aware; ids of Discord are its snowflakes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from index import Refusal, Span, Status


class ChannelsMode(StrEnum):
    """Where in a server the bot may answer."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What the managers of a server have chosen; the defaults are those of a server that has chosen nothing.

    `channels` counts with `ChannelsMode.SOME` only. In `answered_channels` every question is answered. `is_private`:
    answers are private unless the asker says otherwise. `language` is a locale code of Discord; None follows the asker,
    then the server. Limits are questions a day, by UTC; None for no limit.
    """

    guild_id: int
    channels_mode: ChannelsMode = ChannelsMode.ALL
    channels: frozenset[int] = frozenset()
    answered_channels: frozenset[int] = frozenset()
    manager_roles: frozenset[int] = frozenset()
    is_private: bool = False
    language: str | None = None
    user_daily_limit: int | None = None
    server_daily_limit: int | None = None

    @property
    def named_channels(self) -> frozenset[int]:
        """The channels that count: where the bot may answer if not everywhere, and where it answers every question."""
        return self.answered_channels | (self.channels if self.channels_mode is ChannelsMode.SOME else frozenset())


@dataclass(frozen=True, slots=True)
class SavedPassage:
    """A passage of an answer without its text: `index.Citation` tells what the fields mean.

    `article_number` is that of the revision that was quoted, and `other_sources` are ids of articles.
    """

    article_number: int
    article_id: str
    ordinal: int
    start: int
    end: int
    quotes: tuple[Span, ...]
    better: int
    link: str | None
    score: float
    confidence: float
    matched_terms: tuple[str, ...]
    features: Mapping[str, float]
    other_sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """What the buttons of an answer need.

    `guild_id` is None in direct messages. `message_id` is the bot's own message, `question_message_id` that of the
    question; None for slash commands, whose answers are no messages until they are sent. `within` is the id of the
    article that alone was searched. `passages` come best first. `locale` is the asker's.
    """

    id: str
    guild_id: int | None
    channel_id: int | None
    message_id: int | None
    question_message_id: int | None
    asker_id: int
    question: str
    scope: tuple[str, ...]
    within: str | None
    status: Status
    refusal: Refusal | None
    unknown_terms: tuple[str, ...]
    nearest_titles: tuple[str, ...]
    confidence: float
    took_ms: float
    asked_at: datetime
    is_private: bool
    passages: tuple[SavedPassage, ...]
    locale: str


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """Figures of a server's answers that are kept: how many, their median time, and what people say of them.

    `median_ms` is None when there are no answers.
    """

    questions: int
    median_ms: float | None
    helpful: int
    not_helpful: int


@dataclass(frozen=True, slots=True)
class RemovedArticles:
    """Articles that can be put back until `expires_at`; `payload` is for `Library.put_back`."""

    token: str = field(repr=False)
    guild_id: int
    payload: str
    expires_at: datetime


RebuildState = Literal["running", "done", "failed", "cancelled", "interrupted"]
"""How far a rebuild of the index is; "interrupted" was running when the process ended."""


@dataclass(frozen=True, slots=True)
class RebuildRecord:
    """A rebuild of the index, and the message that shows its progress; `detail` is for people."""

    id: str
    guild_id: int | None
    channel_id: int | None
    message_id: int | None
    asked_by: int | None
    started_at: datetime
    state: RebuildState
    detail: str


@dataclass(frozen=True, slots=True)
class JobMessage:
    """The message that shows the progress of a job, until the job is over."""

    job_id: str
    guild_id: int
    channel_id: int
    message_id: int
    created_at: datetime


TOKEN_LIFE = timedelta(minutes=15)
"""How long the token of an interaction can be used.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding
"""


@dataclass(frozen=True, slots=True)
class WaitingInteraction:
    """An interaction that was told "thinking" and has no answer yet; its token is good for `TOKEN_LIFE`.

    `locale` is the Discord code of the language in which to speak to its asker.
    """

    interaction_id: int
    application_id: int
    token: str = field(repr=False)
    created_at: datetime
    locale: str
