"""A soak from beginning to end: storm, then calm, then a look at what is left."""

import asyncio
import contextlib
import random
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from pathlib import Path

from index import Library
from tests.soak.ledger import Ledger
from tests.soak.people import Admin, Experience, Members, Outages
from tests.soak.watching import EVERY_S, Rest, Sample, at_rest, watch
from tests.soak.weather import storm
from tests.support.discord import Discord
from tests.support.discord.process import BotProcess
from tests.support.ports import free_port

_STORMY = 0.6
"""This share of the time there is bad weather, and the process is killed; in the rest memory must be flat."""

_WITHOUT_LIMITS = {"QUESTIONS_PER_MINUTE": "0", "SERVER_QUESTIONS_PER_MINUTE": "0"}

_FIRST_ARTICLES = 30
_GROWTH_BYTES = 15_000_000
_WARM_S = 60
"""A calm of fewer seconds tells nothing of memory: the process was started not long before, and still loads."""

_GROWTH_FILES = 4
_GROWTH_SOCKETS = 8
_GROWTH_TASKS = 5
_KEPT_S = 30.0
"""aiohttp keeps a connection 15 s for the next request, the oldest first, and looks for old ones every 15 s: after a
shorter rest than both, sockets tell nothing. Nor do tasks: the last answers may still be on their way."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        seconds: How long people ask.
        per_s: Questions a second, beside the bursts.
        burst: Questions in a burst.
        burst_s: Seconds between two bursts.
        kills: How often the process is killed.
        weather_s: Seconds between two pieces of bad weather.
        quiet_s: How long nobody asks before memory and files are compared.
        seed: Of everything that happens by chance.
    """

    seconds: float
    per_s: float = 4.0
    burst: int = 40
    burst_s: float = 20.0
    kills: int = 8
    weather_s: float = 8.0
    quiet_s: float = 35.0
    seed: int = 1


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        restarts: Seconds from each kill to the first answer after it.
        calm: When the calm began, in seconds from the beginning.
        quiet: The process when nobody asked, before and after the calm.
        refused: What Discord refused, and was not ordered to refuse.
        log: What the process wrote to standard error.
        problems: What must not be; empty after a good soak.
    """

    plan: Plan
    seen: Experience
    weather: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    calm: float = 0.0
    quiet: list[Rest] = field(default_factory=list)
    articles: int = 0
    refused: list[str] = field(default_factory=list)
    log: str = ""
    problems: list[str] = field(default_factory=list)


async def soak(plan: Plan, folder: Path) -> Outcome:
    """Run it.

    Args:
        folder: For the database; empty.
    """
    chance = random.Random(plan.seed)
    outcome = Outcome(plan, Experience(time.monotonic()))
    ledger, outages = Ledger(chance), Outages()
    environment = _WITHOUT_LIMITS | {"HEALTH_PORT": str(free_port())}
    async with Discord() as discord, BotProcess(discord, folder, environment) as bot:
        owner = discord.person("owner")
        guild = discord.guild("Docs", owner=owner)
        channels = [discord.channel(guild, name) for name in ("general", "ferries", "lake")]
        people = [discord.person(f"member{number}", guild) for number in range(20)]
        members = Members(discord, people, channels, ledger, outages, outcome.seen, chance)
        admin = Admin(discord, owner, discord.channel(guild, "desk"), ledger, outages, outcome.seen, chance)
        await bot.ready()
        for _ in range(_FIRST_ARTICLES):
            await admin.add()
        admin.thinking_s = 1.5
        async with _meanwhile(watch(bot, outcome.seen.began, outcome.samples), _forget(discord, outcome)):
            load = (members.steadily(plan.per_s), members.in_bursts(plan.burst, plan.burst_s), admin.keep(0.5, 25))
            bad = storm(discord, chance, plan.weather_s, outcome.weather)
            async with _meanwhile(*load, bad):
                await _kill(bot, discord, members, outages, outcome, plan.seconds * _STORMY)
            discord.faults.clear()
            await discord.connected()
            await _rest(bot, outcome)
            outcome.calm = time.monotonic() - outcome.seen.began
            load = (members.steadily(plan.per_s), members.in_bursts(plan.burst, plan.burst_s), admin.keep(0.5, 25))
            async with _meanwhile(*load):
                await asyncio.sleep(plan.seconds * (1 - _STORMY))
            await _rest(bot, outcome)
        await _finish(bot, discord, outcome)
    await _compare(ledger, folder, outcome)
    outcome.log = bot.log
    _judge(outcome)
    return outcome


@contextlib.asynccontextmanager
async def _meanwhile(*work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Do several things while the block lasts; who has asked by then still gets an answer.

    Raises:
        BaseExceptionGroup: One of them failed.
    """
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [one for one in ended if isinstance(one, Exception)]
    if failed:
        raise ExceptionGroup("the soak itself has failed", failed)


