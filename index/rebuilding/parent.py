"""Starts the process that builds an index, follows what it reports, and ends it when it is no longer wanted."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from index.errors import CancelledBuildError, FailedBuildError
from index.indexing import Failed
from index.models import RebuildProgress

log = logging.getLogger(__name__)

_POLL_S = 0.1
_LONGEST_LINE = 1 << 20
_LAST_WORDS = 4_000
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be built. `address` may hold a password: it goes through a pipe, where no list of processes shows it.

    Attributes:
        address: SQLAlchemy's address of the store.
        store_id: What the index says it belongs to.
        folder: An empty folder for the index.
    """

    address: str = field(repr=False)
    store_id: str
    folder: str


@dataclass(slots=True)
class _Outcome:
    """What the process has reported so far."""

    is_built: bool = False
    error: str | None = None
    failed: list[Failed] = field(default_factory=list)


async def build(
    request: Request, progress: Callable[[RebuildProgress], None], cancelled: Callable[[], bool]
) -> tuple[Failed, ...]:
    """Have an index of all articles written into the request's folder.

    Args:
        cancelled: Asked ten times a second; True ends the process.

    Returns:
        The articles that cannot be indexed, and are missing in what was built.

    Raises:
        CancelledBuildError: It was cancelled.
        FailedBuildError: The process could not do it, or ended before its time.
    """
    child = await _started()
    outcome = _Outcome()
    reports = asyncio.create_task(_follow(child, outcome, progress))
    complaints = asyncio.create_task(_last_words(child))
    try:
        if child.stdin is not None:
            child.stdin.write(json.dumps(asdict(request)).encode() + b"\n")
        while not reports.done():
            if cancelled():
                raise CancelledBuildError
            await asyncio.wait({reports}, timeout=_POLL_S)
        reports.result()
        code = await child.wait()
    finally:
        await _ended(child, reports, complaints)
    if outcome.is_built and code == 0:
        return tuple(outcome.failed)
    if outcome.error is None:
        log.error("the process that builds the index has ended (%d): %s", code, complaints.result())
    raise FailedBuildError(outcome.error or _ending(code))


async def _started() -> Process:
    # -P, and the folder of this very package: what stands in the working folder is not imported by chance.
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "index.rebuilding"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LONGEST_LINE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            # Ctrl-C in a terminal is for us, and we end it.
            start_new_session=True,
        )
    except OSError as error:
        raise FailedBuildError(f"no process could be started ({error.strerror})") from error


async def _follow(child: Process, outcome: _Outcome, progress: Callable[[RebuildProgress], None]) -> None:
    if child.stdout is None:
        return
    async for line in child.stdout:
        try:
            report = json.loads(line)
        except ValueError:
            # It was cut off by the end of the process.
            continue
        _take(report, outcome, progress)


def _take(report: Mapping[str, object], outcome: _Outcome, progress: Callable[[RebuildProgress], None]) -> None:
    match report:
        case {"stage": "reading" | "sorting" as stage, "done": int(done), "total": int(total)}:
            progress(RebuildProgress(done, total, stage))
        case {"failed": {"number": int(number), "collection": str(of), "title": str(title), "reason": str(reason)}}:
            outcome.failed.append(Failed(number, of, title, reason))
        case {"error": str(error)}:
            outcome.error = error
        case {"built": True}:
            outcome.is_built = True


async def _last_words(child: Process) -> str:
    """The end of what the process writes to standard error."""
    kept = b""
    while child.stderr is not None and (read := await child.stderr.read(_LAST_WORDS)):
        kept = (kept + read)[-_LAST_WORDS:]
    return kept.decode("utf-8", "replace").strip()


async def _ended(child: Process, *followers: "asyncio.Task[None] | asyncio.Task[str]") -> None:
    if child.stdin is not None:
        child.stdin.close()
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    await asyncio.gather(*followers, return_exceptions=True)


def _ending(code: int) -> str:
    if code >= 0:
        return f"the process that builds it has failed (exit code {code}); the log says more"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"the process that builds it was ended by {name}; there may be too little memory"
