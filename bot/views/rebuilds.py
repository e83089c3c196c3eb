"""Rebuilds in messages: how far one is, with a button that cancels it.

The button names a rebuild and never a server: it is looked for in the server where it is pressed.
"""

import re
from typing import Any, Self

import discord
from discord import ui

from bot import sending
from bot.host import Button, Host, managed_server
from bot.rendering.cards import Card
from bot.rendering.progress import rebuild_card
from bot.rendering.words import Words
from bot.views.layout import layout


class CancelButton(Button, template=r"rebuild1:(?P<id>[0-9a-f]{8,32})"):
    """Stops a rebuild."""

    def __init__(self, rebuild_id: str, label: str = "Cancel", *, is_disabled: bool = False) -> None:
        self.rebuild_id = rebuild_id
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.danger,
                label=label,
                disabled=is_disabled,
                custom_id=f"rebuild1:{rebuild_id}",
            )
        )

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """See `Button.from_match`."""
        return cls(match["id"])

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        guild_id = await managed_server(interaction)
        rebuild = host.rebuilds.cancel(self.rebuild_id, guild_id)
        words = await host.words(interaction)
        if rebuild is None:
            await sending.respond(interaction, layout(Card((over_text(words),))), is_private=True)
            return
        await sending.replace(interaction, running_view(rebuild_card(rebuild.stand, words), rebuild.id, words))


def running_view(card: Card, running: str | None, words: Words) -> ui.LayoutView:
    """How far a rebuild is, with its cancel button; `running` is its id, None when it is over."""
    row: ui.ActionRow[Any] = ui.ActionRow()
    if running is not None:
        row.add_item(CancelButton(running, words.say("Cancel")))
    return layout(card, row)


def over_text(words: Words) -> str:
    """Say that a rebuild is over, and how to begin another."""
    return words.say("This rebuild is over. {command} starts another.", command=words.command("index rebuild"))
