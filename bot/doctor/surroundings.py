"""The settings in effect, and whether a bot answers at HEALTH_PORT."""

from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.findings import Finding, Level
from bot.settings import Settings

_TIMEOUT = aiohttp.ClientTimeout(5)


def settings(settings: Settings) -> list[Finding]:
    """Every setting with its value, without secrets."""
    values = " ".join(f"{name.upper()}={_shown(name, settings)}" for name in Settings.model_fields)
    return [Finding("settings", Level.OK, values)]


def _shown(name: str, settings: Settings) -> str:
    value = getattr(settings, name)
    if value is None:
        return "(not set)"
    if isinstance(value, SecretStr):
        return "(set)"
    if name == "database_url":
        try:
            return make_url(value).difference_update_query(["password"]).render_as_string(hide_password=True)
        except (ArgumentError, ValueError):
            return "(no address)"
    if name in {"discord_api_base", "discord_gateway_url"}:
        # A proxy may want a password.
        parts = urlsplit(str(value))
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return str(value).lower() if isinstance(value, bool) else str(value)


async def endpoint(settings: Settings) -> Finding:
    """Whether a bot runs here, as its own /readyz tells."""
    if not settings.health_port:
        return Finding("process", Level.OK, "HEALTH_PORT is 0: whether a bot runs here cannot be told")
    host = "127.0.0.1" if settings.health_host in {"0.0.0.0", "::"} else settings.health_host  # noqa: S104 - compared
    host = f"[{host}]" if ":" in host else host
    address = f"http://{host}:{settings.health_port}/readyz"
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(address) as response:
            told = await response.json()
            checks = {str(name): (bool(one["ok"]), str(one["detail"])) for name, one in told["checks"].items()}
    except (aiohttp.ClientConnectionError, TimeoutError):
        return Finding("process", Level.OK, f"no bot runs here: nothing answers at {address}")
    except (aiohttp.ClientError, ValueError, KeyError, TypeError, AttributeError):
        advice = "set another HEALTH_PORT"
        return Finding("process", Level.WARNING, f"what answers at {address} is not Footnote", advice)
    failing = [f"{name}: {detail}" for name, (is_ok, detail) in checks.items() if not is_ok]
    if failing:
        text = f"the bot that runs here is not ready: {'; '.join(failing)}"
        return Finding("process", Level.FAILURE, text, "read its log; docs/monitoring.md tells what each check means")
    return Finding("process", Level.OK, f"a bot runs here and is ready, as {address} tells")
