"""Which part of a text a card shows."""

import re
from collections.abc import Callable, Sequence

from bot.rendering.escaping import most_when_quoted, quoted_passage
from bot.rendering.limits import ELLIPSIS, character_end
from index import Citation, Span

MOST_LINES = 40
"""Lines of a text in one card: more push the buttons out of sight."""

PAGE_CHARACTERS = 2_000
PAGE_TEXT = 3_200
"""Most characters of a page with its markdown; title and footer need the rest of the card."""

LONGEST_QUOTE = 400
"""Characters of a quote of two sentences."""

# Where a reader rests: after the end of a sentence with what closes it, and after a line.
_SENTENCE_END = re.compile(r"""[.!?…؟۔।](?:["'”’»)\]]*)(?=\s)\s*|[。！？]["'”’»」』）]*\s*|\n+""")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n\s*")
_WORD_END = re.compile(r"\s+")
_SPACE = re.compile(r"\s*")


def excerpt(citation: Citation, longest: int) -> str:
    """A passage as a block quote with its quotes in bold, in at most `longest` characters.

    Of a passage that does not fit, whole sentences around the quotes are shown; of quotes too far apart, the better
    one; of a quote that does not fit alone, its beginning. "…" stands for what is left out.
    """
    passage, quotes = citation.passage, citation.quotes

    def fits(span: Span) -> bool:
        # An ellipsis and a space on either side.
        return _fits(passage[span.start : span.end], longest - 4)

    best = quotes[citation.better]
    around = Span(quotes[0].start, quotes[-1].end)
    shown = around if fits(around) else best
    if fits(shown):
        shown = _grown(shown, [0, *_ends(_SENTENCE_END, passage), len(passage)], fits)
    else:
        end = _last(best.start, best.end, lambda end: fits(Span(best.start, end)))
        words = [found.start() for found in _WORD_END.finditer(passage, best.start, end)]
        word_end = words[-1] if words else 0
        shown = Span(best.start, word_end if word_end > (best.start + end) // 2 else character_end(passage, end))
    return _quoted(passage, shown, quotes)


def _fits(text: str, longest: int) -> bool:
    return most_when_quoted(text) <= longest and len(text.splitlines()) <= MOST_LINES


def _ends(pattern: re.Pattern[str], text: str, start: int = 0, end: int | None = None) -> list[int]:
    return [found.end() for found in pattern.finditer(text, start, len(text) if end is None else end)]


def _grown(span: Span, rests: Sequence[int], fits: Callable[[Span], bool]) -> Span:
    """A span with as many whole sentences before and after it as fit, taken in turn."""
    whole = Span(rests[0], rests[-1])
    if fits(whole):
        return whole
    before = [rest for rest in rests if rest < span.start]
    after = [rest for rest in rests if rest > span.end][::-1]
    while before or after:
        if after and fits(wider := Span(span.start, after[-1])):
            span = wider
            after.pop()
        else:
            after = []
        if before and fits(wider := Span(before[-1], span.end)):
            span = wider
            before.pop()
        else:
            before = []
    return span


def _last(low: int, high: int, fits: Callable[[int], bool]) -> int:
    """The last place from `low` to `high` that fits, when those that fit come before those that do not."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _quoted(text: str, shown: Span, quotes: Sequence[Span]) -> str:
    """A slice of a text as a block quote, with "…" for what is left out at its ends."""
    part = text[shown.start : shown.end]
    start = shown.start + len(part) - len(part.lstrip())
    end = shown.start + len(part.rstrip())
    before = f"{ELLIPSIS} " if text[:start].strip() else ""
    after = f" {ELLIPSIS}" if text[end:].strip() else ""
    bold = [Span(span.start + len(before), span.end + len(before)) for span in _within(Span(start, end), quotes)]
    return quoted_passage(f"{before}{text[start:end]}{after}", bold)


def _within(span: Span, quotes: Sequence[Span]) -> list[Span]:
    """What a span holds of the quotes, counted from its beginning."""
    return [
        Span(max(quote.start, span.start) - span.start, min(quote.end, span.end) - span.start)
        for quote in quotes
        if quote.start < span.end and quote.end > span.start
    ]


def pages_of(text: str, quote_start: int = 0) -> list[Span]:
    """Cut an article into pages that fit a card.

    Pages are slices in order that cover the text; none for an empty text. A page has at most `PAGE_CHARACTERS` besides
    the white space at its end, and ends with a paragraph if one ends in its second half, else with a sentence, else
    with a word. The quote that begins at `quote_start` is not parted when a page can end before it.
    """
    pages: list[Span] = []
    start = 0
    while start < len(text):
        end = _page_end(text, start, quote_start)
        pages.append(Span(start, end))
        start = end
    return pages


def _page_end(text: str, start: int, quote_start: int) -> int:
    most = min(start + PAGE_CHARACTERS, len(text))
    if not _page_fits(text, start, most):
        most = max(_last(start, most, lambda end: _page_fits(text, start, end)), start + 1)
    if most == len(text):
        return most
    if start < quote_start < most < quote_start + LONGEST_QUOTE:
        most = quote_start
    end = _rest(text, start, most)
    space = _SPACE.match(text, end)
    return end if space is None else space.end()


def _page_fits(text: str, start: int, end: int) -> bool:
    return _fits(text[start:end], PAGE_TEXT)


def _rest(text: str, start: int, most: int) -> int:
    """The best place to end a page that ends at `most` at the latest."""
    half = start + (most - start) // 2
    for pattern in (_PARAGRAPH_END, _SENTENCE_END, _WORD_END):
        ends = [found.end() for found in pattern.finditer(text, half, most) if found.end() > start]
        if ends:
            return ends[-1]
    return max(character_end(text, most), start + 1)


def quoted_page(text: str, span: Span, quotes: Sequence[Span]) -> str:
    """A page of a text as a block quote, with what it holds of the quotes in bold; "…" when nothing can be seen."""
    return quoted_passage(text[span.start : span.end], _within(span, quotes)) or f"> {ELLIPSIS}"
