"""Ports of the loopback for servers that are named before they listen, or that stop and listen again."""

import os
import random
import re
import socket

_FIRST, _EACH, _WORKERS = 20_000, 1_000, 12
"""Below 32768, from where Linux takes ports by itself: nobody is given one of these while its server is not listening.
Each of pytest's workers has its own thousand."""


def free_port() -> int:
    """A port on which nobody listens now, at any address; nobody else of this test run takes it."""
    worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % _WORKERS
    first = _FIRST + worker * _EACH
    for port in random.sample(range(first, first + _EACH), _EACH):
        with socket.socket() as probe:
            # What has just ended may still hold it, as it may for the server that is to come.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise OSError("every port is taken")
