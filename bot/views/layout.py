"""A card as Discord's Components V2: a container with an accent, texts with lines between them, and rows of buttons."""

from typing import Any

import discord
from discord import ui

from bot.rendering.cards import Accent, Card

COLOURS = {
    Accent.ANSWERED: discord.Colour(0x2E8B57),
    Accent.UNCERTAIN: discord.Colour(0xD9A520),
    Accent.REFUSED: discord.Colour(0x8A8F98),
    Accent.PLAIN: discord.Colour(0x4A6FA5),
    Accent.SUCCESS: discord.Colour(0x2E8B57),
    Accent.FAILURE: discord.Colour(0xB5443C),
}


def container(card: Card, *rows: "ui.ActionRow[Any]") -> "ui.Container[Any]":
    """Lay a card out; rows stand below its texts, inside the same container."""
    box: ui.Container[Any] = ui.Container(accent_colour=COLOURS[card.accent])
    for place, text in enumerate(card.texts):
        if 0 < place < len(card.parts):
            box.add_item(ui.Separator())
        box.add_item(ui.TextDisplay(text))
    for row in rows:
        if row.children:
            box.add_item(row)
    return box


def layout(card: Card, *rows: "ui.ActionRow[Any]", timeout: float | None = None) -> ui.LayoutView:
    """A message that is one card; see `container`."""
    view = ui.LayoutView(timeout=timeout)
    view.add_item(container(card, *rows))
    return view
