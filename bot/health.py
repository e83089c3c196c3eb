"""Answers supervisors and monitoring over HTTP: /livez, /readyz and /metrics, from the start of the process on."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.metrics import Metrics
from bot.state import State
from bot.vitals import Vitals
from index import Gatherer, Library, LibraryError

log = logging.getLogger(__name__)

READY_LAG_S = 1.0
"""A loop that lagged more than that within `_LAG_WITHIN_S` is too busy to take questions within Discord's 3 s."""

BIND_AGAIN_S = 30.0
"""How often a port that is taken is tried again."""

_LAG_WITHIN_S = 15.0
_WRITTEN_FOR_S = 15.0
_COUNTED_FOR_S = 15.0
_WRITE_S = 3.0
"""Less than the five seconds that monitoring waits for as a rule."""

_COUNT_S = 3.0
_KEY = "health"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what was seen in words."""

    name: str
    is_ok: bool
    detail: str


class Health:
    """What is answered. Each answer looks at the process as it is now; the store is written to every 15 s at most.

    Args:
        gateway_dead_s: See the setting of this name.
    """

    def __init__(self, vitals: Vitals, metrics: Metrics, gateway_dead_s: float) -> None:
        self._vitals = vitals
        self._metrics = metrics
        self._gateway_dead_s = gateway_dead_s
        self._library: Library | None = None
        self._gatherer: Gatherer | None = None
        self._state: State | None = None
        self._written = Check("store", False, "it was never written to")
        self._written_at = -math.inf
        self._writing: asyncio.Task[Check] | None = None
        self._counted_at = -math.inf

    def opened(self, library: Library, state: State, gatherer: Gatherer) -> None:
        """The library, the state and what gathers articles are open now."""
        self._library, self._state, self._gatherer = library, state, gatherer

    def closing(self) -> None:
        """All of them are about to be closed."""
        self._library = self._state = self._gatherer = None

    @property
    def is_started(self) -> bool:
        """Whether library and state are open."""
        return self._library is not None

    # ---- looking

    def live(self) -> list[Check]:
        """Whether the process has to be ended: that this answers at all shows that the event loop turns."""
        lag = self._vitals.lag_s(_LAG_WITHIN_S)
        dead_s = self._vitals.dead_s
        return [
            Check("event_loop", True, f"it turns; {lag * 1e3:.0f} ms late at most"),
            Check("gateway", dead_s < self._gateway_dead_s, f"dead for {dead_s:.0f} s" if dead_s else "not dead"),
        ]

    async def ready(self) -> list[Check]:
        """Whether questions are answered now."""
        lag = self._vitals.lag_s(_LAG_WITHIN_S)
        is_stopping = self._vitals.is_stopping
        return [
            Check("gateway", *self._vitals.gateway()),
            Check("index", *self._index()),
            await self._store(),
            Check("event_loop", lag <= READY_LAG_S, f"{lag * 1e3:.0f} ms late at most"),
            Check("process", not is_stopping, "it is about to end" if is_stopping else "it takes questions"),
        ]

    async def figures(self) -> bytes:
        """All figures, brought up to date."""
        self._vitals.show()
        now = time.monotonic()
        library, gatherer = self._library, self._gatherer
        if library is not None and gatherer is not None and now - self._counted_at > _COUNTED_FOR_S:
            self._counted_at = now
            try:
                async with asyncio.timeout(_COUNT_S):
                    self._metrics.index(await library.status())
                    self._metrics.jobs(await gatherer.count_jobs())
            except (LibraryError, TimeoutError) as error:
                log.warning("articles and jobs could not be counted: %s", error or "it took too long")
        return self._metrics.text()

    def _index(self) -> tuple[bool, str]:
        return (False, "it is being opened") if self._library is None else (True, "it is open")

    async def _store(self) -> Check:
        """Whether the store takes a write. It is one small row, and all who ask meanwhile share it."""
        if self._state is None:
            return Check("store", False, "it is being opened")
        if self._writing is None and time.monotonic() - self._written_at > _WRITTEN_FOR_S:
            self._writing = asyncio.create_task(_written(self._state))
        writing = self._writing
        if writing is None:
            return self._written
        # A write cannot be called back: one that takes long is waited for again the next time.
        done, _ = await asyncio.wait({writing}, timeout=_WRITE_S)
        if not done:
            return Check("store", False, f"a write takes longer than {_WRITE_S:.0f} s")
        if self._writing is writing:
            self._writing = None
            self._written, self._written_at = writing.result(), time.monotonic()
        return writing.result()

    # ---- serving

    @asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[None]:
        """Answer at an address while this is open; port 0 for nowhere.

        An address that cannot be had is told, and tried again until it can: without monitoring a bot is of use to
        those who ask, without the bot monitoring is of use to nobody.
        """
        if not port:
            yield
            return
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        binding = asyncio.create_task(_bound(runner, host, port))
        try:
            yield
        finally:
            binding.cancel()
            await asyncio.gather(binding, return_exceptions=True)
            await runner.cleanup()

    def _application(self) -> web.Application:
        async def live(_request: web.Request) -> web.Response:
            return _told(self.live())

        async def ready(_request: web.Request) -> web.Response:
            return _told(await self.ready())

        async def figures(_request: web.Request) -> web.Response:
            return web.Response(body=await self.figures(), headers={"Content-Type": CONTENT_TYPE_LATEST})

        routes: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
            "/livez": live,
            "/readyz": ready,
            "/metrics": figures,
        }
        application = web.Application()
        for path, handler in routes.items():
            application.router.add_get(path, handler)
        return application


async def _written(state: State) -> Check:
    try:
        await state.set_value(_KEY, datetime.now(UTC).isoformat(timespec="seconds"))
    except LibraryError as error:
        return Check("store", False, str(error))
    return Check("store", True, "it takes writes")


async def _bound(runner: web.AppRunner, host: str, port: int) -> None:
    while True:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            log.error(  # noqa: TRY400 - where it happened says nothing
                "/livez, /readyz and /metrics cannot be offered at %s, port %d: %s. Set another HEALTH_PORT, or 0 for "
                "none; trying again every %d s",
                host,
                port,
                error.strerror or error,
                BIND_AGAIN_S,
            )
            await asyncio.sleep(BIND_AGAIN_S)
        else:
            log.info("offering /livez, /readyz and /metrics at %s, port %d", host, port)
            return


def _told(checks: list[Check]) -> web.Response:
    is_ok = all(check.is_ok for check in checks)
    told = {
        "status": "ok" if is_ok else "failing",
        "checks": {check.name: {"ok": check.is_ok, "detail": check.detail} for check in checks},
    }
    return web.json_response(told, status=200 if is_ok else 503, headers={"Cache-Control": "no-store"})
