"""Which sentences of a passage are its quote: the best, and the second best or the part of it that has room."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from index.analysis.words import Analyzer
from index.answering.candidates import Group
from index.models import Span
from index.ranking.query import Expected, Query

QUOTE_CHARACTERS = 400
_ELLIPSIS = " […] "

_CLAUSE = re.compile(r"[,;:](?=\s)\s+|\s[–—-]\s|[；，、：،؛]\s*")
_SHORTEST_CLAUSE = 40
"""Characters; less than that says too little alone. Where a part of a sentence is shown, half of what is asked counts
for a word of the kind that answers."""


class Chosen(NamedTuple):
    """The sentences of a passage that are quoted.

    Attributes:
        quotes: The best sentence, and the next best that still fits in `QUOTE_CHARACTERS`, in the order of the text.
        better: Which of them is the best.
        spare: The second best sentence, if it is too long to stand beside the best.
    """

    quotes: tuple[Span, ...]
    better: int
    spare: Span | None


def chosen(group: Group, passage: int, sentences: Sequence[tuple[int, int]]) -> Chosen:
    """Choose what is quoted of a passage.

    Args:
        passage: Its place in the group.
        sentences: Where its sentences begin and end, in characters of the passage.
    """
    first = int(group.table.first[passage])
    scores = group.sentence_scores[first : first + len(sentences)].tolist()
    order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    best = order[0]
    fitting = (other for other in order[1:] if _length(sentences, best, other) <= QUOTE_CHARACTERS)
    kept = sorted([best, *islice(fitting, 1)])
    spare = None if len(order) < 2 or order[1] in kept else Span(*sentences[order[1]])
    return Chosen(tuple(Span(*sentences[place]) for place in kept), kept.index(best), spare)


def _length(sentences: Sequence[tuple[int, int]], one: int, two: int) -> int:
    (start, stop), (resume, end) = sorted((sentences[one], sentences[two]))
    # What stands between the two is shown as well: white space, or an ellipsis in its place (`Citation.bold`).
    between = resume - stop if abs(one - two) == 1 else len(_ELLIPSIS)
    return stop - start + between + end - resume


def filled(
    quotes: tuple[Span, ...], better: int, spare: Span, passage: str, query: Query, analyzer: Analyzer
) -> tuple[tuple[Span, ...], int]:
    """The quotes of a passage, with a part of the second best sentence where the whole of it has no room.

    Args:
        quotes, better, spare: What `chosen` gives, where there is a spare sentence.

    Returns:
        The quotes, in the order of the text, and which of them is the best sentence.
    """
    best = quotes[better]
    room = QUOTE_CHARACTERS - (best.end - best.start) - len(_ELLIPSIS)
    part = clause(passage, spare, room, query, analyzer)
    if part is None:
        return quotes, better
    return ((best, part), 0) if best.start < part.start else ((part, best), 1)


def clause(passage: str, sentence: Span, room: int, query: Query, analyzer: Analyzer) -> Span | None:
    """The part of a sentence that says most of what is asked, from one mark to another.

    Args:
        room: Most characters of the part.

    Returns:
        A span of the passage, or None when no clause fits or the sentence has no marks to cut it at.
    """
    text = passage[sentence.start : sentence.end]
    marks = [(match.start(), match.end()) for match in _CLAUSE.finditer(text)]
    begins = [0, *(end for _, end in marks)]
    ends = [*(start for start, _ in marks), len(text)]
    units = {
        term: (place, weight * unit.weight) for place, unit in enumerate(query.units) for term, weight in unit.terms
    }
    found: list[tuple[int, int, float]] = []
    for token in analyzer.tokens(text):
        unit = units.get(token.word.term)
        if unit is not None:
            found.append((token.start, *unit))
        elif query.expected is not Expected.ANY and token.word.flags & int(query.expected):
            found.append((token.start, -1, query.total_weight / 2))
    options: list[tuple[float, int, int, int]] = []
    for begin in begins:
        for end in ends:
            if _SHORTEST_CLAUSE <= end - begin <= room:
                values: dict[int, float] = {}
                for at, place, value in found:
                    if begin <= at < end:
                        values[place] = max(value, values.get(place, 0.0))
                options.append((sum(values.values()), end - begin, -begin, end))
    if not options:
        return None
    _, _, before, end = max(options)
    return Span(sentence.start - before, sentence.start + end)
