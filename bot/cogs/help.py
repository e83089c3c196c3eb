"""/help and /privacy, for everybody."""

import asyncio
import logging
import re
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot import sending
from bot.client import FootnoteBot
from bot.host import Button, Host
from bot.rendering.guide import forgotten_card, help_card, privacy_card
from bot.rendering.words import Words
from bot.views.changing import change
from bot.views.layout import layout

log = logging.getLogger(__name__)

_IDS_S = 0.8
"""Longer than that, nobody waits for commands that can be clicked."""


class ForgetButton(Button, template=r"forget1"):
    """Deletes what is kept of whoever presses it."""

    def __init__(self, label: str | None = None) -> None:
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.danger,
                label=label,
                emoji=None if label else "🗑️",
                custom_id="forget1",
            )
        )

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:  # noqa: ARG003 - there is nothing in it
        """See `Button.from_match`."""
        return cls()

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        words = await host.words(interaction)

        async def forget() -> ui.LayoutView:
            await host.gatherer.forget_person(str(interaction.user.id))
            return layout(forgotten_card(await host.desk.records.forget_user(interaction.user.id), words))

        await change(interaction, forget)


class Help(commands.Cog):
    """How to use the bot, and what it keeps of people."""

    def __init__(self, bot: FootnoteBot) -> None:
        self._bot = bot
        self._ids: dict[str, int] = {}

    async def cog_load(self) -> None:
        """See `commands.Cog.cog_load`."""
        self._bot.add_dynamic_items(ForgetButton)

    @app_commands.command(name=locale_str("help"), description=locale_str("How to ask, and what I can do"))
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def help(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Show how to ask."""
        words = await self._bot.words(interaction)
        is_manager = await self._bot.may_manage(interaction)

        async def guide() -> ui.LayoutView:
            await self._learn_ids()
            return layout(help_card(lambda path: self._mention(path, words), words, is_manager=is_manager))

        await self._bot.answer(interaction, guide, is_private=True)

    @app_commands.command(
        name=locale_str("privacy"), description=locale_str("What is kept of you, and how to delete it")
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def privacy(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Show what is kept, with a button that deletes it."""
        words = await self._bot.words(interaction)
        row: ui.ActionRow[Any] = ui.ActionRow(ForgetButton(words.say("Delete my data")))
        view = layout(privacy_card(self._bot.settings.answer_days, words), row)
        await sending.respond(interaction, view, is_private=True)

    async def _learn_ids(self) -> None:
        """Ask Discord once for the ids of our commands: with them, a command in a text can be clicked."""
        if self._ids:
            return
        try:
            async with asyncio.timeout(_IDS_S):
                self._ids = {command.name: command.id for command in await self._bot.tree.fetch_commands()}
        except sending.FAILURES as error:
            log.info("the ids of the commands are unknown: %s: %s", type(error).__name__, error)

    def _mention(self, path: str, words: Words) -> str:
        """A command as a text that can be clicked, or as code as long as its id is unknown."""
        known = self._ids.get(path.partition(" ")[0])
        return words.command(path) if known is None else f"</{path}:{known}>"


async def setup(bot: FootnoteBot) -> None:
    """See `commands.Bot.load_extension`."""
    await bot.add_cog(Help(bot))
