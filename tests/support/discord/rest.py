"""The REST routes that the bot uses; what is not here is answered with 404.

Source: https://discord.com/developers/docs/reference
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.support.discord import payloads
from tests.support.discord.commands import Commands
from tests.support.discord.gateway import Event, Gateway, Intent
from tests.support.discord.interactions import Interactions
from tests.support.discord.messages import Draft, Messages, check_may_write
from tests.support.discord.permissions import Permission, in_channel
from tests.support.discord.refusals import (
    Payload,
    RefusedError,
    invalid,
    missing_access,
    missing_permissions,
    unauthorized,
    unknown,
)
from tests.support.discord.state import Channel, ChannelType, Guild, Message, World

Answer = Payload | list[Payload] | None
"""JSON, or nothing: 204."""


@dataclass(frozen=True)
class Call:
    """A request, read."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Payload
    commands: list[Payload] = field(default_factory=list)
    """The body where it is a list, as with commands alone."""
    files: Mapping[int, tuple[str, bytes]] = field(default_factory=dict)


_MESSAGE_CONTENT_LIMITED = 1 << 19
"""An application's flag: https://discord.com/developers/docs/resources/application#application-object-application-flags"""

Handler = Callable[["Rest", Call, tuple[str, ...]], Answer]
_ROUTES: list[tuple[str, re.Pattern[str], Handler, bool]] = []


def _route(method: str, path: str, *, has_token: bool = True) -> Callable[[Handler], Handler]:
    """A handler of a path; `*` stands for one part of it. `has_token` False: for who has no bot token, as webhooks."""

    def registered(handler: Handler) -> Handler:
        pattern = re.compile(re.escape(path).replace(r"\*", "([^/]+)") + "$")
        _ROUTES.append((method, pattern, handler, has_token))
        return handler

    return registered


