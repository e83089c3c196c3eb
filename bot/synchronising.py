"""What Discord knows of the bot's commands: it is told when they have changed, in all our languages."""

import asyncio
import hashlib
import json
import logging

import discord
from discord import app_commands
from discord.ext import commands

from bot.rendering.words import fingerprint, read_catalogues, words_for
from bot.sending import FAILURES
from bot.state import Attempts, State

log = logging.getLogger(__name__)

_KEY = "commands"
_PAUSES_S = (5, 15, 60, 300, 900)


class CatalogueTranslator(app_commands.Translator):
    """Gives Discord the names and descriptions of commands in the languages of our catalogues."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,  # noqa: ARG002 - given
    ) -> str | None:
        """See `discord.app_commands.Translator.translate`; None keeps the English words."""
        return words_for(locale.value).translated(string.message)


class Synchronisation:
    """Tells Discord of the commands of a bot."""

    def __init__(self, bot: commands.AutoShardedBot, state: State, attempts: Attempts) -> None:
        self._bot = bot
        self._state = state
        self._attempts = attempts

    async def run(self, *, force: bool) -> None:
        """Tell Discord after the start, see `tell`; when it refuses, again and again for twenty minutes."""
        for pause in (*_PAUSES_S, None):
            try:
                await self.tell(force=force)
            except FAILURES as error:
                log.warning("the commands could not be synchronised: %s", error)
                if pause is None or isinstance(error, discord.Forbidden):
                    log.error("the commands are as they were; `footnote run --sync` tries again")  # noqa: TRY400
                    return
                await asyncio.sleep(pause)
            else:
                return

    async def tell(self, *, force: bool) -> bool:
        """Tell Discord of the commands if they changed since it was told; it allows 200 creations a day.

        Returns:
            Whether it was told.

        Raises:
            discord.HTTPException: Discord refuses.
        """
        if not force and await self.is_up_to_date():
            return False
        await asyncio.to_thread(read_catalogues)
        synced = await self._bot.tree.sync()
        saved = self._state.set_value(_KEY, await self._hash())
        await self._attempts.tried("the commands that Discord knows", saved)
        log.info("told Discord of %d commands", len(synced))
        return True

    async def is_up_to_date(self) -> bool:
        """Whether Discord was told of the commands as they are now."""
        return await self._state.value(_KEY) == await self._hash()

    async def _hash(self) -> str:
        # Translating every name and description would be most of the time of a start, so all words count as theirs.
        payload = [command.to_dict(self._bot.tree) for command in self._bot.tree._get_all_commands(guild=None)]
        told = json.dumps([payload, await asyncio.to_thread(fingerprint)], sort_keys=True)
        return f"{self._bot.application_id}:{hashlib.sha256(told.encode()).hexdigest()}"
