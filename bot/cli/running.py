"""The commands that look after a bot and its index."""

import asyncio

from bot import logs
from bot.cli.console import interruptible, progress, write, write_json, write_line
from bot.cli.endings import DONE, UNWELL, failed
from bot.cli.options import Json, Store, with_library
from bot.doctor import examine
from bot.findings import is_failure
from bot.rendering import json_values, terminal
from bot.settings import load_settings
from index import Library, LibraryStatus, RebuildSummary


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
