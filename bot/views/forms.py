"""The way back to a form whose content cannot be used: what was typed is not lost."""

from collections.abc import Callable, Sequence
from typing import Any

import discord
from discord import ui

from bot import sending
from bot.host import OPEN_S, Form, host_of, take
from bot.rendering.cards import Accent, Card
from bot.rendering.words import Words
from bot.views.layout import layout


class Reopen(ui.Button[ui.LayoutView]):
    """Opens a form again, as it was sent."""

    def __init__(self, label: str, form: Callable[[], Form]) -> None:
        super().__init__(style=discord.ButtonStyle.primary, label=label)
        self._form = form

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """See `discord.ui.Item.callback`."""
        take(interaction)
        host = host_of(interaction)
        try:
            await host.require_manager(interaction)
            await sending.ask_with(interaction, self._form())
        except Exception as error:
            await host.failed(interaction, error)


def correction(problems: Sequence[str], words: Words, form: Callable[[], Form]) -> ui.LayoutView:
    """Say what was wrong in a form, with a button that opens it again."""
    text = "\n".join(problems)
    footer = words.say("What you typed is kept for an hour.")
    row: ui.ActionRow[Any] = ui.ActionRow(Reopen(words.say("Correct it"), form))
    return layout(Card((text,), Accent.FAILURE, footer), row, timeout=OPEN_S)
