"""Lists of articles with buttons that turn pages, and the button that brings removed articles back.

Their state is in `custom_id`, so that they work after a restart. Everybody who presses is asked for their permission
again, and sees the server where they press and no other: no `custom_id` names one.
"""

import asyncio
import math
import re
from dataclasses import dataclass, replace
from typing import Any, Self, get_args

import discord
from discord import ui

from bot.desk import scope_of
from bot.host import Button, Host, managed_server
from bot.rendering.cards import Accent, Card
from bot.rendering.limits import length
from bot.rendering.lists import Listed, ListPage, list_card, title_of
from bot.rendering.words import Words
from bot.views.changing import change
from bot.views.layout import layout
from index import Library, Sort

PAGE = 10
"""Articles on a page of a list."""

LONGEST_SEARCH = 50
"""Characters, as `limits.length` counts them, that are searched for in titles: they have to fit into a `custom_id`."""

_LETTERS: dict[str, Sort] = {sort[0]: sort for sort in get_args(Sort)}


@dataclass(frozen=True, slots=True)
class Listing:
    """Which page of which list; `page` from 1. A page beyond the last one is the last."""

    search: str = ""
    sort: Sort = "newest"
    page: int = 1


def searched_for(typed: str) -> str:
    """What is searched for in titles: one line of at most `LONGEST_SEARCH` characters."""
    line = " ".join(typed.split())
    while length(line) > LONGEST_SEARCH:
        line = line[:-1]
    return line


class TurnButton(
    Button, template=re.compile(r"list1:(?P<sort>[not]):(?P<page>\d{1,7}):(?P<search>.{0,50})", re.DOTALL)
):
    """Shows another page of a list."""

    def __init__(self, listing: Listing, *, emoji: str | None = None, is_disabled: bool = False) -> None:
        self.listing = listing
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                emoji=emoji,
                disabled=is_disabled,
                custom_id=f"list1:{listing.sort[0]}:{listing.page}:{listing.search}",
            )
        )

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """See `Button.from_match`."""
        return cls(Listing(match["search"], _LETTERS[match["sort"]], int(match["page"])), emoji="▶️")

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        guild_id = await managed_server(interaction)
        words = await host.words(interaction)
        await change(interaction, lambda: list_view(host.library, guild_id, self.listing, words))


async def list_view(library: Library, guild_id: int, listing: Listing, words: Words) -> ui.LayoutView:
    """A page of the articles that a server sees, its own and the shared ones."""
    scope = scope_of(guild_id)
    offset = (listing.page - 1) * PAGE
    found = await library.find_articles(scope, listing.search, sort=listing.sort, offset=offset, limit=PAGE)
    pages = max(math.ceil(found.total / PAGE), 1)
    if listing.page > pages:
        # Articles were removed since the button was sent.
        return await list_view(library, guild_id, replace(listing, page=pages), words)
    passages = await asyncio.gather(*(library.passages(info) for info in found.items))
    items = tuple(Listed(info, count) for info, count in zip(found.items, passages, strict=True))
    card = list_card(ListPage(items, found.total, listing.page, pages, listing.search, listing.sort), words)
    if pages == 1:
        return layout(card)
    first, last = listing.page == 1, listing.page == pages
    # The two of a page differ always: a message may not hold one `custom_id` twice.
    row: ui.ActionRow[Any] = ui.ActionRow(
        TurnButton(replace(listing, page=max(listing.page - 1, 1)), emoji="◀️", is_disabled=first),
        TurnButton(replace(listing, page=listing.page + 1), emoji="▶️", is_disabled=last),
    )
    return layout(card, row)


class UndoButton(Button, template=r"undo1:(?P<token>[A-Za-z0-9_-]{10,40})"):
    """Brings removed articles back, as long as they are kept."""

    def __init__(self, token: str, label: str = "Undo") -> None:
        self.token = token
        super().__init__(ui.Button(style=discord.ButtonStyle.primary, label=label, custom_id=f"undo1:{token}"))

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """See `Button.from_match`."""
        return cls(match["token"])

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        guild_id = await managed_server(interaction)
        words = await host.words(interaction)

        async def undo() -> ui.LayoutView:
            removed = await host.state.removed(self.token)
            if removed is None or removed.guild_id != guild_id or removed.expires_at < discord.utils.utcnow():
                text = words.say(
                    "It was undone already, or it is too late: see {command}.",
                    command=words.command("articles list"),
                )
                return layout(Card((text,), Accent.FAILURE))
            stored = await host.library.put_back(removed.payload)
            await host.state.drop_removed(self.token)
            text = "\n".join(words.say("{title} is back.", title=title_of(one.info, words)) for one in stored)
            return layout(Card((text,), Accent.SUCCESS))

        await change(interaction, undo)
