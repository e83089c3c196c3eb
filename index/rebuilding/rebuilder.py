"""An index is built beside the one in use, and takes its place at once."""

import asyncio
import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from index.engines import generations
from index.engines.embedded import EmbeddedEngine
from index.errors import CancelledBuildError, FailedBuildError, LibraryError, RebuildRunningError
from index.indexing import Failed, LiveIndex
from index.models import ArticleInfo, RebuildProgress, RebuildSummary
from index.rebuilding.parent import Request, build
from index.store import Store, finished

log = logging.getLogger(__name__)

_TEMPORARY = "footnote-index-"


class Rebuilder:
    """Builds the index of a library anew, on request or because its files are damaged; one build at a time."""

    def __init__(self, address: str, store: Store, index: LiveIndex) -> None:
        """
        Args:
            address: SQLAlchemy's address of the store, for the process that builds.
        """
        self._address = address
        self._store = store
        self._index = index
        self._rebuilding = asyncio.Lock()
        self._mending = asyncio.Lock()
        self._is_closing = False

    @contextlib.asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """Stop what is being built, and build nothing from then on."""
        self._is_closing = True
        async with self._rebuilding:
            yield

    async def rebuild(
        self,
        collections: Collection[str] | None,
        progress: Callable[[RebuildProgress], None],
        cancelled: Callable[[], bool],
    ) -> RebuildSummary:
        """See `Library.rebuild`."""
        self._store.require_open()
        if self._rebuilding.locked():
            raise RebuildRunningError
        async with self._rebuilding, _place_to_build(self._index.folder) as folder:
            began = time.perf_counter()

            def is_unwanted() -> bool:
                return self._is_closing or cancelled()

            request = Request(self._address, self._store.store_id, str(folder))
            failed = await build(request, progress, is_unwanted)
            progress(RebuildProgress(0, 1, "swapping"))
            fresh = await asyncio.to_thread(EmbeddedEngine.map, folder, self._store.store_id)
            if fresh is None:
                raise FailedBuildError("what was built cannot be read; was Footnote upgraded without a restart?")
            # Before the lock is taken: nobody who adds an article has to wait for what was added during the build.
            failed += await self._index.catch_up(fresh, failed)
            if is_unwanted():
                raise CancelledBuildError
            summary = await finished(self._swap(fresh, folder, failed, collections))
            progress(RebuildProgress(1, 1, "swapping"))
            return replace(summary, took_s=time.perf_counter() - began)

    async def _swap(
        self, fresh: EmbeddedEngine, folder: Path, failed: tuple[Failed, ...], collections: Collection[str] | None
    ) -> RebuildSummary:
        async with self._index.writing:
            failed += await self._index.catch_up(fresh, failed)
            old = [await self._index.swap(fresh, folder)]
            before = await asyncio.to_thread(old[0].sizes, collections)
            after = await asyncio.to_thread(fresh.sizes, collections)
            # The system takes 0.4 s to free the files of 100,000 passages when nobody holds them any longer.
            await asyncio.to_thread(old.clear)
        new = await self._store.infos_of([number for number in after if number not in before])
        of_these = [one for one in failed if collections is None or one.collection in collections]
        return _summary(before, after, new, of_these)

    async def mend(self, engine: EmbeddedEngine) -> bool:
        """Read the files of an engine that was in use a moment ago, and rebuild the index if they are damaged.

        Returns:
            Whether they were damaged.

        Raises:
            LibraryError: They are damaged, and the index could not be built.
        """
        async with self._mending:
            if self._index.engine is not engine:
                # It is built already, by whoever found the damage first.
                return True
            if not await asyncio.to_thread(engine.is_damaged):
                return False
            log.error("files of the index are damaged; it is built anew from the stored articles")
            try:
                await self.rebuild(None, lambda _progress: None, lambda: False)
            except LibraryError:
                raise
            except Exception:
                # The summary compares with the damaged index, after the new one is in its place.
                if self._index.engine is engine:
                    raise
            return True


def _summary(
    before: Mapping[int, int], after: Mapping[int, int], new: Sequence[ArticleInfo], failed: Sequence[Failed]
) -> RebuildSummary:
    """Compare two indexes, given as the passages of each article by number; `new` are articles of the later one only.

    `took_s` is left at 0.
    """
    both = [number for number in after if number in before]
    gone = len(before) - len(both)
    # An engine knows numbers only. A later revision that is new has, as a rule, replaced one that is gone.
    revised = min(sum(info.revision > 1 for info in new), gone)
    resized = sum(before[number] != after[number] for number in both)
    return RebuildSummary(
        added=len(after) - len(both) - revised,
        changed=revised + resized,
        removed=gone - revised,
        unchanged=len(both) - resized,
        failed=tuple((one.title, one.reason) for one in failed),
        articles=len(after),
        passages=sum(after.values()),
        took_s=0.0,
    )


# ---- where it is built


@contextlib.asynccontextmanager
async def _place_to_build(index_folder: Path | None) -> AsyncIterator[Path]:
    """An empty folder that only this process builds in; unless it was made a generation, it is removed after."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            parent = index_folder
            if parent is None:
                parent = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=_TEMPORARY))
                # What was mapped stays readable: the system frees the files when nobody has them open.
                stack.push_async_callback(_remove, parent)
            stack.enter_context(generations.claimed(parent))
            folder = await asyncio.to_thread(generations.new_building, parent)
        except OSError as error:
            raise FailedBuildError(f"{error.filename} cannot be written ({error.strerror})") from error
        stack.push_async_callback(_remove, folder)
        yield folder


async def _remove(folder: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def sweep(index_folder: Path | None) -> None:
    """Remove what killed processes have left where a library with this folder builds; None: with none."""
    if index_folder is not None:
        generations.sweep(index_folder)
    else:
        generations.sweep_temporary(Path(tempfile.gettempdir()), _TEMPORARY)
