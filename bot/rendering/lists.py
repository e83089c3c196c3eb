"""Articles for those who manage them: what adding them did, lists of titles, and what is known of one article."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from babel import Locale

from bot.rendering.cards import Accent, Card, gone_text, source_of
from bot.rendering.choices import named_apart
from bot.rendering.escaping import escaped_line, quoted_passage
from bot.rendering.limits import AUTOCOMPLETE_NAME, OWN_CARD_TEXT, cut, length
from bot.rendering.moments import date_of
from bot.rendering.problems import problem_of, told_problem
from bot.rendering.words import Words, words_for
from index import SHARED_COLLECTION, Addition, ArticleInfo, Change, RemovedLine, Sort, known_languages

LONGEST_TITLE = 150
"""Characters of a title in a list, escaped."""

_LONGEST_SOURCE = 60
_LONGEST_OTHER = 120
_MOST_OTHERS = 5
_LONGEST_LINE = 60
_LINES_SHOWN = 2
"""Lines that were left out for one reason and are shown; the others are counted."""

_PREVIEW = 600
"""Characters from the beginning of an article that tell which one it is."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An article with the number of its passages."""

    info: ArticleInfo
    passages: int


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list: `items` of `total`, on page `page` of `pages`, counted from 1.

    `search` is what the titles have to hold, "" for all.
    """

    items: tuple[Listed, ...]
    total: int
    page: int
    pages: int
    search: str
    sort: Sort


def language_name(code: str, words: Words) -> str:
    """A language by its name in the reader's language; its code when the CLDR has no name for it."""
    name: str = Locale.parse(words.locale).languages.get(code, code)
    return name


def language_names(codes: Collection[str], words: Words) -> str:
    """Languages by name, with commas and "and"."""
    return words.list([language_name(code, words) for code in codes])


def language_choices(typed: str, words: Words) -> list[tuple[str, str]]:
    """Names and codes of the languages that the library knows, of those whose name or code holds what was typed."""
    wanted = typed.strip().casefold()
    named = sorted((language_name(code, words), code) for code in known_languages())
    return [(cut(name, AUTOCOMPLETE_NAME), code) for name, code in named if wanted in f"{name}\n{code}".casefold()]


def language_of(typed: str, words: Words) -> str | None:
    """The code of a language that was typed as a code or by its name, in the reader's language or in English."""
    wanted = typed.strip().casefold()
    for code in known_languages():
        if wanted in (code, language_name(code, words).casefold(), language_name(code, words_for()).casefold()):
            return code
    return None


def bold_line(text: str, longest: int, words: Words) -> str:
    """A title or a name in bold, on one line of at most `longest` characters within the bold."""
    return f"**{escaped_line(text, longest) or words.say('Untitled')}**"


def title_of(info: ArticleInfo, words: Words) -> str:
    """The title of an article in bold, on one line."""
    return bold_line(info.title, LONGEST_TITLE, words)


def sort_name(sort: Sort, words: Words) -> str:
    """How a list is sorted."""
    match sort:
        case "newest":
            return words.say("Newest first")
        case "oldest":
            return words.say("Oldest first")
        case "title":
            return words.say("By title")


def choices_of(infos: Sequence[ArticleInfo]) -> list[tuple[str, str]]:
    """Names and ids of articles to choose from; names that would be the same get the id."""
    return named_apart([(info.title, info.id) for info in infos])


# ---- what adding did


def additions_card(outcomes: Sequence[Addition], words: Words) -> Card:
    """Tell of each article that should be added what became of it: passages, language, what was left out, and why."""
    heads = [outcome_text(outcome, words) for outcome in outcomes]
    room = OWN_CARD_TEXT - sum(length(head) + 2 for head in heads) - 200
    parts = []
    for head, outcome in zip(heads, outcomes, strict=True):
        details = _left_out(outcome.left_out, words)
        if length(details) > room:
            details = _count_left_out(outcome.left_out, words)
        if details and length(details) <= room:
            room -= length(details) + 1
            parts.append(f"{head}\n{details}")
        else:
            parts.append(head)
    stored = [outcome for outcome in outcomes if outcome.article is not None]
    footer = words.say("Ask about it with {command}.", command=words.command("ask")) if stored else None
    # One part: the lines between many would use up the components of a message.
    return Card(("\n\n".join(parts),), Accent.SUCCESS if stored else Accent.FAILURE, footer)


