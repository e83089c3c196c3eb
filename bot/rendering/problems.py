"""Why an address or a file gave no article, in the reader's language, and what the reader can do about it."""

from bot.rendering.words import Words
from index import Problem


def told_problem(problem: Problem, words: Words) -> str:
    """Say in two short sentences what was wrong and what to do."""
    return {
        Problem.BAD_ADDRESS: words.say("This is no web address. Give one that begins with https://"),
        Problem.FORBIDDEN_ADDRESS: words.say(
            "The address leads into a private network, where the bot does not go. Paste the text instead."
        ),
        Problem.UNKNOWN_HOST: words.say("There is no such website. Look for a typing mistake in the address."),
        Problem.UNREACHABLE: words.say("The website cannot be reached. Try again later."),
        Problem.TIMED_OUT: words.say("The website took too long. Try again later."),
        Problem.BAD_REDIRECT: words.say(
            "The address only leads on to others. Open it in a browser, and give the address where you end up."
        ),
        Problem.ROBOTS: words.say("The website asks programs to stay away. Paste the text instead."),
        Problem.MISSING: words.say("There is no such page. Look for a typing mistake in the address."),
        Problem.GONE: words.say("The website has removed this page. Look for the text elsewhere."),
        Problem.NOT_ALLOWED: words.say("The website does not let the bot read this page. Paste the text instead."),
        Problem.TRY_LATER: words.say("The website has too much to do right now. Try again later."),
        Problem.HTTP_STATUS: words.say("The website answered with an error. Try again later."),
        Problem.BAD_ANSWER: words.say("The website's answer makes no sense. Try again later."),
        Problem.TOO_LARGE: words.say("It is too large. Split it, or give only the part that matters."),
        Problem.UNSUPPORTED_TYPE: words.say(
            "It is of a type that cannot be read. Save it as text, or paste the text instead."
        ),
        Problem.EMPTY: words.say("It holds no text. Check that it is the right one."),
        Problem.TOO_LITTLE_TEXT: words.say("Too little text was found for an article. Paste the text instead."),
        Problem.WALL: words.say(
            "The article is behind a page that asks for consent, a login or payment. Paste the text instead."
        ),
        Problem.ENCRYPTED: words.say("It is protected with a password. Save a copy without one."),
        Problem.SCANNED: words.say("Its pages are pictures without text. Run text recognition (OCR) on it first."),
        Problem.DAMAGED: words.say("It is damaged. Save or download it again."),
        Problem.BAD_LINE: words.say("A line is no article. Each line is a JSON object with at least “text”."),
        Problem.NO_FEED: words.say("No feed was found there. Give the address of the feed itself."),
        Problem.NOT_TEXT: words.say("It is not a text. Save it as plain text in UTF-8."),
        Problem.NO_WORDS: words.say("It holds no words. Check that it is the right one."),
        Problem.NO_FILE: words.say("There is no such file. Look for a typing mistake."),
        Problem.NOT_A_FILE: words.say("It is not a file. Name the files in it."),
        Problem.NOT_READABLE: words.say("The system does not let the bot read it. Check its permissions."),
        Problem.REMOVED: words.say("Somebody has removed it here. Add it by its link to have it again."),
        Problem.TOO_SLOW: words.say("Reading it took too long. Split it, or paste the text instead."),
        Problem.TOO_MUCH_MEMORY: words.say("Reading it took too much memory. Split it, or paste the text instead."),
        Problem.CRASHED: words.say("It could not be read. Paste the text instead."),
    }[problem]


def problem_of(kind: str | None, reason: str) -> Problem | None:
    """The problem with this value, else the one whose English sentence is the reason; None if there is none."""
    return next((one for one in Problem if one == kind), next((one for one in Problem if one.sentence == reason), None))
