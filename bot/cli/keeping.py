"""The commands that keep a library: copies, putting one back, and looking whether everything is whole."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.console import progress, write, write_json, write_line
from bot.cli.endings import DONE, REFUSED, UNWELL, failed
from bot.cli.options import Json, Store, require_library, settings_for, with_library
from bot.opening import index_folder
from bot.rendering import json_values, terminal
from bot.settings import Settings
from bot.state import MIGRATIONS
from index import ARTICLES, Checked, Library, LibraryStatus, Repaired, backup, check, repair, restore

_ALL = (ARTICLES, MIGRATIONS)


def backup_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace FILE if it is there.")] = False,
    store: Store = None,
) -> int:
    """Copy the whole database, articles and all that the bot keeps, also while it runs."""
    settings = settings_for(store)
    if file.exists() and not yes:
        return failed(f"{file} is there already; name another file, or say --yes to replace it")
    with progress("Copying") as report:
        size = backup(settings.database_url, file, report)
    write_line(f"copied the database to {file} ({size / 1e6:,.1f} MB)")
    return DONE


def restore_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `footnote backup` writes it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: Store = None,
) -> int:
    """Put a backup in the place of the database; the one before is kept beside it. Stop the bot first."""
    settings = settings_for(store)

    def agree() -> None:
        if yes:
            return
        question = f"Replace all articles and settings by those of {file}?"
        if not sys.stdin.isatty():
            raise typer.Exit(failed(f"{question} Say --yes when nobody can be asked; nothing was changed"))
        if not typer.confirm(question, err=True):
            raise typer.Exit(failed("nothing was changed", REFUSED))

    restored = restore(settings.database_url, file, _ALL, index_folder(settings), agree=agree)
    write_line(f"restored {_counted(store)} from {file}")
    if restored.kept is not None:
        write_line(f"the database before is kept as {restored.kept}; delete it when you do not need it any more")
    return DONE


def check_(
    mend: Annotated[bool, typer.Option("--repair", help="Mend what can be mended. Stop the bot first.")] = False,
    as_json: Json = False,
    store: Store = None,
) -> int:
    """Look whether the database and the index are whole. Exit code 1: something has to be done."""
    settings = settings_for(store)
    require_library(settings)
    repaired: Repaired | None = None
    if mend:
        repaired = asyncio.run(repair(settings.database_url, index_folder(settings), _ALL))
        _counted(store)
    findings = asyncio.run(_checked(settings))
    if as_json:
        write_json(json_values.check_value(findings, repaired))
    else:
        if repaired is not None:
            for line in terminal.repaired_lines(repaired):
                write_line(line)
        write(lambda plain: terminal.checked_table(findings, plain=plain))
    return UNWELL if any(one.is_problem for one in findings) else DONE


async def _checked(settings: Settings) -> list[Checked]:
    with progress("Checking") as report:
        return await check(settings.database_url, index_folder(settings), _ALL, report)


def _counted(store: str | None) -> str:
    """Open the library, which builds the index and brings the tables up to date, and say what it holds."""

    async def status(library: Library) -> LibraryStatus:
        return await library.status()

    with progress("Indexing"):
        found = with_library(store, status)
    return terminal.counted(found.articles, "article")
