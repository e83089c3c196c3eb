"""The command that runs the bot. What this module loads stays in memory for as long as the bot runs."""

import asyncio
import logging
from typing import Annotated

import typer

from bot import logs
from bot.app import RefusedError, run_bot
from bot.cli.endings import DONE, FAILED, failed
from bot.cli.options import Store
from bot.settings import SettingsError, load_settings
from bot.watchdog import EXIT_CODE, DeadGatewayError
from index import LibraryError

log = logging.getLogger(__name__)


def run(
    sync: Annotated[bool, typer.Option("--sync", help="Tell Discord of the commands although none changed.")] = False,
    store: Store = None,
) -> int:
    """Answer in Discord until Ctrl-C or SIGTERM. DISCORD_TOKEN must be set. Exit code 3: its watchdog ended it."""
    settings = load_settings(store)
    is_json = logs.set_up(settings.log_level, settings.log_format, is_service=True)
    try:
        asyncio.run(run_bot(settings, force_sync=sync))
    except DeadGatewayError as error:
        log.critical("%s", error)
        return EXIT_CODE
    except (LibraryError, RefusedError, SettingsError) as error:
        if not is_json:
            return failed(str(error))
        # Whoever reads a log of JSON reads no line without.
        log.critical("%s", error)
        return FAILED
    return DONE
