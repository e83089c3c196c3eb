"""Errors as what the person who meets one can do next."""

import ntpath

from bot.errors import (
    AnswerGoneError,
    DeskError,
    NotAskerError,
    NotManagerError,
    PassageGoneError,
    QuestionTooLongError,
    TooManyQuestionsError,
)
from bot.rendering.cards import Accent, Card, notice_card
from bot.rendering.escaping import escaped_line
from bot.rendering.lists import problem_text
from bot.rendering.moments import from_now
from bot.rendering.problems import told_problem
from bot.rendering.words import Words
from index import (
    CancelledBuildError,
    DuplicateFeedError,
    FailedBuildError,
    LibraryError,
    NewerStoreError,
    QuestionError,
    RebuildRunningError,
    StoreError,
    UnknownArticleError,
    UnknownFeedError,
    UnknownJobError,
    UnreadableFileError,
    UnusableArticleError,
    UnusableSourceError,
)

_NAME = 120


def error_card(error: BaseException, words: Words) -> Card:
    """`error_text` as a card."""
    return notice_card(error_text(error, words), Accent.FAILURE)


def error_text(error: BaseException, words: Words) -> str:
    """Say in a sentence or two what went wrong and what to do.

    Neither paths nor addresses of the operator's machine are told, and of unexpected errors nothing at all.
    """
    match error:
        case LibraryError():
            return _library_text(error, words)
        case DeskError():
            return _desk_text(error, words)
        case TimeoutError():
            return words.say("That took too long. Try again in a minute.")
        case _:
            return unexpected_text(words)


def _library_text(error: LibraryError, words: Words) -> str:
    match error:
        case QuestionError():
            return words.say("There is no question in that. Write what you want to know, and ask again.")
        case UnknownArticleError():
            return words.say(
                "There is no such article here; it may have been removed. {command} shows those that there are.",
                command=words.command("articles list"),
            )
        case UnknownJobError():
            return words.say(
                "There is no such job here. {command} shows those that there are.", command=words.command("jobs")
            )
        case UnknownFeedError():
            return words.say(
                "There is no such feed here. {command} shows those that there are.", command=words.command("feeds list")
            )
        case DuplicateFeedError():
            return words.say("This feed is read here already: {command} shows it.", command=words.command("feeds list"))
        case UnusableSourceError(problem=problem):
            return told_problem(problem, words)
        case UnreadableFileError(path=path, reason=reason, kind=kind):
            return words.say(
                "Nothing of the file {name} was stored. {reason}",
                name=_bold(ntpath.basename(path)),
                reason=problem_text(reason, words, kind),
            )
        case UnusableArticleError(title=title, reason=reason, kind=kind):
            return words.say(
                "The article {title} was not added. {reason}",
                title=_bold(title),
                reason=problem_text(reason, words, kind),
            )
        case CancelledBuildError():
            return words.say("The rebuild was cancelled. Questions are answered from the index as it was.")
        case RebuildRunningError():
            return words.say("The index is being rebuilt already. Wait until that is done.")
        case FailedBuildError():
            return words.say(
                "The index could not be rebuilt. Questions are answered from the one before; "
                "tell the people who run this bot."
            )
        case NewerStoreError():
            return words.say(
                "The articles were stored by a newer version of Footnote. Who runs this bot has to upgrade it."
            )
        case StoreError():
            return words.say(
                "The articles cannot be reached at the moment. Try again in a minute; if that does not help, "
                "tell the people who run this bot."
            )
        case _:
            return unexpected_text(words)


def _desk_text(error: DeskError, words: Words) -> str:
    match error:
        case TooManyQuestionsError(retry_at=retry_at, is_server=True):
            return words.say(
                "This server has asked all of its questions for today. Come back {when}.", when=from_now(retry_at)
            )
        case TooManyQuestionsError(retry_at=retry_at):
            return words.say("You have asked all of your questions for now. Come back {when}.", when=from_now(retry_at))
        case QuestionTooLongError(longest=longest):
            return words.count(
                longest,
                "The question is too long: at most {n} character. Ask one thing at a time.",
                "The question is too long: at most {n} characters. Ask one thing at a time.",
            )
        case AnswerGoneError():
            return words.say("This answer is not kept any more. Ask the question again.")
        case PassageGoneError():
            return words.say("The article was changed or removed since this answer. Ask the question again.")
        case NotManagerError():
            return words.say(
                "This is for people with the permission Manage Server, or with a role that {command} names.",
                command=words.command("settings"),
            )
        case NotAskerError():
            return words.say(
                "This is for the person who asked, and for people who manage this server. Ask a question of your own "
                "with {command}.",
                command=words.command("ask"),
            )
        case _:
            return unexpected_text(words)


def unexpected_text(words: Words) -> str:
    """Say that something went wrong which nobody foresaw."""
    return words.say(
        "Something went wrong, and it was noted down. Try again; if that does not help, "
        "tell the people who run this bot."
    )


def _bold(name: str) -> str:
    return f"**{escaped_line(name, _NAME) or '…'}**"


def permission_name(permission: str, words: Words) -> str:
    """What Discord calls a permission; `permission` as discord.py spells it."""
    names = {
        "view_channel": words.say("View Channel"),
        "send_messages": words.say("Send Messages"),
        "send_messages_in_threads": words.say("Send Messages in Threads"),
        "read_message_history": words.say("Read Message History"),
        "embed_links": words.say("Embed Links"),
        "create_public_threads": words.say("Create Public Threads"),
    }
    return names.get(permission, permission.replace("_", " "))
