"""The commands of the guides do what the guides say: they are run, beside a Discord on the loopback.

A block of a guide is run when its first line says so, and blocks of one guide that have one name share a folder and run
in their order:

    ```console guide=install          a line with "$ " is run; the lines below it are what is printed, and "…" stands
    $ footnote list                   for anything
    ```
    ```sh guide=install               a script: every line of it has to succeed
    ```console guide=install runs     the last command runs until it has connected to Discord; then it gets SIGTERM,
    $ footnote run                    and has to end with 0
    ```

DISCORD_TOKEN is set, `footnote` is this program, and `examples/` is in the folder. In docs/ and README.md, every block
is found that is marked like this.
"""

import asyncio
import os
import re
import shlex
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from tests.support.discord import Discord

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_BLOCK = re.compile(r"(?ms)^```(sh|console) ([^\n`]*guide=[^\n`]*)\n(.*?)^```$")


@dataclass(frozen=True)
class Step:
    """A command, or a script; and what it has to print, where None stands for anything."""

    script: str
    printed: str | None
    runs: bool = False

    def has_printed(self, out: str) -> bool:
        """Whether what it has to print is in what it printed; spaces at the ends of lines are not looked at."""
        if self.printed is None:
            return True
        out = re.sub(r"(?m)[ \t]+$", "", out)
        return re.search(".*".join(map(re.escape, self.printed.split("…"))), out, re.DOTALL) is not None


def steps_of(kind: str, body: str, *, runs: bool) -> list[Step]:
    """What is to be run of one block."""
    if kind == "sh":
        return [Step(body, None, runs)]
    steps = []
    for part in re.split(r"(?m)^\$ ", body)[1:]:
        command, printed = part, ""
        if "\n" in part:
            # A command goes on where its line ends with a backslash.
            end = re.search(r"(?<!\\)\n", part)
            assert end is not None
            command, printed = part[: end.start()], part[end.end() :]
        steps.append(Step(command, printed.strip() or None))
    return [*steps[:-1], Step(steps[-1].script, steps[-1].printed, runs)]


def blocks() -> list[tuple[str, str, list[Step]]]:
    """Guide, name, steps; in the order of the guides."""
    found = []
    for path in GUIDES:
        for kind, info, body in _BLOCK.findall(path.read_text("utf-8")):
            words = dict(one.partition("=")[::2] for one in info.split())
            assert words.keys() <= {"guide", "runs"}, f"{path.name}: {info}"
            found.append((path.name, words["guide"], steps_of(kind, body, runs="runs" in words)))
    return found


def parameters() -> list[tuple[str, str, list[Step]]]:
    """All steps of one name in one guide."""
    found = sorted(blocks(), key=lambda one: one[:2])
    return [
        (guide, name, [step for one in some for step in one[2]])
        for (guide, name), some in groupby(found, key=lambda one: one[:2])
    ]


@pytest.mark.parametrize(("guide", "name", "steps"), parameters(), ids=lambda one: one if isinstance(one, str) else "")
async def test_the_commands_of_a_guide_do_what_it_says(
    guide: str, name: str, steps: list[Step], tmp_path: Path
) -> None:
    folder, programs = tmp_path / "here", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    shutil.copytree(ROOT / "examples", folder / "examples")
    own = programs / "footnote"
    own.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bot "$@"\n', "utf-8")
    own.chmod(0o755)
    async with Discord() as discord:
        kept = {name: value for name, value in os.environ.items() if name in {"LANG", "SYSTEMROOT"}}
        environment = kept | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_BASE": discord.api_base,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
        }
        for step in steps:
            code, out = await _ran(step, folder, environment, discord)
            assert code == 0, f"{guide}, {name}: {step.script}\nends with {code}:\n{out}"
            assert step.has_printed(out), f"{guide}, {name}: {step.script}\nprints:\n{out}"


async def _ran(step: Step, folder: Path, environment: dict[str, str], discord: Discord) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "sh", "-e", "-c", f"exec {step.script}" if step.runs else step.script,
        cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    out = ""
    try:
        async with asyncio.timeout(120):
            if step.runs:
                await discord.connected(timeout_s=60)
                while not step.has_printed(out) and (line := await process.stdout.readline()):
                    out += line.decode(errors="replace")
                process.send_signal(signal.SIGTERM)
            out += (await process.stdout.read()).decode(errors="replace")
            await process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode is not None
    return process.returncode, out


def test_the_guides_have_commands_to_run() -> None:
    named = {(guide, name) for guide, name, _ in blocks()}

    assert {("operators.md", "start"), ("keeping.md", "keeping"), ("README.md", "use")} <= named


def test_a_block_is_read_as_its_commands_and_what_they_print() -> None:
    body = "$ footnote add \\\n    notes\nadded …\n$ footnote list | head -1\n"

    assert steps_of("console", body, runs=True) == [
        Step("footnote add \\\n    notes", "added …"),
        Step("footnote list | head -1", None, runs=True),
    ]
    assert steps_of("sh", "a\nb\n", runs=False) == [Step("a\nb\n", None)]
