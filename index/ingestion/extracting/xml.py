"""Reads XML of strangers: without entities, document types, or more depth than anything real has."""

from collections.abc import Iterator
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from index.ingestion.extracting.sources import Limits
from index.ingestion.problems import Problem, UnusableSourceError, too_large


def parse_xml(content: bytes, name: str, limits: Limits) -> Element:
    """Parse a whole document.

    Raises:
        UnusableSourceError: It is malformed, declares a document type or entities, or is too deep.
    """
    root: Element | None = None
    depth = 0
    try:
        for event, element in iterparse(BytesIO(content), events=("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > limits.depth:
                raise too_large(name, f"more than {limits.depth} elements within each other")
            root = element if root is None else root
    except DefusedXmlException as error:
        raise UnusableSourceError(name, Problem.DAMAGED, "it declares entities, which no such file needs") from error
    except (ParseError, LookupError, ValueError) as error:
        raise UnusableSourceError(name, Problem.DAMAGED) from error
    if root is None:
        raise UnusableSourceError(name, Problem.DAMAGED)
    return root


def local_name(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    """The direct children of a local name."""
    return (child for child in element if local_name(child) == name)


def descendant_text(element: Element, name: str) -> str | None:
    """The text of the first descendant of a local name, None if there is none or it is empty."""
    for found in element.iter():
        if local_name(found) == name:
            text = " ".join("".join(found.itertext()).split())
            if text:
                return text
    return None
