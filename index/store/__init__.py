"""Articles in a database: SQLite as a rule, PostgreSQL if the operator wants it."""

from index.store.finishing import finished
from index.store.store import Store

__all__ = ["Store", "finished"]
