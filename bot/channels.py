"""The channels of a server: where the bot may answer, and which hear of what feeds bring."""

from collections.abc import Collection

import discord

from bot.rendering.errors import permission_name
from bot.rendering.words import Words
from bot.state import ChannelsMode, ServerSettings
from index import Feed

Channel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
"""Where messages can be written: `channel_of` finds no other."""


def may_answer(server: ServerSettings, channel: object) -> bool:
    """Whether answers in a channel may be seen by everybody there; a thread follows its channel."""
    match server.channels_mode:
        case ChannelsMode.ALL:
            return True
        case ChannelsMode.SOME:
            return is_listed(server.channels, channel)
        case ChannelsMode.NONE:
            return False


def is_listed(channels: Collection[int], channel: object) -> bool:
    """Whether a channel, or the one that a thread belongs to, is among some."""
    return getattr(channel, "id", None) in channels or getattr(channel, "parent_id", None) in channels


def channel_of(guild: discord.Guild, feed: Feed) -> Channel | None:
    """The channel that hears of a feed's news; None when there is none, or none of this server any more."""
    if feed.channel is None or not (feed.channel.isascii() and feed.channel.isdecimal()):
        return None
    found = guild.get_channel_or_thread(int(feed.channel))
    return found if isinstance(found, Channel) else None


def untold(guild: discord.Guild | None, feed: Feed, words: Words) -> str | None:
    """Why the news of a feed cannot be told, in a sentence for those who manage the server; None when they can."""
    if guild is None or feed.channel is None:
        return None
    channel = channel_of(guild, feed)
    if channel is None:
        return words.say(
            "News cannot be told: their channel is gone, or hidden from me. {command} chooses another.",
            command=words.command("feeds change"),
        )
    allowed = channel.permissions_for(guild.me)
    needed = ["view_channel", "send_messages", *(["create_public_threads"] if feed.threads else [])]
    missing = next((one for one in needed if not getattr(allowed, one)), None)
    if missing is None:
        return None
    return words.say(
        "News cannot be told: in {channel} I need the permission {permission}.",
        channel=f"<#{channel.id}>",
        permission=f"**{permission_name(missing, words)}**",
    )
