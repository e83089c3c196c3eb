"""Bad weather: whatever Discord can do to a bot, by chance."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

from tests.support.discord import Discord, Fault

CALLBACK = "/interactions/*/callback"
MESSAGES = "/channels/*/messages"

_BOTH = (CALLBACK, MESSAGES)

FAULTS: dict[str, Callable[[str], Fault]] = {
    "429": lambda path: Fault("POST", path, 429, retry_after_s=0.2, times=3),
    "global 429": lambda path: Fault("POST", path, 429, retry_after_s=0.2, is_global=True),
    "503": lambda path: Fault("POST", path, 503),
    "reset": lambda path: Fault("POST", path, is_reset=True),
    "lost answer": lambda path: Fault("POST", path, is_reset=True, is_after=True),
    "slow": lambda path: Fault("POST", path, delay_s=0.7, times=3),
}


async def storm(discord: Discord, chance: random.Random, pause_s: float, happened: Counter[str]) -> None:
    """Let something go wrong every `pause_s` seconds or so, until it is cancelled; counts what did."""
    while True:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * pause_s)
        kind = chance.choice([*FAULTS, "connection dropped", "asked to reconnect"])
        happened[kind] += 1
        if kind == "connection dropped":
            discord.gateway.drop()
        elif kind == "asked to reconnect":
            discord.gateway.ask_to_reconnect()
        else:
            discord.faults.append(FAULTS[kind](chance.choice(_BOTH)))
