"""What the bot must be allowed to do in a channel to answer messages there, and what for.

Commands need none of it: Discord itself shows their answers.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import discord


@dataclass(frozen=True, slots=True)
class Need:
    """A permission: discord.py's name for it, Discord's own in English, and what it is for."""

    flag: str
    name: str
    purpose: str


NEEDS = (
    Need("view_channel", "View Channel", "to see the messages that ask"),
    Need("send_messages", "Send Messages", "to answer messages"),
    Need("send_messages_in_threads", "Send Messages in Threads", "to answer in threads"),
    Need("read_message_history", "Read Message History", "to reply to the message that asks"),
)


def invite_link(application_id: int) -> str:
    """The address at which whoever manages a server adds the bot, with exactly the permissions that it needs."""
    permissions = discord.Permissions(**{need.flag: True for need in NEEDS})
    return discord.utils.oauth_url(application_id, permissions=permissions)


@dataclass(frozen=True, slots=True)
class Access:
    """What the bot may do in the channels of a server.

    Attributes:
        open: How many channels there are in which it may do everything.
        hidden: How many it does not see; that is as its managers want it.
        lacking: The channels in which something is missing, by what.
    """

    open: int
    hidden: int
    lacking: Mapping[Need, tuple[discord.abc.GuildChannel, ...]]


def access(channels: Iterable[discord.abc.GuildChannel], me: discord.Member, chosen: Collection[int] = ()) -> Access:
    """Look at the channels in which people write.

    Args:
        chosen: Ids of channels that the managers have named: that they are hidden from the bot is a mistake.
    """
    lacking: dict[Need, tuple[discord.abc.GuildChannel, ...]] = {}
    is_open = hidden = 0
    for channel in channels:
        if not isinstance(channel, discord.TextChannel | discord.ForumChannel | discord.VoiceChannel):
            continue
        needs = missing(channel.permissions_for(me))
        if not needs:
            is_open += 1
        elif needs[0] is NEEDS[0] and channel.id not in chosen:
            hidden += 1
        else:
            lacking |= {need: (*lacking.get(need, ()), channel) for need in needs}
    return Access(is_open, hidden, lacking)


def missing(granted: discord.Permissions) -> list[Need]:
    """What is missing in a channel; only the first where the channel cannot even be seen."""
    if not granted.view_channel:
        return [NEEDS[0]]
    return [need for need in NEEDS if not getattr(granted, need.flag)]
