"""What the bot can do, and what it keeps of people."""

from collections.abc import Callable

from bot.rendering.cards import Card
from bot.rendering.words import Words


def help_card(command: Callable[[str], str], words: Words, *, is_manager: bool) -> Card:
    """How to ask; and how to manage, for those who may.

    Args:
        command: A command as it is written into a text, from its path ("articles add text").
    """
    asking = "\n".join(
        (
            words.say("Type {command} and a question, or mention me with one.", command=command("ask")),
            words.say("For example: “How many soldiers were killed?”"),
            words.say("Reply to an answer with a follow-up: “And how many were wounded?”"),
            words.say("Every answer is quoted word for word from an article; the buttons lead on from there."),
        )
    )
    parts = [f"### {words.say('Ask the articles')}", asking]
    if is_manager:
        managing = "\n".join(
            (
                words.say(
                    "Add articles: {link}, {file} or {text}",
                    link=command("articles add link"),
                    file=command("articles add file"),
                    text=command("articles add text"),
                ),
                words.say(
                    "See and remove them: {list}, {remove}",
                    list=command("articles list"),
                    remove=command("articles remove"),
                ),
                words.say("Articles that come by themselves: {command}", command=command("feeds add")),
                words.say("What is being added at the moment: {command}", command=command("jobs")),
                words.say("Channels, roles, language, limits: {command}", command=command("settings")),
                words.say("Figures: {command}", command=command("index status")),
                words.say("Whether I can do my work here: {command}", command=command("doctor")),
            )
        )
        parts += [f"### {words.say('For those who manage')}", managing]
    return Card(tuple(parts), footer=words.say("What is kept of you: {command}", command=command("privacy")))


def privacy_card(days: int, words: Words) -> Card:
    """What is kept of people, for how long, and how it is deleted.

    Args:
        days: For how many days answers are kept.
    """
    kept = "\n".join(
        f"- {line}"
        for line in (
            words.count(
                days,
                "Your questions to me and their answers, with your user number, for {n} day: the buttons need them.",
                "Your questions to me and their answers, with your user number, for {n} days: the buttons need them.",
            ),
            words.say("Whether you found an answer helpful, and how many questions you asked on a day, as long."),
            words.say("Who added an article, as long as the article is here."),
            words.say("Who added a feed, as long as it is read, and who asked for a job, as long as it is listed."),
        )
    )
    not_kept = words.say("I do not keep messages that are not for me, and nothing is passed on to anybody.")
    deleting = words.say(
        "The button deletes your questions, answers, ratings and counts at once. This cannot be undone."
    )
    return Card((f"### {words.say('What is kept of you')}", kept, not_kept, deleting))


def forgotten_card(questions: int, words: Words) -> Card:
    """What was deleted of a person."""
    if not questions:
        return Card((words.say("Nothing is kept of your questions any more; there were none."),))
    return Card(
        (
            words.count(
                questions,
                "Deleted: {n} question with its answer, and everything that belonged to it.",
                "Deleted: {n} questions with their answers, and everything that belonged to them.",
            ),
        )
    )
