"""A small bot on discord.py that uses what ours uses, to try the loopback Discord itself."""

import asyncio
import io
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self, cast
from unittest.mock import patch

import discord
import yarl
from discord import app_commands, ui
from discord.ext import commands

from tests.support.discord import TOKEN, Discord

TITLES = ("Wombats", "Words", "Water")


class Again(ui.DynamicItem[ui.Button[Any]], template=r"again:(?P<number>[0-9]+)"):
    """A button that counts in its custom_id."""

    def __init__(self, number: int) -> None:
        super().__init__(ui.Button(label=f"Again {number}", custom_id=f"again:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(cls, _interaction: Any, _item: Any, match: re.Match[str], /) -> Self:
        """See `discord.ui.DynamicItem.from_custom_id`."""
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Change the card."""
        await interaction.response.edit_message(view=card(f"again {self.number}", Again(self.number + 1)))


class Rate(ui.DynamicItem[ui.Button[Any]], template="rate"):
    """A button that opens a form."""

    def __init__(self) -> None:
        super().__init__(ui.Button(label="Rate", custom_id="rate"))

    @classmethod
    async def from_custom_id(cls, _interaction: Any, _item: Any, _match: re.Match[str], /) -> Self:
        """See `discord.ui.DynamicItem.from_custom_id`."""
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Open the form."""
        await interaction.response.send_modal(RateForm())


class RateForm(ui.Modal, title="Rate"):
    """A form with a choice, a text and a file."""

    kind: ui.Label[Any] = ui.Label(
        text="Kind", component=ui.Select(options=[discord.SelectOption(label="Old"), discord.SelectOption(label="New")])
    )
    note: ui.Label[Any] = ui.Label(text="Note", component=ui.TextInput(required=False))
    file: ui.Label[Any] = ui.Label(text="File", component=ui.FileUpload(required=False))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Say in private what was filled in."""
        kind = cast("ui.Select[Any]", self.kind.component).values[0]
        note = cast("ui.TextInput[Any]", self.note.component).value
        files = cast("ui.FileUpload[Any]", self.file.component).values
        content = (await files[0].read()).decode() if files else "none"
        await interaction.response.send_message(f"{kind}: {note}; file: {content}", ephemeral=True)


def card(text: str, *buttons: ui.Item[Any]) -> ui.LayoutView:
    """A text with buttons below it."""
    view = ui.LayoutView(timeout=None)
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(text), accent_colour=discord.Colour.blurple())
    if buttons:
        box.add_item(ui.ActionRow(*buttons))
    view.add_item(box)
    return view


class SampleBot(commands.AutoShardedBot):
    """Has a command of every kind that ours has, and answers mentions."""

    def __init__(self, *, shard_count: int | None = None, message_content: bool = False) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = True
        intents.message_content = message_content
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents,
            guild_ready_timeout=0.05,
            heartbeat_timeout=0.5,
            shard_count=shard_count,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.seen: list[str] = []
        self.failed: list[Exception] = []
        self._news: asyncio.Queue[None] = asyncio.Queue()

    async def until(self, is_true: Callable[[], bool], timeout_s: float = 3) -> None:
        """Wait until what it has seen, or what has failed, is as wanted."""
        while not is_true():
            await asyncio.wait_for(self._news.get(), timeout_s)

    def _see(self, what: str) -> None:
        self.seen.append(what)
        self._news.put_nowait(None)

    async def setup_hook(self) -> None:
        """Register everything."""
        self.add_dynamic_items(Again, Rate)
        _add_commands(self.tree)
        self.tree.error(self._remember)
        await self.tree.sync()

    async def _remember(self, _interaction: Any, error: Exception) -> None:
        self.failed.append(error)
        self._news.put_nowait(None)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Without the pause that protects Discord, not us."""

    async def on_message(self, message: discord.Message) -> None:
        """Answer mentions and direct messages."""
        if message.author.bot:
            return
        self._see(message.content)
        if message.guild is None or self.user in message.mentions:
            async with message.channel.typing():
                await message.reply(view=card(f"You said: {message.clean_content}"), mention_author=False)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """Remember edits."""
        self._see(f"edited: {event.message.content}")

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Remember deletions."""
        self._see(f"deleted: {event.message_id}")


def pick_view() -> ui.LayoutView:
    """A card with a select of each kind that we use; each tells what was chosen."""
    letters: ui.Select[Any] = ui.Select(
        placeholder="Letter", options=[discord.SelectOption(label=one.upper(), value=one) for one in "ab"]
    )
    roles: ui.RoleSelect[Any] = ui.RoleSelect(placeholder="Role")
    channels: ui.ChannelSelect[Any] = ui.ChannelSelect(placeholder="Channel")

    async def told(interaction: discord.Interaction[Any]) -> None:
        pressed = next(one for one in (letters, roles, channels) if one.custom_id == interaction.custom_id)
        chosen = pressed.values[0]
        await interaction.response.send_message(chosen if isinstance(chosen, str) else chosen.name, ephemeral=True)

    view = ui.LayoutView()
    for select in (letters, roles, channels):
        select.callback = told  # type: ignore[method-assign]
        view.add_item(ui.ActionRow(select))
    return view


def _add_commands(tree: app_commands.CommandTree[Any]) -> None:
    @tree.command()
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ask(interaction: discord.Interaction[Any], question: str, private: bool = False) -> None:
        """Answer at once."""
        await interaction.response.send_message(view=card(question, Again(1), Rate()), ephemeral=private)
        if question == "more":
            await interaction.followup.send(view=card("and more"), ephemeral=True)

    @ask.autocomplete("question")
    async def offer(_interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        if typed == "too many":
            return [app_commands.Choice(name=str(number), value=str(number)) for number in range(26)]
        return [app_commands.Choice(name=title, value=title) for title in TITLES if typed in title.lower()]

    @tree.command()
    async def slow(interaction: discord.Interaction[Any], private: bool = False) -> None:
        """Think first."""
        await interaction.response.defer(thinking=True, ephemeral=private)
        await interaction.edit_original_response(view=card("thought"))

    @tree.command()
    async def upload(interaction: discord.Interaction[Any], file: discord.Attachment) -> None:
        """Give a file back."""
        content = await file.read()
        await interaction.response.send_message(file=discord.File(io.BytesIO(content[::-1]), "back.txt"))

    @tree.command()
    async def whoami(interaction: discord.Interaction[Any]) -> None:
        """Tell what Discord told."""
        can_send = interaction.app_permissions.send_messages
        told = (
            f"{interaction.locale} {interaction.guild_locale} send={can_send} user={interaction.is_user_integration()}"
        )
        await interaction.response.send_message(f"{told} private={interaction.context.private_channel}")

    things = app_commands.Group(name="things", description="Groups")
    pick = app_commands.Group(name="pick", description="Choosing", parent=things)

    @pick.command()
    async def one(interaction: discord.Interaction[Any], size: app_commands.Range[int, 1, 3]) -> None:
        """Show selects."""
        await interaction.response.send_message(view=pick_view())

    tree.add_command(things)

    @tree.command()
    @app_commands.default_permissions(manage_guild=True)
    async def manage(interaction: discord.Interaction[Any]) -> None:
        """For managers."""
        await interaction.response.send_message("managed")

    @tree.context_menu(name="Count letters")
    async def count(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        await interaction.response.send_message(str(len(message.content)), ephemeral=True)


@asynccontextmanager
async def running(bot: commands.AutoShardedBot, loopback: Discord, shards: int = 1) -> AsyncIterator[None]:
    """The bot, connected to the loopback Discord in this process."""
    with (
        patch.object(discord.http.Route, "BASE", loopback.api_base),
        patch.object(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(loopback.gateway_url)),
    ):
        connection: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            await bot.login(TOKEN)
            connection = asyncio.create_task(bot.connect())
            is_connected = asyncio.create_task(loopback.connected(shards))
            await asyncio.wait({connection, is_connected}, return_when=asyncio.FIRST_COMPLETED)
            if connection.done():
                is_connected.cancel()
                await connection
            await is_connected
            yield
        finally:
            await bot.close()
            connection.cancel()
            await asyncio.gather(connection, return_exceptions=True)
            _stop_hearts()


def _stop_hearts() -> None:
    """End the threads that discord.py leaves if it is closed while a shard connects: they would beat after the loop."""
    for thread in threading.enumerate():
        if isinstance(thread, discord.gateway.KeepAliveHandler):
            thread.stop()
