"""Terms back to what people typed: in scripts without spaces terms are pairs of characters, and few pairs are words."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence

from index.analysis.languages import Language
from index.analysis.words import is_wordless

_HIRAGANA = re.compile("[\u3041-\u309f]+")
_HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff]+")
_NEVER_FIRST = frozenset("ะาำๅະາຳ々ーゝヽ")
"""Vowels of Thai and Lao and marks of Japanese that belong to what stands before them."""
_NEVER_LAST = frozenset("เแโใไເແໂໃໄ")
_ALWAYS_A_PARTICLE = "を"
"""It ends a Japanese word wherever it stands."""
_SHORTEST = 2


def as_typed(
    terms: Sequence[str], others: Iterable[str], question: str, languages: Collection[Language]
) -> tuple[str, ...]:
    """Some terms of a question as people read them.

    Pairs of characters become the stretches that they cover together, without what is no word: Japanese particles and
    endings at either end (hiragana beside kanji and katakana), particles of Chinese, the halves of words that `others`
    hold ("京大" of "東京大学" when 東京 and 大学 are others), and single characters that such cutting leaves. In
    Korean, which has spaces, a stretch becomes the whole of what stands between two of them, unless only a particle
    is new in it.

    Args:
        terms: Terms to name, in the order of the question.
        others: Terms of the question that tell where words of others are; none when that does not matter.
        languages: In which the question was analysed; what only asks in any of them is no part of a word.

    Returns:
        Slices of the question (NFKC), each once; terms of scripts with spaces as they are. It may be empty.
    """
    pairs = {term for term in terms if is_wordless(term)}
    if not pairs:
        return tuple(terms)
    text = unicodedata.normalize("NFKC", question)
    for language in languages:
        text = language.without_asking(text)
    text = text.replace(_ALWAYS_A_PARTICLE, " ")
    held = {place for start, end in _places(text, others) for place in range(start, end)}
    words = [(text[start:end], _word(text, start, end, held, languages)) for start, end in _stretches(text, pairs)]
    named = (
        one
        for term in terms
        for one in ([word for stretch, word in words if term in stretch] if term in pairs else [term])
    )
    return tuple(dict.fromkeys(filter(None, named)))


def _places(text: str, terms: Iterable[str]) -> list[tuple[int, int]]:
    return sorted(
        (found.start(), found.start() + len(term))
        for term in set(terms)
        if is_wordless(term)
        # Looked at, not taken: "ちち" stands twice in "ちちち".
        for found in re.finditer(f"(?={re.escape(term)})", text)
    )


def _stretches(text: str, pairs: Iterable[str]) -> list[tuple[int, int]]:
    """Where pairs stand, those that overlap as one."""
    stretches: list[tuple[int, int]] = []
    for start, end in _places(text, pairs):
        if stretches and start < stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return stretches


def _word(text: str, start: int, end: int, held: Collection[int], languages: Iterable[Language]) -> str:
    """The word that a stretch holds, "" for none."""
    if end - start == 1:
        return text[start]
    leading = frozenset[str]().union(*(language.leading_particles for language in languages))
    trailing = frozenset[str]().union(*(language.trailing_particles for language in languages))
    new = _cut(start, end, lambda place: place in held, lambda place: place in held)
    if _HANGUL.match(text, start):
        whole = _between_spaces(text, start)
        return "" if text[slice(*new)] in trailing | {""} or len(whole) < _SHORTEST else whole
    is_grammar = _is_grammar(text[slice(*new)])
    first, last = _cut(
        *new,
        lambda place: is_grammar(text[place]) or text[place] in _NEVER_FIRST or _is_mark(text[place]),
        lambda place: is_grammar(text[place]) or text[place] in _NEVER_LAST,
    )
    while first < last < end and _is_mark(text[last]):
        last += 1
    while last - first > _SHORTEST and text[first] in leading:
        first += 1
    while last - first > _SHORTEST and text[last - 1] in trailing:
        last -= 1
    # Hiragana after something else is an ending more often than a word.
    is_ending = first > 0 and is_wordless(text[first - 1]) and _HIRAGANA.fullmatch(text, first, last) is not None
    return "" if last - first < _SHORTEST or is_ending else text[first:last]


def _cut(start: int, end: int, first: Callable[[int], bool], last: Callable[[int], bool]) -> tuple[int, int]:
    """A stretch without the places at either end that do not belong there."""
    while start < end and first(start):
        start += 1
    while start < end and last(end - 1):
        end -= 1
    return start, end


def _is_grammar(stretch: str) -> Callable[[str], bool]:
    """Whether a character at the end of a stretch is grammar: hiragana, unless there is nothing else."""
    if _HIRAGANA.fullmatch(stretch):
        return lambda _: False
    return lambda character: _HIRAGANA.match(character) is not None


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _between_spaces(text: str, place: int) -> str:
    """The whole Hangul around a place."""
    return next(found[0] for found in _HANGUL.finditer(text) if found.start() <= place < found.end())
