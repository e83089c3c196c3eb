"""Messages are sent, changed and taken away: checked as Discord checks them, and told to whoever may see them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from tests.support.discord import payloads, validation
from tests.support.discord.gateway import Event, Intent
from tests.support.discord.permissions import Permission, in_channel
from tests.support.discord.refusals import Payload, RefusedError, invalid
from tests.support.discord.state import (
    NO_FLAGS,
    Attachment,
    Channel,
    ChannelType,
    Message,
    MessageFlag,
    User,
    World,
    walk,
)

_KEPT_FLAGS = (
    MessageFlag.EPHEMERAL | MessageFlag.COMPONENTS_V2 | MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS
)
_USER_MENTION = re.compile(r"<@!?(\d+)>")
_ROLE_MENTION = re.compile(r"<@&(\d+)>")
_CONTENT_TYPES = {"txt": "text/plain; charset=utf-8", "md": "text/markdown; charset=utf-8", "png": "image/png"}


@dataclass(frozen=True)
class Draft:
    """Who is about to write where; `asked_by` is who used the bot, and sees alone what is private."""

    channel: Channel
    author: User
    asked_by: User | None = None
    interaction: Payload | None = None


class Messages:
    """Writes messages and sends their events."""

    def __init__(self, world: World, dispatch: Callable[[Event], None], files_url: str) -> None:
        self._world = world
        self._dispatch = dispatch
        self._files_url = files_url

    def attach(self, name: str, content: bytes) -> Attachment:
        """Store a file, where it can be downloaded."""
        file_id = self._world.snowflakes.next()
        kind = _CONTENT_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
        stored = Attachment(file_id, name, content, kind, f"{self._files_url}/{file_id}/{quote(name)}")
        self._world.attachments[file_id] = stored
        return stored

    def post(
        self,
        draft: Draft,
        body: Payload,
        files: Mapping[int, tuple[str, bytes]],
        *,
        reference: Message | None = None,
        nonce: str | None = None,
    ) -> Message:
        """Send a message.

        Args:
            body: As a client writes it.
            files: Name and content of each upload, by its number.
            reference: What it replies to.
        """
        flags = MessageFlag(body.get("flags") or 0) & _KEPT_FLAGS
        attachments = self._attached([], body, files)
        validation.check_message(
            body, flags=flags, file_names=[file.name for file in attachments], is_empty=_is_empty(body, attachments)
        )
        message = Message(
            self._world.snowflakes.next(),
            draft.channel,
            draft.author,
            attachments=attachments,
            reference=reference,
            flags=flags,
            nonce=nonce,
            interaction=draft.interaction,
            private_to=draft.asked_by if MessageFlag.EPHEMERAL in flags else None,
        )
        self._write(message, body)
        self._keep(message)
        return message

    def thinking(self, draft: Draft, *, is_private: bool) -> Message:
        """Say that the bot is thinking."""
        flags = MessageFlag.LOADING | (MessageFlag.EPHEMERAL if is_private else NO_FLAGS)
        message = Message(
            self._world.snowflakes.next(),
            draft.channel,
            draft.author,
            flags=flags,
            interaction=draft.interaction,
            private_to=draft.asked_by if is_private else None,
        )
        self._keep(message)
        return message

    def edit(self, message: Message, body: Payload, files: Mapping[int, tuple[str, bytes]]) -> Message:
        """Change a message."""
        asked = MessageFlag(body.get("flags") or 0)
        flags = message.flags & ~MessageFlag.LOADING | (
            asked & (MessageFlag.COMPONENTS_V2 | MessageFlag.SUPPRESS_EMBEDS)
        )
        if "flags" in body and MessageFlag.COMPONENTS_V2 in message.flags and MessageFlag.COMPONENTS_V2 not in asked:
            raise invalid("flags", "The IS_COMPONENTS_V2 flag cannot be removed")
        attachments = self._attached(message.attachments, body, files)
        result = {
            "content": body.get("content", message.content),
            "embeds": body.get("embeds", message.embeds),
            "components": body.get("components", message.components),
            "allowed_mentions": body.get("allowed_mentions"),
        }
        validation.check_message(
            result, flags=flags, file_names=[file.name for file in attachments], is_empty=_is_empty(result, attachments)
        )
        if not message.is_thinking:
            message.edited_at = datetime.now(UTC)
        message.attachments, message.flags = attachments, flags
        self._write(message, result)
        self._tell(message, "MESSAGE_UPDATE")
        return message

    def delete(self, message: Message) -> None:
        """Take a message away."""
        message.is_deleted = True
        message.channel.messages.pop(message.id, None)
        if not message.is_private:
            data: Payload = {"id": str(message.id), "channel_id": str(message.channel.id)}
            if message.channel.guild is not None:
                data["guild_id"] = str(message.channel.guild.id)
            self._send(message.channel, Event("MESSAGE_DELETE", data))

    def _attached(
        self, before: list[Attachment], body: Payload, files: Mapping[int, tuple[str, bytes]]
    ) -> list[Attachment]:
        validation.check_files([len(content) for _, content in files.values()])
        listed = body.get("attachments")
        kept = (
            before if listed is None else [one for one in before if str(one.id) in {str(x.get("id")) for x in listed}]
        )
        return kept + [self.attach(name, content) for _, (name, content) in sorted(files.items())]

    def _write(self, message: Message, body: Payload) -> None:
        message.content = body.get("content") or ""
        message.embeds = body.get("embeds") or []
        message.components = _numbered(body.get("components") or [])
        message.versions.append(message.text)
        mentioned = {int(one) for one in _USER_MENTION.findall(message.text)} & self._world.users.keys()
        message.pinged = self._pings(message, body.get("allowed_mentions"), mentioned)
        message.mentioned_ids = (
            frozenset(int(one) for one in message.pinged if one.isdigit()) & self._world.users.keys()
        )

    def _pings(self, message: Message, allowed: Payload | None, mentioned: set[int]) -> frozenset[str]:
        """Whom the message notifies; https://discord.com/developers/docs/resources/message#allowed-mentions-object"""
        is_reply = message.reference is not None
        if allowed is None:
            # Answers to interactions ping people alone, unless they say otherwise.
            parse = {"users"} if message.interaction is not None else {"users", "roles", "everyone"}
            allowed = {"replied_user": True}
        else:
            parse = set(allowed.get("parse", []))
        pinged = {str(who) for who in mentioned if "users" in parse or str(who) in map(str, allowed.get("users") or [])}
        for role in _ROLE_MENTION.findall(message.text):
            if "roles" in parse or role in map(str, allowed.get("roles") or []):
                pinged.add(role)
        may_ping_all = Permission.MENTION_EVERYONE in in_channel(message.channel, message.author)
        if "everyone" in parse and may_ping_all and re.search(r"@(everyone|here)\b", message.text):
            pinged.add("everyone")
        if is_reply and allowed.get("replied_user") and message.reference is not None:
            pinged.add(str(message.reference.author.id))
        return frozenset(pinged)

    def _keep(self, message: Message) -> None:
        if not message.is_private:
            message.channel.messages[message.id] = message
        self._tell(message, "MESSAGE_CREATE")

    def _tell(self, message: Message, event: str) -> None:
        if message.is_private:
            return
        full = payloads.event_message(message, self._world)
        censored = None
        if payloads.is_censored_for_bot(message, self._world):
            censored = payloads.event_message(message, self._world, is_censored=True)
        self._send(message.channel, Event(event, full, censored=censored))

    def _send(self, channel: Channel, event: Event) -> None:
        if Permission.VIEW_CHANNEL not in in_channel(channel, self._world.bot):
            return
        is_direct = channel.guild is None
        self._dispatch(
            Event(
                event.name,
                event.data,
                guild_id=None if channel.guild is None else channel.guild.id,
                intent=Intent.DIRECT_MESSAGES if is_direct else Intent.GUILD_MESSAGES,
                censored=event.censored,
            )
        )


