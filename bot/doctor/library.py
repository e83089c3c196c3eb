"""The store, the index and an answer."""

import asyncio
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from bot.findings import Finding, Level
from bot.state import State
from index import Library, LibraryError, Refusal, Status, StoreExamination

EXAMPLE = "how many soldiers were killed?"

_SCARCE = 1_000_000_000
_NONE_LEFT = 50_000_000
_KEY = "doctor"
_WORD = re.compile(r"\w+")
_MB = 1e6


def store(found: StoreExamination) -> list[Finding]:
    """The database, as it was found before anything was opened."""
    if not found.exists:
        advice = "`footnote add FILE…` or `footnote run` makes it; is DATABASE_URL what you mean?"
        findings = [Finding("store", Level.WARNING, f"there is none yet at {found.address}", advice)]
    elif found.damages:
        advice = "stop the bot, and restore a backup; or `footnote check --repair` saves what can be read"
        findings = [Finding("store", Level.FAILURE, f"the file is damaged: {'; '.join(found.damages)}", advice)]
    else:
        checked = "it cannot be checked from here" if found.damages is None else "SQLite finds no damage"
        size = "" if found.size is None else f", {found.size / _MB:.1f} MB"
        findings = [Finding("store", Level.OK, f"{found.address}{size}: {checked}")]
    if found.exists:
        findings.append(_migrations(found))
    if found.file is not None:
        findings.append(_disk(found.file, found.size or 0))
    return findings


def is_openable(found: StoreExamination) -> bool:
    """Whether the store can be opened without anything being migrated."""
    return found.exists and not found.damages and _fits(found)


def _fits(found: StoreExamination) -> bool:
    """Whether its tables are those of this version; a bot that never ran has none yet."""
    (articles, wanted), *others = found.revisions
    return articles == wanted and all(revision in {None, newest} for revision, newest in others)


def _migrations(found: StoreExamination) -> Finding:
    if _fits(found):
        return Finding("migrations", Level.OK, "the tables are those of this version")
    there = ", ".join(f"{revision or 'none'} (this version: {wanted})" for revision, wanted in found.revisions)
    if any(revision is not None and revision > wanted for revision, wanted in found.revisions):
        advice = "upgrade Footnote, or restore a copy from before; this version leaves the database alone"
        return Finding("migrations", Level.FAILURE, f"the tables are those of a newer version: {there}", advice)
    backup = "after copying the file" if found.file is not None else "and copies nothing: do so before"
    advice = f"`footnote run` of this version brings them up to date, {backup}"
    return Finding("migrations", Level.WARNING, f"the tables are those of an older version: {there}", advice)


def _disk(file: Path, size: int) -> Finding:
    folder = next((one for one in file.absolute().parents if one.exists()), Path.cwd())
    free = shutil.disk_usage(folder).free
    text = f"{free / _MB:,.0f} MB are free in {folder}"
    advice = "free some space: a full disk refuses new articles, and answers that buttons need"
    if free < _NONE_LEFT:
        return Finding("disk", Level.FAILURE, text, advice)
    # A rebuild of the index and VACUUM each need about as much as there is.
    if free < max(_SCARCE, 2 * size):
        return Finding("disk", Level.WARNING, text, advice)
    return Finding("disk", Level.OK, text)


async def contents(library: Library, state: State) -> list[Finding]:
    """What the opened store takes and holds, and what is answered from it."""
    return [await _writing(state), await index(library), await _answer(library)]


async def _writing(state: State) -> Finding:
    try:
        await state.set_value(_KEY, datetime.now(UTC).isoformat(timespec="seconds"))
    except LibraryError as error:
        advice = "look at the owner of the file and of its folder, and whether the disk is full or mounted read-only"
        return Finding("writing", Level.FAILURE, str(error), advice)
    return Finding("writing", Level.OK, "the store takes writes")


async def index(library: Library) -> Finding:
    """Whether store and index hold the same articles."""
    agreement, status = await asyncio.gather(library.agreement(), library.status())
    if agreement.missing or agreement.surplus:
        text = f"{agreement.missing} articles are not in the index, and {agreement.surplus} in the index only"
        return Finding("index", Level.FAILURE, text, "`footnote reindex` builds it anew, and names articles that fail")
    text = f"{agreement.stored} articles in the store and in the index, in {status.passages} passages"
    return Finding("index", Level.OK, text)


async def _answer(library: Library) -> Finding:
    newest = (await library.find_articles(None, limit=1)).items
    words = sorted(_WORD.findall(newest[0].title), key=len, reverse=True) if newest else []
    question = words[0] if words else EXAMPLE
    answer = await library.ask(question)
    asked = f"“{question}”"
    if answer.refusal is Refusal.EMPTY_LIBRARY:
        advice = "`footnote add FILE…`, or /articles add in Discord"
        return Finding("answer", Level.WARNING, f"{asked} has no answer: there are no articles yet", advice)
    if answer.best is None:
        text = f"{asked}, a word of the newest title, has no answer: {answer.reason}"
        return Finding("answer", Level.WARNING, text, f'`footnote ask --why "{question}"` shows how that came about')
    sure = "answered" if answer.status is Status.ANSWERED else "answered, though not for sure"
    text = f"{asked} was {sure} in {answer.took_ms:.0f} ms, from “{answer.best.article.title}”"
    return Finding("answer", Level.OK, text)
