"""Draw the dashboard as a picture: `python -m tools.draw_dashboard docs/pictures/dashboard.png`.

The real bot runs beside a Discord of the tests' own and is asked for some minutes; a real Prometheus gathers its
figures and evaluates the expressions of `deploy/grafana.json`. Matplotlib draws them: it is not Grafana, and plainer.

Needs matplotlib (the dependency group `peers`) and Prometheus (PROMETHEUS names it).
"""

import argparse
import asyncio
import json
import math
import os
import random
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from tests.support.discord import Discord, Fault
from tests.support.discord.process import BotProcess
from tests.support.ports import free_port

ROOT = Path(__file__).parents[1]
DASHBOARD = ROOT / "deploy" / "grafana.json"
EXAMPLES = ROOT / "examples" / "articles"

QUESTIONS = (
    "How many homes were without power after Storm Odila?",
    "When did the tram line open?",
    "What does the dam repair cost?",
    "how many soldiers were killed?",
    "¿Quién ganó las elecciones?",
    "What is the capital of a country nobody wrote about?",
    "How do I bake bread?",
)
_SCRAPE_S = 2
_WINDOW = "1m"
_LETTERS = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0")


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a panel: its legend, and seconds since the epoch with values."""

    legend: str
    points: Sequence[tuple[float, float]]


async def gather(minutes: float, prometheus: str) -> tuple[Mapping[int, Sequence[Series]], float]:
    """Run and ask a bot, and evaluate the panels' expressions at the end; by the ids of the panels."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        health, served = free_port(), free_port()
        scrape = {"job_name": "footnote", "static_configs": [{"targets": [f"127.0.0.1:{health}"]}]}
        told = {"global": {"scrape_interval": f"{_SCRAPE_S}s"}, "scrape_configs": [scrape]}
        # JSON is YAML, too.
        (folder / "prometheus.yml").write_text(json.dumps(told))
        async with Discord() as discord:
            discord.gateway.heartbeat_interval_ms = 10_000
            environment = {"HEALTH_PORT": str(health), "QUESTIONS_PER_MINUTE": "30"}
            async with BotProcess(discord, folder, environment) as bot:
                await _add_examples(bot)
                await bot.ready()
                storing = await asyncio.create_subprocess_exec(
                    prometheus,
                    f"--config.file={folder}/prometheus.yml",
                    f"--storage.tsdb.path={folder}/data",
                    f"--web.listen-address=127.0.0.1:{served}",
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.DEVNULL,
                )
                try:
                    began = time.time()
                    await _ask(discord, began + minutes * 60)
                    return await _evaluated(f"http://127.0.0.1:{served}", began), time.time() - began
                finally:
                    storing.terminate()
                    await storing.wait()


