"""Files that are bombs, damaged, protected or something else than they say."""

import io
import struct
import time
import zipfile
import zlib
from contextlib import aclosing
from pathlib import Path

import pytest

from index.ingestion.files import FileArticle
from index.ingestion.problems import Problem, UnusableSourceError
from index.ingestion.reading import Item
from index.ingestion.worker import Bytes, Workers
from tests.behaviour.hostile.samples import BOMB, ENTITIES, OUTSIDE, PAGE, TEXT
from tests.support.documents import Pdf, docx, epub, pdf, word_paragraph, zip_of, zip_with_link

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def items_of(workers: Workers, name: str, content: bytes | Path) -> list[Item]:
    began = time.perf_counter()
    async with aclosing(workers.articles(Bytes(name, content))) as found:
        items: list[Item] = [item async for item in found]
    assert time.perf_counter() - began < 20
    return items


def lying_zip(name: str, content: bytes, told_size: int) -> bytes:
    """A ZIP file of which both headers tell another size of its member."""
    real = zip_of({name: content})
    return real.replace(struct.pack("<I", len(content)), struct.pack("<I", told_size))


def overlapping_zip() -> bytes:
    """Thousands of members that are all one and the same data: small outside, terabytes inside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"a" * 7_000_000)
        first = archive.infolist()[0]
        for _ in range(2_000):
            archive.filelist.append(first)
    return buffer.getvalue()


def encrypted_zip() -> bytes:
    content = bytearray(zip_of({"a.txt": TEXT}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    return bytes(content)


def recursive_form_pdf() -> bytes:
    out = Pdf()
    root = out.add("<< /Type /Catalog /Pages 2 0 R >>")
    out.add("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    out.add(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>"
    )
    out.stream(b"/F Do")
    out.stream(b"/F Do /F Do", "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >>")
    return out.written(root)


def looping_pages_pdf() -> bytes:
    out = Pdf()
    root = out.add("<< /Type /Catalog /Pages 2 0 R >>")
    out.add("<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 100 >>")
    return out.written(root)


def flooding_pdf(size: int = 200_000_000) -> bytes:
    deflate = zlib.compressobj(9)
    line = b"BT /F1 9 Tf 1 0 0 1 9 9 Tm (" + b"word " * 2_000 + b") Tj ET\n"
    stream = deflate.compress(line * 100)
    for _ in range(size // (len(line) * 100)):
        stream += deflate.compress(line * 100)
    stream += deflate.flush()
    out = Pdf()
    root = out.add("<< /Type /Catalog /Pages 2 0 R >>")
    out.add("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    out.add(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
    )
    out.stream(stream, "/Filter /FlateDecode")
    return out.written(root)


FRONT = "The text of this note, which is long enough to be kept. " * 6

FILES: dict[str, tuple[str, bytes, set[Problem]]] = {
    # archives
    "a zip bomb": ("a.zip", zip_of({"a.html": BOMB}), {Problem.TOO_LARGE}),
    "a zip bomb that lies": ("a.zip", lying_zip("a.html", BOMB, 900), {Problem.TOO_LARGE, Problem.DAMAGED}),
    "a zip bomb of zips": (
        "a.zip",
        zip_of({"b.zip": zip_of({"c.zip": zip_of({"d.txt": BOMB})})}),
        {Problem.UNSUPPORTED_TYPE},
    ),
    "members that overlap": ("a.zip", overlapping_zip(), {Problem.TOO_LARGE, Problem.DAMAGED}),
    "countless members": ("a.zip", zip_of({f"{n}.txt": "" for n in range(10_001)}), {Problem.TOO_LARGE}),
    "a way out of the zip": ("a.zip", zip_of({"../../etc/cron.d/x.txt": TEXT}), {Problem.DAMAGED}),
    "an absolute way": ("a.zip", zip_of({"/etc/passwd.txt": TEXT}), {Problem.DAMAGED}),
    "a way with backslashes": ("a.zip", zip_of({"..\\..\\x.txt": TEXT}), {Problem.DAMAGED}),
    "a drive": ("a.zip", zip_of({"C:\\x.txt": TEXT}), {Problem.DAMAGED}),
    "a link in a zip": ("a.zip", zip_with_link("a.txt", "/etc/passwd"), {Problem.UNSUPPORTED_TYPE}),
    "an encrypted zip": ("a.zip", encrypted_zip(), {Problem.ENCRYPTED}),
    "lzma in a zip": ("a.zip", zip_of({"a.txt": TEXT}, zipfile.ZIP_LZMA), {Problem.UNSUPPORTED_TYPE}),
    "an empty zip": ("a.zip", zip_of({}), {Problem.EMPTY}),
    "a zip cut off": ("a.zip", zip_of({"a.txt": TEXT * 99})[:-30], {Problem.DAMAGED}),
    "a zip of a NUL name": ("a.zip", zip_of({"a.txt": TEXT}).replace(b"a.txt", b"\x00.txt"), {Problem.DAMAGED}),
    "a zip with damaged data": (
        "a.zip",
        zip_of({"a.txt": bytes(range(256)) * 50}, zipfile.ZIP_STORED).replace(bytes(range(256)), b"x" * 256, 1),
        {Problem.DAMAGED},
    ),
    # DOCX
    "a docx bomb": (
        "a.docx",
        docx("<w:p/>", {"word/document.xml": b"<a>" + b" " * 60_000_000 + b"</a>"}),
        {Problem.TOO_LARGE},
    ),
    "a docx with a billion laughs": ("a.docx", docx(word_paragraph("&j;"), prologue=ENTITIES), {Problem.DAMAGED}),
    "a docx with an outer entity": ("a.docx", docx(word_paragraph("&a;"), prologue=OUTSIDE), {Problem.DAMAGED}),
    "a docx with laughs in its properties": (
        "a.docx",
        docx(word_paragraph(TEXT), {"docProps/core.xml": f"{ENTITIES}<x>&j;</x>"}),
        {Problem.DAMAGED},
    ),
    "a deep docx": ("a.docx", docx("<w:sdt>" * 5_000 + "</w:sdt>" * 5_000), {Problem.TOO_LARGE}),
    "a docx of broken XML": ("a.docx", docx("<w:p><w:p>"), {Problem.DAMAGED}),
    "a docx without words": ("a.docx", docx("<w:p/>"), {Problem.EMPTY}),
    "a docx of unknown encoding": (
        "a.docx",
        docx("", {"word/document.xml": b'<?xml version="1.0" encoding="x-none"?><a/>'}),
        {Problem.DAMAGED},
    ),
    "a docx with countless parts": (
        "a.docx",
        docx(word_paragraph(TEXT), {f"x/{n}": "" for n in range(2_001)}),
        {Problem.TOO_LARGE},
    ),
    "an old Word file": ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, {Problem.UNSUPPORTED_TYPE}),
    # EPUB
    "an epub with laughs": (
        "a.epub",
        epub({"a.xhtml": f"<p>{TEXT}</p>"}, more={"OEBPS/book.opf": f"{ENTITIES}<package>&j;</package>"}),
        {Problem.DAMAGED},
    ),
    "a protected epub": (
        "a.epub",
        epub(
            {"a.xhtml": f"<p>{TEXT}</p>"},
            more={
                "META-INF/encryption.xml": '<e><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128"/></e>'
            },
        ),
        {Problem.ENCRYPTED},
    ),
    "an epub without a list of contents": ("a.epub", epub({}, more={"OEBPS/book.opf": ""}), {Problem.DAMAGED}),
    "an epub whose book is outside": (
        "a.epub",
        epub({}, more={"META-INF/container.xml": '<c><rootfile full-path="../../../etc/passwd"/></c>'}),
        {Problem.DAMAGED},
    ),
    "an epub of a bomb": ("a.epub", epub({"a.xhtml": "<p>" + "a" * 40_000_000}), {Problem.TOO_LARGE}),
    # PDF
    "a PDF bomb": (
        "a.pdf",
        flooding_pdf(),
        {Problem.TOO_LARGE, Problem.TOO_SLOW, Problem.TOO_MUCH_MEMORY, Problem.CRASHED},
    ),
    "a PDF with many pages": ("a.pdf", pdf([["x"]] * 301), {Problem.TOO_LARGE}),
    "a PDF whose pages go round": ("a.pdf", looping_pages_pdf(), {Problem.DAMAGED, Problem.SCANNED}),
    "a PDF that draws itself": (
        "a.pdf",
        recursive_form_pdf(),
        {Problem.SCANNED, Problem.DAMAGED, Problem.TOO_MUCH_MEMORY},
    ),
    "a PDF without text": ("a.pdf", pdf([["1"], ["2"]]), {Problem.SCANNED}),
    "a PDF cut off": ("a.pdf", pdf([[TEXT] * 20])[:300], {Problem.DAMAGED, Problem.SCANNED}),
    "a PDF of nothing": ("a.pdf", b"%PDF-1.7\n%%EOF", {Problem.DAMAGED}),
    "a PDF of NULs": ("a.pdf", b"%PDF-1.7\n" + b"\0" * 100_000, {Problem.DAMAGED}),
    # pages
    "a page of tags": ("a.html", b"<div>" * 400_000, {Problem.TOO_LITTLE_TEXT, Problem.TOO_SLOW, Problem.EMPTY}),
    "a page of brackets": ("a.html", b"<html>" + b"<" * 1_000_000, {Problem.TOO_LITTLE_TEXT, Problem.TOO_SLOW}),
    "a page of NULs": ("a.html", b"<html>" + b"\0" * 1_000_000, {Problem.DAMAGED, Problem.UNSUPPORTED_TYPE}),
    "a page of open scripts": (
        "a.html",
        b"<html>isAccessibleForFree" + b'<script type="application/ld+json">' * 100_000,
        {Problem.TOO_LITTLE_TEXT, Problem.WALL, Problem.TOO_SLOW},
    ),
    "linked data without bottom": (
        "a.html",
        b'<html><script type="application/ld+json">{"isAccessibleForFree":' + b"[" * 100_000 + b"</script><p>x</p>",
        {Problem.TOO_LITTLE_TEXT, Problem.WALL, Problem.TOO_SLOW},
    ),
    "a page that is too large": ("a.html", b"<html><p>" + b"a " * 4_200_000, {Problem.TOO_LARGE}),
    "an empty page": ("a.html", b"", {Problem.EMPTY}),
    # other kinds
    "a picture called a page": ("a.html", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, {Problem.UNSUPPORTED_TYPE}),
    "a program called a text": ("a.txt", b"\x7fELF" + b"\0" * 99, {Problem.UNSUPPORTED_TYPE}),
    "bytes called a text": ("a.txt", bytes(range(256)) * 40, {Problem.UNSUPPORTED_TYPE}),
    "a spreadsheet": ("a.xlsx", zip_of({"xl/workbook.xml": "<x/>"}), {Problem.UNSUPPORTED_TYPE}),
    "an RTF file": ("a.rtf", rb"{\rtf1 hello}", {Problem.UNSUPPORTED_TYPE}),
    "a line of JSON without bottom": ("a.jsonl", b"[" * 200_000, {Problem.BAD_LINE}),
    "a line of JSON without end": ("a.jsonl", b'{"text": "' + b"a" * 9_000_000, {Problem.TOO_LARGE}),
    "JSON of no articles": ("a.jsonl", b'{"a": 1}\n[]\n"x"\nnull\n1e999\n', {Problem.BAD_LINE}),
    "a feed": ("a.xml", b"<rss version='2.0'><channel/></rss>", {Problem.UNSUPPORTED_TYPE}),
}


@pytest.mark.parametrize("name", FILES)
async def test_a_hostile_file_is_an_error_message(workers: Workers, name: str) -> None:
    file, content, problems = FILES[name]

    items = await items_of(workers, file, content)

    assert items
    for item in items:
        assert isinstance(item, UnusableSourceError)
        assert item.problem in problems, item
        assert "passwd" not in item.detail


async def test_files_are_read_after_all_of_that(workers: Workers) -> None:
    assert [type(item) for item in await items_of(workers, "a.html", PAGE)] == [FileArticle]


async def test_good_members_beside_bad_ones_are_read(workers: Workers) -> None:
    """The reading process is lost on the second and fourth member, and everything else is there."""
    content = zip_of(
        {
            "1.html": PAGE,
            "2.pdf": flooding_pdf(),
            "3.md": "# Note\n\n" + FRONT,
            "4.pdf": flooding_pdf(),
            "5.html": PAGE,
            "__MACOSX/._5.html": b"\0",
            ".DS_Store": b"\0",
            "6.exe": b"MZ\0\0",
        }
    )

    items = await items_of(workers, "news.zip", content)

    names = [item.source if isinstance(item, FileArticle) else item.path for item in items]
    assert names == [f"news.zip/{name}" for name in ("1.html", "2.pdf", "3.md", "4.pdf", "5.html", "6.exe")]
    assert [isinstance(item, FileArticle) for item in items] == [True, False, True, False, True, False]
