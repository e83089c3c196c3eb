"""/index: rebuilding the index of a server, and its figures."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot.client import FootnoteBot
from bot.host import managed_server
from bot.rebuilds import Rebuild
from bot.rendering.cards import Accent, Card
from bot.rendering.progress import bar, interrupted_card, rebuild_card
from bot.rendering.status import Figures, status_card
from bot.rendering.words import Words
from bot.state import RebuildRecord
from bot.views.boards import ChannelBoard, PrivateBoard, edited, posted
from bot.views.layout import layout
from bot.views.rebuilds import CancelButton, over_text, running_view
from index import SHARED_COLLECTION


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Index(
    commands.GroupCog,
    group_name=locale_str("index"),
    group_description=locale_str("The index of this server's articles"),
):
    """Commands for those who manage a server's index."""

    def __init__(self, bot: FootnoteBot) -> None:
        super().__init__()
        self._bot = bot

    async def cog_load(self) -> None:
        """See `commands.Cog.cog_load`."""
        self._bot.add_dynamic_items(CancelButton)
        unfinished = await self._bot.state.unfinished_rebuilds()
        if unfinished:
            self._bot.keep(self._tell_interrupted(unfinished))

    async def cog_unload(self) -> None:
        """See `commands.Cog.cog_unload`."""
        await self._bot.rebuilds.close()

    # ---- rebuilding

    @app_commands.command(
        name=locale_str("rebuild"), description=locale_str("Read and index all articles of this server anew")
    )
    async def rebuild(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Begin a rebuild, or join the one that runs."""
        guild_id = await managed_server(interaction)
        words = await self._bot.words(interaction)

        async def begin() -> ui.LayoutView:
            locale = interaction.guild_locale.value if interaction.guild_locale is not None else None
            # The message in the channel is for everybody there.
            public_words = await self._bot.words_for(guild_id, locale)
            rebuild = self._bot.rebuilds.reserve(guild_id, public_words)
            if rebuild is None:
                return _joined(self._bot.rebuilds.of(guild_id), words)
            try:
                return await self._begun(interaction, rebuild, words)
            except BaseException:
                self._bot.rebuilds.release(rebuild)
                raise

        await self._bot.answer(interaction, begin, is_private=True)

    async def _begun(
        self, interaction: discord.Interaction[FootnoteBot], rebuild: Rebuild, words: Words
    ) -> ui.LayoutView:
        """Show the progress in the channel, or in private where the channel takes no message, and begin."""
        view = running_view(rebuild_card(rebuild.stand, rebuild.words), rebuild.id, rebuild.words)
        message = await posted(interaction, view)
        if message is None:
            rebuild.words = words
            private = PrivateBoard(interaction, words, partial(running_view, words=words))
            self._bot.rebuilds.start(rebuild, private)
            return running_view(private.noted(rebuild_card(rebuild.stand, words)), rebuild.id, words)
        self._bot.rebuilds.start(rebuild, ChannelBoard(message, partial(running_view, words=rebuild.words)))
        text = words.say("The rebuild has begun: {link}", link=message.jump_url)
        return layout(Card((text,), Accent.SUCCESS))

    async def _tell_interrupted(self, unfinished: Sequence[RebuildRecord]) -> None:
        """Say in their messages that rebuilds of an earlier process were interrupted."""
        await self._bot.wait_until_ready()
        # Of two, one may be in a channel that fails for a while.
        await asyncio.gather(*map(self._tell_of_interrupted, unfinished))

    async def _tell_of_interrupted(self, record: RebuildRecord) -> None:
        if record.channel_id is not None and record.message_id is not None:
            guild = self._bot.get_guild(record.guild_id) if record.guild_id is not None else None
            locale = guild.preferred_locale.value if guild is not None else None
            view = layout(interrupted_card(await self._bot.words_for(record.guild_id, locale)))
            channel = self._bot.get_partial_messageable(record.channel_id)
            message = channel.get_partial_message(record.message_id)
            await edited(partial(message.edit, view=view), is_last=True)
        await self._bot.state.save_rebuild(replace(record, state="interrupted"))

    # ---- figures

    @app_commands.command(name=locale_str("status"), description=locale_str("Show the figures of this server's index"))
    async def status(self, interaction: discord.Interaction[FootnoteBot]) -> None:
        """Show the figures."""
        guild_id = await managed_server(interaction)
        words = await self._bot.words(interaction)

        async def figures() -> ui.LayoutView:
            return layout(status_card(await self._figures(guild_id, words), words))

        await self._bot.answer(interaction, figures, is_private=True)

    async def _figures(self, guild_id: int, words: Words) -> Figures:
        own = await self._bot.library.status([str(guild_id)])
        shared = await self._bot.library.status([SHARED_COLLECTION])
        asked = await self._bot.state.figures(guild_id)
        running = self._bot.rebuilds.of(guild_id)
        return Figures(
            engine=own.engine,
            articles=own.articles,
            passages=own.passages,
            characters=own.characters,
            languages=own.languages,
            shared_articles=shared.articles,
            index_bytes=own.index_bytes,
            built_at=own.built_at,
            questions=asked.questions,
            median_ms=asked.median_ms,
            helpful=asked.helpful,
            not_helpful=asked.not_helpful,
            rebuild=None if running is None else _how_far(running, words),
        )


def _how_far(rebuild: Rebuild, words: Words) -> str:
    stand = rebuild.stand
    if stand.is_waiting:
        return words.say("It waits until another rebuild is done.")
    return f"{bar(stand.share)} {words.percent(int(stand.share * 100) / 100)}"


def _joined(rebuild: Rebuild | None, words: Words) -> ui.LayoutView:
    """Lead whoever asks for a second rebuild to the one that runs."""
    if rebuild is None:
        return layout(Card((over_text(words),)))
    parts = [words.say("A rebuild of this server's index is running already."), _how_far(rebuild, words)]
    link = rebuild.board.link if rebuild.board is not None else None
    if link is not None:
        parts.append(words.say("Its progress: {link}", link=link))
    return running_view(Card(("\n".join(parts),)), rebuild.id, words)


async def setup(bot: FootnoteBot) -> None:
    """See `commands.Bot.load_extension`."""
    await bot.add_cog(Index(bot))
