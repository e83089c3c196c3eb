"""Feeds and jobs for a terminal or a pipe. Nothing here prints."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from bot.rendering.plain import one_line
from bot.rendering.terminal.articles import addition_parts
from bot.rendering.terminal.parts import counted, table_of
from index import Feed, Job, JobState


def feed_list(feeds: Sequence[Feed], *, plain: bool = False) -> list[RenderableType]:
    """Render feeds: a table, or lines of fields between tabs for a pipe.

    The fields are id, title, address, collection, minutes between two looks, articles, next look, and what is wrong.
    """
    rows = [
        (
            feed.id,
            one_line(feed.title),
            one_line(feed.address),
            one_line(feed.collection),
            str(feed.interval_min),
            str(feed.articles),
            _moment(feed.next_check_at) if feed.enabled else "switched off",
            one_line(feed.problem or ""),
        )
        for feed in feeds
    ]
    if plain:
        return [Text("\t".join(row)) for row in rows]
    if not rows:
        return [Text("There are no feeds yet. Add one: footnote feeds add ADDRESS")]
    table = table_of("Id", "Title", "Articles", "Next look", "Problem")
    for feed_id, title, address, _, _, articles, following, problem in rows:
        table.add_row(*map(Text, (feed_id, title or address, articles, following, problem)))
    return [table]


def nothing_to_check(*, plain: bool = False) -> list[RenderableType]:
    """Say that no feed is to be checked; a pipe gets nothing."""
    return [] if plain else [Text("No feed is switched on. `footnote feeds list` shows them, `feeds add` adds one.")]


def feed_parts(feed: Feed, *, plain: bool = False) -> list[RenderableType]:
    """Render a feed with all that was chosen for it, and how it stands."""
    news = "in no channel" if feed.channel is None else f"in channel {feed.channel}"
    facts = (
        ("Id", feed.id),
        ("Address", feed.address),
        ("Collection", feed.collection),
        ("Only", feed.path_filter or "all paths"),
        ("Every", counted(feed.interval_min, "minute")),
        ("Most at a look", counted(feed.most, "article")),
        ("Language", feed.language or "told by the text"),
        ("News", f"{news}{', a thread for each article' if feed.channel and feed.threads else ''}"),
        ("Articles so far", f"{feed.articles:,}"),
        ("Last look", "none yet" if feed.checked_at is None else _moment(feed.checked_at)),
        ("Next look", _moment(feed.next_check_at) if feed.enabled else "none: it is switched off (change --on)"),
        ("Problem", feed.problem or ""),
    )
    title = Text(one_line(feed.title or feed.address), style="" if plain else "bold")
    return [title, *(Text(f"{name}: {one_line(fact)}") for name, fact in facts if fact)]


def job_list(jobs: Sequence[Job], *, plain: bool = False) -> list[RenderableType]:
    """Render jobs: a table, or lines of fields between tabs for a pipe.

    The fields are id, kind, collection, state, done, total, when it was asked for, what it is about, and the reason.
    """
    rows = [
        (
            job.id,
            job.kind.value,
            one_line(job.collection),
            job.state.value,
            str(job.done),
            str(job.total),
            _moment(job.created_at),
            one_line(job.what),
            one_line(job.reason or ""),
        )
        for job in jobs
    ]
    if plain:
        return [Text("\t".join(row)) for row in rows]
    if not rows:
        return [Text("There are no jobs.")]
    table = table_of("Id", "What", "State", "Done", "Asked for", "Reason")
    for job_id, _, _, state, done, total, asked, what, reason in rows:
        progress = f"{done} of {total}" if total != "0" else done
        table.add_row(*map(Text, (job_id, what, state, progress, asked, reason)))
    return [table]


def job_parts(job: Job, *, plain: bool = False) -> list[RenderableType]:
    """Render a job with what became of each address or file."""
    head = f"{one_line(job.what)}: {job.state.value}"
    if job.state is JobState.RUNNING:
        head += f", {job.done} of {job.total}"
    if job.reason:
        head += f", {one_line(job.reason)}"
    parts: list[RenderableType] = [Text(head, style="" if plain else "bold")]
    if job.additions:
        parts += addition_parts(job.additions, plain=plain)
        if job.unlisted:
            parts.append(Text(f"and not listed: {', '.join(f'{n} {outcome}' for outcome, n in job.unlisted.items())}"))
    elif job.state is JobState.DONE:
        parts.append(Text(f"{counted(0, 'article')} new or changed"))
    return parts


def _moment(moment: datetime) -> str:
    """To the minute, in the zone of whoever reads it."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")
