"""From the lines of pages to paragraphs: margins go, hyphens and lines are joined, ligatures become letters."""

import re
from collections import Counter
from collections.abc import Sequence

_LIGATURES = {0xFB00 + place: letters for place, letters in enumerate(("ff", "fi", "fl", "ffi", "ffl", "st", "st"))}
_EDGE_LINES = 3
_MARGIN_SHARE = 0.6
_FULL_LINE_QUANTILE = 0.75
_SHORT_LINE = 0.72
_USUAL_LINE = 60

_PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|página|pagina|side|sida|стр\.?|第)?\s*\d{1,4}(?:\s*(?:/|of|von|de|di|av|из)\s*\d{1,4})?\s*页?\W*",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_HYPHENS = "-\u00ad\u2010"
_CUT_WORD = re.compile(rf"([^\W\d_]+)[{_HYPHENS}]$")
_LETTERS = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff，。、；：？！」』）》]")
_SENTENCE_END = re.compile(r"[.!?。！？؟।][\"”»)\]]*$|[”»]$")
_CLAUSE_END = re.compile(r"[.!?:;。！？؟।\"”»)\]]$")
_SPACES = re.compile(r"[ \t\u00a0]+")


def join_lines(pages: Sequence[Sequence[str]]) -> str:
    """Join the lines of pages to paragraphs, with a blank line between two.

    Args:
        pages: Lines in reading order; an empty line is a gap that was seen.
    """
    lines = [line.rstrip() for page in _without_margins(pages) for line in page]
    return "\n\n".join(_Joiner(lines).paragraphs())


def _without_margins(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Drop page numbers, and what stands at the edge of most pages, digits aside."""
    edges = [_edge_places(page) for page in pages]
    shapes = Counter(
        shape for page, places in zip(pages, edges, strict=True) for shape in {_shape(page[place]) for place in places}
    )
    needed = max(2, int(len(pages) * _MARGIN_SHARE + 0.5))
    margins = {shape for shape, count in shapes.items() if count >= needed} if len(pages) > 1 else set()
    return [
        [
            line
            for place, line in enumerate(page)
            if place not in places
            or not (_shape(line) in margins or (len(pages) > 1 and _PAGE_NUMBER.fullmatch(line.strip())))
        ]
        for page, places in zip(pages, edges, strict=True)
    ]


def _edge_places(page: Sequence[str]) -> set[int]:
    filled = [place for place, line in enumerate(page) if line.strip()]
    return {*filled[:_EDGE_LINES], *filled[-_EDGE_LINES:]}


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", " ".join(line.split()))


class _Joiner:
    """Goes through the lines of a document once, and knows all of its words."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = [_SPACES.sub(" ", line).strip().translate(_LIGATURES) for line in lines]
        lengths = sorted(len(line) for line in lines if len(line) > 20)
        self._full = lengths[int(len(lengths) * _FULL_LINE_QUANTILE)] if lengths else _USUAL_LINE
        self._raw_lengths = [len(line) for line in lines]
        self._words = Counter(word.casefold() for line in self._lines for word in _WORD.findall(line))

    def paragraphs(self) -> list[str]:
        done: list[str] = []
        pieces: list[str] = []
        following = self._following()

        def end_paragraph() -> None:
            done.append("".join(pieces).strip())
            pieces.clear()

        for place, line in enumerate(self._lines):
            if not line:
                if not (pieces and self._goes_on(pieces[-1], following[place])):
                    end_paragraph()
                continue
            if pieces:
                self._join(pieces, line)
            pieces.append(line)
            after = self._lines[place + 1] if place + 1 < len(self._lines) else ""
            is_short = self._raw_lengths[place] < self._full * _SHORT_LINE
            if is_short and _SENTENCE_END.search(line[-8:]) and after and not after[0].islower():
                end_paragraph()
        end_paragraph()
        return list(filter(None, done))

    def _following(self) -> list[str]:
        """For each place, the next line that is not empty, "" at the end."""
        following = [""] * len(self._lines)
        for place in range(len(self._lines) - 2, -1, -1):
            following[place] = self._lines[place + 1] or following[place + 1]
        return following

    def _goes_on(self, last: str, line: str) -> bool:
        """Whether a gap within a sentence is the end of a page or column, and no end of a paragraph."""
        return bool(line) and not _CLAUSE_END.search(last[-1]) and line[0].islower()

    def _join(self, pieces: list[str], line: str) -> None:
        """Prepare the pieces for the line that follows: a hyphen goes, or a space comes."""
        last = pieces[-1]
        cut = _CUT_WORD.search(last[-100:])
        rest = _LETTERS.match(line)
        if cut is not None and rest is not None:
            if not self._keeps_hyphen(cut[1], rest[0], last[-1]):
                pieces[-1] = last[:-1]
        elif not (_UNSPACED.match(last[-1]) and _UNSPACED.match(line)):
            pieces.append(" ")

    def _keeps_hyphen(self, front: str, rest: str, hyphen: str) -> bool:
        """Whether the hyphen is part of the word, as in "re-elected": the document's other words tell."""
        if hyphen == "\u00ad":
            return False
        whole, dashed = f"{front}{rest}".casefold(), f"{front}-{rest}".casefold()
        if self._words[dashed] and not self._words[whole]:
            return True
        return rest[0].isupper() and not front.isupper()
