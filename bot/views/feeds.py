"""The list of a server's feeds, and a card with all that can be changed of one, saved when something is chosen.

What is pressed names a feed and never a server: it is looked for in the server where it is pressed.
"""

import math
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot import sending
from bot.channels import untold
from bot.host import Button, Form, Host, Select, managed_server
from bot.rendering.choices import option_label
from bot.rendering.feeds import (
    INTERVALS_MIN,
    MOSTS,
    FeedPage,
    feed_card,
    feeds_card,
    interval_text,
    unknown_feed_card,
)
from bot.rendering.limits import BUTTON_LABEL, SELECT_TEXT, cut
from bot.rendering.lists import language_name, language_of
from bot.rendering.words import Words
from bot.views.changing import change
from bot.views.forms import correction
from bot.views.jobs import begun_job
from bot.views.layout import layout
from index import Feed, UnknownFeedError

PAGE = 5
"""Feeds on a page of the list."""

NEWS_CHANNELS = [discord.ChannelType.text, discord.ChannelType.news]
"""Where news can be told."""

_ID = r"(?P<id>[A-Za-z0-9_-]{1,40})"


class Action(StrEnum):
    """What a button of a feed's card does. The values are part of messages that were sent: never reuse one."""

    CHECK = "check"
    THREADS = "threads"
    NO_THREADS = "nothreads"
    ON = "on"
    OFF = "off"
    FORM = "form"


class FeedButton(Button, template=rf"feed1:(?P<action>[a-z]{{1,10}}):{_ID}"):
    """A button of a feed's card."""

    def __init__(self, action: Action, feed_id: str, label: str = "…") -> None:
        self.action = action
        self.feed_id = feed_id
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.primary if action is Action.ON else discord.ButtonStyle.secondary,
                label=cut(label, BUTTON_LABEL),
                custom_id=f"feed1:{action}:{feed_id}",
            )
        )

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """See `Button.from_match`."""
        try:
            action = Action(match["action"])
        except ValueError:
            # Of a newer Footnote than this one.
            action = Action.CHECK
        return cls(action, match["id"])

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        scope = (str(await managed_server(interaction)),)
        words = await host.words(interaction)
        match self.action:
            case Action.CHECK:
                await check_feed(interaction, host, self.feed_id, words)
            case Action.FORM:
                try:
                    feed = await host.gatherer.feed(self.feed_id, scope)
                except UnknownFeedError:
                    await sending.respond(interaction, layout(unknown_feed_card(words)), is_private=True)
                    return
                form = FeedForm(words, feed.id, feed.path_filter or "", feed.language or "")
                await sending.ask_with(interaction, form)
            case Action.THREADS | Action.NO_THREADS:
                await save(interaction, host, self.feed_id, threads=self.action is Action.THREADS)
            case Action.ON | Action.OFF:
                await save(interaction, host, self.feed_id, enabled=self.action is Action.ON)


class FeedSelect(Select, template=rf"feed1-(?P<field>every|most|channel):{_ID}"):
    """A select of a feed's card."""

    def __init__(self, item: ui.Item[Any], field: str, feed_id: str) -> None:
        self.field = field
        self.feed_id = feed_id
        super().__init__(item)

    @classmethod
    def from_match(cls, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """See `Select.from_match`."""
        return cls(item, match["field"], match["id"])

    async def chosen(self, interaction: discord.Interaction, host: Host, values: Sequence[str]) -> None:
        """See `Select.chosen`."""
        await save(interaction, host, self.feed_id, **_chosen(self.field, values))


def _chosen(field: str, values: Sequence[str]) -> dict[str, Any]:
    """What is to be changed after something was chosen; nothing for what a select does not offer."""
    if field == "channel":
        return {"channel": values[0] if values else None}
    if not values or not values[0].isdecimal():
        return {}
    value = int(values[0])
    if field == "every" and value in INTERVALS_MIN:
        return {"interval_min": value}
    return {"most": value} if field == "most" and value in MOSTS else {}


class FeedsTurn(Button, template=r"feeds1:(?P<page>\d{1,5})"):
    """Shows another page of the list."""

    def __init__(self, page: int, *, emoji: str = "▶️", is_disabled: bool = False) -> None:
        self.page = page
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary, emoji=emoji, disabled=is_disabled, custom_id=f"feeds1:{page}"
            )
        )

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """See `Button.from_match`."""
        return cls(int(match["page"]))

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        guild_id = await managed_server(interaction)
        words = await host.words(interaction)
        await change(interaction, lambda: feeds_view(host, interaction.guild, guild_id, self.page, words))


