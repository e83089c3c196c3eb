"""A Discord server with people of every kind who may or may not manage it."""

from typing import Any

import discord
import pytest
from simcord import Env
from simcord.results import InteractionResult, ResponseMessage

from tests.support.cards import buttons_of, text_of

expects_refusals = pytest.mark.simcord(check_errors=False)
"""For a test in which a command raises what its asker is then told: simcord fails tests with any error of a command."""


class Server:
    """A server: `admin` has Manage Server, `helper` a role that nobody named yet, `member` nothing."""

    def __init__(self, env: Env, name: str = "Docs") -> None:
        self.env = env
        self.guild = env.create_guild(name)
        self.channel = self.guild.create_text_channel("general")
        managing = self.guild.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
        self.helpers = self.guild.create_role("Librarians")
        self.admin = self.guild.add_member(env.create_user(f"{name}-admin"), roles=[managing])
        self.helper = self.guild.add_member(env.create_user(f"{name}-helper"), roles=[self.helpers])
        self.member = self.guild.add_member(env.create_user(f"{name}-member"))

    @property
    def collection(self) -> str:
        """The name of the server's collection."""
        return str(self.guild.id)

    def messages(self) -> list[discord.Message]:
        """What the admin sees in the channel."""
        return self.channel.history(viewer=self.admin)

    async def show_commands_to_everybody(self) -> None:
        """Let members see the commands that Discord hides, as whoever manages a server may choose."""
        await self.env.settle()
        for command in self.env.backend.commands[None].values():
            self.guild.set_command_permissions(int(command["id"]), {self.member: True, self.helper: True})


async def posted(server: Server, item: discord.ui.Item[Any]) -> discord.Message:
    """A message of the bot with a button or select that somebody forged, or that was sent long ago."""
    channel = server.env.bot.get_channel(server.channel.id)
    assert isinstance(channel, discord.TextChannel)
    row: discord.ui.ActionRow[Any] = discord.ui.ActionRow(item)
    return await channel.send(view=discord.ui.LayoutView().add_item(row))


def simbot(server: Server) -> discord.Member:
    """The bot as a member of the server."""
    guild = server.env.bot.get_guild(server.guild.id)
    assert guild is not None
    return guild.me


def card(result: InteractionResult) -> ResponseMessage:
    """The message that came back."""
    assert result.response is not None
    return result.response


def shown(result: InteractionResult) -> str:
    """The text of the card that came back."""
    return text_of(card(result))


def buttons(result: InteractionResult) -> dict[str, dict[str, Any]]:
    """The buttons of the card that came back."""
    return buttons_of(card(result))


def fields(result: InteractionResult) -> dict[str, dict[str, Any]]:
    """The fields of the form that came back, by label."""
    assert result.modal is not None
    return {one["label"]: one["component"] for one in result.modal["components"]}


def filled(result: InteractionResult, **values: Any) -> dict[str, Any]:
    """Values for a form by the labels of its fields, for `submit_modal`; the others stay as they are."""
    named = fields(result)
    typed = {field["custom_id"]: field["value"] for field in named.values() if field.get("value")}
    return typed | {named[label]["custom_id"]: value for label, value in values.items()}