class Rest:
    """Answers requests; every handler is one step that nothing interrupts."""

    def __init__(
        self, world: World, messages: Messages, interactions: Interactions, commands: Commands, gateway: Gateway
    ) -> None:
        self.recommended_shards = 1
        self.session_starts = 1_000
        """How many are left."""
        self._world = world
        self._messages = messages
        self._interactions = interactions
        self._commands = commands
        self._gateway = gateway
        self._by_nonce: dict[tuple[int, str], Message] = {}

    def answer(self, call: Call, *, is_authorized: bool) -> Answer:
        """Do what a request asks for.

        Raises:
            RefusedError: Discord would not.
        """
        for method, pattern, handler, has_token in _ROUTES:
            match = pattern.match(call.path)
            if method == call.method and match is not None:
                if has_token and not is_authorized:
                    raise unauthorized()
                return handler(self, call, tuple(map(unquote, match.groups())))
        raise RefusedError(404, 0, f"404: Not Found: {call.method} {call.path}")

    # The application

    @_route("GET", "/users/@me")
    def _me(self, _call: Call, _ids: tuple[str, ...]) -> Answer:
        return payloads.user(self._world.bot) | {"verified": True, "mfa_enabled": True, "flags": 0}

    @_route("GET", "/users/*")
    def _user(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        found = self._world.users.get(int(ids[0]))
        if found is None:
            raise unknown("User")
        return payloads.user(found)

    @_route("GET", "/applications/@me")
    @_route("GET", "/oauth2/applications/@me")
    def _application(self, _call: Call, _ids: tuple[str, ...]) -> Answer:
        owner = min(self._world.users.values(), key=lambda user: (user.is_bot, user.id))
        return {
            "id": str(self._world.application_id),
            "name": self._world.bot.name,
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "owner": payloads.user(owner),
            "team": None,
            "verify_key": "0" * 64,
            "flags": _MESSAGE_CONTENT_LIMITED if Intent.MESSAGE_CONTENT in self._gateway.allowed_intents else 0,
        }

    @_route("GET", "/gateway", has_token=False)
    def _gateway_url(self, _call: Call, _ids: tuple[str, ...]) -> Answer:
        return {"url": self._gateway.url}

    @_route("GET", "/gateway/bot")
    def _bot_gateway(self, _call: Call, _ids: tuple[str, ...]) -> Answer:
        limits = {"total": 1_000, "remaining": self.session_starts, "reset_after": 0, "max_concurrency": 16}
        return {"url": self._gateway.url, "shards": self.recommended_shards, "session_start_limit": limits}

    # Commands

    @_route("GET", "/applications/*/commands")
    def _list_commands(self, _call: Call, _ids: tuple[str, ...]) -> Answer:
        return self._commands.of.get(None, [])

    @_route("GET", "/applications/*/guilds/*/commands")
    def _list_guild_commands(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        return self._commands.of.get(self._guild(ids[1]).id, [])

    @_route("PUT", "/applications/*/commands")
    def _put_commands(self, call: Call, _ids: tuple[str, ...]) -> Answer:
        return self._commands.replace(None, call.commands)

    @_route("PUT", "/applications/*/guilds/*/commands")
    def _put_guild_commands(self, call: Call, ids: tuple[str, ...]) -> Answer:
        return self._commands.replace(self._guild(ids[1]).id, call.commands)

    # Interactions

    @_route("POST", "/interactions/*/*/callback", has_token=False)
    def _respond(self, call: Call, ids: tuple[str, ...]) -> Answer:
        told = self._interactions.respond(int(ids[0]), ids[1], call.body, call.files)
        return told if call.query.get("with_response") in {"1", "true"} else None

    @_route("POST", "/webhooks/*/*", has_token=False)
    def _follow_up(self, call: Call, ids: tuple[str, ...]) -> Answer:
        message = self._interactions.follow_up(ids[1], call.body, call.files)
        return payloads.message(message, self._world)

    @_route("GET", "/webhooks/*/*/messages/*", has_token=False)
    def _get_response(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        return payloads.message(self._interactions.message(ids[1], ids[2]), self._world)

    @_route("PATCH", "/webhooks/*/*/messages/*", has_token=False)
    def _edit_response(self, call: Call, ids: tuple[str, ...]) -> Answer:
        return payloads.message(self._interactions.edit(ids[1], ids[2], call.body, call.files), self._world)

    @_route("DELETE", "/webhooks/*/*/messages/*", has_token=False)
    def _delete_response(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        self._interactions.delete(ids[1], ids[2])
        return None

    # Channels and messages

    @_route("POST", "/users/@me/channels")
    def _open_dm(self, call: Call, _ids: tuple[str, ...]) -> Answer:
        user = self._world.users.get(int(call.body["recipient_id"]))
        if user is None:
            raise unknown("User")
        return payloads.channel(self._world.dm(user), self._world)

    @_route("GET", "/channels/*")
    def _get_channel(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        return payloads.channel(self._channel(ids[0], Permission.VIEW_CHANNEL), self._world)

    @_route("POST", "/channels/*/messages")
    def _post_message(self, call: Call, ids: tuple[str, ...]) -> Answer:
        channel = self._channel(ids[0])
        referred = (call.body.get("message_reference") or {}).get("message_id")
        is_reply = referred is not None
        check_may_write(channel, self._world.bot, has_files=bool(call.files), is_reply=is_reply)
        nonce = call.body.get("nonce")
        if nonce is not None and len(str(nonce)) > 25:
            raise invalid("nonce", "Must be 25 or fewer in length.")
        sent = self._by_nonce.get((channel.id, str(nonce)))
        if sent is not None and call.body.get("enforce_nonce"):
            return payloads.message(sent, self._world)
        reference = channel.messages.get(int(referred)) if referred is not None else None
        if is_reply and reference is None and call.body["message_reference"].get("fail_if_not_exists", True):
            raise invalid("message_reference", "Unknown message")
        message = self._messages.post(
            Draft(channel, self._world.bot), call.body, call.files, reference=reference, nonce=nonce
        )
        if nonce is not None:
            self._by_nonce[channel.id, str(nonce)] = message
        return payloads.message(message, self._world)

    @_route("GET", "/channels/*/messages")
    def _history(self, call: Call, ids: tuple[str, ...]) -> Answer:
        channel = self._channel(ids[0], Permission.VIEW_CHANNEL, Permission.READ_MESSAGE_HISTORY)
        after, before = int(call.query.get("after", 0)), int(call.query.get("before", 1 << 63))
        found = [one for one in channel.messages.values() if after < one.id < before]
        newest_first = sorted(found, key=lambda one: one.id, reverse=True)
        return [payloads.message(one, self._world) for one in newest_first[: int(call.query.get("limit", 50))]]

    @_route("GET", "/channels/*/messages/*")
    def _get_message(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        channel = self._channel(ids[0], Permission.VIEW_CHANNEL, Permission.READ_MESSAGE_HISTORY)
        message = self._message(channel, ids[1])
        intents = self._gateway.allowed_intents
        is_censored = payloads.is_censored_for_bot(message, self._world) and Intent.MESSAGE_CONTENT not in intents
        return payloads.message(message, self._world, is_censored=is_censored)

    @_route("PATCH", "/channels/*/messages/*")
    def _edit_message(self, call: Call, ids: tuple[str, ...]) -> Answer:
        message = self._message(self._channel(ids[0], Permission.VIEW_CHANNEL), ids[1])
        if message.author != self._world.bot:
            raise RefusedError(403, 50005, "Cannot edit a message authored by another user")
        return payloads.message(self._messages.edit(message, call.body, call.files), self._world)

    @_route("DELETE", "/channels/*/messages/*")
    def _delete_message(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        channel = self._channel(ids[0], Permission.VIEW_CHANNEL)
        message = self._message(channel, ids[1])
        if message.author != self._world.bot and Permission.MANAGE_MESSAGES not in in_channel(channel, self._world.bot):
            raise missing_permissions()
        self._messages.delete(message)
        return None

    @_route("POST", "/channels/*/typing")
    def _type(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        channel = self._channel(ids[0])
        check_may_write(channel, self._world.bot, has_files=False, is_reply=False)
        channel.typed_at.append(time.monotonic())
        return None

    @_route("PUT", "/channels/*/messages/*/reactions/*/@me")
    def _react(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        needed = (Permission.VIEW_CHANNEL, Permission.READ_MESSAGE_HISTORY, Permission.ADD_REACTIONS)
        message = self._message(self._channel(ids[0], *needed), ids[1])
        message.reactions.setdefault(ids[2], set()).add(self._world.bot.id)
        return None

    @_route("DELETE", "/channels/*/messages/*/reactions/*/@me")
    def _unreact(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        message = self._message(self._channel(ids[0], Permission.VIEW_CHANNEL), ids[1])
        message.reactions.get(ids[2], set()).discard(self._world.bot.id)
        return None

    @_route("POST", "/channels/*/threads")
    def _start_thread(self, call: Call, ids: tuple[str, ...]) -> Answer:
        channel = self._channel(ids[0], Permission.VIEW_CHANNEL, Permission.CREATE_PUBLIC_THREADS)
        return self._thread(channel, call, self._world.snowflakes.next())

    @_route("POST", "/channels/*/messages/*/threads")
    def _start_thread_at_message(self, call: Call, ids: tuple[str, ...]) -> Answer:
        channel = self._channel(ids[0], Permission.VIEW_CHANNEL, Permission.CREATE_PUBLIC_THREADS)
        message = self._message(channel, ids[1])
        if message.id in self._world.channels:
            raise RefusedError(400, 160004, "A thread has already been created for this message")
        return self._thread(channel, call, message.id)

    def _thread(self, channel: Channel, call: Call, thread_id: int) -> Answer:
        name = call.body.get("name") or ""
        if not 1 <= len(name) <= 100:
            raise invalid("name", "Must be between 1 and 100 in length.")
        if channel.type is not ChannelType.TEXT:
            raise RefusedError(400, 50024, "Cannot execute action on this channel type")
        thread = Channel(
            thread_id, name, ChannelType.THREAD, channel.guild, parent=channel, owner_id=self._world.bot.id
        )
        shown = payloads.channel(self._world.add_channel(thread), self._world)
        assert channel.guild is not None
        self._gateway.dispatch(Event("THREAD_CREATE", shown | {"newly_created": True}, channel.guild.id, Intent.GUILDS))
        return shown

    @_route("PUT", "/channels/*/thread-members/@me")
    def _join_thread(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        self._channel(ids[0], Permission.VIEW_CHANNEL)
        return None

    # Servers

    @_route("GET", "/users/@me/guilds")
    def _own_guilds(self, _call: Call, _ids: tuple[str, ...]) -> Answer:
        return [
            {"id": str(guild.id), "name": guild.name, "icon": None, "owner": False, "permissions": "0", "features": []}
            for guild in self._world.bot_guilds()
        ]

    @_route("GET", "/guilds/*/channels")
    def _guild_channels(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        channels = self._guild(ids[0]).channels.values()
        return [payloads.channel(one, self._world) for one in channels if one.parent is None]

    @_route("GET", "/guilds/*")
    def _get_guild(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        return payloads.guild(self._guild(ids[0]), self._world)

    @_route("GET", "/guilds/*/members/*")
    def _get_member(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        member = self._guild(ids[0]).members.get(int(ids[1]))
        if member is None:
            raise unknown("Member")
        return payloads.member(member)

    @_route("DELETE", "/users/@me/guilds/*")
    def _leave(self, _call: Call, ids: tuple[str, ...]) -> Answer:
        guild = self._guild(ids[0])
        self._gateway.dispatch(Event("GUILD_DELETE", {"id": str(guild.id)}, guild.id, Intent.GUILDS))
        del guild.members[self._world.bot.id]
        return None

    def _guild(self, guild_id: str) -> Guild:
        guild = self._world.guilds.get(int(guild_id))
        if guild is None:
            raise unknown("Guild")
        if self._world.bot.id not in guild.members:
            raise missing_access()
        return guild

    def _channel(self, channel_id: str, *needed: Permission) -> Channel:
        channel = self._world.channels.get(int(channel_id))
        if channel is None:
            raise unknown("Channel")
        held = in_channel(channel, self._world.bot)
        for permission in needed:
            if permission not in held:
                raise missing_access() if permission is Permission.VIEW_CHANNEL else missing_permissions()
        return channel

    def _message(self, channel: Channel, message_id: str) -> Message:
        message = channel.messages.get(int(message_id))
        if message is None:
            raise unknown("Message")
        return message
