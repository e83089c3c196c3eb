"""/settings: how the bot behaves in a server."""

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot import sending
from bot.client import FootnoteBot
from bot.host import managed_server
from bot.views.settings import LimitsButton, SettingSelect, settings_view


class SettingsCommands(commands.Cog):
    """The command for those who manage a server."""

    def __init__(self, bot: FootnoteBot) -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        """See `commands.Cog.cog_load`."""
        self._bot.add_dynamic_items(SettingSelect, LimitsButton)

    @app_commands.command(
        name=locale_str("settings"), description=locale_str("Channels, roles, language and limits of this server")
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def settings(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Show the card with every setting."""
        server = await self._bot.state.server(await managed_server(interaction))
        words = await self._bot.words(interaction)
        refresh_h = await self._bot.gatherer.refresh_every(str(server.guild_id))
        view = settings_view(server, interaction.guild, words, self._bot.settings.message_content, refresh_h)
        await sending.respond(interaction, view, is_private=True)


async def setup(bot: FootnoteBot) -> None:
    """See `commands.Bot.load_extension`."""
    await bot.add_cog(SettingsCommands(bot))
