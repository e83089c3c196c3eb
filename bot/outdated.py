"""Buttons and forms that nobody waits for: of an older Footnote, of one before a restart, or whose time is over."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

import discord

from bot.host import is_taken
from bot.rendering.words import Words

_RANDOM_ID = re.compile(r"[0-9a-f]{32}")
"""What discord.py calls components that have no name of ours."""

_UNANSWERED_S = 2.0
"""Whoever waits for a button or a form has responded by then."""

_LOOKED_S = 0.05


async def is_outdated(interaction: discord.Interaction[Any], known: Iterable[re.Pattern[str]]) -> bool:
    """Whether nobody is there for what was pressed or sent; it may take `_UNANSWERED_S` to tell.

    Args:
        known: What the ids of our buttons and selects look like; whoever they belong to is always there.
    """
    if interaction.type not in (discord.InteractionType.component, discord.InteractionType.modal_submit):
        return False
    custom_id = custom_id_of(interaction)
    if any(pattern.fullmatch(custom_id) for pattern in known):
        return False
    if _RANDOM_ID.fullmatch(custom_id):
        await _taken(interaction)
    return not is_taken(interaction)


async def _taken(interaction: discord.Interaction[Any]) -> None:
    """Wait until somebody is there for it, `_UNANSWERED_S` at most; discord.py tells nobody of it."""
    looks = round(_UNANSWERED_S / _LOOKED_S)
    while looks and not is_taken(interaction):
        looks -= 1
        await asyncio.sleep(_LOOKED_S)


def outdated_text(interaction: discord.Interaction[Any], words: Words) -> str:
    """What is told to whoever pressed or sent it."""
    if interaction.type is discord.InteractionType.modal_submit:
        return words.say(
            "This form was opened before I was restarted, or more than an hour ago. Nothing was changed; type "
            "the command again."
        )
    if _RANDOM_ID.fullmatch(custom_id_of(interaction)):
        return words.say(
            "This was shown before I was restarted, or its time is over. Nothing was changed; type the command again."
        )
    return words.say("This button is out of date. Type the command again to get a new one.")


def custom_id_of(interaction: discord.Interaction[Any]) -> str:
    """The id of the button, select or form; "" for what has none."""
    data: Mapping[str, Any] = interaction.data or {}
    return str(data.get("custom_id", ""))
