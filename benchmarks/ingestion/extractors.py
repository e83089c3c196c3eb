"""The extractors, each as its documentation shows it first."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from index.ingestion.boilerplate import remove_boilerplate
from index.ingestion.decoding import declared_in, decode
from index.ingestion.extracting.html import extract_html
from index.ingestion.extracting.sources import Limits, Source
from index.ingestion.problems import UnusableSourceError


@dataclass(frozen=True, slots=True)
class Extraction:
    """What an extractor found; `date` is an ISO day, and "" stands for nothing."""

    text: str = ""
    title: str = ""
    author: str = ""
    date: str = ""


Extractor = Callable[[bytes, str], Extraction]
"""Takes a page's bytes and its address."""


def footnote(content: bytes, address: str) -> Extraction:
    """The way of a page into the library: extracted, then cleaned. A page that is refused gives nothing."""
    try:
        found = extract_html(Source(address, BytesIO(content), len(content), address), Limits())
    except UnusableSourceError:
        return Extraction()
    day = "" if found.published_at is None else found.published_at.date().isoformat()
    return Extraction(remove_boilerplate(found.text, found.title).text, found.title, found.author or "", day)


def trafilatura(content: bytes, address: str) -> Extraction:
    """Its defaults, with metadata."""
    library = importlib.import_module("trafilatura")
    found: Any = library.bare_extraction(content, url=address, with_metadata=True)
    if found is None:
        return Extraction()
    return Extraction(found.text or "", found.title or "", found.author or "", found.date or "")


def readability(content: bytes, _address: str) -> Extraction:
    """Its summary is HTML; the text is taken from that."""
    document = importlib.import_module("readability").Document(_text(content))
    summary = importlib.import_module("lxml.html").fromstring(document.summary())
    return Extraction("\n".join(line.strip() for line in summary.itertext() if line.strip()), document.title())


def newspaper(content: bytes, address: str) -> Extraction:
    """newspaper4k, without its download."""
    article = importlib.import_module("newspaper").Article(address, fetch_images=False)
    article.download(input_html=_text(content))
    article.parse()
    date = article.publish_date
    return Extraction(article.text, article.title, ", ".join(article.authors), date.date().isoformat() if date else "")


def resiliparse(content: bytes, _address: str) -> Extraction:
    """With its main-content filter, without which it gives the whole page."""
    extract = importlib.import_module("resiliparse.extract.html2text").extract_plain_text
    return Extraction(str(extract(_text(content), main_content=True)))


def justext(content: bytes, _address: str) -> Extraction:
    """With the English stop list, as its README shows."""
    library = importlib.import_module("justext")
    found = library.justext(content, library.get_stoplist("English"))
    return Extraction("\n".join(one.text for one in found if not one.is_boilerplate))


def whole_page(content: bytes, _address: str) -> Extraction:
    """All text of the body: what every extractor must be better than."""
    root = importlib.import_module("lxml.html").document_fromstring(_text(content).encode(), parser=_parser())
    for element in root.xpath("//script|//style|//noscript|//head"):
        element.drop_tree()
    return Extraction("\n".join(line.strip() for line in root.itertext() if line.strip()))


def _parser() -> Any:
    return importlib.import_module("lxml.html").HTMLParser(encoding="utf-8")


def _text(content: bytes) -> str:
    """The others get text: decoding is no part of what they are compared in."""
    return decode(content, declared_in(content)) or content.decode("utf-8", "replace")


EXTRACTORS: dict[str, Extractor] = {
    "Footnote": footnote,
    "trafilatura": trafilatura,
    "readability-lxml": readability,
    "newspaper4k": newspaper,
    "resiliparse": resiliparse,
    "justext": justext,
    "whole page": whole_page,
}
