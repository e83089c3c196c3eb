"""What the bot must be allowed to do in a channel to answer messages there, and what for.

Commands need none of it: Discord itself shows their answers.
"""

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


def missing(granted: discord.Permissions) -> list[Need]:
    """What is missing in a channel; only the first where the channel cannot even be seen."""
    if not granted.view_channel:
        return [NEEDS[0]]
    return [need for need in NEEDS if not getattr(granted, need.flag)]
