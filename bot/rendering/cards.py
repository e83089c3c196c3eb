"""Answers and articles as cards: texts that Discord can show. Nothing here knows discord.py."""

import ntpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.rendering.addresses import for_button, host_of_page
from bot.rendering.escaping import escaped_line
from bot.rendering.excerpts import excerpt, quoted_page
from bot.rendering.limits import OWN_CARD_TEXT, length
from bot.rendering.moments import date_of
from bot.rendering.words import Words
from index import Article, ArticleInfo, Citation, Refusal, Span, Status

_QUESTION = 400
_HEADING = 120
"""Up to here a question is a heading; a longer one would fill the card with large letters."""
_TITLE = 300
_NAME = 120
_NOTE = 300
_TERM = 60
_MOST_TERMS = 10
_MOST_TITLES = 3
_MOST_OTHERS = 2
_WORD_JOINER = "\u2060"
_PATH = re.compile(r"^(?:[/\\~.]|[A-Za-z]:[/\\]|file:)|\.\w{1,5}$")


class Accent(StrEnum):
    """What a card is about, for the colour at its side; the words of the card say it too."""

    ANSWERED = "answered"
    UNCERTAIN = "uncertain"
    REFUSED = "refused"
    PLAIN = "plain"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Card:
    """What a message says: parts in Discord's markdown, with a line between them.

    `footer` is in Discord's markdown without the `-# ` of small text; it may have several lines.
    """

    parts: tuple[str, ...]
    accent: Accent = Accent.PLAIN
    footer: str | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is shown, from top to bottom: the parts, then the footer as small text."""
        if self.footer is None:
            return self.parts
        return (*self.parts, "\n".join(f"-# {line}" for line in self.footer.split("\n")))


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """One passage of an answer, or its refusal.

    `citation` is None exactly when `status` is REFUSED; then `refusal` says why. `place` counts the passages from 1.
    `note` is a sentence in the reader's language on where was searched. `in_server` is False in direct
    messages, where there is nobody who manages articles.
    """

    question: str
    status: Status
    refusal: Refusal | None = None
    citation: Citation | None = None
    place: int = 1
    unknown_terms: tuple[str, ...] = ()
    nearest_titles: tuple[str, ...] = ()
    note: str | None = None
    in_server: bool = True


_ACCENTS = {
    Status.ANSWERED: Accent.ANSWERED,
    Status.UNCERTAIN: Accent.UNCERTAIN,
    Status.REFUSED: Accent.REFUSED,
}


def notice_card(text: str, accent: Accent = Accent.PLAIN) -> Card:
    """A card with some sentences of the bot's own."""
    return Card((text,), accent)


def answer_card(page: AnswerPage, words: Words) -> Card:
    """Show a passage with its quote in bold and its source, or say why there is no answer and what to do next."""
    question = _question(page.question)
    if page.citation is None:
        return Card((question, *_refusal(page, words)), Accent.REFUSED, _one_line(page.note))
    source = _source(page.citation.article, words)
    footer = _footer(page, page.citation, words)
    opening = words.say("I am not sure. The closest passage is this:") + "\n" if _is_doubtful(page) else ""
    card = Card((question, opening, source), _ACCENTS[page.status], footer)
    room = OWN_CARD_TEXT - sum(map(length, card.texts))
    # Nothing of a passage may be visible, and Discord takes no empty text.
    parts = filter(None, (question, opening + excerpt(page.citation, room), source))
    return Card(tuple(parts), card.accent, footer)


def _is_doubtful(page: AnswerPage) -> bool:
    """Whether the passage is the best one, and may be wrong; those after it are other ones in any case."""
    return page.status is Status.UNCERTAIN and page.place == 1


def _question(question: str) -> str:
    shown = escaped_line(question, _QUESTION) or "…"
    if length(shown) > _HEADING:
        return f"**{shown}**"
    # Discord takes "#" away at the end of a heading, and would leave the backslash before it: "C#".
    return f"### {shown}{_WORD_JOINER if shown.endswith('#') else ''}"


def _source(info: ArticleInfo, words: Words) -> str:
    facts = [
        source_of(info.source),
        escaped_line(info.author or "", _NAME),
        "" if info.published_at is None else date_of(info.published_at),
    ]
    title = escaped_line(info.title, _TITLE) or words.say("Untitled")
    return "\n".join(filter(None, (f"**{title}**", " · ".join(filter(None, facts)))))


def source_of(source: str) -> str:
    """Where an article is from, in a few escaped words: the site of an address, the name of a file, else as given."""
    return escaped_line(_site(source) or _file_name(source) or source, _NAME)


