"""The command line, run in this process, and what it prints."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples" / "articles"
QUESTION = "How many Armenian soldiers have been killed?"
"""One of the examples answers it."""

ARTICLE_KEYS = {"id", "title", "source", "published_at", "language", "collection"}
"""What every article has as JSON."""
PLACED_KEYS = ARTICLE_KEYS | {"sources", "gone_since"}
"""What an article that was found has as JSON."""

Ran = tuple[int, str, str]
"""Exit code, standard output, standard error."""
Run = Callable[..., Ran]
"""Takes the words of a command, of any type that can be written out."""


def told(ran: Ran, code: int = 2) -> str:
    """The one line of an error."""
    assert ran[0] == code
    (line,) = ran[2].splitlines()
    assert line.startswith("footnote: ")
    return line


def as_json(ran: Ran, code: int = 0) -> Any:
    """What was printed, by a command that had no problem."""
    assert (ran[0], ran[2]) == (code, "")
    return json.loads(ran[1])
