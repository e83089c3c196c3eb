"""Forms: an article that is typed, addresses, files, a feed, and daily limits.

What was typed is not lost when it cannot be used.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import discord
from discord import ui

from bot import sending
from bot.errors import DeskError
from bot.host import Form, Host, host_of, managed_server, take
from bot.rendering.cards import Accent, Card
from bot.rendering.errors import error_text
from bot.rendering.limits import MODAL_INPUT, MODAL_LABEL, MODAL_LABEL_DESCRIPTION, MODAL_PLACEHOLDER, MODAL_TITLE, cut
from bot.rendering.lists import additions_card, language_name, language_of
from bot.rendering.words import Words
from bot.views.jobs import begun_job
from bot.views.layout import layout
from index import MAX_FILE_BYTES, Addition, Draft, LibraryError

log = logging.getLogger(__name__)

OPEN_S = 3600.0
"""For so long a form may stay open, and what was typed into one that failed is kept in memory."""

MAX_FILES = 10
"""Files in one form: https://docs.discord.com/developers/components/reference#file-upload."""

MAX_LINKS = 50
"""Addresses in one job."""

MAX_UPLOAD_BYTES = 100_000_000
"""The largest file that is taken, on servers where Discord lets people upload more."""

MAX_DAILY = 1_000_000

_LONGEST_TITLE = 300
_LONGEST_SOURCE = 1_000
_FETCH_S = 60.0
_TEXTS = frozenset({".txt", ".md", ".markdown"})
_QUICK_BYTES = 1_000_000


class _AskingForm(Form):
    """A form whose texts are cut to what Discord takes."""

    def __init__(self, title: str) -> None:
        super().__init__(title=cut(title, MODAL_TITLE), timeout=OPEN_S)

    def ask(self, label: str, field: ui.Item[Any], description: str | None = None) -> None:
        """Add a field below those that are there."""
        short = None if description is None else cut(description, MODAL_LABEL_DESCRIPTION)
        self.add_item(ui.Label(text=cut(label, MODAL_LABEL), description=short, component=field))


class Reopen(ui.Button[ui.LayoutView]):
    """Opens a form again, as it was sent."""

    def __init__(self, label: str, form: Callable[[], Form]) -> None:
        super().__init__(style=discord.ButtonStyle.primary, label=label)
        self._form = form

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """See `discord.ui.Item.callback`."""
        take(interaction)
        host = host_of(interaction)
        try:
            await host.require_manager(interaction)
            await sending.ask_with(interaction, self._form())
        except Exception as error:
            await host.failed(interaction, error)


def correction(problems: Sequence[str], words: Words, form: Callable[[], Form]) -> ui.LayoutView:
    """Say what was wrong in a form, with a button that opens it again."""
    text = "\n".join(problems)
    footer = words.say("What you typed is kept for an hour.")
    row: ui.ActionRow[Any] = ui.ActionRow(Reopen(words.say("Correct it"), form))
    return layout(Card((text,), Accent.FAILURE, footer), row, timeout=OPEN_S)


# ---- an article that is typed


