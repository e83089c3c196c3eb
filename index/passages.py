"""Article to passages: slices of its text that are long enough to have context and short enough to be shown whole."""

import re

from index.analysis.sentences import sentence_spans
from index.models import MAX_PASSAGE_CHARACTERS, Span

MERGED_CHARACTERS = 500
"""Paragraphs are merged until a passage has this many characters.

Paragraphs alone cost 10 points of passage@1 on news; windows of sentences cost as much on encyclopaedic text.
"""

_PARAGRAPH = re.compile(r"\S(?:.*\S)?(?:[^\S\n]*\n(?![^\S\n]*\n).*\S)*")
_LINE = re.compile(r"\S(?:.*\S)?")
_SPACE = re.compile(r"\s+")


def split(text: str, language: str) -> list[Span]:
    """Cut a text into passages.

    Returns:
        Spans in order, without overlap, of at most `MAX_PASSAGE_CHARACTERS`, neither beginning nor ending with white
        space; every other character of the text is in one. A paragraph is cut only where it alone is too long, then
        at sentence ends if it has any.
    """
    pieces = [piece for start, end in _paragraphs(text) for piece in _fitting(text, start, end, language)]
    passages: list[Span] = []
    for start, end in pieces:
        last = passages[-1] if passages else None
        if (
            last is not None
            and last.end - last.start < MERGED_CHARACTERS
            and end - last.start <= MAX_PASSAGE_CHARACTERS
        ):
            passages[-1] = Span(last.start, end)
        else:
            passages.append(Span(start, end))
    if len(passages) > 1:
        before, last = passages[-2:]
        short = last.end - last.start < MERGED_CHARACTERS // 2
        if short and last.end - before.start <= MAX_PASSAGE_CHARACTERS:
            passages[-2:] = [Span(before.start, last.end)]
    return passages


def _paragraphs(text: str) -> list[tuple[int, int]]:
    # Pasted and extracted texts often have one line a paragraph and no blank lines at all.
    pattern = _PARAGRAPH if re.search(r"\S[^\S\n]*\n[^\S\n]*\n\s*\S", text) else _LINE
    return [match.span() for match in pattern.finditer(text)]


def _fitting(text: str, start: int, end: int, language: str) -> list[tuple[int, int]]:
    if end - start <= MAX_PASSAGE_CHARACTERS:
        return [(start, end)]
    pieces: list[tuple[int, int]] = []
    for a, b in sentence_spans(text[start:end], language):
        for piece in _cut(text, start + a, start + b):
            if pieces and piece[1] - pieces[-1][0] <= MAX_PASSAGE_CHARACTERS:
                pieces[-1] = (pieces[-1][0], piece[1])
            else:
                pieces.append(piece)
    return pieces


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A sentence longer than a passage, cut at white space, or anywhere when it has none."""
    pieces: list[tuple[int, int]] = []
    while end - start > MAX_PASSAGE_CHARACTERS:
        limit = start + MAX_PASSAGE_CHARACTERS
        spaces = list(_SPACE.finditer(text, start + MAX_PASSAGE_CHARACTERS // 2, limit))
        cut, onward = (spaces[-1].start(), spaces[-1].end()) if spaces else (limit, limit)
        pieces.append((start, cut))
        start = onward
    if start < end:
        pieces.append((start, end))
    return pieces
