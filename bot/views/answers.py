"""The buttons of an answer. Their state is in `custom_id` (version, action, answer, place, page), so that they work
after a restart and as long as the answer is kept."""

import asyncio
import re
from enum import StrEnum
from typing import Any, Self

import discord
from discord import ui

from bot import sending
from bot.channels import may_answer
from bot.desk import MAX_QUESTION, Reply, Searched
from bot.errors import NotAskerError, PassageGoneError
from bot.host import Button, Form, Host, asker_of
from bot.rendering.cards import AnswerPage, answer_card, article_page, link_of, notice_card
from bot.rendering.excerpts import pages_of
from bot.rendering.limits import MODAL_PLACEHOLDER, cut
from bot.rendering.why import Reasons, why_card
from bot.rendering.words import Words
from bot.state import AnswerRecord
from bot.views.layout import layout
from index import Span

TEMPLATE = re.compile(
    r"f1:(?P<action>[a-z]):(?P<answer>[a-z0-9]{10}):(?P<place>\d{1,3}):(?P<page>\d{1,5})",
)
"""A `custom_id` of version 1. Another format gets another version, and buttons of this one are told to be outdated."""


class Action(StrEnum):
    """What a button of an answer does. The values are part of messages that were sent: never reuse one."""

    SHOW = "p"
    READ = "a"
    WHY = "w"
    HELPFUL = "y"
    NOT_HELPFUL = "n"
    FOLLOW_UP = "f"
    REMOVE = "x"


