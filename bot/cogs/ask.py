"""Asking: /ask, mentions, replies, direct messages, the message menu, and channels where every question is answered."""

import logging
import re
from datetime import UTC, datetime, timedelta

import discord
from discord import app_commands, ui
from discord.app_commands import locale_str
from discord.ext import commands

from bot import sending
from bot.channels import is_listed, may_answer
from bot.client import FootnoteBot
from bot.desk import MAX_QUESTION, Asker, Reply
from bot.errors import DeskError, TooManyQuestionsError
from bot.host import asker_of
from bot.questions import Asked, Way
from bot.rendering.cards import Accent, Card, notice_card
from bot.rendering.errors import error_card, permission_name
from bot.rendering.limits import AUTOCOMPLETE_CHOICES, AUTOCOMPLETE_VALUE
from bot.rendering.lists import choices_of
from bot.rendering.words import Words
from bot.state import AnswerRecord, ServerSettings
from bot.told import Told
from bot.views.answers import answer_view
from bot.views.layout import layout
from index import LibraryError, Status

log = logging.getLogger(__name__)

EDITABLE = timedelta(minutes=2)
"""For so long after a question was sent, editing it edits the answer."""

_HINT_EVERY_S = 3600.0
"""How often one person is told that a channel does not let the bot write."""

_MENTION = re.compile(r"<@!?([0-9]{1,20})>")
_ASKING_TYPES = (discord.MessageType.default, discord.MessageType.reply)

# Latin and Cyrillic, full-width, Arabic, Armenian, Ethiopic; Greek's looks like a semicolon and has a sign of its own.
_QUESTION_MARK = re.compile("[?？؟՞፧\u037e]")


