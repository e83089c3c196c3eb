"""Parses HTML of strangers, as forgivingly as browsers do, and without a network."""

from lxml import etree, html
from lxml.html import HtmlElement


def parse_html(markup: str) -> HtmlElement | None:
    """The root of a page; None when it cannot be parsed."""
    # An encoding that is declared within a text that is decoded already makes lxml refuse it: hand over bytes.
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        return html.document_fromstring(markup.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
