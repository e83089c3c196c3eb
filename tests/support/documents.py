"""Makes small files of all kinds, good ones and bad ones."""

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping, Sequence

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def zip_of(members: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def zip_with_link(name: str, target: str) -> bytes:
    """A ZIP file whose one member is a symbolic link."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.create_system = 3
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, target)
    return buffer.getvalue()


def lines(topic: str) -> list[str]:
    """Enough sentences for an article that no other article holds."""
    return [
        f"{n}. The {topic} of Karrow was opened in May 2019, after {n + 2} years of work on the {topic}."
        for n in range(8)
    ]


def page(paragraphs: Sequence[str], title: str = "The bridge", head: str = "", around: str = "") -> str:
    """An HTML page with an article in it, something around it, and a menu."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body><nav><a href='/'>Home</a> "
        f"<a href='/news'>News</a></nav>{around}<article><h1>{title}</h1>{body}</article></body></html>"
    )


def docx(body: str, parts: Mapping[str, bytes | str] | None = None, prologue: str = "") -> bytes:
    """A DOCX file with WordprocessingML as its body."""
    document = f'{prologue}<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    return zip_of({"[Content_Types].xml": "<Types/>", "word/document.xml": document} | dict(parts or {}))


def word_paragraph(text: str, properties: str = "", run: str = "") -> str:
    """A paragraph of WordprocessingML."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t></w:r></w:p>"


def epub(
    chapters: Mapping[str, str], titles: Mapping[str, str] | None = None, more: Mapping[str, str] | None = None
) -> bytes:
    """An EPUB book: names and bodies of its pages, and titles by name in its table of contents."""
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    links = "".join(f'<li><a href="{name}">{title}</a></li>' for name, title in (titles or {}).items())
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return zip_of(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": f'{head}<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            '<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
            "OEBPS/book.opf": f'{head}<package xmlns="http://www.idpf.org/2007/opf"><metadata '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Rivers</dc:title><dc:creator>Jane Doe</dc:creator>'
            "<dc:language>en-GB</dc:language><dc:date>2020-02-03</dc:date></metadata><manifest>"
            f'<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>{items}</manifest>'
            f"<spine>{spine}</spine></package>",
            "OEBPS/nav.xhtml": f'{head}<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol>{links}</ol></nav>'
            "</body></html>",
        }
        | {
            f"OEBPS/{name}": f'{head}<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>'
            f"</head><body>{body}</body></html>"
            for name, body in chapters.items()
        }
        | dict(more or {})
    )


class Pdf:
    """Writes a PDF object by object."""

    def __init__(self) -> None:
        self.objects: list[bytes] = []

    def add(self, content: bytes | str) -> int:
        """Add an object and return its number."""
        self.objects.append(content.encode("latin-1") if isinstance(content, str) else content)
        return len(self.objects)

    def stream(self, data: bytes, extra: str = "") -> int:
        """Add a stream as it is and return its number."""
        return self.add(f"<< /Length {len(data)} {extra} >>\nstream\n".encode() + data + b"\nendstream")

    def written(self, root: int, trailer: str = "") -> bytes:
        """The file."""
        out = bytearray(b"%PDF-1.7\n")
        places = []
        for number, content in enumerate(self.objects, 1):
            places.append(len(out))
            out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
        start = len(out)
        out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode()
        out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
        out += f"trailer << /Size {len(places) + 1} /Root {root} 0 R {trailer} >>\nstartxref\n{start}\n%%EOF".encode()
        return bytes(out)


def pdf(
    pages: Sequence[Sequence[str]], title: str = "", sizes: Mapping[str, int] | None = None, leading: int = 14
) -> bytes:
    """A PDF with lines of text on its pages; an empty line leaves a gap, and a line in `sizes` has its own size."""
    out = Pdf()
    font = out.add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    kids = []
    root = out.add("")  # the catalogue and the tree of pages are known at the end
    tree = out.add("")
    for lines in pages:
        drawn = ["BT"]
        height = 780
        for line in lines:
            size = (sizes or {}).get(line, 11)
            escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            drawn.append(f"/F1 {size} Tf 1 0 0 1 60 {height} Tm ({escaped}) Tj")
            height -= leading
        stream = out.stream(zlib.compress("\n".join([*drawn, "ET"]).encode("cp1252")), "/Filter /FlateDecode")
        kids.append(
            out.add(
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 595 842] /Contents {stream} 0 R "
                f"/Resources << /Font << /F1 {font} 0 R >> >> >>"
            )
        )
    named = out.add(f"<< /Title ({title}) /Author (Jane Doe) /CreationDate (D:20200203040506+01'00') >>")
    out.objects[root - 1] = f"<< /Type /Catalog /Pages {tree} 0 R >>".encode()
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    out.objects[tree - 1] = f"<< /Type /Pages /Kids [{listed}] /Count {len(kids)} >>".encode()
    return out.written(root, f"/Info {named} 0 R")
