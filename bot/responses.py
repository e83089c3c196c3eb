"""First responses to interactions, which arrive in time although requests fail.

discord.py waits 1 s and then 3 s before it repeats a response that met with a 5xx, does not repeat one whose connection
was reset, and Discord forgets an interaction after 3 s: two failures in a row would leave a person without an answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord
from discord.http import MultipartParameters, Route, json_or_text
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

log = logging.getLogger(__name__)

PAUSES_S = (0.1, 0.3, 0.8)
"""Waits before each repetition."""

DEADLINE_S = 2.5
"""When the last attempt has to be over: Discord gives 3 s, and the answer has taken some of them."""

ALREADY_ACKNOWLEDGED = 40060


class ResponseAdapter(AsyncWebhookAdapter):
    """What discord.py sends first responses with; everything else goes as discord.py does it."""

    async def create_interaction_response(
        self,
        interaction_id: int,
        token: str,
        *,
        session: aiohttp.ClientSession,
        proxy: str | None = None,
        proxy_auth: aiohttp.BasicAuth | None = None,
        params: MultipartParameters,
    ) -> Any:
        """See `AsyncWebhookAdapter`: repeats what fails for a passing reason, for `DEADLINE_S` at most. Takes no files.

        Raises:
            TimeoutError: There was no answer in time.
            discord.HTTPException: Discord refuses the response, or fails to the end.
            aiohttp.ClientError: The connection breaks to the end.
        """
        path = "/interactions/{webhook_id}/{webhook_token}/callback"
        url = Route("POST", path, webhook_id=interaction_id, webhook_token=token).url

        async def attempt() -> Any:
            async with session.post(
                url, params={"with_response": "1"}, json=params.payload, proxy=proxy, proxy_auth=proxy_auth
            ) as response:
                answer = await json_or_text(response)
            if response.status < 300:
                return answer
            if response.status == 404:
                raise discord.NotFound(response, answer)
            if response.status == 429 and isinstance(answer, dict) and response.headers.get("Via"):
                raise _LimitedError(response, answer)
            raise discord.HTTPException(response, answer)

        async with asyncio.timeout(DEADLINE_S):
            return await _repeated(attempt, interaction_id)


def use_quick_responses() -> None:
    """Let every bot that is started from here on, in this context, respond with a `ResponseAdapter`."""
    async_context.set(ResponseAdapter())  # type: ignore[no-untyped-call] # discord.py does not type its constructor.


class _LimitedError(discord.HTTPException):
    """Too many requests. Without the `Via` header it is no limit but Cloudflare's ban, which repetitions prolong."""

    def __init__(self, response: aiohttp.ClientResponse, answer: dict[str, Any]) -> None:
        super().__init__(response, answer)
        self.retry_after_s = float(answer.get("retry_after", 0))


async def _repeated(attempt: Callable[[], Awaitable[Any]], interaction_id: int) -> Any:
    pauses = iter(PAUSES_S)
    # Whether Discord may have taken the response of an attempt whose receipt was lost.
    may_have_arrived = False
    while True:
        try:
            return await attempt()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            if may_have_arrived and isinstance(error, discord.HTTPException) and error.code == ALREADY_ACKNOWLEDGED:
                # discord.py needs nothing of a receipt but this.
                return {"interaction": {"id": str(interaction_id)}}
            pause = next(pauses, None)
            if pause is None:
                raise
            if isinstance(error, _LimitedError):
                pause = max(pause, error.retry_after_s)
            elif isinstance(error, discord.HTTPException) and error.status < 500:
                raise
            else:
                may_have_arrived = True
            log.info("responding again in %.1f s: %s: %s", pause, type(error).__name__, error)
        await asyncio.sleep(pause)