class FeedForm(Form):
    """Asks which articles of a feed are read, and for their language.

    Args:
        only: What stands in the first field: how the path of an address has to begin.
        language: What stands in the second, as a code or as it was typed.
    """

    def __init__(self, words: Words, feed_id: str, only: str, language: str) -> None:
        super().__init__(words.say("Paths and language"))
        self._feed_id = feed_id
        named = language_name(language, words) if language_of(language, words) == language else language
        self.only_field: ui.TextInput[FeedForm] = ui.TextInput(
            default=only, required=False, max_length=100, placeholder="/news/"
        )
        self.language_field: ui.TextInput[FeedForm] = ui.TextInput(default=named, required=False, max_length=60)
        self.ask(
            words.say("Only these paths"),
            self.only_field,
            words.say("How they begin, for example /news/; * stands for anything. Empty for all."),
        )
        self.ask(words.say("Language"), self.language_field, words.say("Empty: told by the text of each article."))

    async def submitted(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Form.submitted`."""
        await host.require_manager(interaction)
        words = await host.words(interaction)
        only, typed = self.only_field.value.strip(), self.language_field.value.strip()
        code = language_of(typed, words) if typed else None
        if typed and code is None:
            problem = words.say("I do not know this language. Write its name, or its code such as en.")
            view = correction([problem], words, lambda: FeedForm(words, self._feed_id, only, typed))
            await sending.respond(interaction, view, is_private=True)
            return
        await save(interaction, host, self._feed_id, path_filter=only or None, language=code)


# ---- changing


async def save(interaction: discord.Interaction[Any], host: Host, feed_id: str, **fields: Any) -> None:
    """Change a feed of the server where something was chosen, and show it as it is now."""
    scope = (str(await managed_server(interaction)),)
    words = await host.words(interaction)

    async def changed() -> ui.LayoutView:
        try:
            if not fields:
                feed = await host.gatherer.feed(feed_id, scope)
            else:
                feed = await host.gatherer.change_feed(feed_id, scope, **fields)
        except UnknownFeedError:
            return layout(unknown_feed_card(words))
        return feed_view(feed, interaction.guild, words)

    await change(interaction, changed)


async def check_feed(interaction: discord.Interaction[Any], host: Host, feed_id: str, words: Words) -> None:
    """Check a feed now, and tell what came of it."""
    collection = str(await managed_server(interaction))

    async def checked() -> ui.LayoutView:
        try:
            job = await host.gatherer.submit_check(feed_id, (collection,), str(interaction.user.id))
        except UnknownFeedError:
            return layout(unknown_feed_card(words))
        return await begun_job(interaction, host, job, words)

    await host.answer(interaction, checked, is_private=True)


# ---- showing


async def feeds_view(host: Host, guild: discord.Guild | None, guild_id: int, page: int, words: Words) -> ui.LayoutView:
    """A page of the feeds of a server, by title; `page` from 1."""
    feeds = sorted(await host.gatherer.feeds((str(guild_id),)), key=lambda feed: (feed.title.casefold(), feed.id))
    pages = max(math.ceil(len(feeds) / PAGE), 1)
    page = min(max(page, 1), pages)
    shown = feeds[(page - 1) * PAGE : page * PAGE]
    items = tuple((feed, untold(guild, feed, words)) for feed in shown)
    card = feeds_card(FeedPage(items, len(feeds), page, pages), words)
    row: ui.ActionRow[Any] = ui.ActionRow()
    if pages > 1:
        row.add_item(FeedsTurn(max(page - 1, 1), emoji="◀️", is_disabled=page == 1))
        row.add_item(FeedsTurn(page + 1, emoji="▶️", is_disabled=page == pages))
    return layout(card, row)


def feed_view(feed: Feed, guild: discord.Guild | None, words: Words) -> ui.LayoutView:
    """A feed with everything that can be changed of it."""
    minutes = sorted({*INTERVALS_MIN, feed.interval_min})
    every = [
        discord.SelectOption(
            label=option_label(interval_text(one, words)),
            value=str(one),
            default=one == feed.interval_min,
        )
        for one in minutes
    ]
    most = [
        discord.SelectOption(
            label=option_label(words.count(one, "At most {n} article at a check", "At most {n} articles at a check")),
            value=str(one),
            default=one == feed.most,
        )
        for one in sorted({*MOSTS, feed.most})
    ]
    there = feed.channel is not None and guild is not None and guild.get_channel(int(feed.channel)) is not None
    channel: ui.ChannelSelect[ui.LayoutView] = ui.ChannelSelect(
        custom_id=f"feed1-channel:{feed.id}",
        channel_types=NEWS_CHANNELS,
        placeholder=cut(words.say("Channel for news; none"), SELECT_TEXT),
        min_values=0,
        max_values=1,
        default_values=[discord.SelectDefaultValue(id=int(feed.channel), type=discord.SelectDefaultValueType.channel)]
        if there and feed.channel is not None
        else [],
    )
    rows: list[ui.ActionRow[Any]] = [
        ui.ActionRow(FeedSelect(_select(f"feed1-every:{feed.id}", every), "every", feed.id)),
        ui.ActionRow(FeedSelect(_select(f"feed1-most:{feed.id}", most), "most", feed.id)),
        ui.ActionRow(FeedSelect(channel, "channel", feed.id)),
        ui.ActionRow(*_buttons(feed, words)),
    ]
    return layout(feed_card(feed, untold(guild, feed, words), words), *rows)


def _select(custom_id: str, options: list[discord.SelectOption]) -> "ui.Select[ui.LayoutView]":
    return ui.Select(custom_id=custom_id, options=options)


def _buttons(feed: Feed, words: Words) -> list[FeedButton]:
    buttons = [FeedButton(Action.CHECK, feed.id, words.say("Check now"))] if feed.enabled else []
    if feed.channel is not None:
        if feed.threads:
            buttons.append(FeedButton(Action.NO_THREADS, feed.id, words.say("News without threads")))
        else:
            buttons.append(FeedButton(Action.THREADS, feed.id, words.say("A thread for each article")))
    buttons.append(FeedButton(Action.FORM, feed.id, words.say("Paths and language")))
    if feed.enabled:
        buttons.append(FeedButton(Action.OFF, feed.id, words.say("Switch off")))
    else:
        buttons.append(FeedButton(Action.ON, feed.id, words.say("Switch on")))
    return buttons
