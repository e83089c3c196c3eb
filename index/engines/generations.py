"""The folder of a saved index: generations, of which the file LIVE names the one in use."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.disk import sync
from index.errors import RebuildRunningError

try:
    import fcntl
except ImportError:
    # Windows: there, whoever opens an index ends the building of another process, which then reports a failure.
    fcntl = None  # type: ignore[assignment]

_LIVE = "LIVE"
_GENERATION = "generation-"
_BUILDING = "building-"
_LOCK = "building.lock"


def live(folder: Path) -> str | None:
    """The name of the generation in use, or None when there is none."""
    try:
        name = (folder / _LIVE).read_text("utf-8").strip()
        return name if re.fullmatch(rf"{_GENERATION}\d+", name) else None
    except (OSError, UnicodeDecodeError):
        return None


def next_name(folder: Path) -> str:
    """A name for one more generation."""
    return f"{_GENERATION}{1 + max((_number(path) for path in folder.glob(f'{_GENERATION}*')), default=0)}"


def make_live(folder: Path, name: str) -> None:
    """Point to a generation that is complete, and remove all others; a crash before that leaves the old one live.

    Processes that have mapped a removed generation keep its files until they let go of them.
    """
    pointer = folder / f"{_LIVE}.new"
    pointer.write_text(name, "utf-8")
    sync(pointer)
    pointer.replace(folder / _LIVE)
    sync(folder)
    for old in folder.glob(f"{_GENERATION}*"):
        if old.name != name:
            shutil.rmtree(old, ignore_errors=True)


def adopt(folder: Path, built: Path) -> None:
    """Make what was built beside the generations one of them, and the live one."""
    name = next_name(folder)
    built.rename(folder / name)
    make_live(folder, name)


def new_building(folder: Path) -> Path:
    """Make an empty folder to build in, which no process takes for a generation."""
    return Path(tempfile.mkdtemp(prefix=_BUILDING, dir=folder))


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Be the only process that builds in a folder, until the end of the block or of the process.

    Raises:
        RebuildRunningError: Another one builds there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RebuildRunningError from error
        yield
    finally:
        os.close(lock)


def sweep(folder: Path) -> None:
    """Remove what processes have left that were killed while they built; what is being built stays."""
    left = [path for path in folder.glob(f"{_BUILDING}*") if path.is_dir()]
    if not left:
        return
    with suppress(RebuildRunningError, OSError), claimed(folder):
        for one in left:
            shutil.rmtree(one, ignore_errors=True)


def sweep_temporary(parent: Path, prefix: str) -> None:
    """Remove whole folders that killed processes have built in; `prefix` begins their names."""
    for folder in parent.glob(f"{prefix}*"):
        # Without a lock it has only just been made.
        with suppress(RebuildRunningError, OSError):
            if (folder / _LOCK).exists():
                with claimed(folder):
                    shutil.rmtree(folder, ignore_errors=True)


def drop(folder: Path) -> None:
    """Remove the saved index; processes that have mapped it keep it until they let go of it."""
    (folder / _LIVE).unlink(missing_ok=True)
    for pattern in (f"{_GENERATION}*", f"{_BUILDING}*/"):
        for old in folder.glob(pattern):
            shutil.rmtree(old, ignore_errors=True)


def _number(path: Path) -> int:
    digits = path.name.removeprefix(_GENERATION)
    return int(digits) if digits.isdecimal() else 0
