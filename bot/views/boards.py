"""The messages in which long work shows how far it is."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui

from bot import sending
from bot.rendering.cards import Card
from bot.rendering.words import Words
from bot.views.layout import layout

log = logging.getLogger(__name__)

_LAST_PAUSES_S = (0.5, 2, 10, 60, 240, 600)

View = Callable[[Card, str | None], ui.LayoutView]
"""Makes a message of a card and the id of the work, None when it is over; see `bot.boards.Board.show`."""


class ChannelBoard:
    """A message in a channel: it can be edited for as long as the work takes."""

    def __init__(self, message: discord.Message | discord.PartialMessage, view: View) -> None:
        self.channel_id: int | None = message.channel.id
        self.message_id: int | None = message.id
        self.link: str | None = message.jump_url
        self._message = message
        self._view = view

    async def show(self, card: Card, running: str | None) -> None:
        """See `Board.show`."""
        view = self._view(card, running)
        await edited(lambda: self._message.edit(view=view), is_last=running is None)


class PrivateBoard:
    """The private response to a command, where the channel takes no message.

    Discord lets it be edited for 15 minutes; what comes of longer work is sent as a direct message.
    """

    channel_id: int | None = None
    message_id: int | None = None
    link: str | None = None

    def __init__(self, interaction: discord.Interaction[Any], words: Words, view: View) -> None:
        self._interaction = interaction
        self._note = words.say("Only you see this: I may not write in this channel.")
        self._view = view

    async def show(self, card: Card, running: str | None) -> None:
        """See `Board.show`."""
        view = self._view(self.noted(card), running)
        if await edited(lambda: self._interaction.edit_original_response(view=view), is_last=running is None):
            return
        if running is None:
            await edited(lambda: self._interaction.user.send(view=layout(card)), is_last=True)

    def noted(self, card: Card) -> Card:
        """The card with the reason why it is private."""
        return Card((*card.parts, self._note), card.accent, card.footer)


async def posted(interaction: discord.Interaction[Any], view: ui.LayoutView) -> discord.Message | None:
    """Send a card to the channel of a command; None when the channel takes none from us."""
    if not isinstance(interaction.channel, discord.abc.Messageable):
        return None
    try:
        return await sending.post(interaction.channel, view)
    except (discord.Forbidden, discord.NotFound) as error:
        log.info("no message about progress in channel %s: %s", interaction.channel_id, error)
        return None


async def edited(edit: Callable[[], Awaitable[object]], *, is_last: bool) -> bool:
    """Edit a message, and return whether that was done.

    The last edit is tried for a quarter of an hour, so that no message says "in progress" for ever.
    """
    for pause in (*_LAST_PAUSES_S, None) if is_last else (None,):
        try:
            await edit()
        except sending.FAILURES as error:
            log.info("progress could not be shown: %s: %s", type(error).__name__, error)
            if pause is None or not sending.is_passing(error):
                break
            await asyncio.sleep(pause)
        else:
            return True
    return False
