"""Tells systemd how the service is: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html

Does nothing where no systemd has asked for it.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

_EXTENSION_S = 60
_PAUSE_S = 15.0


class Systemd:
    """The service manager.

    Args:
        environment: NOTIFY_SOCKET and WATCHDOG_USEC are systemd's own words to its services, and no settings.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for Linux's abstract addresses.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        limit = environment.get("WATCHDOG_USEC", "")
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._limit_s = int(limit) / 1e6 if is_ours and limit.isascii() and limit.isdecimal() else None

    async def accompany(self, is_started: Callable[[], bool], is_alive: Callable[[], bool]) -> None:
        """Ask for time until the service is started, say so, and then that it is alive, until this is cancelled."""
        if not self._address:
            return
        while not is_started():
            self.tell(f"EXTEND_TIMEOUT_USEC={_EXTENSION_S * 1_000_000}", "STATUS=opening the library")
            for _ in range(int(_PAUSE_S * 10)):
                if is_started():
                    break
                await asyncio.sleep(0.1)
        self.tell("READY=1", "STATUS=running")
        if self._limit_s is None:
            return
        while True:
            if is_alive():
                self.tell("WATCHDOG=1")
            await asyncio.sleep(self._limit_s / 3)

    def stopping(self) -> None:
        """Say that the service ends."""
        self.tell("STOPPING=1")

    def tell(self, *lines: str) -> None:
        """Send a message; nobody may be there to read it."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto("\n".join(lines).encode(), self._address)