class Ask(commands.Cog):
    """Questions, however they come in."""

    def __init__(self, bot: FootnoteBot) -> None:
        self._bot = bot
        self._menu = app_commands.ContextMenu(name=locale_str("Answer this"), callback=self.answer_this)
        self._hinted = Told()
        self._told_limits = Told()

    async def cog_load(self) -> None:
        """See `commands.Cog.cog_load`."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """See `commands.Cog.cog_unload`."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    # ---- commands

    @app_commands.command(
        name=locale_str("ask"), description=locale_str("Ask a question; the answer is quoted from an article")
    )
    @app_commands.rename(question=locale_str("question"), article=locale_str("article"), private=locale_str("private"))
    @app_commands.describe(
        question=locale_str("What you want to know"),
        article=locale_str("Search in this article only"),
        private=locale_str("Show the answer to you only"),
    )
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def ask(
        self,
        interaction: discord.Interaction[FootnoteBot],
        question: app_commands.Range[str, 1, MAX_QUESTION],
        article: app_commands.Range[str, 1, AUTOCOMPLETE_VALUE] | None = None,
        private: bool | None = None,
    ) -> None:
        """Answer a question."""
        server = await self._server(interaction.guild_id)
        is_open = server is None or may_answer(server, interaction.channel)
        is_private = not is_open or (private if private is not None else server is not None and server.is_private)
        words = await self._bot.words(interaction)
        note = None if is_open else words.say("Only you see this: the bot does not answer publicly in this channel.")
        await self._answer(interaction, Way.SLASH, question, article, is_private=is_private, note=note)

    @ask.autocomplete("article")
    async def titles(
        self, interaction: discord.Interaction[FootnoteBot], current: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the articles whose title holds what was typed, newest first."""
        scope = asker_of(interaction).scope
        found = await self._bot.library.newest_articles(scope, current, AUTOCOMPLETE_CHOICES)
        return [app_commands.Choice(name=name, value=value) for name, value in choices_of(found)]

    async def answer_this(self, interaction: discord.Interaction[FootnoteBot], message: discord.Message) -> None:
        """Answer the question that a message holds; the answer is for whoever picked the menu."""
        question = _question(message, self._bot)
        if not question:
            words = await self._bot.words(interaction)
            text = words.say(
                "This message holds no text that could be a question. Choose another, or ask with {command}.",
                command=words.command("ask"),
            )
            await sending.respond(interaction, layout(notice_card(text, Accent.FAILURE)), is_private=True)
            return
        server = await self._server(interaction.guild_id)
        is_open = server is None or (may_answer(server, interaction.channel) and not server.is_private)
        await self._answer(interaction, Way.MENU, question, None, is_private=not is_open, note=None)

    async def _answer(
        self,
        interaction: discord.Interaction[FootnoteBot],
        way: Way,
        question: str,
        article: str | None,
        *,
        is_private: bool,
        note: str | None,
    ) -> None:
        if self._bot.is_stopping:
            words = await self._bot.words(interaction)
            text = words.say("I am being restarted. Please ask again in a minute.")
            await sending.respond(interaction, layout(notice_card(text)), is_private=True)
            return
        asker = asker_of(interaction)
        words = await self._bot.words(interaction)

        with self._bot.questions.asked(way, question) as asked:

            async def make() -> ui.LayoutView:
                reply = await self._bot.desk.ask(asker, question, article=article, is_private=is_private)
                _take_note(asked, reply)
                with asked.stage("render"):
                    return answer_view(reply, words, note=note)

            await self._bot.answer(interaction, make, is_private=is_private, asked=asked)

    # ---- messages

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that is meant for the bot."""
        if message.author.bot or message.webhook_id is not None or message.type not in _ASKING_TYPES:
            return
        if self._bot.is_stopping or not await self._is_for_us(message):
            return
        with self._bot.at_work():
            await self._reply_to(message)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """Answer a question anew that was edited within two minutes."""
        message = event.message
        age = discord.utils.utcnow() - message.created_at
        if message.author.bot or message.webhook_id is not None or age > EDITABLE or message.type not in _ASKING_TYPES:
            return
        if self._bot.is_stopping or message.edited_at is None:
            return
        before = await self._bot.state.answer_to_message(message.id)
        # A preview that Discord adds to a link is an edit as well.
        if before is not None and before.question == " ".join(_question(message, self._bot).split()):
            return
        if before is None and not await self._is_for_us(message):
            return
        with self._bot.at_work():
            await self._reply_to(message, before)

    async def _is_for_us(self, message: discord.Message) -> bool:
        if message.guild is None:
            return True
        server = await self._bot.state.server(message.guild.id)
        if not may_answer(server, message.channel):
            return False
        if self._bot.user in message.mentions:
            return True
        return is_listed(server.answered_channels, message.channel) and _is_question(message.content)

    async def _reply_to(self, message: discord.Message, before: AnswerRecord | None = None) -> None:
        """Answer a message in its channel, or edit the answer given before."""
        is_mention = message.guild is None or self._bot.user in message.mentions
        words = await self._bot.words_for(message.guild.id if message.guild else None, _locale_of(message))
        question = _question(message, self._bot)
        if not question:
            await self._show(message, layout(_how_to_ask(words)), None, words)
            return
        with self._bot.questions.asked(_way(message, before, is_mention=is_mention), question) as asked:
            await self._answer_message(message, question, before, words, asked, is_mention=is_mention)

    async def _answer_message(
        self,
        message: discord.Message,
        question: str,
        before: AnswerRecord | None,
        words: Words,
        asked: Asked,
        *,
        is_mention: bool,
    ) -> None:
        try:
            reply = await self._ask(message, question, before)
        except Exception as error:
            asked.failed(error)
            if not isinstance(error, DeskError | LibraryError):
                log.exception("unforeseen in the answer to message %d", message.id)
            if is_mention:
                await self._tell(message, error, before, words)
            return
        _take_note(asked, reply)
        if reply.record.status == Status.REFUSED and not is_mention and before is None:
            # Nobody asked the bot: it has nothing to say.
            await self._bot.desk.records.drop(reply.record)
            return
        with asked.stage("render"):
            view = answer_view(reply, words)
        with asked.stage("send"):
            sent = await self._show(message, view, before, words)
        if sent is None:
            asked.lost()
        else:
            await self._bot.desk.records.attach(reply.record, channel_id=message.channel.id, message_id=sent)

    async def _tell(
        self, message: discord.Message, error: Exception, before: AnswerRecord | None, words: Words
    ) -> None:
        """Tell whoever mentioned the bot why there is no answer; that they asked too much, once and in private."""
        view = layout(error_card(error, words))
        if isinstance(error, TooManyQuestionsError) and message.guild is not None:
            # Each server has limits of its own.
            key = (message.author.id, message.guild.id)
            if not self._told_limits.is_first(key, (error.retry_at - datetime.now(UTC)).total_seconds()):
                return
            if await self._told_in_private(message, view):
                return
        await self._show(message, view, before, words)

    async def _told_in_private(self, message: discord.Message, view: ui.LayoutView) -> bool:
        try:
            await sending.post(message.author, view)
        except sending.FAILURES as error:
            log.info("no direct message to user %d: %s", message.author.id, error)
            return False
        return True

    async def _ask(self, message: discord.Message, question: str, before: AnswerRecord | None) -> Reply:
        guild_id = message.guild.id if message.guild is not None else None
        asker = Asker(message.author.id, guild_id, message.channel.id, _locale_of(message) or "en-US")
        replied = message.reference.message_id if message.reference is not None else None
        previous = await self._bot.state.answer_by_message(replied) if replied is not None else None
        if previous is not None and (previous.guild_id != guild_id or previous.is_private):
            previous = None
        return await self._bot.desk.ask(
            asker,
            question,
            previous=(previous, 0) if previous is not None else None,
            question_message_id=message.id,
            replaces=before,
        )

    async def _show(
        self, message: discord.Message, view: ui.LayoutView, before: AnswerRecord | None, words: Words
    ) -> int | None:
        """Reply with a card, or put it in the place of the earlier one; the id of the bot's message, if it was sent."""
        try:
            if before is not None and before.message_id is not None:
                earlier = discord.PartialMessage(channel=message.channel, id=before.message_id)
                await sending.repeated(lambda: earlier.edit(view=view))
                return before.message_id
            reference = discord.MessageReference(
                message_id=message.id, channel_id=message.channel.id, fail_if_not_exists=False
            )
            return (await sending.post(message.channel, view, reference)).id
        except discord.Forbidden as error:
            await self._hint(message, error, words)
        except discord.NotFound:
            # The channel, or the answer that should be edited, was deleted meanwhile.
            log.info("nothing to reply to in channel %d", message.channel.id)
        return None

    async def _hint(self, message: discord.Message, error: discord.Forbidden, words: Words) -> None:
        """Tell the asker once in private why there is no answer, and who can help."""
        log.info("no permission in channel %d: %s", message.channel.id, error.text)
        if not self._hinted.is_first((message.author.id, message.channel.id), _HINT_EVERY_S):
            return
        missing = _missing(message)
        text = words.say(
            "I may not write in {channel}: I lack {permission} there. Somebody who manages the server can allow it, "
            "or you use /ask, or ask me here.",
            channel=f"<#{message.channel.id}>",
            permission=permission_name(missing, words) if missing is not None else words.say("a permission"),
        )
        await self._told_in_private(message, layout(notice_card(text)))

    async def _server(self, guild_id: int | None) -> ServerSettings | None:
        return None if guild_id is None else await self._bot.state.server(guild_id)


def _question(message: discord.Message, bot: FootnoteBot) -> str:
    """What a message asks: its text without mentions of the bot, and others' mentions as names."""
    names = {user.id: user.display_name for user in message.mentions}
    if bot.user is not None:
        names[bot.user.id] = " "
    return _MENTION.sub(lambda found: names.get(int(found[1]), found[0]), message.content).strip()


def _locale_of(message: discord.Message) -> str | None:
    """The language of the server where a message was written; Discord tells none of whoever wrote it."""
    return message.guild.preferred_locale.value if message.guild is not None else None


def _way(message: discord.Message, before: AnswerRecord | None, *, is_mention: bool) -> Way:
    """How a message came to be a question."""
    if before is not None:
        return Way.EDIT
    if message.guild is None:
        return Way.DIRECT
    return Way.MENTION if is_mention else Way.CHANNEL


def _take_note(asked: Asked, reply: Reply) -> None:
    articles = tuple(passage.article_id for passage in reply.record.passages)
    asked.answered(reply.record.status, reply.timings, articles)


def _is_question(content: str) -> bool:
    return _QUESTION_MARK.search(content) is not None


def _missing(message: discord.Message) -> str | None:
    """Which permission the bot lacks in a channel, as discord.py calls it; None when it is none of those we need."""
    if message.guild is not None and message.guild.me is not None:
        granted = message.channel.permissions_for(message.guild.me)
        if not granted.view_channel:
            return "view_channel"
        if isinstance(message.channel, discord.Thread) and not granted.send_messages_in_threads:
            return "send_messages_in_threads"
        if not granted.send_messages and not isinstance(message.channel, discord.Thread):
            return "send_messages"
        if not granted.read_message_history:
            return "read_message_history"
        if not granted.embed_links:
            return "embed_links"
    return None


def _how_to_ask(words: Words) -> Card:
    return notice_card(words.say("Ask me something, for example: “how many soldiers were killed?”"))


async def setup(bot: FootnoteBot) -> None:
    """See `commands.Bot.load_extension`."""
    await bot.add_cog(Ask(bot))
