"""Text to words: what two texts must share to match, with the place of each in the original text.

A *form* is a run of characters as it stands (after NFKC); a *word* is what analysis makes of it: a term, the surface
that exact matching compares, and flags. Most forms give one word; "l'armée", "cease-fire" or "17.05.2022" give several.
Each form is analysed once and remembered.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntFlag
from functools import cache, cached_property
from importlib import resources
from typing import NamedTuple

from index.analysis.languages import DOTTED_ORDINALS, Language, language
from index.analysis.lemmas import LemmaTable, lemma_table
from index.analysis.ordinals import Ordinals
from index.analysis.stemming import stemmer

ANALYSIS_VERSION = 5
"""Raise it when a text gives other words or passages than before: saved indexes of another version are rebuilt."""

WORDLESS = (
    "\u3005\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\uac00-\ud7a3\u1100-\u11ff"
)
"""Scripts cut into overlapping pairs of characters: Han, kana, Thai, Lao, Burmese, Khmer, Hangul."""


class Flag(IntFlag):
    """What answering has to know of a word besides its term."""

    NUMBER = 1
    DATE = 2
    CAPITAL = 4
    STOP = 8
    CAUSE = 32


# Plain integers: an enum's operators cost ten times as much, and these run for every new word.
_NUMBER, _DATE, _CAPITAL, _STOP, _CAUSE = (
    int(flag) for flag in (Flag.NUMBER, Flag.DATE, Flag.CAPITAL, Flag.STOP, Flag.CAUSE)
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word. `extra` is a second term that finds it too.

    It is the joined spelling, the single character of a pair, or what else a date may mean.
    """

    term: str
    surface: str
    flags: int
    extra: str | None = None


class Token(NamedTuple):
    """A word in its place: `text[start:end]` of the original text is what was read."""

    word: Word
    start: int
    end: int


@cache
def _marks() -> str:
    return resources.files("index.analysis").joinpath("data/marks.txt").read_text("utf-8").replace("\n", "")


