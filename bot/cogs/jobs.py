"""/jobs: what gathers articles for a server at the moment, and what came of it."""

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot.client import FootnoteBot
from bot.host import managed_server
from bot.rendering.choices import with_id
from bot.rendering.jobs import job_choice, unknown_job_card
from bot.rendering.limits import AUTOCOMPLETE_CHOICES, AUTOCOMPLETE_VALUE
from bot.state import JobMessage
from bot.views.jobs import JobButton, JobSelect, RefreshButton, details_view, job_board, jobs_view
from bot.views.layout import layout
from index import UnknownJobError


class Jobs(commands.Cog):
    """The command for those who manage a server, and the messages of jobs after a restart."""

    def __init__(self, bot: FootnoteBot) -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        """See `commands.Cog.cog_load`."""
        self._bot.add_dynamic_items(JobButton, JobSelect, RefreshButton)
        unfinished = await self._bot.state.job_messages()
        if unfinished:
            self._bot.keep(self._watch_again(unfinished))

    async def cog_unload(self) -> None:
        """See `commands.Cog.cog_unload`."""
        await self._bot.watcher.close()

    async def _watch_again(self, unfinished: list[JobMessage]) -> None:
        """Go on showing the jobs that an earlier process showed."""
        await self._bot.wait_until_ready()
        for message in unfinished:
            try:
                job = await self._bot.gatherer.job(message.job_id, (str(message.guild_id),))
            except UnknownJobError:
                await self._bot.state.drop_job_message(message.job_id)
                continue
            guild = self._bot.get_guild(message.guild_id)
            words = await self._bot.words_for(
                message.guild_id, guild.preferred_locale.value if guild is not None else None
            )
            channel = self._bot.get_partial_messageable(message.channel_id, guild_id=message.guild_id)
            await self._bot.watcher.watch(
                job, job_board(channel.get_partial_message(message.message_id), job, words), words
            )

    @app_commands.command(
        name=locale_str("jobs"), description=locale_str("Show what adds articles at the moment, and cancel it")
    )
    @app_commands.rename(job=locale_str("job"))
    @app_commands.describe(job=locale_str("Only this one, with all details"))
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def jobs(
        self,
        interaction: discord.Interaction[FootnoteBot],
        job: app_commands.Range[str, 1, AUTOCOMPLETE_VALUE] | None = None,
    ) -> None:
        """Show the list, or one job."""
        collection = str(await managed_server(interaction))
        words = await self._bot.words(interaction)

        async def show() -> ui.LayoutView:
            if job is None:
                return await jobs_view(self._bot.gatherer, collection, words)
            try:
                chosen = await self._bot.gatherer.job(job, (collection,))
            except UnknownJobError:
                return layout(unknown_job_card(words))
            return details_view(chosen, 1, self._bot, words)

        await self._bot.answer(interaction, show, is_private=True)

    @jobs.autocomplete("job")
    async def choices(
        self, interaction: discord.Interaction[FootnoteBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the jobs of the server, the newest first."""
        if not await self._bot.may_manage(interaction):
            return []
        words = await self._bot.words(interaction)
        jobs = await self._bot.gatherer.jobs((str(interaction.guild_id),), most=AUTOCOMPLETE_CHOICES)
        named = [(with_id(job_choice(job, words), job.id), job.id) for job in jobs]
        typed = current.strip().casefold()
        return [app_commands.Choice(name=name, value=value) for name, value in named if typed in name.casefold()]


async def setup(bot: FootnoteBot) -> None:
    """See `commands.Bot.load_extension`."""
    await bot.add_cog(Jobs(bot))
