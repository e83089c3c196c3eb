"""The settings of a server: one card with selects, each saved when something is chosen.

No `custom_id` names a server: what is chosen is for the server where it is chosen.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, Self

import discord
from babel import Locale
from discord import ui

from bot import sending
from bot.host import Button, Form, Host, Select, managed_server
from bot.rendering.cards import Accent
from bot.rendering.choices import option_label
from bot.rendering.feeds import interval_text
from bot.rendering.limits import BUTTON_LABEL, cut
from bot.rendering.words import LOCALES, Words
from bot.state import ChannelsMode, ServerSettings
from bot.views.forms import correction
from bot.views.layout import COLOURS

MAX_DAILY = 1_000_000

MOST_CHOSEN = 25
"""Channels or roles in one select: https://docs.discord.com/developers/components/reference."""

LANGUAGES = ("en-US", "de", "es-ES", "fr", "pt-BR", "ru", "ja", "zh-CN", "ko", "no")
"""One of Discord's codes for each catalogue."""

_FOLLOWS = "follows"
_NEVER = "never"
_REFRESH_HOURS = ("24", "168", "720")
_TEMPLATE = re.compile(r"set1:(?P<field>[a-z]+)")

_ANSWERABLE = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
]
"""Threads belong to a channel, and follow it."""


class Field(StrEnum):
    """What a select sets. The values are part of messages that were sent: never reuse one."""

    MODE = "mode"
    CHANNELS = "channels"
    ANSWERED = "answered"
    ROLES = "roles"
    PRIVATE = "private"
    LANGUAGE = "language"
    REFRESH = "refresh"


def changed(server: ServerSettings, field: Field, values: Sequence[str]) -> ServerSettings:
    """The settings after something was chosen in a select; `values` as Discord sends them.

    How often pages are fetched again is kept with the articles, and not here.
    """
    match field:
        case Field.REFRESH:
            return server
        case Field.MODE:
            return replace(server, channels_mode=ChannelsMode(values[0]))
        case Field.CHANNELS:
            return replace(server, channels=frozenset(map(int, values)))
        case Field.ANSWERED:
            return replace(server, answered_channels=frozenset(map(int, values)))
        case Field.ROLES:
            # Everybody has the role with the server's own number.
            return replace(server, manager_roles=frozenset(map(int, values)) - {server.guild_id})
        case Field.PRIVATE:
            return replace(server, is_private=values[0] == "yes")
        case Field.LANGUAGE:
            return replace(server, language=values[0] if values[0] in LANGUAGES else None)


class SettingSelect(Select, template=_TEMPLATE):
    """A select of the card."""

    async def chosen(self, interaction: discord.Interaction, host: Host, values: Sequence[str]) -> None:
        """See `Select.chosen`."""
        field = Field(self.custom_id.partition(":")[2])
        if field is Field.REFRESH:
            await save_refresh(interaction, host, values[0])
        view = await save(interaction, host, lambda server: changed(server, field, values))
        await sending.replace(interaction, view)


class LimitsButton(Button, template=r"set1-limits"):
    """Opens the form for the daily limits."""

    def __init__(self, label: str | None = None) -> None:
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label and cut(label, BUTTON_LABEL),
                emoji=None if label else "✏️",
                custom_id="set1-limits",
            )
        )

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:  # noqa: ARG003 - there is nothing in it
        """See `Button.from_match`."""
        return cls()

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        server = await host.state.server(await managed_server(interaction))
        words = await host.words(interaction)
        typed = ["" if limit is None else str(limit) for limit in (server.user_daily_limit, server.server_daily_limit)]
        await sending.ask_with(interaction, LimitsForm(words, *typed))


