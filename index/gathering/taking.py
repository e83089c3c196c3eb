"""Takes what was read into the library: one article or several from an address, a file, an archive."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from index.drafts import Draft, drafted
from index.errors import UnreadableFileError
from index.gathering.records import Page, Records
from index.ingestion.addresses import same_page
from index.ingestion.fetching import NotModified
from index.ingestion.files import FileArticle
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.reading import Item, Reader
from index.library import Library
from index.models import Addition, Change

_GONE = frozenset({Problem.GONE, Problem.MISSING})


async def take(
    library: Library, items: Sequence[Item], collection: str, added_by: str | None, language: str | None = None
) -> list[Addition]:
    """Store and index what was read.

    Args:
        language: Of the articles that do not tell their own; None to detect it.

    Returns:
        One outcome for each item, in order.
    """
    drafts = [_draft(item, language) for item in items if isinstance(item, FileArticle)]
    added = iter(await library.add(drafts, collection, added_by))
    return [
        _judged(next(added), item.source) if isinstance(item, FileArticle) else failed(item, item.path)
        for item in items
    ]


def failed(error: UnreadableFileError, source: str) -> Addition:
    """The outcome of what could not be read."""
    return Addition(source, None, None, 0, (), error.reason, error.kind)


def _draft(item: FileArticle, language: str | None) -> Draft:
    draft = drafted(item)
    return draft if language is None or draft.language is not None else replace(draft, language=language)


def _judged(addition: Addition, source: str) -> Addition:
    """Name the article that holds the same text, if it is from elsewhere."""
    article = addition.article
    if article is None or addition.change is not Change.UNCHANGED or article.source == source:
        return addition
    return replace(addition, duplicate_of=article)


class Pages:
    """Takes pages by their address, and remembers where each article was found."""

    def __init__(self, library: Library, records: Records, reader: Reader) -> None:
        self._library = library
        self._records = records
        self._reader = reader

    async def add(
        self,
        address: str,
        collection: str,
        added_by: str | None,
        now: datetime,
        *,
        language: str | None = None,
        as_crawler: bool = False,
    ) -> list[Addition]:
        """Fetch an address and take what is there; a page that is known is fetched only if it changed.

        Args:
            as_crawler: No person named this very address, so robots.txt is obeyed.

        Returns:
            At least one outcome.
        """
        known = await self._records.page(collection, same_page(address))
        try:
            read = await self._reader.page(
                address,
                etag=None if known is None else known.etag,
                last_modified=None if known is None else known.last_modified,
                as_crawler=as_crawler,
            )
        except UnusableSourceError as error:
            if known is not None and known.is_own and error.problem in _GONE:
                await self._mark(same_page(address), known, now, is_gone=True)
            return [failed(error, address)]
        if isinstance(read, NotModified):
            assert known is not None, "nothing was sent that it could compare with"
            return [await self._unchanged(address, known, now)]
        items = list(read.items)
        if known is not None and known.is_own and len(items) == 1 and isinstance(items[0], FileArticle):
            # What a page is called may change, its article is the same.
            article = await self._library.info(known.article_id)
            if article is not None:
                items = [replace(items[0], source=article.source)]
        additions = await take(self._library, items, collection, added_by, language)
        if len(additions) == 1 and (article := additions[0].article) is not None:
            moved = read.moved_to or address
            is_own = additions[0].duplicate_of is None or same_page(article.source) in {
                same_page(moved),
                same_page(address),
            }
            page = Page(collection, moved, article.id, is_own, read.etag, read.last_modified, now, None)
            for key in dict.fromkeys((same_page(address), same_page(moved))):
                # The address that was typed leads to the same article, and is looked at no more.
                await self._records.save_page(
                    key, page if key == same_page(moved) else replace(page, is_own=False, address=address)
                )
            self._library.mark_gone(article.id, None)
        return additions

    async def _unchanged(self, address: str, known: Page, now: datetime) -> Addition:
        await self._mark(same_page(address), known, now, is_gone=False)
        article = await self._library.info(known.article_id)
        assert article is not None, "pages without an article are not known"
        return Addition(address, article, Change.UNCHANGED, await self._library.passages(article), (), None)

    async def _mark(self, key: str, page: Page, now: datetime, *, is_gone: bool) -> None:
        since = (page.gone_since or now) if is_gone else None
        await self._records.save_page(key, replace(page, checked_at=now, gone_since=since))
        self._library.mark_gone(page.article_id, since)
