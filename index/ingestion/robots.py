"""What a robots.txt says: https://www.rfc-editor.org/rfc/rfc9309."""

import math

from protego import Protego


class Robots:
    """The rules of a robots.txt. Thousands of them take a noticeable part of a second: make and ask it in a thread.

    No text is wrong: what is no rule says nothing.
    """

    def __init__(self, content: bytes) -> None:
        self._rules = Protego.parse(content.decode("utf-8", "replace"))

    def judge(self, address: str, name: str) -> tuple[bool, float]:
        """Tell whether a client may fetch an address, and the seconds, 0 or more, that it is to wait in between."""
        delay_s = self._rules.crawl_delay(name) or 0.0
        return self._rules.can_fetch(address, name), max(delay_s, 0.0) if math.isfinite(delay_s) else 0.0
