"""Discord: token, gateway, intents, commands, the clock, and permissions in every server."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import yarl

from bot.app import point_at_discord
from bot.client import FootnoteBot
from bot.doctor.permissions import channels_findings
from bot.findings import Finding, Level
from bot.opening import open_gatherer
from bot.registration import PORTAL
from bot.rendering.plain import error_line
from bot.settings import Settings
from bot.state import ServerSettings, State
from index import Library

MOST_SERVERS = 50
"""Servers whose channels are looked at; each takes three requests."""

_TIMEOUT_S = 30.0
_SKEWED_S = 5.0
_WRONG_S = 60.0
_FEW_STARTS = 50
_UNREACHABLE = "look at this machine's network, its firewall and proxy, and https://discordstatus.com"
_WEATHER = (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError, TimeoutError)


class _Clock:
    """Compares Discord's clock with ours, as each response tells it."""

    def __init__(self) -> None:
        self.skew_s: float | None = None
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._answered)

    async def _answered(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        try:
            told = parsedate_to_datetime(params.response.headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return
        # The header leaves out the fraction of a second.
        self.skew_s = time.time() - told - 0.5


class _Visitor(FootnoteBot):
    """Knows the commands and may ask Discord, but starts nothing, and answers nobody."""

    async def setup_hook(self) -> None:
        """See `discord.Client.setup_hook`."""
        await self.load_commands()

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """The bot that may run beside is the one to finish what an earlier one has left."""
        work.close()


async def discord_findings(settings: Settings, opened: tuple[Library, State] | None) -> list[Finding]:
    """Ask Discord; without a token there is nothing to ask."""
    if not settings.token:
        advice = f"copy the bot's token from {PORTAL} into .env; without it only this machine was looked at"
        return [Finding("token", Level.WARNING, "DISCORD_TOKEN is not set", advice)]
    point_at_discord(settings)
    clock = _Clock()
    async with _client(settings, opened, clock) as client:
        try:
            await asyncio.wait_for(client.login(settings.token), _TIMEOUT_S)
        except discord.LoginFailure:
            advice = f"copy the bot's current token from {PORTAL}"
            return [Finding("token", Level.FAILURE, "Discord refuses the token in DISCORD_TOKEN", advice)]
        except _WEATHER as error:
            return [Finding("discord", Level.FAILURE, f"Discord cannot be reached: {error_line(error)}", _UNREACHABLE)]
        findings = [Finding("token", Level.OK, f"Discord knows the bot as {client.user}")]
        for look in (
            _gateway(client, settings),
            _intents(client, settings),
            _commands(client),
            _servers(client, opened[1] if opened is not None else None, settings),
        ):
            try:
                findings += await asyncio.wait_for(look, _TIMEOUT_S * 4)
            except _WEATHER as error:
                findings.append(Finding("discord", Level.FAILURE, f"Discord fails: {error_line(error)}", _UNREACHABLE))
        findings.append(_skew(clock.skew_s))
    return findings


@asynccontextmanager
async def _client(
    settings: Settings, opened: tuple[Library, State] | None, clock: _Clock
) -> AsyncIterator[discord.Client]:
    async with AsyncExitStack() as stack:
        client: discord.Client
        if opened is not None:
            gatherer = await stack.enter_async_context(await open_gatherer(opened[0], settings))
            client = _Visitor(*opened, settings, gatherer, http_trace=clock.trace)
        else:
            client = discord.Client(intents=discord.Intents.none(), http_trace=clock.trace, max_ratelimit_timeout=60.0)
        try:
            yield client
        finally:
            await client.close()


async def _gateway(client: discord.Client, settings: Settings) -> list[Finding]:
    shards, address, limits = await client.http.get_bot_gateway()
    left, total = limits["remaining"], limits["total"]
    hours = limits["reset_after"] / 3_600_000
    text = f"{left} of {total} starts of a session are left today; Discord recommends {shards} shards"
    starts = Finding("sessions", Level.OK, text)
    if not left:
        starts = Finding("sessions", Level.FAILURE, text, f"no bot can connect before {hours:.1f} h are over")
    elif left < _FEW_STARTS:
        advice = "find out why the bot is started so often; Discord resets the token when none are left"
        starts = Finding("sessions", Level.WARNING, text, advice)
    address = str(settings.discord_gateway_url or address)
    try:
        hello = await _hello(address)
    except (*_WEATHER, ValueError, TypeError) as error:
        text = f"the gateway cannot be reached: {error_line(error)}"
        return [Finding("gateway", Level.FAILURE, text, _UNREACHABLE), starts]
    return [Finding("gateway", Level.OK, f"it says hello within {hello * 1e3:.0f} ms"), starts]


async def _hello(address: str) -> float:
    """How long it takes until the gateway says hello; nobody identifies, so no start of a session is used up."""
    began = time.perf_counter()
    async with (
        asyncio.timeout(_TIMEOUT_S),
        aiohttp.ClientSession() as session,
        session.ws_connect(yarl.URL(address).with_query(v="10", encoding="json")) as socket,
    ):
        if json.loads(await socket.receive_str()).get("op") != 10:
            raise ValueError("it does not say hello")
    return time.perf_counter() - began


async def _intents(client: discord.Client, settings: Settings) -> list[Finding]:
    flags = (await client.application_info()).flags
    is_on = flags.gateway_message_content or flags.gateway_message_content_limited
    if settings.message_content and not is_on:
        advice = f"switch it on at {PORTAL} under Bot, or set MESSAGE_CONTENT=false"
        return [Finding("intents", Level.FAILURE, "MESSAGE_CONTENT needs an intent that is switched off", advice)]
    if settings.message_content:
        return [Finding("intents", Level.OK, "the Message Content Intent is needed and switched on")]
    return [Finding("intents", Level.OK, "no privileged intent is needed")]


async def _commands(client: discord.Client) -> list[Finding]:
    if not isinstance(client, FootnoteBot) or client.application_id is None:
        text = "whether Discord knows the commands as they are now cannot be told without a store"
        return [Finding("commands", Level.WARNING, text, "correct what is wrong with the store first")]
    told = {str(one["name"]) for one in await client.http.get_global_commands(client.application_id)}
    ours = {command.name for command in client.tree.walk_commands() if command.parent is None}
    ours |= {
        menu.name
        for kind in (discord.AppCommandType.message, discord.AppCommandType.user)
        for menu in client.tree.get_commands(type=kind)
    }
    if told == ours and await client.synchronisation.is_up_to_date():
        return [Finding("commands", Level.OK, f"Discord knows all {len(ours)} commands as they are now")]
    differing = ", ".join(sorted(told ^ ours)) or "their texts"
    advice = "`footnote run` tells Discord when it starts; if it has, `footnote run --sync` tells all of it anew"
    return [
        Finding("commands", Level.WARNING, f"Discord knows other commands than these; it is about {differing}", advice)
    ]


async def _servers(client: discord.Client, state: State | None, settings: Settings) -> list[Finding]:
    found = [guild async for guild in client.fetch_guilds(limit=MOST_SERVERS + 1)]
    if not found:
        advice = f"invite it with the scopes bot and applications.commands, at {PORTAL} under OAuth2"
        return [Finding("servers", Level.WARNING, "the bot is in no server", advice)]
    findings: list[Finding] = []
    for guild in found[:MOST_SERVERS]:
        findings += await _server(client, guild.id, state, settings)
    if len(found) > MOST_SERVERS:
        text = f"only the first {MOST_SERVERS} servers were looked at"
        findings.append(Finding("servers", Level.OK, text, "/doctor tells more in each of the others"))
    return findings


async def _server(client: discord.Client, guild_id: int, state: State | None, settings: Settings) -> Sequence[Finding]:
    guild = await client.fetch_guild(guild_id, with_counts=False)
    channels = await guild.fetch_channels()
    assert client.user is not None
    me = await guild.fetch_member(client.user.id)
    chosen = await state.server(guild_id) if state is not None else ServerSettings(guild_id)
    return channels_findings(guild, channels, me, chosen, message_content=settings.message_content)


def _skew(skew_s: float | None) -> Finding:
    if skew_s is None:
        return Finding("clock", Level.WARNING, "Discord did not tell the time", "is there a proxy that hides it?")
    text = f"this machine's clock is {abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} Discord's"
    advice = "let the system set it: timedatectl set-ntp true"
    if abs(skew_s) > _WRONG_S:
        return Finding("clock", Level.FAILURE, text, advice)
    if abs(skew_s) > _SKEWED_S:
        return Finding("clock", Level.WARNING, text, advice)
    return Finding("clock", Level.OK, "this machine's clock agrees with Discord's")
