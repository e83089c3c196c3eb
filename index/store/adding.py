"""Stores a batch of articles: what is new, what replaces an older text of its source, and what is there already."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from index.models import ArticleInfo, Change, NewArticle, Stored
from index.store.chunks import chunks
from index.store.deriving import derived
from index.store.ids import free_ids
from index.store.places import forget_copies, is_web_address, want_again
from index.store.tables import articles, info_columns, sources, written_columns


def add(
    connection: Connection,
    batch: Sequence[tuple[NewArticle, str]],
    *,
    now: datetime,
    new_id: Callable[[], str],
) -> list[Stored]:
    """Store articles, each given with the fingerprint of its text, within the transaction of `connection`.

    Returns:
        One outcome for each article, in order. What stands twice in the batch is stored once; what is revised within
        the batch is stored and replaced.

    Raises:
        RuntimeError: `new_id` keeps giving ids that are taken.
    """
    adding = _Adding(connection, now, new_id)
    adding.look_up(batch)
    for article, fingerprint in batch:
        adding.add(article, fingerprint)
    adding.write()
    return adding.stored


@dataclass(frozen=True, slots=True)
class _Outcome:
    """An outcome whose article may still wait to be written; then `info` is None."""

    change: Change
    text: tuple[str, str]
    info: ArticleInfo | None = None
    replaced: int | None = None


class _Adding:
    """The collections as they would be after the articles so far, and the rows that wait to be written together."""

    def __init__(self, connection: Connection, now: datetime, new_id: Callable[[], str]) -> None:
        self.stored: list[Stored] = []
        self._connection = connection
        self._now = now
        self._new_id = new_id
        # Texts are named by collection and fingerprint, sources by collection and address.
        self._by_text: dict[tuple[str, str], ArticleInfo] = {}
        self._by_source: dict[tuple[str, str], ArticleInfo] = {}
        self._waiting: dict[tuple[str, str], dict[str, object]] = {}
        self._waiting_sources: set[tuple[str, str]] = set()
        self._outcomes: list[_Outcome] = []
        self._replaced: list[int] = []
        self._copies: dict[tuple[str, str], tuple[str, str]] = {}
        self._revised: list[str] = []

    def look_up(self, batch: Sequence[tuple[NewArticle, str]]) -> None:
        collections = list(dict.fromkeys(article.collection for article, _ in batch))
        fingerprints = dict.fromkeys(fingerprint for _, fingerprint in batch)
        sources = dict.fromkeys(article.source for article, _ in batch if article.source)
        # Pairs are no portable operand of IN; each collection with each text finds a little more, which is harmless.
        for column, values in ((articles.c.content_hash, fingerprints), (articles.c.source, sources)):
            for some_collections in chunks(collections):
                for chunk in chunks(values):
                    statement = select(*info_columns).where(
                        articles.c.collection.in_(some_collections), column.in_(chunk)
                    )
                    self._know(ArticleInfo(*row) for row in self._connection.execute(statement))

    def add(self, article: NewArticle, fingerprint: str) -> None:
        text = (article.collection, fingerprint)
        source = (article.collection, article.source)
        if text in self._waiting or text in self._by_text:
            self._copies[source] = text
        if text in self._waiting:
            self._outcomes.append(_Outcome(Change.UNCHANGED, text))
            return
        if known := self._by_text.get(text):
            self._outcomes.append(_Outcome(Change.UNCHANGED, text, known))
            return
        if article.source and source in self._waiting_sources:
            # It revises what waits, and only what is written has the number that is replaced.
            self.write()
        older = self._by_source.pop(source, None) if article.source else None
        if older:
            del self._by_text[older.collection, older.content_hash]
            self._replaced.append(older.number)
            self._revised.append(older.id)
        self._outcomes.append(
            _Outcome(Change.REVISED if older else Change.ADDED, text, replaced=older.number if older else None)
        )
        self._waiting_sources.add(source)
        self._waiting[text] = {
            "id": older.id if older else None,
            "collection": article.collection,
            "title": article.title,
            "source": article.source,
            "language": article.language,
            "author": article.author,
            "published_at": article.published_at,
            "added_at": self._now,
            "added_by": article.added_by,
            "revision": older.revision + 1 if older else 1,
            "text": article.text,
            **derived(article.title, article.text, fingerprint),
        }

    def write(self) -> None:
        rows = list(self._waiting.values())
        without_id = [row for row in rows if row["id"] is None]
        free = free_ids(self._connection, articles.c.id, len(without_id), self._new_id)
        for row, article_id in zip(without_id, free, strict=True):
            row["id"] = article_id
        for chunk in chunks(self._replaced):
            self._connection.execute(delete(articles).where(articles.c.number.in_(chunk)))
        if rows:
            written = self._connection.execute(insert(articles).returning(*written_columns), rows)
            self._know(ArticleInfo(*row) for row in written)
        self._write_copies()
        for outcome in self._outcomes:
            info = outcome.info or self._by_text[outcome.text]
            self.stored.append(Stored(outcome.change, info, outcome.replaced))
        for done in (self._waiting, self._waiting_sources, self._outcomes, self._replaced, self._copies, self._revised):
            done.clear()

    def _write_copies(self) -> None:
        """Keep where the same text stands besides; a page that has now a text of its own is a copy no longer, and
        neither are those of an article whose text is another now."""
        pages: dict[str, list[str]] = {}
        for collection, address in (*self._copies, *self._waiting_sources):
            if is_web_address(address):
                pages.setdefault(collection, []).append(address)
        for collection, addresses in pages.items():
            want_again(self._connection, collection, addresses)
            for chunk in chunks(addresses):
                own = (sources.c.collection == collection) & sources.c.address.in_(chunk)
                self._connection.execute(delete(sources).where(own))
        forget_copies(self._connection, self._revised)
        copies = [
            {"collection": collection, "address": address, "article": self._by_text[text].id}
            for (collection, address), text in self._copies.items()
            if is_web_address(address) and text in self._by_text and self._by_text[text].source != address
        ]
        if copies:
            self._connection.execute(insert(sources), copies)

    def _know(self, infos: Iterable[ArticleInfo]) -> None:
        for info in infos:
            self._by_text[info.collection, info.content_hash] = info
            if info.source:
                self._by_source[info.collection, info.source] = info
