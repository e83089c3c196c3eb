"""What the bot keeps of its servers, answers and people, beside the articles."""

from bot.state.models import (
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

__all__ = [
    "AnswerRecord",
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
