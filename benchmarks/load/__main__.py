"""How fast the bot answers over real sockets while its index is rebuilt: `make load`.

The real bot runs as a process of its own against the loopback Discord of the tests, over a library of made text. It is
asked one question after the other, then 200 at once while the index is rebuilt, and then one after the other until the
new index is in use. Fails when one of the 200 is not answered, when the first response of one in a hundred takes a
second or longer, or when a heartbeat is missed.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from index import Draft, Library
from tests.support.discord import Actor, Channel, Discord, Message, Permission
from tests.support.discord.process import BotProcess

EXAMPLES = Path(__file__).parents[2] / "examples" / "articles"
QUESTION = "How many homes were without power after Storm Odila?"
QUOTE = "90,000"
PEOPLE, CROWD = 40, 200
ALONE = 300
FIRST_RESPONSE_S = 1.0
HEARTBEAT_S = 1.0

_WORDS = 60_000
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "i", "o", "u")]
_PASSAGES_OF_AN_ARTICLE = 15
_WORDS_OF_A_PASSAGE = 86
_ADDED_AT_ONCE = 256
_TIMEOUT_S = 900.0


def word(number: int) -> str:
    """A made word; equal numbers make equal words, and no two numbers the same."""
    letters = _SYLLABLES[number % len(_SYLLABLES)]
    while number := number // len(_SYLLABLES):
        letters += _SYLLABLES[number % len(_SYLLABLES)]
    return letters + "k"


def articles(count: int, seed: int = 7) -> list[Draft]:
    """Made articles of about `_PASSAGES_OF_AN_ARTICLE` passages, whose words are as unequally common as real ones."""
    random = np.random.default_rng(seed)
    size = _PASSAGES_OF_AN_ARTICLE * _WORDS_OF_A_PASSAGE
    share = 1 / np.arange(10, _WORDS + 10)
    drawn = random.choice(_WORDS, (count, size), p=share / share.sum())
    words = np.array([word(number) for number in range(_WORDS)], object)
    drafts = []
    for place, row in enumerate(words[drawn]):
        sentences = [" ".join(row[at : at + 14]).capitalize() + "." for at in range(0, size, 14)]
        paragraphs = [" ".join(sentences[at : at + 6]) for at in range(0, len(sentences), 6)]
        drafts.append(Draft(f"Report {place}", "\n\n".join(paragraphs), f"{place}.txt", "en"))
    return drafts


def questions(count: int, seed: int = 11) -> list[str]:
    """Questions of four made words that stand in some passages, and common words beside them."""
    random = np.random.default_rng(seed)
    return [
        f"what did {word(a)} {word(b)} say about the {word(c)} of {word(d)}?"
        for a, b, c, d in random.integers(200, 20_000, (count, 4)).tolist()
    ]


async def fill(folder: Path, passages: int) -> int:
    """Make a library and return how many passages it holds."""
    address = f"sqlite+aiosqlite:///{folder}/footnote.db"
    async with await Library.open(address, folder / "footnote.db.index") as library:
        await library.add_paths([EXAMPLES])
        drafts = articles(max(passages // _PASSAGES_OF_AN_ARTICLE, 1))
        for first in range(0, len(drafts), _ADDED_AT_ONCE):
            await library.add(drafts[first : first + _ADDED_AT_ONCE])
            print(f"\r{first + _ADDED_AT_ONCE} of {len(drafts)} articles", end="", file=sys.stderr)
        print(file=sys.stderr)
        return (await library.status()).passages


def told(name: str, seconds: Sequence[float]) -> None:
    """Print the distribution of some times."""
    percent = statistics.quantiles(seconds, n=100, method="inclusive")
    print(f"{name}: p50 {percent[49] * 1e3:.1f} ms, p99 {percent[98] * 1e3:.1f} ms, most {max(seconds) * 1e3:.1f} ms")


async def answered_alone(who: Actor, where: Channel, asked: Sequence[str]) -> list[float]:
    """Ask one question after the other; seconds from INTERACTION_CREATE to the request with the answer."""
    return [(await who.slash(where, "ask", question=question)).answered_s for question in asked]


async def until_rebuilt(rebuilding: Message, who: Actor, where: Channel, asked: Sequence[str]) -> list[float]:
    """Ask for the help page and a question in turn until the new index is in use.

    Returns:
        Seconds that the help page took, which nothing but the event loop can delay.
    """
    waits: list[float] = []
    began = time.monotonic()
    while len(waits) < 2 or "Rebuilding" in rebuilding.text:
        if time.monotonic() - began > _TIMEOUT_S:
            raise TimeoutError("the index was not rebuilt in time")
        waits.append((await who.slash(where, "help")).answered_s)
        await who.slash(where, "ask", question=asked[len(waits) % len(asked)])
    return waits


async def measure(folder: Path) -> bool:
    """Run the bot, ask, print figures, and tell whether it kept its promises."""
    limits = {"QUESTIONS_PER_MINUTE": "0", "SERVER_QUESTIONS_PER_MINUTE": "0"}
    async with Discord() as discord, BotProcess(discord, folder, limits) as bot:
        discord.gateway.heartbeat_interval_ms = int(HEARTBEAT_S * 1e3)
        guild = discord.guild("Docs")
        channel = discord.channel(guild)
        managers = discord.role(guild, "Managers", Permission.MANAGE_GUILD)
        manager = discord.person("manager", guild, roles=(managers,))
        people = [discord.person(f"person-{n}", guild) for n in range(PEOPLE)]
        await bot.ready(timeout_s=120)
        connection = discord.gateway.connections[0]

        await answered_alone(people[0], channel, questions(20, seed=1))
        told(f"{ALONE} questions one after the other", await answered_alone(people[0], channel, questions(ALONE)))

        await manager.slash(channel, "index rebuild")
        rebuilding = next(one for one in discord.bot_messages(channel) if "Rebuilding" in one.text)
        asked = [await people[n % PEOPLE].slash(channel, "ask", question=QUESTION, wait=False) for n in range(CROWD)]
        await discord.until(lambda: all(one.is_settled for one in asked), f"{CROWD} answers", 60)
        was_rebuilding = "Rebuilding" in rebuilding.text
        firsts = [one.first_response_s for one in asked]
        told(f"first response to each of {CROWD} at once, the index being rebuilt", firsts)
        told(f"answer to each of {CROWD} at once", [one.answered_s for one in asked])

        began = time.monotonic()
        told(
            "help page until the new index is in use",
            await until_rebuilt(rebuilding, people[0], channel, questions(50)),
        )
        print(f"the new index was in use {time.monotonic() - began:.0f} s after the crowd")
        print(f"memory of the bot: {bot.resident_bytes() / 1024**2:.0f} MiB")

        gaps = [later - earlier for earlier, later in pairwise(connection.heartbeats)]
        print(f"longest time between heartbeats, {HEARTBEAT_S:.0f} s being asked for: {max(gaps):.2f} s")
        kept = {
            "the crowd was answered": all(QUOTE in one.text for one in asked),
            "while the index was rebuilt": was_rebuilding,
            "first responses in time": statistics.quantiles(firsts, n=100, method="inclusive")[98] < FIRST_RESPONSE_S,
            "no heartbeat missed": max(gaps) < 2 * HEARTBEAT_S and discord.gateway.connections == [connection],
        }
        for promise, is_kept in kept.items():
            print(f"{promise}: {'yes' if is_kept else 'NO'}")
        return all(kept.values())


def main() -> int:
    """Fill a library, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="footnote-load-") as folder:
        passages = asyncio.run(fill(Path(folder), arguments.passages))
        print(f"{passages:,} passages")
        return 0 if asyncio.run(measure(Path(folder))) else 1


if __name__ == "__main__":
    sys.exit(main())
