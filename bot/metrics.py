"""The process's figures for Prometheus. No label names a server, a channel or a person: each has a fixed set of values.

`docs/monitoring.md` tells what each figure means, and a test holds it and the dashboard to what is here.
"""

import asyncio
import platform
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from types import SimpleNamespace

import aiohttp
import discord
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from bot.questions import STAGES, Asking, Outcome, Way
from index import JobState, LibraryStatus

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds. A stage takes milliseconds; what takes longer than 3 s is too late for Discord."""

_SCOPES = ("user", "global", "shared", "unknown")
"""Whose rate limit was hit: https://discord.com/developers/docs/topics/rate-limits#header-format"""

REBUILD_STATES = ("running", "waiting")


class Metrics:
    """All figures of one process, in a registry of their own. Hears of every question; see `questions.Listener`."""

    def __init__(self) -> None:
        # A second series for each counter that says when it began; nothing of ours asks for it.
        disable_created_metrics()  # type: ignore[no-untyped-call] # it has no annotations
        registry = self.registry = CollectorRegistry()
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry)
        histogram = partial(Histogram, buckets=_FAST, registry=registry)
        ProcessCollector(registry=registry)
        Info("footnote_build", "Versions of Footnote, Python and discord.py.", registry=registry).info(
            {"version": version("footnote"), "python": platform.python_version(), "discord_py": discord.__version__}
        )
        self._questions = counter(
            "footnote_questions", "Questions by what became of them and how they came in.", ("outcome", "way")
        )
        self._whole = histogram(
            "footnote_question_seconds", "From when a question reached the process to when its answer was sent."
        )
        self._stages = histogram("footnote_stage_seconds", "Time of each stage of an answer.", ("stage",))
        self._articles = gauge("footnote_index_articles", "Articles that can be asked.")
        self._passages = gauge("footnote_index_passages", "Passages that can be found.")
        self._bytes = gauge("footnote_index_bytes", "Size of the saved index; 0 while none is saved.")
        self._rebuilds = gauge("footnote_rebuilds", "Rebuilds of the index that servers have asked for.", ("state",))
        self._jobs = gauge("footnote_jobs", "Jobs of the last days that gather articles.", ("state",))
        self._requests = counter(
            "footnote_discord_requests", "Requests to Discord by status; connection: there was no answer.", ("status",)
        )
        self._limits = counter("footnote_discord_rate_limits", "Times that Discord told to wait, by scope.", ("scope",))
        self._waits = counter("footnote_discord_rate_limit_wait_seconds", "Time for which Discord told to wait.")
        self._is_up = gauge(
            "footnote_gateway_up", "1: this shard is connected and its heartbeats are answered.", ("shard",)
        )
        self._silent = gauge(
            "footnote_gateway_silent_seconds", "Since when Discord has said nothing to this shard.", ("shard",)
        )
        self._latency = gauge("footnote_gateway_latency_seconds", "From a heartbeat to its answer.", ("shard",))
        self._connects = counter(
            "footnote_gateway_sessions", "Sessions begun or resumed; the first is the start.", ("shard",)
        )
        self._servers = gauge("footnote_servers", "Discord servers that the bot is in.")
        self._lag = histogram(
            "footnote_event_loop_lag_seconds",
            "How much later than asked for the event loop came back, four times a second.",
        )
        self._lag_max = gauge("footnote_event_loop_lag_max_seconds", "The longest lag of the last minute.")
        self._tasks = gauge("footnote_tasks", "Tasks of the event loop that have not ended: what runs or waits.")
        # Series that are there from the start can be compared with later: a rate needs a zero.
        for outcome in Outcome:
            for way in Way:
                self._questions.labels(outcome.value, way.value)
        for stage in STAGES:
            self._stages.labels(stage)
        for scope in _SCOPES:
            self._limits.labels(scope)
        self.rebuilds({})
        self.jobs({})

    def text(self) -> bytes:
        """All figures, in Prometheus' text format."""
        return generate_latest(self.registry)

    def asked(self, asking: Asking) -> None:
        """See `questions.Listener.asked`."""
        self._questions.labels(asking.outcome.value, asking.way.value).inc()
        self._whole.observe(asking.took_ms / 1e3)
        for stage, took_ms in asking.stages.items():
            self._stages.labels(stage).observe(took_ms / 1e3)

    def lagged(self, seconds: float) -> None:
        """Take note of a lag of the event loop."""
        self._lag.observe(seconds)

    def lag_max(self, seconds: float) -> None:
        """Show the longest lag of late."""
        self._lag_max.set(seconds)

    def tasks(self, count: int) -> None:
        """Show how many tasks there are."""
        self._tasks.set(count)

    def index(self, status: LibraryStatus) -> None:
        """Show the size of the index."""
        self._articles.set(status.articles)
        self._passages.set(status.passages)
        self._bytes.set(status.index_bytes or 0)

    def rebuilds(self, by_state: Mapping[str, int]) -> None:
        """Show how many rebuilds run and wait."""
        for state in REBUILD_STATES:
            self._rebuilds.labels(state).set(by_state.get(state, 0))

    def jobs(self, by_state: Mapping[JobState, int]) -> None:
        """Show how many jobs are in each state."""
        for state in JobState:
            self._jobs.labels(state.value).set(by_state.get(state, 0))

    def servers(self, count: int) -> None:
        """Show how many servers there are."""
        self._servers.set(count)

    def connected(self, shard: int) -> None:
        """Count a session that began or was resumed."""
        self._connects.labels(str(shard)).inc()

    def gateway(self, shard: int, *, is_up: bool, silent_s: float, latency_s: float | None) -> None:
        """Show the state of a connection; `latency_s` None when it is unknown."""
        self._is_up.labels(str(shard)).set(is_up)
        self._silent.labels(str(shard)).set(silent_s)
        if latency_s is not None:
            self._latency.labels(str(shard)).set(latency_s)

    # ---- requests to Discord

    def trace(self) -> aiohttp.TraceConfig:
        """Hears of all requests of one HTTP session."""
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._answered)
        trace.on_request_exception.append(self._unanswered)
        return trace

    async def _answered(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        response = params.response
        # The gateway's own connection begins as a request, too.
        self._requests.labels(str(response.status)).inc()
        if response.status == 429:
            scope = response.headers.get("X-RateLimit-Scope", "unknown")
            self._limits.labels(scope if scope in _SCOPES else "unknown").inc()
            self._waits.inc(_seconds(response.headers.get("Retry-After")))

    async def _unanswered(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestExceptionParams
    ) -> None:
        if not isinstance(params.exception, asyncio.CancelledError):
            self._requests.labels("connection").inc()


def _seconds(header: str | None) -> float:
    try:
        seconds = float(header or 0)
    except ValueError:
        return 0.0
    # Cloudflare may ban for an hour; nothing waits for longer, and infinity would spoil the sum.
    return seconds if 0 <= seconds <= 86_400 else 0.0
