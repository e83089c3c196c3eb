"""Connects to nothing but addresses that were judged, at the very moment of connecting.

A name can be public when it is looked up first and private when it is looked up again, and aiohttp asks no resolver
about an address that is a number already. So the resolver judges every answer, and the socket factory judges the one
address that is about to be connected, wherever it came from.
"""

import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from index.ingestion.addresses import Judge


class RefusedAddressError(OSError):
    """An address was judged unfit. An OSError, because aiohttp passes no other on from inside a connector."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class GuardedResolver(AbstractResolver):
    """Refuses a name if any of its addresses is unfit: else the next try would fall on that one."""

    def __init__(self, inner: AbstractResolver, judge: Judge) -> None:
        self._inner = inner
        self._judge = judge

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Look a name up.

        Raises:
            RefusedAddressError: One of its addresses is unfit.
            OSError: It is unknown.
        """
        answers = await self._inner.resolve(host, port, family)
        for answer in answers:
            reason = self._judge(answer["host"])
            if reason is not None:
                raise RefusedAddressError(f"{host} leads to {answer['host']}: {reason}")
        return answers

    async def close(self) -> None:
        """Nothing: the inner resolver belongs to whoever gave it."""


def guarded_connector(
    resolver: AbstractResolver, judge: Judge, ports: frozenset[int], limit: int
) -> aiohttp.TCPConnector:
    """Make a connector of which every connection goes to a judged address and one of the ports."""

    def make_socket(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, place = info
        if family not in {socket.AF_INET, socket.AF_INET6}:
            raise RefusedAddressError("it is no internet address")
        reason = judge(place[0])
        if reason is not None:
            raise RefusedAddressError(reason)
        if place[1] not in ports:
            raise RefusedAddressError(f"port {place[1]} is not allowed")
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        return made

    return aiohttp.TCPConnector(
        resolver=GuardedResolver(resolver, judge),
        use_dns_cache=False,
        limit=limit,
        force_close=True,
        socket_factory=make_socket,
    )
