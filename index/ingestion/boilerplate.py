"""Removes what web pages put around an article, from text that was pasted or extracted.

Every rule looks at whole lines and can say why it removed one, so that a person can look and disagree. Captions,
bylines and standfirsts stay: they hold facts. The phrases are in `data/boilerplate.toml`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cache
from pathlib import Path

_PHRASES = Path(__file__).with_name("data") / "boilerplate.toml"

_LONGEST_FURNITURE = 220
_TITLE_LINES = 6
_LONGEST_FUZZY_TITLE = 300
_LONGEST_ADDITION_TO_TITLE = 45
"""Letters of a site name or section that a page glues to the title."""
_SHORTEST_REPETITION = 80
"""Shorter lines are repeated on purpose: a list says "Where: the town hall" each time."""
_SHORTEST_BODY_LINE = 200

_PLACEHOLDERS = {
    "{number}": r"\d[\d.,]*[km]?",
    "{word}": r"\w+",
    "{name}": r"[\w.' ]{2,30}",
    "{few}": r"[^.!?。！？]{0,60}[.!…。]*",
    "{rest}": r".*",
}
_PLACEHOLDER = re.compile("|".join(map(re.escape, _PLACEHOLDERS)))
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’»)\]]*$")
_STATEMENT_END = re.compile(r"[.!。][\"'”’»)\]]*$")
_TITLE_PARTS = re.compile(r"\s*[:|]\s+|\s[–—-]\s")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_INDENTED = re.compile(r"\t| {4}")
_LINE_ENDS = re.compile(r"\r\n?")
_OPENING_QUOTES = ('"', "'", "“", "„", "‘", "«", "「", "『")
_EDGES = " *#•·|»«›‹→-–—:>"


class Reason(StrEnum):
    """Why a line was removed."""

    TITLE = "title"
    COMMENT_FORM = "comment-form"
    AFTER_COMMENT_FORM = "after-comment-form"
    SHARE = "share"
    FURNITURE = "furniture"
    POINTER = "pointer"
    REPEATED = "repeated"

    @property
    def sentence(self) -> str:
        """The reason as told to a person."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.TITLE: "It repeats the title.",
    Reason.COMMENT_FORM: "It belongs to the form for readers' comments.",
    Reason.AFTER_COMMENT_FORM: "It stands after the form for readers' comments.",
    Reason.SHARE: "It is a button for sharing or counts reactions.",
    Reason.FURNITURE: "It is a label of the page around the article.",
    Reason.POINTER: "It points to another article.",
    Reason.REPEATED: "It repeats an earlier line.",
}


@dataclass(frozen=True, slots=True)
class RemovedLine:
    """A line that was removed, without white space at its ends."""

    line: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class CleanedText:
    """What is left of a text, and the removed lines in their order."""

    text: str
    removed: tuple[RemovedLine, ...]


def remove_boilerplate(text: str, title: str) -> CleanedText:
    """Remove the lines that are no part of the article.

    Lines of code (fenced, or indented by four spaces or a tab) always stay. If nothing but boilerplate was found,
    nothing is removed.

    Args:
        text: One line per paragraph or line; blank lines separate paragraphs.
        title: The article's title, "" if unknown; one of the first lines that repeats it is removed.

    Returns:
        The kept lines as they were, in order. Line ends are newlines, one blank line at most stands between two lines,
        and none at the ends.
    """
    lines = _LINE_ENDS.sub("\n", text).split("\n")
    kept: list[str] = []
    removed: list[RemovedLine] = []
    judge = _Judge(lines, title)
    for line in lines:
        stripped = line.strip()
        reason = judge.reason_to_remove(line, stripped)
        if reason is not None:
            removed.append(RemovedLine(stripped, reason))
        elif stripped:
            kept.append(line)
        elif kept and kept[-1]:
            kept.append("")
    if kept and not kept[-1]:
        kept.pop()
    if removed and not kept:
        return CleanedText(text, ())
    return CleanedText("\n".join(kept), tuple(removed))


