"""The bot: its intents, its commands, the one error handler, and an orderly stop."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import aiohttp
import discord
from discord import app_commands, ui
from discord.ext import commands, tasks

from bot import news, sending
from bot.desk import Desk
from bot.errors import DeskError, NotManagerError
from bot.outdated import custom_id_of, is_outdated, outdated_text
from bot.questions import Asked, Questions
from bot.rebuilds import Rebuilds
from bot.rendering.cards import Accent, notice_card
from bot.rendering.errors import error_card
from bot.rendering.words import Words, catalogue_for, read_catalogue, words_for
from bot.settings import Settings
from bot.state import TOKEN_LIFE, Attempts, State, WaitingInteraction
from bot.synchronising import CatalogueTranslator, Synchronisation
from bot.views.answers import AnswerButton
from bot.views.layout import layout
from bot.watching import Watcher
from index import FeedNews, Gatherer, Library, LibraryError, StoreError

log = logging.getLogger(__name__)

COGS = ("ask", "articles", "feeds", "jobs", "index", "settings", "help", "doctor", "operator")

AT_ONCE_S = 0.4
"""An answer that is there by then is the first response. When 200 people ask at once the last one is not, and all the
same sees "thinking" within a second."""

DRAIN_S = 8.0
"""How long a stop waits for answers that are being given."""

CROWD = 16
"""Answers being given at once, above which a further asker sees "thinking" straight away."""

_FIRST_LOOK_S = 600.0
"""After the start, when whoever waited for it has been answered."""


class Tree(app_commands.CommandTree["FootnoteBot"]):
    """Hands every error to the bot's one handler."""

    async def on_error(
        self, interaction: discord.Interaction["FootnoteBot"], error: app_commands.AppCommandError, /
    ) -> None:
        """See `CommandTree.on_error`."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await self.client.failed(interaction, cause)


class FootnoteBot(commands.AutoShardedBot):
    """See `bot.host.Host`. What it is given is open already, and stays open when the bot is closed.

    Args:
        questions: Tells what becomes of each question.
        http_trace: Hears of every request to Discord.
        force_sync: Synchronise the commands although they are as they were.
        ready_timeout_s: How long after one server of the first list the next one is waited for. discord.py waits
            once more after the last one, and only then counts a shard as ready.
    """

    def __init__(
        self,
        library: Library,
        state: State,
        settings: Settings,
        gatherer: Gatherer,
        *,
        questions: Questions | None = None,
        http_trace: aiohttp.TraceConfig | None = None,
        force_sync: bool = False,
        ready_timeout_s: float = 0.5,
    ) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        intents.message_content = settings.message_content
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=intents,
            shard_count=settings.discord_shards,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=ready_timeout_s,
            max_ratelimit_timeout=60.0,
            http_trace=http_trace if http_trace is not None else aiohttp.TraceConfig(),
        )
        self.library = library
        self.state = state
        self.settings = settings
        self.desk = Desk(library, state, settings)
        self.gatherer = gatherer
        self.watcher = Watcher(gatherer, state, discord.utils.utcnow)
        self.rebuilds = Rebuilds(library, state, discord.utils.utcnow)
        self.questions = questions if questions is not None else Questions(shows_text=settings.log_questions)
        self._force_sync = force_sync
        self._catalogues: set[str] = set()
        self._attempts = Attempts()
        self.synchronisation = Synchronisation(self, state, self._attempts)
        self._working = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False
        self._patterns: tuple[re.Pattern[str], ...] = ()

    # ---- starting and stopping

    async def setup_hook(self) -> None:
        """See `discord.Client.setup_hook`: runs once, after the token was accepted and before events arrive."""
        await self.load_commands()
        self.keep(self.synchronisation.run(force=self._force_sync))
        self.keep(self._finish_waiting())
        self._look_after_index.start()
        self._clean.start()

    async def load_commands(self) -> None:
        """Learn all commands and buttons; Discord is not told of them."""
        for cog in COGS:
            await self.load_extension(f"bot.cogs.{cog}")
        self.add_dynamic_items(AnswerButton)
        await self.tree.set_translator(CatalogueTranslator())

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside everything else until the bot closes; what goes wrong in it is logged."""

        async def run() -> None:
            try:
                await work
            except Exception as error:
                log.exception("a task of the bot failed", exc_info=error)

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def gather(self) -> None:
        """Begin to run jobs and to check feeds, as soon as the servers are known; call it once."""
        await self.wait_until_ready()
        self.gatherer.on_news(self._tell_news)
        await self.gatherer.start()

    async def _tell_news(self, told: FeedNews) -> None:
        guild = self.get_guild(int(told.feed.collection)) if told.feed.collection.isdecimal() else None
        if guild is not None:
            words = await self.words_for(guild.id, guild.preferred_locale.value)
            # Discord may let us wait, and the next feed has not to.
            self.keep(news.tell(self, guild, told, words))
        elif told.switched_off:
            log.warning("feed %s was switched off: %s; `footnote feeds list` shows it", told.feed.id, told.feed.problem)

    async def drain(self) -> None:
        """Take no more questions, and wait for the answers that are being given, `DRAIN_S` at most."""
        self._is_stopping = True
        try:
            await asyncio.wait_for(self._idle.wait(), DRAIN_S)
        except TimeoutError:
            log.warning("stopped with %d answers unfinished", self._working)
        with suppress(StoreError, TimeoutError):
            await asyncio.wait_for(self.desk.records.save_rest(), 1.0)

    async def close(self) -> None:
        """See `discord.Client.close`."""
        self._clean.cancel()
        self._look_after_index.cancel()
        for task in list(self._tasks):
            task.cancel()
        await super().close()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """See `Host.at_work`."""
        self._working += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._idle.set()

    @property
    def is_stopping(self) -> bool:
        """Whether new questions are turned away because the bot is about to stop."""
        return self._is_stopping

    # ---- asking

    async def words(self, interaction: discord.Interaction[Any]) -> Words:
        """See `Host.words`."""
        return await self.words_for(
            interaction.guild_id,
            interaction.locale.value,
            interaction.guild_locale.value if interaction.guild_locale is not None else None,
        )

    async def words_for(self, guild_id: int | None, *locales: str | None) -> Words:
        """See `Host.words_for`."""
        own = (await self.state.server(guild_id)).language if guild_id is not None else None
        if (catalogue := catalogue_for(own, *locales)) not in self._catalogues:
            # Read when the first person of a language comes: all of them would take 15 MB.
            await asyncio.to_thread(read_catalogue, catalogue)
            self._catalogues.add(catalogue)
        return words_for(own, *locales)

    async def may_manage(self, interaction: discord.Interaction[Any]) -> bool:
        """See `Host.may_manage`."""
        if interaction.guild_id is None or not isinstance(interaction.user, discord.Member):
            return False
        if interaction.permissions.manage_guild:
            return True
        managers = (await self.state.server(interaction.guild_id)).manager_roles
        # The cached guild may not know the role; the member's payload does.
        return any(interaction.user.get_role(role) is not None for role in managers)

    async def require_manager(self, interaction: discord.Interaction[Any]) -> None:
        """See `Host.require_manager`."""
        if not await self.may_manage(interaction):
            raise NotManagerError

    async def answer(
        self,
        interaction: discord.Interaction[Any],
        make: Callable[[], Awaitable[ui.LayoutView]],
        *,
        is_private: bool,
        asked: Asked | None = None,
    ) -> None:
        """See `Host.answer`."""
        with self.at_work():
            making: asyncio.Future[ui.LayoutView] | None = None
            try:
                # In a crowd the last answers are not there in time: those who came late are told so at once, before
                # anything is looked for, instead of all of them in one moment.
                is_crowded = self._working > CROWD
                if is_crowded:
                    await self._think(interaction, is_private=is_private)
                making = asyncio.ensure_future(make())
                if not is_crowded:
                    done, _ = await asyncio.wait({making}, timeout=AT_ONCE_S)
                    if not done:
                        await self._think(interaction, is_private=is_private)
                view = await making
                with asked.stage("send") if asked is not None else nullcontext():
                    is_wanted = await sending.respond(interaction, view, is_private=is_private)
                if asked is not None and not is_wanted:
                    asked.lost()
            except Exception as error:
                if asked is not None:
                    asked.failed(error)
                await self.failed(interaction, error)
            finally:
                if making is not None:
                    making.cancel()
                if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
                    await self._attempts.tried("that an asker has the answer", self.state.drop_waiting(interaction.id))

    async def _think(self, interaction: discord.Interaction[Any], *, is_private: bool) -> None:
        await sending.think(interaction, is_private=is_private)
        # If the process ends now, the next one tells the asker: see `_finish_waiting`.
        server = await self.state.server(interaction.guild_id) if interaction.guild_id is not None else None
        waiting = WaitingInteraction(
            interaction.id,
            interaction.application_id,
            interaction.token,
            interaction.created_at,
            server.language if server is not None and server.language is not None else interaction.locale.value,
        )
        await self._attempts.tried("that an asker waits", self.state.keep_waiting(waiting))

    async def _finish_waiting(self) -> None:
        """Tell those who saw "thinking" when the process ended, as long as Discord lets us: 15 minutes."""
        for waiting in await self.state.waiting():
            if discord.utils.utcnow() - waiting.created_at < TOKEN_LIFE:
                webhook = discord.Webhook.partial(waiting.application_id, waiting.token, client=self)
                words = await self.words_for(None, waiting.locale)
                text = words.say("I was restarted while I looked for an answer. Please ask again.")
                try:
                    # discord.py's own name for "the first response" is this string as well.
                    await webhook.edit_message("@original", view=layout(notice_card(text)))  # type: ignore[call-overload]
                except sending.FAILURES as error:
                    log.info("an asker could not be told of the restart: %s", error)
            await self.state.drop_waiting(waiting.interaction_id)

    @tasks.loop(hours=24)
    async def _look_after_index(self) -> None:
        """Find damage of the index before a question does."""
        try:
            await self.library.mend_index()
        except LibraryError as error:
            log.error("the index is damaged, and was not mended: %s", error)  # noqa: TRY400 - it tells all

    @_look_after_index.before_loop
    async def _let_it_start(self) -> None:
        await asyncio.sleep(_FIRST_LOOK_S)

    @tasks.loop(hours=1)
    async def _clean(self) -> None:
        """Delete what is kept for a time only."""
        try:
            await self.desk.records.save_rest()
            deleted = await self.state.purge(discord.utils.utcnow(), self.settings.answer_days)
        except StoreError as error:
            # The next hour is soon enough; an exception would end the loop for good.
            log.warning("nothing was cleaned up: %s", error)
            return
        if deleted:
            log.info("deleted %d records whose time was over", deleted)

    # ---- when something goes wrong

    async def failed(self, interaction: discord.Interaction[Any], error: Exception) -> None:
        """See `Host.failed`."""
        if isinstance(error, discord.NotFound) and error.code == 10062:
            log.warning("a response came too late for Discord; is this machine's clock right, or is it busy?")
            return
        if isinstance(error, StoreError):
            log.error("the store failed in %s: %s", _named(interaction), error)
        elif not isinstance(error, DeskError | LibraryError | app_commands.AppCommandError | discord.HTTPException):
            log.error("unforeseen in %s", _named(interaction), exc_info=error)
        try:
            words = await self.words(interaction)
            card = error_card(error, words)
            is_thinking = interaction.response.type is discord.InteractionResponseType.deferred_channel_message
            if interaction.response.is_done() and not is_thinking:
                await sending.repeated(lambda: interaction.followup.send(view=layout(card), ephemeral=True))
            else:
                # In the place of "thinking", which is as private as it was announced.
                await sending.respond(interaction, layout(card), is_private=True)
        except Exception as second:
            log.warning("an error could not be told: %s: %s", type(second).__name__, second)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Tell whoever pressed a button or sent a form that nobody waits for; all others are discord.py's."""
        if await is_outdated(interaction, self._patterns):
            text = outdated_text(interaction, await self.words(interaction))
            await sending.respond(interaction, layout(notice_card(text, Accent.FAILURE)), is_private=True)

    def add_dynamic_items(self, *items: type[ui.DynamicItem[Any]]) -> None:
        """See `discord.Client.add_dynamic_items`."""
        super().add_dynamic_items(*items)
        self._patterns = (*self._patterns, *(item.__discord_ui_compiled_template__ for item in items))

    async def on_message(self, message: discord.Message, /) -> None:
        """Messages are questions, not commands with a prefix: see `bot.cogs.ask`."""

    async def on_error(self, event_method: str, /, *_args: object, **_kwargs: object) -> None:
        """See `discord.Client.on_error`."""
        log.exception("unforeseen in %s", event_method)

    async def on_ready(self) -> None:
        """Tell the operator; comes again after a new session."""
        log.info("connected as %s, in %d servers", self.user, len(self.guilds))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Nothing is deleted: who removes a bot by mistake gets everything back by inviting it again."""
        log.info("left server %d", guild.id)


def _named(interaction: discord.Interaction[Any]) -> str:
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    return custom_id_of(interaction) or interaction.type.name
