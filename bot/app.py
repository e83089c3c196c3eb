"""The bot put together: opens what must be closed again, and runs until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.client import FootnoteBot
from bot.health import Health
from bot.metrics import Metrics
from bot.opening import open_gatherer, open_library
from bot.questions import Questions
from bot.registration import PORTAL
from bot.rendering.plain import error_line
from bot.rendering.words import ENGLISH, read_catalogue
from bot.responses import use_quick_responses
from bot.settings import Settings, SettingsError
from bot.state import State
from bot.systemd import Systemd
from bot.vitals import Vitals
from bot.watchdog import DeadGatewayError, Watchdog, dead_gateway

log = logging.getLogger(__name__)

LOGIN_PAUSES_S = (1, 2, 5, 10, 20, 30, 60)
"""Waits while Discord cannot be reached; the last one is repeated for ever: a bot that runs unattended has to come back
when the network does."""

LOGIN_TIMEOUT_S = 30.0
_CLOSE_S = 5.0


class RefusedError(Exception):
    """Discord does not take the bot as it is set up; the operator has to change a setting."""


def point_at_discord(settings: Settings) -> None:
    """Let discord.py use the addresses that the settings name."""
    Route.BASE = str(settings.discord_api_base).rstrip("/")
    if settings.discord_gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(str(settings.discord_gateway_url))


async def run_bot(settings: Settings, *, force_sync: bool = False) -> None:
    """Answer in Discord until SIGTERM or SIGINT; answers that are being given then are finished.

    Raises:
        SettingsError: There is no token.
        RefusedError: Discord refuses the token or an intent.
        StoreError: The database cannot be used.
        DeadGatewayError: A connection to Discord has been dead for GATEWAY_DEAD_S.
    """
    if not settings.token:
        raise SettingsError([("DISCORD_TOKEN", f"it is not set; copy the bot's token from {PORTAL} into .env")])
    # We have no voice, and need no advice on how to get one.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    use_quick_responses()
    point_at_discord(settings)
    metrics = Metrics()
    vitals = Vitals(metrics)
    health = Health(vitals, metrics, settings.gateway_dead_s)
    async with _accompanied(vitals, health, settings) as watchdog:
        await asyncio.to_thread(read_catalogue, ENGLISH)
        with _told_to_stop() as stop:
            async with (
                await open_library(settings) as library,
                await State.open(settings.database_url) as state,
                await open_gatherer(library, settings) as gatherer,
            ):
                status = await library.status()
                log.info("the library holds %d articles in %d passages", status.articles, status.passages)
                health.opened(library, state, gatherer)
                # While Discord lets us wait: the first question is answered as fast as those after it.
                beside = [asyncio.create_task(library.prepare()), asyncio.create_task(library.keep_up())]
                questions = Questions(metrics, shows_text=settings.log_questions)
                made = partial(
                    FootnoteBot, library, state, settings, gatherer, questions=questions, force_sync=force_sync
                )
                try:
                    await _serve(made, vitals, settings, stop, watchdog)
                finally:
                    vitals.is_stopping = True
                    health.closing()
                    beside[1].cancel()
                    await asyncio.gather(*beside, return_exceptions=True)


@contextlib.asynccontextmanager
async def _accompanied(vitals: Vitals, health: Health, settings: Settings) -> AsyncIterator[Watchdog]:
    """From the first moment to the last: measure, answer monitoring, tell systemd, and watch that the loop turns."""
    systemd = Systemd()
    with Watchdog(vitals, settings.loop_stuck_s) as watchdog:
        beside = [
            asyncio.create_task(vitals.watch()),
            asyncio.create_task(systemd.accompany(lambda: health.is_started, lambda: _is_live(health))),
        ]
        try:
            async with health.serving(settings.health_host, settings.health_port):
                yield watchdog
        finally:
            systemd.stopping()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


def _is_live(health: Health) -> bool:
    return all(check.is_ok for check in health.live())


async def _serve(
    make: Callable[..., FootnoteBot],
    vitals: Vitals,
    settings: Settings,
    stop: asyncio.Event,
    watchdog: Watchdog,
) -> None:
    async with _logged_in(make, vitals, settings.token, stop) as bot:
        if bot is None:
            return
        if settings.discord_shards is None and settings.discord_gateway_url is not None:
            # discord.py takes the gateway's address from the same answer as the number of shards; we want only this.
            bot.shard_count, _, _ = await bot.http.get_bot_gateway()
        connection = asyncio.create_task(bot.connect())
        stopping = asyncio.create_task(stop.wait())
        bot.keep(bot.gather())
        dying = asyncio.create_task(dead_gateway(vitals, settings.gateway_dead_s))
        try:
            await asyncio.wait({connection, stopping, dying}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                vitals.is_stopping = True
                log.info("stopping when the answers that are being given are finished")
                await bot.drain()
                return
            if dying.done() and not connection.done():
                watchdog.expect_end()
                raise DeadGatewayError(vitals.dead_s)
            await connection
        except discord.PrivilegedIntentsRequired as error:
            raise RefusedError(
                f"MESSAGE_CONTENT is on, but the bot's Message Content Intent is not: switch it on at {PORTAL} "
                "under Bot, or set MESSAGE_CONTENT=false"
            ) from error
        except discord.ConnectionClosed as error:
            if error.code == 4004:
                raise RefusedError(_bad_token()) from error
            raise RefusedError(f"Discord closed the connection for good (code {error.code})") from error
        finally:
            stopping.cancel()
            dying.cancel()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bot.close(), _CLOSE_S)
            connection.cancel()
            await asyncio.gather(connection, stopping, dying, return_exceptions=True)


@contextlib.asynccontextmanager
async def _logged_in(
    make: Callable[..., FootnoteBot], vitals: Vitals, token: str, stop: asyncio.Event
) -> AsyncIterator[FootnoteBot | None]:
    """A bot whose token Discord has accepted, or None when the process was told to stop before that.

    Each attempt has a bot of its own: discord.py's cannot begin twice.
    """
    attempt = 0
    while True:
        if stop.is_set():
            yield None
            return
        bot = make(http_trace=vitals.metrics.trace())
        vitals.follow(bot)
        try:
            await asyncio.wait_for(bot.login(token), LOGIN_TIMEOUT_S)
            break
        except discord.LoginFailure as error:
            await bot.close()
            raise RefusedError(_bad_token()) from error
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            await bot.close()
            pause = LOGIN_PAUSES_S[min(attempt, len(LOGIN_PAUSES_S) - 1)]
            vitals.trouble = f"Discord cannot be reached ({error_line(error)})"
            log.warning("%s; trying again in %d s", vitals.trouble, pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            attempt += 1
        except BaseException:
            await bot.close()
            raise
    vitals.trouble = "logged in, and not yet connected"
    try:
        yield bot
    finally:
        await bot.close()


@contextlib.contextmanager
def _told_to_stop() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set; a second one ends the process at once."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def told() -> None:
        stop.set()
        for one in signals:
            loop.remove_signal_handler(one)

    with contextlib.suppress(NotImplementedError):
        # Windows has no such handlers: asyncio.run cancels everything instead.
        for one in signals:
            loop.add_signal_handler(one, told)
    try:
        yield stop
    finally:
        with contextlib.suppress(NotImplementedError):
            for one in signals:
                loop.remove_signal_handler(one)


def _bad_token() -> str:
    return f"Discord refuses the token in DISCORD_TOKEN; copy the bot's current one from {PORTAL}"