@cache
def _patterns(dotted: bool) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Patterns of forms for ASCII texts, for texts without wordless scripts, and for all; from fast to slow.

    The commonest form, a word of two letters or more, is tried first.

    Args:
        dotted: Whether "3.10." is a date, as in the languages of `DOTTED_ORDINALS`.
    """
    letters = rf"[\w{_marks()}]"
    single = rf"(?:(?![{WORDLESS}]){letters})"
    return (
        re.compile(_forms("[A-Za-z]", r"\w", r"['\-]", dotted), re.ASCII),
        re.compile(_forms(r"[^\W\d_]", letters, r"['’ʼ\-‐‑]", dotted)),
        re.compile(
            rf"(?<!\d)(?:1[0-2]|0?[1-9])[月월]|第\d\d?(?!\d)|[{WORDLESS}]+|"
            + _forms(rf"(?![{WORDLESS}])[^\W\d_]", single, r"['’ʼ\-‐‑]", dotted)
        ),
    )


def _forms(first: str, letter: str, glue: str, dotted: bool) -> str:
    joined = f"(?:{glue}{letter}+)*"
    return (
        f"{first}{letter}+{joined}"
        rf"|(?:{first}\.){{2,}}"
        f"|{first}{joined}{_DOTTED if dotted else ''}"
        r"|\d{4}(?:-\d\d?-|/\d\d?/|\.\d\d?\.)\d\d?(?![\w-])"
        r"|\d\d?[./-]\d\d?[./-]\d{4}(?!\w)"
        r"|\d{1,3}(?:[ \u202f\u2009'’]\d{3})+(?![\w.,'’]\w|\w)"
        rf"|\d+(?:{_ORDINAL_ENDINGS})(?!{letter})"
        rf"|\d+(?:[.,]\d+)*(?!{letter})"
        rf"|\d{letter}*{joined}"
        r"|[$€£¥%₹₽]"
    )


_ORDINAL_ENDINGS = r":[^\W\d_]{1,4}|-(?:ik|[\u0400-\u052f]{1,3})|\.(?:[oa]s?|er)|['’][ıiuü]?nc[ıiuü]"
"""After a mark: "4:e", "4-го", "4.º", "4'üncü"."""

_DOTTED = (
    r"|\d\d?\. ?\d\d?\.(?: ?\d{4})?(?!\w)"  # "3.10.", "3. 10. 2022"
    r"|\d{4}\. ?\d\d?\. ?\d\d?(?:\.(?!\w)|(?![\w.]))"  # "2022. 10. 3."
)
_IS_WORDLESS = re.compile(f"[{WORDLESS}]")
_SEPARATORS = re.compile(r"['’ʼ\-‐‑/\s]+")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
_DATE_PARTS = re.compile(r"[^\d]+")
_ORDINAL = re.compile(
    rf"(\d{{1,9}})(?:st|nd|rd|th|n(?:de?|a)|re|[rt]a?|ste|de|i?[eè]re?|i?[eè](?:me)?|é|[oa]s?|{_ORDINAL_ENDINGS}"
    r"|ος|η|ης|ο|ου|ον)",
    re.IGNORECASE,
)
_ARABIC = str.maketrans(
    {
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ة": "ه",
        "ـ": None,
        "ك": "ك",
        "ی": "ي",
        "ک": "ك",
        "ؤ": "و",
        "ئ": "ي",
    }
)
_ARABIC_MARKS = re.compile("[\u064b-\u065f\u0670]")
_CURRENCY = {"$": "dollar", "€": "euro", "£": "pound", "₹": "rupee", "₽": "ruble"}


def is_wordless(text: str) -> bool:
    """Whether a text begins in a script that is cut into pairs of characters."""
    return _IS_WORDLESS.match(text) is not None


def has_wordless(text: str) -> bool:
    """Whether any of a text is in a script that is cut into pairs of characters."""
    return _IS_WORDLESS.search(text) is not None


def _is_cut(run: str) -> bool:
    """Whether a form is cut into pairs; "第12" is not."""
    return _IS_WORDLESS.match(run) is not None and _IS_WORDLESS.match(run, len(run) - 1) is not None


def fold_accents(text: str) -> str:
    """Drop the combining marks of Latin, Greek and Cyrillic; other scripts keep theirs, which are letters to them."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")


