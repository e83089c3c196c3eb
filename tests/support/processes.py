"""Processes that write at the same moment."""

import asyncio
import multiprocessing
from collections.abc import Callable, Coroutine, Sequence
from multiprocessing.synchronize import Barrier

_BEGIN_S = 30.0
_END_S = 60.0

Work = Callable[[str, str], Coroutine[None, None, None]]


async def run_at_once(work: Work, path: str, names: Sequence[str], preloaded: str) -> list[int | None]:
    """Run `work(path, name)` in a process for each name; none begins before all are there.

    Args:
        work: A function of a module, since a process finds it by its name.
        preloaded: A module that all of them need.

    Returns:
        Their exit codes; None for a process that had to be ended, because it had not ended itself after a minute.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preloaded, "pytest"])
    starting = context.Barrier(len(names))
    processes = [context.Process(target=_run, args=(work, path, name, starting)) for name in names]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join, _END_S)
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
        process.join()
        process.close()
    return codes


def _run(work: Work, path: str, name: str, starting: Barrier) -> None:
    starting.wait(_BEGIN_S)
    asyncio.run(work(path, name))
