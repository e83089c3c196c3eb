"""A Discord of our own on the loopback: one port for REST, gateway and files, all in the test's own event loop."""

import asyncio
import time
from collections.abc import Callable
from typing import Self

from tests.support.discord import payloads
from tests.support.discord.actors import Actor
from tests.support.discord.commands import Commands
from tests.support.discord.gateway import Event, Gateway, Intent
from tests.support.discord.interactions import Interaction, Interactions, Kind
from tests.support.discord.listener import API, Listener, Request
from tests.support.discord.messages import Messages
from tests.support.discord.permissions import NO_PERMISSION, ORDINARY, Permission
from tests.support.discord.refusals import Payload
from tests.support.discord.rest import Rest
from tests.support.discord.state import Channel, ChannelType, Guild, Member, Message, Overwrite, Role, User, World
from tests.support.ports import free_port

TOKEN = "MTE0.loopback.token"
"""It opens nothing."""


class Discord:
    """The whole of it. Use it as `async with Discord() as discord`; a bot finds it by `api_base` and `gateway_url`."""

    def __init__(self) -> None:
        self.world = World()
        port = free_port()
        self.api_base = f"http://127.0.0.1:{port}{API}"
        """What DISCORD_API_BASE must be."""
        self.gateway_url = f"ws://127.0.0.1:{port}/gateway"
        """What DISCORD_GATEWAY_URL must be."""
        self.gateway = Gateway(self.world, TOKEN, self.gateway_url, self._notify)
        self.messages = Messages(self.world, self.gateway.dispatch, f"http://127.0.0.1:{port}/files")
        self.interactions = Interactions(self.world, self.messages, self._notify)
        self.commands = Commands(self.world)
        self.rest = Rest(self.world, self.messages, self.interactions, self.commands, self.gateway)
        self.listener = Listener(port, self.world, self.gateway, self.rest, self._notify)
        self.faults = self.listener.faults
        self.rate_limits = self.listener.rate_limits
        self.requests = self.listener.requests
        self._watchers: list[tuple[Callable[[], bool], asyncio.Event]] = []

    # Where it is, and when

    @property
    def token(self) -> str:
        """What DISCORD_TOKEN must be."""
        return self.gateway.token

    async def start(self) -> None:
        """Begin to listen. The address is known before, so that a bot can be started first."""
        await self.listener.start()

    async def stop(self) -> None:
        """Stop listening and break what is open. It can be started again, and remembers everything."""
        self.gateway.drop()
        await self.listener.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # What there is

    def guild(
        self,
        name: str = "Docs",
        *,
        owner: Actor | None = None,
        has_bot: bool = True,
        locale: str = "en-US",
        shard: tuple[int, int] = (0, 1),
    ) -> Guild:
        """A new server, with @everyone and, unless `has_bot` is False, with the bot.

        Args:
            shard: Which shard of how many it shall belong to.
        """
        owner = owner or self.person("owner")
        guild = Guild(self.world.snowflakes.next_of_shard(*shard), name, owner.id, locale)
        guild.roles[guild.id] = Role(guild.id, "@everyone", int(ORDINARY))
        self.world.guilds[guild.id] = guild
        for user in (owner.user, self.world.bot) if has_bot else (owner.user,):
            guild.members[user.id] = Member(user)
        self._tell(guild, "GUILD_CREATE", payloads.guild(guild, self.world))
        return guild

    def channel(self, guild: Guild, name: str = "general") -> Channel:
        """A new text channel."""
        channel = self.world.add_channel(Channel(self.world.snowflakes.next(), name, guild=guild))
        self._tell(guild, "CHANNEL_CREATE", payloads.channel(channel, self.world))
        return channel

    def thread(self, parent: Channel, name: str, owner: Actor) -> Channel:
        """A new public thread."""
        thread = Channel(
            self.world.snowflakes.next(), name, ChannelType.THREAD, parent.guild, parent=parent, owner_id=owner.id
        )
        self.world.add_channel(thread)
        assert parent.guild is not None
        self._tell(parent.guild, "THREAD_CREATE", payloads.channel(thread, self.world))
        return thread

    def group(self, *people: Actor) -> Channel:
        """A conversation of people, without the bot: of two, or of a group. Only an app of one of them works there."""
        kind = ChannelType.DM if len(people) == 2 else ChannelType.GROUP_DM
        ids = tuple(one.id for one in people)
        return self.world.add_channel(Channel(self.world.snowflakes.next(), "friends", kind, recipient_ids=ids))

    def role(self, guild: Guild, name: str, permissions: Permission = NO_PERMISSION) -> Role:
        """A new role."""
        role = Role(self.world.snowflakes.next(), name, int(permissions))
        guild.roles[role.id] = role
        shown = payloads.role(role, len(guild.roles) - 1)
        self._tell(guild, "GUILD_ROLE_CREATE", {"guild_id": str(guild.id), "role": shown})
        return role

    def person(self, name: str, *guilds: Guild, roles: tuple[Role, ...] = (), locale: str = "en-US") -> Actor:
        """A new person, in these servers, with the roles that are theirs."""
        user = self.world.add_user(name)
        for guild in guilds:
            held = {role.id for role in roles if role.id in guild.roles}
            guild.members[user.id] = Member(user, held)
        return Actor(self, user, locale)

    def allow(self, channel: Channel, target: Role | User, *permissions: Permission) -> None:
        """Give permissions in a channel."""
        self._overwrite(channel, target, allowed=permissions)

    def deny(self, channel: Channel, target: Role | User, *permissions: Permission) -> None:
        """Take permissions in a channel away."""
        self._overwrite(channel, target, denied=permissions)

    def _overwrite(
        self,
        channel: Channel,
        target: Role | User,
        allowed: tuple[Permission, ...] = (),
        denied: tuple[Permission, ...] = (),
    ) -> None:
        overwrite = channel.overwrites.setdefault(target.id, Overwrite(isinstance(target, Role)))
        for one in allowed:
            overwrite.allowed, overwrite.denied = overwrite.allowed | one, overwrite.denied & ~one
        for one in denied:
            overwrite.allowed, overwrite.denied = overwrite.allowed & ~one, overwrite.denied | one
        assert channel.guild is not None
        self._tell(channel.guild, "CHANNEL_UPDATE", payloads.channel(channel, self.world))

    def remove_bot(self, guild: Guild) -> None:
        """Take the bot out of a server, as its admins can."""
        self._tell(guild, "GUILD_DELETE", {"id": str(guild.id)})
        guild.members.pop(self.world.bot.id, None)

    def delete_channel(self, channel: Channel) -> None:
        """Take a channel away, with its messages."""
        assert channel.guild is not None
        self._tell(channel.guild, "CHANNEL_DELETE", payloads.channel(channel, self.world))
        del self.world.channels[channel.id]
        del channel.guild.channels[channel.id]

    def context_of(self, channel: Channel) -> int:
        """0 in a server, 1 in a direct message with the bot, 2 in people's own conversations."""
        if channel.guild is not None:
            return 0
        return 1 if self.world.bot.id in channel.recipient_ids else 2

    def _tell(self, guild: Guild, name: str, data: Payload) -> None:
        if self.world.bot.id in guild.members:
            self.gateway.dispatch(Event(name, data, guild.id, Intent.GUILDS))

    def open(
        self,
        kind: Kind,
        user: User,
        channel: Channel,
        payload: Payload,
        *,
        source: Message | None,
        is_user_install: bool,
    ) -> Interaction:
        """Begin an interaction and tell the bot."""
        opened = self.interactions.open(kind, user, channel, payload, source=source, is_user_install=is_user_install)

        def sent() -> None:
            opened.sent_at = opened.sent_at or time.perf_counter()

        guild_id = channel.guild.id if channel.guild is not None else None
        self.gateway.dispatch(Event("INTERACTION_CREATE", payload, guild_id, on_sent=sent))
        return opened

    # What happened

    @property
    def refused(self) -> list[str]:
        """What the bot asked for and Discord refused, as "POST /path: 400 50035: why". Ordered faults are not in it."""
        return [f"{one.method} {one.path}: {one.refusal}" for one in self.requests if one.refusal is not None]

    def sent_to(self, method: str, beginning: str) -> list[Request]:
        """The requests with this method whose path begins like this, oldest first."""
        return [one for one in self.requests if one.is_to(method, beginning)]

    def bot_messages(self, channel: Channel) -> list[Message]:
        """What the bot wrote in a channel and all can see, oldest first."""
        return [one for one in channel.messages.values() if one.author == self.world.bot]

    async def connected(self, shards: int = 1, timeout_s: float = 15) -> None:
        """Wait until this many shards have identified, and are connected."""
        await self.until(lambda: len(self.gateway.connected) >= shards, f"{shards} connected shards", timeout_s)

    async def reply_to(self, message: Message, timeout_s: float = 5) -> Message:
        """Wait for the bot's reply to a message: one that refers to it, or in a conversation the next one."""

        def found() -> Message | None:
            for one in self.bot_messages(message.channel):
                if one.reference is message or (message.channel.guild is None and one.id > message.id):
                    return one
            return None

        await self.until(lambda: found() is not None, f"a reply to {message.content!r}", timeout_s)
        reply = found()
        assert reply is not None
        return reply

    async def until(self, is_true: Callable[[], bool], what: str, timeout_s: float = 5) -> None:
        """Wait until something has come true; it is looked at whenever the bot did something.

        Raises:
            AssertionError: It did not in time; tells the last requests.
        """
        happened = asyncio.Event()
        watcher = (is_true, happened)
        self._watchers.append(watcher)
        try:
            if not is_true():
                await asyncio.wait_for(happened.wait(), timeout_s)
        except TimeoutError:
            last = "\n".join(
                f"  {one.method} {one.path} -> {one.status} {one.refusal or ''}" for one in self.requests[-12:]
            )
            raise AssertionError(f"no {what} within {timeout_s} s; the last requests:\n{last}") from None
        finally:
            self._watchers.remove(watcher)

    def _notify(self) -> None:
        for is_true, happened in self._watchers:
            if is_true():
                happened.set()
