"""Asking somebody whether they mean it."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import ui

from bot import sending
from bot.errors import NotAskerError
from bot.host import Host, host_of, take
from bot.rendering.cards import Card
from bot.rendering.words import Words
from bot.views.changing import change
from bot.views.layout import container

CONFIRM_S = 60.0
"""A question whether to do something goes after a minute, undone."""

Confirmed = Callable[[discord.Interaction, Host], Awaitable[ui.LayoutView]]


class Confirmation(ui.LayoutView):
    """A card with two buttons, for the one who was asked; it goes when its time is over.

    Args:
        asked: The interaction that is answered by the card.
        yes: What the button that does it says.
        confirmed: Does it, once, and makes the card that takes the place of the question.
    """

    def __init__(self, asked: discord.Interaction, card: Card, yes: str, words: Words, confirmed: Confirmed) -> None:
        super().__init__(timeout=CONFIRM_S)
        self._asked = asked
        self.confirmed = confirmed
        row: ui.ActionRow[Confirmation] = ui.ActionRow(_Yes(yes), _No(words.say("Cancel")))
        self.add_item(container(card, row))

    async def show(self) -> None:
        """Ask, in private."""
        await sending.respond(self._asked, self, is_private=True)

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """See `discord.ui.LayoutView.interaction_check`."""
        if interaction.user.id == self._asked.user.id:
            return True
        await host_of(interaction).failed(interaction, NotAskerError())
        return False

    async def on_timeout(self) -> None:
        """See `discord.ui.LayoutView.on_timeout`."""
        await self.go()

    async def go(self) -> None:
        """Take the question away."""
        with contextlib.suppress(*sending.FAILURES):
            await self._asked.delete_original_response()


class _Yes(ui.Button[Confirmation]):
    def __init__(self, label: str) -> None:
        super().__init__(style=discord.ButtonStyle.danger, label=label)
        self._is_taken = False

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """See `discord.ui.Item.callback`."""
        take(interaction)
        view = self.view
        host = host_of(interaction)
        # A second press arrives before the card has changed.
        if view is None or self._is_taken:
            return
        self._is_taken = True
        try:
            with host.at_work():
                await change(interaction, lambda: view.confirmed(interaction, host))
            view.stop()
        except Exception as error:
            self._is_taken = False
            await host.failed(interaction, error)


class _No(ui.Button[Confirmation]):
    def __init__(self, label: str) -> None:
        super().__init__(style=discord.ButtonStyle.secondary, label=label)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """See `discord.ui.Item.callback`."""
        take(interaction)
        if self.view is None:
            return
        self.view.stop()
        await sending.acknowledge(interaction)
        await self.view.go()