async def _forget(discord: Discord, outcome: Outcome) -> None:
    """Let the loopback Discord not grow with every request; what it refused is kept."""
    while True:
        await asyncio.sleep(5)
        _collect(discord, outcome)


def _collect(discord: Discord, outcome: Outcome) -> None:
    outcome.refused += discord.refused
    discord.requests.clear()


async def _kill(
    bot: BotProcess, discord: Discord, members: Members, outages: Outages, outcome: Outcome, seconds: float
) -> None:
    """Kill the process and start it again, at even intervals."""
    pause = seconds / (outcome.plan.kills + 1)
    for _ in range(outcome.plan.kills):
        await asyncio.sleep(pause)
        outages.begin()
        bot.kill()
        await bot.ended()
        await discord.until(lambda: not discord.gateway.connected, "an end of the connection")
        began = time.monotonic()
        await bot.start()
        await bot.ready()
        await members.ask_once()
        outcome.restarts.append(time.monotonic() - began)
        outages.end()
    await asyncio.sleep(pause)


async def _rest(bot: BotProcess, outcome: Outcome) -> None:
    """Wait until nothing is under way, and look."""
    await asyncio.sleep(outcome.plan.quiet_s)
    outcome.quiet.append(await at_rest(bot, outcome.seen.began))


async def _finish(bot: BotProcess, discord: Discord, outcome: Outcome) -> None:
    for channel in discord.world.channels.values():
        for message in discord.bot_messages(channel):
            if "rebuild1:" in str(message.components) and "'disabled': True" not in str(message.components):
                outcome.problems.append(f"a rebuild still looks as if it ran: {message.text[:200]!r}")
    code = await bot.stop()
    _collect(discord, outcome)
    if code != 0:
        outcome.problems.append(f"it ended with {code} after SIGTERM")
    # An answer that was lost is sent again, and Discord says that it has it.
    refused = [one for one in outcome.refused if " 40060: " not in one]
    outcome.problems += [f"Discord refused {one}" for one in refused]


async def _compare(ledger: Ledger, folder: Path, outcome: Outcome) -> None:
    """Whether the library holds what was acknowledged, and nothing else, and finds all of it."""
    path = folder / "footnote.db"
    async with await Library.open(f"sqlite+aiosqlite:///{path}", Path(f"{path}.index")) as library:
        held = {info.title: info for info in await library.articles()}
        outcome.articles = len(held)
        for ferry in ledger.ferries:
            info = held.get(ferry.title)
            text = "" if info is None else (await library.article(info.id)).text
            present = next((n for n in ferry.history[-1] if n is not None and str(n) in text), None)
            if present not in ferry.history[-1]:
                outcome.problems.append(f"{ferry.title}: {ferry.history[-1]} was acknowledged, {present} is stored")
            if present is not None:
                best = (await library.ask(ferry.question)).best
                if best is None or str(present) not in best.quote:
                    outcome.problems.append(f"{ferry.title}: it is stored, and not found")


def _judge(outcome: Outcome) -> None:
    """Add what must not be to the problems."""
    outcome.problems += outcome.seen.wrong
    lost = [one for one in outcome.seen.asked if one.took_s is None and not one.is_excused]
    if lost:
        outcome.problems.append(f"{len(lost)} questions were not answered, the first after {lost[0].at:.0f} s")
    if traces := outcome.log.count("Traceback"):
        outcome.problems.append(f"{traces} tracebacks in the log")
    outcome.problems += _leaks(*outcome.quiet, is_settled=outcome.plan.quiet_s > _KEPT_S)
    calm = [one.resident for one in outcome.samples if one.at >= outcome.calm]
    third = len(calm) // 3
    if len(calm) * EVERY_S >= _WARM_S:
        growth = statistics.median(calm[-third:]) - statistics.median(calm[:third])
        if growth > _GROWTH_BYTES:
            outcome.problems.append(f"memory grew by {growth / 1e6:.0f} MB in the calm")


def _leaks(before: Rest, after: Rest, *, is_settled: bool) -> list[str]:
    """What was left open in the calm, and what goes on; sockets and tasks only after a rest in which they could end."""
    looked, then = before.sample, after.sample
    grown = [("open files", looked.files, then.files, _GROWTH_FILES)]
    if is_settled:
        grown += [
            ("open sockets", looked.sockets, then.sockets, _GROWTH_SOCKETS),
            ("process_open_fds", before.open_fds, after.open_fds, _GROWTH_FILES + _GROWTH_SOCKETS),
            ("tasks", before.tasks, after.tasks, _GROWTH_TASKS),
        ]
    return [f"{what} grew from {low} to {high} in the calm" for what, low, high, most in grown if high - low > most]
