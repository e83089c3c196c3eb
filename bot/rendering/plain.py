"""Text of others for a terminal or a log: nothing in it steers what shows it."""

import re

# ECMA-48: CSI sequences, strings (OSC, DCS, PM, APC, SOS) up to their end, and two-character escapes.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
# All other controls but tab and line feed, and the marks that turn the direction of what comes after the text:
# https://trojansource.codes. The single marks U+200E and U+200F turn nothing else and stay.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def cleaned(text: str) -> str:
    """Take out what steers a terminal; letters, line ends and tabs stay."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def one_line(text: str) -> str:
    """Cleaned text with single spaces for all white space."""
    return " ".join(cleaned(text).split())


def error_line(error: BaseException) -> str:
    """The kind of an error and what it says, in one line of 200 characters at most."""
    return one_line(f"{type(error).__name__}: {error}")[:200]
