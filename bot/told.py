"""Whom something was told that they need not hear again for a while."""

import time
from collections.abc import Callable, Hashable


class Told:
    """People, or people in a place, who were told; kept in memory, and only until their time is over.

    Args:
        clock: Seconds of a clock that is never put back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[Hashable, float] = {}

    def is_first(self, whom: Hashable, for_s: float) -> bool:
        """Whether somebody has not been told, or long ago; from now on they have been, for `for_s` seconds."""
        now = self._clock()
        self._until = {one: until for one, until in self._until.items() if now < until}
        if whom in self._until:
            return False
        self._until[whom] = now + for_s
        return True
