"""/operator, for the owner of the bot: its commands and its servers."""

import math
import re
from collections.abc import Sequence
from typing import Any, Self, cast

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot import sending
from bot.client import FootnoteBot
from bot.host import Button, Host
from bot.rendering.cards import Accent, Card
from bot.rendering.escaping import escaped_line, visible
from bot.rendering.limits import AUTOCOMPLETE_CHOICES, AUTOCOMPLETE_NAME, cut
from bot.rendering.words import Words
from bot.views.confirm import Confirmation
from bot.views.layout import layout

PAGE = 20
"""Servers on a page."""

_LONGEST_NAME = 100


class ServersButton(Button, template=r"servers1:(?P<page>\d{1,6})"):
    """Shows another page of the list of servers."""

    def __init__(self, page: int, *, emoji: str = "▶️", is_disabled: bool = False) -> None:
        self.page = page
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary, emoji=emoji, disabled=is_disabled, custom_id=f"servers1:{page}"
            )
        )

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """See `Button.from_match`."""
        return cls(int(match["page"]))

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        bot = cast(FootnoteBot, interaction.client)
        if not await _is_owner(bot, interaction):
            return
        words = await host.words(interaction)
        await sending.replace(interaction, servers_view(bot.guilds, self.page, words))


def servers_view(guilds: Sequence[discord.Guild], page: int, words: Words) -> ui.LayoutView:
    """A page of the servers that the bot is in, by name; `page` from 1."""
    pages = max(math.ceil(len(guilds) / PAGE), 1)
    page = min(max(page, 1), pages)
    shown = sorted(guilds, key=lambda guild: (guild.name.casefold(), guild.id))[(page - 1) * PAGE : page * PAGE]
    lines = "\n".join(f"- {escaped_line(guild.name, _LONGEST_NAME)} `{guild.id}`" for guild in shown)
    title = words.count(len(guilds), "I am in {n} server", "I am in {n} servers")
    card = Card(tuple(part for part in (f"### {title}", lines) if part))
    if pages == 1:
        return layout(card)
    row: ui.ActionRow[Any] = ui.ActionRow(
        ServersButton(max(page - 1, 1), emoji="◀️", is_disabled=page == 1),
        ServersButton(page + 1, emoji="▶️", is_disabled=page == pages),
    )
    return layout(card, row)


@app_commands.guild_only()
@app_commands.default_permissions()
class Operator(
    commands.GroupCog, group_name=locale_str("operator"), group_description=locale_str("For the owner of the bot only")
):
    """Commands for whoever runs the bot. Discord shows them to administrators; the owner alone may use them."""

    def __init__(self, bot: FootnoteBot) -> None:
        super().__init__()
        self._bot = bot

    async def cog_load(self) -> None:
        """See `commands.Cog.cog_load`."""
        self._bot.add_dynamic_items(ServersButton)

    @app_commands.command(name=locale_str("sync"), description=locale_str("Tell Discord of all commands anew"))
    async def sync(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Synchronise the commands, changed or not."""
        if not await _is_owner(self._bot, interaction):
            return
        words = await self._bot.words(interaction)

        async def synchronise() -> ui.LayoutView:
            await self._bot.synchronisation.tell(force=True)
            text = words.say("Discord knows the commands as they are now. Restart your Discord to see them.")
            return layout(Card((text,), Accent.SUCCESS))

        await self._bot.answer(interaction, synchronise, is_private=True)

    @app_commands.command(name=locale_str("servers"), description=locale_str("List the servers that I am in"))
    async def servers(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Show the first page of the servers."""
        if not await _is_owner(self._bot, interaction):
            return
        words = await self._bot.words(interaction)
        await sending.respond(interaction, servers_view(self._bot.guilds, 1, words), is_private=True)

    @app_commands.command(name=locale_str("leave"), description=locale_str("Leave a server"))
    @app_commands.rename(server=locale_str("server"))
    @app_commands.describe(server=locale_str("Type a part of its name and choose it"))
    async def leave(
        self, interaction: discord.Interaction[FootnoteBot], server: app_commands.Range[str, 1, _LONGEST_NAME]
    ) -> None:
        """Ask whether to leave a server, and leave it."""
        if not await _is_owner(self._bot, interaction):
            return
        words = await self._bot.words(interaction)
        guild = self._bot.get_guild(int(server)) if server.isascii() and server.isdecimal() else None
        if guild is None:
            text = words.say("I am in no such server. Type a part of its name and choose it from the list.")
            await sending.respond(interaction, layout(Card((text,), Accent.FAILURE)), is_private=True)
            return
        leaving = guild
        name = f"**{escaped_line(guild.name, _LONGEST_NAME)}**"
        question = words.say(
            "Leave {server}? Its settings, questions and answers are deleted; its articles stay, should I be invited "
            "again.",
            server=name,
        )

        async def confirmed(pressed: discord.Interaction, host: Host) -> ui.LayoutView:  # noqa: ARG001 - given
            await leaving.leave()
            await host.state.forget_server(leaving.id)
            await host.gatherer.forget_collection(str(leaving.id))
            return layout(Card((words.say("I left {server}.", server=name),), Accent.SUCCESS))

        await Confirmation(interaction, Card((question,)), words.say("Leave"), words, confirmed).show()

    @leave.autocomplete("server")
    async def names(
        self, interaction: discord.Interaction[FootnoteBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the servers whose name holds what was typed."""
        if not await self._bot.is_owner(interaction.user):
            return []
        typed = current.casefold()
        found = [guild for guild in self._bot.guilds if typed in guild.name.casefold()][:AUTOCOMPLETE_CHOICES]
        return [
            app_commands.Choice(name=cut(visible(guild.name) or str(guild.id), AUTOCOMPLETE_NAME), value=str(guild.id))
            for guild in found
        ]


async def _is_owner(bot: FootnoteBot, interaction: discord.Interaction[Any]) -> bool:
    """Whether the bot belongs to this person; whoever it does not belong to is told so."""
    if await bot.is_owner(interaction.user):
        return True
    words = await bot.words(interaction)
    text = words.say(
        "This is for whoever runs the bot. {command} shows what you can do.", command=words.command("help")
    )
    await sending.respond(interaction, layout(Card((text,), Accent.FAILURE)), is_private=True)
    return False


async def setup(bot: FootnoteBot) -> None:
    """See `commands.Bot.load_extension`."""
    await bot.add_cog(Operator(bot))
