"""The commands that run the bot and look after the index."""

import asyncio
import logging
from typing import Annotated

import typer

from bot import logs
from bot.app import RefusedError, run_bot
from bot.cli.console import DONE, FAILED, UNWELL, failed, interruptible, progress, write, write_json, write_line
from bot.cli.options import Json, Store, with_library
from bot.doctor import examine
from bot.findings import is_failure
from bot.rendering import json_values, terminal
from bot.settings import SettingsError, load_settings
from bot.watchdog import EXIT_CODE, DeadGatewayError
from index import Library, LibraryError, LibraryStatus, RebuildSummary

log = logging.getLogger(__name__)


def run(
    sync: Annotated[bool, typer.Option("--sync", help="Tell Discord of the commands although none changed.")] = False,
    store: Store = None,
) -> int:
    """Answer in Discord until Ctrl-C or SIGTERM. DISCORD_TOKEN must be set. Exit code 3: its watchdog ended it."""
    settings = load_settings(store)
    is_json = logs.set_up(settings.log_level, settings.log_format, is_service=True)
    try:
        asyncio.run(run_bot(settings, force_sync=sync))
    except DeadGatewayError as error:
        log.critical("%s", error)
        return EXIT_CODE
    except (LibraryError, RefusedError, SettingsError) as error:
        if not is_json:
            return failed(str(error))
        # Whoever reads a log of JSON reads no line without.
        log.critical("%s", error)
        return FAILED
    return DONE


def doctor(as_json: Json = False, store: Store = None) -> int:
    """Look at everything that a bot needs, and say what is wrong and what to do. Exit code 1: something does not work.

    It works beside a bot that runs, and without a token, for this machine alone.
    """
    settings = load_settings(store)
    # What goes wrong is found and told; what else libraries have to say of it would be told twice.
    logs.set_up("DEBUG" if settings.log_level == "DEBUG" else "CRITICAL", settings.log_format)
    findings = asyncio.run(examine(settings))
    if as_json:
        write_json(json_values.findings_value(findings))
    else:
        write(lambda plain: terminal.finding_parts(findings, plain=plain))
    return UNWELL if is_failure(findings) else DONE


def reindex(store: Store = None) -> int:
    """Build the index anew from the stored articles. Ctrl-C leaves the old one in use."""

    async def built(library: Library) -> tuple[RebuildSummary, LibraryStatus]:
        with interruptible() as is_interrupted, progress("Indexing") as report:
            summary = await library.rebuild(
                # The bar counts articles; sorting them takes a moment besides.
                progress=lambda step: report(step.done, step.total) if step.stage == "reading" else None,
                cancelled=is_interrupted,
            )
        return summary, await library.status()

    summary, status = with_library(store, built)
    articles, passages = terminal.counted(summary.articles, "article"), terminal.counted(summary.passages, "passage")
    write_line(f"indexed {articles} in {passages}; languages: {', '.join(status.languages) or 'none'}")
    if not summary.failed:
        return DONE
    title, reason = summary.failed[0]
    first = f"“{title}”: {reason}"
    if len(summary.failed) == 1:
        return failed(f"not indexed: {first}")
    return failed(f"{len(summary.failed)} articles were not indexed; the first is {first}")