def addition_text(outcome: Addition, words: Words) -> str:
    """What became of one article, with the lines that were left out counted, in two lines at most."""
    return "\n".join(filter(None, (outcome_text(outcome, words), _count_left_out(outcome.left_out, words))))


def outcome_text(outcome: Addition, words: Words) -> str:
    """What became of one article, in a sentence or two."""
    if outcome.duplicate_of is not None:
        return words.say(
            "{name} is there already, as {title}.",
            name=bold_line(outcome.source, LONGEST_TITLE, words),
            title=title_of(outcome.duplicate_of, words),
        )
    if outcome.article is None:
        name = bold_line(outcome.source, LONGEST_TITLE, words)
        problem = problem_text(outcome.problem or "", words, outcome.problem_kind)
        return words.say("{name} was not added: {problem}", name=name, problem=problem)
    title = title_of(outcome.article, words)
    if outcome.change is Change.UNCHANGED:
        return words.say("{title} is here already, word for word. Nothing was changed.", title=title)
    passages = words.count(outcome.passages, "{n} passage", "{n} passages")
    language = language_name(outcome.article.language, words)
    if outcome.change is Change.REVISED:
        return words.say(
            "{title} was replaced by its new version: {passages}, {language}.",
            title=title,
            passages=passages,
            language=language,
        )
    return words.say("{title} was added: {passages}, {language}.", title=title, passages=passages, language=language)


def problem_text(reason: str, words: Words, kind: str | None = None) -> str:
    """Why the library took no article: what is known as a `Problem` in the reader's language, with what to do.

    Args:
        reason: The library's own words, shown as they are if the problem is none of those.
        kind: As in `Addition.problem_kind`.
    """
    problem = problem_of(kind, reason)
    return escaped_line(reason, 200) if problem is None else told_problem(problem, words)


def reason_text(reason: str, words: Words) -> str:
    """Why the library left out a line, in the reader's language where we know the reason."""
    return {
        "It repeats the title.": words.say("It repeats the title."),
        "It belongs to the form for readers' comments.": words.say("It belongs to the form for readers' comments."),
        "It stands after the form for readers' comments.": words.say("It stands after the form for readers' comments."),
        "It is a button for sharing or counts reactions.": words.say("It is a button for sharing or counts reactions."),
        "It is a label of the page around the article.": words.say("It is a label of the page around the article."),
        "It points to another article.": words.say("It points to another article."),
        "It repeats an earlier line.": words.say("It repeats an earlier line."),
        "It stands in many articles of this site.": words.say("It stands in many articles of this site."),
    }.get(reason, reason)


def _count_left_out(left_out: Sequence[RemovedLine], words: Words) -> str:
    if not left_out:
        return ""
    return "-# " + words.count(len(left_out), "{n} line was left out.", "{n} lines were left out.")


def _left_out(left_out: Sequence[RemovedLine], words: Words) -> str:
    """The lines that were left out, by reason: some of them in full, the others counted."""
    if not left_out:
        return ""
    by_reason: dict[str, list[str]] = {}
    for line in left_out:
        by_reason.setdefault(line.reason, []).append(line.line)
    told = [words.count(len(left_out), "{n} line was left out:", "{n} lines were left out:")]
    for reason, lines in by_reason.items():
        shown = [words.quoted(escaped_line(line, _LONGEST_LINE)) for line in lines[:_LINES_SHOWN]]
        if len(lines) > _LINES_SHOWN:
            shown.append(words.count(len(lines) - _LINES_SHOWN, "{n} more", "{n} more"))
        told.append(words.sentences([reason_text(reason, words), words.list(shown)]))
    return "\n".join(f"-# {line}" for line in told)


