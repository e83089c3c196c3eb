"""Things as Discord writes them in JSON: what discord.py needs of them, and what is needed to read well."""

from tests.support.discord.permissions import in_channel
from tests.support.discord.refusals import Payload
from tests.support.discord.state import Attachment, Channel, ChannelType, Guild, Member, Message, Role, User, World


def user(one: User) -> Payload:
    """https://discord.com/developers/docs/resources/user#user-object"""
    return {
        "id": str(one.id),
        "username": one.name,
        "global_name": None,
        "discriminator": "0",
        "avatar": None,
        "bot": one.is_bot,
        "public_flags": 0,
    }


def member(one: Member, *, permissions: int | None = None, has_user: bool = True) -> Payload:
    """https://discord.com/developers/docs/resources/guild#guild-member-object"""
    shown: Payload = {
        "nick": None,
        "avatar": None,
        "roles": [str(role_id) for role_id in sorted(one.role_ids)],
        "joined_at": one.joined_at.isoformat(),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    if has_user:
        shown["user"] = user(one.user)
    if permissions is not None:
        shown["permissions"] = str(permissions)
    return shown


def role(one: Role, position: int) -> Payload:
    """https://discord.com/developers/docs/topics/permissions#role-object"""
    return {
        "id": str(one.id),
        "name": one.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": position,
        "permissions": str(one.permissions),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def channel(one: Channel, world: World) -> Payload:
    """https://discord.com/developers/docs/resources/channel#channel-object"""
    shown: Payload = {"id": str(one.id), "type": int(one.type), "flags": 0, "last_message_id": None}
    if one.guild is None:
        shown["recipients"] = [user(world.users[who]) for who in one.recipient_ids if who != world.bot.id]
        if one.type is ChannelType.GROUP_DM:
            shown |= {"name": one.name, "icon": None, "owner_id": str(one.recipient_ids[0])}
        return shown
    shown |= {"guild_id": str(one.guild.id), "name": one.name, "parent_id": None, "rate_limit_per_user": 0}
    if one.parent is not None:
        return shown | {
            "parent_id": str(one.parent.id),
            "owner_id": str(one.owner_id),
            "message_count": len(one.messages),
            "total_message_sent": len(one.messages),
            "member_count": 2,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 1_440,
                "archive_timestamp": "2026-01-01T00:00:00+00:00",
                "locked": False,
            },
        }
    return shown | {
        "position": list(one.guild.channels).index(one.id),
        "topic": None,
        "nsfw": False,
        "permission_overwrites": [
            {
                "id": str(target),
                "type": 0 if overwrite.is_role else 1,
                "allow": str(overwrite.allowed),
                "deny": str(overwrite.denied),
            }
            for target, overwrite in one.overwrites.items()
        ],
    }


def seen_channel(one: Channel, viewer: User, world: World) -> Payload:
    """A channel inside an interaction: with what the person may do there, and without the overwrites."""
    shown = channel(one, world)
    shown.pop("permission_overwrites", None)
    if one.guild is not None:
        shown["permissions"] = str(int(in_channel(one, viewer)))
    return shown


def guild(one: Guild, world: World) -> Payload:
    """What GUILD_CREATE tells of a server. Of its people, the bot alone: more needs the members intent."""
    everywhere = one.channels.values()
    bot = one.members.get(world.bot.id)
    return {
        "id": str(one.id),
        "name": one.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "owner_id": str(one.owner_id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": [role(held, place) for place, held in enumerate(one.roles.values())],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "vanity_url_code": None,
        "description": None,
        "banner": None,
        "premium_tier": 0,
        "preferred_locale": one.locale,
        "public_updates_channel_id": None,
        "nsfw_level": 0,
        "premium_progress_bar_enabled": False,
        "joined_at": (bot.joined_at.isoformat() if bot is not None else None),
        "large": False,
        "unavailable": False,
        "member_count": len(one.members),
        "members": [member(bot)] if bot is not None else [],
        "channels": [channel(seen, world) for seen in everywhere if seen.parent is None],
        "threads": [channel(seen, world) for seen in everywhere if seen.parent is not None],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment(one: Attachment) -> Payload:
    """https://discord.com/developers/docs/resources/message#attachment-object"""
    return {
        "id": str(one.id),
        "filename": one.name,
        "size": len(one.content),
        "url": one.url,
        "proxy_url": one.url,
        "content_type": one.content_type,
    }


def message(one: Message, world: World, *, is_censored: bool = False, with_reference: bool = True) -> Payload:
    """https://discord.com/developers/docs/resources/message#message-object

    Args:
        is_censored: Leave out what a bot without the message-content intent does not get.
        with_reference: Whether the message that it replies to is told too; Discord does so one level deep.
    """
    guild_of = one.channel.guild
    shown: Payload = {
        "id": str(one.id),
        "channel_id": str(one.channel.id),
        "author": user(one.author),
        "content": "" if is_censored else one.content,
        "timestamp": one.sent_at.isoformat(),
        "edited_timestamp": one.edited_at.isoformat() if one.edited_at is not None else None,
        "tts": False,
        "mention_everyone": "everyone" in one.pinged,
        "mentions": [user(world.users[who]) for who in sorted(one.mentioned_ids)],
        "mention_roles": [],
        "attachments": [] if is_censored else [attachment(file) for file in one.attachments],
        "embeds": [] if is_censored else one.embeds,
        "components": [] if is_censored else one.components,
        "pinned": False,
        "type": 19 if one.reference is not None else 20 if one.interaction is not None else 0,
        "flags": int(one.flags),
    }
    if one.nonce is not None:
        shown["nonce"] = one.nonce
    if one.interaction is not None:
        shown["interaction_metadata"] = one.interaction
        shown["application_id"] = str(world.application_id)
    if one.reference is not None:
        referred: Payload = {"type": 0, "message_id": str(one.reference.id), "channel_id": str(one.channel.id)}
        if guild_of is not None:
            referred["guild_id"] = str(guild_of.id)
        shown["message_reference"] = referred
        if with_reference:
            shown["referenced_message"] = (
                None
                if one.reference.is_deleted
                else message(
                    one.reference, world, is_censored=is_censored_for_bot(one.reference, world), with_reference=False
                )
            )
    return shown


def event_message(one: Message, world: World, *, is_censored: bool = False) -> Payload:
    """A message as an event tells it: with its server, and with who wrote it as a member."""
    shown = message(one, world, is_censored=is_censored)
    if one.channel.guild is not None:
        shown["guild_id"] = str(one.channel.guild.id)
        wrote = one.channel.guild.members.get(one.author.id)
        if wrote is not None:
            shown["member"] = member(wrote, has_user=False)
    return shown


def is_censored_for_bot(one: Message, world: World) -> bool:
    """Whether its content is held back from a bot without the message-content intent.

    Source: https://discord.com/developers/docs/events/gateway#message-content-intent
    """
    return not (one.channel.guild is None or one.author == world.bot or world.bot.id in one.mentioned_ids)
