"""Articles as they are handed in, how they are cleaned before they are stored, and what is told of that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from index.analysis.detection import detect
from index.analysis.languages import language as language_of
from index.errors import UnreadableFileError, UnusableArticleError
from index.ingestion.boilerplate import remove_boilerplate
from index.ingestion.files import LONGEST_TITLE, FileArticle, one_line, read_file, storable
from index.ingestion.problems import Problem
from index.models import Addition, Change, NewArticle, RemovedLine, Stored
from index.passages import split

_LONGEST_FIRST_LINE = 120
"""Of a text without a title, as its title."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as it was found, before cleaning.

    `language` None: it is detected. `is_title_in_text`: the title is the first line of the text, which keeps
    it; of other texts, lines that repeat the title are left out.
    """

    title: str
    text: str
    source: str
    language: str | None = None
    author: str | None = None
    published_at: datetime | None = None
    is_title_in_text: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A draft after cleaning, with what was left out and the number of its passages."""

    article: NewArticle
    left_out: tuple[RemovedLine, ...]
    passages: int


def prepare_all(
    drafts: Sequence[Draft], collection: str, added_by: str | None
) -> list[Prepared | UnusableArticleError]:
    """Clean drafts; one that cannot be an article gives its error."""
    prepared: list[Prepared | UnusableArticleError] = []
    for draft in drafts:
        try:
            prepared.append(_prepare(draft, collection, added_by))
        except UnusableArticleError as error:
            prepared.append(error)
    return prepared


def _prepare(draft: Draft, collection: str, added_by: str | None) -> Prepared:
    text = storable(draft.text).replace("\r\n", "\n").replace("\r", "\n").strip()
    title = one_line(draft.title, LONGEST_TITLE)
    if not any(c.isalnum() for c in text):
        why = f"{Problem.NO_WORDS.sentence}; {Problem.NO_WORDS.advice}"
        raise UnusableArticleError(title or draft.source, why, Problem.NO_WORDS)
    cleaned = remove_boilerplate(text, "" if draft.is_title_in_text else title)
    code = language_of(draft.language).code if draft.language else detect(cleaned.text)
    article = NewArticle(
        title=title or cleaned.text.splitlines()[0][:_LONGEST_FIRST_LINE],
        text=cleaned.text,
        source=storable(draft.source),
        language=code,
        collection=collection,
        author=draft.author,
        published_at=draft.published_at,
        added_by=added_by,
    )
    removed = tuple(RemovedLine(line.line, line.reason.sentence) for line in cleaned.removed)
    return Prepared(article, removed, len(split(article.text, code)))


def additions(
    drafts: Sequence[Draft], prepared: Sequence[Prepared | UnusableArticleError], stored: Iterable[Stored]
) -> list[Addition]:
    """One outcome for each draft, in order; `stored` are those of the prepared ones that are articles."""
    outcomes = iter(stored)
    return [
        _told(draft, one, next(outcomes))
        if isinstance(one, Prepared)
        else Addition(draft.source, None, None, 0, (), str(one), one.kind)
        for draft, one in zip(drafts, prepared, strict=True)
    ]


def _told(draft: Draft, prepared: Prepared, stored: Stored) -> Addition:
    is_elsewhere = stored.change is Change.UNCHANGED and stored.info.source != prepared.article.source
    return Addition(
        draft.source,
        stored.info,
        stored.change,
        prepared.passages,
        prepared.left_out,
        None,
        duplicate_of=stored.info if is_elsewhere else None,
    )


def unused(error: UnreadableFileError) -> Addition:
    """The outcome of what could not be read."""
    return Addition(error.path, None, None, 0, (), error.reason, error.kind)


def read_all(files: Sequence[tuple[Path, str]]) -> list[Draft | UnreadableFileError]:
    """Read files, given with what they are known by; one that cannot be read gives its error."""
    return [_read(path, name) for path, name in files]


def _read(path: Path, name: str) -> Draft | UnreadableFileError:
    try:
        return drafted(read_file(path, name))
    except UnreadableFileError as error:
        return error


def drafted(found: FileArticle, language: str | None = None) -> Draft:
    """An article that was read, as a draft; in this language, or None: in the one that it says itself, if it does."""
    return Draft(
        found.title,
        found.text,
        found.source,
        language or found.language,
        found.author,
        found.published_at,
        found.is_title_in_text,
    )
