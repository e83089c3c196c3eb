"""Cuts text into sentences, for any language, with offsets into the text as it stands.

One pass of a regular expression finds every place where a sentence may end; what follows are rules that withdraw
candidates, cheap and frequent ones first. Most of the mistakes they prevent are abbreviations, initials and ordinals.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path

from index.analysis.languages import DOTTED_ORDINALS

MAX_SENTENCE_CHARACTERS = 400
"""A longer sentence is cut: nobody reads a quote of that length, and lists without full stops come as one sentence."""

MAX_UNPUNCTUATED_CHARACTERS = 198
"""The same for languages that put spaces between phrases and no mark after sentences: two of them make a quote."""

_DATA = Path(__file__).with_name("data")
_UNPUNCTUATED_LANGUAGES = frozenset({"th", "lo", "km"})

# Marks after which the next sentence needs no space: danda, Urdu, Khmer, Burmese, Ethiopic and East Asian full stops.
_SPACELESS = "।॥۔។៕။።።。！？｡．"
_SPACED = ".!?؟…։"
# “ and « close quotes in German and Danish; after a spaceless mark they open the next sentence.
_CLOSING = "\"'”’“»«›‹)\\]*」』）】》〉"
_CLOSING_SPACELESS = "\"'”’»)\\]」』）】》〉"

# The first element is one set of characters on purpose: `re` then skips to candidates without trying the pattern at
# every position (5 times faster than an alternation). What follows it always matches, so that runs of marks cannot make
# it quadratic. Group 1 is the mark with closing quotes (French puts a space before "»") and footnote numbers ("[3]");
# after it comes white space.
_CANDIDATE = re.compile(
    rf"([{_SPACED}{_SPACELESS}\n]"
    rf"(?:(?<=\n)"
    rf"|(?<=[{_SPACELESS}])[{_SPACELESS}]*[{_CLOSING_SPACELESS}]*"
    rf"|[{_SPACED}]*(?:[{_CLOSING}]|\s»(?=\s|\Z))*(?:\s?\[\d{{1,3}}\](?=\W|\Z))*))"
    rf"\s*"
)
_SPACELESS_MARKS = frozenset(_SPACELESS)
_OPENING = "([{„“”\"«»'‘’‚¿¡*_"
_LIST_ITEM = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s")
_ROMAN = re.compile(r"[IVX]{2,6}")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_NEXT_WORD = re.compile(rf"[{re.escape(_OPENING)}]*([^\W\d_]+)")

_LONGEST_ABBREVIATION = 20
_MIN_LINE = 25
_MIN_LAST_LINE = 12
_SEPARATORS: tuple[str, ...] = ("; ", "；", "؛ ", " – ", " — ", ", ", "،", "，", "、")


class _Abbreviation(Enum):
    """When the full stop after an abbreviation ends a sentence."""

    NEVER = ""
    BEFORE_STARTERS = "~"
    BEFORE_ANY_WORD = "?"


def sentence_spans(text: str, language: str) -> list[tuple[int, int]]:
    """Find the sentences of a text.

    A sentence ends after a full stop and its kin when white space follows (East Asian, Indic and Urdu marks need none),
    at a blank line always, and at a single line break when both lines look like lines of their own. Sentences longer
    than `MAX_SENTENCE_CHARACTERS` are cut at the best separator; Thai, Lao and Khmer at spaces.

    Args:
        text: Any text.
        language: An ISO 639-1 code; an unknown one is treated like English.

    Returns:
        Half-open spans, ascending, without overlap, none empty. They begin and end with something other than white
        space, and together hold everything that is not white space; a text of white space gives no span.
    """
    spans: list[tuple[int, int]] = []
    size = len(text)
    limit, separators = MAX_SENTENCE_CHARACTERS, _SEPARATORS
    if language in _UNPUNCTUATED_LANGUAGES:
        limit, separators = MAX_UNPUNCTUATED_CHARACTERS, ()
    has_ordinals = language in DOTTED_ORDINALS
    start = size - len(text.lstrip())
    for match in _CANDIDATE.finditer(text, start):
        (first, resume), (_, end) = match.regs
        mark = text[first]
        if mark == "\n":
            if not _line_ends(text, start, first, first, resume, has_ordinals):
                continue
            end = first
            while text[end - 1].isspace():
                end -= 1
        elif (
            end == resume
            and resume < size
            and (mark not in _SPACELESS_MARKS or (mark == "．" and text[resume].isdigit()))  # "３．１４"
        ):
            continue  # "3.14", "example.org"
        elif (
            resume < size
            and _goes_on(text, start, first, end, resume, has_ordinals)
            and not (resume > end and _line_ends(text, start, end, end, resume, has_ordinals))
        ):
            continue
        if end - start > limit:
            spans.extend(_cut(text, start, end, limit, separators))
        else:
            spans.append((start, end))
        start = resume
    if start < size:
        spans.extend(_cut(text, start, len(text.rstrip()), limit, separators))
    return spans


def _line_ends(text: str, start: int, end: int, gap: int, resume: int, has_ordinals: bool) -> bool:
    """Whether the white space `text[gap:resume]` ends the sentence `text[start:end]` by its line breaks."""
    breaks = text.count("\n", gap, resume)
    if breaks != 1:
        return breaks > 1
    if _LIST_ITEM.match(text, resume) and not (has_ordinals and text[resume].isdigit()):
        return True
    # A short line is a heading or a line of verse; a digit or a small letter goes on with a wrapped line.
    return (
        end - start >= _MIN_LINE
        and len(text) - resume >= _MIN_LAST_LINE
        and not text[resume].isdigit()
        and not _is_small(text[resume])
    )


def _goes_on(text: str, start: int, first: int, end: int, resume: int, has_ordinals: bool) -> bool:
    """Whether the sentence that begins at `start` goes on after the mark `text[first:end]`."""
    mark = text[first]
    following = text[resume]
    if mark in _SPACELESS_MARKS:
        return following in "とっ" and end - first > 1 and mark in "。！？"  # 「はい。」と言った
    if _is_small(following) and (mark == "." or mark == "…" or end - first > 1):
        return True  # "approx. five", "well ... no", "“Why?” he asked"
    if mark == "." and (end - first == 1 or text[first + 1] == "[" or text[first + 1].isspace()):
        if end - start < 4 and end - first == 1:
            return True  # "1. First point"
        word = _word_before(text, start, first)
        if word and not _ends_after(word, text, resume, has_ordinals):
            return True
    return text.find("(", start, end) >= 0 and _is_inside_brackets(text, start, end)


def _ends_after(word: str, text: str, resume: int, has_ordinals: bool) -> bool:
    """Whether a full stop after this word ends the sentence, if `text[resume:]` follows, not in lower case."""
    if len(word) == 1 and text[resume + 1 : resume + 2] == ".":
        return False  # "z. B."
    kind = _abbreviations().get(word.lower())
    if len(word) < 8 and word[-1].isupper() and _INITIALS.fullmatch(word):
        # "J. R. R. Tolkien" against "vitamin C. The": short words are Chinese names too ("J. He").
        return _starts_sentence(text, resume, shortest=3 if len(word) == 1 else 1)
    if kind is not None:
        if kind is _Abbreviation.NEVER:
            return False
        if kind is _Abbreviation.BEFORE_STARTERS:
            return _starts_sentence(text, resume)
        return not text[resume].isdigit() and text[resume] != "("  # "No. 5", "et al. (2001)"
    if len(word) <= 2 and word.isdigit():
        if text[resume].isdigit():
            return False  # "am 5. 10. 1990"
        return not has_ordinals or _starts_sentence(text, resume)
    if has_ordinals and _ROMAN.fullmatch(word):
        return _starts_sentence(text, resume)
    return True


def _starts_sentence(text: str, position: int, shortest: int = 1) -> bool:
    """Whether the word at this place, perhaps in quotes, is one that opens sentences."""
    match = _NEXT_WORD.match(text, position, position + 24)
    return match is not None and len(match[1]) >= shortest and match[1] in _starters()


def _word_before(text: str, start: int, end: int) -> str:
    words = text[max(start, end - _LONGEST_ABBREVIATION) : end].rsplit(None, 1)
    return words[-1].lstrip(_OPENING) if words else ""


def _is_inside_brackets(text: str, start: int, end: int) -> bool:
    """Whether a bracket opened shortly before is closed shortly after: "(He left. Nobody knows why.)"."""
    begin = max(start, end - MAX_SENTENCE_CHARACTERS)
    if text.count("(", begin, end) <= text.count(")", begin, end):
        return False
    closing = text.find(")", end, end + 120)
    return closing >= 0 and text.find("(", end, closing) < 0


def _is_small(character: str) -> bool:
    # Georgian has one case, which Unicode calls lower.
    return character.islower() and not "ა" <= character <= "ჿ"


def _cut(text: str, start: int, end: int, limit: int, separators: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Cut `text[start:end]`, which has no white space at its ends, into pieces of at most `limit` characters."""
    while end - start > limit:
        place = _best_cut(text, start, limit, separators)
        stop = place
        while text[stop - 1].isspace():
            stop -= 1
        yield start, stop
        start = place
        while text[start].isspace():
            start += 1
    yield start, end


def _best_cut(text: str, start: int, limit: int, separators: tuple[str, ...]) -> int:
    """Where to end a piece that begins at `start`: after the last of the best separators that leave no tiny piece."""
    earliest, latest = start + limit // 4, start + limit
    for separator in separators:
        place = text.rfind(separator, earliest, latest)
        if place >= 0:
            return place + len(separator)
    place = max(text.rfind(" ", earliest, latest + 1), text.rfind("\n", earliest, latest + 1))
    if place >= 0:
        return place
    # No space at all: keep marks with their letter.
    for place in range(latest, latest - 8, -1):
        if not unicodedata.category(text[place]).startswith("M"):
            return place
    return latest


@cache
def _abbreviations() -> dict[str, _Abbreviation]:
    kinds = {}
    for word in _words("abbreviations.txt"):
        kind = _Abbreviation(word[-1]) if word[-1] in "~?" else _Abbreviation.NEVER
        kinds[word.rstrip("~?")] = kind
    return kinds


@cache
def _starters() -> frozenset[str]:
    return frozenset(_words("sentence_starters.txt"))


def _words(name: str) -> list[str]:
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]
