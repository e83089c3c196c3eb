"""How silent connections are counted, and what the watchdog makes of a loop that stands still."""

import asyncio
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.client import FootnoteBot
from bot.metrics import Metrics
from bot.vitals import Vitals
from bot.watchdog import EXIT_CODE, Watchdog


class OneShard:
    """As much of a bot as is looked at: a connection on which something is heard when `heard` changes."""

    def __init__(self) -> None:
        self.heard = 1.0
        self.shard_count = 1
        self.shards = {0: None}
        self.listeners: dict[str, Any] = {}
        self._connection = self

    def add_listener(self, listener: Any, name: str) -> None:
        self.listeners[name] = listener

    def _get_websocket(self, shard_id: int) -> Any:
        return SimpleNamespace(_keep_alive=SimpleNamespace(interval=41.25, _last_recv=self.heard, latency=0.1))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def followed() -> tuple[Vitals, OneShard]:
    vitals, bot = Vitals(Metrics()), OneShard()
    vitals.follow(cast(FootnoteBot, bot))
    return vitals, bot


def pass_s(vitals: Vitals, seconds: int) -> None:
    for _ in range(seconds):
        vitals._look(1.0)


async def test_a_gateway_that_never_was_is_never_dead() -> None:
    vitals, bot = followed()
    await bot.listeners["on_shard_disconnect"](0)

    pass_s(vitals, 1_000)

    assert vitals.dead_s == 0
    assert not vitals.gateway()[0]


async def test_silence_is_counted_from_the_last_sign_and_two_heartbeats_may_be_missed() -> None:
    vitals, bot = followed()
    await bot.listeners["on_shard_ready"](0)
    pass_s(vitals, 80)
    assert vitals.gateway()[0]
    bot.heard += 1
    pass_s(vitals, 1 + 87)
    assert (vitals.dead_s, vitals.gateway()[0]) == (0, True)

    pass_s(vitals, 1)

    assert (vitals.dead_s, vitals.gateway()[0]) == (88, False)


async def test_what_is_heard_without_a_session_is_no_sign_of_life() -> None:
    vitals, bot = followed()
    await bot.listeners["on_shard_ready"](0)
    await bot.listeners["on_shard_disconnect"](0)
    for _ in range(20):
        # Discord says hello each time, and turns the bot away.
        bot.heard += 1
        pass_s(vitals, 1)
    assert vitals.dead_s == 20

    await bot.listeners["on_shard_resumed"](0)

    assert vitals.dead_s == 0


async def test_a_shard_that_is_not_there_yet_makes_the_bot_unready() -> None:
    vitals, bot = followed()
    bot.shard_count = 2
    await bot.listeners["on_shard_ready"](0)
    pass_s(vitals, 1)

    assert vitals.gateway() == (False, "1 of 2 shards are up")


def test_a_lag_is_forgotten_after_a_minute() -> None:
    clock = Clock()
    vitals = Vitals(Metrics(), clock)
    vitals._lagged(clock.now, 2.0)
    vitals._lagged(clock.now + 20, 0.1)
    clock.now += 20

    assert (vitals.lag_s(15), vitals.lag_s()) == (0.1, 2.0)
    vitals._lagged(clock.now + 50, 0.0)
    clock.now += 50
    assert vitals.lag_s() == 0.1


async def test_a_loop_that_turns_is_left_alone_and_one_that_stands_still_is_ended(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.watchdog.CHECK_S", 0.1)
    ended = threading.Event()
    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    vitals = Vitals(Metrics())
    watching = asyncio.create_task(vitals.watch())
    with Watchdog(vitals, 1.0, end):
        await asyncio.sleep(1.5)
        assert codes == []
        # The loop stands still.
        assert ended.wait(5)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)

    assert codes == [EXIT_CODE]
    assert "test_a_loop_that_turns" in caplog.text
