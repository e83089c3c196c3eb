"""What the analysis knows of each language: one TOML file a language, read when it is first asked for."""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

QuestionType = Literal["number", "date", "person", "place", "why"]

# Dates go before numbers: Korean 몇 년 and Bengali কত সালে ask for a year with the word for "how many". A reason comes
# last and may stand anywhere.
_TYPE_ORDER: tuple[QuestionType, ...] = ("date", "number", "person", "place")
# A typed question word counts when it begins at most this far behind the first question word of the sentence:
# in "What did Tesla do when he moved?" the "when" asks for nothing.
_TYPE_REACH = 4

_ALIASES = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "cmn": "zh", "yue": "zh", "fil": "tl"}


DOTTED_ORDINALS = frozenset(
    {"bs", "cs", "da", "de", "et", "fi", "fo", "hr", "hu", "is", "lb", "lv"}
    | {"nb", "nn", "no", "pl", "sk", "sl", "sr", "sv", "tr"}
)
"""Languages in which a full stop after a number makes it an ordinal: "17. mai", "2. Dünya Savaşı"."""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """One language's words and rules; two are equal only if they are the same object, as `language` keeps them.

    Words are in NFKC and casefolded, so Greek final sigma and German ß are written σ and ss; accents are kept, also
    where `fold_accents` is set. Patterns ignore case and expect text in NFKC as it was typed, not casefolded.

    Attributes:
        code: The code asked for, without region, after aliases: "no" for nb and nn.
        name: English name; the code itself for a language without a file.
        stemmer: A PyStemmer algorithm, "light" for the suffixes below, or None.
        suffixes: Endings the light stemmer strips, the longest first; empty for all others.
        fold_accents: Whether terms lose their accents after stemming. False where an accent makes another word.
        compounds: Whether words are glued together, so that a word may be found as a part of another.
        loose_endings: 0: an answer ends where its word does; 1: endings may be glued on; 2: any place in the text.
        stop: Function words that make no term: a short list, since a long one loses answers.
        question_words: Words that ask; no terms either.
        question_phrases: Patterns to replace by a space in a question before it is segmented, in this order.
        leading_particles: What may stand before a word without a space and is no part of it; for showing words only.
        trailing_particles: The same behind a word.
        types: What is asked for, by pattern. Prefer `question_type`, which knows where the pattern has to stand.
        generic: Any question word, or None: then a pattern of `types` counts anywhere in the question.
        months: Twelve sets of inflected forms, January first. Empty for a language without a file; a set may be empty.
        months_need_capital: Whether a month counts only when capitalised, for English May and March.
        date_words: Further words that make a date: weekdays, century, and counters such as 年.
        number_words: Words that stand for a number, without "one", which is mostly an article.
        ordinals: Ordinals in words, "first" first; inflected forms have the stem of the one that is named.
        cause_words: Words that begin or name a reason.
        percent_words: Words that mean %.
        currency_words: From a word to its currency, in English and singular: "dollars" to "dollar".
        abbreviations: What ends in a full stop without ending a sentence, written without that stop ("z.b").
    """

    code: str
    name: str
    stemmer: str | None
    suffixes: tuple[str, ...]
    fold_accents: bool
    compounds: bool
    loose_endings: int
    stop: frozenset[str]
    question_words: frozenset[str]
    question_phrases: tuple[re.Pattern[str], ...]
    leading_particles: frozenset[str]
    trailing_particles: frozenset[str]
    types: Mapping[QuestionType, re.Pattern[str]]
    generic: re.Pattern[str] | None
    months: tuple[frozenset[str], ...]
    months_need_capital: bool
    date_words: frozenset[str]
    number_words: frozenset[str]
    ordinals: tuple[frozenset[str], ...]
    cause_words: frozenset[str]
    percent_words: frozenset[str]
    currency_words: Mapping[str, str]
    abbreviations: frozenset[str]

    @property
    def is_known(self) -> bool:
        """Whether there is a file for the language; without one it has neither words nor a stemmer."""
        return bool(self.types)

    def without_asking(self, question: str) -> str:
        """Put a space in the place of each of the question's phrases; the question is in NFKC."""
        for phrase in self.question_phrases:
            question = phrase.sub(" ", question)
        return question

    def question_type(self, question: str) -> QuestionType | None:
        """Tell what a question asks for; None when it says neither or the language has no patterns.

        When several fit, date goes before number, person and place, and why comes last.
        """
        question = unicodedata.normalize("NFKC", question)
        first = self.generic.search(question) if self.generic else None
        start = first.start() if first else 0
        latest = start + _TYPE_REACH if self.generic else len(question)
        for kind in _TYPE_ORDER:
            found = self.types[kind].search(question, start) if kind in self.types else None
            if found and found.start() <= latest:
                return kind
        if self.generic and not first:
            # As typed into a search box: in "people in Norway when it became free, how many", "when" asks nothing.
            anywhere = (kind for kind in _TYPE_ORDER if kind != "date" and kind in self.types)
            return next((kind for kind in anywhere if self.types[kind].search(question)), None)
        return "why" if "why" in self.types and self.types["why"].search(question) else None


