"""Keeps secrets out of what is written, as the last line of defence: logs and error lines pass through here.

Nothing should rely on it. Messages are composed without secrets, and this is for those of other people's code.
"""

import json
import re
from urllib.parse import quote

HIDDEN = "***"

_SHORTEST = 4
"""A secret that is shorter would be found in half of all words."""

_SHAPES = (
    # A bot's token: its id in base64, a time, a signature. It is hidden also when it is not the one that is set.
    re.compile(r"()\b[A-Za-z0-9_-]{23,30}\.[A-Za-z0-9_-]{5,8}\.[A-Za-z0-9_-]{27,}()"),
    # What lets anybody who reads it answer in the bot's name for 15 minutes.
    re.compile(r"(/(?:interactions|webhooks)/\d+/)[^/\s?\"']{20,}()"),
    re.compile(r"([\"']token[\"']: ?[\"'])[^\"']+()"),
    re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s/@]+(@)", re.IGNORECASE),
)

_secrets: set[str] = set()
"""Of the whole process: what writes an error does not know which settings were read."""


def remember(*secrets: str) -> None:
    """Hide these from now on, as they are and as they are spelled in addresses and in JSON. Very short ones are not."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            _secrets.update({secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1]})


def concealed(text: str) -> str:
    """The text with `***` for every secret that is known, and for everything that has the shape of one."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for shape in _SHAPES:
        text = shape.sub(rf"\1{HIDDEN}\2", text)
    return text