class AnswerButton(Button, template=TEMPLATE):
    """A button of an answer.

    Args:
        place: The passage that the card shows, or will show, from 0.
        page: The page of its article, from 0.
    """

    def __init__(
        self,
        action: Action,
        answer_id: str,
        place: int,
        page: int = 0,
        *,
        label: str | None = None,
        emoji: str | None = None,
        is_disabled: bool = False,
    ) -> None:
        self.action = action
        self.answer_id = answer_id
        self.place = place
        self.page = page
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label,
                emoji=emoji,
                disabled=is_disabled,
                custom_id=f"f1:{action}:{answer_id}:{place}:{page}",
            )
        )

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """See `Button.from_match`."""
        try:
            action = Action(match["action"])
        except ValueError:
            # Of a newer Footnote than this one.
            action = Action.SHOW
        return cls(action, match["answer"], int(match["place"]), int(match["page"]))

    async def pressed(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Button.pressed`."""
        record = await host.desk.record(self.answer_id, asker_of(interaction))
        words = await host.words(interaction)
        match self.action:
            case Action.SHOW:
                reply = await host.desk.turn(record, self.place)
                await self._show(interaction, record, answer_view(reply, words))
            case Action.READ:
                await self._show(interaction, record, await self._article(record, host, words))
            case Action.WHY:
                view = layout(why_card(await self._reasons(record, host), words))
                await sending.respond(interaction, view, is_private=True)
            case Action.HELPFUL | Action.NOT_HELPFUL:
                await host.state.rate(record.id, interaction.user.id, self.action is Action.HELPFUL)
                thanks = words.say("Thank you. This helps those who choose the articles.")
                await sending.respond(interaction, layout(notice_card(thanks)), is_private=True)
            case Action.FOLLOW_UP:
                await sending.ask_with(interaction, FollowUpForm(record, self.place, words))
            case Action.REMOVE:
                await self._remove(interaction, record, host)

    async def _show(self, interaction: discord.Interaction, record: AnswerRecord, view: ui.LayoutView) -> None:
        """Turn the card for its asker; anybody else reads on in a private one, in which they turn pages themselves."""
        message = interaction.message
        is_own = message is not None and (message.flags.ephemeral or interaction.user.id == record.asker_id)
        if is_own:
            await sending.replace(interaction, view)
        else:
            await sending.respond(interaction, view, is_private=True)

    async def _reasons(self, record: AnswerRecord, host: Host) -> Reasons:
        citations = await host.desk.citations(record)
        shown = record.passages[min(self.place, len(record.passages) - 1)] if record.passages else None
        places = [
            place
            for place, one in enumerate(citations, 1)
            if shown is not None and (one.article.number, one.start) == (shown.article_number, shown.start)
        ]
        if not places:
            raise PassageGoneError
        return Reasons(
            status=record.status,
            confidence=record.confidence,
            citations=tuple(citations),
            place=places[0],
            unknown_terms=record.unknown_terms,
            took_ms=record.took_ms,
        )

    async def _article(self, record: AnswerRecord, host: Host, words: Words) -> ui.LayoutView:
        article, saved = await host.desk.article(record, self.place)
        quotes = [Span(saved.start + one.start, saved.start + one.end) for one in saved.quotes]
        # Half a second for the longest article that can be stored.
        pages = await asyncio.to_thread(pages_of, article.text, quotes[saved.better].start)
        # Page 0 of a button means "where the quote is"; the others are counted from 1.
        quoted = next(number for number, page in enumerate(pages, 1) if page.end > quotes[saved.better].start)
        page = min(max(self.page or quoted, 1), len(pages))
        card = article_page(article, pages[page - 1], quotes, page, len(pages), words)
        turn = ui.ActionRow[Any](
            AnswerButton(Action.READ, record.id, self.place, max(page - 1, 1), emoji="◀️", is_disabled=page == 1),
            AnswerButton(Action.READ, record.id, self.place, page + 1, emoji="▶️", is_disabled=page == len(pages)),
            AnswerButton(Action.SHOW, record.id, self.place, label=words.say("Back to the answer")),
        )
        return layout(card, turn)

    async def _remove(self, interaction: discord.Interaction, record: AnswerRecord, host: Host) -> None:
        if interaction.user.id != record.asker_id and not await host.may_manage(interaction):
            raise NotAskerError
        await sending.acknowledge(interaction)
        await sending.repeated(interaction.delete_original_response)
        await host.desk.records.delete(record)


class FollowUpForm(Form):
    """Asks for a question that is understood within the article of an answer."""

    def __init__(self, record: AnswerRecord, place: int, words: Words) -> None:
        super().__init__(words.say("Ask a follow-up"))
        self._record = record
        self._place = place
        self._question: ui.TextInput[ui.Modal] = ui.TextInput(
            max_length=MAX_QUESTION, placeholder=cut(words.say("and how many were wounded?"), MODAL_PLACEHOLDER)
        )
        self.ask(words.say("Your question"), self._question)

    async def submitted(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Form.submitted`."""
        words = await host.words(interaction)
        is_private = self._record.is_private
        if interaction.guild_id is not None:
            server = await host.state.server(interaction.guild_id)
            is_private = is_private or not may_answer(server, interaction.channel)

        async def answer() -> ui.LayoutView:
            reply = await host.desk.ask(
                asker_of(interaction),
                self._question.value,
                previous=(self._record, self._place),
                is_private=is_private,
            )
            return answer_view(reply, words)

        await host.answer(interaction, answer, is_private=is_private)


def answer_view(reply: Reply, words: Words, *, note: str | None = None) -> ui.LayoutView:
    """Lay an answer out, with its buttons.

    Args:
        note: A sentence below the answer; where it was looked for is told besides.
    """
    record = reply.record
    notes = [one for one in (_searched(reply, words), note) if one]
    card = answer_card(
        AnswerPage(
            question=record.question,
            status=record.status,
            refusal=record.refusal,
            citation=reply.citation,
            place=reply.place + 1,
            unknown_terms=record.unknown_terms,
            nearest_titles=record.nearest_titles,
            note=words.sentences(notes) or None,
            in_server=record.guild_id is not None,
        ),
        words,
    )
    if reply.citation is None:
        return layout(card, ui.ActionRow(AnswerButton(Action.REMOVE, record.id, 0, emoji="🗑️")))
    return layout(card, *_rows(reply, link_of(reply.citation), words))


def _rows(reply: Reply, link: str | None, words: Words) -> list[ui.ActionRow[Any]]:
    record, place, count = reply.record, reply.place, len(reply.record.passages)
    turning: ui.ActionRow[Any] = ui.ActionRow()
    if count > 1:
        of = words.say("{place} of {count}", place=words.number(place + 1), count=words.number(count))
        turning.add_item(AnswerButton(Action.SHOW, record.id, max(place - 1, 0), 1, emoji="◀️", is_disabled=place == 0))
        turning.add_item(ui.Button(label=of, disabled=True, custom_id=f"f1-place:{record.id}"))
        turning.add_item(
            AnswerButton(
                Action.SHOW, record.id, min(place + 1, count - 1), 2, emoji="▶️", is_disabled=place + 1 == count
            )
        )
    turning.add_item(AnswerButton(Action.READ, record.id, place, label=words.say("In the article")))
    if link is not None:
        turning.add_item(ui.Button(label=words.say("Open the page"), url=link))
    rating: ui.ActionRow[Any] = ui.ActionRow(
        AnswerButton(Action.FOLLOW_UP, record.id, place, label=words.say("Ask a follow-up")),
        AnswerButton(Action.WHY, record.id, place, label=words.say("Why this?")),
        AnswerButton(Action.HELPFUL, record.id, place, emoji="👍"),
        AnswerButton(Action.NOT_HELPFUL, record.id, place, emoji="👎"),
        AnswerButton(Action.REMOVE, record.id, place, emoji="🗑️"),
    )
    return [turning, rating]


def _searched(reply: Reply, words: Words) -> str | None:
    match reply.searched:
        case Searched.PREVIOUS_ARTICLE:
            return words.say("Looked for in the article of the answer before.")
        case Searched.WIDENED:
            return words.say("The article of the answer before says nothing of it; all articles were searched.")
        case Searched.ARTICLE:
            return words.say("Only this article was searched.")
        case Searched.EVERYTHING if reply.record.guild_id is None:
            return words.say("Here I search the shared articles only; ask in a server to search its own.")
        case Searched.EVERYTHING:
            return None
