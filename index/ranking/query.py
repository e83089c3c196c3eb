"""A question, analysed in one language: the units that are looked for, and what re-ranking has to know of them."""

import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from index.analysis.languages import Language
from index.analysis.words import Analyzer, Flag, Word
from index.ranking.bm25 import idf
from index.ranking.vocabulary import Vocabulary, variants

SINGLE_CHARACTER_WEIGHT = 0.3

OTHER_SPELLING_WEIGHT = 0.7
"""Of "4" for "fourth", which also finds the number four."""

# Plain integers: an enum's `&` costs ten times as much, and this runs for every word of a question.
_STOP, _CAPITAL, _NUMBER = int(Flag.STOP), int(Flag.CAPITAL), int(Flag.NUMBER)


class Expected(IntEnum):
    """Which kind of word answers a question; the values are those of the words' flags."""

    ANY = 0
    NUMBER = int(Flag.NUMBER)
    DATE = int(Flag.DATE)
    NAME = int(Flag.CAPITAL)
    CAUSE = int(Flag.CAUSE)


_EXPECTED = {
    "number": Expected.NUMBER,
    "date": Expected.DATE,
    "person": Expected.NAME,
    "place": Expected.NAME,
    "why": Expected.CAUSE,
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A typed term with its variants, as (term, weight), the typed one first with weight 1."""

    term: str
    typed: str
    terms: tuple[tuple[str, float], ...]
    weight: float
    known: bool
    is_capital: bool
    is_number: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A question in one language. `units` may be empty: nothing in it could be looked for."""

    language: str
    words: tuple[Word, ...]
    units: tuple[Unit, ...]
    singles: tuple[str, ...]
    expected: Expected
    corpus_size: int

    @property
    def total_weight(self) -> float:
        """Sum of the units' idf, above 0 when there are units."""
        return sum(unit.weight for unit in self.units)

    def search_units(self) -> list[tuple[tuple[str, float], ...]]:
        """What the engine is asked for."""
        return [unit.terms for unit in self.units] + [((one, SINGLE_CHARACTER_WEIGHT),) for one in self.singles]


def analyse(
    question: str,
    analyzer: Analyzer,
    vocabulary: Vocabulary,
    corpus_size: int,
    counts: Callable[[Sequence[str]], Sequence[int]],
) -> Query:
    """Analyse a question in the analyzer's language.

    Args:
        counts: How many passages of the scope's corpus hold each of some terms.
    """
    words = analyzer.question(question)
    content = [word for word in words if not word.flags & _STOP]
    places: dict[str, int] = {}
    for place, word in enumerate(words):
        if not word.flags & _STOP:
            places.setdefault(word.term, place)
    units: list[Unit] = []
    for term, place in places.items():
        same = [w for w in content if w.term == term]
        others = [(w.extra, 1.0) for w in same if w.extra is not None and not w.extra.startswith("\x02")]
        others += [(other, OTHER_SPELLING_WEIGHT) for other in analyzer.other_spellings(same[0])]
        candidates = [(term, 1.0), *others, *variants(term, analyzer.language, vocabulary)]
        held = counts([one for one, _ in candidates])
        found = [(pair, n) for pair, n in zip(candidates, held, strict=True) if n > 0]
        df = held[0] or (found[0][1] if found else 0)
        units.append(
            Unit(
                term=term,
                typed=same[0].surface,
                terms=tuple(pair for pair, _ in found),
                weight=idf(max(corpus_size, 1), df),
                known=bool(found),
                is_capital=place > 0 and any(w.flags & _CAPITAL for w in same),
                is_number=any(w.flags & _NUMBER for w in same),
            )
        )
    singles = tuple(dict.fromkeys(w.extra for w in content if w.extra is not None and w.extra.startswith("\x02")))
    return Query(
        analyzer.language.code, tuple(words), tuple(units), singles, expected(question, analyzer.language), corpus_size
    )


def expected(question: str, language: Language) -> Expected:
    """The kind of word that the question asks for."""
    kind = language.question_type(unicodedata.normalize("NFKC", question))
    return _EXPECTED[kind] if kind is not None else Expected.ANY


def highest_idf(corpus_size: int) -> float:
    """The idf of a term that no passage holds."""
    return math.log(1 + (corpus_size + 0.5) / 0.5)
