"""Addresses of web pages, as Discord takes them for the buttons that open them."""

import re
from urllib.parse import urlsplit

from bot.rendering.limits import BUTTON_URL, length

_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?|[0-9a-f:.]+")


def host_of_page(source: str) -> str | None:
    """The host of a web address; None when it is none."""
    if not source.startswith(("http://", "https://")):
        return None
    try:
        return urlsplit(source).hostname
    except ValueError:
        return None


def for_button(source: str) -> str | None:
    """A web address as it is when a button can open it: well formed, visible throughout, and not too long; else None.

    One that Discord does not take would keep it from showing the whole message.
    """
    if host_of_page(source) is None or length(source) > BUTTON_URL:
        return None
    if not source.isprintable() or any(map(str.isspace, source)):
        return None
    try:
        parts = urlsplit(source)
        # Reading it is the check.
        _ = parts.port
    except ValueError:
        return None
    return source if _HOST.fullmatch(parts.hostname or "") else None
