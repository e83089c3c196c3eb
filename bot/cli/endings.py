"""The exit codes of commands, and the one line that tells an error."""

import sys

from bot.concealment import concealed
from bot.rendering.plain import one_line

DONE = 0
REFUSED = 1
UNWELL = 1
"""The doctor or a check found something that does not work."""
FAILED = 2
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells tell it."""


def failed(message: str, code: int = FAILED) -> int:
    """Tell an error in one line on standard error, and give its exit code."""
    print(f"footnote: {concealed(one_line(message))}", file=sys.stderr)  # noqa: T201 - this is where errors are told
    return code
