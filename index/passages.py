"""Article to passages: slices of its text that are long enough to have context and short enough to be shown whole."""

import re

from index.analysis.sentences import sentence_spans
from index.models import MAX_PASSAGE_CHARACTERS, Span

MERGED_CHARACTERS = 500
"""Paragraphs are merged until a passage has this many characters.

Paragraphs alone cost 10 points of passage@1 on news, windows of 350 characters as much on encyclopaedic text.
"""

STEP_CHARACTERS = 500
"""How far apart the passages of a long paragraph begin: half of what fits, so that what stands together is in one.

Passages that only follow each other cost half a point of passage@1 and of quote@1.
"""

_PARAGRAPH = re.compile(r"\S(?:.*\S)?(?:[^\S\n]*\n(?![^\S\n]*\n).*\S)*")
_LINE = re.compile(r"\S(?:.*\S)?")


def split(text: str, language: str) -> list[Span]:
    """Cut a text into passages.

    Returns:
        Spans in order of their beginnings and of their ends, of at most `MAX_PASSAGE_CHARACTERS`, neither beginning
        nor ending with white space; every other character of the text is in one, or in two that overlap. Only a
        paragraph that alone is too long is cut, into passages that overlap: at sentence ends if it has any.
    """
    passages: list[Span] = []
    for start, end in _paragraphs(text):
        last = passages[-1] if passages else None
        before = last.start if last is not None and last.end - last.start < MERGED_CHARACTERS else None
        if before is not None and end - before <= MAX_PASSAGE_CHARACTERS:
            passages[-1] = Span(before, end)
        elif end - start <= MAX_PASSAGE_CHARACTERS:
            passages.append(Span(start, end))
        else:
            # What is short before it, as a heading is, belongs to its beginning.
            if before is not None:
                start = passages.pop().start
            passages += _overlapping(text, start, end, language)
    if len(passages) > 1:
        one, last = passages[-2:]
        short = last.end - last.start < MERGED_CHARACTERS // 2
        if short and last.end - one.start <= MAX_PASSAGE_CHARACTERS:
            passages[-2:] = [Span(one.start, last.end)]
    return passages


def _paragraphs(text: str) -> list[tuple[int, int]]:
    # Pasted and extracted texts often have one line a paragraph and no blank lines at all.
    pattern = _PARAGRAPH if re.search(r"\S[^\S\n]*\n[^\S\n]*\n\s*\S", text) else _LINE
    return [match.span() for match in pattern.finditer(text)]


def _overlapping(text: str, start: int, end: int, language: str) -> list[Span]:
    """Passages of as many sentences as fit, each beginning `STEP_CHARACTERS` after the one before, or a little later.

    No character is in more than two of them. None stands whole in another: a sentence has at most
    `MAX_SENTENCE_CHARACTERS`, so the first that does not fit beside a passage's beginning fits beside its middle.
    """
    sentences = sentence_spans(text[start:end], language)
    passages: list[Span] = []
    first, last = 0, -1
    while last + 1 < len(sentences):
        begin = sentences[first][0]
        last = first
        while last + 1 < len(sentences) and sentences[last + 1][1] - begin <= MAX_PASSAGE_CHARACTERS:
            last += 1
        passages.append(Span(start + begin, start + sentences[last][1]))
        while first <= last and sentences[first][0] - begin < STEP_CHARACTERS:
            first += 1
    return passages
