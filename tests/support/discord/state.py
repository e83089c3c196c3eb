"""What there is on this Discord: servers, roles, channels, people, messages. Plain data; nobody is told of a change."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, IntFlag

from tests.support.discord.refusals import Payload

_EPOCH_MS = 1_420_070_400_000
"""The first second of 2015, from which snowflakes count: https://discord.com/developers/docs/reference#snowflakes"""


class Snowflakes:
    """Ids that rise, and hold the time at which they were made: discord.py reads `created_at` from them."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """The next id."""
        now = (time.time_ns() // 1_000_000 - _EPOCH_MS) << 22
        self._last = max(now, self._last + 1)
        return self._last

    def next_of_shard(self, shard: int, shards: int) -> int:
        """The next id whose server belongs to a shard: `(id >> 22) % shards`; waits for it, up to `shards` ms."""
        while ((found := self.next()) >> 22) % shards != shard:
            pass
        return found


class ChannelType(IntEnum):
    """https://discord.com/developers/docs/resources/channel#channel-object-channel-types"""

    TEXT = 0
    DM = 1
    GROUP_DM = 3
    CATEGORY = 4
    THREAD = 11


class MessageFlag(IntFlag):
    """https://discord.com/developers/docs/resources/message#message-object-message-flags"""

    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


NO_FLAGS = MessageFlag(0)


class ComponentType(IntEnum):
    """https://discord.com/developers/docs/components/reference#component-object-component-types"""

    ROW = 1
    BUTTON = 2
    SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT = 10
    THUMBNAIL = 11
    GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    UPLOAD = 19
    RADIO = 21
    CHECKBOXES = 22
    CHECKBOX = 23


SELECTS = frozenset(
    {
        ComponentType.SELECT,
        ComponentType.USER_SELECT,
        ComponentType.ROLE_SELECT,
        ComponentType.MENTIONABLE_SELECT,
        ComponentType.CHANNEL_SELECT,
    }
)


@dataclass(eq=False)
class User:
    """A person or a bot."""

    id: int
    name: str
    is_bot: bool = False


@dataclass(eq=False)
class Role:
    """A role; the one whose id is the server's is @everyone."""

    id: int
    name: str
    permissions: int


@dataclass(eq=False)
class Member:
    """A person in a server."""

    user: User
    role_ids: set[int] = field(default_factory=set)
    joined_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(eq=False)
class Overwrite:
    """What a channel gives to, or takes from, a role or a member."""

    is_role: bool
    allowed: int = 0
    denied: int = 0


@dataclass(eq=False)
class Guild:
    """A server, as Discord's API calls it."""

    id: int
    name: str
    owner_id: int
    locale: str = "en-US"
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict, repr=False)
    channels: dict[int, "Channel"] = field(default_factory=dict, repr=False)


@dataclass(eq=False)
class Channel:
    """A channel of a server, a thread (with `parent`), or a conversation of some people (without `guild`)."""

    id: int
    name: str
    type: ChannelType = ChannelType.TEXT
    guild: Guild | None = None
    parent: "Channel | None" = None
    owner_id: int | None = None
    recipient_ids: tuple[int, ...] = ()
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, "Message"] = field(default_factory=dict, repr=False)
    typed_at: list[float] = field(default_factory=list)
    """When the bot showed that it types, by `time.monotonic`."""


@dataclass(frozen=True)
class Attachment:
    """A file that somebody sent."""

    id: int
    name: str
    content: bytes
    content_type: str
    url: str


@dataclass(eq=False)
class Message:
    """A message, seen by all in its channel, or in private by one person (`private_to`)."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    embeds: list[Payload] = field(default_factory=list)
    components: list[Payload] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: MessageFlag = NO_FLAGS
    reference: "Message | None" = None
    mentioned_ids: frozenset[int] = frozenset()
    pinged: frozenset[str] = frozenset()
    """Whom it notified: ids of people and roles, and "everyone"."""
    private_to: User | None = None
    sent_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    edited_at: datetime | None = None
    is_deleted: bool = False
    nonce: str | None = None
    interaction: Payload | None = None
    reactions: dict[str, set[int]] = field(default_factory=dict)
    versions: list[str] = field(default_factory=list)
    """Its text as it was sent first and after each edit."""

    @property
    def is_private(self) -> bool:
        """Whether one person alone sees it."""
        return self.private_to is not None

    @property
    def is_thinking(self) -> bool:
        """Whether it only says that the bot is thinking."""
        return MessageFlag.LOADING in self.flags

    @property
    def parts(self) -> tuple[str, ...]:
        """The content and the text displays, from top to bottom."""
        displays = tuple(str(one["content"]) for one in walk(self.components) if one["type"] == ComponentType.TEXT)
        return ((self.content,) if self.content else ()) + displays

    @property
    def text(self) -> str:
        """All that can be read in it, apart from buttons."""
        return "\n".join(self.parts)

    @property
    def controls(self) -> tuple[Payload, ...]:
        """Buttons and selects, from top to bottom."""
        return tuple(one for one in walk(self.components) if one["type"] in SELECTS | {ComponentType.BUTTON})

    @property
    def labels(self) -> tuple[str, ...]:
        """What its buttons say; an emoji where a button has no words."""
        return tuple(
            str(one.get("label") or (one.get("emoji") or {}).get("name"))
            for one in self.controls
            if one["type"] == ComponentType.BUTTON
        )

    def control(self, wanted: str) -> Payload:
        """The button or select with this label, emoji, placeholder or custom_id, or whose custom_id starts with it.

        Raises:
            LookupError: There is none.
        """
        for one in self.controls:
            names = {
                one.get("label"),
                (one.get("emoji") or {}).get("name"),
                one.get("placeholder"),
                one.get("custom_id"),
            }
            if wanted in names:
                return one
        for one in self.controls:
            if str(one.get("custom_id", "")).startswith(wanted):
                return one
        raise LookupError(f"no {wanted!r} among {[c.get('label') or c.get('custom_id') for c in self.controls]}")


def walk(components: list[Payload]) -> Iterator[Payload]:
    """Each component and what is inside it, in the order in which they are seen."""
    for one in components:
        yield one
        yield from walk(one.get("components", []))
        yield from walk([one[key] for key in ("component", "accessory") if isinstance(one.get(key), dict)])


class World:
    """Everything there is, by id."""

    def __init__(self, bot_name: str = "Footnote") -> None:
        self.snowflakes = Snowflakes()
        self.bot = User(self.snowflakes.next(), bot_name, is_bot=True)
        self.application_id = self.bot.id
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.attachments: dict[int, Attachment] = {}

    def add_user(self, name: str, *, is_bot: bool = False) -> User:
        """A new account."""
        user = User(self.snowflakes.next(), name, is_bot)
        self.users[user.id] = user
        return user

    def add_channel(self, channel: Channel) -> Channel:
        """Make a channel findable, in its server too."""
        self.channels[channel.id] = channel
        if channel.guild is not None:
            channel.guild.channels[channel.id] = channel
        return channel

    def dm(self, user: User, other: User | None = None) -> Channel:
        """The conversation of two people, the second being the bot if it is not named; made if there is none."""
        pair = (user.id, (other or self.bot).id)
        for channel in self.channels.values():
            if channel.type is ChannelType.DM and set(channel.recipient_ids) == set(pair):
                return channel
        return self.add_channel(Channel(self.snowflakes.next(), user.name, ChannelType.DM, recipient_ids=pair))

    def bot_guilds(self) -> list[Guild]:
        """The servers that the bot is in."""
        return [guild for guild in self.guilds.values() if self.bot.id in guild.members]
