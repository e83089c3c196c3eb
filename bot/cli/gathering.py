"""The commands that keep articles coming: feeds, jobs, refreshing pages."""

from typing import Annotated

import typer

from bot.cli.console import write, write_json, write_line
from bot.cli.endings import DONE, failed
from bot.cli.options import Collection, Collections, Json, Store, readable, scope, with_gatherer
from bot.rendering import json_values, terminal
from bot.rendering.lists import language_of
from bot.rendering.words import words_for
from index import (
    LONGEST_INTERVAL_MIN,
    LONGEST_REFRESH_H,
    MOST_ENTRIES_A_CHECK,
    SHARED_COLLECTION,
    SHORTEST_INTERVAL_MIN,
    Feed,
    FeedChanges,
    Gatherer,
    Job,
    JobState,
    known_languages,
)

MOST_JOBS = 1_000

FeedId = Annotated[str, typer.Argument(metavar="ID", help="As `footnote feeds list` shows it.")]
FeedIds = Annotated[list[str], typer.Argument(metavar="ID...", help="As `footnote feeds list` shows them.")]

feeds = typer.Typer(help="Feeds and sitemaps from which articles come by themselves.", no_args_is_help=True)
jobs = typer.Typer(help="Work that takes long, as the running bot does it.", invoke_without_command=True)


_ONLY = typer.Option("--only", metavar="PATH", help="Only pages whose path begins so; * stands for any letters.")
_EVERY = typer.Option(
    "--every",
    metavar="MINUTES",
    min=SHORTEST_INTERVAL_MIN,
    max=LONGEST_INTERVAL_MIN,
    help="How often to look, 15 minutes to a week.",
)
_MOST = typer.Option(
    "--most",
    metavar="N",
    min=1,
    max=MOST_ENTRIES_A_CHECK,
    help=f"Most articles of one look, 1 to {MOST_ENTRIES_A_CHECK}.",
)
_LANGUAGE = typer.Option("--language", metavar="CODE", help="Of its articles, instead of guessing.")
_CHANNEL = typer.Option(
    "--channel", metavar="NUMBER", help="The Discord channel that is told of new articles; of a server's feeds only."
)
_THREADS = typer.Option("--threads/--no-threads", help="A thread there for each new article.")


@feeds.command(name="add")
def add_feed(
    address: Annotated[str, typer.Argument(help="A feed, a sitemap, or a page that names its feed.")],
    collection: Collection = SHARED_COLLECTION,
    only: Annotated[str | None, _ONLY] = None,
    every: Annotated[int, _EVERY] = 60,
    most: Annotated[int, _MOST] = 20,
    language: Annotated[str | None, _LANGUAGE] = None,
    channel: Annotated[str | None, _CHANNEL] = None,
    threads: Annotated[bool, _THREADS] = False,
    as_json: Json = False,
    store: Store = None,
) -> int:
    """Add a feed. The running bot looks at it; `footnote feeds check` does it at once."""
    code = _language(language)
    told_in = _channel(channel, readable(collection))

    async def added(gatherer: Gatherer) -> Feed:
        return await gatherer.add_feed(
            readable(address),
            readable(collection),
            path_filter=None if only is None else readable(only),
            interval_min=every,
            most=most,
            language=code,
            channel=told_in,
            threads=threads,
        )

    feed = with_gatherer(store, added, makes=True)
    if as_json:
        write_json([json_values.feed_value(feed)])
    else:
        write_line(f"added feed {feed.id} {feed.title or feed.address}")
    return DONE


@feeds.command(name="show")
def show_feed(feed_id: FeedId, as_json: Json = False, store: Store = None) -> int:
    """Show a feed with all that was chosen for it."""
    return _shown(with_gatherer(store, lambda gatherer: gatherer.feed(readable(feed_id), None)), as_json)


@feeds.command(name="change")
def change_feed(
    feed_id: FeedId,
    only: Annotated[str | None, _ONLY] = None,
    every: Annotated[int | None, _EVERY] = None,
    most: Annotated[int | None, _MOST] = None,
    language: Annotated[str | None, _LANGUAGE] = None,
    channel: Annotated[str | None, _CHANNEL] = None,
    threads: Annotated[bool | None, _THREADS] = None,
    enabled: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on, or off.")] = None,
    as_json: Json = False,
    store: Store = None,
) -> int:
    """Change a feed; what is not named stays. "" takes a path, a language or a channel away."""
    changes: FeedChanges = {}
    if only is not None:
        changes["path_filter"] = readable(only)
    if every is not None:
        changes["interval_min"] = every
    if most is not None:
        changes["most"] = most
    if language is not None:
        changes["language"] = _language(language)
    if threads is not None:
        changes["threads"] = threads
    if enabled is not None:
        changes["enabled"] = enabled
    if not changes and channel is None:
        raise typer.BadParameter("say what is to be changed, for example --every 60")

    async def changed(gatherer: Gatherer) -> Feed:
        feed = await gatherer.feed(readable(feed_id), None)
        if channel is not None:
            changes["channel"] = _channel(channel, feed.collection)
        return await gatherer.change_feed(feed.id, None, **changes)

    return _shown(with_gatherer(store, changed), as_json)


def _shown(feed: Feed, as_json: bool) -> int:
    if as_json:
        write_json([json_values.feed_value(feed)])
    else:
        write(lambda plain: terminal.feed_parts(feed, plain=plain))
    return DONE


