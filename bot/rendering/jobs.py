"""Jobs that gather articles: while they run, what came of them, and lists of them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.rendering.cards import Accent, Card
from bot.rendering.errors import unexpected_text
from bot.rendering.escaping import escaped_line
from bot.rendering.limits import OWN_CARD_TEXT, SELECT_TEXT, cut, length
from bot.rendering.lists import addition_text
from bot.rendering.moments import day_and_time, from_now
from bot.rendering.problems import told_problem
from bot.rendering.progress import bar
from bot.rendering.words import Words
from index import Addition, Job, JobKind, JobState, Problem

_LONGEST_WHAT = 120
_PAGE_TEXT = OWN_CARD_TEXT - 800
"""Characters of the lines on one page of an outcome; a line and what was left out of its article fit in any case."""

_COUNT_OF_OTHERS = 40
"""Characters of "and 3 more" in the longest of our languages, generously."""

_COUNTED = re.compile(r"(\d+) (addresses|files)")


@dataclass(frozen=True, slots=True)
class JobPage:
    """What came of a job, on page `page` of `pages`, counted from 1."""

    job: Job
    lines: tuple[str, ...]
    page: int
    pages: int


def is_over(job: Job) -> bool:
    """Whether nothing more comes of a job."""
    return job.state not in (JobState.QUEUED, JobState.RUNNING)


def job_name(job: Job, words: Words) -> str:
    """What a job does, on one line, escaped."""
    what = _what(job, words)
    match job.kind:
        case JobKind.LINKS:
            return words.say("Adding {what}", what=what)
        case JobKind.FILES:
            return words.say("Adding {what}", what=what)
        case JobKind.FEED:
            return words.say("Checking the feed {what}", what=what)
        case JobKind.REFRESH:
            return words.say("Fetching pages again")


def _what(job: Job, words: Words) -> str:
    counted = _COUNTED.fullmatch(job.what)
    if counted is None:
        return escaped_line(job.what, _LONGEST_WHAT) or words.say("Untitled")
    n = int(counted[1])
    if counted[2] == "files":
        return words.count(n, "{n} file", "{n} files")
    return words.count(n, "{n} address", "{n} addresses")


def share_of(job: Job) -> float:
    """How much of a job is done, in 0..1."""
    return min(job.done / job.total, 1.0) if job.total else 0.0


def state_text(job: Job, words: Words, left_s: float | None = None) -> str:
    """How a job stands: how far it is, or how it ended."""
    match job.state:
        case JobState.QUEUED:
            return words.say("It waits for its turn.")
        case JobState.RUNNING:
            return _progress(job, left_s, words)
        case JobState.DONE:
            return counts_text(job, words)
        case JobState.FAILED:
            return words.say("It failed.")
        case JobState.CANCELLED:
            return words.say("It was cancelled. What was added before stays.")


def _progress(job: Job, left_s: float | None, words: Words) -> str:
    share = share_of(job)
    # 100 % is for what is done: the floor is shown, as in the bar.
    line = f"{bar(share)} {words.percent(int(share * 100) / 100)}"
    if job.total > 1:
        line += " · " + words.say("{done} of {total}", done=words.number(job.done), total=words.number(job.total))
    if left_s is not None:
        line += "\n" + words.say("About {duration} left", duration=words.duration(max(left_s, 1)))
    return line


def counts_text(job: Job, words: Words) -> str:
    """What became of a job's articles, counted by kind."""
    counted = Counter(one.outcome for one in job.additions) + Counter(job.unlisted)
    counts = [
        words.count(n, "{n} added", "{n} added") if (n := counted["added"]) else "",
        words.count(n, "{n} changed", "{n} changed") if (n := counted["revised"]) else "",
        words.count(n, "{n} there already", "{n} there already") if (n := counted["unchanged"]) else "",
        words.count(n, "{n} skipped", "{n} skipped") if (n := counted["skipped"]) else "",
    ]
    told = [text for text in counts if text]
    return words.list(told) if told else words.say("There was nothing new.")


# ---- one job


def job_card(job: Job, words: Words, left_s: float | None = None) -> Card:
    """A job as its message shows it: its progress, or what came of it with as many lines as there is room for."""
    if is_over(job):
        return outcome_card(outcome_page(job, 1, words), words)
    footer = words.say(
        "You need not wait: it goes on without you, and {command} shows it.", command=words.command("jobs")
    )
    return Card((f"### {job_name(job, words)}", state_text(job, words, left_s)), footer=footer)


def paused_card(job: Job, words: Words) -> Card:
    """A job while the bot is restarted."""
    text = words.say(
        "The bot is being restarted. This goes on afterwards; {command} shows it.", command=words.command("jobs")
    )
    return Card((f"### {job_name(job, words)}", text))