def check_may_write(channel: Channel, user: User, *, has_files: bool, is_reply: bool) -> None:
    """Refuse a message of a bot that may not write there."""
    held = in_channel(channel, user)
    if Permission.VIEW_CHANNEL not in held:
        raise RefusedError(403, 50001, "Missing Access")
    in_thread = channel.type is ChannelType.THREAD
    needed = Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES
    if needed not in held or (has_files and Permission.ATTACH_FILES not in held):
        raise RefusedError(403, 50013, "Missing Permissions")
    if is_reply and Permission.READ_MESSAGE_HISTORY not in held:
        raise RefusedError(403, 160002, "You cannot reply without permission to read message history")


def _is_empty(body: Payload, attachments: list[Attachment]) -> bool:
    names = ("content", "embeds", "components", "poll", "sticker_ids")
    return not attachments and not any(body.get(name) for name in names)


def _numbered(components: list[Payload]) -> list[Payload]:
    """Components as Discord gives them back: each has an `id`, given in order where the bot gave none."""
    taken = {one["id"] for one in walk(components) if one.get("id")}
    number = 0

    def numbered(one: Payload) -> Payload:
        nonlocal number
        shown = dict(one)
        if not shown.get("id"):
            number += 1
            while number in taken:
                number += 1
            shown["id"] = number
        if "components" in shown:
            shown["components"] = [numbered(inner) for inner in shown["components"]]
        for key in ("component", "accessory"):
            if isinstance(shown.get(key), dict):
                shown[key] = numbered(shown[key])
        return shown

    return [numbered(one) for one in components]
