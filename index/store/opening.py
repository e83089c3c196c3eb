"""What is the same for whoever opens a database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from index.store.connecting import connect, connect_in_thread, is_sqlite, make_folder, parse, shown, translated
from index.store.migrating import Migrations, bring_up_to_date
from index.store.reading import AsyncReader, Reader, ThreadReader


@asynccontextmanager
async def opened(address: str, migrations: Migrations) -> AsyncIterator[tuple[URL, AsyncEngine]]:
    """Make a database if there is none, and bring it to the newest revision; its connections close if the block raises.

    Args:
        address: `sqlite+aiosqlite:///file`, `sqlite:///file` or `postgresql+asyncpg://…`.
        migrations: With a table for their revision that no other owner of tables uses.

    Yields:
        The address with its driver, and connections, which the block keeps.

    Raises:
        StoreError: The database cannot be opened, or fails within the block.
        NewerStoreError: A newer Footnote has written it; nothing was changed.
    """
    url = parse(address)
    with translated(shown(url)):
        await asyncio.to_thread(make_folder, url)
        engine = connect(url)
        try:
            await bring_up_to_date(engine, shown(url), migrations)
            yield url, engine
        except BaseException:
            await engine.dispose()
            raise


def reader(url: URL, engine: AsyncEngine) -> Reader:
    """A reader of its own: of a file in a thread, of a server over one of the connections."""
    return ThreadReader(connect_in_thread(url)) if is_sqlite(url) else AsyncReader(engine)
