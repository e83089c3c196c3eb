"""/articles: adding, listing, removing and exporting what a server's library holds."""

import asyncio
import gzip
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot import sending
from bot.client import FootnoteBot
from bot.desk import scope_of
from bot.host import Host, managed_server
from bot.rendering.addresses import for_button
from bot.rendering.cards import Accent, Card
from bot.rendering.limits import AUTOCOMPLETE_CHOICES, AUTOCOMPLETE_VALUE
from bot.rendering.lists import article_card, choices_of, title_of
from bot.rendering.words import Words
from bot.views.adding import ArticleForm, FilesForm, LinksForm, add_links, most_bytes
from bot.views.articles import LONGEST_SEARCH, Listing, TurnButton, UndoButton, list_view, searched_for
from bot.views.confirm import Confirmation
from bot.views.layout import container, layout
from index import ArticleInfo, Sort

UNDO = timedelta(minutes=10)
"""For so long a removed article can be brought back."""

_LONGEST_LINKS = 4_000
_MOST_UPLOADED = 25_000_000
"""A request with files: https://docs.discord.com/developers/reference#uploading-files."""

ArticleOption = app_commands.Range[str, 1, AUTOCOMPLETE_VALUE]


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Articles(
    commands.GroupCog,
    group_name=locale_str("articles"),
    group_description=locale_str("Add, list and remove the articles of this server"),
):
    """Commands for those who manage a server's articles."""

    add = app_commands.Group(name=locale_str("add"), description=locale_str("Add articles"))

    def __init__(self, bot: FootnoteBot) -> None:
        super().__init__()
        self._bot = bot

    async def cog_load(self) -> None:
        """See `commands.Cog.cog_load`."""
        self._bot.add_dynamic_items(TurnButton, UndoButton)

    # ---- adding

    @add.command(name=locale_str("text"), description=locale_str("Type or paste an article"))
    async def add_text(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Open the form for an article."""
        await self._bot.require_manager(interaction)
        await sending.ask_with(interaction, ArticleForm(await self._bot.words(interaction)))

    @add.command(name=locale_str("link"), description=locale_str("Add the articles behind one or several addresses"))
    @app_commands.rename(links=locale_str("links"))
    @app_commands.describe(links=locale_str("Addresses with spaces between them; a form opens if you give none"))
    async def add_link(
        self,
        interaction: discord.Interaction[FootnoteBot],
        links: app_commands.Range[str, 1, _LONGEST_LINKS] | None = None,
    ) -> None:
        """Add pages, or open the form for many."""
        await self._bot.require_manager(interaction)
        if links is None:
            await sending.ask_with(interaction, LinksForm(await self._bot.words(interaction)))
        else:
            await add_links(interaction, self._bot, links)

    @add.command(name=locale_str("file"), description=locale_str("Upload articles: text, pages, PDF, Word, EPUB, ZIP"))
    async def add_file(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Open the form for files."""
        await self._bot.require_manager(interaction)
        await sending.ask_with(interaction, FilesForm(await self._bot.words(interaction), most_bytes(interaction)))

    # ---- reading

    @app_commands.command(name=locale_str("list"), description=locale_str("List the articles that can be asked here"))
    @app_commands.rename(search=locale_str("search"), sort=locale_str("sort"))
    @app_commands.describe(
        search=locale_str("A part of the title"), sort=locale_str("What comes first; the newest if you choose nothing")
    )
    @app_commands.choices(
        sort=[
            app_commands.Choice(name=locale_str("Newest first"), value="newest"),
            app_commands.Choice(name=locale_str("Oldest first"), value="oldest"),
            app_commands.Choice(name=locale_str("By title"), value="title"),
        ]
    )
    async def list_articles(
        self,
        interaction: discord.Interaction[FootnoteBot],
        search: app_commands.Range[str, 1, LONGEST_SEARCH] | None = None,
        sort: str = "newest",
    ) -> None:
        """Show the first page of the list."""
        guild_id = await managed_server(interaction)
        words = await self._bot.words(interaction)
        listing = Listing(searched_for(search or ""), _sort(sort))

        async def first_page() -> ui.LayoutView:
            return await list_view(self._bot.library, guild_id, listing, words)

        await self._bot.answer(interaction, first_page, is_private=True)

    @app_commands.command(name=locale_str("info"), description=locale_str("Show what is known of an article"))
    @app_commands.rename(article=locale_str("article"))
    @app_commands.describe(article=locale_str("Type a part of its title and choose it"))
    async def info(self, interaction: discord.Interaction[FootnoteBot], article: ArticleOption) -> None:
        """Show an article's facts and its beginning."""
        scope = scope_of(await managed_server(interaction))
        words = await self._bot.words(interaction)

        async def facts() -> ui.LayoutView:
            chosen = await self._bot.desk.chosen(article, scope)
            if chosen is None:
                return _unknown(words)
            found = await self._bot.library.article(chosen.id, scope)
            passages = await self._bot.library.passages(found.info)
            address = for_button(found.info.source)
            row: ui.ActionRow[Any] = ui.ActionRow()
            if address is not None:
                row.add_item(ui.Button(label=words.say("Open the page"), url=address))
            sources = await self._bot.library.sources(found.info.id, scope)
            return layout(article_card(found.info, passages, found.text, words, sources), row)

        await self._bot.answer(interaction, facts, is_private=True)

    # ---- removing

    @app_commands.command(name=locale_str("remove"), description=locale_str("Remove an article of this server"))
    @app_commands.rename(article=locale_str("article"))
    @app_commands.describe(article=locale_str("Type a part of its title and choose it"))
    async def remove(self, interaction: discord.Interaction[FootnoteBot], article: ArticleOption) -> None:
        """Ask whether an article is to be removed, and remove it."""
        guild_id = await managed_server(interaction)
        words = await self._bot.words(interaction)
        own = (str(guild_id),)
        chosen = await self._bot.desk.chosen(article, own)
        if chosen is None:
            shared = await self._bot.desk.chosen(article, scope_of(guild_id))
            card = _unknown(words) if shared is None else _not_yours(shared, words)
            await sending.respond(interaction, card, is_private=True)
            return
        text = words.say("Remove {title}? Nothing will be answered from it any more.", title=title_of(chosen, words))

        async def confirmed(pressed: discord.Interaction, host: Host) -> ui.LayoutView:
            await host.require_manager(pressed)
            return await self._taken_out(chosen, guild_id, words)

        await Confirmation(interaction, Card((text,)), words.say("Remove"), words, confirmed).show()

    async def _taken_out(self, info: ArticleInfo, guild_id: int, words: Words) -> ui.LayoutView:
        """Remove an article and keep it for a while."""
        library, state = self._bot.library, self._bot.state
        payload = await library.take_out([info.id], [str(guild_id)])
        token = secrets.token_urlsafe(12)
        until = discord.utils.utcnow() + UNDO
        try:
            await state.keep_removed(token, guild_id, payload, until)
        except BaseException:
            # Without its undo, nothing is removed.
            await library.put_back(payload)
            raise
        text = words.say(
            "{title} was removed. You can undo this until {time}.",
            title=title_of(info, words),
            time=discord.utils.format_dt(until, "t"),
        )
        row: ui.ActionRow[Any] = ui.ActionRow(UndoButton(token, words.say("Undo")))
        return layout(Card((text,), Accent.SUCCESS), row)

    # ---- exporting

    @app_commands.command(
        name=locale_str("export"), description=locale_str("Download the articles of this server as a file")
    )
    async def export(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Send the server's own articles as JSON Lines."""
        collection = str(await managed_server(interaction))
        words = await self._bot.words(interaction)
        # A file is written and sent: never ready at once.
        await sending.think(interaction, is_private=True)
        with self._bot.at_work():
            folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="footnote-")
            try:
                await self._send_export(interaction, collection, Path(folder.name), words)
            finally:
                await asyncio.to_thread(folder.cleanup)

    async def _send_export(
        self, interaction: discord.Interaction[FootnoteBot], collection: str, folder: Path, words: Words
    ) -> None:
        path = folder / "articles.jsonl"
        count = await self._bot.library.export(path, [collection])
        if not count:
            text = words.say("This server has no articles of its own yet.")
            await sending.respond(interaction, layout(Card((text,))), is_private=True)
            return
        most = min(interaction.filesize_limit, _MOST_UPLOADED)
        path, size = await asyncio.to_thread(_small, path, most)
        if size > most:
            text = words.say(
                "The file is {size} large, and Discord takes {most} at most. The operator of the bot can write it: "
                "{command}",
                size=words.bytes(size),
                most=words.bytes(most),
                command=f"`footnote export articles.jsonl --collection {collection}`",
            )
            await sending.respond(interaction, layout(Card((text,), Accent.FAILURE)), is_private=True)
            return
        text = words.count(
            count,
            "{n} article, one a line, as JSON. `footnote import` reads this file.",
            "{n} articles, one a line, as JSON. `footnote import` reads this file.",
        )

        async def send() -> None:
            box = container(Card((text,), Accent.SUCCESS))
            box.add_item(ui.File(f"attachment://{path.name}"))
            view = ui.LayoutView()
            view.add_item(box)
            file = await asyncio.to_thread(discord.File, path, path.name)
            await interaction.edit_original_response(view=view, attachments=[file])

        await sending.repeated(send)

    # ---- choosing

    @info.autocomplete("article")
    async def readable(
        self, interaction: discord.Interaction[FootnoteBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the articles that the server sees."""
        return await self._choices(interaction, scope_of(interaction.guild_id), current)

    @remove.autocomplete("article")
    async def removable(
        self, interaction: discord.Interaction[FootnoteBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the server's own articles."""
        return await self._choices(interaction, (str(interaction.guild_id),), current)

    async def _choices(
        self, interaction: discord.Interaction[FootnoteBot], scope: tuple[str, ...], typed: str
    ) -> list[app_commands.Choice[str]]:
        if not await self._bot.may_manage(interaction):
            return []
        found = await self._bot.library.newest_articles(scope, typed, AUTOCOMPLETE_CHOICES)
        return [app_commands.Choice(name=name, value=value) for name, value in choices_of(found)]


def _sort(option: str) -> Sort:
    return option if option in ("oldest", "title") else "newest"  # type: ignore[return-value] # one of the three


def _unknown(words: Words) -> ui.LayoutView:
    text = words.say("There is no such article here. Type a part of its title and choose it from the list.")
    return layout(Card((text,), Accent.FAILURE))


def _not_yours(info: ArticleInfo, words: Words) -> ui.LayoutView:
    title = title_of(info, words)
    text = words.say("{title} is a shared article; only the operator of the bot can remove it.", title=title)
    return layout(Card((text,), Accent.FAILURE))


def _small(path: Path, most: int) -> tuple[Path, int]:
    """A file and its size in bytes, compressed if it is larger than `most`."""
    size = path.stat().st_size
    if size <= most:
        return path, size
    packed = path.with_name(path.name + ".gz")
    with path.open("rb") as source, gzip.open(packed, "wb") as target:
        while block := source.read(1 << 20):
            target.write(block)
    return packed, packed.stat().st_size


async def setup(bot: FootnoteBot) -> None:
    """See `commands.Bot.load_extension`."""
    await bot.add_cog(Articles(bot))