@dataclass(frozen=True, slots=True)
class TypedArticle:
    """What stands in the fields of the form."""

    title: str = ""
    source: str = ""
    date: str = ""
    text: str = ""

    def problems(self, words: Words) -> list[str]:
        """What has to be changed before this can be an article."""
        found = []
        if not any(character.isalnum() for character in self.title):
            found.append(words.say("The title holds no words."))
        if not any(character.isalnum() for character in self.text):
            found.append(words.say("The text holds no words."))
        if self.date.strip() and self.published_at is None:
            found.append(words.say("The date has to be written as year-month-day, for example 2024-03-09."))
        if not _is_source(self.source.strip()):
            found.append(words.say("The source looks like a web address, but is none. Copy it from your browser."))
        return found

    @property
    def published_at(self) -> datetime | None:
        """The date at midnight UTC; None if there is none, or if it cannot be read."""
        try:
            return datetime.strptime(self.date.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            return None

    def draft(self) -> Draft:
        """The article, for the library."""
        return Draft(
            title=self.title.strip(), text=self.text, source=self.source.strip(), published_at=self.published_at
        )


def _is_source(source: str) -> bool:
    """Whether it is a web address with a host, or no address at all but a name."""
    if "://" not in source:
        return True
    try:
        address = urlsplit(source)
    except ValueError:
        return False
    return address.scheme in ("http", "https") and bool(address.hostname) and not any(map(str.isspace, source))


class ArticleForm(_AskingForm):
    """Asks for an article's title, source, date and text."""

    def __init__(self, words: Words, typed: TypedArticle | None = None) -> None:
        typed = typed if typed is not None else TypedArticle()
        super().__init__(words.say("Add an article"))
        self.title_field: ui.TextInput[ArticleForm] = ui.TextInput(default=typed.title, max_length=_LONGEST_TITLE)
        self.source_field: ui.TextInput[ArticleForm] = ui.TextInput(
            default=typed.source, required=False, max_length=_LONGEST_SOURCE, placeholder="https://"
        )
        self.date_field: ui.TextInput[ArticleForm] = ui.TextInput(
            default=typed.date, required=False, max_length=20, placeholder="2024-03-09"
        )
        self.text_field: ui.TextInput[ArticleForm] = ui.TextInput(
            style=discord.TextStyle.paragraph,
            default=typed.text,
            max_length=MODAL_INPUT,
            placeholder=cut(words.say("Longer texts: save them as a file."), MODAL_PLACEHOLDER),
        )
        self.ask(words.say("Title"), self.title_field)
        self.ask(
            words.say("Source"),
            self.source_field,
            words.say("A web address, or where the text is from. The same source again replaces the article."),
        )
        self.ask(words.say("Date"), self.date_field, words.say("When it was published: year-month-day."))
        self.ask(words.say("Text"), self.text_field)

    async def submitted(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Form.submitted`."""
        collection = str(await managed_server(interaction))
        words = await host.words(interaction)
        typed = TypedArticle(
            self.title_field.value, self.source_field.value, self.date_field.value, self.text_field.value
        )

        def again() -> ArticleForm:
            return ArticleForm(words, typed)

        async def add() -> ui.LayoutView:
            if problems := typed.problems(words):
                return correction(problems, words, again)
            try:
                outcomes = await host.library.add([typed.draft()], collection, str(interaction.user.id))
            except Exception as error:
                # Whatever it is, four thousand typed characters are not to be lost by it.
                if not isinstance(error, DeskError | LibraryError):
                    log.exception("a typed article could not be added")
                return correction([error_text(error, words)], words, again)
            card = additions_card(outcomes, words)
            if outcomes[0].article is None:
                return correction(card.parts, words, again)
            return layout(card)

        await host.answer(interaction, add, is_private=True)


# ---- addresses


def addresses_in(typed: str) -> list[str]:
    """The addresses in what somebody typed: parted by white space, without the brackets and commas around them."""
    found = (one.strip("<>,;") for one in typed.split())
    return list(dict.fromkeys(filter(None, found)))


class LinksForm(_AskingForm):
    """Asks for addresses, one a line."""

    def __init__(self, words: Words, typed: str = "") -> None:
        super().__init__(words.say("Add links"))
        self.links_field: ui.TextInput[LinksForm] = ui.TextInput(
            style=discord.TextStyle.paragraph, default=typed, max_length=MODAL_INPUT, placeholder="https://"
        )
        self.ask(
            words.say("Addresses"),
            self.links_field,
            words.say("One a line, {n} at most. Pages, PDF and other files.", n=words.number(MAX_LINKS)),
        )

    async def submitted(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Form.submitted`."""
        await add_links(interaction, host, self.links_field.value)


async def add_links(interaction: discord.Interaction[Any], host: Host, typed: str) -> None:
    """Add the pages behind the addresses that somebody typed, and tell what came of it."""
    collection = str(await managed_server(interaction))
    words = await host.words(interaction)
    addresses = addresses_in(typed)

    async def add() -> ui.LayoutView:
        if not 1 <= len(addresses) <= MAX_LINKS:
            problem = words.say(
                "Give at least one address and at most {n}, with spaces or line ends between them.",
                n=words.number(MAX_LINKS),
            )
            return correction([problem], words, lambda: LinksForm(words, typed[:MODAL_INPUT]))
        job = await host.gatherer.submit_links(addresses, collection, str(interaction.user.id))
        return await begun_job(interaction, host, job, words)

    await host.answer(interaction, add, is_private=True)


# ---- files


class FilesForm(_AskingForm):
    """Asks for files, several at once.

    Args:
        max_bytes: The largest file that is taken.
    """

    def __init__(self, words: Words, max_bytes: int) -> None:
        super().__init__(words.say("Add files"))
        self._max_bytes = max_bytes
        self.files_field: ui.FileUpload[FilesForm] = ui.FileUpload(min_values=1, max_values=MAX_FILES)
        self.ask(
            words.say("Files"),
            self.files_field,
            words.say(
                "Up to {n}, {size} each at most: txt, md, html, pdf, docx, epub, zip, jsonl.",
                n=words.number(MAX_FILES),
                size=words.bytes(max_bytes),
            ),
        )

    async def submitted(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Form.submitted`."""
        collection = str(await managed_server(interaction))
        words = await host.words(interaction)
        files = list(self.files_field.values)
        added_by = str(interaction.user.id)

        async def add() -> ui.LayoutView:
            fetched = await _fetched(files, self._max_bytes, words)
            content = [one for one in fetched if not isinstance(one, Addition)]
            if _is_quick(content):
                added = iter(await host.gatherer.add_uploads(content, collection, added_by) if content else ())
                outcomes = [one if isinstance(one, Addition) else next(added) for one in fetched]
                return layout(additions_card([*outcomes, *added], words))
            job = await host.gatherer.submit_uploads(content, collection, added_by)
            refused = [one for one in fetched if isinstance(one, Addition)]
            return await begun_job(interaction, host, job, words, refused)

        await host.answer(interaction, add, is_private=True)


def most_bytes(interaction: discord.Interaction) -> int:
    """The largest file that is taken: what Discord lets people upload there, and no more than we hold in memory."""
    limit: int = min(interaction.filesize_limit, MAX_UPLOAD_BYTES)
    return limit


def _is_quick(files: Sequence[tuple[str, bytes]]) -> bool:
    """Whether files are read in a moment: texts, and not too much of them."""
    total = sum(len(content) for _, content in files)
    return total <= _QUICK_BYTES and all(_is_text(name) for name, _ in files)


def _is_text(name: str) -> bool:
    return PurePath(name).suffix.lower() in _TEXTS


async def _fetched(
    files: Sequence[discord.Attachment], max_bytes: int, words: Words
) -> list[tuple[str, bytes] | Addition]:
    """Fetch files from Discord, in order.

    In the place of what cannot be fetched is the outcome, with a `problem` in the reader's language; it keeps no other
    file out.
    """
    fetched: list[tuple[str, bytes] | Addition] = []
    for file in files:
        most = min(max_bytes, MAX_FILE_BYTES) if _is_text(file.filename) else max_bytes
        if file.size > most:
            problem = words.say(
                "It is {size}; at most {most} can be added.", size=words.bytes(file.size), most=words.bytes(most)
            )
        else:
            try:
                async with asyncio.timeout(_FETCH_S):
                    fetched.append((file.filename, await file.read()))
                continue
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                log.info("an attachment could not be fetched: %s: %s", type(error).__name__, error)
                problem = words.say("Discord did not hand it over. Please try again.")
        fetched.append(Addition(file.filename, None, None, 0, (), problem))
    return fetched


# ---- a feed

SaveFeed = Callable[[discord.Interaction, Host, str, str | None, str | None], Awaitable[None]]


class FeedForm(_AskingForm):
    """Asks which articles of a feed are read, and for their language.

    Args:
        only: What stands in the first field: how the path of an address has to begin.
        language: What stands in the second, as a code or as it was typed.
        save: Saves both, as None when they are empty.
    """

    def __init__(self, words: Words, feed_id: str, only: str, language: str, save: SaveFeed) -> None:
        super().__init__(words.say("Paths and language"))
        self._feed_id = feed_id
        self._save = save
        named = language_name(language, words) if language_of(language, words) == language else language
        self.only_field: ui.TextInput[FeedForm] = ui.TextInput(
            default=only, required=False, max_length=100, placeholder="/news/"
        )
        self.language_field: ui.TextInput[FeedForm] = ui.TextInput(default=named, required=False, max_length=60)
        self.ask(
            words.say("Only these paths"),
            self.only_field,
            words.say("How they begin, for example /news/; * stands for anything. Empty for all."),
        )
        self.ask(words.say("Language"), self.language_field, words.say("Empty: told by the text of each article."))

    async def submitted(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Form.submitted`."""
        await host.require_manager(interaction)
        words = await host.words(interaction)
        only, typed = self.only_field.value.strip(), self.language_field.value.strip()
        code = language_of(typed, words) if typed else None
        if typed and code is None:
            problem = words.say("I do not know this language. Write its name, or its code such as en.")
            view = correction([problem], words, lambda: FeedForm(words, self._feed_id, only, typed, self._save))
            await sending.respond(interaction, view, is_private=True)
            return
        await self._save(interaction, host, self._feed_id, only or None, code)


# ---- daily limits

SaveLimits = Callable[[discord.Interaction, Host, int | None, int | None], Awaitable[ui.LayoutView]]


class LimitsForm(_AskingForm):
    """Asks for the most questions a day, of one person and of the whole server; an empty field is no limit.

    Args:
        of_user: What stands in the first field, as typed.
        of_server: What stands in the second.
        save: Saves both and makes the card that takes the place of the one with the button.
    """

    def __init__(self, words: Words, of_user: str, of_server: str, save: SaveLimits) -> None:
        super().__init__(words.say("Daily limits"))
        self._save = save
        self.user_field: ui.TextInput[LimitsForm] = ui.TextInput(default=of_user, required=False, max_length=12)
        self.server_field: ui.TextInput[LimitsForm] = ui.TextInput(default=of_server, required=False, max_length=12)
        self.ask(words.say("Questions of one person a day"), self.user_field, words.say("Empty for no limit."))
        self.ask(words.say("Questions of the server a day"), self.server_field, words.say("Empty for no limit."))

    async def submitted(self, interaction: discord.Interaction, host: Host) -> None:
        """See `Form.submitted`."""
        await host.require_manager(interaction)
        words = await host.words(interaction)
        typed = (self.user_field.value, self.server_field.value)
        try:
            limits = [_limit(one) for one in typed]
        except ValueError:
            problem = words.say(
                "A limit is a whole number from 1 to {most}, or nothing for no limit.", most=words.number(MAX_DAILY)
            )
            view = correction([problem], words, lambda: LimitsForm(words, *typed, self._save))
            await sending.respond(interaction, view, is_private=True)
            return
        await sending.replace(interaction, await self._save(interaction, host, limits[0], limits[1]))


def _limit(typed: str) -> int | None:
    """Read a limit; ValueError unless it is nothing or a whole number from 1 to `MAX_DAILY`."""
    digits = "".join(typed.split())
    if not digits:
        return None
    limit = int(digits)
    if not 1 <= limit <= MAX_DAILY:
        raise ValueError(typed)
    return limit