def cancelling_card(job: Job, words: Words) -> Card:
    """A job that runs and was told to stop."""
    return Card((f"### {job_name(job, words)}", words.say("It is being cancelled …")))


def outcome_page(job: Job, page: int, words: Words) -> JobPage:
    """A page of the lines that tell what came of a job; the nearest page that there is."""
    lines = [addition_text(one, words) for one in job.additions]
    if more := sum(job.unlisted.values()):
        lines.append(words.count(more, "and {n} more", "and {n} more"))
    pages = list(_pages(lines)) or [()]
    page = min(max(page, 1), len(pages))
    return JobPage(job, pages[page - 1], page, len(pages))


def _pages(lines: Iterable[str]) -> Iterable[tuple[str, ...]]:
    lines_of_page: list[str] = []
    room = _PAGE_TEXT
    for line in lines:
        if lines_of_page and length(line) > room:
            yield tuple(lines_of_page)
            lines_of_page, room = [], _PAGE_TEXT
        lines_of_page.append(line)
        room -= length(line) + 2
    if lines_of_page:
        yield tuple(lines_of_page)


def outcome_card(page: JobPage, words: Words) -> Card:
    """What came of a job that is over, line by line."""
    job = page.job
    parts = [f"### {job_name(job, words)}", state_text(job, words)]
    if job.reason:
        parts[1] += f"\n{_reason(job.reason, words)}"
    if page.lines:
        parts.append("\n\n".join(page.lines))
    footer = words.page(page.page, page.pages) if page.pages > 1 else None
    is_good = job.state is JobState.DONE and (not job.additions or any(one.article for one in job.additions))
    return Card(tuple(parts), Accent.SUCCESS if is_good else Accent.FAILURE, footer)


def with_refused(card: Card, refused: Sequence[Addition], words: Words) -> Card:
    """A job's card with what did not come into it: line by line while there is room, and then counted."""
    if not refused:
        return card
    room = OWN_CARD_TEXT - sum(map(length, card.texts)) - _COUNT_OF_OTHERS
    told: list[str] = []
    for line in (addition_text(one, words) for one in refused):
        room -= length(line) + 2
        if room < 0:
            others = len(refused) - len(told)
            told.append(words.count(others, "and {n} more", "and {n} more"))
            break
        told.append(line)
    return Card((*card.parts, "\n\n".join(told)), card.accent, card.footer)


def _reason(reason: str, words: Words) -> str:
    """Why a job has failed: the library's words begin with those of the problem, and go on with particulars."""
    problem = next((one for one in Problem if reason.startswith(one.sentence)), None)
    # Other reasons are for the log, in English, or name commands of a terminal.
    return unexpected_text(words) if problem is None else told_problem(problem, words)


def details_card(page: JobPage, words: Words, left_s: float | None = None) -> Card:
    """All that is known of a job: who asked for it and when, and a page of what came of it."""
    job = page.job
    shown = outcome_card(page, words) if is_over(job) else job_card(job, words, left_s)
    facts = [
        (words.say("Requested by"), f"<@{job.asked_by}>" if job.asked_by and job.asked_by.isdecimal() else None),
        (words.say("Requested"), day_and_time(job.created_at)),
        (words.say("Begun"), day_and_time(job.started_at) if job.started_at is not None else None),
        (words.say("Ended"), day_and_time(job.ended_at) if job.ended_at is not None else None),
        (words.say("Id"), f"`{job.id}`"),
    ]
    return Card(
        (shown.parts[0], words.facts(facts), *shown.parts[1:]), shown.accent, shown.footer if is_over(job) else None
    )


def unknown_job_card(words: Words) -> Card:
    """There is no such job, or it belongs to another server."""
    text = words.say("There is no such job here. {command} shows those that there are.", command=words.command("jobs"))
    return Card((text,), Accent.FAILURE)


# ---- lists


def jobs_head(jobs: Sequence[Job], words: Words) -> str:
    """The heading of a list of jobs."""
    if not jobs:
        return words.say(
            "There are no jobs. {link} and {file} begin one when something takes long.",
            link=words.command("articles add link"),
            file=words.command("articles add file"),
        )
    active = sum(not is_over(job) for job in jobs)
    head = words.count(active, "{n} job is running or waiting", "{n} jobs are running or waiting")
    return f"### {head if active else words.say('No job is running')}"


def job_line(job: Job, words: Words) -> str:
    """A job in a list: what it does, how it stands, and when it was asked for."""
    when = from_now(job.ended_at or job.created_at)
    return f"**{job_name(job, words)}**\n{state_text(job, words)}\n-# {when} · `{job.id}`"


def job_choice(job: Job, words: Words) -> str:
    """A job in a select; no markdown."""
    counted = _COUNTED.fullmatch(job.what)
    plain = _what(job, words) if counted is not None else " ".join(job.what.split())
    return cut(plain or job.id, SELECT_TEXT)
