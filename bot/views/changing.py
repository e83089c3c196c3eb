"""Changing a card whose button was pressed, when the change may take a while."""

import asyncio
from collections.abc import Awaitable, Callable

import discord
from discord import ui

from bot import sending

AT_ONCE_S = 0.4
"""What takes longer is acknowledged first: Discord waits 3 s, and the network takes its share."""


async def change(interaction: discord.Interaction, make: Callable[[], Awaitable[ui.LayoutView]]) -> None:
    """Show what `make` makes in the place of the card; the card stays as it is meanwhile.

    Whatever `make` raises is raised, and then the card is as it was.
    """
    making = asyncio.ensure_future(make())
    try:
        done, _ = await asyncio.wait({making}, timeout=AT_ONCE_S)
        if not done and not interaction.response.is_done():
            await sending.acknowledge(interaction)
        view = await making
    finally:
        making.cancel()
    await sending.replace(interaction, view)
