"""The commands that ask: one question, or many with known answers."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.console import progress, write, write_json
from bot.cli.endings import DONE, REFUSED
from bot.cli.options import (
    Collections,
    Json,
    Store,
    readable,
    require_some,
    scope,
    settings_for,
    with_library,
    with_nothing,
)
from bot.opening import missing_file
from bot.rendering import json_values, terminal
from index import Answer, Library, Status
from index.evaluation import evaluate


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

    async def answer(library: Library) -> tuple[Answer, dict[str, tuple[str, ...]]]:
        if try_folder is not None:
            require_some(await library.add_paths([try_folder]), [try_folder])
        given = await library.ask(readable(question), scope(collection), top_k)
        cited = [] if given.best is None else [given.best, *given.alternatives]
        infos = [info for citation in cited for info in (citation.article, *citation.other_sources)]
        return given, await library.all_sources(infos)

    if try_folder is None and store is None and missing_file(settings_for(store)) is not None:
        # Whoever begins by asking is told in the words of an answer what to do.
        given, sources = with_nothing(answer)
    else:
        given, sources = with_library(store, answer, makes=try_folder is not None)
    if as_json:
        write_json(json_values.answer_value(given, sources, why=why))
    else:
        own = () if given.best is None else sources[given.best.article.id]
        write(lambda plain: terminal.answer_parts(given, own, why=why, plain=plain))
    return REFUSED if given.status is Status.REFUSED else DONE


def eval_(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="With articles.jsonl and questions.jsonl.")],
    as_json: Json = False,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Most questions of a set.", show_default=False)
    ] = None,
    held_out: Annotated[
        bool,
        typer.Option("--held-out", help="Ask only about the articles that tools/training does not train on."),
    ] = False,
    offtopic: Annotated[
        Path | None,
        typer.Option("--offtopic", metavar="FILE", help="Questions that no article answers.", show_default=False),
    ] = None,
    store: Store = None,
) -> int:
    """Measure how well questions with known answers are answered, in a temporary library for each set."""
    # --store is read as everywhere, so that a wrong setting is told, but the library there is not touched.
    settings_for(store)
    with progress("Asking") as report:
        results = asyncio.run(evaluate(folders, limit=limit, held_out=held_out, offtopic=offtopic, progress=report))
    if as_json:
        write_json([json_values.result_value(result) for result in results])
    else:
        write(lambda plain: terminal.result_tables(results, plain=plain))
    return DONE