def _language(typed: str | None) -> str | None:
    """The code of a language that was typed as a code or by its English name; "" is none."""
    if not typed:
        return None
    code = language_of(readable(typed), words_for())
    if code is None:
        known = ", ".join(known_languages())
        raise typer.BadParameter(f"it is none of {known}", param_hint="--language")
    return code


def _channel(typed: str | None, collection: str) -> str | None:
    """The number of a channel; "" is none."""
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal()):
        raise typer.BadParameter(
            "give the number of a channel: Discord copies it, in its developer mode, from the channel's menu",
            param_hint="--channel",
        )
    if not (collection.isascii() and collection.isdecimal()):
        raise typer.BadParameter(
            "only the feeds of a server are told in a channel: name its number as --collection", param_hint="--channel"
        )
    return typed


@feeds.command(name="list")
def list_feeds(collection: Collections = None, as_json: Json = False, store: Store = None) -> int:
    """List the feeds, with what is wrong with them."""
    found = with_gatherer(store, lambda gatherer: gatherer.feeds(scope(collection)))
    if as_json:
        write_json([json_values.feed_value(feed) for feed in found])
    else:
        write(lambda plain: terminal.feed_list(found, plain=plain))
    return DONE


@feeds.command(name="remove")
def remove_feeds(ids: FeedIds, store: Store = None) -> int:
    """Remove feeds. The articles that they brought stay."""

    async def removed(gatherer: Gatherer) -> list[Feed]:
        # All are known before the first one goes.
        known = [await gatherer.feed(readable(one), None) for one in dict.fromkeys(ids)]
        return [await gatherer.remove_feed(feed.id, None) for feed in known]

    for feed in with_gatherer(store, removed):
        write_line(f"removed feed {feed.id} {feed.title or feed.address}")
    return DONE


@feeds.command(name="check")
def check_feeds(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Only these.", show_default=False)] = None,
    as_json: Json = False,
    store: Store = None,
) -> int:
    """Look at feeds now, at all of them if none is named, and add what is new."""

    async def checked(gatherer: Gatherer) -> list[Job]:
        wanted = [readable(one) for one in dict.fromkeys(ids or ())]
        known = wanted or [feed.id for feed in await gatherer.feeds(None) if feed.enabled]
        return [await gatherer.check_feed(one, None) for one in known]

    ended = with_gatherer(store, checked)
    if not ended and not as_json:
        write(lambda plain: terminal.nothing_to_check(plain=plain))
        return DONE
    return _told(ended, as_json)


@jobs.callback()
def list_jobs(
    context: typer.Context,
    collection: Collections = None,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, max=MOST_JOBS, help="Most jobs.")] = 20,
    as_json: Json = False,
    store: Store = None,
) -> int:
    """List the jobs, newest first."""
    if context.invoked_subcommand is not None:
        return DONE
    found = with_gatherer(store, lambda gatherer: gatherer.jobs(scope(collection), most))
    if as_json:
        write_json([json_values.job_value(job) for job in found])
    else:
        write(lambda plain: terminal.job_list(found, plain=plain))
    return DONE


@jobs.command(name="show")
def show_job(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="As `footnote jobs` shows it.")],
    as_json: Json = False,
    store: Store = None,
) -> int:
    """Show a job with what became of each address or file."""
    job = with_gatherer(store, lambda gatherer: gatherer.job(readable(job_id), None))
    if as_json:
        write_json([json_values.job_value(job)])
    else:
        write(lambda plain: terminal.job_parts(job, plain=plain))
    return DONE


@jobs.command(name="cancel")
def cancel_jobs(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `footnote jobs` shows them.")],
    store: Store = None,
) -> int:
    """Cancel jobs; what they have added stays."""

    async def cancelled(gatherer: Gatherer) -> list[Job]:
        return [await gatherer.cancel(readable(one), None) for one in dict.fromkeys(ids)]

    for job in with_gatherer(store, cancelled):
        write_line(f"{job.state} {job.id} {job.what}")
    return DONE


def refresh(
    collection: Collection = SHARED_COLLECTION,
    every: Annotated[
        int | None,
        typer.Option(
            "--every",
            metavar="HOURS",
            min=0,
            max=LONGEST_REFRESH_H,
            help="Not now, but again and again by the running bot; 0 for never.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
    store: Store = None,
) -> int:
    """Look again at the pages that were added by their address, and take in what has changed."""
    if every is not None:
        with_gatherer(store, lambda gatherer: gatherer.set_refresh(readable(collection), every or None), makes=True)
        hours = "1 hour" if every == 1 else f"{every:,} hours"
        when = f"every {hours}, while the bot runs" if every else "only when you ask for it"
        write_line(f"the pages of {collection} are looked at {when}")
        return DONE

    async def refreshed(gatherer: Gatherer) -> list[Job]:
        return [await gatherer.refresh_now(readable(collection))]

    return _told(with_gatherer(store, refreshed), as_json)


def _told(ended: list[Job], as_json: bool) -> int:
    """Print jobs that have ended, and give the exit code: an error when one failed."""
    if as_json:
        write_json([json_values.job_value(job) for job in ended])
    else:
        write(lambda plain: [part for job in ended for part in terminal.job_parts(job, plain=plain)])
    broken = [job for job in ended if job.state is JobState.FAILED]
    if not broken:
        return DONE
    return failed(f"{broken[0].what}: {broken[0].reason}" if len(broken) == 1 else f"{len(broken)} failed")
