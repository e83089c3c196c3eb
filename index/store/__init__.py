"""Articles in a database: SQLite as a rule, PostgreSQL if the operator wants it."""

from index.store.database import Database
from index.store.examining import StoreExamination, examine
from index.store.finishing import finished
from index.store.migrating import ARTICLES, Migrations
from index.store.store import Store
from index.store.tables import UtcDateTime

__all__ = ["ARTICLES", "Database", "Migrations", "Store", "StoreExamination", "UtcDateTime", "examine", "finished"]
