"""What Discord says of a token: which bot it is, and which intents are switched on."""

from dataclasses import dataclass
from typing import Any

import aiohttp
import yarl

PORTAL = "https://discord.com/developers/applications"
"""Where operators make bots and their tokens."""

TIMEOUT_S = 15.0

# https://discord.com/developers/docs/resources/application#application-object-application-flags
_MESSAGE_CONTENT = 1 << 18 | 1 << 19


class RegistrationError(Exception):
    """Discord could not be asked, or refuses; the operator has to act."""


class RefusedTokenError(RegistrationError):
    """Discord knows no bot with this token."""

    def __init__(self) -> None:
        super().__init__(f"Discord refuses the token; copy the bot's current one from {PORTAL} (Bot, Reset Token)")


class UnreachableError(RegistrationError):
    """Discord gave no answer that can be used."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host} cannot be asked: {reason}")
        self.host = host
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Registration:
    """A bot as it is registered at Discord."""

    application_id: int
    name: str
    has_message_content: bool
    """Whether the Message Content Intent is switched on."""

    is_public: bool
    """Whether others than its owner may invite it."""


async def look_up(token: str, api_base: str, timeout_s: float = TIMEOUT_S) -> Registration:
    """Ask Discord for the bot that a token belongs to.

    Args:
        api_base: Discord's REST address.
        timeout_s: For everything together.

    Raises:
        RefusedTokenError: The token is not, or no longer, a bot's.
        UnreachableError: There is no network, or Discord is in trouble.
    """
    host = yarl.URL(api_base).host or api_base
    if not token.isascii() or not token.isprintable() or " " in token:
        # It could not even be sent.
        raise RefusedTokenError
    headers = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (footnote, 0)"}
    try:
        async with aiohttp.ClientSession(
            headers=headers, timeout=aiohttp.ClientTimeout(total=timeout_s), trust_env=False
        ) as session:
            user = await _get(session, host, f"{api_base.rstrip('/')}/users/@me")
            application = await _get(session, host, f"{api_base.rstrip('/')}/applications/@me")
            return Registration(
                application_id=int(application["id"]),
                name=str(user["username"]),
                has_message_content=bool(int(application.get("flags") or 0) & _MESSAGE_CONTENT),
                is_public=bool(application.get("bot_public", True)),
            )
    except TimeoutError as error:
        raise UnreachableError(host, f"no answer within {timeout_s:g} s; is there a network, or a proxy?") from error
    except (aiohttp.ClientConnectionError, OSError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise UnreachableError(host, f"no connection ({reason}); is there a network, or a proxy?") from error
    except (aiohttp.ClientError, KeyError, TypeError, ValueError) as error:
        raise UnreachableError(host, "what answers there is not Discord; is DISCORD_API_BASE right?") from error


async def _get(session: aiohttp.ClientSession, host: str, address: str) -> dict[str, Any]:
    async with session.get(address, allow_redirects=False) as response:
        if response.status in {401, 403}:
            raise RefusedTokenError
        if response.status == 429:
            raise UnreachableError(host, "it was asked too often; try again in some minutes")
        if response.status >= 500:
            raise UnreachableError(host, f"it is in trouble (status {response.status}); try again later")
        if response.status != 200:
            raise UnreachableError(host, f"it answered with status {response.status}; is DISCORD_API_BASE right?")
        answer: dict[str, Any] = await response.json()
        return answer