# ---- lists


def list_card(page: ListPage, words: Words) -> Card:
    """A page of a list of articles."""
    if not page.total:
        if page.search:
            text = words.say(
                "No title holds “{search}”. Try a part of a word.", search=escaped_line(page.search, LONGEST_TITLE)
            )
        else:
            text = words.say(
                "There are no articles yet. Add some with {link}, {file} or {text}.",
                link=words.command("articles add link"),
                file=words.command("articles add file"),
                text=words.command("articles add text"),
            )
        return Card((text,))
    counted = words.count(page.total, "{n} article", "{n} articles")
    if page.search:
        counted = words.count(
            page.total,
            "{n} article with “{search}” in its title",
            "{n} articles with “{search}” in their titles",
            search=escaped_line(page.search, LONGEST_TITLE),
        )
    lines = "\n".join(_listed(item, words) for item in page.items)
    sorting = sort_name(page.sort, words)
    if page.pages > 1:
        return Card((f"### {counted}", lines), footer=f"{words.page(page.page, page.pages)} · {sorting}")
    return Card((f"### {counted}", lines), footer=sorting)


def _listed(item: Listed, words: Words) -> str:
    info = item.info
    facts = [
        language_name(info.language, words),
        words.count(item.passages, "{n} passage", "{n} passages"),
        *([source_of(info.source)] if info.source else []),
        date_of(info.published_at or info.added_at),
        f"`{info.id}`",
        *([words.say("shared")] if info.collection == SHARED_COLLECTION else []),
    ]
    return f"{title_of(info, words)}\n-# {' · '.join(facts)}"


# ---- one article


def article_card(info: ArticleInfo, passages: int, text: str, words: Words, sources: Sequence[str] = ()) -> Card:
    """What is known of an article, and how it begins.

    Args:
        sources: All places where the same text stands, the article's own first.
    """
    facts = [
        (words.say("From"), source_of(info.source) if info.source else None),
        (words.say("Also from"), _other_sources(info, sources, words)),
        (words.say("Author"), escaped_line(info.author, LONGEST_TITLE) if info.author else None),
        (words.say("Date"), date_of(info.published_at) if info.published_at else None),
        (words.say("Language"), language_name(info.language, words)),
        (
            words.say("Size"),
            words.list(
                [
                    words.count(passages, "{n} passage", "{n} passages"),
                    words.count(info.characters, "{n} character", "{n} characters"),
                ]
            ),
        ),
        (words.say("Added"), _added(info, words)),
        (words.say("Version"), words.number(info.revision)),
        (words.say("Id"), f"`{info.id}`"),
    ]
    notes = [gone_text(info, words)]
    if info.collection == SHARED_COLLECTION:
        notes.append(
            words.say("A shared article: every server can ask it, and only the operator of the bot changes it.")
        )
    footer = "\n".join(filter(None, notes)) or None
    beginning = quoted_passage(cut(text, _PREVIEW))
    return Card(
        tuple(part for part in (f"### {title_of(info, words)}", words.facts(facts), beginning) if part), footer=footer
    )


def _other_sources(info: ArticleInfo, sources: Sequence[str], words: Words) -> str | None:
    """Where the same text stands besides: full addresses, since several may be of one site."""
    others = [one for one in sources if one and one != info.source]
    if not others:
        return None
    shown = [escaped_line(one, _LONGEST_OTHER) for one in others[:_MOST_OTHERS]]
    if len(others) > _MOST_OTHERS:
        shown.append(words.count(len(others) - _MOST_OTHERS, "{n} more", "{n} more"))
    return words.list(shown)


def _added(info: ArticleInfo, words: Words) -> str:
    day = date_of(info.added_at)
    # Articles from the command line were added by nobody whom Discord knows.
    if info.added_by is None or not info.added_by.isdecimal() or info.collection == SHARED_COLLECTION:
        return day
    return words.say("{day}, by {user}", day=day, user=f"<@{info.added_by}>")
