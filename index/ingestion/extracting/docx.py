"""The article of a DOCX file: what a reader sees of it, without deleted and hidden text."""

from collections.abc import Iterator
from pathlib import PurePath
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from index.ingestion.extracting.packages import opened, read_member
from index.ingestion.extracting.sources import Limits, Source
from index.ingestion.extracting.xml import children, descendant_text, local_name, parse_xml
from index.ingestion.files import (
    LONGEST_AUTHOR,
    LONGEST_TITLE,
    FileArticle,
    one_line,
    parse_date,
    short_first_line,
    storable,
)
from index.ingestion.joining import joined
from index.ingestion.problems import Problem, UnusableSourceError, over_bytes, over_characters

_DOCUMENT = "word/document.xml"
_PROPERTIES = "docProps/core.xml"
_SKIPPED = frozenset({"del", "moveFrom", "Fallback", "instrText", "delText", "pPr", "rPr", "tblPr", "sectPr"})
_TITLE_STYLES = ("title", "titel", "titre", "título", "titolo", "heading1", "berschrift1", "titre1")


def extract_docx(source: Source, limits: Limits) -> FileArticle:
    """Extract the text: paragraphs with a blank line between, items of a list and rows of a table together.

    Raises:
        UnusableSourceError: It is too large, damaged, or holds no text.
    """
    if source.size > limits.document_bytes:
        raise over_bytes(source.name, limits.document_bytes)
    with opened(source, limits.document_parts) as archive:
        document = _part(archive, _DOCUMENT, source.name, limits)
        properties = _part(archive, _PROPERTIES, source.name, limits)
    if document is None:
        raise UnusableSourceError(source.name, Problem.DAMAGED)
    body = next(children(document, "body"), document)
    blocks = [(text, group, style) for text, group, style in _blocks(body) if text.strip()]
    text = storable(joined((text, group) for text, group, _ in blocks))
    if not text.strip():
        raise UnusableSourceError(source.name, Problem.EMPTY)
    if len(text) > limits.characters:
        raise over_characters(source.name, limits.characters)
    styled = next((text for text, _, style in blocks[:20] if style.replace(" ", "").endswith(_TITLE_STYLES)), None)
    return FileArticle(
        title=one_line(_fact(properties, "title") or styled or "", LONGEST_TITLE)
        or short_first_line(text)
        or PurePath(source.name).stem,
        source=source.address or source.name,
        author=one_line(_fact(properties, "creator") or "", LONGEST_AUTHOR) or None,
        published_at=parse_date(_fact(properties, "created") or _fact(properties, "modified")),
        language=None,
        text=text,
    )


def _part(archive: ZipFile, part: str, name: str, limits: Limits) -> Element | None:
    info = archive.NameToInfo.get(part)
    if info is None:
        return None
    return parse_xml(read_member(archive, info, name, limits.part_bytes), name, limits)


def _fact(properties: Element | None, name: str) -> str | None:
    return None if properties is None else descendant_text(properties, name)


def _blocks(parent: Element, table: int | None = None) -> Iterator[tuple[str, int | None, str]]:
    """Yield text, number of the list or table around it (None outside), and the name of the style, in lower case."""
    group = 0
    in_list = False
    for child in parent:
        name = local_name(child)
        if name in _SKIPPED:
            continue
        if name == "p":
            is_item = _properties(child, "numPr") is not None
            group += is_item and not in_list
            in_list = is_item
            yield from _paragraph(child, (-group if is_item else None) if table is None else table, is_item)
        elif name == "tbl":
            in_list = False
            group += 1
            for row in children(child, "tr"):
                yield _row(row), (group if table is None else table), ""
        else:  # content controls, insertions and the like only wrap
            yield from _blocks(child, table)


def _paragraph(paragraph: Element, group: int | None, is_item: bool) -> Iterator[tuple[str, int | None, str]]:
    boxes: list[Element] = []
    text = "".join(_runs(paragraph, boxes)).strip()
    style = _properties(paragraph, "pStyle")
    value = "" if style is None else next((v for k, v in style.attrib.items() if k.endswith("}val")), "")
    yield (f"- {text}" if is_item and text else text), group, value.lower()
    for box in boxes:
        yield from _blocks(box)


def _row(row: Element) -> str:
    cells = []
    for cell in _cells(row):
        texts = (" ".join(text.split()) for text, _, _ in _blocks(cell, table=0))
        cells.append(" ".join(filter(None, texts)))
    return " | ".join(cells) if any(cells) else ""


def _cells(row: Element) -> Iterator[Element]:
    for child in row:
        if local_name(child) == "tc":
            yield child
        elif local_name(child) in {"sdt", "sdtContent", "ins"}:
            yield from _cells(child)


def _properties(paragraph: Element, name: str) -> Element | None:
    for properties in children(paragraph, "pPr"):
        return next(children(properties, name), None)
    return None


def _runs(parent: Element, boxes: list[Element]) -> Iterator[str]:
    """Yield the pieces of a paragraph's text, and gather the text boxes that are anchored in it."""
    for child in parent:
        match local_name(child):
            case "t":
                yield child.text or ""
            case "tab" | "ptab":
                yield "\t"
            case "br" | "cr":
                yield "\n"
            case "noBreakHyphen":
                yield "-"
            case "txbxContent":
                boxes.append(child)
            case "r" if _is_hidden(child):
                pass
            case name if name in _SKIPPED:
                pass
            case _:
                yield from _runs(child, boxes)


def _is_hidden(run: Element) -> bool:
    for properties in children(run, "rPr"):
        for vanish in children(properties, "vanish"):
            value = next((v for k, v in vanish.attrib.items() if k.endswith("}val")), "1")
            return value not in {"0", "false", "off"}
    return False