class _Judge:
    """Goes through the lines of one text in order; what it says of a line depends on those before."""

    def __init__(self, lines: list[str], title: str) -> None:
        self._rules = _rules()
        self._title = title
        self._characters = sum(len(line.strip()) for line in lines)
        self._has_body = any(len(line) > _SHORTEST_BODY_LINE for line in lines)
        self._characters_seen = 0
        self._lines_seen = 0
        self._in_fence = False
        self._in_comments = False
        self._sentences: set[str] = set()
        self._about_cookies = _speaks_of_cookies(lines, title, self._rules)

    def reason_to_remove(self, line: str, stripped: str) -> Reason | None:
        if not stripped:
            return None
        self._lines_seen += 1
        self._characters_seen += len(stripped)
        if _FENCE.match(line):
            self._in_fence = not self._in_fence
            return None
        if self._in_fence or _INDENTED.match(line):
            return None
        if self._in_comments:
            return Reason.AFTER_COMMENT_FORM
        if self._lines_seen <= _TITLE_LINES and _repeats_title(stripped, self._title):
            return Reason.TITLE
        if len(stripped) <= _LONGEST_FURNITURE:
            reason = self._furniture(stripped)
            if reason is not None:
                return reason
        if len(stripped) >= _SHORTEST_REPETITION and _SENTENCE_END.search(stripped):
            letters = _letters(stripped)
            if letters in self._sentences:
                return Reason.REPEATED
            self._sentences.add(letters)
        return None

    def _furniture(self, line: str) -> Reason | None:
        rules = self._rules
        folded = _fold(line)
        if not folded:
            return None  # "* * *"
        if rules.comment_form.matches(folded):
            self._in_comments = self._has_body and self._characters_seen > self._characters / 2
            return Reason.COMMENT_FORM
        if rules.comment_field.matches(folded):
            return Reason.COMMENT_FORM
        if rules.share.matches(folded) or rules.share_names.fullmatch(folded):
            return Reason.SHARE
        if rules.furniture.matches(folded) or (not self._about_cookies and _asks_for_consent(line, folded, rules)):
            return Reason.FURNITURE
        if _points_elsewhere(line, rules):
            return Reason.POINTER
        return None


def _repeats_title(line: str, title: str) -> bool:
    """Whether the line is the title again, also with a kicker, a section or a site name glued to it."""
    if len(line) > len(title) + 80:
        return False
    letters, wanted = _letters(line), _letters(title)
    if letters == wanted:
        return bool(wanted)
    if len(wanted) < 12 or _STATEMENT_END.search(line):
        return False
    if wanted in letters:
        return len(letters) - len(wanted) <= _LONGEST_ADDITION_TO_TITLE
    if letters in wanted and len(letters) >= max(12, 0.6 * len(wanted)):
        return True
    # "Kicker: Real title" may stand as "The KickerReal title" in the text.
    for part in map(_letters, _TITLE_PARTS.split(title)[1:]):
        if len(part) >= 20 and part in letters and len(letters) - len(part) <= _LONGEST_ADDITION_TO_TITLE:
            return True
    return 25 <= len(wanted) <= _LONGEST_FUZZY_TITLE and _similarity(letters, wanted) >= 0.9


def _similarity(left: str, right: str) -> float:
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= 0.9 else 0.0


def _asks_for_consent(line: str, folded: str, rules: "_Rules") -> bool:
    """Whether the line belongs to the box that asks for cookies; what somebody is quoted with does not."""
    if len(line) > _LONGEST_FURNITURE or line.startswith(_OPENING_QUOTES):
        return False
    if rules.consent.matches(folded):
        return True
    notice = rules.consent_notice.match(folded)
    return notice is not None and rules.consent_words.search(folded) is not None


def _speaks_of_cookies(lines: list[str], title: str, rules: "_Rules") -> bool:
    """Whether cookies are the matter of the text: its title names them, or as many other lines as ask for consent."""
    if rules.cookies.search(_fold(title)):
        return True
    naming = [line.strip() for line in lines if rules.cookies.search(_fold(line))]
    asking = sum(_asks_for_consent(line, _fold(line), rules) for line in naming)
    return len(naming) - asking >= max(asking, 1)


