"""Articles and addresses, for tests of the store."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from index.models import NewArticle

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def article(text: str, source: str = "", collection: str = "shared", title: str = "Tea") -> NewArticle:
    return NewArticle(title=title, text=text, source=source, language="en", collection=collection)


def address_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def execute(path: Path, statement: str) -> object:
    connection = sqlite3.connect(path)
    with connection:
        row = connection.execute(statement).fetchone()
    connection.close()
    return row[0] if row else None
