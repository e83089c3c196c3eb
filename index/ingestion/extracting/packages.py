"""Reads the parts of ZIP files, DOCX and EPUB among them, within limits."""

import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from index.ingestion.extracting.sources import Source
from index.ingestion.inflating import MAX_RATIO, RATIO_FREE_BYTES
from index.ingestion.problems import Problem, UnusableSourceError, over_bytes, too_large

_STEP = 256 * 1024
_ENCRYPTED = 0x1


@contextmanager
def opened(source: Source, max_members: int) -> Iterator[ZipFile]:
    """Open a source as a ZIP file.

    Raises:
        UnusableSourceError: It is none, is damaged, or has too many members.
    """
    source.stream.seek(0)
    try:
        archive = ZipFile(source.stream)
    except (BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise UnusableSourceError(source.name, Problem.DAMAGED) from error
    with archive:
        if len(archive.filelist) > max_members:
            raise too_large(source.name, f"{len(archive.filelist):,} members, and {max_members:,} can be read")
        yield archive


def read_member(archive: ZipFile, info: ZipInfo, name: str, max_bytes: int) -> bytes:
    """Decompress one member.

    What is declared may be a lie, so what comes out is counted too.

    Raises:
        UnusableSourceError: It is too large by itself or for its compressed size (a bomb), encrypted, damaged, a link,
            or compressed in an unusual way.
    """
    if info.flag_bits & _ENCRYPTED:
        raise UnusableSourceError(name, Problem.ENCRYPTED)
    if is_link(info):
        raise UnusableSourceError(name, Problem.UNSUPPORTED_TYPE, "a link")
    if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise UnusableSourceError(name, Problem.UNSUPPORTED_TYPE, "compressed in an unusual way")
    if info.file_size > max_bytes:
        raise over_bytes(name, max_bytes)
    try:
        with archive.open(info) as member:
            return _counted(member, info, name, max_bytes)
    except (BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError) as error:
        raise UnusableSourceError(name, Problem.DAMAGED) from error


def _counted(member: IO[bytes], info: ZipInfo, name: str, max_bytes: int) -> bytes:
    content = bytearray()
    while piece := member.read(_STEP):
        content += piece
        if len(content) > max_bytes:
            raise over_bytes(name, max_bytes)
        if len(content) > RATIO_FREE_BYTES and len(content) > info.compress_size * MAX_RATIO:
            raise too_large(name, f"it grows more than {MAX_RATIO} times when it is decompressed")
    return bytes(content)


def is_link(info: ZipInfo) -> bool:
    """Whether a member is a symbolic link, or another thing that is no file."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    return kind not in {0, stat.S_IFREG, stat.S_IFDIR}
