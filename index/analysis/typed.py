"""Terms back to what people typed: in scripts without spaces terms are pairs of characters, and few pairs are words."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from index.analysis.languages import Language
from index.analysis.words import has_wordless, is_wordless

_HIRAGANA = re.compile("[\u3041-\u309f]+")
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc-\u30ff]+")
_STEM = re.compile("[\u3041-\u309f]+[^\u3041-\u309f]$")
_WORD = re.compile(r"[^\W_]+")
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
        Slices of the question (NFKC), each once. It may be empty.
    """
    text = normal = unicodedata.normalize("NFKC", question)
    spelled = _spelled(normal)
    terms = [spelled.get(term, term) for term in terms]
    pairs = {term for term in terms if is_wordless(term)}
    if not pairs:
        return tuple(dict.fromkeys(terms))
    for language in languages:
        text = language.without_asking(text)
    text = text.replace(_ALWAYS_A_PARTICLE, " ")
    pairs = {term for term in pairs if len(term) > 1 or _stands_alone(term, normal)}
    held = {place for start, end in _places(text, others) for place in range(start, end)}
    words = [(text[start:end], _word(text, start, end, held, languages)) for start, end in _stretches(text, pairs)]
    named = (
        one
        for term in terms
        for one in ([word for stretch, word in words if term in stretch] if is_wordless(term) else [term])
    )
    return tuple(dict.fromkeys(filter(None, named)))


@lru_cache(maxsize=16)
def _spelled(text: str) -> Mapping[str, str]:
    """The words of a question as they are first written, by what they are casefolded; every passage shown asks."""
    return MappingProxyType({word.casefold(): word for word in reversed(_WORD.findall(text))})


def _places(text: str, terms: Iterable[str]) -> list[tuple[int, int]]:
    """Where terms stand, in order; "ちち" stands twice in "ちちち"."""
    found: list[tuple[int, int]] = []
    for term in set(terms):
        place = text.find(term) if is_wordless(term) else -1
        while place >= 0:
            found.append((place, place + len(term)))
            place = text.find(term, place + 1)
    return sorted(found)


def _stretches(text: str, pairs: Iterable[str]) -> list[tuple[int, int]]:
    """Where pairs stand, those that overlap as one."""
    stretches: list[tuple[int, int]] = []
    for start, end in _places(text, pairs):
        if stretches and start < stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(end, stretches[-1][1]))
        else:
            stretches.append((start, end))
    return stretches


def _word(text: str, start: int, end: int, held: Collection[int], languages: Collection[Language]) -> str:
    """The word that a stretch holds, "" for none."""
    if end - start == 1:
        # It stands alone.
        return text[start]
    leading = frozenset[str]().union(*(language.leading_particles for language in languages))
    trailing = frozenset[str]().union(*(language.trailing_particles for language in languages))
    first, last = _cut(start, end, lambda place: place in held, lambda place: place in held)
    if _HANGUL.match(text, start):
        whole = _run_at(_HANGUL, text, start)
        return "" if text[first:last] in trailing | {""} or len(whole) < _SHORTEST else whole
    first, last = _without_grammar(text, first, last)
    if first < last:
        first, last = _with_whole_katakana(text, first, last)
    while last - first > _SHORTEST and text[first] in leading:
        first += 1
    while last - first > _SHORTEST and text[last - 1] in trailing:
        last -= 1
    return text[first:last] if _is_word(text, first, last) else ""


def _stands_alone(character: str, question: str) -> bool:
    """Whether a single character was typed by itself; the counter of "何台" was not."""
    return any(
        not has_wordless(question[:place][-1:]) and not has_wordless(question[place + 1 :][:1])
        for place, one in enumerate(question)
        if one == character
    )


def _cut(start: int, end: int, first: Callable[[int], bool], last: Callable[[int], bool]) -> tuple[int, int]:
    """A stretch without the places at either end that do not belong there."""
    while start < end and first(start):
        start += 1
    while start < end and last(end - 1):
        end -= 1
    return start, end


def _without_grammar(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch without hiragana at its ends, and without the single kanji that such an ending belongs to ("飼われて").

    One of hiragana alone stays as it is.
    """
    if _HIRAGANA.fullmatch(text, start, end):
        return start, end

    def is_hiragana(place: int) -> bool:
        return _HIRAGANA.match(text, place) is not None

    start, end = _cut(start, end, is_hiragana, is_hiragana)
    stem = _STEM.search(text, start, end)
    if stem is not None and end < len(text) and is_hiragana(end):
        end = stem.start()
    return start, end


def _with_whole_katakana(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch with all of the katakana that it begins or ends in: they are words, of which no part is one."""
    for run in _KATAKANA.finditer(text):
        if run.start() < end and start < run.end():
            start, end = min(start, run.start()), max(end, run.end())
    return start, end


def _is_word(text: str, start: int, end: int) -> bool:
    """Whether a stretch can be a word: two letters or more, no ending, and no half of a syllable at either end."""
    if sum(not _is_mark(character) for character in text[start:end]) < _SHORTEST:
        return False
    # Hiragana after something else is an ending more often than a word.
    if start > 0 and is_wordless(text[start - 1]) and _HIRAGANA.fullmatch(text, start, end):
        return False
    return not (_joins(text, start) or _joins(text, end))


def _joins(text: str, place: int) -> bool:
    """Whether what stands before and behind a place belongs together."""
    before, behind = text[:place][-1:], text[place : place + 1]
    return before in _NEVER_LAST or behind in _NEVER_FIRST or (behind != "" and _is_mark(behind))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _run_at(pattern: re.Pattern[str], text: str, place: int) -> str:
    """The run of characters around a place."""
    return next(run[0] for run in pattern.finditer(text) if run.start() <= place < run.end())
