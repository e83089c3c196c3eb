"""Who may do what where, computed as Discord does: https://discord.com/developers/docs/topics/permissions"""

from enum import IntFlag

from tests.support.discord.state import Channel, ChannelType, Guild, User


class Permission(IntFlag):
    """The permissions that a bot of ours can come across."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


NO_PERMISSION = Permission(0)
EVERYTHING = Permission((1 << 51) - 1)
ORDINARY = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.USE_EXTERNAL_APPS
)
"""What @everyone has in a new server, of the above."""

_WITHOUT_SENDING = Permission.MENTION_EVERYONE | Permission.EMBED_LINKS | Permission.ATTACH_FILES


def in_guild(guild: Guild, user: User) -> Permission:
    """What a person may do in a server where no channel says otherwise; nothing for who is not in it."""
    member = guild.members.get(user.id)
    if member is None:
        return NO_PERMISSION
    if guild.owner_id == user.id:
        return EVERYTHING
    held = Permission(guild.roles[guild.id].permissions)
    for role_id in member.role_ids:
        held |= Permission(guild.roles[role_id].permissions)
    return EVERYTHING if Permission.ADMINISTRATOR in held else held


def in_channel(channel: Channel, user: User) -> Permission:
    """What a person may do in a channel, a thread or a direct message."""
    if channel.guild is None:
        return ORDINARY if user.id in channel.recipient_ids else NO_PERMISSION
    guild = channel.guild
    held = in_guild(guild, user)
    if Permission.ADMINISTRATOR in held or user.id not in guild.members:
        return held
    overwrites = (channel.parent if channel.parent is not None else channel).overwrites
    everyone = overwrites.get(guild.id)
    if everyone is not None:
        held = held & ~everyone.denied | everyone.allowed
    of_roles = [overwrites[role_id] for role_id in guild.members[user.id].role_ids if role_id in overwrites]
    for overwrite in of_roles:
        held &= ~overwrite.denied
    for overwrite in of_roles:
        held |= overwrite.allowed
    own = overwrites.get(user.id)
    if own is not None:
        held = held & ~own.denied | own.allowed
    if Permission.VIEW_CHANNEL not in held:
        return NO_PERMISSION
    sending = (
        Permission.SEND_MESSAGES if channel.type is not ChannelType.THREAD else Permission.SEND_MESSAGES_IN_THREADS
    )
    return held if sending in held else held & ~_WITHOUT_SENDING
