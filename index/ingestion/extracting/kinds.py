"""Tells what bytes are, by what they begin with; a name or a declared type decides only between kinds of text."""

import re
from enum import StrEnum
from pathlib import PurePath
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile


class Kind(StrEnum):
    """What can be read."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"
    EPUB = "epub"
    ZIP = "zip"
    JSON_LINES = "json-lines"
    FEED = "feed"


_SUFFIXES = {
    ".txt": Kind.TEXT,
    ".text": Kind.TEXT,
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".jsonl": Kind.JSON_LINES,
    ".ndjson": Kind.JSON_LINES,
    ".pdf": Kind.PDF,
    ".docx": Kind.DOCX,
    ".epub": Kind.EPUB,
    ".zip": Kind.ZIP,
}
READABLE_SUFFIXES = frozenset(_SUFFIXES)
"""Which files of a folder are taken."""

_MEDIA_TYPES = {
    "text/html": Kind.HTML,
    "application/xhtml+xml": Kind.HTML,
    "text/markdown": Kind.MARKDOWN,
    "application/jsonl": Kind.JSON_LINES,
    "application/x-ndjson": Kind.JSON_LINES,
    "application/x-jsonlines": Kind.JSON_LINES,
    "application/rss+xml": Kind.FEED,
    "application/atom+xml": Kind.FEED,
    "application/feed+json": Kind.FEED,
}

_SIGNATURES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a picture, sound or film"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"ID3", "a sound"),
    (b"OggS", "a sound or film"),
    (b"\xd0\xcf\x11\xe0", "an old Office file; save it as .docx"),
    (b"{\\rtf", "an RTF file; save it as .docx"),
    (b"SQLite format 3", "a database"),
    (b"wOF", "a font"),
    (b"%!PS", "PostScript; save it as PDF"),
)
_PROLOGUE = (
    rb"(?:<\?xml[^>]*>\s*|<!--.{0,2000}?-->\s*|<\?xml-stylesheet[^>]*>\s*|<!doctype\s+(?!html)[^>\[]{0,300}>\s*)*"
)
_HTML = re.compile(
    _PROLOGUE + rb"<(?:!doctype\s+html|html|head|body|title|meta|script|div|table|article|section|main|p|h1|br|a|style|"
    rb"iframe|font|link|center)\b",
    re.DOTALL,
)
_WHOLE_HTML = re.compile(_PROLOGUE + rb"<(?:!doctype\s+html|html)\b", re.DOTALL)
_FEED = re.compile(_PROLOGUE + rb"<(?:rss|(?:\w+:)?feed|rdf:rdf|urlset|sitemapindex)\b", re.DOTALL)
_JSON_FEED = re.compile(rb"\{.{0,2000}?\"version\"\s*:\s*\"https?:\\?/\\?/jsonfeed\.org", re.DOTALL)
_JSON_OBJECT = re.compile(rb"\{\s*\"")


class UnreadableKindError(Exception):
    """The bytes are of no kind that can be read; the message says what they are, "" if that is unknown."""


def kind_of(head: bytes, stream: BinaryIO, name: str = "", media_type: str = "") -> Kind:
    """Tell what a file or an answer is.

    Args:
        head: Its first bytes, some 4,000 of them.
        stream: All of it: what a ZIP file is shows at its end.

    Raises:
        UnreadableKindError: It is something else.
    """
    start = head[:1_024].lstrip(b"\xef\xbb\xbf \t\r\n\x0c")
    lower = head.lstrip(b"\xef\xbb\xbf \t\r\n\x0c").lower()
    if b"%PDF-" in head[:1_024] and not start.startswith((b"<", b"{")):
        return Kind.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(stream)
    for signature, what in _SIGNATURES:
        if head.startswith(signature):
            raise UnreadableKindError(what)
    told = _SUFFIXES.get(PurePath(name).suffix.lower()) or _MEDIA_TYPES.get(media_type)
    if told in {Kind.TEXT, Kind.MARKDOWN}:
        # A README often begins with a tag or two, and is no page.
        return Kind.HTML if _WHOLE_HTML.match(lower) else told
    if _FEED.match(lower) or _JSON_FEED.match(lower):
        return Kind.FEED
    if _HTML.match(lower):
        return Kind.HTML
    if told in {Kind.HTML, Kind.JSON_LINES, Kind.FEED}:
        return told
    if told is not None:
        raise UnreadableKindError(f"it is named {PurePath(name).suffix.lower()} and is none")
    if b"<html" in lower:
        return Kind.HTML
    if lower.startswith(b"<?xml") or media_type.endswith("xml"):
        raise UnreadableKindError("XML of some kind")
    if _JSON_OBJECT.match(start):
        return Kind.JSON_LINES
    return Kind.TEXT


def _kind_of_zip(stream: BinaryIO) -> Kind:
    stream.seek(0)
    try:
        with ZipFile(stream) as archive:
            names = archive.NameToInfo
            if "word/document.xml" in names:
                return Kind.DOCX
            if "META-INF/container.xml" in names:
                return Kind.EPUB
            for part, what in (
                ("xl/workbook.xml", "a spreadsheet"),
                ("ppt/presentation.xml", "a presentation; save it as PDF"),
                ("content.xml", "an OpenDocument file; save it as .docx"),
                ("AndroidManifest.xml", "a program"),
            ):
                if part in names:
                    raise UnreadableKindError(what)
            return Kind.ZIP
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        return Kind.ZIP  # whose reader will tell what is wrong
    finally:
        stream.seek(0)
