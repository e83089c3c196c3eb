"""Messages that arrive although a connection breaks: discord.py repeats some failures and not others.

It does not repeat a reset connection on Linux (it knows the errno of macOS and Windows only), nor a 503. A repeated
message carries the same nonce, so that Discord drops the second of two that both arrived. First responses to
interactions are repeated in `bot.responses`.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
import discord

from bot.responses import ALREADY_ACKNOWLEDGED

log = logging.getLogger(__name__)

PAUSES_S = (0.2, 0.8, 2.0)
"""Waits before each repetition."""

FAILURES = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)
"""What a request to Discord may raise; RateLimited, where it would have to wait for more than a minute."""

T = TypeVar("T")


def is_passing(error: Exception) -> bool:
    """Whether the same request may succeed a moment later."""
    if isinstance(error, discord.HTTPException):
        return error.status >= 500
    return isinstance(error, discord.RateLimited | aiohttp.ClientError | OSError)


async def repeated(send: Callable[[], Awaitable[T]]) -> T:
    """Await what `send` makes, again if it fails for a passing reason, at most `len(PAUSES_S)` times more."""
    for pause in PAUSES_S:
        try:
            return await send()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            if not is_passing(error):
                raise
            log.info("sending again in %.1f s: %s: %s", pause, type(error).__name__, error)
        await asyncio.sleep(pause)
    return await send()


async def respond(interaction: discord.Interaction, view: discord.ui.LayoutView, *, is_private: bool) -> bool:
    """Show a card as the first response, or in the place of "thinking" when that was the first response.

    Returns:
        False when Discord does not want it any more: it came after 3 s, or after 15 min.
    """
    if is_private and not _is_listened_to(view):
        # discord.py holds each private card in a task for 15 minutes, unless it is told that nothing will be pressed.
        view.stop()

    async def send() -> None:
        if not interaction.response.is_done():
            try:
                await interaction.response.send_message(view=view, ephemeral=is_private)
            except discord.HTTPException as error:
                # "Thinking" arrived, and all attempts to send it lost their receipts.
                if error.code != ALREADY_ACKNOWLEDGED:
                    raise
            else:
                return
        await repeated(lambda: interaction.edit_original_response(view=view))

    return await _wanted(send())


async def think(interaction: discord.Interaction, *, is_private: bool) -> bool:
    """Say that the answer takes a moment; see `respond` for what is returned."""
    return await _wanted(interaction.response.defer(ephemeral=is_private, thinking=True))


async def acknowledge(interaction: discord.Interaction) -> bool:
    """Take note of a pressed button without showing anything; see `respond` for what is returned."""
    return await _wanted(interaction.response.defer())


async def ask_with(interaction: discord.Interaction, form: discord.ui.Modal) -> bool:
    """Open a form; see `respond` for what is returned."""
    return await _wanted(interaction.response.send_modal(form))


async def replace(interaction: discord.Interaction, view: discord.ui.LayoutView) -> bool:
    """Change the card whose button was pressed; see `respond` for what is returned."""
    if not interaction.response.is_done():
        return await _wanted(interaction.response.edit_message(view=view))
    return await _wanted(repeated(lambda: interaction.edit_original_response(view=view)))


async def post(
    channel: discord.abc.Messageable, view: discord.ui.LayoutView, reference: discord.MessageReference | None = None
) -> discord.Message:
    """Send a card to a channel, once.

    Raises:
        discord.HTTPException: Discord refuses it.
    """
    nonce = secrets.token_hex(12)
    if reference is None:
        return await repeated(lambda: channel.send(view=view, nonce=nonce))
    return await repeated(lambda: channel.send(view=view, nonce=nonce, reference=reference, mention_author=False))


def _is_listened_to(view: discord.ui.LayoutView) -> bool:
    """Whether presses are for this very object; the buttons that carry their state are known without it."""
    return any(item.is_dispatchable() and not isinstance(item, discord.ui.DynamicItem) for item in view.walk_children())


async def _wanted(sent: Awaitable[object]) -> bool:
    try:
        await sent
    except discord.NotFound as error:
        log.warning("Discord no longer waits for this response (%s): %s", error.code, error.text)
        return False
    return True
