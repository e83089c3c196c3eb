"""Pages that are looked at again: what changed is a new revision, and what is gone is kept and marked."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from index.drafts import unused
from index.gathering.adding import AddedPage, Adder
from index.gathering.running import Turn
from index.ingestion.files import FileArticle
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.reading import Reader
from index.ingestion.requesting import NotModified
from index.library import Library
from index.models import Addition, ArticleInfo, Change
from index.store import Database
from index.store.places import is_web_address
from index.store.tables import articles, pages, refreshes, sources


@dataclass(frozen=True, slots=True)
class Page:
    """The page of an article."""

    article: str
    address: str
    etag: str | None
    last_modified: str | None
    gone_since: datetime | None


class PageTable:
    """The pages of a database that belongs to somebody else, and how often they are looked at."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def remember(self, added: AddedPage, address: str) -> None:
        """A page was read: if it is one article, it can be looked at again from now on."""
        article = added.outcomes[0].article if len(added.outcomes) == 1 else None
        if article is None or added.page is None or not is_web_address(article.source):
            return
        if added.outcomes[0].duplicate_of is not None:
            # The article is looked after where it was found first.
            return
        await self.set(
            article,
            added.page.moved_to or address,
            etag=added.page.etag,
            last_modified=added.page.last_modified,
        )

    async def set(self, article: ArticleInfo, address: str, *, etag: str | None, last_modified: str | None) -> None:
        """A page was there just now."""
        values = {
            "collection": article.collection,
            "address": address,
            "etag": etag,
            "last_modified": last_modified,
            "checked_at": self._clock(),
            "gone_since": None,
        }

        def write(connection: Connection) -> None:
            one = pages.c.article == article.id
            if not connection.execute(update(pages).where(one).values(**values)).rowcount:
                connection.execute(insert(pages).values(article=article.id, **values))

        await self._database.write(write)

    async def missed(self, page: Page, *, is_gone: bool) -> None:
        """A page could not be had; `is_gone` says that it is there no longer."""
        now = self._clock()
        values = {"checked_at": now, "gone_since": (page.gone_since or now) if is_gone else page.gone_since}
        statement = update(pages).where(pages.c.article == page.article).values(**values)
        await self._database.execute(statement)

    async def forget(self, page: Page) -> None:
        """The article of a page is no longer there."""
        statement = delete(pages).where(pages.c.article == page.article)
        await self._database.execute(statement)

    async def next(self, collection: str, before: datetime) -> Page | None:
        """The page that was not looked at for longest, if that was before a moment."""
        columns = (pages.c.article, pages.c.address, pages.c.etag, pages.c.last_modified, pages.c.gone_since)
        wanted = (pages.c.collection == collection) & (pages.c.checked_at < before)
        rows = await self._database.read(select(*columns).where(wanted).order_by(pages.c.checked_at).limit(1))
        return Page(*rows[0]) if rows else None

    async def count(self, collection: str, before: datetime) -> int:
        """How many pages were last looked at before a moment."""
        wanted = (pages.c.collection == collection) & (pages.c.checked_at < before)
        [row] = await self._database.read(select(func.count()).select_from(pages).where(wanted))
        return int(row[0])

    async def sweep(self) -> None:
        """Forget what belongs to articles that were removed, and not put back since."""
        there = select(articles.c.id)

        def write(connection: Connection) -> None:
            connection.execute(delete(pages).where(pages.c.article.not_in(there)))
            connection.execute(delete(sources).where(sources.c.article.not_in(there)))

        await self._database.write(write)

    # ---- how often

    async def every(self, collection: str) -> int | None:
        """Hours between two looks at the pages of a collection; None: there are none by themselves."""
        rows = await self._database.read(select(refreshes.c.hours).where(refreshes.c.collection == collection))
        return int(rows[0][0]) if rows else None

    async def set_every(self, collection: str, hours: int | None) -> None:
        """Choose the hours between two looks, >= 1; None switches them off."""
        now = self._clock()

        def write(connection: Connection) -> None:
            connection.execute(delete(refreshes).where(refreshes.c.collection == collection))
            if hours is not None:
                later = now + timedelta(hours=hours)
                connection.execute(insert(refreshes).values(collection=collection, hours=hours, next_at=later))

        await self._database.write(write)

    async def due(self) -> list[str]:
        """The collections whose pages are to be looked at now; each is due again after its hours."""
        now = self._clock()
        rows = await self._database.read(
            select(refreshes.c.collection, refreshes.c.hours).where(refreshes.c.next_at <= now)
        )

        def write(connection: Connection) -> None:
            for collection, hours in rows:
                one = refreshes.c.collection == collection
                connection.execute(update(refreshes).where(one).values(next_at=now + timedelta(hours=hours)))

        if rows:
            await self._database.write(write)
        return [collection for collection, _ in rows]


class Refresher:
    """Looks at pages again, with tools that belong to somebody else."""

    def __init__(self, library: Library, table: PageTable, reader: Reader, adder: Adder) -> None:
        self._library = library
        self._table = table
        self._reader = reader
        self._adder = adder

    async def refresh(self, turn: Turn) -> None:
        """Look at all pages of a job's collection that were last looked at before it was submitted."""
        job = turn.job
        done = job.done
        total = done + await self._table.count(job.collection, job.created_at)
        await turn.keep(done, total=total)
        while (page := await self._table.next(job.collection, job.created_at)) is not None:
            done += 1
            outcome = await self._look(page)
            await turn.keep(done, [] if outcome is None else [outcome], total=max(done, total))
            await turn.pause()

    async def _look(self, page: Page) -> Addition | None:
        """Look at one page; None if there is nothing to tell."""
        info = await self._library.info(page.article)
        if info is None:
            await self._table.forget(page)
            return None
        try:
            # A page that was gone is read anew: that it is as it was says nothing of what came back.
            known = page if page.gone_since is None else replace(page, etag=None, last_modified=None)
            read = await self._reader.page(page.address, etag=known.etag, last_modified=known.last_modified)
        except UnusableSourceError as error:
            await self._table.missed(page, is_gone=error.problem in {Problem.GONE, Problem.MISSING})
            return unused(error)
        if isinstance(read, NotModified):
            await self._table.set(info, page.address, etag=page.etag, last_modified=page.last_modified)
            return None
        item = read.items[0] if len(read.items) == 1 else None
        if not isinstance(item, FileArticle):
            await self._table.missed(page, is_gone=False)
            return unused(UnusableSourceError(page.address, Problem.BAD_ANSWER, "it is no longer one article"))
        # Under its own source, so that it is a revision whatever the page calls itself now.
        [outcome] = await self._adder.items([replace(item, source=info.source)], info.collection, info.added_by)
        address = read.moved_to or page.address
        await self._table.set(info, address, etag=read.etag, last_modified=read.last_modified)
        return None if outcome.change is Change.UNCHANGED and page.gone_since is None else outcome