def _site(source: str) -> str | None:
    host = host_of_page(source)
    return None if host is None else host.removeprefix("www.")


def _file_name(source: str) -> str | None:
    """The last part of what looks like a path: where a file lies on somebody's disk is nobody else's business."""
    return ntpath.basename(source) if _PATH.search(source) else None


def _footer(page: AnswerPage, citation: Citation, words: Words) -> str | None:
    lines = [
        gone_text(citation.article, words) or "",
        words.say("Also in: {sources}", sources=words.list(map(_short_source, citation.other_sources[:_MOST_OTHERS])))
        if citation.other_sources
        else "",
        words.say("In no article: {terms}", terms=terms_text(page.unknown_terms, words)) if page.unknown_terms else "",
        _one_line(page.note) or "",
    ]
    return "\n".join(filter(None, lines)) or None


def gone_text(info: ArticleInfo, words: Words) -> str | None:
    """Say that an article's page is not there any more; None when it is, or when nobody looked."""
    if info.gone_since is None:
        return None
    day = date_of(info.gone_since)
    return words.say("The page is gone since {date}; this is the text as it was.", date=day)


def _one_line(note: str | None) -> str | None:
    return None if note is None else " ".join(note.split())[:_NOTE]


def _short_source(info: ArticleInfo) -> str:
    return " · ".join(filter(None, (escaped_line(info.title, _NAME), source_of(info.source))))


def terms_text(terms: Sequence[str], words: Words) -> str:
    """Words of a question in bold, escaped, at most ten; nothing for none."""
    shown = [f"**{term}**" for term in (escaped_line(term, _TERM) for term in terms[:_MOST_TERMS]) if term]
    return words.list(shown) + (" …" if len(terms) > _MOST_TERMS else "")


def _refusal(page: AnswerPage, words: Words) -> list[str]:
    reason, next_step = _reason(page, words)
    parts = [reason]
    if page.unknown_terms and page.refusal is not Refusal.UNKNOWN_WORDS:
        terms = terms_text(page.unknown_terms, words)
        parts[0] += "\n" + words.say("In no article: {terms}", terms=terms)
    titles = [title for title in (escaped_line(title, _TITLE) for title in page.nearest_titles[:_MOST_TITLES]) if title]
    if titles:
        parts.append("\n".join([words.say("Closest articles:"), *(f"- {title}" for title in titles)]))
    return [*parts, next_step]


def _reason(page: AnswerPage, words: Words) -> tuple[str, str]:
    """Why there is no answer, and what to do next."""
    add = words.command("articles add")
    match page.refusal:
        case Refusal.EMPTY_LIBRARY if page.in_server:
            return (
                words.say("There are no articles here yet."),
                words.say("Somebody who manages this server can add some with {command}.", command=add),
            )
        case Refusal.EMPTY_LIBRARY:
            return (
                words.say("There are no articles here yet."),
                words.say("Ask on a server that has articles of its own."),
            )
        case Refusal.NO_WORDS:
            return (
                words.say("The question has no words that could be looked up."),
                words.say("Ask with a name, a place or a thing."),
            )
        case Refusal.UNKNOWN_WORDS if page.unknown_terms:
            terms = terms_text(page.unknown_terms, words)
            reason = words.say("No article holds any of these words: {terms}", terms=terms)
        case Refusal.UNKNOWN_WORDS:
            reason = words.say("No article holds any of the words of the question.")
        case _:
            reason = words.say("No passage is close enough to the question to be an answer.")
    steps = [words.say("Ask in other words, or within one article: {command}.", command=words.command("ask"))]
    if page.in_server:
        steps.append(words.say("Somebody who manages this server can add what is missing with {command}.", command=add))
    return reason, words.sentences(steps)


def article_page(article: Article, span: Span, quotes: Sequence[Span], number: int, count: int, words: Words) -> Card:
    """Show a page of an article, the `number`th from 1 of `count`; `quotes` are spans of the article's text."""
    notes = [gone_text(article.info, words)]
    if count > 1:
        notes.append(words.say("Page {place} of {count}", place=words.number(number), count=words.number(count)))
    footer = "\n".join(filter(None, notes)) or None
    return Card((_source(article.info, words), quoted_page(article.text, span, quotes)), Accent.PLAIN, footer)


def link_of(citation: Citation) -> str | None:
    """The address for a link button: at the quote when it fits, else the page's; None when there is none that fits."""
    return for_button(citation.link or "") or for_button(citation.article.source)
