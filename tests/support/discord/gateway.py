"""The gateway: sessions that outlive their connections, in three encodings, with the weather that breaks them.

Source: https://discord.com/developers/docs/events/gateway
"""

import asyncio
import json
import socket
import struct
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Protocol

import zstandard
from aiohttp import WSMsgType, web

from tests.support.discord import payloads
from tests.support.discord.refusals import Payload
from tests.support.discord.state import World


class Opcode(IntEnum):
    """https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes"""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE_UPDATE = 3
    RESUME = 6
    RECONNECT = 7
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    """https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes"""

    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    DISALLOWED_INTENTS = 4014


class Intent(IntFlag):
    """https://discord.com/developers/docs/events/gateway#gateway-intents"""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15


NO_INTENT = Intent(0)
PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        guild_id: Whose shard gets it; None for direct messages, which shard 0 gets.
        intent: What a session must have asked for; none for what everybody gets.
        censored: What a session without the message-content intent gets instead of `data`.
        on_sent: Called each time it goes out to a client.
    """

    name: str
    data: Payload
    guild_id: int | None = None
    intent: Intent = NO_INTENT
    censored: Payload | None = None
    on_sent: Callable[[], None] | None = None


class _Stream(Protocol):
    """Compresses the messages of one connection, which share a context."""

    def pack(self, text: str) -> str | bytes: ...


class _Plain:
    def pack(self, text: str) -> str | bytes:
        return text


class _Zlib:
    def __init__(self) -> None:
        self._context = zlib.compressobj()

    def pack(self, text: str) -> str | bytes:
        return self._context.compress(text.encode()) + self._context.flush(zlib.Z_SYNC_FLUSH)


class _Zstd:
    def __init__(self) -> None:
        self._context = zstandard.ZstdCompressor().compressobj()

    def pack(self, text: str) -> str | bytes:
        return self._context.compress(text.encode()) + self._context.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


_STREAMS: dict[str, Callable[[], _Stream]] = {"": _Plain, "zlib-stream": _Zlib, "zstd-stream": _Zstd}


class Connection:
    """One WebSocket. What is sent goes out in order, from a task of its own, so that an event can be sent anywhere."""

    def __init__(self, request: web.Request, socket_: web.WebSocketResponse, compression: str) -> None:
        self.is_frozen = False
        """A zombie: nothing goes out any more, not even acknowledgements, and the connection stays open."""
        self.heartbeats: list[float] = []
        """When they came, by `time.monotonic`."""
        self._request = request
        self._socket = socket_
        self._stream = _STREAMS[compression]()
        self._waiting: asyncio.Queue[tuple[Payload, Callable[[], None] | None]] = asyncio.Queue()

    def send(self, payload: Payload, on_sent: Callable[[], None] | None = None) -> None:
        """Send a message, soon."""
        if not self.is_frozen:
            self._waiting.put_nowait((payload, on_sent))

    async def send_all(self) -> None:
        """Send what is waiting, for as long as the connection lasts."""
        with suppress(ConnectionError):
            while True:
                payload, on_sent = await self._waiting.get()
                packed = self._stream.pack(json.dumps(payload, separators=(",", ":")))
                if on_sent is not None:
                    on_sent()
                if isinstance(packed, bytes):
                    await self._socket.send_bytes(packed)
                else:
                    await self._socket.send_str(packed)
                self._waiting.task_done()

    async def close(self, code: int) -> None:
        """Close properly, after what is waiting was sent."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._waiting.join(), 1)
        await self._socket.close(code=code)

    def reset(self) -> None:
        """Break the TCP connection."""
        reset(self._request)


