"""How much of an extracted text is right: words, paragraphs, fragments."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_WORD = re.compile(r"\w+")
_SHINGLE = 4
_AROUND = 3


@dataclass(frozen=True, slots=True)
class Overlap:
    """Precision and recall of one page's words, both in 0..1."""

    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Breaks:
    """Paragraph breaks of one page: true ones whose surroundings were found, those kept, wrong ones, and words."""

    true: int
    kept: int
    wrong: int
    words: int


@dataclass(frozen=True, slots=True)
class Fragments:
    """Fragments of one page that must be there and were found, of how many; and those that must not, but were."""

    found: int
    wanted: int
    unwanted: int


def overlap(truth: str, text: str) -> Overlap:
    """Compare runs of four words, repetitions counted, as the article extraction benchmark of Scrapinghub does."""
    wanted, got = _shingles(truth), _shingles(text)
    right = (wanted & got).total()
    precision = right / got.total() if got else float(not wanted)
    recall = right / wanted.total() if wanted else float(not got)
    return Overlap(precision, recall)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    if len(words) < _SHINGLE:
        return Counter([tuple(words)]) if words else Counter()
    return Counter(tuple(words[at : at + _SHINGLE]) for at in range(len(words) - _SHINGLE + 1))


def f1(overlaps: Sequence[Overlap]) -> tuple[float, float, float]:
    """Mean precision, mean recall, and F1 of the two means."""
    precision = sum(one.precision for one in overlaps) / len(overlaps)
    recall = sum(one.recall for one in overlaps) / len(overlaps)
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def breaks(truth: str, text: str) -> Breaks:
    """Look where paragraphs end, by the three words on both sides of each gap between words."""
    wanted, got = _gaps(truth), _gaps(text)
    places = [(place, is_break) for place, is_break in wanted.items() if place in got]
    return Breaks(
        true=sum(is_break for _, is_break in places),
        kept=sum(is_break and got[place] for place, is_break in places),
        wrong=sum(not is_break and got[place] for place, is_break in places),
        words=len(_WORD.findall(text)),
    )


def _gaps(text: str) -> dict[tuple[str, ...], bool]:
    """For each gap that has its three words on both sides for itself: whether a line ends in it."""
    found = list(_WORD.finditer(text))
    words = [match[0] for match in found]
    ends = ["\n" in text[before.end() : after.start()] for before, after in pairwise(found)]
    around = [tuple(words[at + 1 - _AROUND : at + 1 + _AROUND]) for at in range(_AROUND - 1, len(words) - _AROUND)]
    often = Counter(around)
    return {place: is_end for place, is_end in zip(around, ends[_AROUND - 1 :], strict=False) if often[place] == 1}


def fragments(text: str, wanted: Sequence[str], unwanted: Sequence[str]) -> Fragments:
    """Look for fragments, white space folded."""
    folded = _folded(text)
    return Fragments(
        sum(_folded(one) in folded for one in wanted), len(wanted), sum(_folded(one) in folded for one in unwanted)
    )


def _folded(text: str) -> str:
    return " ".join(text.split())


def same_title(truth: str, title: str) -> bool:
    """Whether two titles are equal but for case, punctuation and white space."""
    return [word.casefold() for word in _WORD.findall(truth)] == [word.casefold() for word in _WORD.findall(title)]


def names_author(truth: str, author: str) -> bool:
    """Whether the last name of the true author is among the names that were found."""
    words = _WORD.findall(truth.casefold())
    return bool(words) and words[-1] in _WORD.findall(author.casefold())
