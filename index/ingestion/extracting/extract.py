"""From a page or file of any kind to its articles."""

from collections.abc import Iterator
from functools import partial
from pathlib import PurePath

from index.ingestion.decoding import decode
from index.ingestion.extracting.archive import extract_archive
from index.ingestion.extracting.json_lines import extract_json_lines
from index.ingestion.extracting.kinds import Kind, UnreadableKindError, kind_of
from index.ingestion.extracting.sources import Extracted, Limits, Source
from index.ingestion.files import FileArticle, parse_text
from index.ingestion.problems import Problem, UnusableSourceError, over_characters


def extract(source: Source, limits: Limits, *, in_archive: bool = False) -> Iterator[Extracted]:
    """Extract the articles of a source, and the problems of those of its parts that gave none.

    A ZIP file, a book and JSON Lines give several; the rest gives one.

    Args:
        in_archive: The source is a member of a ZIP file, and must not be another one.

    Raises:
        UnusableSourceError: The source as a whole cannot be used; articles that came before are good.
    """
    kind = _kind(source)
    match kind:
        case Kind.ZIP if in_archive:
            raise UnusableSourceError(source.name, Problem.UNSUPPORTED_TYPE, "an archive within an archive")
        case Kind.ZIP:
            yield from extract_archive(source, limits, partial(extract, in_archive=True))
        case Kind.JSON_LINES:
            yield from extract_json_lines(source, limits)
        case Kind.FEED:
            raise UnusableSourceError(source.name, Problem.UNSUPPORTED_TYPE, "a feed; add it as one")
        # Each of these libraries takes a part of a second and tens of megabytes to load: only when it is needed.
        case Kind.EPUB:
            from index.ingestion.extracting.epub import extract_epub

            yield from extract_epub(source, limits)
        case Kind.HTML:
            from index.ingestion.extracting.html import extract_html

            yield extract_html(source, limits)
        case Kind.PDF:
            from index.ingestion.extracting.pdf import extract_pdf

            yield extract_pdf(source, limits)
        case Kind.DOCX:
            from index.ingestion.extracting.docx import extract_docx

            yield extract_docx(source, limits)
        case Kind.TEXT | Kind.MARKDOWN:
            yield _text(source, kind, limits)


def _kind(source: Source) -> Kind:
    if not source.size:
        raise UnusableSourceError(source.name, Problem.EMPTY)
    name = source.name if source.address is None else PurePath(source.address.partition("?")[0]).name
    try:
        return kind_of(source.head(), source.stream, name, source.media_type)
    except UnreadableKindError as error:
        raise UnusableSourceError(source.name, Problem.UNSUPPORTED_TYPE, str(error)) from error


def _text(source: Source, kind: Kind, limits: Limits) -> FileArticle:
    content = source.read(limits.text_bytes)
    decoded = decode(content, [source.charset])
    if decoded is None:
        raise UnusableSourceError(source.name, Problem.UNSUPPORTED_TYPE, "it is not text")
    article = parse_text(decoded, source.address or source.name, is_markdown=kind is Kind.MARKDOWN)
    if article is None:
        raise UnusableSourceError(source.name, Problem.EMPTY)
    if len(article.text) > limits.characters:
        raise over_characters(source.name, limits.characters)
    return article
