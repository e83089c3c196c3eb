"""The chapters of an EPUB book, each an article of its own."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from urllib.parse import unquote
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from index.ingestion.decoding import declared_in, decode
from index.ingestion.extracting.blocks import Blocks
from index.ingestion.extracting.packages import opened, read_member
from index.ingestion.extracting.sources import Extracted, Limits, Source
from index.ingestion.extracting.xml import children, descendant_text, local_name, parse_xml
from index.ingestion.files import (
    LONGEST_AUTHOR,
    LONGEST_TITLE,
    FileArticle,
    one_line,
    parse_date,
    parse_language,
    storable,
)
from index.ingestion.problems import Problem, UnusableSourceError, over_bytes, over_characters

_CONTAINER = "META-INF/container.xml"
_RIGHTS = "META-INF/encryption.xml"
_FONTS_ONLY = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PAGES = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})
_SHORTEST_CHAPTER = 200


@dataclass(frozen=True, slots=True)
class _Book:
    """What a package file says: the paths of its pages in reading order, and titles by path."""

    title: str
    author: str | None
    published_at: datetime | None
    language: str | None
    pages: tuple[str, ...]
    titles: dict[str, str]


@dataclass(slots=True)
class _Chapter:
    """One or several pages that follow each other."""

    path: str
    title: str | None
    texts: list[str]


def extract_epub(source: Source, limits: Limits) -> Iterator[Extracted]:
    """Extract the chapters in reading order.

    A page that the table of contents does not name belongs to the chapter before it, and a chapter of a few words
    (a title page, a dedication) to the one after it.

    Raises:
        UnusableSourceError: The book is too large, damaged, protected, or holds no text.
    """
    if source.size > limits.document_bytes:
        raise over_bytes(source.name, limits.document_bytes)
    with opened(source, limits.document_parts) as archive:
        _refuse_protected(archive, source.name, limits)
        book = _book(archive, source.name, limits)
        chapters, problems = _chapters(archive, book, source.name, limits)
    yield from problems
    if not chapters:
        if not problems:
            raise UnusableSourceError(source.name, Problem.EMPTY)
        return
    for number, chapter in enumerate(chapters, 1):
        text = "\n\n".join(chapter.texts)
        name = f"{source.name}#{chapter.path}"
        if len(text) > limits.characters:
            yield over_characters(name, limits.characters)
            continue
        title = chapter.title or (f"{number}" if len(chapters) > 1 else "")
        whole = f"{book.title}: {title}" if title and title != book.title else book.title
        yield FileArticle(
            title=whole[:LONGEST_TITLE] or PurePath(source.name).stem,
            source=name if source.address is None else f"{source.address}#{chapter.path}",
            author=book.author,
            published_at=book.published_at,
            language=book.language,
            text=text,
        )


def _xml(archive: ZipFile, path: str, name: str, limits: Limits) -> Element | None:
    info = archive.NameToInfo.get(path)
    if info is None:
        return None
    content = read_member(archive, info, name, limits.part_bytes)
    return parse_xml(_without_doctype(content), name, limits)


def _without_doctype(content: bytes) -> bytes:
    """Older books name a document type, without entities of their own; those with some are refused by the parser."""
    start = content[:2_000].lower().find(b"<!doctype")
    end = content.find(b">", start)
    if start < 0 or end < 0 or b"[" in content[start:end]:
        return content
    return content[:start] + content[end + 1 :]


def _refuse_protected(archive: ZipFile, name: str, limits: Limits) -> None:
    rights = _xml(archive, _RIGHTS, name, limits)
    if rights is None:
        return
    for method in rights.iter():
        if local_name(method) == "EncryptionMethod" and method.get("Algorithm", "") not in _FONTS_ONLY:
            raise UnusableSourceError(name, Problem.ENCRYPTED, "the book is protected against copying")


def _book(archive: ZipFile, name: str, limits: Limits) -> _Book:
    container = _xml(archive, _CONTAINER, name, limits)
    root = (
        next((one for one in container.iter() if local_name(one) == "rootfile"), None)
        if container is not None
        else None
    )
    path = "" if root is None else root.get("full-path", "")
    package = _xml(archive, path, name, limits)
    if package is None:
        raise UnusableSourceError(name, Problem.DAMAGED, "its list of contents is missing")
    folder = posixpath.dirname(path)
    items: dict[str, tuple[str, str]] = {}
    contents: list[str] = []
    for item in package.iter():
        if local_name(item) == "item":
            place = _inside(folder, item.get("href", ""))
            media_type = item.get("media-type", "")
            items[item.get("id", "")] = (place, media_type)
            if "nav" in item.get("properties", "").split() or media_type == "application/x-dtbncx+xml":
                contents.append(place)
    spine = [items.get(one.get("idref", ""), ("", "")) for one in package.iter() if local_name(one) == "itemref"]
    titles: dict[str, str] = {}
    for place in contents:
        titles |= {key: value for key, value in _titles(archive, place, name, limits).items() if key not in titles}
    return _Book(
        title=storable(descendant_text(package, "title") or ""),
        author=one_line(descendant_text(package, "creator") or "", LONGEST_AUTHOR) or None,
        published_at=parse_date(descendant_text(package, "date")),
        language=parse_language(descendant_text(package, "language")),
        pages=tuple(dict.fromkeys(place for place, kind in spine if kind in _PAGES and place not in contents)),
        titles=titles,
    )


def _inside(folder: str, href: str) -> str:
    """The path of a member that another one names; it need not exist, and is looked up in the archive alone."""
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0]))).lstrip("/")


def _titles(archive: ZipFile, path: str, name: str, limits: Limits) -> dict[str, str]:
    """The titles that a table of contents gives to pages; of several in one page, the first."""
    try:
        tree = _xml(archive, path, name, limits)
    except UnusableSourceError:
        return {}  # without it, chapters are called by their headings
    titles: dict[str, str] = {}
    folder = posixpath.dirname(path)
    for element in [] if tree is None else tree.iter():
        if local_name(element) == "navPoint":
            target = next((one.get("src", "") for one in children(element, "content")), "")
            label = next((descendant_text(one, "text") for one in children(element, "navLabel")), None)
        elif local_name(element) == "a":
            target, label = element.get("href", ""), " ".join("".join(element.itertext()).split())
        else:
            continue
        if target and label and "://" not in target:
            titles.setdefault(_inside(folder, target), storable(label))
    return titles


def _chapters(
    archive: ZipFile, book: _Book, name: str, limits: Limits
) -> tuple[list[_Chapter], list[UnusableSourceError]]:
    chapters: list[_Chapter] = []
    problems: list[UnusableSourceError] = []
    named = bool(book.titles.keys() & set(book.pages))
    read = 0
    for path in book.pages:
        info = archive.NameToInfo.get(path)
        if info is None:
            continue
        try:
            content = read_member(archive, info, f"{name}#{path}", limits.text_bytes)
        except UnusableSourceError as error:
            problems.append(error)
            continue
        read += len(content)
        if read > limits.document_bytes:
            raise over_bytes(name, limits.document_bytes)
        blocks = Blocks(storable(decode(content, declared_in(content)) or ""))
        if not any(map(str.isalnum, blocks.text)):
            continue
        title = book.titles.get(path)
        if chapters and (_is_short(chapters[-1]) or (named and title is None)):
            chapters[-1].texts.append(blocks.text)
            if _is_short(chapters[-1]) or title:
                chapters[-1].title = title or chapters[-1].title
        else:
            chapters.append(_Chapter(path, title or blocks.heading, [blocks.text]))
    return chapters, problems


def _is_short(chapter: _Chapter) -> bool:
    return sum(map(len, chapter.texts)) < _SHORTEST_CHAPTER
