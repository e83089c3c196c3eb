"""Writes a tree of HTML as text, all of it: for books, whose chapters have nothing around them."""

from lxml import etree
from lxml.html import HtmlElement

from index.ingestion.extracting.trees import parse_html
from index.ingestion.joining import joined

# fmt: off
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend",
    "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "ul",
})
_SKIPPED = frozenset({
    "script", "style", "head", "template", "noscript", "svg", "math", "object", "iframe", "audio", "video", "title",
})
# fmt: on
_HEADINGS = frozenset({"h1", "h2", "h3"})
_LISTS = frozenset({"ul", "ol", "table"})
_BREAK = "\ue000"
"""Stands for <br>, since a line end in markup is but a space; a letter of private use, that no text means."""


class Blocks:
    """The blocks of a page in order: a text, and the number of the list or table it stands in, None outside."""

    def __init__(self, markup: str) -> None:
        """
        Args:
            markup: HTML or XHTML. What cannot be parsed gives no blocks.
        """
        self.heading: str | None = None
        self._blocks: list[tuple[str, int | None]] = []
        self._letters: list[str] = []
        self._bullet = ""
        self._cells: list[str] | None = None
        self._groups = 0
        self._depth = 0
        root = parse_html(markup)
        if root is not None:
            self._walk(root)
            self._end_block()

    @property
    def text(self) -> str:
        """The blocks with a blank line between two, those of one list or table on lines that follow each other."""
        return joined(self._blocks)

    def _walk(self, root: HtmlElement) -> None:
        # lxml's own parser bounds the depth, at 256, and iterwalk needs no recursion.
        walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        for event, element in walk:
            if event in {"comment", "pi"}:
                self._letters.append(element.tail or "")
            elif event == "start":
                if element.tag in _SKIPPED:
                    walk.skip_subtree()
                else:
                    self._start(element)
                    self._letters.append(element.text or "")
            else:
                if element.tag not in _SKIPPED:
                    self._end(element)
                self._letters.append(element.tail or "")

    def _start(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag == "br":
            self._letters.append(_BREAK)
        if tag not in _BLOCKS:
            return
        self._end_block()
        if tag in _LISTS:
            self._groups += self._depth == 0
            self._depth += 1
        elif tag == "li":
            self._bullet = "- "
        elif tag == "tr":
            self._cells = []

    def _end(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag not in _BLOCKS:
            return
        if tag in _HEADINGS and self.heading is None:
            self.heading = " ".join("".join(self._letters).split()) or None
        self._end_block()
        if tag in _LISTS:
            self._depth = max(self._depth - 1, 0)
        elif tag == "li":
            self._bullet = ""
        elif tag == "tr" and self._cells is not None:
            row = " | ".join(self._cells)
            if row.strip(" |"):
                self._blocks.append((row, self._groups))
            self._cells = None

    def _end_block(self) -> None:
        lines = filter(None, (" ".join(line.split()) for line in "".join(self._letters).split(_BREAK)))
        text = (" " if self._cells is not None else "\n").join(lines)
        self._letters.clear()
        if not text:
            return
        if self._cells is not None:
            self._cells.append(text)
            return
        self._blocks.append((self._bullet + text, self._groups if self._depth else None))
        self._bullet = ""
