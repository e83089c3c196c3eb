"""Bad weather, by order: answers that fail, break, come late or get lost, and limits on how often a bot may ask."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass
class Fault:
    """What goes wrong with the next requests that match, instead of their being answered.

    Attributes:
        method: As in "POST"; "*" for every one.
        path: A pattern of `fnmatch` for the path below /api/v10, as in "/channels/*/messages".
        status: The status of the answer; None for no answer of this fault's own.
        is_reset: The connection is reset.
        is_after: The request is carried out first, and only its answer is lost.
        delay_s: How long the answer takes, before anything else happens.
        times: How many requests it happens to; None for all.
        retry_after_s: With 429: when to come back.
        is_global: With 429: the limit is on the bot, not on the route.
        is_from_proxy: With 429: it lacks the `Via` header, as Cloudflare's do, which is no rate limit but a ban.
        code: Discord's own error code, with a status.
    """

    method: str
    path: str
    status: int | None = None
    is_reset: bool = False
    is_after: bool = False
    delay_s: float = 0
    times: int | None = 1
    retry_after_s: float = 0.1
    is_global: bool = False
    is_from_proxy: bool = False
    code: int = 0
    happened: int = 0

    def takes(self, method: str, path: str) -> bool:
        """Whether it happens to this request; counts it if so."""
        is_over = self.times is not None and self.happened >= self.times
        if is_over or self.method not in {"*", method} or not fnmatchcase(path, self.path):
            return False
        self.happened += 1
        return True


@dataclass
class RateLimit:
    """At most `most` requests in `per_s` seconds to the routes that match, for each channel, server or webhook.

    As with Discord, the whole number is free again when a window is over. With `is_told`, each answer carries the
    `X-RateLimit` headers, so that a client can wait before it is refused.
    """

    method: str
    path: str
    most: int
    per_s: float
    is_told: bool = True
    refused: int = 0
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def covers(self, method: str, path: str) -> bool:
        """Whether it counts this request."""
        return self.method in {"*", method} and fnmatchcase(path, self.path)

    def take(self, major: str) -> tuple[float | None, Mapping[str, str]]:
        """Count a request.

        Args:
            major: The channel, server or webhook in its path.

        Returns:
            The seconds until there is room, None if there is now; and the headers of the answer.
        """
        now = time.monotonic()
        began, taken = self._windows.get(major, (now, 0))
        if now - began >= self.per_s:
            began, taken = now, 0
        is_refused = taken >= self.most
        if is_refused:
            self.refused += 1
        else:
            taken += 1
        self._windows[major] = began, taken
        # A little more than is left: a client that comes back in time must not come too early.
        reset_after = self.per_s - (now - began) + 0.005
        headers = {
            "X-RateLimit-Limit": str(self.most),
            "X-RateLimit-Remaining": str(self.most - taken),
            "X-RateLimit-Reset": f"{time.time() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
            "X-RateLimit-Bucket": f"{abs(hash((self.method, self.path))):x}",
        }
        return (reset_after if is_refused else None), headers if self.is_told else {}
