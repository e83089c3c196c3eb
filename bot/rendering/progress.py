"""A rebuild of the index while it runs, and what it did."""

from dataclasses import dataclass

from bot.rendering.cards import Accent, Card
from bot.rendering.limits import OWN_CARD_TEXT, length
from bot.rendering.lists import bold_line, problem_text
from bot.rendering.words import Words
from index import RebuildSummary

_WIDTH = 20
_FULL, _EMPTY = "█", "░"

_EARLIEST_GUESS_S = 2.0
_EARLIEST_SHARE = 0.02
"""Before so much is done, the time that is left is anybody's guess."""

_LONGEST_FAILURE = 120


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a rebuild is: `share` of the work in 0..1, and seconds left, None as long as nobody can tell.

    Shares only: the whole index is rebuilt, and a server is not told how much others have.
    """

    share: float
    left_s: float | None
    is_waiting: bool = False
    is_cancelling: bool = False


def time_left(share: float, elapsed_s: float) -> float | None:
    """Guess how many seconds are left when `share` in 0..1 took `elapsed_s`; None before a guess makes sense."""
    if elapsed_s < _EARLIEST_GUESS_S or share < _EARLIEST_SHARE:
        return None
    return elapsed_s * (1 - share) / share


def bar(share: float) -> str:
    """A progress bar in a fixed-width font; full only when everything is done."""
    full = int(min(max(share, 0.0), 1.0) * _WIDTH)
    return f"`{_FULL * full}{_EMPTY * (_WIDTH - full)}`"


def rebuild_card(stand: Stand, words: Words) -> Card:
    """A rebuild that runs, or waits for another one."""
    title = f"### {words.say('Rebuilding the index')}"
    if stand.is_cancelling:
        return Card((title, words.say("It is being cancelled …")))
    footer = words.say("Questions are answered from the old index until the new one is complete.")
    if stand.is_waiting:
        return Card((title, words.say("It waits until another rebuild is done.")), footer=footer)
    # 100 % is for what is done: the floor is shown, as in the bar.
    line = f"{bar(stand.share)} {words.percent(int(stand.share * 100) / 100)}"
    if stand.left_s is not None:
        line += "\n" + words.say("About {duration} left", duration=words.duration(max(stand.left_s, 1)))
    return Card((title, line), footer=footer)


def summary_card(summary: RebuildSummary, words: Words) -> Card:
    """What a rebuild that is done has changed, of the articles that it was asked for."""
    counted = [
        (summary.added, words.count(summary.added, "{n} added", "{n} added")),
        (summary.changed, words.count(summary.changed, "{n} changed", "{n} changed")),
        (summary.removed, words.count(summary.removed, "{n} removed", "{n} removed")),
        (summary.unchanged, words.count(summary.unchanged, "{n} unchanged", "{n} unchanged")),
        (len(summary.failed), words.count(len(summary.failed), "{n} failed", "{n} failed")),
    ]
    changes = [text for n, text in counted if n]
    title = words.say("The index was rebuilt in {duration}", duration=words.duration(summary.took_s))
    told = words.say("This server has no articles of its own yet.")
    if changes:
        told = words.say("Articles of this server: {changes}.", changes=words.list(changes))
    parts = [f"### {title}", told]
    if summary.failed:
        parts.append(_failures(summary, words))
    return Card(tuple(parts), Accent.FAILURE if summary.failed else Accent.SUCCESS)


def _failures(summary: RebuildSummary, words: Words) -> str:
    lines = [
        words.count(
            len(summary.failed),
            "{n} article could not be read anew and is as it was:",
            "{n} articles could not be read anew and are as they were:",
        )
    ]
    room = OWN_CARD_TEXT - 600
    for done, (title, reason) in enumerate(summary.failed):
        line = f"- {bold_line(title, _LONGEST_FAILURE, words)} {problem_text(reason, words)}"
        room -= length(line) + 1
        if room < 0:
            lines.append(words.count(len(summary.failed) - done, "and {n} more", "and {n} more"))
            break
        lines.append(line)
    return "\n".join(lines)


def cancelled_card(words: Words) -> Card:
    """A rebuild that somebody cancelled."""
    return Card((words.say("The rebuild was cancelled. The index is as it was."),))


def interrupted_card(words: Words) -> Card:
    """A rebuild that ended with the process that did it."""
    text = words.say(
        "The rebuild was interrupted because the bot was restarted. The index is as it was; {command} starts again.",
        command=words.command("index rebuild"),
    )
    return Card((text,), Accent.FAILURE)


def failed_card(reason: str, words: Words) -> Card:
    """A rebuild that could not be done; `reason` is a sentence for people."""
    return Card((words.say("The rebuild failed, and the index is as it was."), reason), Accent.FAILURE)
