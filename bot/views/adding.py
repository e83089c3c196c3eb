"""What adds articles to a server: a form for a text that is typed, one for addresses, one for files."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import discord
from discord import ui

from bot.errors import DeskError
from bot.host import Form, Host, managed_server
from bot.rendering.errors import error_text
from bot.rendering.limits import MODAL_INPUT, MODAL_PLACEHOLDER, cut
from bot.rendering.lists import additions_card
from bot.rendering.words import Words
from bot.views.forms import correction
from bot.views.jobs import begun_job
from bot.views.layout import layout
from index import MAX_FILE_BYTES, Addition, Draft, LibraryError

log = logging.getLogger(__name__)

MAX_FILES = 10
"""Files in one form: https://docs.discord.com/developers/components/reference#file-upload."""

MAX_LINKS = 50
"""Addresses in one job."""

MAX_UPLOAD_BYTES = 100_000_000
"""The largest file that is taken, on servers where Discord lets people upload more."""

_LONGEST_TITLE = 300
_LONGEST_SOURCE = 1_000
_FETCH_S = 60.0
_TEXTS = frozenset({".txt", ".md", ".markdown"})
_QUICK_BYTES = 1_000_000


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


class ArticleForm(Form):
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


class LinksForm(Form):
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


class FilesForm(Form):
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
