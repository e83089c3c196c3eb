"""Lines that stand in many articles of one site are no part of any of them; no language has to be known for that."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, insert, select, update

from index.ingestion.files import FileArticle
from index.models import RemovedLine
from index.store import Database
from index.store.places import is_web_address
from index.store.tables import site_lines

REASON = "It stands in many articles of this site."

_SHORTEST = 25
_FEWEST_WORDS = 4
_FEWEST_ARTICLES = 3
_SHARE = 100
"""One article of so many has to hold a line."""

_MOST_LINES = 400
"""Of one article that are counted."""

_FORGOTTEN_AFTER = timedelta(days=90)
_TOTAL = ""
"""Where a line's digest would be: the row that counts the articles of a site."""


@dataclass(frozen=True, slots=True)
class Lean:
    """An article without the lines of its site, and these."""

    article: FileArticle
    removed: tuple[RemovedLine, ...]


class SiteLines:
    """Counts lines in a database that belongs to somebody else, for each collection by itself."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def without(self, article: FileArticle, collection: str) -> Lean:
        """Leave out the lines that stand in many articles of the site; all stay if little else would be left."""
        site = _site(article.source)
        lines = _digests(article.text)
        if site is None or not lines:
            return Lean(article, ())
        wanted = (
            (site_lines.c.collection == collection)
            & (site_lines.c.site == site)
            & site_lines.c.digest.in_([_TOTAL, *lines])
        )
        rows = await self._database.read(select(site_lines.c.digest, site_lines.c.articles).where(wanted))
        counts = {str(digest): int(count) for digest, count in rows}
        fewest = max(_FEWEST_ARTICLES, counts.pop(_TOTAL, 0) / _SHARE)
        common = {lines[digest] for digest, count in counts.items() if count >= fewest}
        if not common:
            return Lean(article, ())
        kept = [line for line in article.text.split("\n") if line.strip() not in common]
        removed = [line.strip() for line in article.text.split("\n") if line.strip() in common]
        text = "\n".join(kept).strip("\n")
        if len(text) * 2 < len(article.text):
            return Lean(article, ())
        return Lean(replace(article, text=text), tuple(RemovedLine(line, REASON) for line in removed))

    async def count(self, articles: Iterable[FileArticle], collection: str) -> None:
        """Count the lines of articles that are new: a revision has been counted."""
        now = self._clock()
        found: dict[tuple[str, str], int] = {}
        for article in articles:
            site = _site(article.source)
            for digest in [] if site is None else [_TOTAL, *_digests(article.text)]:
                found[site or "", digest] = found.get((site or "", digest), 0) + 1

        def write(connection: Connection) -> None:
            for (site, digest), more in found.items():
                one = (
                    (site_lines.c.collection == collection)
                    & (site_lines.c.site == site)
                    & (site_lines.c.digest == digest)
                )
                values = {"articles": site_lines.c.articles + more, "seen_at": now}
                if not connection.execute(update(site_lines).where(one).values(**values)).rowcount:
                    row = {"collection": collection, "site": site, "digest": digest, "articles": more, "seen_at": now}
                    connection.execute(insert(site_lines).values(**row))

        if found:
            await self._database.write(write)

    async def sweep(self) -> None:
        """Forget lines that stood in one article only, long ago: nearly all lines do."""
        old = site_lines.c.seen_at < self._clock() - _FORGOTTEN_AFTER
        few = site_lines.c.articles < _FEWEST_ARTICLES
        await self._database.execute(delete(site_lines).where(old, few, site_lines.c.digest != _TOTAL))


def _site(source: str) -> str | None:
    if not is_web_address(source):
        return None
    try:
        return (urlsplit(source).hostname or "").removeprefix("www.") or None
    except ValueError:
        return None


def _digests(text: str) -> dict[str, str]:
    """The lines that are long enough to be told apart, by a digest of their letters."""
    found: dict[str, str] = {}
    for raw in text.split("\n"):
        line = raw.strip()
        if len(line) >= _SHORTEST and len(line.split()) >= _FEWEST_WORDS and len(found) < _MOST_LINES:
            found[hashlib.sha256(line.encode("utf-8", "replace")).hexdigest()[:24]] = line
    return found
