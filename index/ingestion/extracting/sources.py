"""What an extractor is given, how much of it may be, and what it gives."""

from dataclasses import dataclass
from typing import BinaryIO

from index.ingestion.files import MAX_FILE_BYTES, FileArticle
from index.ingestion.problems import UnusableSourceError, over_bytes


@dataclass(frozen=True, slots=True)
class MemberBegun:
    """From here on the next member of an archive is read: should the reader end, it is known where.

    `number` counts the archive's members from 0, those included that hold no article.
    """

    number: int
    name: str


Extracted = FileArticle | UnusableSourceError | MemberBegun
"""One article of a source, or why a part of it gave none; in archives, the beginning of each member besides."""

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a source may hold. What has more is refused whole: half an article would answer half the questions.

    Attributes:
        text_bytes: Of a text, Markdown or HTML file, and of one line of JSON Lines.
        document_bytes: Of a PDF, DOCX or EPUB file.
        pdf_pages: Of a PDF.
        characters: Of the text of one article.
        part_bytes: Of one decompressed part of a DOCX or EPUB file.
        document_parts: Of a DOCX or EPUB file.
        archive_members: Of a ZIP file.
        archive_bytes: Of all members of a ZIP file, decompressed.
        depth: Of elements within each other in XML.
        feed_bytes: Of a feed.
        feed_entries: Of a feed; the first ones are taken.
        sitemap_bytes: Of a sitemap, decompressed.
        sitemap_entries: Of a sitemap.
    """

    text_bytes: int = MAX_FILE_BYTES
    document_bytes: int = 64 * _MIB
    pdf_pages: int = 300
    characters: int = 3_000_000
    part_bytes: int = 32 * _MIB
    document_parts: int = 2_000
    archive_members: int = 10_000
    archive_bytes: int = 512 * _MIB
    depth: int = 200
    feed_bytes: int = 4 * _MIB
    feed_entries: int = 1_000
    sitemap_bytes: int = 10 * _MIB
    sitemap_entries: int = 50_000


@dataclass(frozen=True, slots=True)
class Source:
    """A page or file to be read.

    Attributes:
        name: What it is called in messages, and the source of its articles if they name no other.
        stream: Its bytes, seekable, at the beginning.
        size: How many there are.
        address: Where it was fetched; None for a file.
        media_type: As the server declared it, "" if it did not.
        charset: The same, or None.
        skip: Members of an archive to leave out, from its beginning.
    """

    name: str
    stream: BinaryIO
    size: int
    address: str | None = None
    media_type: str = ""
    charset: str | None = None
    skip: int = 0

    def head(self, count: int = 4_096) -> bytes:
        """The first bytes; the stream is at the beginning afterwards."""
        self.stream.seek(0)
        head = self.stream.read(count)
        self.stream.seek(0)
        return head

    def read(self, max_bytes: int) -> bytes:
        """All bytes.

        Raises:
            UnusableSourceError: They are more than `max_bytes`.
        """
        self.stream.seek(0)
        content = self.stream.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise over_bytes(self.name, max_bytes)
        return content
