"""All findings, in the order in which they are told."""

from contextlib import AsyncExitStack

from bot.doctor import library, network, surroundings
from bot.findings import Finding, Level
from bot.opening import open_library
from bot.settings import Settings
from bot.state import State
from bot.state.tables import MIGRATIONS
from index import StoreError
from index import examine as examine_store


async def examine(settings: Settings) -> list[Finding]:
    """Look at settings, store, index and Discord; never raises for what it finds."""
    findings = [*surroundings.settings(settings), await surroundings.endpoint(settings)]
    async with AsyncExitStack() as stack:
        opened = None
        try:
            store = await examine_store(settings.database_url, MIGRATIONS)
            findings += library.store(store)
            if library.is_openable(store):
                opened = (
                    await stack.enter_async_context(await open_library(settings)),
                    await stack.enter_async_context(await State.open(settings.database_url)),
                )
        except StoreError as error:
            findings.append(Finding("store", Level.FAILURE, str(error), "restore a copy, or correct DATABASE_URL"))
        if opened is not None:
            findings += await library.contents(*opened)
        findings += await network.discord_findings(settings, opened)
    return findings
