"""Opens what the settings name: the library, and what fetches and reads for it. Knows no Discord."""

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bot.settings import Settings
from index import Gatherer, GatheringRules, Library


async def open_library(settings: Settings) -> Library:
    """Open the library that the settings name; whoever calls closes it.

    Raises:
        StoreError: The database cannot be used.
    """
    return await Library.open(settings.database_url, index_folder(settings))


async def open_gatherer(library: Library, settings: Settings) -> Gatherer:
    """Open what fetches and reads articles for a library; whoever calls closes it before the library.

    Raises:
        StoreError: The database cannot be used.
    """
    rules = GatheringRules(
        allowed_hosts=settings.allowed_hosts,
        contact=settings.fetch_contact or None,
        jobs_at_once=settings.jobs_at_once,
        workers=settings.readers_at_once,
        memory_mb=settings.reader_memory_mb,
    )
    return await Gatherer.open(library, rules)


def index_folder(settings: Settings) -> Path | None:
    """Choose where the index is saved: as set, else beside a SQLite file, else nowhere."""
    if settings.index_folder is not None:
        return settings.index_folder
    file = _file(settings)
    return None if file is None else Path(f"{file}.index")


def missing_file(settings: Settings) -> Path | None:
    """The SQLite file that opening the library would make; None if it is there, or if the database is no such file."""
    file = _file(settings)
    return None if file is None or file.exists() else file


def _file(settings: Settings) -> Path | None:
    try:
        address = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        # The store tells what is wrong with it.
        return None
    # SQLite's own addresses ("file:…?mode=ro") name a file only to SQLite.
    if address.get_backend_name() != "sqlite" or not address.database or address.database.startswith("file:"):
        return None
    return Path(address.database)
