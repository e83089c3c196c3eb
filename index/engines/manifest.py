"""What a saved index says of itself: by that, a damaged or a foreign one is known."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from index.analysis.words import ANALYSIS_VERSION

FORMAT_VERSION = 2
_NAME = "manifest.json"
_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a folder with a saved index.

    Attributes:
        store_id: The store whose articles are in the index.
        built_at: When all of them were last analysed, in UTC.
        languages: Of the passages, each with the names of its collections in the order of their numbers.
        files: Size in bytes and CRC-32 of each file, by its path within the folder.
    """

    store_id: str
    built_at: datetime | None
    languages: Mapping[str, list[str]]
    files: Mapping[str, tuple[int, int]]

    @classmethod
    def of(cls, folder: Path, store_id: str, built_at: datetime | None, languages: Mapping[str, list[str]]) -> Self:
        """Describe the files that are in a folder now."""
        files = {
            str(path.relative_to(folder)): (path.stat().st_size, checksum(path))
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        return cls(store_id, built_at, languages, files)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _ in self.files.values())

    def write(self, folder: Path) -> None:
        """Put the manifest into its folder."""
        body = json.dumps(
            {
                "format": FORMAT_VERSION,
                "analysis": ANALYSIS_VERSION,
                "store": self.store_id,
                "built_at": None if self.built_at is None else self.built_at.isoformat(),
                "languages": self.languages,
                "files": self.files,
            }
        )
        (folder / _NAME).write_text(f"{zlib.crc32(body.encode())}\n{body}", "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read what `write` wrote; None when it is damaged, or of another format or analysis.

        Raises:
            OSError, ValueError, KeyError, TypeError, AttributeError: It is missing, or damaged in another way.
        """
        written, _, body = (folder / _NAME).read_text("utf-8").partition("\n")
        if written != str(zlib.crc32(body.encode())):
            return None
        value = json.loads(body)
        if (value["format"], value["analysis"]) != (FORMAT_VERSION, ANALYSIS_VERSION):
            return None
        built_at = value.get("built_at")
        return cls(
            value["store"],
            None if built_at is None else datetime.fromisoformat(built_at).astimezone(UTC),
            value["languages"],
            {path: (size, expected) for path, (size, expected) in value["files"].items()},
        )

    def is_kept(self, folder: Path, *, verify: bool) -> bool:
        """Whether the files of the folder have their sizes; with `verify`, whether they are the same in every byte.

        Raises:
            OSError: One of them is missing, or cannot be read.
        """
        return all(
            (folder / path).stat().st_size == size and (not verify or checksum(folder / path) == expected)
            for path, (size, expected) in self.files.items()
        )


def checksum(path: Path) -> int:
    """The CRC-32 of a file."""
    found = 0
    with path.open("rb") as file:
        while part := file.read(_READ_AT_ONCE):
            found = zlib.crc32(part, found)
    return found