async def _add_examples(bot: BotProcess) -> None:
    """Add articles beside the bot that runs, as an operator does; it is started anew to read them."""
    adding = await asyncio.create_subprocess_exec(
        *(str(ROOT / ".venv" / "bin" / "footnote"), "add", str(EXAMPLES)),
        env=bot.environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    await adding.wait()
    bot.terminate()
    await bot.ended()
    await bot.start()


async def _ask(discord: Discord, until: float) -> None:
    """People ask, more and less; now and then Discord tells to wait, fails or breaks the connection."""
    docs = discord.guild("Docs")
    channel = discord.channel(docs)
    people = [discord.person(f"person-{number}", docs) for number in range(12)]
    chance = random.Random(7)
    while time.time() < until:
        crowd = 1 + int(4 * (1 + math.sin(time.time() / 40)))
        if chance.random() < 0.04:
            discord.faults.append(Fault("POST", "/channels/*/messages", chance.choice((429, 500, 503))))
        if chance.random() < 0.01:
            discord.gateway.drop()
        await asyncio.gather(*(_one(channel, chance.choice(people), chance) for _ in range(crowd)))
        await asyncio.sleep(chance.uniform(0.5, 2.0))


async def _one(channel: Any, person: Any, chance: random.Random) -> None:
    question = chance.choice(QUESTIONS)
    with suppress(AssertionError, TimeoutError):
        match chance.randrange(4):
            case 0:
                await person.ask(channel, question)
            case 1:
                await person.tell(question)
            case _:
                await person.slash(channel, "ask", question=question)


async def _evaluated(prometheus: str, began: float) -> Mapping[int, Sequence[Series]]:
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    found: dict[int, Sequence[Series]] = {}
    async with aiohttp.ClientSession(prometheus) as session:
        for panel in dashboard["panels"]:
            lines: list[Series] = []
            for target in panel["targets"]:
                expression = target["expr"].replace("$__rate_interval", _WINDOW).replace("$instance", ".+")
                times = {"start": str(began + 20), "end": str(time.time()), "step": "5"}
                async with session.get("/api/v1/query_range", params=times | {"query": expression}) as response:
                    answer = await response.json()
                if answer["status"] != "success":
                    raise SystemExit(f"{panel['title']}: {answer}")
                lines += [_series(one, target["legendFormat"]) for one in answer["data"]["result"]]
            found[panel["id"]] = lines
    return found


def _series(result: Mapping[str, Any], legend: str) -> Series:
    for label, value in result["metric"].items():
        legend = legend.replace("{{" + label + "}}", value)
    points = [(float(at), float(value)) for at, value in result["values"]]
    return Series(legend, [(at, value) for at, value in points if value == value])


def draw(found: Mapping[int, Sequence[Series]], took_s: float, target: Path) -> None:
    """Draw all panels where the dashboard has them."""
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"])
    plt.rcParams |= {"font.size": 7, "text.color": "#ccccdc", "axes.edgecolor": "#3a3f47", "axes.labelcolor": "#ccccdc"}
    plt.rcParams |= {"xtick.color": "#9a9fa8", "ytick.color": "#9a9fa8", "axes.facecolor": "#181b1f"}
    figure = plt.figure(figsize=(15, rows * 0.3), facecolor="#111217")
    figure.text(0.01, 0.992, "Footnote", fontsize=13, weight="bold", va="top")
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        left, top = place["x"] / 24, 0.975 * (1 - place["y"] / rows)
        width, height = place["w"] / 24, 0.975 * place["h"] / rows
        is_stat = panel["type"] == "stat"
        box = (
            (left + 0.004, top - height, width - 0.008, height - 0.012)
            if is_stat
            else (left + 0.035, top - height + 0.03, width - 0.045, height - 0.06)
        )
        axes = figure.add_axes(box)
        axes.set_title(
            panel["title"], fontsize=8, loc="left", color="#ccccdc", pad=-9 if is_stat else 5, x=0.02 if is_stat else 0
        )
        (_stat if is_stat else _lines)(axes, panel, found[panel["id"]])
    minutes = took_s / 60
    figure.text(
        0.99,
        0.992,
        f"drawn with Matplotlib, not by Grafana, from the dashboard's expressions: {minutes:.0f} minutes of a real run "
        "beside a Discord of the tests' own",
        fontsize=7,
        ha="right",
        va="top",
        color="#9a9fa8",
    )
    figure.savefig(target, dpi=110, facecolor=figure.get_facecolor())


def _stat(axes: Axes, panel: Mapping[str, Any], lines: Sequence[Series]) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    value = lines[-1].points[-1][1] if lines and lines[-1].points else 0.0
    defaults = panel["fieldConfig"]["defaults"]
    shown = _shown(value, defaults["unit"])
    for mapping in defaults["mappings"]:
        shown = mapping["options"].get(f"{value:.0f}", {"text": shown})["text"]
    is_name = panel["options"]["textMode"] == "name"
    text = lines[-1].legend.replace(" · ", "\n") if is_name and lines else shown
    axes.text(0.5, 0.4, text, ha="center", va="center", fontsize=9 if is_name else 17, color="#73bf69")


def _lines(axes: Axes, panel: Mapping[str, Any], lines: Sequence[Series]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    is_stacked = defaults["custom"]["stacking"]["mode"] == "normal"
    shown = [line for line in lines if any(value for _, value in line.points)] or list(lines[:1])
    began = min((line.points[0][0] for line in shown if line.points), default=0.0)
    base: dict[float, float] = {}
    for line, colour in zip(shown, _LETTERS * 4, strict=False):
        at = [(moment - began) / 60 for moment, _ in line.points]
        low = [base.get(moment, 0.0) for moment, _ in line.points]
        high = [value + (below if is_stacked else 0.0) for (_, value), below in zip(line.points, low, strict=True)]
        axes.plot(at, high, linewidth=1, color=colour, label=line.legend)
        if is_stacked:
            axes.fill_between(at, low, high, color=colour, alpha=0.25, linewidth=0)
            base |= {moment: top for (moment, _), top in zip(line.points, high, strict=True)}
    # The legend stands above the lines.
    axes.set_ylim(0, axes.get_ylim()[1] * 1.2)
    axes.grid(color="#2c3235", linewidth=0.5)
    axes.xaxis.set_major_formatter(lambda value, _place: f"{value:g} min")
    unit = defaults["unit"]
    axes.yaxis.set_major_formatter(lambda value, _place: _shown(value, unit))
    for spine in axes.spines.values():
        spine.set_linewidth(0.5)
    axes.legend(fontsize=6, ncols=6, loc="upper left", frameon=False, labelcolor="#ccccdc")


def _shown(value: float, unit: str) -> str:
    if unit == "decbytes":
        size, name = next((one for one in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")) if value >= one[0]), (1, "B"))
        return f"{value / size:.3g} {name}"
    if unit == "s":
        if value and value < 1:
            return f"{value * 1e3:.3g} ms"
        return f"{value / 60:.1f} min" if value >= 120 else f"{value:.3g} s"
    return f"{value:,.4g}"


def main() -> None:
    """Gather and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, metavar="FILE", help="the picture, PNG")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the bot is asked (10)")
    arguments = parser.parse_args()
    prometheus = os.environ.get("PROMETHEUS") or shutil.which("prometheus")
    if prometheus is None:
        raise SystemExit("Prometheus is missing: name it with PROMETHEUS")
    draw(*asyncio.run(gather(arguments.minutes, prometheus)), arguments.target)


if __name__ == "__main__":
    main()