@dataclass
class Session:
    """What a client is told since its IDENTIFY, kept for a RESUME."""

    id: str
    shard: int
    shards: int
    intents: Intent
    presence: Payload | None
    connection: Connection | None = None
    sent: list[tuple[Payload, Callable[[], None] | None]] = field(default_factory=list)
    resumed: int = 0

    def gets(self, event: Event) -> bool:
        """Whether the event is for this session."""
        shard = 0 if event.guild_id is None else (event.guild_id >> 22) % self.shards
        return shard == self.shard and event.intent in self.intents

    def dispatch(self, event: Event) -> None:
        """Send an event now, or keep it for a RESUME."""
        is_censored = event.censored is not None and Intent.MESSAGE_CONTENT not in self.intents
        data = event.censored if is_censored else event.data
        payload: Payload = {"op": Opcode.DISPATCH, "t": event.name, "s": len(self.sent) + 1, "d": data}
        self.sent.append((payload, event.on_sent))
        if self.connection is not None:
            self.connection.send(payload, event.on_sent)


class Gateway:
    """All sessions. What is an attribute without an underscore may be set by a test at any time."""

    def __init__(self, world: World, token: str, url: str, changed: Callable[[], None]) -> None:
        self.token = token
        self.heartbeat_interval_ms = 41_250
        self.allowed_intents = NO_INTENT
        """The privileged intents that are switched on in the developer portal."""
        self.is_refusing_resume = False
        self.url = url
        self.compressions: list[str] = []
        """What each connection asked for, oldest first."""
        self.identifies: list[Payload] = []
        self.resumes: list[Payload] = []
        self.close_codes: list[int | None] = []
        """With which codes clients, or this side, closed; None for a connection that broke."""
        self.sessions: list[Session] = []
        self.connections: list[Connection] = []
        self._world = world
        self._changed = changed

    @property
    def connected(self) -> list[Session]:
        """The sessions that have a connection at present."""
        return [session for session in self.sessions if session.connection is not None]

    def dispatch(self, event: Event) -> None:
        """Tell every session that is to hear of it."""
        for session in self.sessions:
            if session.gets(event):
                session.dispatch(event)

    def drop(self) -> None:
        """Break every connection, as when a network fails."""
        for connection in list(self.connections):
            connection.reset()

    def freeze(self) -> None:
        """Turn every connection into a zombie."""
        for connection in self.connections:
            connection.is_frozen = True

    def ask_to_reconnect(self) -> None:
        """Op 7, to every client."""
        for connection in self.connections:
            connection.send({"op": Opcode.RECONNECT, "d": None})

    def invalidate(self, *, is_resumable: bool) -> None:
        """Op 9, to every client; the sessions are gone unless they can be resumed."""
        for connection in self.connections:
            connection.send({"op": Opcode.INVALID_SESSION, "d": is_resumable})
        if not is_resumable:
            self.forget()

    def forget(self) -> None:
        """Lose every session: whoever resumes is told to identify anew."""
        self.sessions.clear()

    async def close(self, code: int) -> None:
        """Close every connection with a code."""
        for connection in list(self.connections):
            await connection.close(code)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection from HELLO to its end."""
        socket_ = web.WebSocketResponse(compress=False, max_msg_size=1 << 20)
        await socket_.prepare(request)
        compression = request.query.get("compress", "")
        connection = Connection(request, socket_, compression)
        self.connections.append(connection)
        self.compressions.append(compression)
        sending = asyncio.create_task(connection.send_all())
        connection.send({"op": Opcode.HELLO, "d": {"heartbeat_interval": self.heartbeat_interval_ms, "_trace": []}})
        try:
            async for received in socket_:
                if received.type is WSMsgType.TEXT:
                    code = self._receive(connection, json.loads(received.data))
                    if code is not None:
                        await connection.close(code)
                    self._changed()
        finally:
            sending.cancel()
            self.connections.remove(connection)
            self.close_codes.append(socket_.close_code if socket_.close_code != 1006 else None)
            for session in self.sessions:
                if session.connection is connection:
                    session.connection = None
            self._changed()
        return socket_

    def _receive(self, connection: Connection, payload: Payload) -> CloseCode | None:
        match payload["op"]:
            case Opcode.HEARTBEAT:
                connection.heartbeats.append(time.monotonic())
                connection.send({"op": Opcode.HEARTBEAT_ACK, "d": None})
            case Opcode.IDENTIFY:
                return self._identify(connection, payload["d"])
            case Opcode.RESUME:
                return self._resume(connection, payload["d"])
            case Opcode.REQUEST_GUILD_MEMBERS:
                self._send_members(connection, payload["d"])
            case Opcode.PRESENCE_UPDATE:
                pass
            case _:
                return CloseCode.UNKNOWN_OPCODE
        return None

    def _identify(self, connection: Connection, data: Payload) -> CloseCode | None:
        self.identifies.append(data)
        if data["token"] != self.token:
            return CloseCode.AUTHENTICATION_FAILED
        intents = Intent(data["intents"])
        if intents & PRIVILEGED & ~self.allowed_intents:
            return CloseCode.DISALLOWED_INTENTS
        shard, shards = data.get("shard", (0, 1))
        if not 0 <= shard < shards:
            return CloseCode.INVALID_SHARD
        # Who identifies anew has given up the session before.
        self.sessions = [one for one in self.sessions if one.shard != shard or one.connection is not None]
        session = Session(
            f"{self._world.snowflakes.next():x}", shard, shards, intents, data.get("presence"), connection
        )
        self.sessions.append(session)
        guilds = [guild for guild in self._world.bot_guilds() if (guild.id >> 22) % shards == shard]
        session.dispatch(
            Event(
                "READY",
                {
                    "v": 10,
                    "user": payloads.user(self._world.bot) | {"verified": True, "mfa_enabled": True, "flags": 0},
                    "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                    "session_id": session.id,
                    "session_type": "normal",
                    "resume_gateway_url": self.url,
                    "shard": [shard, shards],
                    "application": {"id": str(self._world.application_id), "flags": 0},
                },
            )
        )
        for guild in guilds:
            session.dispatch(Event("GUILD_CREATE", payloads.guild(guild, self._world)))
        return None

    def _resume(self, connection: Connection, data: Payload) -> CloseCode | None:
        self.resumes.append(data)
        if data["token"] != self.token:
            return CloseCode.AUTHENTICATION_FAILED
        session = next((one for one in self.sessions if one.id == data["session_id"]), None)
        if session is None or self.is_refusing_resume:
            connection.send({"op": Opcode.INVALID_SESSION, "d": False})
            return None
        if session.connection is not None:
            # The client knows better than we do that the old connection is dead.
            session.connection.reset()
        session.connection = connection
        session.resumed += 1
        for payload, on_sent in session.sent[data["seq"] :]:
            connection.send(payload, on_sent)
        session.dispatch(Event("RESUMED", {"_trace": []}))
        return None

    def _send_members(self, connection: Connection, data: Payload) -> None:
        session = next(one for one in self.sessions if one.connection is connection)
        guild = self._world.guilds[int(data["guild_id"])]
        wanted = data.get("user_ids", [])
        ids = [int(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
        found = [guild.members[one] for one in ids if one in guild.members]
        if not ids and Intent.GUILD_MEMBERS in session.intents:
            named = guild.members.values()
            found = [member for member in named if member.user.name.startswith(data.get("query", ""))]
        session.dispatch(
            Event(
                "GUILD_MEMBERS_CHUNK",
                {
                    "guild_id": str(guild.id),
                    "members": [payloads.member(member) for member in found],
                    "chunk_index": 0,
                    "chunk_count": 1,
                    "not_found": [str(one) for one in ids if one not in guild.members],
                    "nonce": data.get("nonce"),
                },
            )
        )


def reset(request: web.BaseRequest) -> None:
    """End the TCP connection of a request with RST instead of FIN."""
    transport = request.transport
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        # Linger on for 0 s: close() drops what is unsent and sends RST.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
