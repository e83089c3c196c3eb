"""`python -m benchmarks.hosting SET_DIR...`: how much memory the running bot holds, and how soon and fast it answers.

The bot is the real process, against a Discord on loopback, with a library of the sets' sentences put together anew.
"""

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.hosting.library import PASSAGES_OF_AN_ARTICLE, library_of, question_of
from index import Library
from index.evaluation import read_set
from tests.support.discord import Discord
from tests.support.discord.process import BotProcess

_IDLE_S = 5.0
_QUESTIONS = 300
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """One start, and questions to the library without Discord; CPU time is that until the first answer.

    Memory in MB: resident is what the system counts, and consists of private and shared; files counts what is mapped
    from files, the index above all, and can be taken back by the system at any time.
    """

    articles: int
    passages: int
    ready_s: float
    answer_s: float
    cpu_s: float
    resident: float
    private: float
    shared: float
    files: float
    idle_resident: float
    ask_p50_ms: float
    ask_p99_ms: float
    ask_cpu_p50_ms: float
    ask_cpu_p99_ms: float


async def _asked(database: Path, sets: Sequence[Path]) -> tuple[float, float, float, float]:
    """Milliseconds of `Library.ask`, the passages read from the database: wall and CPU, p50 and p99 of each.

    The median of a question's rounds, after one round to warm up; CPU time is that of all threads of this process.
    """
    questions = read_set(sets[0], _QUESTIONS).questions
    rounds: list[list[tuple[float, float]]] = []
    async with await Library.open(f"sqlite+aiosqlite:///{database}", Path(f"{database}.index")) as library:
        for _ in range(_ROUNDS + 1):
            taken: list[tuple[float, float]] = []
            for one in questions:
                began, used = time.perf_counter(), time.process_time()
                await library.ask(one.question)
                taken.append(((time.perf_counter() - began) * 1e3, (time.process_time() - used) * 1e3))
            rounds.append(taken)
    wall, cpu = (sorted(median(one[kind] for one in each) for each in zip(*rounds[1:], strict=True)) for kind in (0, 1))
    last = len(questions) * 99 // 100
    return wall[len(wall) // 2], wall[last], cpu[len(cpu) // 2], cpu[last]


async def _measured(folder: Path, sets: Sequence[Path], articles: int) -> Figures:
    database = await library_of(folder, sets, articles)
    with tempfile.TemporaryDirectory() as place:
        # A copy: the bot writes its own tables, and the library is to be the same the next time.
        shutil.copy(database, f"{place}/footnote.db")
        shutil.copytree(f"{database}.index", f"{place}/footnote.db.index")
        async with Discord() as discord:
            guild = discord.guild("Docs")
            channel, person = discord.channel(guild), discord.person("alice", guild)
            warm = BotProcess(discord, Path(place))
            async with warm:
                # Commands are synchronised, and the files are in the system's cache.
                await warm.ready(timeout_s=120)
                await warm.stop()
            question = question_of(sets)
            began = time.perf_counter()
            async with BotProcess(discord, Path(place)) as bot:
                await discord.until(lambda: bool(discord.gateway.connected), "bot that is connected", 120)
                ready = time.perf_counter() - began
                await person.slash(channel, "ask", question=question)
                answered = time.perf_counter() - began
                cpu, now = _cpu_s(bot.pid), _memory(bot.pid)
                await asyncio.sleep(_IDLE_S)
                idle = _memory(bot.pid)
                await bot.stop()
    return Figures(
        articles,
        articles * PASSAGES_OF_AN_ARTICLE,
        *(round(ready, 2), round(answered, 2), round(cpu, 2)),
        *(now["Rss"], now["Private_Clean"] + now["Private_Dirty"], now["Shared_Clean"] + now["Shared_Dirty"]),
        *(round(now["Rss"] - now["Anonymous"], 1), idle["Rss"]),
        *(round(value, 2) for value in await _asked(database, sets)),
    )


def _memory(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}


def _cpu_s(pid: int) -> float:
    # The name in brackets may hold spaces; what follows begins with the third field of proc(5).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Read the arguments, measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.hosting", description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET_DIR")
    parser.add_argument("--articles", nargs="+", type=int, default=[1_000, 6_667])
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "footnote-hosting")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    found = [asyncio.run(_measured(arguments.cache, arguments.sets, count)) for count in arguments.articles]
    for one in found:
        print("  ".join(f"{name} {value:,.2f}" for name, value in asdict(one).items()))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([asdict(one) for one in found], indent=1), "utf-8")


if __name__ == "__main__":
    main()
