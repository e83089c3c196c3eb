"""How the process is: how fast its event loop turns, and for how long each connection to Discord has been silent.

Filled from the start of the process on; `bot.health` shows it, and `bot.watchdog` acts on it.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.client import FootnoteBot
from bot.metrics import Metrics

TURN_S = 0.25
"""How often the event loop's lag is measured."""

LOOK_S = 1.0
"""How often the connections to Discord are looked at."""

_SPARE_HEARTBEATS = 2
_SPARE_S = 5.0
_MINUTE_S = 60.0


@dataclass(slots=True)
class Shard:
    """A connection to Discord.

    Attributes:
        is_ready: It has a session, begun or resumed.
        was_up: It has been up at some time.
        silent_s: For how long nothing was heard over a session, as far as this process was awake.
        fresh_s: For how long a healthy connection may be silent.
    """

    is_ready: bool = False
    was_up: bool = False
    silent_s: float = 0.0
    fresh_s: float = math.inf
    latency_s: float | None = None
    heard: float = field(default=0.0, repr=False)

    @property
    def is_up(self) -> bool:
        """Whether it has a session, and something was heard over it lately."""
        return self.is_ready and self.silent_s <= self.fresh_s

    @property
    def dead_s(self) -> float:
        """For how long it has been dead; 0 while it is up, and as long as it has never been."""
        return self.silent_s if self.was_up and not self.is_up else 0.0


class Vitals:
    """Watches the event loop and the gateway. `watch` must run as a task.

    Attributes:
        turns: Grows whenever the event loop comes round; may be read by any thread.
        trouble: Why there is no connection to Discord yet, in words; None when nothing is known.
        is_stopping: Whether the process is about to end.
    """

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self.metrics = metrics
        self.turns = 0
        self.trouble: str | None = None
        self.is_stopping = False
        self._clock = clock
        self._bot: FootnoteBot | None = None
        self._shards: dict[int, Shard] = {}
        self._lags: deque[tuple[float, float]] = deque()

    def follow(self, bot: FootnoteBot) -> None:
        """Watch the connections of a bot that is about to log in, in the place of those of another."""
        self._bot = bot
        self._shards = {}
        bot.add_listener(self._ready, "on_shard_ready")
        bot.add_listener(self._ready, "on_shard_resumed")
        bot.add_listener(self._disconnected, "on_shard_disconnect")

    async def _ready(self, shard_id: int) -> None:
        shard = self._shards.setdefault(shard_id, Shard())
        shard.is_ready = shard.was_up = True
        shard.silent_s = 0.0
        self.trouble = None
        self.metrics.connected(shard_id)

    async def _disconnected(self, shard_id: int) -> None:
        self._shards.setdefault(shard_id, Shard()).is_ready = False

    async def watch(self) -> None:
        """Measure, until this is cancelled."""
        looked = began = self._clock()
        while True:
            await asyncio.sleep(TURN_S)
            now = self._clock()
            self.turns += 1
            self._lagged(now, max(now - began - TURN_S, 0.0))
            began = now
            if now - looked >= LOOK_S:
                # A process that was stopped and continued, or slept with its machine, has not waited for that long.
                self._look(min(now - looked, 2 * LOOK_S))
                looked = now

    def _lagged(self, now: float, lag: float) -> None:
        self.metrics.lagged(lag)
        self._lags.append((now, lag))
        while now - self._lags[0][0] > _MINUTE_S:
            self._lags.popleft()

    def _look(self, awake_s: float) -> None:
        for shard_id, shard in self._shards.items():
            heard, shard.fresh_s, shard.latency_s = self._heard(shard_id)
            if shard.is_ready and heard != shard.heard:
                shard.silent_s = 0.0
            else:
                shard.silent_s += awake_s
            shard.heard = heard

    def _heard(self, shard_id: int) -> tuple[float, float, float | None]:
        """When something came last, how long that may be ago, and the latency."""
        if self._bot is None or shard_id not in self._bot.shards:
            return 0.0, math.inf, None
        # discord.py keeps these for itself; its public latency stays as it was when a connection is dead.
        socket = self._bot._connection._get_websocket(shard_id=shard_id)
        beating = socket._keep_alive
        if beating is None or beating.interval is None:
            return 0.0, math.inf, None
        latency = beating.latency if math.isfinite(beating.latency) else None
        if latency is not None and latency > beating.interval * 0.9:
            # An answer that is there before discord.py has noted when it asked seems to belong to the heartbeat before.
            latency = max(beating._last_ack - beating._last_send, 0.0)
        return beating._last_recv, _SPARE_HEARTBEATS * beating.interval + _SPARE_S, latency

    # ---- what is seen

    def lag_s(self, within_s: float = _MINUTE_S) -> float:
        """The longest lag of the event loop of late, at most a minute back."""
        now = self._clock()
        return max((lag for at, lag in self._lags if now - at <= within_s), default=0.0)

    @property
    def dead_s(self) -> float:
        """For how long the connection that is dead longest has been; 0 when none is that has ever been up."""
        return max((shard.dead_s for shard in self._shards.values()), default=0.0)

    def gateway(self) -> tuple[bool, str]:
        """Whether every shard is up, and what there is to say of it."""
        if not any(shard.was_up for shard in self._shards.values()):
            return False, self.trouble or "never connected since the start"
        down = sorted(shard_id for shard_id, shard in self._shards.items() if not shard.is_up)
        wanted = self._bot.shard_count or 1 if self._bot is not None else 1
        if down:
            return False, f"{len(down)} of {wanted} shards are down, for up to {self.dead_s:.0f} s: {_some(down)}"
        if len(self._shards) < wanted:
            return False, f"{len(self._shards)} of {wanted} shards are up"
        return True, f"{wanted} of {wanted} shards are up"

    def show(self) -> None:
        """Bring the figures of `bot.metrics` up to date that are looked up only when somebody asks."""
        self.metrics.lag_max(self.lag_s())
        self.metrics.tasks(len(asyncio.all_tasks()))
        for shard_id, shard in self._shards.items():
            self.metrics.gateway(
                shard_id, is_up=shard.is_up, silent_s=shard.silent_s, latency_s=shard.latency_s if shard.is_up else None
            )
        if self._bot is None:
            return
        self.metrics.servers(len(self._bot.guilds))
        self.metrics.rebuilds(self._bot.rebuilds.counts())


def _some(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:5])) + (" …" if len(numbers) > 5 else "")