class LimitsForm(Form):
    """Asks for the most questions a day, of one person and of the whole server; an empty field is no limit.

    Args:
        of_user: What stands in the first field, as typed.
        of_server: What stands in the second.
    """

    def __init__(self, words: Words, of_user: str, of_server: str) -> None:
        super().__init__(words.say("Daily limits"))
        self.user_field: ui.TextInput[LimitsForm] = ui.TextInput(default=of_user, required=False, max_length=12)
        self.server_field: ui.TextInput[LimitsForm] = ui.TextInput(default=of_server, required=False, max_length=12)
        self.ask(words.say("Questions of one person a day"), self.user_field, words.say("Empty for no limit."))
        self.ask(words.say("Questions of the server a day"), self.server_field, words.say("Empty for no limit."))

    async def submitted(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Form.submitted`."""
        await host.require_manager(interaction)
        words = await host.words(interaction)
        typed = (self.user_field.value, self.server_field.value)
        try:
            of_user, of_server = map(_limit, typed)
        except ValueError:
            problem = words.say(
                "A limit is a whole number from 1 to {most}, or nothing for no limit.", most=words.number(MAX_DAILY)
            )
            view = correction([problem], words, lambda: LimitsForm(words, *typed))
            await sending.respond(interaction, view, is_private=True)
            return
        view = await save(
            interaction, host, lambda server: replace(server, user_daily_limit=of_user, server_daily_limit=of_server)
        )
        await sending.replace(interaction, view)


def _limit(typed: str) -> int | None:
    """Read a limit; ValueError unless it is nothing or a whole number from 1 to `MAX_DAILY`."""
    digits = "".join(typed.split())
    if not digits:
        return None
    limit = int(digits)
    if not 1 <= limit <= MAX_DAILY:
        raise ValueError(typed)
    return limit


async def save_refresh(interaction: discord.Interaction, host: Host, value: str) -> None:
    """Save how often the pages of a server's articles are fetched again; what only the operator may choose stays."""
    collection = str(await managed_server(interaction))
    if value in _REFRESH_HOURS:
        await host.gatherer.set_refresh(collection, int(value))
    elif value == _NEVER:
        await host.gatherer.set_refresh(collection, None)


async def save(
    interaction: discord.Interaction, host: Host, change: Callable[[ServerSettings], ServerSettings]
) -> ui.LayoutView:
    """Change the settings of the server where something was chosen, and show them as they are now.

    Raises:
        NotManagerError: See `managed_server`.
    """
    server = await host.state.change_server(await managed_server(interaction), change)
    refresh_h = await host.gatherer.refresh_every(str(server.guild_id))
    # The language may have been what changed.
    words = await host.words(interaction)
    return settings_view(server, interaction.guild, words, host.settings.message_content, refresh_h)


def settings_view(
    server: ServerSettings, guild: discord.Guild | None, words: Words, message_content: bool, refresh_h: int | None
) -> ui.LayoutView:
    """The card with every setting of a server.

    Args:
        guild: The server as far as it is known; channels and roles that it has not any more are not shown.
        message_content: Whether the operator switched on reading all messages.
        refresh_h: Hours after which pages are fetched again; None for never.
    """
    box: ui.Container[Any] = ui.Container(accent_colour=COLOURS[Accent.PLAIN])
    box.add_item(ui.TextDisplay(f"## {words.say('Settings')}\n-# {words.say('What you choose is saved at once.')}"))
    box.add_item(ui.Separator())
    _section(box, words.say("Channels where I may answer"), None, _mode_select(server, words))
    if server.channels_mode is ChannelsMode.SOME:
        box.add_item(ui.ActionRow(_channel_select(Field.CHANNELS, server.channels, guild, words)))
    hint = words.say("Messages there that are questions get an answer without a mention, when there is one.")
    if not message_content:
        hint = words.say("The operator of the bot has to switch this on first: MESSAGE_CONTENT=true.")
    _section(
        box,
        words.say("Channels where every question is answered"),
        hint,
        _channel_select(Field.ANSWERED, server.answered_channels, guild, words, is_disabled=not message_content),
    )
    _section(
        box,
        words.say("Roles that may manage articles"),
        words.say(
            "Those with the permission Manage Server may always. For the others, also allow the commands to the role "
            "in Server Settings, Integrations."
        ),
        _role_select(server, guild, words),
    )
    _section(box, words.say("Who sees the answers to commands"), None, _private_select(server, words))
    _section(box, words.say("My language"), None, _language_select(server, words))
    _section(
        box,
        words.say("Fetch pages again"),
        words.say("Articles that were added by link follow their pages."),
        _refresh_select(refresh_h, words),
    )
    box.add_item(ui.TextDisplay(f"**{words.say('Daily limits')}**\n{_limits(server, words)}"))
    box.add_item(ui.ActionRow(LimitsButton(words.say("Change the limits"))))
    view = ui.LayoutView(timeout=None)
    view.add_item(box)
    return view


def _section(box: "ui.Container[Any]", name: str, hint: str | None, select: ui.Item[Any]) -> None:
    box.add_item(ui.TextDisplay(f"**{name}**" + (f"\n-# {hint}" if hint else "")))
    box.add_item(ui.ActionRow(select))


def _custom_id(field: Field) -> str:
    return f"set1:{field}"


def _options(texts: Mapping[str, str], chosen: str) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(label=option_label(text), value=value, default=value == chosen)
        for value, text in texts.items()
    ]


def _select(field: Field, texts: Mapping[str, str], chosen: str) -> SettingSelect:
    return SettingSelect(ui.Select(custom_id=_custom_id(field), options=_options(texts, chosen)))


def _mode_select(server: ServerSettings, words: Words) -> SettingSelect:
    texts = {
        ChannelsMode.ALL: words.say("In all channels"),
        ChannelsMode.SOME: words.say("Only in some channels"),
        ChannelsMode.NONE: words.say("In none; commands are answered in private"),
    }
    return _select(Field.MODE, {mode.value: text for mode, text in texts.items()}, server.channels_mode.value)


def _private_select(server: ServerSettings, words: Words) -> SettingSelect:
    texts = {
        "no": words.say("Everybody in the channel"),
        "yes": words.say("Only who asked, unless they choose otherwise"),
    }
    return _select(Field.PRIVATE, texts, "yes" if server.is_private else "no")


def _language_select(server: ServerSettings, words: Words) -> SettingSelect:
    texts = {_FOLLOWS: words.say("The language of whoever asks")}
    for code in LANGUAGES:
        locale = Locale.parse(LOCALES[code])
        texts[code] = locale.get_display_name() or code
    return _select(Field.LANGUAGE, texts, server.language or _FOLLOWS)


def _refresh_select(refresh_h: int | None, words: Words) -> SettingSelect:
    texts = {
        _NEVER: words.say("Never"),
        "24": words.say("Every day"),
        "168": words.say("Every week"),
        "720": words.say("Every month"),
    }
    if refresh_h is None:
        return _select(Field.REFRESH, texts, _NEVER)
    # The operator may have chosen any number of hours.
    texts.setdefault(str(refresh_h), interval_text(refresh_h * 60, words))
    return _select(Field.REFRESH, texts, str(refresh_h))


def _channel_select(
    field: Field, chosen: frozenset[int], guild: discord.Guild | None, words: Words, *, is_disabled: bool = False
) -> SettingSelect:
    there = [one for one in sorted(chosen) if guild is None or guild.get_channel(one) is not None]
    select: ui.ChannelSelect[ui.LayoutView] = ui.ChannelSelect(
        custom_id=_custom_id(field),
        channel_types=_ANSWERABLE,
        placeholder=words.say("Choose channels"),
        min_values=0,
        max_values=MOST_CHOSEN,
        disabled=is_disabled,
        default_values=[
            discord.SelectDefaultValue(id=one, type=discord.SelectDefaultValueType.channel)
            for one in there[:MOST_CHOSEN]
        ],
    )
    return SettingSelect(select)


def _role_select(server: ServerSettings, guild: discord.Guild | None, words: Words) -> SettingSelect:
    there = [one for one in sorted(server.manager_roles) if guild is None or guild.get_role(one) is not None]
    select: ui.RoleSelect[ui.LayoutView] = ui.RoleSelect(
        custom_id=_custom_id(Field.ROLES),
        placeholder=words.say("Choose roles"),
        min_values=0,
        max_values=MOST_CHOSEN,
        default_values=[
            discord.SelectDefaultValue(id=one, type=discord.SelectDefaultValueType.role) for one in there[:MOST_CHOSEN]
        ],
    )
    return SettingSelect(select)


def _limits(server: ServerSettings, words: Words) -> str:
    none = words.say("no limit")
    of_user, of_server = (
        none if limit is None else words.count(limit, "{n} question", "{n} questions")
        for limit in (server.user_daily_limit, server.server_daily_limit)
    )
    return words.say("One person: {of_user}. The whole server: {of_server}.", of_user=of_user, of_server=of_server)
