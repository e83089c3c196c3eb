"""The article of a PDF file, if its pages hold text.

PDFium ends its whole process on some bombs: this runs in a worker process and nowhere else.
"""

import ctypes
import re
import statistics
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import PurePath

import pypdfium2 as pdfium
import pypdfium2.raw as c

from index.ingestion.extracting.pdf_lines import join_lines
from index.ingestion.extracting.sources import Limits, Source
from index.ingestion.files import LONGEST_AUTHOR, LONGEST_TITLE, FileArticle, one_line, short_first_line, storable
from index.ingestion.problems import Problem, UnusableSourceError, too_large

_SCANNED_BELOW = 50
"""Characters a page, on average: page numbers and stamps."""

_TALLEST_GAP = 60
_PARAGRAPH_GAP = 1.35
_COLUMN_JUMP = 1.5
_SOFT_BREAKS = frozenset({0xFFFE, 0x02})
"""PDFium's own marks where it has joined a word that was hyphenated at a line's end."""

_TITLE_SIZE = 1.15
_NO_TITLE = re.compile(
    r"untitled.*|unbenannt.*|sans titre.*|document\d*|title|.*\.(?:docx?|pdf|indd|tex|odt|pages|pptx?|xlsx?|qxd|html?)",
    re.IGNORECASE,
)
_MADE_BY = re.compile(r"^(?:Microsoft (?:Word|PowerPoint)|PowerPoint|Word) - ", re.IGNORECASE)
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?|Z)?")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page: its lower and upper edge in points from the page's lower edge, None for a line of spaces."""

    text: str
    bottom: float | None
    size: float


def extract_pdf(source: Source, limits: Limits) -> FileArticle:
    """Extract the text of all pages.

    Raises:
        UnusableSourceError: It is encrypted, scanned, damaged or too large.
    """
    content = source.read(limits.document_bytes)
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        encrypted = "password" in str(error).lower() or "security" in str(error).lower()
        raise UnusableSourceError(source.name, Problem.ENCRYPTED if encrypted else Problem.DAMAGED) from error
    try:
        return _extract(document, source, limits)
    except pdfium.PdfiumError as error:
        raise UnusableSourceError(source.name, Problem.DAMAGED) from error
    finally:
        document.close()


def _extract(document: pdfium.PdfDocument, source: Source, limits: Limits) -> FileArticle:
    count = len(document)
    if count > limits.pdf_pages:
        raise too_large(source.name, f"{count:,} pages, and {limits.pdf_pages} can be read")
    pages: list[list[_Line]] = []
    characters = 0
    for number in range(count):
        lines = _lines_of(document, number, limits.characters - characters, source.name)
        characters += sum(len(line.text) for line in lines)
        pages.append(lines)
    if not count:
        raise UnusableSourceError(source.name, Problem.DAMAGED, "it has no pages")
    signs = sum(not letter.isspace() for lines in pages for line in lines for letter in line.text)
    if signs < _SCANNED_BELOW * count:
        raise UnusableSourceError(source.name, Problem.SCANNED)
    text = storable(join_lines([_with_gaps(lines) for lines in pages]))
    if not text.strip():
        raise UnusableSourceError(source.name, Problem.SCANNED)
    facts = document.get_metadata_dict()
    told = one_line(_MADE_BY.sub("", facts.get("Title", "")), LONGEST_TITLE)
    return FileArticle(
        title=(told if told and not _NO_TITLE.fullmatch(told) else None)
        or _largest_line(pages[0])
        or short_first_line(text)
        or PurePath(source.name).stem,
        source=source.address or source.name,
        author=one_line(facts.get("Author", ""), LONGEST_AUTHOR) or None,
        published_at=_parse_date(facts.get("CreationDate", "")),
        language=None,
        text=text,
    )


def _lines_of(document: pdfium.PdfDocument, number: int, room: int, name: str) -> list[_Line]:
    try:
        page = document[number]
    except pdfium.PdfiumError:
        return []  # one page that cannot be loaded among others that can
    try:
        text_page = page.get_textpage()
        try:
            return _read_lines(text_page.raw, room, name)
        finally:
            text_page.close()
    finally:
        page.close()


def _read_lines(handle: object, room: int, name: str) -> list[_Line]:
    count = c.FPDFText_CountChars(handle)
    if count > room:
        raise too_large(name, "more text than one article may have")
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    lines: list[_Line] = []
    letters: list[str] = []
    edge: float | None = None
    size = 0.0

    def end_line() -> None:
        nonlocal edge, size
        if letters:
            lines.append(_Line("".join(letters), edge, size))
        letters.clear()
        edge, size = None, 0.0

    for index in range(count):
        code = c.FPDFText_GetUnicode(handle, index)
        if code in {10, 13}:
            end_line()
        elif code in _SOFT_BREAKS:
            letters.append("-")
            end_line()
        elif code and code < 0x110000 and not 0xD800 <= code < 0xE000:
            letter = chr(code)
            # The first letter tells where a line is. Its box is asked once: asking for all takes ten times as long.
            if edge is None and not letter.isspace() and c.FPDFText_GetCharBox(handle, index, left, right, bottom, top):
                edge, size = bottom.value, float(c.FPDFText_GetFontSize(handle, index))
            letters.append(letter)
    end_line()
    return lines


def _with_gaps(lines: list[_Line]) -> list[str]:
    """The lines of a page, an empty one where the distance between two, or a jump to the next column, parts them."""
    steps = [
        above.bottom - below.bottom
        for above, below in pairwise(lines)
        if above.bottom is not None and below.bottom is not None and 0 < above.bottom - below.bottom < _TALLEST_GAP
    ]
    usual = statistics.median_low(sorted(steps)[: max(1, len(steps) * 2 // 3)]) if steps else 12.0
    out: list[str] = []
    previous: float | None = None
    for line in lines:
        if previous is not None and line.bottom is not None:
            step = previous - line.bottom
            if step > usual * _PARAGRAPH_GAP or step < -usual * _COLUMN_JUMP:
                out.append("")
        out.append(line.text)
        previous = line.bottom if line.bottom is not None else previous
    return out


def _largest_line(lines: list[_Line]) -> str | None:
    """The title as a reader sees it: the largest letters of the first page, if they stand out and are few."""
    sized = [line for line in lines if line.size > 0 and line.text.strip()]
    if len(sized) < 3:
        return None
    largest = max(line.size for line in sized)
    if largest < statistics.median(line.size for line in sized) * _TITLE_SIZE:
        return None
    title = " ".join(" ".join(line.text for line in sized if line.size > largest * 0.98).split())
    return storable(title) if 3 < len(title) <= LONGEST_TITLE else None


def _parse_date(text: str) -> datetime | None:
    """Read PDF's own date form, `D:YYYYMMDDHHmmSSOHH'mm'`, of which all after the year may be missing."""
    match = _DATE.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        int(part or default) for part, default in zip(match.groups()[:6], "011000", strict=True)
    )
    offset = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0)) * (-1 if match[7] == "-" else 1)
    try:
        date = datetime(year, month, day, hour, minute, second, tzinfo=timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return date if date <= datetime.now(UTC) else None