class Analyzer:
    """Analyses text in one language.

    Forms are remembered, so an analyzer grows with the distinct forms it has seen: keep one for a build, then drop it.
    """

    def __init__(self, code: str) -> None:
        self.language: Language = language(code)
        self._stem = stemmer(self.language.code)
        self._lemmas: LemmaTable | None = lemma_table(self.language.code)
        self._words: dict[str, tuple[Word, ...]] = {}
        self._stop = self.language.stop | self.language.question_words
        self._months = {form: _month_term(i) for i, month in enumerate(self.language.months, 1) for form in month}
        self._ascii, self._spaced, self._mixed = _patterns(self.language.code in DOTTED_ORDINALS)

    def forms(self, text: str, start: int = 0, end: int | None = None) -> list[str]:
        """The forms of `text[start:end]` (NFKC), in order; runs of wordless scripts as overlapping pairs."""
        stop = len(text) if end is None else end
        if text.isascii():
            return self._ascii.findall(text, start, stop)
        if not _IS_WORDLESS.search(text, start, stop):
            return self._spaced.findall(text, start, stop)
        forms: list[str] = []
        for run in self._mixed.findall(text, start, stop):
            if len(run) > 2 and _is_cut(run):
                forms += [run[i : i + 2] for i in range(len(run) - 1)]
            else:
                forms.append(run)
        return forms

    def words(self, form: str) -> tuple[Word, ...]:
        """What a form means: one word for most, several for joined ones, none for mere marks."""
        known = self._words.get(form)
        if known is None:
            known = self._words[form] = self.analysed(form)
        return known

    def tokens(self, text: str) -> list[Token]:
        """Every word with its place in `text`, which may be in any Unicode form. Words of one form share its place."""
        normal, places = normalised(text)
        found: list[Token] = []
        pattern = self._mixed if _IS_WORDLESS.search(normal) else self._spaced
        for match in pattern.finditer(normal):
            begin, finish = match.span()
            pieces = [(begin, finish)]
            if finish - begin > 2 and _is_cut(match.group()):
                pieces = [(i, i + 2) for i in range(begin, finish - 1)]
            for a, b in pieces:
                start, end = (a, b) if places is None else (places[a], _end(places, b))
                found += [Token(word, start, end) for word in self.words(normal[a:b])]
        return found

    def question(self, text: str) -> list[Word]:
        """The words of a question; in scripts without spaces, what only asks ("什么时候") is taken out first."""
        normal = self.language.without_asking(unicodedata.normalize("NFKC", text))
        return [word for form in self.forms(normal) for word in _all_joined(self.words(form))]

    def term(self, word: str) -> str:
        """The term of one casefolded word."""
        arabic = self.language.code == "ar"
        if not word.isascii() and not arabic:
            word = _ARABIC_MARKS.sub("", word).translate(_ARABIC)
        stem = self._lemmas.stem(word) if self._lemmas is not None else None
        if stem is None:
            stem = self._stem(word)
        if self.language.fold_accents:
            stem = fold_accents(stem)
        if arabic:
            stem = _ARABIC_MARKS.sub("", stem).translate(_ARABIC)
        return stem or word

    def other_spellings(self, word: Word) -> list[str]:
        """The terms by which texts may name the number or ordinal of a question's word: "4", "fourth", "iv"."""
        named = self._ordinals.spellings(word.extra, word.surface, word.term)
        return [term for term in named if term not in (word.term, word.extra)]

    @cached_property
    def _ordinals(self) -> Ordinals:
        # Of questions only: a build does not need them.
        return Ordinals(self.language, self.term)

    def analysed(self, form: str) -> tuple[Word, ...]:
        """What `words` gives, for callers that remember it themselves."""
        if form[0] == "第" and form[1:].isdecimal():
            return (Word(str(int(form[1:])), form, _NUMBER),)
        if _IS_WORDLESS.match(form):
            stop = Flag.STOP if form in self._stop else 0
            return (Word(form, form, int(stop), f"\x02{form[0]}" if len(form) == 2 else None),)
        if form[0].isdigit():
            number = _date(form) or self._numbers(form)
            if number:
                return number
        if form in _CURRENCY:
            return (Word(f"\x01{_CURRENCY[form]}", form, 0),)
        if form in "%¥":
            return (Word("\x01percent" if form == "%" else "\x01yen", form, 0),)
        if "." in form:
            joined = form.replace(".", "").casefold()
            return (Word(self.term(joined), joined, int(Flag.CAPITAL)),)
        parts = [part for part in _SEPARATORS.split(form.replace("_", " ")) if part]
        if len(parts) < 2:
            return tuple(self._one(part) for part in parts)
        kept = [part for part in parts if len(part) > 1 or not part.isalpha()] or parts[:1]
        words = [self._one(part) for part in kept]
        if "'" not in form and "’" not in form and "ʼ" not in form and len(words) > 1:
            joined = self.term("".join(parts).casefold())
            words[-1] = replace(words[-1], extra=joined)
        return tuple(words)

    def _numbers(self, form: str) -> tuple[Word, ...] | None:
        if form[-1] != "." and ". " not in form:
            return self._number(form)
        # It looks like a date, and is none: "35. 14. 2022".
        return tuple(word for part in form.split() for word in self._number(part.rstrip(".")) or ())

    def _number(self, form: str) -> tuple[Word, ...] | None:
        if form[-1] in "月월":
            return (Word(_month_term(int(form[:-1])), form, _NUMBER | _DATE),)
        plain = re.sub(r"[ \u202f\u2009'’]", "", form)
        if _GROUPED.fullmatch(plain) or _INDIAN.fullmatch(plain):
            plain = plain.replace(",", "").replace(".", "")
        else:
            ordinal = _ORDINAL.fullmatch(form)
            plain = ordinal.group(1) if ordinal else plain.replace(",", ".")
        if not all(c.isdecimal() or c == "." for c in plain):
            return None
        plain = "".join(c if c == "." else str(unicodedata.decimal(c)) for c in plain)
        flags = _NUMBER
        if len(plain) == 4 and plain.isdigit() and "1000" <= plain <= "2100":
            flags |= _DATE
        return (Word(plain, form.casefold(), flags),)

    def _one(self, part: str) -> Word:
        key = part.casefold()
        flags = 0
        if (not part.isalpha() and any(c.isdigit() for c in part)) or key in self.language.number_words:
            flags |= _NUMBER
        capital = part[:1].isupper()
        if capital:
            flags |= _CAPITAL
        if key in self.language.cause_words:
            flags |= _CAUSE
        month = self._months.get(key)
        if month is not None and (capital or not self.language.months_need_capital):
            return Word(month, key, flags | _DATE)
        acronym = part.isupper() and 2 <= len(part) <= 4
        if (key in self._stop and not acronym) or (len(key) == 1 and key.isascii() and key.isalpha()):
            flags |= _STOP
        if key in self.language.date_words:
            flags |= _DATE
        if key in self.language.percent_words:
            return Word("\x01percent", key, flags)
        currency = self.language.currency_words.get(key)
        if currency is not None:
            return Word(f"\x01{currency}", key, flags)
        return Word(self.term(key), key, flags)


