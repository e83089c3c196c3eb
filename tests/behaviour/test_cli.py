"""The command line as a whole: what cannot be understood or used, bugs, and the real process."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings
from tests.support.command_line import EXAMPLES, QUESTION, Run, told

# ---- errors


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["ask"], ["list", "--nonsense"], ["add"], ["remove"]])
def test_what_cannot_be_understood_is_one_line(run: Run, arguments: list[str]) -> None:
    assert "footnote --help" in told(run(*arguments))


@pytest.mark.parametrize("group", ["feeds"])
def test_a_group_without_a_command_prints_its_help_and_nothing_else(run: Run, group: str) -> None:
    code, _, err = run(group)

    assert (code, err) == (2, "")


def test_help_is_no_error(run: Run) -> None:
    code, out, err = run("--help")

    assert (code, err) == (0, "")
    assert all(name in out for name in ("ask", "add", "list", "show", "remove", "reindex", "eval", "export", "import"))


COMMANDS = [
    ["ask", "x"], ["add", "x.md"], ["list"], ["show", "x"], ["remove", "x"], ["reindex"], ["export", "x"],
    ["import", "x"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_a_store_that_cannot_be_used_is_one_line(run: Run, tmp_path: Path, command: list[str]) -> None:
    broken = tmp_path / "broken.db"
    broken.write_text("this is no database, but it is longer than a header of SQLite " * 20, "utf-8")

    assert "not a database" in told(run(*command, "--store", f"sqlite+aiosqlite:///{broken}"))


def test_an_address_that_is_none_is_one_line(run: Run) -> None:
    assert "sqlite+aiosqlite:///footnote.db" in told(run("list", "--store", "nonsense"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "it is no address such as sqlite+aiosqlite:///footnote.db"),
        ("bad.db", "it is no address such as sqlite+aiosqlite:///footnote.db"),
        ("mysql://host/name", "mysql is not supported; use sqlite+aiosqlite or postgresql+asyncpg"),
        ("sqlite://", "it names no file"),
        ("postgresql://me:p@ss/word@host/name", "its user or password has an @ or a /; write %40 and %2F for them"),
    ],
)
def test_a_store_that_was_typed_and_cannot_be_one_is_named_as_it_was_typed(run: Run, typed: str, said: str) -> None:
    for arguments in (["list", "--store", typed], ["--store", typed, "list"], ["feeds", "list", "--store", typed]):
        line = told(run(*arguments))

        assert f"'--store': {said}" in line
        assert "DATABASE_URL" not in line


@pytest.mark.parametrize(
    "command",
    [
        ["list"], ["show", "x"], ["remove", "x"], ["export", "all.jsonl"], ["export", "-"], ["reindex"], ["check"],
        ["ask", QUESTION], ["feeds", "list"], ["feeds", "check"], ["jobs"], ["refresh"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_where_there_is_no_library_nothing_is_made_by_whoever_looks(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    ran = run(*command, "--store", f"sqlite:///{tmp_path}/nosuch/x.db")

    assert told(ran) == f"footnote: there is no library in {tmp_path}/nosuch/x.db yet; `footnote add FOLDER` makes one"
    assert ran[1] == ""
    assert list(tmp_path.iterdir()) == []


def test_whoever_begins_by_asking_is_told_what_to_do_and_nothing_is_made(run: Run, tmp_path: Path) -> None:
    code, out, err = run("ask", QUESTION)

    assert (code, err) == (1, "")
    assert "There are no articles yet" in out
    assert "footnote add FOLDER" in out
    assert list(tmp_path.iterdir()) == []


def test_an_empty_library_is_listed_as_nothing(filled: Run) -> None:
    ids = [line.split("\t")[0] for line in filled("list")[1].splitlines()]
    assert filled("remove", *ids)[0] == 0

    assert filled("list") == (0, "", "")


def test_a_store_is_named_before_the_command_as_well(run: Run, tmp_path: Path) -> None:
    first, second = (f"sqlite+aiosqlite:///{tmp_path}/{name}.db" for name in ("first", "second"))
    assert run("--store", first, "add", EXAMPLES)[0] == 0

    assert run("--store", first, "ask", QUESTION)[0] == 0
    assert run("--store", first, "list", "--store", second)[1] == ""
    assert run("--store", second, "list", "--store", first)[1] == run("--store", first, "list")[1] != ""
    assert run("--store", first, "jobs")[0] == 0
    assert run("--store", first, "feeds", "list")[0] == 0
    assert run("--store", f"sqlite:///{tmp_path}/third.db", "feeds", "show", "x")[0] == 2
    assert "`init` has --database in place of --store" in told(run("--store", first, "init"))
    assert not (tmp_path / "library.db").exists()


def test_a_wrong_setting_is_one_line_with_its_name(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "LOUD")

    assert "LOG_LEVEL" in told(run("list"))


# ---- the real process


def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper().lower() not in Settings.model_fields}
    return {**kept, "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/library.db"}


def start(tmp_path: Path, *arguments: object, **options: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *map(str, arguments)], text=True, env=environment(tmp_path), **options
    )


def test_the_exit_code_reaches_the_shell(tmp_path: Path) -> None:
    with start(tmp_path, "ask", "anything?", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (1, "")
    assert "No answer" in out


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    with start(tmp_path, "ask", "anything?", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.wait(timeout=60)

        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_a_terminal_gets_bold_text_and_no_stars(tmp_path: Path) -> None:
    here, there = pty.openpty()
    with start(tmp_path, "ask", "--try", EXAMPLES, QUESTION, stdout=there, stderr=there, stdin=there) as process:
        os.close(there)
        shown = b""
        # Linux tells the end of a terminal by EIO.
        while chunk := read_or_nothing(here):
            shown += chunk
        process.wait(timeout=60)
    os.close(here)

    text = shown.decode()
    assert process.returncode == 0
    assert "\x1b[1mAt least 49 Armenian" in text
    assert "**" not in text


def read_or_nothing(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        return b""


def test_a_bug_is_one_line_as_well(filled: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_arguments: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("bot.cli.options.open_library", broken)

    assert "RuntimeError: two lines" in told(filled("list"))


def test_an_interrupted_command_ends_with_130_and_one_line(filled: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.cli.options.open_library", interrupted)

    assert "interrupted" in told(filled("list"), 130)
