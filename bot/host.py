"""What buttons, forms and commands need of the bot they run in."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from bot.desk import Asker, Desk
from bot.errors import NotManagerError
from bot.questions import Asked
from bot.rebuilds import Rebuilds
from bot.rendering.limits import MODAL_LABEL, MODAL_LABEL_DESCRIPTION, MODAL_TITLE, cut
from bot.rendering.words import Words
from bot.settings import Settings
from bot.state import State
from bot.watching import Watcher
from index import Gatherer, Library

OPEN_S = 3600.0
"""For so long a form may stay open, and what was typed into one that failed is kept in memory."""

_TAKEN = "footnote_taken"


class Host(Protocol):
    """The bot, as seen from below."""

    library: Library
    state: State
    desk: Desk
    settings: Settings
    gatherer: Gatherer
    watcher: Watcher
    rebuilds: Rebuilds

    async def words(self, interaction: discord.Interaction) -> Words:
        """The words of the server's language if one is set, else of the asker's, else of the server's own locale."""

    async def words_for(self, guild_id: int | None, *locales: str | None) -> Words:
        """The words of a server's own language if one is set, else of the first locale that we have."""

    async def may_manage(self, interaction: discord.Interaction) -> bool:
        """Whether this person may manage the server's articles, here: by permission, or by a role named by its id."""

    async def require_manager(self, interaction: discord.Interaction) -> None:
        """Raise NotManagerError unless `may_manage`."""

    async def failed(self, interaction: discord.Interaction, error: Exception) -> None:
        """Tell the person in private what went wrong and what to do; never raises."""

    async def answer(
        self,
        interaction: discord.Interaction,
        make: Callable[[], Awaitable[ui.LayoutView]],
        *,
        is_private: bool,
        asked: Asked | None = None,
    ) -> None:
        """Show what `make` makes: at once when it is there within a second, else after "thinking".

        Args:
            asked: The question that this answers, if it answers one; it is told how that went.
        """

    def at_work(self) -> AbstractContextManager[None]:
        """While this is held, a stop of the bot waits, for some seconds."""


def host_of(interaction: discord.Interaction) -> Host:
    """The bot that received an interaction."""
    return cast(Host, interaction.client)


def asker_of(interaction: discord.Interaction[Any]) -> Asker:
    """Who asks, and from where."""
    return Asker(interaction.user.id, interaction.guild_id, interaction.channel_id, interaction.locale.value)


async def managed_server(interaction: discord.Interaction[Any]) -> int:
    """The id of the server where this person is and may manage.

    Raises:
        NotManagerError: They may not, or are in no server.
    """
    await host_of(interaction).require_manager(interaction)
    if interaction.guild_id is None:
        raise NotManagerError
    return interaction.guild_id


class Button(ui.DynamicItem[ui.Button[ui.LayoutView]], template="never matched: subclasses have their own"):
    """A button whose state is in its `custom_id`, so that it works after a restart. Override `pressed`."""

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Make the button again from what its template found in a `custom_id`."""
        raise NotImplementedError

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - given
        item: ui.Item[Any],  # noqa: ARG003 - given
        match: re.Match[str],
        /,
    ) -> Self:
        """See `discord.ui.DynamicItem.from_custom_id`."""
        return cls.from_match(match)

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """Do what the button is for; an exception is told to the person."""
        raise NotImplementedError

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """See `discord.ui.Item.callback`."""
        await _attempted(interaction, lambda host: self.pressed(interaction, host))


class Select(ui.DynamicItem[ui.Select[ui.LayoutView]], template="never matched: subclasses have their own"):
    """A select whose state is in its `custom_id`, so that it works after a restart. Override `chosen`.

    It may also be one of the selects of channels or roles, which discord.py has as siblings of `ui.Select`.
    """

    def __init__(self, item: ui.Item[Any]) -> None:
        super().__init__(cast("ui.Select[ui.LayoutView]", item))

    @classmethod
    def from_match(cls, item: ui.Item[Any], match: re.Match[str]) -> Self:  # noqa: ARG003 - for subclasses
        """Make the select again from what is in the message, and what its template found in a `custom_id`."""
        return cls(item)

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - given
        item: ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """See `discord.ui.DynamicItem.from_custom_id`."""
        return cls.from_match(item, match)

    async def chosen(self, interaction: discord.Interaction, host: Host, values: Sequence[str]) -> None:
        """Do what the select is for; `values` as Discord sends them. An exception is told to the person."""
        raise NotImplementedError

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """See `discord.ui.Item.callback`."""
        # As sent: discord.py would leave out roles and channels that it does not know.
        data = cast(Mapping[str, Any], interaction.data)
        values = [str(value) for value in data.get("values", ())]
        await _attempted(interaction, lambda host: self.chosen(interaction, host, values))


def take(interaction: discord.Interaction[Any]) -> None:
    """Note that somebody is there for it, although Discord may have to wait for the response."""
    interaction.extras[_TAKEN] = True


def is_taken(interaction: discord.Interaction[Any]) -> bool:
    """Whether somebody is there for it, or has responded already."""
    return _TAKEN in interaction.extras or interaction.response.is_done()


class Form(ui.Modal, title="…"):
    """A form whose texts are cut to what Discord takes. Override `submitted`."""

    def __init__(self, title: str) -> None:
        super().__init__(title=cut(title, MODAL_TITLE), timeout=OPEN_S)

    def ask(self, label: str, field: ui.Item[Any], description: str | None = None) -> None:
        """Add a field below those that are there."""
        short = None if description is None else cut(description, MODAL_LABEL_DESCRIPTION)
        self.add_item(ui.Label(text=cut(label, MODAL_LABEL), description=short, component=field))

    async def submitted(self, interaction: discord.Interaction, host: Host) -> None:
        """Do what the form is for; an exception is told to the person."""
        raise NotImplementedError

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """See `discord.ui.Modal.on_submit`."""
        take(interaction)
        await _attempted(interaction, lambda host: self.submitted(interaction, host))


async def _attempted(interaction: discord.Interaction[Any], act: Callable[[Host], Awaitable[None]]) -> None:
    """Do what somebody wants; when it fails, tell them."""
    host = host_of(interaction)
    try:
        with host.at_work():
            await act(host)
    except Exception as error:
        await host.failed(interaction, error)
