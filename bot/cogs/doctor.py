"""/doctor: whether the bot can do its work in a server."""

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot.client import FootnoteBot
from bot.desk import scope_of
from bot.host import managed_server
from bot.permissions import access
from bot.rendering.checkup import Checkup, checkup_card
from bot.views.layout import layout
from index import SHARED_COLLECTION


class DoctorCommands(commands.Cog):
    """The command for those who manage a server."""

    def __init__(self, bot: FootnoteBot) -> None:
        self._bot = bot

    @app_commands.command(
        name=locale_str("doctor"), description=locale_str("Check whether I can do my work in this server")
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def doctor(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Show what is wrong in this server, and what to do."""
        guild_id = await managed_server(interaction)
        words = await self._bot.words(interaction)

        async def look() -> ui.LayoutView:
            return layout(checkup_card(await self._checkup(guild_id, interaction.guild), words))

        await self._bot.answer(interaction, look, is_private=True)

    async def _checkup(self, guild_id: int, guild: discord.Guild | None) -> Checkup:
        server = await self._bot.state.server(guild_id)
        everything = await self._bot.library.agreement(scope_of(guild_id))
        shared = await self._bot.library.agreement([SHARED_COLLECTION])
        # Without the bot itself in the server there are commands only, and no channel that it could see.
        seen = access(guild.channels, guild.me, server.named_channels) if guild is not None and guild.me else None
        there = {channel.id for channel in guild.channels} if guild is not None else set()
        return Checkup(
            own_articles=everything.stored - shared.stored,
            shared_articles=shared.stored,
            missing=everything.missing,
            open_channels=seen.open if seen is not None else 0,
            hidden_channels=seen.hidden if seen is not None else 0,
            lacking={need.flag: [one.id for one in lacking] for need, lacking in seen.lacking.items()} if seen else {},
            answered=sorted(server.answered_channels & there),
            sees_messages=self._bot.settings.message_content,
        )


async def setup(bot: FootnoteBot) -> None:
    """See `commands.Bot.load_extension`."""
    await bot.add_cog(DoctorCommands(bot))
