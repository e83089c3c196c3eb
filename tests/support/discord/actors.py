"""What people do in Discord: they use commands, write, press buttons and fill in forms."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.support.discord import payloads
from tests.support.discord.filling import Filled, Filling, NotOfferedError, Options, Value, chosen_values, focus
from tests.support.discord.interactions import Interaction, Kind
from tests.support.discord.messages import Draft
from tests.support.discord.permissions import Permission, in_channel
from tests.support.discord.refusals import Payload
from tests.support.discord.state import Channel, ChannelType, ComponentType, Message, User, walk

if TYPE_CHECKING:
    from tests.support.discord.server import Discord

ANSWER_S = 5.0
"""How long a person waits for the bot before a test fails."""

FILE_LIMIT = 10 * 1024 * 1024
"""Bytes of a file that a person may send, where nobody pays for more."""

_CHAT_INPUT, _MESSAGE_MENU = 1, 3


class Actor:
    """A person. `locale` is that of their Discord client.

    Everything that the bot reacts to waits until the reaction can be seen, unless `wait` is False.
    """

    def __init__(self, discord: "Discord", user: User, locale: str = "en-US") -> None:
        self.user = user
        self.locale = locale
        self._discord = discord
        self._filling = Filling(discord.world, discord.messages, user)

    @property
    def id(self) -> int:
        """The account's id."""
        return self.user.id

    @property
    def mention(self) -> str:
        """How the person is mentioned in a text."""
        return f"<@{self.user.id}>"

    @property
    def dm(self) -> Channel:
        """The conversation with the bot."""
        return self._discord.world.dm(self.user)

    # Writing

    async def write(
        self,
        channel: Channel,
        text: str,
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        files: Mapping[str, bytes] = {},
    ) -> Message:
        """Send a message."""
        needed = Permission.SEND_MESSAGES_IN_THREADS if channel.type is ChannelType.THREAD else Permission.SEND_MESSAGES
        self._require(channel, Permission.VIEW_CHANNEL | needed)
        body: Payload = {
            "content": text,
            "allowed_mentions": {"parse": ["users", "roles", "everyone"], "replied_user": ping},
        }
        uploads = dict(enumerate(files.items()))
        return self._discord.messages.post(Draft(channel, self.user), body, uploads, reference=reply_to)

    async def ask(self, channel: Channel, question: str, *, wait: bool = True) -> Message:
        """Mention the bot with a question.

        Returns:
            The bot's reply, or with `wait` False the question.
        """
        asked = await self.write(channel, f"<@{self._discord.world.bot.id}> {question}")
        return await self._discord.reply_to(asked) if wait else asked

    async def reply(self, message: Message, text: str, *, ping: bool = True, wait: bool = True) -> Message:
        """Reply to a message; what is returned is as with `ask`."""
        asked = await self.write(message.channel, text, reply_to=message, ping=ping)
        return await self._discord.reply_to(asked) if wait else asked

    async def tell(self, text: str, *, wait: bool = True) -> Message:
        """Write to the bot directly; what is returned is as with `ask`."""
        asked = await self.write(self.dm, text)
        return await self._discord.reply_to(asked) if wait else asked

    async def edit(self, message: Message, text: str) -> None:
        """Change a message of one's own."""
        assert message.author == self.user
        body: Payload = {"content": text, "allowed_mentions": {"parse": ["users"], "replied_user": True}}
        self._discord.messages.edit(message, body, {})

    async def delete(self, message: Message) -> None:
        """Take a message away: one's own, or another's with the permission for it."""
        if message.author != self.user:
            self._require(message.channel, Permission.MANAGE_MESSAGES)
        self._discord.messages.delete(message)

    # Commands

    async def slash(
        self,
        channel: Channel,
        name: str,
        /,
        *,
        wait: bool = True,
        user_install: bool = False,
        is_forced: bool = False,
        **options: Value,
    ) -> Interaction:
        """Use a command, as in `slash(channel, "articles add file", file=("a.txt", b"..."))`.

        Args:
            user_install: The command comes from an app in the person's own account, not in the server.
            is_forced: The server's admins opened the command to everybody, whatever it asks for itself.
        """
        first, *path = name.split()
        command = self._command(channel, first, _CHAT_INPUT, user_install, is_forced=is_forced)
        filled = self._filling.options(command, path, options, channel, is_complete=True)
        return await self._use(Kind.COMMAND, channel, command, filled, user_install, wait=wait)

    async def autocomplete(
        self,
        channel: Channel,
        name: str,
        option: str,
        typed: str,
        *,
        user_install: bool = False,
        timeout_s: float = ANSWER_S,
        **options: Value,
    ) -> list[Payload]:
        """Type into an option.

        Returns:
            The choices that are offered, as the bot sent them.
        """
        first, *path = name.split()
        command = self._command(channel, first, _CHAT_INPUT, user_install)
        filled = self._filling.options(command, path, {**options, option: typed}, channel, is_complete=False)
        focus(filled, option)
        done = await self._use(Kind.AUTOCOMPLETE, channel, command, filled, user_install, wait=False)
        await self._discord.until(lambda: done.is_settled, f"answer to {typed!r}", timeout_s)
        assert done.choices is not None
        return done.choices

    async def message_menu(
        self, message: Message, name: str, *, wait: bool = True, user_install: bool = False
    ) -> Interaction:
        """Use a command of a message's menu."""
        command = self._command(message.channel, name, _MESSAGE_MENU, user_install)
        shown = payloads.message(message, self._discord.world)
        target = Options([], {"messages": {str(message.id): shown}})
        command = command | {"target_id": str(message.id)}
        return await self._use(Kind.COMMAND, message.channel, command, target, user_install, wait=wait)

    # Buttons, selects and forms

    async def click(self, message: Message | Interaction, button: str, *, wait: bool = True) -> Interaction:
        """Press a button, named by its label, its emoji, or the beginning of its custom_id."""
        message = message.shown if isinstance(message, Interaction) else message
        pressed = message.control(button)
        if pressed.get("disabled") or "custom_id" not in pressed:
            raise NotOfferedError(f"{button!r} cannot be pressed")
        return await self.press(message, str(pressed["custom_id"]), wait=wait)

    async def press(self, message: Message, custom_id: str, *, wait: bool = True) -> Interaction:
        """Press a button that may not be there: a forged one, or one of an older version."""
        data: Payload = {"component_type": int(ComponentType.BUTTON), "custom_id": custom_id}
        return await self._component(message, data, wait=wait)

    async def select(
        self, message: Message | Interaction, select: str, *values: str | User | Channel | int, wait: bool = True
    ) -> Interaction:
        """Choose in a select, named by its placeholder or the beginning of its custom_id.

        Args:
            values: The options' labels or values; people, channels, or the ids of roles.
        """
        message = message.shown if isinstance(message, Interaction) else message
        control = message.control(select)
        chosen = chosen_values(control, values)
        data: Payload = {"component_type": control["type"], "custom_id": control["custom_id"], "values": chosen}
        if control["type"] != ComponentType.SELECT:
            data["resolved"] = self._filling.resolved(message.channel, chosen)
        return await self._component(message, data, wait=wait)

    async def submit(
        self,
        opened: Interaction,
        values: Mapping[str, Filled],
        *,
        wait: bool = True,
    ) -> Interaction:
        """Fill in and send the form that an interaction opened.

        Args:
            values: What is typed or chosen, by a field's label or custom_id; other fields stay as they were.
        """
        assert opened.form is not None, "no form was opened"
        data = self._filling.form(opened.form, values)
        sent = self._opened(Kind.FORM, opened.channel, data, opened.is_user_install, source=opened.source)
        return await self._finished(sent, wait=wait)

    # Underneath

    def _require(self, channel: Channel, needed: Permission) -> None:
        missing = needed & ~in_channel(channel, self.user)
        if missing:
            raise NotOfferedError(f"{self.user.name} lacks {missing!r} in #{channel.name}")

    async def _use(
        self, kind: Kind, channel: Channel, command: Payload, filled: Options, user_install: bool, *, wait: bool
    ) -> Interaction:
        data: Payload = {"id": command["id"], "name": command["name"], "type": command["type"]}
        if "guild_id" in command:
            data["guild_id"] = command["guild_id"]
        if "target_id" in command:
            data["target_id"] = command["target_id"]
        if filled.options:
            data["options"] = filled.options
        if filled.resolved:
            data["resolved"] = filled.resolved
        return await self._finished(self._opened(kind, channel, data, user_install), wait=wait)

    async def _component(self, message: Message, data: Payload, *, wait: bool) -> Interaction:
        if message.private_to not in {None, self.user}:
            raise NotOfferedError(f"{self.user.name} does not see this message")
        is_user_install = "1" in ((message.interaction or {}).get("authorizing_integration_owners") or {})
        opened = self._opened(Kind.COMPONENT, message.channel, data, is_user_install, source=message)
        return await self._finished(opened, wait=wait)

    async def _finished(self, opened: Interaction, *, wait: bool) -> Interaction:
        if wait:
            await self._discord.until(lambda: opened.is_settled, f"answer to {opened.payload['data']}", ANSWER_S)
        else:
            # The event goes out before the caller goes on.
            await asyncio.sleep(0)
        return opened

    def _opened(
        self, kind: Kind, channel: Channel, data: Payload, user_install: bool, *, source: Message | None = None
    ) -> Interaction:
        world = self._discord.world
        guild = channel.guild
        held = in_channel(channel, self.user)
        of_bot = in_channel(channel, world.bot) if guild is None or world.bot.id in guild.members else held
        owners = {"1": str(self.user.id)} if user_install else {"0": str(guild.id if guild is not None else 0)}
        payload: Payload = {
            "application_id": str(world.application_id),
            "type": int(kind),
            "data": data,
            "version": 1,
            "channel_id": str(channel.id),
            "channel": payloads.seen_channel(channel, self.user, world),
            "app_permissions": str(int(of_bot)),
            "locale": self.locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": owners,
            "attachment_size_limit": FILE_LIMIT,
            "context": self._discord.context_of(channel),
        }
        if guild is None:
            payload["user"] = payloads.user(self.user)
        else:
            payload |= {
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
                "guild_locale": guild.locale,
                "member": payloads.member(guild.members[self.user.id], permissions=int(held)),
            }
        if source is not None:
            payload["message"] = payloads.message(source, world)
        return self._discord.open(kind, self.user, channel, payload, source=source, is_user_install=user_install)

    def _command(
        self, channel: Channel, name: str, kind: int, user_install: bool, *, is_forced: bool = False
    ) -> Payload:
        guild_id = channel.guild.id if channel.guild is not None else None
        offered = self._discord.commands.visible(guild_id)
        found = next((one for one in offered if one["type"] == kind and one["name"] == name), None)
        if found is None:
            raise NotOfferedError(f"there is no {name!r} among {sorted(one['name'] for one in offered)}")
        contexts = found.get("contexts")
        if contexts is not None and self._discord.context_of(channel) not in contexts:
            raise NotOfferedError(f"{name!r} is not offered here, only in the contexts {contexts}")
        if int(user_install) not in (found.get("integration_types") or [0]):
            raise NotOfferedError(f"{name!r} is not offered by an app that is installed like this")
        needed = found.get("default_member_permissions")
        if needed is not None and channel.guild is not None and not is_forced:
            self._require(channel, Permission(int(needed)))
        return found


def form_labels(form: Payload) -> tuple[str, ...]:
    """The labels of a form's fields, from top to bottom."""
    return tuple(str(one["label"]) for one in walk(form["components"]) if one.get("label"))