def _date(form: str) -> tuple[Word, ...] | None:
    """Day, month and, if it is named, year, or None when the form is no date.

    "3/10/2022" may mean two days, and "3.10." may be a number at the end of a sentence: both readings are found.
    """
    digits = _DATE_PARTS.sub(" ", form).split()
    dotted = form.endswith(".") and len(digits) == 2
    if not dotted and (len(digits) != 3 or 4 not in (len(digits[0]), len(digits[2]))):
        return None
    if dotted:
        year, month, day = "", digits[1], digits[0]
    elif len(digits[0]) == 4:
        year, month, day = digits
    else:
        day, month, year = digits
    if int(month) > 12 and "/" in form:
        day, month = month, day
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31 and max(len(day), len(month)) <= 2):
        return None
    other: list[str | None] = [None, None]
    if dotted:
        other = [None, ".".join(digits)]
    elif "/" in form and len(digits[0]) < 4 and int(day) <= 12:
        other = [str(int(month)), _month_term(int(day))]
    words = (
        Word(str(int(day)), day, _NUMBER, other[0]),
        Word(_month_term(int(month)), month, _NUMBER | _DATE, other[1]),
    )
    return (*words, Word(str(int(year)), year, _NUMBER | _DATE)) if year else words


def _month_term(month: int) -> str:
    return f"\x01m{month}"


def _all_joined(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words of one form, each with the joined spelling: whoever asks for "cease-fire" finds both in "ceasefire"."""
    if len(words) < 2 or words[-1].extra is None:
        return words
    return tuple(replace(word, extra=words[-1].extra) for word in words)


def normalised(text: str) -> tuple[str, Sequence[int] | None]:
    """NFKC, and for each of its characters (and its end) the offset in `text`; None when the two texts are the same."""
    if text.isascii() or unicodedata.is_normalized("NFKC", text):
        return text, None
    pieces: list[str] = []
    places: list[int] = []
    start = 0
    for end in _clusters(text):
        piece = unicodedata.normalize("NFKC", text[start:end])
        pieces.append(piece)
        places += [start] * len(piece)
        start = end
    places.append(len(text))
    return "".join(pieces), places


def _end(places: Sequence[int], place: int) -> int:
    """Where the original of the character before `place` ends: one letter such as ¼ may have become several."""
    last = places[place - 1]
    while places[place] == last:
        place += 1
    return places[place]


def _clusters(text: str) -> Iterable[int]:
    """Ends of runs that normalise on their own: a starter with the marks (and jamo) after it."""
    for i in range(1, len(text)):
        c = text[i]
        if unicodedata.combining(c) or unicodedata.category(c)[0] == "M" or "\u1160" <= c <= "\u11ff":
            continue
        yield i
    if text:
        yield len(text)
