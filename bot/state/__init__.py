"""What the bot keeps of its servers, answers and people, beside the articles."""

from bot.state.attempts import Attempts
from bot.state.models import (
    TOKEN_LIFE,
    AnswerRecord,
    ChannelsMode,
    JobMessage,
    RebuildRecord,
    RebuildState,
    RemovedArticles,
    SavedPassage,
    ServerFigures,
    ServerSettings,
    WaitingInteraction,
)
from bot.state.state import State
from bot.state.tables import MIGRATIONS

__all__ = [
    "MIGRATIONS",
    "TOKEN_LIFE",
    "AnswerRecord",
    "Attempts",
    "ChannelsMode",
    "JobMessage",
    "RebuildRecord",
    "RebuildState",
    "RemovedArticles",
    "SavedPassage",
    "ServerFigures",
    "ServerSettings",
    "State",
    "WaitingInteraction",
]