def _points_elsewhere(line: str, rules: "_Rules") -> bool:
    """Whether the line is a known lead-in and a headline."""
    match = rules.pointer.match(line)
    if match is None:
        return False
    separator, rest = match["separator"].strip(), match["rest"]
    has_colon = separator in {":", "：", "|", ">", "»", "→"}
    is_statement = _STATEMENT_END.search(rest) is not None
    if _fold(match["lead"]) in rules.weak_pointers:
        return has_colon and not is_statement
    if len(rest.split()) > 30 or (is_statement and not has_colon):
        return False
    # Without a mark between, only a capital shows a headline; scripts without case get the benefit.
    return bool(separator) or not rest[0].isascii() or not rest[0].isalpha() or rest[0].isupper()


def _letters(text: str) -> str:
    """Letters and digits alone, without case and accents."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))


def _fold(text: str) -> str:
    return " ".join(text.replace("’", "'").split()).strip(_EDGES).casefold()


@dataclass(frozen=True, slots=True)
class _Phrases:
    exact: frozenset[str]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, phrases: Iterable[str]) -> "_Phrases":
        folded = [phrase.casefold() for phrase in phrases]
        patterns = [phrase for phrase in folded if "{" in phrase]
        return cls(frozenset(folded).difference(patterns), re.compile(_any_of(patterns) if patterns else "(?!)"))

    def matches(self, folded_line: str) -> bool:
        return folded_line in self.exact or self.pattern.fullmatch(folded_line) is not None


@dataclass(frozen=True, slots=True)
class _Rules:
    comment_form: _Phrases
    comment_field: _Phrases
    share: _Phrases
    share_names: re.Pattern[str]
    furniture: _Phrases
    consent: _Phrases
    consent_notice: re.Pattern[str]
    consent_words: re.Pattern[str]
    cookies: re.Pattern[str]
    pointer: re.Pattern[str]
    weak_pointers: frozenset[str]


@cache
def _rules() -> _Rules:
    tables: dict[str, dict[str, list[str]]] = tomllib.loads(_PHRASES.read_text(encoding="utf-8"))
    phrases = {rule: [one for many in languages.values() for one in many] for rule, languages in tables.items()}
    names = _any_of(phrases["share-names"])
    leads = _any_of(phrases["pointer"] + phrases["pointer-with-colon"]).replace("'", "['’]")
    return _Rules(
        comment_form=_Phrases.of(phrases["comment-form"]),
        comment_field=_Phrases.of(phrases["comment-field"]),
        share=_Phrases.of(phrases["share"]),
        share_names=re.compile(rf"{names}(?:[\s,，、|/·:：]+(?:{names}|more|on|via))*"),
        furniture=_Phrases.of(phrases["furniture"]),
        consent=_Phrases.of(phrases["consent"]),
        consent_notice=re.compile(_any_of(phrases["consent-notice"])),
        # Words of scripts without spaces begin anywhere.
        consent_words=re.compile(rf"(?:\b|(?<=[\u3040-\u9fff])){_any_of(phrases['consent-words'])}"),
        cookies=re.compile(_any_of(phrases["cookies"])),
        # Scripts without spaces need no separator: "延伸阅读十座桥".
        pointer=re.compile(
            rf"\W{{0,3}}(?P<lead>{leads})(?P<separator>\s*[:：|>»→–—-]\s*|\s+|(?<=[\u0900-\u9fff\uac00-\ud7af]))"
            rf"(?P<rest>\S.*)",
            re.IGNORECASE,
        ),
        weak_pointers=frozenset(phrases["pointer-with-colon"]),
    )


def _any_of(phrases: list[str]) -> str:
    """A pattern for any of the phrases, the longest first."""
    return "(?:" + "|".join(map(_pattern, sorted(phrases, key=len, reverse=True))) + ")"


def _pattern(phrase: str) -> str:
    pieces, end = [], 0
    for match in _PLACEHOLDER.finditer(phrase):
        pieces += [re.escape(phrase[end : match.start()]), _PLACEHOLDERS[match[0]]]
        end = match.end()
    return "".join([*pieces, re.escape(phrase[end:])])
