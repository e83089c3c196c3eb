"""The command line: reads arguments, calls the library, prints what `bot/rendering` makes of it.

Exit codes: 0 answered or uncertain (or simply done), 1 refused, 2 an error with one line on standard error,
130 interrupted.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from bot import logs
from bot.app import RefusedError, open_library, run_bot
from bot.rendering import json_values, terminal
from bot.settings import SettingsError, load_settings
from index import (
    SHARED_COLLECTION,
    Addition,
    Answer,
    Article,
    ArticleInfo,
    CancelledBuildError,
    Change,
    Library,
    LibraryError,
    LibraryStatus,
    Problem,
    RebuildSummary,
    Status,
    UnreadableFileError,
)
from index.evaluation import evaluate

log = logging.getLogger(__name__)

DONE = 0
REFUSED = 1
FAILED = 2
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells tell it."""

_PIPE_COLUMNS = 200
"""How wide tables may be where there is no terminal to ask; other lines are not broken there."""

T = TypeVar("T")

Report = Callable[[int, int], None]

Store = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="ADDRESS", help="Where the articles are, instead of DATABASE_URL.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Collections = Annotated[
    list[str] | None,
    typer.Option("--collection", metavar="C", help="Only this collection; may be given again.", show_default=False),
]

app = typer.Typer(
    name="footnote",
    help="Answers questions word for word from a library of articles, with the source.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: What stands after the program's name; None takes the process's own.

    Returns:
        The exit code.
    """
    # A terminal that cannot show a letter shows a question mark instead of ending with an error.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        code = app(args=arguments, prog_name="footnote", standalone_mode=False)
    except typer.TyperException as error:
        return _failed(f"{error.format_message().rstrip('.')}; `footnote --help` tells what can be typed")
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        return _failed(f"{named}{error.strerror or error}")
    except CancelledBuildError as error:
        return _failed(str(error), INTERRUPTED)
    except (LibraryError, RefusedError, SettingsError) as error:
        return _failed(str(error))
    except Exception as error:
        # What nobody foresaw is a bug; a person at a terminal gets one line of it all the same.
        log.debug("unforeseen", exc_info=error)
        return _failed(f"a bug, please report it: {type(error).__name__}: {error} (LOG_LEVEL=DEBUG shows where)")
    if code == INTERRUPTED:
        # No command ends with it: Typer has caught KeyboardInterrupt.
        return _failed("interrupted", INTERRUPTED)
    return code if isinstance(code, int) else DONE


def _failed(message: str, code: int = FAILED) -> int:
    print(f"footnote: {terminal.one_line(message)}", file=sys.stderr)  # noqa: T201 - this is where errors are told
    return code


@app.callback()
def _commands() -> None:
    """Answers questions word for word from a library of articles, with the source."""


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.", show_default=False)],
    collection: Collections = None,
    top_k: Annotated[
        int, typer.Option("--top-k", metavar="N", min=1, max=50, help="Most passages shown, 1 to 50.")
    ] = 5,
    why: Annotated[bool, typer.Option("--why", help="Tell how the passages were chosen.")] = False,
    as_json: Json = False,
    try_folder: Annotated[
        Path | None,
        typer.Option("--try", metavar="FOLDER", help="Add the articles of a folder first.", show_default=False),
    ] = None,
    store: Store = None,
) -> int:
    """Answer a question. Exit code 1: there is no answer."""

    async def answer(library: Library) -> Answer:
        if try_folder is not None:
            _require_some(await library.add_paths([try_folder]), [try_folder])
        return await library.ask(_readable(question), _scope(collection), top_k)

    given = _with_library(store, answer)
    if as_json:
        _write_json(json_values.answer_value(given, why=why))
    else:
        _write(lambda plain: terminal.answer_parts(given, why=why, plain=plain))
    return REFUSED if given.status is Status.REFUSED else DONE


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders: .md, .markdown, .txt.")],
    collection: Annotated[
        str, typer.Option("--collection", metavar="C", help="Whose articles they are.")
    ] = SHARED_COLLECTION,
    as_json: Json = False,
    store: Store = None,
) -> int:
    """Add files, or all files of folders. The same text twice is one article."""
    if not collection.strip():
        raise typer.BadParameter("it is empty", param_hint="--collection")

    async def added(library: Library) -> list[Addition]:
        with _progress("Adding") as report:
            return await library.add_paths(paths, _readable(collection), progress=report)

    additions = _with_library(store, added)
    if as_json:
        _write_json([json_values.addition_value(addition) for addition in additions])
    elif additions:
        _write(lambda plain: terminal.addition_parts(additions, plain=plain))
    problems = [addition for addition in additions if addition.problem is not None]
    if not problems:
        _require_some(additions, paths)
        return DONE
    first = f"{problems[0].source}: {problems[0].problem}"
    if len(problems) == 1:
        return _failed(first)
    return _failed(f"{len(problems)} of {len(additions)} files were not added; the first is {first}")


@app.command(name="list")
def list_(collection: Collections = None, as_json: Json = False, store: Store = None) -> int:
    """List the articles, newest first."""

    async def listed(library: Library) -> list[tuple[ArticleInfo, int]]:
        return [(info, await library.passages(info)) for info in await library.articles(_scope(collection))]

    articles = _with_library(store, listed)
    if as_json:
        _write_json([json_values.listed_value(info, passages) for info, passages in articles])
    else:
        _write(lambda plain: terminal.article_list(articles, plain=plain))
    return DONE


@app.command()
def show(
    article_id: Annotated[str, typer.Argument(metavar="ID", help="As `footnote list` shows it.")],
    as_json: Json = False,
    store: Store = None,
) -> int:
    """Show an article with its text."""

    async def found(library: Library) -> tuple[Article, int]:
        article = await library.article(_readable(article_id))
        return article, await library.passages(article.info)

    article, passages = _with_library(store, found)
    if as_json:
        _write_json([json_values.listed_value(article.info, passages)])
    else:
        _write(lambda plain: terminal.article_parts(article, passages, plain=plain))
    return DONE


@app.command()
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `footnote list` shows them.")],
    store: Store = None,
) -> int:
    """Remove articles for good: all of them, or none when one is unknown."""

    async def removed(library: Library) -> list[ArticleInfo]:
        return await library.remove([_readable(one) for one in ids])

    for info in _with_library(store, removed):
        _write_line(f"removed {info.id} {info.title}")
    return DONE


@app.command()
def run(
    sync: Annotated[bool, typer.Option("--sync", help="Tell Discord of the commands although none changed.")] = False,
    store: Store = None,
) -> int:
    """Answer in Discord until Ctrl-C or SIGTERM. DISCORD_TOKEN must be set."""
    settings = load_settings(store)
    logs.set_up(settings.log_level)
    asyncio.run(run_bot(settings, force_sync=sync))
    return DONE


@app.command()
def reindex(store: Store = None) -> int:
    """Build the index anew from the stored articles. Ctrl-C leaves the old one in use."""

    async def built(library: Library) -> tuple[RebuildSummary, LibraryStatus]:
        with _interruptible() as is_interrupted, _progress("Indexing") as report:
            summary = await library.rebuild(
                # The bar counts articles; sorting them takes a moment besides.
                progress=lambda step: report(step.done, step.total) if step.stage == "reading" else None,
                cancelled=is_interrupted,
            )
        return summary, await library.status()

    summary, status = _with_library(store, built)
    articles, passages = terminal.counted(summary.articles, "article"), terminal.counted(summary.passages, "passage")
    _write_line(f"indexed {articles} in {passages}; languages: {', '.join(status.languages) or 'none'}")
    if not summary.failed:
        return DONE
    title, reason = summary.failed[0]
    first = f"“{title}”: {reason}"
    if len(summary.failed) == 1:
        return _failed(f"not indexed: {first}")
    return _failed(f"{len(summary.failed)} articles were not indexed; the first is {first}")


@app.command(name="eval")
def eval_(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="With articles.jsonl and questions.jsonl.")],
    as_json: Json = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Most questions of a set.", show_default=False)
    ] = None,
    offtopic: Annotated[
        Path | None,
        typer.Option("--offtopic", metavar="FILE", help="Questions that no article answers.", show_default=False),
    ] = None,
    store: Store = None,
) -> int:
    """Measure how well questions with known answers are answered, in a temporary library for each set."""
    # --store is read as everywhere, so that a wrong setting is told, but the library there is not touched.
    logs.set_up(load_settings(store).log_level)
    with _progress("Asking") as report:
        results = asyncio.run(evaluate(folders, limit=limit, offtopic=offtopic, progress=report))
    if as_json:
        _write_json([json_values.result_value(result) for result in results])
    else:
        _write(lambda plain: terminal.result_tables(results, plain=plain))
    return DONE


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines; it is replaced if it is there.")],
    collection: Collections = None,
    store: Store = None,
) -> int:
    """Write all articles to a file that `footnote import` reads."""

    async def exported(library: Library) -> int:
        return await library.export(file, _scope(collection))

    _write_line(f"wrote {terminal.counted(_with_library(store, exported), 'article')} to {file}")
    return DONE


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `footnote export` writes it.")], store: Store = None
) -> int:
    """Read the articles of an exported file; those that are there already stay as they are."""

    async def imported(library: Library) -> tuple[int, int]:
        with _progress("Importing") as report:
            stored = await library.import_(file, report)
        return len(stored), sum(one.change is Change.UNCHANGED for one in stored)

    everything, unchanged = _with_library(store, imported)
    known = f"; {unchanged:,} were there already" if unchanged else ""
    _write_line(f"read {terminal.counted(everything, 'article')}{known}")
    return DONE


def _with_library(store: str | None, work: Callable[[Library], Coroutine[None, None, T]]) -> T:
    settings = load_settings(store)
    logs.set_up(settings.log_level)

    async def run() -> T:
        async with await open_library(settings) as library:
            return await work(library)

    return asyncio.run(run())


def _scope(collections: list[str] | None) -> frozenset[str] | None:
    return frozenset(map(_readable, collections)) if collections else None


def _readable(argument: str) -> str:
    """An argument without what no UTF-8 holds: bytes that were no text reach us as lone surrogates."""
    return argument.encode("utf-8", "replace").decode("utf-8")


def _require_some(additions: Sequence[Addition], paths: Sequence[Path]) -> None:
    """Something was found to add, and one of it is in the library now."""
    if not additions:
        raise UnreadableFileError(
            ", ".join(map(str, paths)), "there is no .md, .markdown or .txt file in it", Problem.EMPTY
        )
    if all(addition.problem is not None for addition in additions):
        raise UnreadableFileError(additions[0].source, str(additions[0].problem), additions[0].problem_kind)


@contextmanager
def _progress(what: str) -> Iterator[Report]:
    """A bar on standard error while the work lasts; nothing when that is not a terminal."""
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, everything: bar.update(task, completed=done, total=everything)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
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


def _write(render: Callable[[bool], Iterable[RenderableType]]) -> None:
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


def _write_line(line: str) -> None:
    with _reader_may_leave():
        print(terminal.one_line(line), flush=True)  # noqa: T201 - the output of the command


def _write_json(value: json_values.Value) -> None:
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    with _reader_may_leave():
        print(json_values.dumped(value, ascii_only=not is_unicode), flush=True)  # noqa: T201 - the output of the command


@contextmanager
def _reader_may_leave() -> Iterator[None]:
    """`footnote list | head` is no error when head has read enough."""
    try:
        yield
    except BrokenPipeError:
        # Python flushes standard output once more at exit: https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
