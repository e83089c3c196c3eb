"""The commands that manage articles."""

import re
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.console import is_standard_output, progress, standard_output, write, write_json, write_line
from bot.cli.endings import DONE, failed
from bot.cli.options import (
    Collection,
    Collections,
    Json,
    Store,
    readable,
    require_some,
    scope,
    with_gatherer,
    with_library,
)
from bot.rendering import json_values, terminal
from index import (
    SHARED_COLLECTION,
    Addition,
    Article,
    ArticleInfo,
    Gatherer,
    Library,
)

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
"""How an address begins: https://www.rfc-editor.org/rfc/rfc3986#section-3.1. No file's name is likely to."""


def add(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH|ADDRESS...",
            help="Files, folders and web addresses: text, Markdown, HTML, PDF, DOCX, EPUB, ZIP, JSON Lines.",
        ),
    ],
    collection: Collection = SHARED_COLLECTION,
    as_json: Json = False,
    store: Store = None,
) -> int:
    """Add files, all files of folders, and pages. The same text twice is one article."""
    if not collection.strip():
        raise typer.BadParameter("it is empty", param_hint="--collection")
    addresses = [readable(one) for one in what if _ADDRESS.match(one)]
    paths = [Path(one) for one in what if not _ADDRESS.match(one)]

    async def added(gatherer: Gatherer) -> list[Addition]:
        additions: list[Addition] = []
        if paths:
            with progress("Adding files") as report:
                additions += await gatherer.add_paths(paths, readable(collection), progress=report)
        if addresses:
            with progress("Fetching pages") as report:
                additions += await gatherer.add_links(addresses, readable(collection), progress=report)
        return additions

    additions = with_gatherer(store, added, makes=True)
    if as_json:
        write_json([json_values.addition_value(addition) for addition in additions])
    elif additions:
        write(lambda plain: terminal.addition_parts(additions, plain=plain))
    problems = [addition for addition in additions if addition.problem is not None]
    if not problems:
        require_some(additions, what)
        return DONE
    first = f"{problems[0].source}: {problems[0].problem}"
    if len(problems) == 1:
        return failed(first)
    return failed(f"{len(problems)} of {len(additions)} were not added; the first is {first}")


def list_(collection: Collections = None, as_json: Json = False, store: Store = None) -> int:
    """List the articles, newest first."""

    async def listed(library: Library) -> tuple[list[tuple[ArticleInfo, int]], dict[str, tuple[str, ...]]]:
        infos = await library.articles(scope(collection))
        counted = [(info, await library.passages(info)) for info in infos]
        return counted, await library.all_sources(infos) if as_json else {}

    articles, sources = with_library(store, listed)
    if as_json:
        write_json([json_values.listed_value(info, passages, sources) for info, passages in articles])
    else:
        write(lambda plain: terminal.article_list(articles, plain=plain))
    return DONE


def show(
    article_id: Annotated[str, typer.Argument(metavar="ID", help="As `footnote list` shows it.")],
    as_json: Json = False,
    store: Store = None,
) -> int:
    """Show an article with its text."""

    async def found(library: Library) -> tuple[Article, int, dict[str, tuple[str, ...]]]:
        article = await library.article(readable(article_id))
        return article, await library.passages(article.info), await library.all_sources([article.info])

    article, passages, sources = with_library(store, found)
    if as_json:
        write_json([json_values.shown_value(article, passages, sources)])
    else:
        own = sources[article.info.id]
        write(lambda plain: terminal.article_parts(article, passages, own, plain=plain))
    return DONE


def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `footnote list` shows them.")],
    store: Store = None,
) -> int:
    """Remove articles for good: all of them, or none when one is unknown."""

    async def removed(library: Library) -> list[ArticleInfo]:
        return await library.remove([readable(one) for one in ids])

    for info in with_library(store, removed):
        write_line(f"removed {info.id} {info.title}")
    return DONE


def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON Lines; it is replaced if it is there. - is standard output.")
    ],
    collection: Collections = None,
    store: Store = None,
) -> int:
    """Write all articles to a file that `footnote import` reads."""

    async def exported(library: Library) -> int:
        if not is_standard_output(file):
            return await library.export(file, scope(collection))
        with standard_output() as out:
            return await library.export(out, scope(collection))

    count = with_library(store, exported)
    if not is_standard_output(file):
        write_line(f"wrote {terminal.counted(count, 'article')} to {file}")
    return DONE


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `footnote export` writes it.")],
    into: Annotated[
        str | None,
        typer.Option(
            "--into",
            metavar="C",
            help="The collection that all of them come into, instead of their own.",
            show_default=False,
        ),
    ] = None,
    store: Store = None,
) -> int:
    """Read the articles of an exported file; those that are there already stay as they are."""
    if into is not None and not into.strip():
        raise typer.BadParameter("it is empty", param_hint="--into")

    async def imported(library: Library) -> tuple[int, int]:
        with progress("Importing", in_bytes=True) as report:
            return await library.import_(file, report, None if into is None else readable(into))

    everything, unchanged = with_library(store, imported, makes=True)
    known = f"; {unchanged:,} were there already" if unchanged else ""
    write_line(f"read {terminal.counted(everything, 'article')}{known}")
    return DONE
