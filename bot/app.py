"""Where the parts are put together: opens what must be closed again."""

from pathlib import Path

from bot.settings import Settings
from index.library import Library
from index.store.connecting import is_sqlite, parse


async def open_library(settings: Settings) -> Library:
    """Open the library that the settings name; whoever calls closes it.

    Raises:
        StoreError: The database cannot be used.
    """
    return await Library.open(settings.database_url, index_folder(settings))


def index_folder(settings: Settings) -> Path | None:
    """Choose where the index is saved: as set, else beside a SQLite file, else nowhere.

    Raises:
        StoreError: DATABASE_URL is no address.
    """
    if settings.index_folder is not None:
        return settings.index_folder
    address = parse(settings.database_url)
    # SQLite's own addresses ("file:…?mode=ro") name a file only to SQLite.
    if not is_sqlite(address) or not address.database or address.database.startswith("file:"):
        return None
    return Path(address.database + ".index")