def known_languages() -> tuple[str, ...]:
    """List the codes that have a file, sorted; "no" stands for Bokmål and Nynorsk."""
    return _codes()


def language(code: str) -> Language:
    """Return a language; the same object for every spelling of its code.

    Args:
        code: ISO 639-1, in any case, with or without a region ("pt-BR", "zh_CN", "nb").

    Returns:
        What its file says. A code without a file gives a language without words, patterns and stemmer, which folds
        accents: text in it is still found, word by word as it is written. What cannot be a code is "und", unknown:
        codes become names of folders.
    """
    base = re.split(r"[-_]", code.strip().casefold(), maxsplit=1)[0]
    return _load(_ALIASES.get(base, base) if re.fullmatch("[a-z]{2,8}", base) else "und")


@functools.cache
def _codes() -> tuple[str, ...]:
    files = resources.files(__name__).iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


@functools.lru_cache(maxsize=256)
def _load(code: str) -> Language:
    # The code may come from outside: only names out of the folder's own list are opened.
    if code in _codes():
        data = tomllib.loads((resources.files(__name__) / f"{code}.toml").read_text(encoding="utf-8"))
    else:
        data = {"name": code, "fold_accents": True}
    return _parse(code, data)


def _parse(code: str, data: Mapping[str, Any]) -> Language:
    types: dict[QuestionType, re.Pattern[str]] = {
        kind: _pattern(source) for kind, source in data.get("types", {}).items()
    }
    currencies = data.get("currency_words", {})
    return Language(
        code=code,
        name=data["name"],
        stemmer=data.get("stemmer"),
        suffixes=tuple(_words(data.get("suffixes", ""))),
        fold_accents=data["fold_accents"],
        compounds=data.get("compounds", False),
        loose_endings=data.get("loose_endings", 0),
        stop=_set(data, "stop"),
        question_words=_set(data, "question_words"),
        question_phrases=tuple(_pattern(source) for source in data.get("question_phrases", ())),
        leading_particles=_set(data, "leading_particles"),
        trailing_particles=_set(data, "trailing_particles"),
        types=MappingProxyType(types),
        generic=_pattern(data["generic"]) if "generic" in data else None,
        months=tuple(frozenset(_words(forms)) for forms in data.get("months", ())),
        months_need_capital=data.get("months_need_capital", False),
        date_words=_set(data, "date_words"),
        number_words=_set(data, "number_words"),
        ordinals=tuple(frozenset(_words(forms)) for forms in data.get("ordinals", ())),
        cause_words=_set(data, "cause_words"),
        percent_words=_set(data, "percent_words"),
        currency_words=MappingProxyType({word: name for name, words in currencies.items() for word in _words(words)}),
        abbreviations=_set(data, "abbreviations"),
    )


def _set(data: Mapping[str, Any], key: str) -> frozenset[str]:
    return frozenset(_words(data.get(key, "")))


def _words(text: str) -> Iterable[str]:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split()


def _pattern(source: str) -> re.Pattern[str]:
    # NFKC takes some letters apart (Thai ำ, Lao ຳ, Bengali য়), and the text that is searched went through it.
    return re.compile(unicodedata.normalize("NFKC", source), re.IGNORECASE)
