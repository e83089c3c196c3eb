"""Restoring exported articles with their copies and what became of their pages."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

from index.models import Change, WholeArticle
from index.store import Store
from tests.unit.store.samples import NOON, address_of, article


async def test_an_article_is_restored_with_its_copies_and_its_page_and_the_page_of_who_has_it_is_not_touched(
    store: Store, tmp_path: Path
) -> None:
    a, b, c = (f"https://{name}.example/" for name in "abc")
    await store.add([article("tea leaves", a), article("tea leaves", b)])
    [there] = await store.articles([1])
    gone = WholeArticle(replace(there.info, gone_since=NOON), there.text, (b,), c)

    async with await Store.open(address_of(tmp_path / "other.db")) as other:
        [first] = await other.restore([gone])
        [again] = await other.restore([replace(gone, page=a, copies=(c,))])
        [kept] = await other.whole(await other.articles([1]))

    assert (first.change, again.change) == (Change.ADDED, Change.UNCHANGED)
    assert first.info == kept.info
    assert kept == replace(gone, info=kept.info, copies=(b, c))
    assert kept.info.gone_since == NOON


async def test_a_later_revision_is_restored_with_what_is_kept_of_it(store: Store, tmp_path: Path) -> None:
    a, b = (f"https://{name}.example/" for name in "ab")
    await store.add([article("tea leaves", a), article("tea leaves", b)])
    [first] = await store.whole(await store.articles([1]))
    await store.add([article("green tea", a)])
    [second] = await store.whole(await store.articles([2]))

    async with await Store.open(address_of(tmp_path / "other.db")) as other:
        await other.restore([replace(first, page=a)])
        [revised] = await other.restore([second])
        [kept] = await other.whole(await other.articles([revised.info.number]))

    assert revised.change is Change.REVISED
    assert (kept.text, kept.copies, kept.page, kept.info.id) == ("green tea", (), None, first.info.id)


async def test_an_id_that_another_collection_has_is_replaced_by_one_that_is_free(store: Store, tmp_path: Path) -> None:
    ids = chain(["aaa", "bbb"], ["bbb", "aaa", "ccc"])
    await store.add([article("green tea")])
    [there] = await store.whole(await store.articles([1]))

    async with await Store.open(address_of(tmp_path / "other.db"), new_id=lambda: next(ids)) as other:
        await other.add([article("tea leaves"), article("tea pots")])
        [restored] = await other.restore([replace(there, info=replace(there.info, id="aaa", collection="elsewhere"))])

    assert (restored.change, restored.info.id) == (Change.ADDED, "ccc")
