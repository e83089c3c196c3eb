"""The articles of a ZIP file. Nothing is ever written to a disk: a member's name is only a name."""

import posixpath
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import ZipInfo

from index.ingestion.extracting.packages import is_link, opened, read_member
from index.ingestion.extracting.sources import Extracted, Limits, MemberBegun, Source
from index.ingestion.problems import Problem, UnusableSourceError, too_large

_IGNORED_FOLDERS = ("__MACOSX/",)
_IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini"})
_DRIVE = re.compile(r"[A-Za-z]:")

Extract = Callable[[Source, Limits], Iterator[Extracted]]


def extract_archive(source: Source, limits: Limits, extract: Extract) -> Iterator[Extracted]:
    """Extract the articles of every member; one that cannot be read is a problem of its own.

    Args:
        extract: Reads one member.

    Raises:
        UnusableSourceError: The whole is damaged, empty or too large.
    """
    left = limits.archive_bytes
    found = False
    with opened(source, limits.archive_members) as archive:
        for number, info in enumerate(archive.infolist()):
            # zipfile ends a name at a NUL, and asks the last letter of what is left whether it is a folder.
            if info.filename and (info.is_dir() or _is_ignored(info.filename)):
                continue
            found = True
            if number < source.skip:
                continue
            name = f"{source.name}/{_shown(info.filename)}"
            yield MemberBegun(number, name)
            problem = _refusal(info)
            if problem is not None:
                yield UnusableSourceError(name, *problem)
                continue
            try:
                content = read_member(archive, info, name, min(limits.document_bytes, left))
            except UnusableSourceError as error:
                if left < limits.document_bytes and error.problem is Problem.TOO_LARGE:
                    raise too_large(source.name, f"over {limits.archive_bytes / 1024**2:.4g} MiB in all") from error
                yield error
                # Who looks into a bomb has paid for it.
                left -= min(info.file_size, limits.text_bytes)
                continue
            left -= len(content)
            yield from _of_member(Source(name, BytesIO(content), len(content)), limits, extract)
    if not found:
        raise UnusableSourceError(source.name, Problem.EMPTY)


def _of_member(member: Source, limits: Limits, extract: Extract) -> Iterator[Extracted]:
    try:
        yield from extract(member, limits)
    except UnusableSourceError as error:
        yield error


def _refusal(info: ZipInfo) -> tuple[Problem, str] | None:
    name = info.filename.replace("\\", "/")
    if not name:
        return Problem.DAMAGED, "it has no name"
    if is_link(info):
        return Problem.UNSUPPORTED_TYPE, "a link"
    if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        return Problem.DAMAGED, "its name leads out of the archive"
    return None


def _is_ignored(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return (
        name.startswith(_IGNORED_FOLDERS)
        or path.name.lower() in _IGNORED_NAMES
        or any(part.startswith(".") and part not in {".", ".."} for part in path.parts)
    )


def _shown(name: str) -> str:
    cleaned = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name.replace("\\", "/"))
    return posixpath.normpath(cleaned)[:300]
