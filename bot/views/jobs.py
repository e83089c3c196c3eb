"""Jobs in messages: their progress with a button that cancels, what came of them, and the list of a server's jobs.

Buttons name a job and never a server: who presses one gets the jobs of the server where they press.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import discord
from discord import ui

from bot import sending
from bot.host import Button, Host, Select, managed_server
from bot.rendering.cards import Accent, Card
from bot.rendering.jobs import (
    details_card,
    is_over,
    job_choice,
    job_line,
    jobs_head,
    outcome_card,
    outcome_page,
    unknown_job_card,
    with_refused,
)
from bot.rendering.limits import BUTTON_LABEL, SELECT_TEXT, cut
from bot.rendering.words import Words
from bot.views.boards import ChannelBoard, PrivateBoard, posted
from bot.views.changing import change
from bot.views.layout import COLOURS, layout
from index import Addition, Gatherer, Job, UnknownJobError

DIRECT_S = 8.0
"""What is done by then is told in the place of "thinking"; what is not becomes a message with its progress."""

LISTED = 8
"""Jobs in a list: each that runs takes three of the 40 components of a message."""

_ID = r"(?P<id>[A-Za-z0-9_-]{1,40})"


class JobButton(Button, template=rf"job1:(?P<action>[cdlt]):(?P<page>\d{{1,4}}):{_ID}"):
    """Cancels a job (c; l within a list), shows its details (d), or turns to a page of them (t)."""

    def __init__(
        self,
        action: str,
        job_id: str,
        page: int = 1,
        *,
        label: str | None = None,
        emoji: str | None = None,
        is_disabled: bool = False,
    ) -> None:
        self.action = action
        self.job_id = job_id
        self.page = page
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.danger if action in "cl" else discord.ButtonStyle.secondary,
                label=label and cut(label, BUTTON_LABEL),
                emoji=emoji if label or emoji else "▶️",
                disabled=is_disabled,
                custom_id=f"job1:{action}:{page}:{job_id}",
            )
        )

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """See `Button.from_match`."""
        return cls(match["action"], match["id"], int(match["page"]))

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        collection = str(await managed_server(interaction))
        words = await host.words(interaction)
        try:
            if self.action in "cl":
                await self._cancel(interaction, host, collection, words)
                return
            job = await host.gatherer.job(self.job_id, (collection,))
        except UnknownJobError:
            await sending.respond(interaction, layout(unknown_job_card(words)), is_private=True)
            return
        view = details_view(job, self.page, host, words)
        if self.action == "t":
            await sending.replace(interaction, view)
        else:
            await sending.respond(interaction, view, is_private=True)

    async def _cancel(self, interaction: discord.Interaction, host: Host, collection: str, words: Words) -> None:
        job = await host.watcher.cancel(self.job_id, collection)
        if self.action == "l":
            await change(interaction, lambda: jobs_view(host.gatherer, collection, words))
            return
        # The message in a channel is for everybody there, and its words stay those of the server.
        view = job_view(host.watcher.card(job, words), None if is_over(job) else job.id, job_id=job.id, words=words)
        await sending.replace(interaction, view)


class JobSelect(Select, template=r"jobs1-details"):
    """Chooses a job of which the details are shown."""

    async def chosen(self, interaction: discord.Interaction, host: Host, values: Sequence[str]) -> None:
        """See `Select.chosen`."""
        collection = str(await managed_server(interaction))
        words = await host.words(interaction)
        try:
            job = await host.gatherer.job(values[0] if values else "", (collection,))
            view = details_view(job, 1, host, words)
        except UnknownJobError:
            view = layout(unknown_job_card(words))
        await sending.respond(interaction, view, is_private=True)


class RefreshButton(Button, template=r"jobs1"):
    """Shows the list of jobs as it is now."""

    def __init__(self, label: str | None = None) -> None:
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label and cut(label, BUTTON_LABEL),
                emoji=None if label else "🔄",
                custom_id="jobs1",
            )
        )

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:  # noqa: ARG003 - there is nothing in it
        """See `Button.from_match`."""
        return cls()

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        collection = str(await managed_server(interaction))
        words = await host.words(interaction)
        await change(interaction, lambda: jobs_view(host.gatherer, collection, words))


# ---- a job that somebody asked for


async def begun_job(
    interaction: discord.Interaction[Any], host: Host, job: Job, words: Words, refused: Sequence[Addition] = ()
) -> ui.LayoutView:
    """What is answered to somebody who began a job: what came of it if it is over soon, else where its progress is.

    Args:
        refused: What was refused before there was a job.
    """
    ended = await host.watcher.ended(job, DIRECT_S)
    if ended is not None:
        card = outcome_card(outcome_page(ended, 1, words), words)
        row: ui.ActionRow[Any] = ui.ActionRow()
        if outcome_page(ended, 1, words).pages > 1:
            row.add_item(JobButton("d", ended.id, label=words.say("Details")))
        return layout(with_refused(card, refused, words), row)
    locale = interaction.guild_locale.value if interaction.guild_locale is not None else None
    public = await host.words_for(interaction.guild_id, locale)
    message = await posted(interaction, job_view(host.watcher.card(job, public), job.id, job_id=job.id, words=public))
    if message is None:
        private = PrivateBoard(interaction, words, partial(job_view, job_id=job.id, words=words))
        await host.watcher.watch(job, private, words)
        card = with_refused(private.noted(host.watcher.card(job, words)), refused, words)
        return job_view(card, job.id, job_id=job.id, words=words)
    await host.watcher.watch(job, job_board(message, job, public), public)
    text = words.say("This takes a while. Its progress: {link}", link=message.jump_url)
    return layout(with_refused(Card((text,), Accent.SUCCESS), refused, words))


def job_board(message: discord.Message | discord.PartialMessage, job: Job, words: Words) -> ChannelBoard:
    """The message of a job in a channel."""
    return ChannelBoard(message, partial(job_view, job_id=job.id, words=words))


def job_view(card: Card, running: str | None, *, job_id: str, words: Words) -> ui.LayoutView:
    """A job's message: a button that cancels it while it runs, and one for its details afterwards."""
    row: ui.ActionRow[Any] = ui.ActionRow()
    if running is not None:
        row.add_item(JobButton("c", job_id, label=words.say("Cancel")))
    else:
        row.add_item(JobButton("d", job_id, label=words.say("Details")))
    return layout(card, row)


