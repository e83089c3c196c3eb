"""What a command prints, and where to."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from bot.rendering import json_values
from bot.rendering.plain import one_line

_PIPE_COLUMNS = 200
"""How wide tables may be where there is no terminal to ask; other lines are not broken there."""

Report = Callable[[int, int], None]


@contextmanager
def progress(what: str, *, in_bytes: bool = False) -> Iterator[Report]:
    """A bar on standard error while the work lasts; nothing when that is not a terminal."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    count = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), count, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, everything: bar.update(task, completed=done, total=everything)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: the work ends where nothing is left half done. A second Ctrl-C ends it at once."""
    loop = asyncio.get_running_loop()
    pressed = asyncio.Event()

    def press() -> None:
        pressed.set()
        loop.remove_signal_handler(signal.SIGINT)

    try:
        loop.add_signal_handler(signal.SIGINT, press)
    except NotImplementedError:
        # Windows: asyncio.run cancels the work instead.
        yield lambda: False
        return
    try:
        yield pressed.is_set
    finally:
        loop.remove_signal_handler(signal.SIGINT)


def write(render: Callable[[bool], Iterable[RenderableType]]) -> None:
    """Print what `render` makes, for a terminal or (True) for a pipe."""
    is_terminal = sys.stdout.isatty()
    console = Console(
        # Not as FORCE_COLOR says: what is read by a program has neither colours nor broken lines.
        force_terminal=is_terminal,
        width=None if is_terminal else _PIPE_COLUMNS,
        markup=False,
        emoji=False,
        highlight=False,
    )
    plain = not is_terminal or console.is_dumb_terminal
    with _reader_may_leave():
        for part in render(plain):
            if plain and isinstance(part, Text):
                # Rich would break lines and turn tabs into spaces.
                print(part.plain)  # noqa: T201 - the output of the command
            else:
                # In a group, because Rich joins texts that it prints, and forgets which of them may be wrapped.
                console.print(Group(part))
        sys.stdout.flush()


def write_line(line: str) -> None:
    """Print one line on standard output."""
    with _reader_may_leave():
        print(one_line(line), flush=True)  # noqa: T201 - the output of the command


def write_json(value: json_values.Value) -> None:
    """Print one JSON value on standard output."""
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    with _reader_may_leave():
        print(json_values.dumped(value, ascii_only=not is_unicode), flush=True)  # noqa: T201 - the output of the command


def is_standard_output(file: Path) -> bool:
    """Whether "-" or a path such as /dev/stdout names it."""
    try:
        return file == Path("-") or os.path.samestat(file.stat(), os.fstat(sys.stdout.fileno()))
    except OSError:
        # There is no such file, or nothing behind standard output.
        return False


@contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """Standard output for bytes, for as long as somebody reads it."""
    with _reader_may_leave():
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """`footnote list | head` is no error when head has read enough."""
    try:
        yield
    except BrokenPipeError:
        # Python flushes standard output once more at exit: https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
