"""Options and arguments that several commands take, and the library that they name."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypeVar

import typer

from bot import logs
from bot.cli.endings import failed
from bot.opening import missing_file, open_gatherer, open_library
from bot.settings import Settings, load_settings
from index import Addition, Gatherer, Library, Problem, StoreError, UnreadableFileError, parse_address

T = TypeVar("T")


def _usable(store: str | None) -> str | None:
    """What was given as --store, if it can be an address."""
    if store is not None:
        try:
            parse_address(store)
        except StoreError as error:
            raise typer.BadParameter(error.reason) from error
    return store


Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="ADDRESS",
        help="Where the articles are, instead of DATABASE_URL. Others on this machine can read it: no passwords here.",
        show_default=False,
        callback=_usable,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Collection = Annotated[str, typer.Option("--collection", metavar="C", help="Whose it is.")]
Collections = Annotated[
    list[str] | None,
    typer.Option("--collection", metavar="C", help="Only this collection; may be given again.", show_default=False),
]


def settings_for(store: str | None) -> Settings:
    """Read the settings, with an address of articles in the place of DATABASE_URL if one is named, and log as they say.

    Raises:
        SettingsError: One of them cannot be used.
    """
    settings = load_settings(store)
    logs.set_up(settings.log_level, settings.log_format)
    return settings


def with_library(store: str | None, work: Callable[[Library], Coroutine[None, None, T]], *, makes: bool = False) -> T:
    """Open the library that the settings name, let `work` do its work, and close it.

    Args:
        makes: A library is made where there is none yet; else the command ends with an error.
    """
    settings = settings_for(store)
    if not makes:
        require_library(settings)

    async def run() -> T:
        async with await open_library(settings) as library:
            return await work(library)

    return asyncio.run(run())


def with_gatherer(store: str | None, work: Callable[[Gatherer], Coroutine[None, None, T]], *, makes: bool = False) -> T:
    """Open the library that the settings name with what fetches and reads for it, and let `work` do its work.

    Args:
        makes: As for `with_library`.
    """
    settings = settings_for(store)
    if not makes:
        require_library(settings)

    async def run() -> T:
        async with await open_library(settings) as library, await open_gatherer(library, settings) as gatherer:
            return await work(gatherer)

    return asyncio.run(run())


def with_nothing(work: Callable[[Library], Coroutine[None, None, T]]) -> T:
    """Let `work` do its work with a library that holds nothing, and leave nothing of it."""

    async def run(folder: str) -> T:
        async with await Library.open(f"sqlite+aiosqlite:///{folder}/empty.db") as library:
            return await work(library)

    with TemporaryDirectory(prefix="footnote-") as folder:
        return asyncio.run(run(folder))


def require_library(settings: Settings) -> None:
    """End the command with an error if there is no library yet at the place that the settings name."""
    file = missing_file(settings)
    if file is not None:
        raise typer.Exit(failed(f"there is no library in {file} yet; `footnote add FOLDER` makes one"))


def scope(collections: list[str] | None) -> frozenset[str] | None:
    """The collections that were named; None when none was, which means all."""
    return frozenset(map(readable, collections)) if collections else None


def readable(argument: str) -> str:
    """An argument without what no UTF-8 holds: bytes that were no text reach us as lone surrogates."""
    return argument.encode("utf-8", "replace").decode("utf-8")


def require_some(additions: Sequence[Addition], named: Sequence[str | Path]) -> None:
    """Something was found to add, and one of it is in the library now."""
    if not additions:
        raise UnreadableFileError(", ".join(map(str, named)), "there is no file in it that can be read", Problem.EMPTY)
    if all(addition.problem is not None for addition in additions):
        raise UnreadableFileError(additions[0].source, str(additions[0].problem), additions[0].problem_kind)