def details_view(job: Job, page: int, host: Host, words: Words) -> ui.LayoutView:
    """All that is known of a job, with buttons that turn its pages or cancel it."""
    shown = outcome_page(job, page, words)
    row: ui.ActionRow[Any] = ui.ActionRow()
    if not is_over(job):
        row.add_item(JobButton("c", job.id, label=words.say("Cancel")))
    elif shown.pages > 1:
        first, last = shown.page == 1, shown.page == shown.pages
        row.add_item(JobButton("t", job.id, max(shown.page - 1, 1), emoji="◀️", is_disabled=first))
        row.add_item(JobButton("t", job.id, shown.page + 1, emoji="▶️", is_disabled=last))
    return layout(details_card(shown, words, host.watcher.left_s(job)), row)


# ---- the list


async def jobs_view(gatherer: Gatherer, collection: str, words: Words) -> ui.LayoutView:
    """The jobs of a server, those that run or wait first."""
    active = await gatherer.jobs((collection,), most=LISTED, active_only=True)
    recent = await gatherer.jobs((collection,), most=LISTED + len(active))
    jobs = [*active, *(job for job in recent if is_over(job))][:LISTED]
    box: ui.Container[Any] = ui.Container(accent_colour=COLOURS[Accent.PLAIN])
    box.add_item(ui.TextDisplay(jobs_head(jobs, words)))
    for job in jobs:
        line = ui.TextDisplay[Any](job_line(job, words))
        if is_over(job):
            box.add_item(line)
        else:
            box.add_item(ui.Section(line, accessory=JobButton("l", job.id, label=words.say("Cancel"))))
    if jobs:
        select: ui.Select[ui.LayoutView] = ui.Select(
            custom_id="jobs1-details",
            placeholder=cut(words.say("Show the details of a job"), SELECT_TEXT),
            options=[discord.SelectOption(label=job_choice(job, words), value=job.id) for job in jobs],
        )
        box.add_item(ui.ActionRow(JobSelect(select)))
    box.add_item(ui.ActionRow(RefreshButton(words.say("Refresh"))))
    view = ui.LayoutView(timeout=None)
    view.add_item(box)
    return view
